"""How much memory a run takes at most, told before it starts.

An upper estimate, in bytes: what everybody holds who has the program loaded, what a worker holds
beyond that for the largest block, and what the driver reads at the end. What a stranger's network
holds for a row is measured on a few rows.
"""

import math
import os
import resource
import sys
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from study.common.methods import METHODS
from study.datasets.dataset import Dataset
from study.engines import sklearn_models
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.kernels import decisions_and_room
from study.engines.lanes.networks import sizes_of
from study.engines.lanes.training import epochs_at_once
from study.engines.replicates import Replicate, occasion_epochs
from study.engines.torch.prediction import BLOCK, ROWS, TorchStack, one_thread
from study.engines.train import LANES
from study.execution.block import Block
from study.execution.plan import held_in_lanes, in_threads
from study.importance.permutation import MOST_AT_ONCE
from study.networks.build import build
from study.recipes.model import EstimatorRecipe, ModelRecipe

# What scikit-learn and pandas load when they are first needed, and what the allocator keeps.
_LATER = 160 * 2**20
# What torch loads when it first trains; and how much more than what lives the allocator keeps.
_LATER_BY_TORCH, _KEPT = 100 * 2**20, 1.6
# What reading one stored training takes for the summary, for each of its numbers: names and keys
# stand beside it.
_READ = 500
# Rows on which regressors are tried, to see how they grow.
_FEW, _MORE = 100, 400


@dataclass(frozen=True)
class Needs:
    """What a run takes at most, in bytes.

    loaded : everybody who has the program loaded
    shared, own : the largest block worked on in the driver's process, or in one of its own
    blocks : how many there are
    results : what the driver reads at the end
    """

    loaded: int
    shared: int
    own: int
    blocks: int
    results: int

    @classmethod
    def of(
        cls, blocks: Sequence[Block], dataset: Dataset, *, trainings: int, device: str = "cpu"
    ) -> "Needs":
        """Of a plan; `trainings` are all that will be stored. What lies on a GPU does not count."""
        shared, own = [0], [0]
        threaded = set(in_threads(blocks))
        for place in _largest(blocks):
            where = shared if place in threaded else own
            where.append(of_block(blocks[place], dataset, device))
        return cls(
            loaded=held_now() + _LATER,
            shared=max(shared),
            own=max(own),
            blocks=len(blocks),
            results=trainings * len(METHODS) * len(dataset.features) * _READ,
        )

    @property
    def here(self) -> int:
        """What the driver of a cluster takes."""
        return self.loaded + self.results

    @property
    def each(self) -> int:
        """What a worker of a cluster takes."""
        return self.loaded + max(self.shared, self.own)

    def by(self, workers: int) -> int:
        """All that the driver and so many workers take."""
        if workers == 1:  # the driver itself
            return self.loaded + max(self.shared, self.own, self.results)
        at_once = min(workers, max(self.blocks, 1))
        elsewhere = at_once * (self.loaded + self.own) if self.own else 0
        return self.loaded + max(at_once * self.shared, self.results) + elsewhere

    def fitting(self, most: int, there: int | None) -> int:
        """As many workers, of at most so many, as memory `there` suffices for; one in any case."""
        fits = (n for n in range(most, 1, -1) if there is None or self.by(n) <= there)
        return next(fits, 1)


def told(needs: Needs, workers: int, there: int | None) -> list[str]:
    """How much memory a run takes, and a warning where that is more than there is."""
    taken = needs.by(workers)
    people = f"{workers} worker{'s' if workers > 1 else ''}"
    lines = [f"{people}, at most about {in_words(taken)} of memory"]
    if there is not None and taken > there:
        fitting = needs.fitting(workers, there)
        remedy = (
            f"--workers {fitting} would fit"
            if needs.by(fitting) <= there
            else "one worker alone takes that: a smaller batch_size, fewer rows or smaller models "
            "would help"
        )
        lines.append(f"Warning: there is {in_words(there)} of memory here; {remedy}.")
    return lines


