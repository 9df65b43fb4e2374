"""A block becomes records: trained and measured, wherever a worker is."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from study.common.errors import StudyError, first_line
from study.common.methods import scored_by
from study.common.own_code import differing
from study.common.shortage import refuse_shortage
from study.common.text import listed
from study.common.versions import environment
from study.datasets.dataset import Dataset
from study.engines.replicates import Trained
from study.execution.block import Block, Broken
from study.importance.measure import Measured, measure_trained
from study.importance.scores import Importance
from study.importance.training_gradient import occasion_means
from study.networks.remedies import remedy_for
from study.statistics.fit import Fit
from study.store.records import Key, Record, Row
from study.store.rows import LABELS, NUMBERS

Count = Callable[[int], None]


@dataclass(frozen=True)
class BlockResult:
    """What comes of a block.

    records : one for each trained model, in the order of the block's keys
    warned : how many fits gave each warning, by its text
    environment : what it was computed with
    """

    records: list[Record]
    warned: Counter[str]
    environment: dict[str, str]


def train_and_measure(
    block: Block,
    dataset: Dataset,
    count: Count = lambda _: None,
    computed_with: dict[str, str] | None = None,
) -> BlockResult:
    """Train and measure one block.

    `count` is called with each piece of work that is done, in the units of Block.work, and may
    raise Stopped; `computed_with` is this process's environment, where it is known already.
    Raises StudyError for whatever goes wrong in the block, and Broken where the model's code is
    another than it was planned with.
    """
    try:
        trained, measured = _trained(block, dataset, count)
    except StudyError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's network may raise anything
        refuse_shortage(error)
        remedy = remedy_for(error, "")
        raise StudyError(f"{first_line(error)}{f'; {remedy}' if remedy else ''}") from error
    made = records(block.keys, trained, measured, dataset)
    return BlockResult(made, Counter(trained.warned), computed_with or environment())


def _trained(block: Block, dataset: Dataset, count: Count) -> tuple[Trained, Measured]:
    _refuse_other_code(block)
    cost = block.cost

    @contextmanager
    def training(models: int) -> Iterator[Count]:
        left = models * block.epochs

        def trained_on(epochs: int) -> None:
            nonlocal left
            left -= epochs
            count(epochs * cost.epoch)

        yield trained_on
        trained_on(left)  # what need not be trained is done, where training stopped early

    def predicted(rows: int) -> None:
        count(rows * block.size * cost.row)

    with training(block.size) as trained_on:
        trained = block.engine.train(
            block.replicates,
            *dataset.pooled,
            trained_on,
            tested=len(dataset.test_y),
            groups=dataset.row_groups,
            weights=dataset.row_weights,
        )
    measured = measure_trained(
        block.engine, trained, dataset, block.replicates, predicted, block.methods, training
    )
    _refuse_other_code(block)  # what it imports late
    return trained, measured


def _refuse_other_code(block: Block) -> None:
    """Raise Broken where this process has other code of the model than the plan."""
    if not block.code:
        return
    _ = block.engine.own_code  # imports it
    if others := differing(block.code):
        raise Broken(
            f"{listed(others)}: changed since this command began, so that model '{block.model}' "
            "would be trained by two states of its code"
        )


def records(
    keys: Sequence[Key], trained: Trained, measured: Measured, dataset: Dataset
) -> list[Record]:
    """What is measured of trained models, taken apart by their keys."""
    absolute, signed = occasion_means(trained.occasions)
    return [
        Record(
            key=key,
            weights={name: array[index] for name, array in trained.weights.items()},
            fits=[_fit_row(fit, index) for fit in measured.fits],
            scores=score_rows(measured.importances, index, dataset),
            occasions=[
                (
                    int(epoch),
                    feature,
                    float(absolute[index, occasion, column]),
                    float(signed[index, occasion, column]),
                )
                for occasion, epoch in enumerate(trained.occasion_epochs)
                for column, feature in enumerate(dataset.features)
                if epoch < trained.epochs[index]
            ],
            losses=[
                (int(epoch), float(trained.losses[index, point]))
                for point, epoch in enumerate(trained.loss_epochs)
                if epoch < trained.epochs[index]
            ],
        )
        for index, key in enumerate(keys)
    ]


def _fit_row(fit: Fit, index: int) -> Row:
    """The fit of one of some models, as a row of `Record.fits`; columns are named as measures."""
    labels = (getattr(fit, name) for name in LABELS["fits"])
    last = max(map(NUMBERS["fits"].index, fit.measures))
    known = (fit.measures.get(name) for name in NUMBERS["fits"][: last + 1])
    return *labels, *(None if of is None else float(of[index]) for of in known)


def score_rows(importances: Sequence[Importance], index: int, dataset: Dataset) -> list[Row]:
    """The scores of one of some models, as rows of `Record.scores`."""
    return [
        (
            importance.method,
            item,
            float(importance.score[index, column]),
            None if importance.signed is None else float(importance.signed[index, column]),
        )
        for importance in importances
        for column, item in enumerate(dataset.recipe.scored(scored_by(importance.method)))
    ]
