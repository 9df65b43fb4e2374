"""How long a block takes on this machine, from a moment of the same work."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from study.common.conditions import UNTRAINED
from study.common.errors import StudyError, first_line
from study.common.shortage import refuse_shortage
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.one_thread import one_thread
from study.engines.replicates import Replicate, Trained
from study.execution.block import Block
from study.execution.train_and_measure import Count
from study.importance import permutation
from study.importance.measure import measure, rows_predicted
from study.recipes.model import Protocol

Result = TypeVar("Result")

# Seconds for which one part of the work is timed; compiling comes before.
_LIMIT = 0.4
# Rows that the first try takes, and how many times as many the next, until it lasts long enough.
_FIRST, _MORE = 64, 8
# Rows of permuted tables that are predicted in one call in a try.
_PREDICTED = 20_000


@dataclass(frozen=True)
class Rate:
    """Seconds that a block takes, on one core.

    size : models that were timed
    making : to make their networks
    epoch : one epoch of them; for models that train themselves, to fit them
    measuring : to measure it when it is trained
    """

    engine: Engine
    size: int
    making: float
    epoch: float
    measuring: float

    def of(self, block: Block) -> float:
        """Seconds that a block of the same kind takes."""
        training = self.making + block.epochs * self.epoch
        whole = training * (1 + block.left_out) + self.measuring
        return whole * self.engine.rounds(block.size) / self.engine.rounds(self.size)


def rate(block: Block, dataset: Dataset) -> Rate:
    """Time a block's work for a moment, on fewer rows and epochs where they are many.

    Raises StudyError for whatever goes wrong in it.
    """
    try:
        with one_thread():
            return _timed(block, dataset)
    except StudyError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's network may raise anything
        refuse_shortage(error)
        raise StudyError(f"model '{block.model}': {first_line(error)}") from error


def _timed(block: Block, dataset: Dataset) -> Rate:
    # On the rows of the data, of which there are as many as there are on others.
    plain = tuple(
        replace(one, streams=replace(one.streams, rows=None, split=None))
        for one in block.replicates
    )
    block = replace(block, replicates=plain)
    engine, x, y = block.engine, dataset.train_x, dataset.train_y
    if engine.protocol is None:
        making, (epoch, made) = 0.0, _fitting(block, dataset)
    else:
        untrained = [Replicate(UNTRAINED, replicate.streams) for replicate in block.replicates]
        making, made = _seconds(lambda: engine.train(untrained, x, y))
        epoch = _epoch(block, engine.protocol, dataset) if block.epochs else 0.0
    return Rate(engine, len(made.losses), making, epoch, _measuring(block, made, dataset))


def _epoch(block: Block, protocol: Protocol, dataset: Dataset) -> float:
    """Seconds of one epoch of a block that is trained by steps."""
    engine, batch = block.engine, min(protocol.batch_size, len(dataset.train_y))
    some = block.replicates[: engine.width]

    def timed(rows: int) -> _Clock:
        part = _part(dataset, rows, few=False)
        x, y, weights = part.train_x, part.train_y, part.train_weights
        return _Clock(lambda tell: engine.train(some, x, y, tell, weights=weights))

    # Of two rows at least, one can be held out.
    clock, rows = _long_enough(
        timed, max(batch, 2), len(dataset.train_y), lambda clock: clock.whole
    )
    steps = math.ceil(len(dataset.train_y) / batch) / math.ceil(rows / batch)
    rounds = engine.rounds(block.size) / engine.rounds(len(some))
    return clock.each_done * len(some) * steps * rounds


def _fitting(block: Block, dataset: Dataset) -> tuple[float, Trained]:
    """Seconds of fitting one model of a block to all rows, and one fitted to some of them."""
    engine, some = block.engine, block.replicates[:1]
    tried: list[tuple[int, float]] = []
    while not tried or (tried[-1][1] < _LIMIT / 4 and tried[-1][0] < len(dataset.train_y)):
        rows = min(_MORE * (tried[-1][0] if tried else _FIRST // 2), len(dataset.train_y))
        part = _part(dataset, rows, few=False)
        weights = part.train_weights
        seconds, made = _seconds(
            partial(engine.train, some, part.train_x, part.train_y, weights=weights)
        )
        tried.append((rows, seconds))
    # A model that took longer with more rows will go on so.
    power = 1.0
    if len(tried) > 1:
        (fewer, before), (rows, seconds) = tried[-2:]
        power = min(max(math.log(seconds / before) / math.log(rows / fewer), 0), 3)
    return seconds * (len(dataset.train_y) / rows) ** power, made


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


def _measuring(block: Block, made: Trained, dataset: Dataset) -> float:
    """Seconds to measure the models of a block, tried on a part of the data."""
    stack = block.engine.stack(made)

    def part_of(rows: int) -> Dataset:
        # What predicts all permuted tables in one call is tried on few of them.
        return _part(dataset, rows, few=stack.at_once > 0)

    def timed(rows: int) -> _Clock:
        return _Clock(
            lambda tell: measure(stack, part_of(rows), made.occasions, tell, block.methods)
        )

    most = max(len(dataset.train_y), len(dataset.test_y))
    clock, rows = _long_enough(timed, _FIRST, most, lambda clock: clock.first)
    shared = [len(data.train_y) + len(data.test_y) for data in (dataset, part_of(rows))]
    return clock.first * shared[0] / shared[1] + clock.each_begun * rows_predicted(
        dataset, block.methods
    )


def _part(dataset: Dataset, rows: int, *, few: bool) -> Dataset:
    """The first rows of both tables."""
    part = replace(
        dataset,
        train_x=dataset.train_x[:rows],
        train_y=dataset.train_y[:rows],
        test_x=dataset.test_x[:rows],
        test_y=dataset.test_y[:rows],
        row_groups=_first(dataset.row_groups, dataset, rows),
        row_weights=_first(dataset.row_weights, dataset, rows),
    )
    settings = dataset.recipe.permutation
    if few:
        repeats = max(_PREDICTED * settings.repeats // permutation.rows_predicted(part), 1)
        settings = settings.model_copy(update={"repeats": min(repeats, settings.repeats)})
    return replace(part, recipe=dataset.recipe.model_copy(update={"permutation": settings}))


def _first(of_rows: np.ndarray | None, dataset: Dataset, rows: int) -> np.ndarray | None:
    """What there is to the first rows of both tables."""
    if of_rows is None:
        return None
    parts = np.split(of_rows, [len(dataset.train_y)])
    return np.concatenate([part[:rows] for part in parts])


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