def of_block(block: Block, dataset: Dataset, device: str = "cpu") -> int:
    """What working on a block takes beyond what its worker holds anyway."""
    if isinstance(block.recipe, EstimatorRecipe):
        return _of_regressors(block, block.recipe, dataset)
    if block.recipe is None:  # LAPACK works on copies in double precision
        return 6 * 8 * dataset.train_x.size + 32 * host_lanes() * len(dataset.train_y)
    network = build(block.recipe, inputs=len(dataset.features), init=0)
    if block.engine == LANES:
        return _in_lanes(block, block.recipe, network, dataset)
    return _by_torch(block, block.recipe, network, dataset, device)


def available() -> int | None:
    """Memory that this process may use: the machine's, or its control group's; None if unknown."""
    try:
        limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, OSError, ValueError):
        limits = []
    for path in _limit_files():
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return min(limits, default=None)


def held_now() -> int:
    """The most that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def in_words(size: int) -> str:
    """A size in GB, as precisely as an estimate is."""
    return f"{size / 1e9:.1f} GB" if size < 10e9 else f"{size / 1e9:.0f} GB"


def _limit_files() -> Iterable[Path]:
    """Where Linux says how much memory a control group may use, of this process and those above."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, group = line.split(":", 2)
        if kinds == "":
            root, name = Path("/sys/fs/cgroup"), "memory.max"
        elif "memory" in kinds.split(","):
            root, name = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
        else:
            continue
        place = root / group.lstrip("/")
        for folder in (place, *place.parents):
            if folder.is_relative_to(root):
                yield folder / name


def _largest(blocks: Sequence[Block]) -> Iterable[int]:
    """The place of the largest block of each model, trained and untrained."""
    found: dict[tuple[str, bool], int] = {}
    for place, block in enumerate(blocks):
        key = block.model, block.epochs > 0
        if key not in found or block.size > blocks[found[key]].size:
            found[key] = place
    return found.values()


# -- lanes -------------------------------------------------------------------------------------
def _in_lanes(block: Block, recipe: ModelRecipe, network: nn.Module, dataset: Dataset) -> int:
    lanes, inputs, rows = host_lanes(), len(dataset.features), len(dataset.train_y)
    sizes = sizes_of(network)
    assert sizes is not None
    weights = _weights(network)
    decisions, room = decisions_and_room(sizes)
    batch = min(recipe.training.batch_size, rows)
    held = block.size * held_in_lanes(recipe, dataset, weights)
    scratch = 3 * 4 * lanes * (room + weights)  # of three kernels
    # Adam's moments, and copies on the way in and out; torch's modules are large.
    one_round = lanes * (32 * weights + 6000 * block.modules)
    if block.epochs:
        epochs = min(epochs_at_once(rows, weights), block.epochs)
        one_round += 8 * lanes * rows * (2 + 5 * epochs)
        occasions = len(occasion_epochs(block.epochs))
        one_round += 4 * lanes * batch * inputs * (epochs + 1 + 3 * occasions)
        one_round += (64 + lanes) * batch * decisions
        one_round += 64 * epochs * math.ceil(rows / batch)
    gradients = 8 * min(2**22 + lanes * inputs, block.size * dataset.test_x.size)
    return held + scratch + one_round + gradients + 4 * 4 * dataset.test_x.size


