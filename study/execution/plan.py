"""What a run asks for, and the blocks of it that are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from study.common.methods import METHODS
from study.common.streams import StreamSeeds, varied
from study.common.vocabulary import CLOSED_FORM, LEAST_SQUARES
from study.datasets.dataset import Dataset
from study.engines.lanes.compiler import host_lanes
from study.engines.replicates import Replicate, occasion_epochs
from study.engines.sklearn_models import SKLEARN
from study.engines.torch.prediction import BLOCK
from study.engines.train import LANES, engine_of
from study.execution.block import Block
from study.importance.permutation import rows_predicted
from study.recipes.model import Contender, EstimatorRecipe, ModelRecipe
from study.store.records import Key

# Replicates in a block in lanes: as few as lanes are, for an even share of work, up to so
# many that scikit-learn's own work, which a block pays once, does not show.
_MOST_IN_LANES = 128
# What all replicates of a block in lanes hold, in bytes, if more than one round of lanes do.
_MOST_HELD = 2**27
# Work in lanes for which processes are worth their start, of seconds: about half a minute of it.
_WORTH_PROCESSES = 3 * 10**9
# scikit-learn's regressors in a block: few, for an even share of work, and one where they are
# fitted to many rows, as forests grow with those.
_REGRESSORS, _ROWS_FITTED = 4, 8192


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
    trained = [
        Replicate(condition, StreamSeeds.of(seed))
        for seed in seeds
        for condition in ("real", "shuffled")
    ]
    return trained + [Replicate("untrained", StreamSeeds.of(seed)) for seed in seeds]


def varying(source: str, bases: Sequence[int], seeds: Sequence[int]) -> list[Replicate]:
    """The real networks in which one source varies over `seeds`, all else held at a base."""
    return [Replicate("real", varied(source, base, seed)) for base in bases for seed in seeds]


def wanted(seeds: Sequence[int], vary: str | None, bases: Sequence[int]) -> list[Replicate]:
    """The replicates of ordinary seeds, or those in which one source varies."""
    return ordinary(seeds) if vary is None else varying(vary, bases, seeds)


def plan(
    models: Mapping[str, Contender],
    networks: Mapping[str, nn.Module],
    dataset: Dataset,
    wanted: Sequence[Replicate],
    *,
    device: str,
    stored: set[Key],
) -> Plan:
    """Split what is not stored of the replicates `wanted` of each model, the longest block first.

    Untrained networks do not go into one block with others, and an estimator has none.
    `networks` are those of the models that are not estimators.
    """
    trained = [replicate for replicate in wanted if replicate.condition != "untrained"]
    untrained = [replicate for replicate in wanted if replicate.condition == "untrained"]
    blocks, missing, total = [], 0, 0
    for name, recipe in models.items():
        if isinstance(recipe, EstimatorRecipe):
            engine, modules, weights, held = SKLEARN, 1, 0, 0
            parts = [(trained, 1)]
        else:
            engine = engine_of(networks[name], device)
            modules = len(list(networks[name].modules()))
            weights = sum(value.numel() for value in networks[name].parameters())
            held = held_in_lanes(recipe, dataset, weights)
            parts = [(trained, recipe.training.epochs), (untrained, 0)]
        for replicates, epochs in parts:
            todo = [
                replicate
                for replicate in replicates
                if Key(name, replicate.condition, engine, replicate.streams) not in stored
            ]
            missing += len(todo)
            total += len(replicates)
            size = _block_size(engine, len(todo), epochs, held, len(dataset.train_y))
            blocks += [
                Block(
                    name,
                    recipe,
                    engine,
                    tuple(todo[start : start + size]),
                    epochs,
                    modules,
                    len(dataset.train_y),
                    rows_predicted(dataset),
                    weights,
                )
                for start in range(0, len(todo), size)
            ]
    if not any(key.model == LEAST_SQUARES for key in stored):
        rows = (len(dataset.train_y), rows_predicted(dataset))
        blocks.append(Block(LEAST_SQUARES, None, CLOSED_FORM, (), 0, 1, *rows))
    # Least squares first: what is stored of a run that is stopped can be read with it alone.
    blocks.sort(key=lambda block: (block.engine != CLOSED_FORM, -block.work))
    return Plan(stored=total - missing, missing=missing, blocks=tuple(blocks))


def in_threads(blocks: Sequence[Block]) -> list[int]:
    """Places of the blocks that several workers do in threads; the others are for processes.

    Kernels of lanes let go of Python's lock, and so does LAPACK. But what lies between them needs
    the lock, and threads wait for each other there (benchmarks/scaling.py); only where there is
    little to do are they done before processes would have started.
    """
    light = [place for place, of in enumerate(blocks) if of.engine in (LANES, CLOSED_FORM)]
    return light if sum(blocks[place].work for place in light) < _WORTH_PROCESSES else []


def held_in_lanes(recipe: ModelRecipe, dataset: Dataset, weights: int) -> int:
    """What each replicate of a block in lanes holds while others are trained or measured, in bytes.

    `weights` is how many one network has.
    """
    features, rows = len(dataset.features), max(len(dataset.train_y), len(dataset.test_y))
    batch = min(recipe.training.batch_size, len(dataset.train_y))
    occasions = len(occasion_epochs(recipe.training.epochs))
    gradients = 4 * occasions * batch * features
    # scikit-learn keeps each score of each permuted column, and records are Python's numbers.
    scores = 100 * features * dataset.recipe.permutation.repeats
    records = 200 * features * (2 * occasions + len(METHODS))
    # Twice what is joined from the rounds; predictions, and their errors in double precision.
    return 2 * gradients + scores + records + 12 * weights + 32 * rows


def _block_size(engine: str, replicates: int, epochs: int, held: int, rows: int) -> int:
    """How many replicates make a block. It changes no result.

    `held` is what each of them holds in lanes, in bytes. `rows` are those of training. Without
    epochs, only the measuring counts.
    """
    if engine == SKLEARN:
        return min(_REGRESSORS, max(_ROWS_FITTED // rows, 1))
    if engine != LANES:
        return BLOCK
    lanes = host_lanes()
    most = min(_MOST_IN_LANES, _MOST_HELD // held)
    share = replicates // 8 if epochs else most
    return lanes * max(min(share, most) // lanes, 1)
