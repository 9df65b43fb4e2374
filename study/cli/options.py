"""What is typed for seeds and workers, read."""

from study.common.errors import InputError

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


def parse_workers(text: str) -> int | None:
    """A number from 1, or None for "auto"."""
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) == 0:
        raise InputError(f"--workers '{text}': give a number from 1, or auto")
    return int(text)