# -- torch -------------------------------------------------------------------------------------
def _by_torch(
    block: Block, recipe: ModelRecipe, network: nn.Module, dataset: Dataset, device: str
) -> int:
    inputs, rows = len(dataset.features), len(dataset.train_y)
    tested, most = len(dataset.test_y), max(len(dataset.train_y), len(dataset.test_y))
    weights = _weights(network)
    stacked = 4 * BLOCK * weights
    batch = min(recipe.training.batch_size, rows)
    try:
        predicting, differentiating = _live(network, inputs)
    except Exception:  # a stranger's network fails again in its block, and is named there
        predicting = differentiating = 0
    # Gradients of the weights, Adam's moments; all on the GPU, if there is one.
    training = (8 if device == "cpu" else 2) * stacked if block.epochs else 2 * stacked
    occasions = len(occasion_epochs(block.epochs)) if block.epochs else 0
    training += 8 * BLOCK * rows * 7 + 3 * 4 * BLOCK * occasions * batch * inputs
    training += 2 * batch * differentiating
    measuring = 3 * stacked + max(most * predicting, min(tested, ROWS) * differentiating)
    measuring += 4 * BLOCK * inputs * min(tested, ROWS) * 2 + 40 * min(tested, ROWS) * inputs
    held = BLOCK * held_in_lanes(recipe, dataset, 0)
    return _LATER_BY_TORCH + held + max(training, measuring)


def _live(network: nn.Module, inputs: int) -> tuple[int, int]:
    """Bytes that live at a time for each row that BLOCK networks predict, and differentiate."""
    arrays = {
        name: np.broadcast_to(value.detach().numpy(), (BLOCK, *value.shape))
        for name, value in network.named_parameters()
    }
    stack = TorchStack(network, arrays)
    found = []
    for method in (stack.predict_together, stack.gradients):
        most = []
        for rows in (2, 10):
            x = np.zeros((rows, inputs), dtype=np.float32)
            with one_thread(), _Live() as live:
                method(x)
            most.append(live.most)
        found.append(math.ceil(_KEPT * max(most[1] - most[0], 0) / 8))
    return found[0], found[1]


class _Live(TorchDispatchMode):
    """Counts the bytes of all tensors that live at a time.

    most : the most so far
    """

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._sizes: dict[int, tuple[int, Any]] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        result = function(*arguments, **(options or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor.untyped_storage())
        self.most = max(self.most, sum(size for size, _ in list(self._sizes.values())))
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        name = id(storage)
        if name not in self._sizes:
            gone = weakref.ref(storage, lambda _: self._sizes.pop(name, None))
            self._sizes[name] = storage.nbytes(), gone


def _weights(network: nn.Module) -> int:
    return sum(value.numel() for value in network.parameters())


# -- scikit-learn ------------------------------------------------------------------------------
def _of_regressors(block: Block, recipe: EstimatorRecipe, dataset: Dataset) -> int:
    rows, tested, inputs = len(dataset.train_y), len(dataset.test_y), len(dataset.features)
    tables = 1 + dataset.recipe.permutation.repeats * inputs
    if tables * dataset.test_x.size > MOST_AT_ONCE:
        tables = 1
    predicted = max(tables * tested, rows)
    fitted = block.size * _fitted(recipe, block.replicates[0], dataset)
    fitting = 24 * dataset.train_x.size
    # The tables, as one, and as trees take them; predictions and their errors.
    return fitted + max(fitting, (20 * inputs + 32 * block.size) * predicted)


def _fitted(recipe: EstimatorRecipe, replicate: Replicate, dataset: Dataset) -> int:
    """What one fitted regressor holds, as pickled, reckoned from fits to a few rows."""
    sizes = []
    rows = len(dataset.train_y)
    for few in (min(_FEW, rows), min(_MORE, rows)):
        try:
            sizes.append(sklearn_models.size_fitted(recipe, replicate, dataset, few))
        except Exception:  # a regressor may refuse so few rows
            return 16 * dataset.train_x.size
    grown, few, more = sizes[1] / sizes[0], min(_FEW, rows), min(_MORE, rows)
    # Forests grow with the rows, kernels with their square, networks not at all.
    power = min(max(math.log(grown) / math.log(more / few), 0), 2) if more > few else 1
    return math.ceil(1.25 * sizes[1] * (rows / more) ** power)
