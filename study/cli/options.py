"""What is typed for seeds and workers, read."""

from study.common.errors import InputError
from study.common.methods import METHODS, unknown_method
from study.execution.request import USUAL, Beside

MOST_SEEDS = 100_000
FEWEST_BASES = 5


def parse_seeds(text: str, option: str = "--seeds") -> list[int]:
    """Seeds from "20" (the first twenty), "20-49", or "1,5,9" ("7," is seed 7 alone)."""
    remedy = "give a count (20), a range (20-49) or a list (1,5,9 or 7,)"
    try:
        if text.strip().isdecimal():
            seeds = list(range(min(int(text), MOST_SEEDS + 1)))
        else:
            seeds = []
            for part in text.rstrip(",").split(","):
                first, dash, last = part.strip().partition("-")
                chosen = range(int(first), int(last if dash else first) + 1)
                if not chosen or chosen[-1] >= 2**32 or len(chosen) > MOST_SEEDS:
                    raise ValueError(part)
                seeds += chosen
    except ValueError as error:
        raise InputError(f"{option} '{text}': {remedy}") from error
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise InputError(f"{option} '{text}': 1 to {MOST_SEEDS} seeds; {remedy}")
    return sorted(set(seeds))


def parse_methods(text: str | None) -> list[str]:
    """Names of importance methods, with commas between them; none where none are given."""
    names = [] if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in METHODS:
            raise InputError(f"--methods '{name}': {unknown_method(name)}")
    return names


def parse_bases(text: str | None, vary: str | None, seeds: int) -> list[int]:
    """Base seeds of --vary over a number of seeds, as `parse_seeds` reads them; none without it."""
    if vary is None:
        if text is not None:
            raise InputError(f"--bases '{text}': base seeds go with --vary")
        return []
    text = str(FEWEST_BASES) if text is None else text
    bases = parse_seeds(text, "--bases")
    if len(bases) < FEWEST_BASES:
        raise InputError(
            f"--bases '{text}': give {FEWEST_BASES} base seeds or more, "
            "since one base seed alone may hit a bad fit"
        )
    if len(bases) * seeds > MOST_SEEDS:
        raise InputError(f"--bases '{text}': base seeds times seeds are at most {MOST_SEEDS}")
    return bases


def parse_beside(
    vary: str | None, splits: str | None, seeds_per_split: str | None, shuffles: str | None
) -> Beside:
    """The numbers of splits, seeds on each and shuffles: as usual, or none with --vary."""
    given = {"splits": splits, "seeds_per_split": seeds_per_split, "shuffles": shuffles}
    options = {name: f"--{name.replace('_', '-')}" for name in given}
    for name, text in given.items():
        if text not in (None, "0") and vary is not None:
            raise InputError(f"{options[name]} '{text}': goes without --vary: run them in turn")
    counts = {
        name: _count(text, options[name], fewest=int(name == "seeds_per_split"))
        for name, text in given.items()
        if text is not None
    }
    usual = Beside(0, 1, 0) if vary else USUAL
    found = usual._replace(**counts)
    if found.splits == 1:
        raise InputError("--splits '1': there is no spread over one split; give 2 or more, or 0")
    if seeds_per_split is not None and not found.splits:
        raise InputError(f"--seeds-per-split '{seeds_per_split}': there are no --splits")
    if found.splits * found.seeds_per_split > MOST_SEEDS:
        raise InputError(f"--splits: splits times seeds on each are at most {MOST_SEEDS}")
    return found


def _count(text: str, option: str, *, fewest: int) -> int:
    """A number of splits, seeds or shuffles."""
    found = _whole(text)
    if found is None or not fewest <= found <= MOST_SEEDS:
        raise InputError(f"{option} '{text}': give a number from {fewest} to {MOST_SEEDS}")
    return found


def parse_workers(text: str) -> int | None:
    """A number from 1, or None for "auto"."""
    if text == "auto":
        return None
    found = _whole(text)
    if not found:
        raise InputError(f"--workers '{text}': give a number from 1, or auto")
    return found


def _whole(text: str) -> int | None:
    """A whole number in digits alone, not in more than Python reads; None for all else."""
    try:
        return int(text) if text.isdecimal() else None
    except ValueError:
        return None
