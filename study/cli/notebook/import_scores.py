"""Scores in a data frame become a run: `study.import_scores`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from study.cli.notebook.check import temporary
from study.cli.notebook.run import Run
from study.cli.scores import scores_and_claim, tell_scores
from study.common.errors import InputError
from study.store import import_scores as scores
from study.store.lock import locked
from study.store.run_directory import sweep


def import_scores(
    frame: Any,
    *,
    claim: str,
    model: str | None = None,
    method: str | None = None,
    smaller_is_better: Sequence[str] = (),
    absent: Literal["zero"] | None = None,
    target: str | None = None,
    directory: str | Path | None = None,
    name: str = "scores",
    fresh: bool = False,
) -> Run:
    """Make a run of scores from elsewhere, as 'study import' does of a file.

    Parameters
    ----------
    frame : DataFrame with a row for each score and the columns model, method, seed, feature and
        score; or as other tools lay it out, with names of rows as its index
    claim : what the scores are to show, such as "age rank 1 in 0.8"
    model, method : those that the claim rests on, or of all scores, where no column names any
    smaller_is_better : methods of which the smaller scores matter more, such as p-values
    absent : "zero" where features without a row have the score 0
    target : what the models predict
    directory : of the run; without it, a temporary one
    name : of the scores, and the report's title
    fresh : results that are stored are set aside

    Raises study.common.errors.InputError for what is wrong.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame: {type(frame).__name__}, where a data frame is needed")
    with tempfile.TemporaryDirectory(prefix="study-") as folder:
        file = Path(folder, f"{Path(name).name}.csv")
        frame.to_csv(file, index=pd.api.types.is_string_dtype(frame.index))
        table, declared = scores_and_claim(
            file,
            claim,
            model=model,
            method=method,
            smaller_is_better=smaller_is_better,
            absent=absent,
        )
    recipe = scores.recipe_of(table, file.name, declared, title=name, target=target, absent=absent)
    place = temporary() if directory is None else Path(directory)
    tell_scores(table)
    with locked(place, "study.import_scores"):
        sweep(place)
        scores.import_scores(place, name, recipe, table, fresh=fresh, command="study.import_scores")
    return Run(place)
