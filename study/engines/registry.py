"""All engines, and which of them trains the models of a recipe."""

from collections.abc import Sequence
from dataclasses import replace

from study.common.errors import InputError
from study.common.task import NUMBER, Task
from study.datasets.column_frame import ColumnFrame
from study.datasets.dataset import Gap
from study.engines.closed_form import ClosedForm
from study.engines.column_estimators import ColumnEstimators
from study.engines.engine import Engine
from study.engines.lanes.engine import Lanes
from study.engines.lanes.graph.graph import UnsupportedError
from study.engines.scikit_learn import ScikitLearn
from study.engines.torch.engine import Torch
from study.recipes.model import Contender

# The first one that takes a recipe trains its models.
ENGINES: list[type[Engine]] = [Lanes, Torch, ScikitLearn, ColumnEstimators, ClosedForm]


def engine_for(
    recipe: Contender | None,
    inputs: int,
    device: str = "cpu",
    task: Task = NUMBER,
    *,
    begun: str | None = None,
    gaps: Sequence[Gap] = (),
    columns: ColumnFrame | None = None,
) -> Engine:
    """The engine that trains the models of a recipe; `None` stands for least squares.

    inputs : features of the data; device : one of torch's; task : what is learnt; begun : the name
    of the engine of which there are results, which goes on if it can; gaps : where missing values
    of the data stand; columns : how those of the table are made. Raises InputError.
    """
    kinds: list[tuple[type[Engine], str | None]] = [(kind, None) for kind in ENGINES]
    if begun and (before := engine_named(begun)):
        kinds.insert(0, (before, begun))
    missing: str | None = None  # what lanes do not know of a network, which they are asked once
    for kind, name in kinds:
        if kind is Lanes and missing:
            continue
        try:
            engine = kind.of(recipe, inputs, device, task)
        except UnsupportedError as error:
            missing = str(error)
            continue
        if engine is None or name not in (None, engine.name):
            continue
        if isinstance(engine, Torch):
            engine = replace(engine, missing=missing)
        kept = engine.keeping(gaps)
        return kept if columns is None else kept.reading(columns)
    raise InputError(f"no engine trains a model of this recipe on device '{device}'")


def engine_named(name: str) -> type[Engine] | None:
    """The kind of engine that a result names; None where none is known by the name."""
    return next((kind for kind in ENGINES if f"{name}-".startswith(f"{kind.family}-")), None)
