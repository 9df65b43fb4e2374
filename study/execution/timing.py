"""How long a block takes on this machine, from a moment of the same work."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from study.common.errors import StudyError, first_line
from study.datasets.dataset import Dataset
from study.datasets.least_squares import least_squares
from study.engines import sklearn_models
from study.engines.lanes.compiler import host_lanes
from study.engines.replicates import Replicate
from study.engines.sklearn_models import SKLEARN
from study.engines.stack import stack
from study.engines.torch.prediction import one_thread
from study.engines.train import LANES, train
from study.execution.block import Block
from study.execution.train_and_measure import Count
from study.importance.measure import measure, measure_regressors
from study.importance.permutation import rows_predicted
from study.networks.build import build, seeded
from study.networks.linear import Linear
from study.recipes.model import EstimatorRecipe, ModelRecipe

Result = TypeVar("Result")

# Seconds for which one part of the work is timed; compiling comes before.
_LIMIT = 0.4
# Rows that the first try takes, and how many times as many the next, until it lasts long enough.
_FIRST, _MORE = 64, 8
# Rows of permuted tables that a regressor predicts in a try.
_PREDICTED = 20_000


@dataclass(frozen=True)
class Rate:
    """Seconds that a block takes, on one core.

    size : replicates of the block that was timed
    making : to make its networks
    epoch : one epoch of it; for regressors, to fit them
    measuring : to measure it when it is trained
    """

    engine: str
    size: int
    making: float
    epoch: float
    measuring: float

    def of(self, block: Block) -> float:
        """Seconds that a block of the same kind takes."""
        whole = self.making + block.epochs * self.epoch + self.measuring
        return whole * _rounds(self.engine, block.size) / _rounds(self.engine, self.size)


def rate(block: Block, dataset: Dataset) -> Rate:
    """Time a block's work for a moment, on fewer rows and epochs where they are many.

    Raises StudyError for whatever goes wrong in it.
    """
    try:
        with one_thread():
            if block.recipe is None:
                return _of_least_squares(block, dataset)
            if isinstance(block.recipe, EstimatorRecipe):
                return _of_regressors(block, block.recipe, dataset)
            return _of_networks(block, block.recipe, dataset)
    except StudyError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's network may raise anything
        raise StudyError(f"model '{block.model}': {first_line(error)}") from error


def _rounds(engine: str, size: int) -> int:
    """How often an engine sets out to train so many replicates."""
    if engine == SKLEARN:
        return size
    return math.ceil(size / host_lanes()) if engine == LANES else 1


def _of_least_squares(block: Block, dataset: Dataset) -> Rate:
    making, weights = _seconds(lambda: least_squares(dataset))
    with seeded(0):
        network = Linear(inputs=len(dataset.features))
    none = np.zeros((1, 0, 1, 0))

    def measured(part: Dataset, count: Count) -> object:
        return measure(stack(network, weights), part, none, count)

    return Rate(block.engine, 1, making, 0.0, _measuring(dataset, measured))


def _of_networks(block: Block, recipe: ModelRecipe, dataset: Dataset) -> Rate:
    untrained = [Replicate("untrained", replicate.streams) for replicate in block.replicates]
    x, y = dataset.train_x, dataset.train_y
    making, initial = _seconds(lambda: train(recipe, untrained, x, y, engine=block.engine))
    network = build(recipe, inputs=len(dataset.features), init=0)
    epoch = _epoch(block, recipe, dataset) if block.epochs else 0.0

    def measured(part: Dataset, count: Count) -> object:
        return measure(stack(network, initial.weights), part, initial.occasions, count)

    return Rate(block.engine, block.size, making, epoch, _measuring(dataset, measured))


def _epoch(block: Block, recipe: ModelRecipe, dataset: Dataset) -> float:
    """Seconds of one epoch of a block."""
    lanes = host_lanes() if block.engine == LANES else block.size
    some, batch = block.replicates[:lanes], min(recipe.training.batch_size, len(dataset.train_y))

    def timed(rows: int) -> _Clock:
        x, y = dataset.train_x[:rows], dataset.train_y[:rows]
        return _Clock(lambda tell: train(recipe, some, x, y, engine=block.engine, on_work=tell))

    clock, rows = _long_enough(timed, batch, len(dataset.train_y), lambda clock: clock.whole)
    steps = math.ceil(len(dataset.train_y) / batch) / math.ceil(rows / batch)
    rounds = _rounds(block.engine, block.size) / _rounds(block.engine, len(some))
    return clock.each_done * len(some) * steps * rounds


def _long_enough(
    timed: Callable[[int], "_Clock"],
    first: int,
    most: int,
    seconds: Callable[["_Clock"], float],
) -> tuple["_Clock", int]:
    """Time work on more and more rows, from `first` to `most`, until it lasts; and those rows."""
    rows = min(first, most)
    timed(rows)  # compiles, and imports
    clock = timed(rows)
    while seconds(clock) < _LIMIT / 4 and rows < most:
        rows = min(_MORE * rows, most)
        clock = timed(rows)
    # Whatever comes between makes it longer, never shorter.
    return min(clock, timed(rows), key=seconds), rows


def _seconds(work: Callable[[], Result]) -> tuple[float, Result]:
    """How long it takes, once all that it needs is loaded, and what comes of it."""
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - start)
    return min(taken), result


def _of_regressors(block: Block, recipe: EstimatorRecipe, dataset: Dataset) -> Rate:
    some = block.replicates[:1]
    tried: list[tuple[int, float]] = []
    while not tried or (tried[-1][1] < _LIMIT / 4 and tried[-1][0] < len(dataset.train_y)):
        rows = min(_MORE * (tried[-1][0] if tried else _FIRST // 2), len(dataset.train_y))
        part = replace(dataset, train_x=dataset.train_x[:rows], train_y=dataset.train_y[:rows])
        seconds, regressors = _seconds(partial(sklearn_models.fit, recipe, some, part))
        tried.append((rows, seconds))
    # A regressor that took longer with more rows will go on so.
    power = 1.0
    if len(tried) > 1:
        (fewer, before), (rows, seconds) = tried[-2:]
        power = min(max(math.log(seconds / before) / math.log(rows / fewer), 0), 3)
    fitting = seconds * (len(dataset.train_y) / rows) ** power
    measuring = _measuring(
        dataset, lambda part, count: measure_regressors(regressors, part, count), few=True
    )
    return Rate(block.engine, 1, 0.0, fitting, measuring)


def _measuring(
    dataset: Dataset,
    measured: Callable[[Dataset, Count], object],
    *,
    few: bool = False,
) -> float:
    """Seconds to measure a block; `measured` does it on a part of the data.

    With `few`, on few permuted tables: for what predicts them all in one call.
    """

    def timed(rows: int) -> _Clock:
        part = _part(dataset, rows, few=few)
        return _Clock(lambda tell: measured(part, tell))

    most = max(len(dataset.train_y), len(dataset.test_y))
    clock, rows = _long_enough(timed, _FIRST, most, lambda clock: clock.first)
    part = _part(dataset, rows, few=few)
    shared = [len(data.train_y) + len(data.test_y) for data in (dataset, part)]
    return clock.first * shared[0] / shared[1] + clock.each_begun * rows_predicted(dataset)


def _part(dataset: Dataset, rows: int, *, few: bool) -> Dataset:
    """The first rows of both tables."""
    part = replace(
        dataset,
        train_x=dataset.train_x[:rows],
        train_y=dataset.train_y[:rows],
        test_x=dataset.test_x[:rows],
        test_y=dataset.test_y[:rows],
    )
    settings = dataset.recipe.permutation
    if few:
        repeats = max(_PREDICTED * settings.repeats // rows_predicted(part), 1)
        settings = settings.model_copy(update={"repeats": min(repeats, settings.repeats)})
    return replace(part, recipe=dataset.recipe.model_copy(update={"permutation": settings}))


class _Enough(Exception):
    """It has been timed for long enough."""


class _Clock:
    """Times work that tells how far it is, and stops it after a while.

    The work is given what it calls with the units of it that are done, or are done next.
    """

    def __init__(self, work: Callable[[Count], object]) -> None:
        self._told: list[tuple[float, int]] = []
        self._start = time.perf_counter()
        with suppress(_Enough):
            work(self._tell)
        self._end = time.perf_counter()

    def _tell(self, units: int) -> None:
        self._told.append((time.perf_counter(), units))
        if self._told[-1][0] - self._told[0][0] > _LIMIT:
            raise _Enough

    @property
    def whole(self) -> float:
        """Seconds that it took."""
        return self._end - self._start

    @property
    def first(self) -> float:
        """Seconds to its first word."""
        return self._told[0][0] - self._start

    @property
    def each_done(self) -> float:
        """Seconds for each unit, where units are told when they are done."""
        (first, units), *others = self._told
        if not others:
            return (first - self._start) / units
        return (others[-1][0] - first) / sum(units for _, units in others)

    @property
    def each_begun(self) -> float:
        """Seconds for each unit, where units are told before they are done."""
        units = [units for _, units in self._told]
        stopped = self._told[-1][0] - self._told[0][0] > _LIMIT
        end = self._told[-1][0] if stopped else self._end
        return (end - self._told[0][0]) / sum(units[:-1] if stopped else units)
