"""Scores that were made elsewhere become a run."""

import math
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from study.common.conditions import CONDITIONS
from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.common.vocabulary import IMPORTED, UNNAMED_TARGET
from study.recipes.claim import Claim
from study.recipes.claim_text import FORMS, read_claim
from study.recipes.columns import Numeric
from study.recipes.dataset import DatasetRecipe
from study.recipes.target import NumericTarget
from study.store.provenance import circumstances, now
from study.store.records import Key, Record, Row
from study.store.run_directory import FILE_NAME, check_writable, create, set_aside
from study.store.same_run import check_dataset
from study.store.scores.checks import score_warnings
from study.store.scores.sense import PLACED
from study.store.scores.table import Origin, ScoreTable
from study.store.store import Store
from study.store.writer import Writer

_PROGRAM = "importance-study"
_MOST_NAMES = 12


def claim_on(table: ScoreTable, words: str | None, model: str | None, method: str | None) -> Claim:
    """The claim that is tested on scores. Raises InputError.

    Model and method are the only ones there are, where not given.
    """
    names = ", ".join(table.features[:_MOST_NAMES])
    more = len(table.features) - _MOST_NAMES
    if words is None:
        raise InputError(
            f"--claim: missing; {FORMS}, where NAME is one of {names}"
            + (f" and {more} more" if more > 0 else "")
        )
    model = _only("--model", model, table.models)
    method = _only("--method", method, table.methods(model))
    claim = read_claim(words, {"feature": table.features}, ["feature"], model, method)
    if claim.share is not None and table.turned.get(method) == PLACED:
        raise InputError(
            f"claim '{words}': {method} has no shares: its scores are turned, and no more than "
            "their order is left"
        )
    return claim


def recipe_of(
    table: ScoreTable,
    file: str,
    claim: Claim,
    *,
    title: str,
    target: str | None,
    absent: Literal["zero"] | None = None,
) -> DatasetRecipe:
    """What a run says of imported scores in place of a dataset. Raises InputError."""
    if target in table.features:
        raise InputError(f"--target '{target}': a feature has this name")
    return DatasetRecipe(
        title=title,
        source=f"Scores imported from {file}.",
        scores=file,
        smaller_is_better=sorted(table.turned),
        absent=absent,
        variables=[Numeric(name=name, type="numeric", divisor=1.0) for name in table.features],
        target=NumericTarget(name=target or UNNAMED_TARGET, divisor=1.0, tolerance=0.1),
        claim=claim,
    )


def import_scores(
    directory: Path,
    name: str,
    recipe: DatasetRecipe,
    table: ScoreTable,
    *,
    fresh: bool,
    command: str | None = None,
) -> bool:
    """Make the run of some scores in `directory`; False where it is there already.

    It appears whole or not at all. With `fresh`, stored results are set aside first. `command`
    is what was typed, for the history. Raises InputError where another run is there.
    """
    assert recipe.scores is not None
    hashes = {recipe.scores: table.digest}
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    check_writable(directory)
    if (directory / FILE_NAME).exists() and not fresh:
        with Store(directory) as store:
            check_dataset(store, recipe, hashes)
        return False
    new = directory / f".import.{os.getpid()}"
    try:
        create(
            new,
            name,
            recipe,
            hashes,
            methods=list(dict.fromkeys(origin.method for origin in table.vectors)),
            conditions=[
                name
                for name in CONDITIONS
                if any(origin.condition == name for origin in table.vectors)
            ],
        )
        records = {model: _records(table, model) for model in table.models}
        with Writer(new) as store:
            store.add_history(
                now(),
                f"import of {recipe.scores}",
                sum(map(len, records.values())),
                command=command,
                circumstances=circumstances(None),
            )
            for model, of_model in records.items():
                store.add(model, None, of_model, {_PROGRAM: version(_PROGRAM)})
            store.add_data_findings(score_warnings(table))
            store.end_history(now())
        set_aside(directory)
        (new / FILE_NAME).rename(directory / FILE_NAME)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return True


def _only(option: str, given: str | None, known: list[str]) -> str:
    """What is given, or the only one that there is."""
    if given is None and len(known) == 1:
        return known[0]
    if given not in known:
        which = "missing" if given is None else f"'{given}' has no scores here"
        raise InputError(f"{option}: {which}; there is {', '.join(known)}")
    return given


def _records(table: ScoreTable, model: str) -> list[Record]:
    """What is stored of one model: one record for each condition and seed."""
    rows: dict[tuple[str, int], list[Row]] = {}
    for origin, vector in table.vectors.items():
        if origin.model == model:
            rows.setdefault((origin.condition, origin.seed), []).extend(_rows(origin, vector))
    return [
        Record(
            key=Key(model, condition, IMPORTED, StreamSeeds.of(seed)),
            weights={},
            fits=[],
            scores=scores,
            occasions=[],
            losses=[],
        )
        for (condition, seed), scores in rows.items()
    ]


def _rows(origin: Origin, vector: dict[str, tuple[float, float]]) -> list[Row]:
    return [
        (origin.method, feature, score, None if math.isnan(signed) else signed)
        for feature, (score, signed) in vector.items()
    ]
