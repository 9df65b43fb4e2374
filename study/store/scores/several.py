"""Several files of scores of one kind: one for each seed, whose number is in its name."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from study.common.errors import InputError
from study.store.digests import sha256
from study.store.scores.layouts.layout import ALIASES
from study.store.scores.sheet import Sheet

# The number after "seed", or else the last one, which no letter follows.
_SEEDS = (
    re.compile(r"(?P<before>.*seed[ _.=-]*)(?P<seed>\d+)(?P<after>.*)", re.IGNORECASE),
    re.compile(r"(?P<before>.*?)(?P<seed>\d+)(?P<after>)"),
)


def found(paths: Sequence[Path]) -> list[Path]:
    """The files: those that a name with * stands for, in the order of their seeds.

    Raises InputError where there is none.
    """
    files = []
    for path in paths:
        if "*" in path.name and not path.exists():
            files += sorted(path.parent.glob(path.name))
            if not files:
                raise InputError(f"{path}: there is no file of such a name")
        else:
            files.append(path)
    return files if len(files) == 1 else [path for _, path in sorted(_by_seed(files).items())]


def pattern(paths: Sequence[Path]) -> Path:
    """One name for all files, with * for the seed; of a file alone its own."""
    if len(paths) == 1:
        return paths[0]
    before, _, after = _parts(paths[0])
    return paths[0].with_name(f"{before}*{after}{paths[0].suffix}")


def run_name(paths: Sequence[Path]) -> str:
    """What a run of these files is called: their common name without the seed."""
    if len(paths) == 1:
        return paths[0].stem
    before, _, after = _parts(paths[0])
    bare = re.sub(r"[ _.=-]*seed[ _.=-]*$", "", before, flags=re.IGNORECASE)
    return f"{bare}{after}".strip(" _.=-") or "scores"


def joined(sheets: Sequence[Sheet]) -> Sheet:
    """One sheet of all rows, with a column of the seeds in the names where there is none.

    Raises InputError where columns differ.
    """
    first, *others = sheets
    if not others:
        return first
    for other in others:
        if other.header != first.header:
            raise InputError(f"{other.path}: its columns are not those of {first.path}")
    paths = [sheet.path for sheet in sheets]
    own = not {"seed", *ALIASES["seed"]} & {*first.names}
    rows = [
        (f"{place} of {sheet.path.name}", [*cells, *([_parts(sheet.path)[1]] if own else [])])
        for sheet in sheets
        for place, cells in sheet.rows
    ]
    said = f"{len(sheets)} files, the seed being the number in the name" if own else ""
    digests = "\n".join(f"{sheet.digest} {sheet.path.name}" for sheet in sheets)
    return replace(
        first,
        path=pattern(paths),
        header=[*first.header, *(["seed"] if own else [])],
        rows=rows,
        digest=sha256(digests.encode()).hex(),
        said="; ".join(filter(None, (said, first.said))),
    )


def _by_seed(paths: Sequence[Path]) -> dict[int, Path]:
    """Files by the seed in their names, which are otherwise the same. Raises InputError."""
    by_seed: dict[int, Path] = {}
    first = paths[0]
    for path in paths:
        before, seed, after = _parts(path)
        name, known = (before, after, path.suffix, path.parent), _parts(first)
        if name != (known[0], known[2], first.suffix, first.parent):
            raise InputError(
                f"{path}: differs from {first} in more than a seed; name the files of one model "
                "and method alike, as forest_seed1.csv and forest_seed2.csv are"
            )
        if int(seed) in by_seed:
            raise InputError(f"{path}: {by_seed[int(seed)]} has the seed {int(seed)}, too")
        by_seed[int(seed)] = path
    return by_seed


def _parts(path: Path) -> tuple[str, str, str]:
    """What stands before the seed, the seed, and what stands after it. Raises InputError."""
    for form in _SEEDS:
        if match := form.fullmatch(path.stem):
            return match["before"], match["seed"], match["after"]
    raise InputError(
        f"{path}: no seed in the name, as forest_seed1.csv has one among several files"
    )
