"""What a run would compute, and what it would take: time, memory and disk."""

import heapq
import pickle
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from study.common.conditions import CONDITIONS
from study.common.fit_measures import fit_measures
from study.common.methods import STEPS, methods_with
from study.common.progress import duration
from study.common.text import printable
from study.common.versions import environment
from study.common.vocabulary import LEAST_SQUARES
from study.datasets.dataset import Dataset
from study.engines.replicates import Trained, loss_epochs, occasion_epochs
from study.execution import memory
from study.execution.block import Block
from study.execution.memory import Needs
from study.execution.plan import Plan, in_threads
from study.execution.timing import rate
from study.execution.train_and_measure import records
from study.importance.measure import Measured
from study.importance.scores import Importance
from study.recipes.model import Contender
from study.statistics.fit import Fit
from study.store.records import Key, Record
from study.store.run_directory import FILE_NAME, create
from study.store.writer import Writer

# Of each model, how many trainings, scores and bytes of weights are packed to see their size.
_PACKED, _SCORES_PACKED, _BYTES_PACKED = 64, 100_000, 2**24
# What trainings of splits are called in a table by condition.
_ON_SPLITS = "on splits"


@dataclass(frozen=True)
class Share:
    """What a run would do for one model.

    trainings : how many are missing, by condition, those on splits apart; seconds : on one core
    """

    title: str
    trainings: Mapping[str, int]
    blocks: int
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """What a run would take.

    seconds : from its start to its end; starting : of those, to load the program and the data
    needs : of memory; disk : bytes of its results in the end, and how many lie there now
    network : bytes that go to the workers of a cluster and come back; None without a cluster
    """

    shares: list[Share]
    workers: int
    seconds: float
    starting: float
    needs: Needs
    disk: int
    disk_now: int
    network: int | None


def forecast(
    directory: Path,
    planned: Plan,
    dataset: Dataset,
    models: Mapping[str, Contender],
    *,
    workers: int,
    needs: Needs,
    starting: float,
    cluster: bool = False,
) -> Forecast:
    """Measure for a moment what `planned` would take by so many workers, each with a core.

    `starting` are the seconds that a process takes to load the program and the data. The workers
    are the threads of a `cluster`, or of this machine. Raises StudyError for what goes wrong in a
    model's own code.
    """
    largest = {_kind(block): block for block in sorted(planned.blocks, key=lambda of: of.size)}
    rates = {kind: rate(block, dataset) for kind, block in largest.items()}
    seconds = [rates[_kind(block)].of(block) for block in planned.blocks]
    stored = directory / FILE_NAME
    disk_now = stored.stat().st_size if stored.exists() else 0
    grown, packed = _growth(planned.blocks, dataset, fresh=not disk_now)
    return Forecast(
        shares=list(_shares(planned.blocks, models, seconds)),
        workers=workers,
        seconds=_elapsed(planned.blocks, seconds, workers, starting, together=cluster),
        starting=starting,
        needs=needs,
        disk=disk_now + grown,
        disk_now=disk_now,
        network=packed + workers * len(pickle.dumps(dataset)) if cluster else None,
    )


def told(found: Forecast, *, cores: int, there: int | None) -> str:
    """A forecast in words: a table by model, then time, memory and disk."""
    kinds = (*CONDITIONS, _ON_SPLITS)
    conditions = [name for name in kinds if any(name in of.trainings for of in found.shares)]
    table = pd.DataFrame(
        [
            {
                "model": printable(share.title),
                **{name: share.trainings.get(name, 0) or "-" for name in conditions},
                "blocks": share.blocks,
                "on one core": duration(share.seconds),
            }
            for share in found.shares
        ]
    )
    people = f"{found.workers} worker{'s' if found.workers > 1 else ''}"
    grown = f", {_size(found.disk_now)} of it now" if found.disk_now else ""
    if found.network is None:
        where = f" (on paper: there are {cores} here)" if found.workers > cores else ""
        said, *warning = memory.told(found.needs, found.workers, there)
        needed = [said.split(", ", 1)[1].removesuffix(" of memory"), *warning]
    else:
        where = " of the cluster, if they are as fast as this machine"
        needed = [
            f"at most about {memory.in_words(found.needs.here)} here, and "
            f"{memory.in_words(found.needs.each)} for each worker",
            f"Network: about {_size(found.network)}, from here and back",
        ]
    return "\n".join(
        [
            table.to_string(index=False),
            f"Time: about {duration(found.seconds)} by {people}{where}, as measured here just now; "
            "a busy machine, or hyper-threads in place of cores, may double it",
            f"Memory: {needed[0]}",
            *needed[1:],
            f"Disk: about {_size(found.disk)} for the results{grown}; the report comes to it",
        ]
    )


