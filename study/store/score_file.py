"""A file of scores that were made elsewhere, in one of many layouts, checked and made whole."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from study.store.scores.absent import with_absent
from study.store.scores.intercepts import without_intercepts
from study.store.scores.sense import turned
from study.store.scores.several import pattern
from study.store.scores.table import ScoreTable, check_complete, read_table


def read_scores(
    paths: Path | Sequence[Path],
    named: Mapping[str, str] | None = None,
    *,
    absent: str | None = None,
    smaller_is_better: Sequence[str] = (),
) -> ScoreTable:
    """Read a file of scores, or one for each seed: text with a header line, JSON, what tools print,
    or one of FRAME_FORMATS.

    `named` holds the one model and the one method, which count where no column names them; with
    `absent` "zero", features without a row have the score 0; `smaller_is_better` are methods whose
    scores are turned, as `scores.sense.turned` does. Raises InputError.
    """
    files = [paths] if isinstance(paths, Path) else paths
    path = pattern(files)
    table = without_intercepts(read_table(files, named))
    table = with_absent(table, always=absent == "zero")
    check_complete(path, table)
    return turned(path, table, smaller_is_better)
