"""The results of a run as text: equal for two runs if and only if they hold the same results.

A line is a JSON array with the name of a table first. Numbers of the database, the order in
which things were stored, and where, when and by whom they were computed do not show.
"""

import json
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from study.common.files import beginning
from study.recipes.base import said
from study.store.digests import held, sha256
from study.store.reader import Reader, Training, among
from study.store.rows import TABLES, Rows
from study.store.store import Store

# Trainings that are read at a time.
_AT_ONCE = 64


def dump(store: Store) -> Generator[str]:
    """The lines of a run's dump, in one order.

    First what was run: run (dataset, recipe without what it leaves at its default, hashes of the
    tables), models (name, recipe, layout of the weights), features, parts, prepared, sources,
    data_findings. Then each training, by its key (model, condition, engine, and the seeds init,
    order, dropout, labels, rows, and split): its weights as SHA-256, and its fits, scores,
    occasions and losses, each after the key; of fits, columns for classes only where the target is
    a class. Floats are written so that they read back exactly;
    null is NaN.

    Raises StudyError where something is damaged. To be closed before the store is.
    """
    yield _line("run", store.dataset, said(store.recipe), store.hashes)
    for model in sorted(store.model_names()):
        recipe = store.model_recipe(model)
        yield _line("models", model, recipe and said(recipe), store.layout(model))
    for table, frame in (
        ("features", store.traits()),
        ("parts", store.parts()),
        ("prepared", store.prepared()),
        ("sources", store.sources()),
    ):
        for row in frame.itertuples(index=False, name=None):
            yield _line(table, *row)
    for warning in store.data_findings():
        yield _line("data_findings", *astuple(warning))
    # Keys first, and then a part at a time: whoever reads on slowly keeps no writer waiting.
    every = list(store.reader.each_training())
    for start in range(0, len(every), _AT_ONCE):
        yield from _trainings(store.reader, every[start : start + _AT_ONCE])


def is_dump(path: Path) -> bool:
    """Whether a file starts as a dump does."""
    return beginning(path).startswith('["run", ')


def _trainings(reader: Reader, trainings: Sequence[Training]) -> Iterator[str]:
    weights = {
        training.id: sha256(content).hex()
        for training, content in reader.verified_weights(among(trainings))
    }
    tables = [reader.verified(table, trainings).rows for table in TABLES]
    for training in trainings:
        yield _line("trainings", *training.key, weights[training.id])
        for rows in tables:
            yield from _measured(training, rows)


def _measured(training: Training, rows: Rows) -> Iterator[str]:
    own = rows.of_training(training.id)
    key = _list(rows.table, *training.key)[:-1]
    numbers = held(rows.table, rows.numbers[own])
    for labels, values in zip(rows.labels(own), numbers.tolist(), strict=True):
        yield f"{key}, {_list(*labels)[1:-1]}, {', '.join(map(_number, values))}]\n"


def _line(*values: Any) -> str:
    return f"{_list(*values)}\n"


def _list(*values: Any) -> str:
    return json.dumps([_plain(value) for value in values], sort_keys=True)


def _plain(value: Any) -> Any:
    return json.loads(_number(value)) if isinstance(value, float) else value


def _number(value: float) -> str:
    """A float as JSON, which knows neither NaN nor infinity."""
    if math.isnan(value):
        return "null"
    return repr(value) if math.isfinite(value) else f'"{value}"'
