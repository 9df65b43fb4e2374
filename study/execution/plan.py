"""What a run asks for, and the blocks of it that are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from study.common.conditions import CONDITIONS, REAL, TRAINED
from study.common.streams import StreamSeeds, varied
from study.common.vocabulary import LEAST_SQUARES
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.execution.block import Block
from study.importance.permutation import rows_predicted
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


def wanted(seeds: Sequence[int], vary: str | None, bases: Sequence[int]) -> list[Replicate]:
    """The replicates of ordinary seeds, or those in which one source varies."""
    return ordinary(seeds) if vary is None else varying(vary, bases, seeds)


def plan(
    engines: Mapping[str, Engine],
    dataset: Dataset,
    wanted: Sequence[Replicate],
    *,
    stored: set[Key],
) -> Plan:
    """Split what is not stored of the replicates `wanted` of each model, the longest block first.

    `engines` are those of the models. Untrained networks do not go into one block with others,
    and what an engine does not offer is left out. Least squares is planned beside them.
    """
    rows = len(dataset.train_y), rows_predicted(dataset)
    blocks, missing, total = [], 0, 0
    for name, engine in engines.items():
        offered = [replicate for replicate in wanted if engine.offers(replicate.condition)]
        for trained in (True, False):
            replicates = [one for one in offered if one.trained == trained]
            todo = [
                one
                for one in replicates
                if Key(name, one.condition, engine.name, one.streams) not in stored
            ]
            missing += len(todo)
            total += len(replicates)
            size = engine.block_size(len(todo), dataset, trained=trained)
            blocks += [
                Block(name, engine, tuple(todo[start : start + size]), *rows)
                for start in range(0, len(todo), size)
            ]
    if not any(key.model == LEAST_SQUARES for key in stored):
        blocks.append(Block(LEAST_SQUARES, engine_for(None, len(dataset.features)), (), *rows))
    # Least squares first: what is stored of a run that is stopped can be read with it alone.
    blocks.sort(key=lambda block: (block.model != LEAST_SQUARES, -block.work))
    return Plan(stored=total - missing, missing=missing, blocks=tuple(blocks))


def in_threads(blocks: Sequence[Block]) -> list[int]:
    """Places of the blocks that several workers do in threads; the others are for processes.

    Those whose engines let go of Python's lock. But what lies between needs the lock, and threads
    wait for each other there (benchmarks/scaling.py); only where there is little to do are they
    done before processes would have started.
    """
    light = [place for place, of in enumerate(blocks) if of.engine.threaded]
    return light if sum(blocks[place].work for place in light) < _WORTH_PROCESSES else []
