"""What a run asks for, and the blocks of it that are missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from study.common.conditions import CONDITIONS, REAL, SHUFFLED, TRAINED
from study.common.methods import DEFAULT_METHODS, LEAVE_OUT
from study.common.streams import StreamSeeds, varied
from study.common.vocabulary import LEAST_SQUARES
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.execution.block import Block
from study.importance.leave_out import left_out
from study.importance.measure import rows_predicted
from study.store.records import Key

# Work in threads for which processes are worth their start, of seconds: about half a minute of it.
_WORTH_PROCESSES = 3 * 10**9


@dataclass(frozen=True)
class Plan:
    """What a run asks for: how much is stored, and the blocks that are missing.

    Least squares is always asked for, and counts for neither number.
    """

    stored: int
    missing: int
    blocks: tuple[Block, ...]


def ordinary(seeds: Sequence[int]) -> list[Replicate]:
    """The replicates of ordinary seeds, in every condition."""
    untrained = [name for name in CONDITIONS if name not in TRAINED]
    return [
        Replicate(condition, StreamSeeds.of(seed))
        for conditions in (TRAINED, untrained)
        for seed in seeds
        for condition in conditions
    ]


def varying(source: str, bases: Sequence[int], seeds: Sequence[int]) -> list[Replicate]:
    """The real networks in which one source varies over `seeds`, all else held at a base."""
    return [Replicate(REAL, varied(source, base, seed)) for base in bases for seed in seeds]


def on_splits(splits: int, seeds_per_split: int) -> list[Replicate]:
    """The real networks of both halves of random splits of all rows.

    Half h has the seeds from h on: each has a seed that the next one does not have, and halves
    side by side share some where there are several, so that what moves a result, seeds or rows,
    can be told apart. No seed of a half depends on how many splits or seeds there are.
    """
    return [
        Replicate(REAL, StreamSeeds.of(half + place, half))
        for half in range(2 * splits)
        for place in range(seeds_per_split)
    ]


def shuffled(shuffles: int, seeds: Sequence[int]) -> list[Replicate]:
    """The networks on shuffled targets of so many seeds, but for those of `seeds`."""
    further = sorted(set(range(shuffles)) - set(seeds))
    return [Replicate(SHUFFLED, StreamSeeds.of(seed)) for seed in further]


def plan(
    engines: Mapping[str, Engine],
    dataset: Dataset,
    wanted: Sequence[Replicate],
    *,
    stored: set[Key],
    methods: Sequence[str] = DEFAULT_METHODS,
) -> Plan:
    """Split what is not stored of the replicates `wanted` of each model, the longest block first.

    `engines` are those of the models. Untrained networks do not go into one block with others,
    and what an engine does not offer is left out; nor those that have rows of their own with
    those that do not. Least squares is planned beside them. All are scored by `methods`.
    """
    blocks: list[Block] = []
    missing = total = 0
    for name, engine in engines.items():
        offered = [replicate for replicate in wanted if engine.offers(replicate.condition)]
        todo = _todo(name, engine, offered, stored)
        missing += len(todo)
        total += len(offered)
        blocks += _blocks(name, engine, todo, dataset, methods)
    blocks += _least_squares(dataset, wanted, stored, methods)
    # Least squares first: what is stored of a run that is stopped can be read with it alone.
    blocks.sort(key=lambda block: (block.model != LEAST_SQUARES, -block.work))
    return Plan(stored=total - missing, missing=missing, blocks=tuple(blocks))


def _todo(
    name: str, engine: Engine, wanted: Sequence[Replicate], stored: set[Key]
) -> list[Replicate]:
    """What is not stored of the replicates of a model."""
    return [
        one for one in wanted if Key(name, one.condition, engine.name, one.streams) not in stored
    ]


def _blocks(
    name: str,
    engine: Engine,
    todo: Sequence[Replicate],
    dataset: Dataset,
    methods: Sequence[str],
) -> Iterator[Block]:
    """The replicates of a model in blocks of one kind."""
    rows = len(dataset.train_y), rows_predicted(dataset, methods)
    shared = *rows, engine.own_code.modules, tuple(methods)
    again = _left_out(dataset, methods)
    for trained, table in ((True, "data"), (True, "rows"), (True, "split"), (False, "data")):
        of_kind = [one for one in todo if (one.trained, one.streams.table) == (trained, table)]
        own_rows = table != "data"
        size = engine.block_size(len(of_kind), dataset, trained=trained, own_rows=own_rows)
        for start in range(0, len(of_kind), size):
            some = tuple(of_kind[start : start + size])
            yield Block(name, engine, some, *shared, left_out=again if trained else 0)


def _least_squares(
    dataset: Dataset, wanted: Sequence[Replicate], stored: set[Key], methods: Sequence[str]
) -> Iterator[Block]:
    """Least squares on the rows of the data, and once on those of each split."""
    engine = engine_for(None, len(dataset.features), task=dataset.task)
    if Key(LEAST_SQUARES, REAL, engine.name, streams=None) not in stored:
        rows = len(dataset.train_y), rows_predicted(dataset, methods)
        again = _left_out(dataset, methods)
        yield Block(LEAST_SQUARES, engine, (), *rows, methods=tuple(methods), left_out=again)
    splits = [one for one in wanted if one.streams.split == one.streams.init]
    todo = _todo(LEAST_SQUARES, engine, splits, stored)
    yield from _blocks(LEAST_SQUARES, engine, todo, dataset, methods)


def _left_out(dataset: Dataset, methods: Sequence[str]) -> int:
    """How often a model is trained again without a variable, or some."""
    return len(left_out(dataset)) if LEAVE_OUT in methods else 0


def in_threads(blocks: Sequence[Block]) -> list[int]:
    """Places of the blocks that several workers do in threads; the others are for processes.

    Those whose engines let go of Python's lock. But what lies between needs the lock, and threads
    wait for each other there (benchmarks/scaling.py); only where there is little to do are they
    done before processes would have started.
    """
    light = [place for place, of in enumerate(blocks) if of.engine.threaded]
    return light if sum(blocks[place].work for place in light) < _WORTH_PROCESSES else []