def _kind_of(key: Key) -> str:
    """What a table of trainings counts it as: its condition, or that it is of a split."""
    on_split = key.streams is not None and key.streams.split is not None
    return _ON_SPLITS if on_split else key.condition


def _kind(block: Block) -> tuple[str, bool]:
    return block.model, block.epochs > 0


def _shares(
    blocks: Sequence[Block], models: Mapping[str, Contender], seconds: Sequence[float]
) -> Iterator[Share]:
    """What is to do for each model, in the order in which they were asked for."""
    for model in (*models, LEAST_SQUARES):
        own = [
            (block, taken)
            for block, taken in zip(blocks, seconds, strict=True)
            if block.model == model
        ]
        if own:
            counts = Counter(_kind_of(key) for block, _ in own for key in block.keys)
            title = own[0][0].engine.title
            yield Share(title, counts, len(own), sum(taken for _, taken in own))


def _elapsed(
    blocks: Sequence[Block],
    seconds: Sequence[float],
    workers: int,
    starting: float,
    *,
    together: bool,
) -> float:
    """Seconds from start to end: first the blocks in threads, then those in processes.

    All `together` where a worker takes both, as those of a cluster do.
    """
    if together or workers == 1:
        return starting + _shared_out(seconds, workers)
    threaded = in_threads(blocks)
    others = [seconds[place] for place in sorted(set(range(len(blocks))) - set(threaded))]
    elapsed = starting + _shared_out([seconds[place] for place in threaded], workers)
    return elapsed + starting + _shared_out(others, workers) if others else elapsed


def _shared_out(seconds: Sequence[float], workers: int) -> float:
    """When the last of some workers is done, each taking the next block when it is free."""
    free = [0.0] * workers
    for taken in seconds:
        heapq.heapreplace(free, free[0] + taken)
    return max(free)


# -- disk --------------------------------------------------------------------------------------
def _growth(blocks: Sequence[Block], dataset: Dataset, *, fresh: bool) -> tuple[int, int]:
    """Bytes by which the stored results grow, and those of the results on their way there.

    From records that are packed in a database. They hold numbers made up, as many as a trained
    model has. `fresh` counts what an empty run takes, too.
    """
    sent = 0.0
    with tempfile.TemporaryDirectory(prefix="study-") as name:
        directory = Path(name)
        path = directory / FILE_NAME
        create(directory, "plan", dataset.recipe, dataset.hashes)
        before = path.stat().st_size
        total = float(before if fresh else 0)
        with Writer(directory) as store:
            for _, of_kind in groupby(sorted(blocks, key=_kind), key=_kind):
                some = list(of_kind)
                packed = _packed(some[0], dataset)
                for start in range(0, len(packed), 16):
                    part = packed[start : start + 16]
                    store.add(some[0].model, some[0].engine.recipe, part, environment())
                after = path.stat().st_size
                times = sum(block.size for block in some) / len(packed)
                total += times * (after - before)
                sent += times * len(pickle.dumps(packed))
                before = after
    return round(total), round(sent)


def _packed(block: Block, dataset: Dataset) -> list[Record]:
    """Records of some models of a block, with numbers made up."""
    draw = np.random.default_rng(0)
    inputs = len(dataset.features)
    layout = block.engine.layout
    epochs = block.epochs if STEPS in block.offers else 0
    weights = sum(int(np.prod(shape)) for _, shape in layout)
    count = min(
        block.size,
        _PACKED,
        max(_SCORES_PACKED // (16 * inputs), 1),
        max(_BYTES_PACKED // (4 * weights + 1), 1),
    )

    def drawn(*shape: int) -> np.ndarray:
        return draw.normal(size=(count, *shape))

    trained = Trained(
        weights={name: drawn(*shape).astype(np.float32) for name, shape in layout},
        epochs=np.full(count, epochs),
        loss_epochs=loss_epochs(epochs) if epochs else np.zeros(0, dtype=int),
        losses=drawn(len(loss_epochs(epochs)) if epochs else 0),
        occasion_epochs=occasion_epochs(epochs),
        occasions=drawn(len(occasion_epochs(epochs)), 1, inputs),
    )
    measured = Measured(
        fits=[
            Fit(part, evaluation, {name: drawn() for name in fit_measures(dataset.task).columns})
            for part in ("train", "test")
            for evaluation in ("alone", "together")
        ],
        importances=[
            Importance(
                method.name,
                drawn(len(dataset.recipe.scored(method.by))),
                drawn(inputs) if method.signed else None,
            )
            for method in methods_with(block.offers)
            if method.name in block.methods
        ],
    )
    return records(block.keys[:count], trained, measured, dataset)


def _size(number: int) -> str:
    """A number of bytes in MB, or GB."""
    return memory.in_words(number) if number >= 1e9 else f"{number / 1e6:.1f} MB"
