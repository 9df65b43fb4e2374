"""All engines, and which of them trains the models of a recipe."""

from collections.abc import Sequence

from study.common.errors import InputError
from study.common.task import NUMBER, Task
from study.datasets.dataset import Gap
from study.engines.closed_form import ClosedForm
from study.engines.engine import Engine
from study.engines.lanes.engine import Lanes
from study.engines.scikit_learn import ScikitLearn
from study.engines.torch.engine import Torch
from study.recipes.model import Contender

# The first one that takes a recipe trains its models.
ENGINES: list[type[Engine]] = [Lanes, Torch, ScikitLearn, ClosedForm]


def engine_for(
    recipe: Contender | None,
    inputs: int,
    device: str = "cpu",
    task: Task = NUMBER,
    *,
    begun: str | None = None,
    gaps: Sequence[Gap] = (),
) -> Engine:
    """The engine that trains the models of a recipe; `None` stands for least squares.

    inputs : features of the data; device : one of torch's; task : what is learnt; begun : the name
    of the engine of which there are results, which goes on if it can; gaps : where missing values
    of the data stand. Raises InputError.
    """
    before = engine_named(begun) if begun else None
    if before is not None:
        engine = before.of(recipe, inputs, device, task)
        if engine is not None and engine.name == begun:
            return engine.keeping(gaps)
    for kind in ENGINES:
        engine = kind.of(recipe, inputs, device, task)
        if engine is not None:
            return engine.keeping(gaps)
    raise InputError(f"no engine trains a model of this recipe on device '{device}'")


def engine_named(name: str) -> type[Engine] | None:
    """The kind of engine that a result names; None where none is known by the name."""
    return next((kind for kind in ENGINES if f"{name}-".startswith(f"{kind.family}-")), None)
