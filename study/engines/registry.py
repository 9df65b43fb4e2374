"""All engines, and which of them trains the models of a recipe."""

from collections.abc import Sequence

from study.common.errors import InputError
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
    recipe: Contender | None, inputs: int, device: str = "cpu", *, gaps: Sequence[Gap] = ()
) -> Engine:
    """The engine that trains the models of a recipe; `None` stands for least squares.

    inputs : features of the data; device : one of torch's; gaps : where their missing values
    stand. Raises InputError.
    """
    for kind in ENGINES:
        engine = kind.of(recipe, inputs, device)
        if engine is not None:
            return engine.keeping(gaps) if gaps else engine
    raise InputError(f"no engine trains a model of this recipe on device '{device}'")


def engine_named(name: str) -> type[Engine] | None:
    """The kind of engine that a result names; None where none is known by the name."""
    return next((kind for kind in ENGINES if f"{name}-".startswith(f"{kind.family}-")), None)
