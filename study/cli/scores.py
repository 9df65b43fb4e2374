"""Scores from elsewhere, as the command and Python take them and tell of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from study.cli.group import say, tell_lines
from study.common.text import printable
from study.recipes.claim import Claim
from study.store.import_scores import claim_on
from study.store.score_file import read_scores
from study.store.scores.checks import score_warnings
from study.store.scores.table import ScoreTable


def scores_and_claim(
    files: Path | Sequence[Path],
    words: str | None,
    *,
    model: str | None,
    method: str | None,
    smaller_is_better: Sequence[str],
    absent: Literal["zero"] | None,
) -> tuple[ScoreTable, Claim]:
    """The scores of files, and the claim that words make about them. Raises InputError.

    model, method : those that the claim rests on, or of all scores, where no column names any
    """
    named = {name: of for name, of in (("model", model), ("method", method)) if of is not None}
    table = read_scores(files, named, absent=absent, smaller_is_better=smaller_is_better)
    return table, claim_on(table, words, model, method)


def tell_scores(table: ScoreTable) -> None:
    """Print which columns are not used, and what to know of the scores."""
    if table.unused:
        names = ", ".join(name or "(no name)" for name in table.unused)
        say(printable(f"Note: columns that are not used: {names}"))
    tell_lines(warning.line for warning in score_warnings(table))
