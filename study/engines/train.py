"""Training many seeds of one model at once.

One function stands between the study and its engines: `train`. A result names its engine,
since engines agree in distribution and not in digits.
"""

from collections.abc import Callable, Sequence

import numpy as np
from torch import nn

from study.engines.lanes import training as lanes_training
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.networks import sizes_of
from study.engines.replicates import Replicate, Trained
from study.engines.torch import training as torch_training
from study.engines.torch.prediction import BLOCK
from study.networks.build import build
from study.recipes.model import ModelRecipe

__all__ = ["LANES", "TORCH", "Replicate", "Trained", "engine_of", "train"]

# The number is that of the arithmetic: it moves on when a digit of a result does.
LANES = "lanes-1"
# The block size is part of the name, since it may show in the last bits of a result.
TORCH = f"torch-{BLOCK}"


def engine_of(network: nn.Module, device: str = "cpu") -> str:
    """The engine that trains a network: lanes for a built-in one on the CPU, else torch.

    `device` is one of torch's. That of a GPU is part of the engine's name.
    """
    if device != "cpu":
        return f"{TORCH}-{device}"
    return TORCH if sizes_of(network) is None else LANES


def train(
    recipe: ModelRecipe,
    replicates: Sequence[Replicate],
    x: np.ndarray,
    y: np.ndarray,
    *,
    engine: str | None = None,
    lanes: int | None = None,
    on_work: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Train replicates of one model, each exactly as if it were alone.

    Parameters
    ----------
    replicates : condition `shuffled` permutes the training labels; `untrained` keeps the
        initial weights, and does not go together with the others
    x, y : what they learn from, (rows, features) and (rows,), float32
    engine : as `engine_of` names it; what suits the network on the CPU if not given
    lanes : 8, 16 or 32 for the lanes engine; what suits the machine if not given. It shows
        in the time alone.
    on_work : called now and then with the work done since, in epochs of one replicate

    Raises InputError when the recipe's network cannot be built or keeps a state of its own.
    """
    untrained = {replicate.condition == "untrained" for replicate in replicates}
    if len(untrained) != 1:
        raise ValueError("replicates must be some, and all of them untrained or none")
    network = build(recipe, inputs=x.shape[1], init=0)
    engine = engine or engine_of(network)
    sizes = sizes_of(network) if engine == LANES else None
    width = BLOCK if sizes is None else lanes or host_lanes()
    parts = []
    for start in range(0, len(replicates), width):
        block = replicates[start : start + width]

        def worked(epochs: int, count: int = len(block)) -> None:
            on_work(epochs * count)

        if sizes is None:
            device = engine.removeprefix(TORCH).removeprefix("-") or "cpu"
            parts.append(torch_training.train_block(recipe, block, x, y, worked, device))
        else:
            # A few replicates are trained faster in few lanes.
            fewest = 8 if lanes is None and len(block) <= 8 else width
            parts.append(lanes_training.train_block(recipe, sizes, block, x, y, worked, fewest))
    return Trained.joined(parts)
