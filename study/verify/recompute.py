"""Stored weights measured again, initial weights drawn again, and least squares solved again."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from study.common.conditions import TRAINED
from study.common.findings import FAULT, NOTE, PASSED, Finding
from study.common.methods import DECLARED
from study.common.progress import progress
from study.common.vocabulary import LEAST_SQUARES
from study.store.file_check import RESTORE
from study.store.reader import Training, among, key_of
from study.store.records import Record, unpacked
from study.store.rows import TABLES, Rows
from study.store.same_run import measured_as_now
from study.store.store import Store
from study.verify.compare_records import Likeness, likeness, likeness_of_weights
from study.verify.rebuild import Again, with_methods
from study.verify.training_names import in_words

# Of the generator that draws samples.
SEED = 0
# Other versions and processors round single precision otherwise.
TOLERANCE = 1e-3
# The same ones may sum the same float64 numbers in another order, by another state of the program.
ROUNDING = 1e-9
# Networks that are measured at a time.
_AT_ONCE = 64
_SAYS = {
    "C011": "fits and scores follow from the weights",
    "C012": "untrained weights are the initial ones of their seed",
    "C013": "least squares, or Poisson or logistic regression, solves the same problem",
}


@dataclass
class _Judged:
    """What became of one check: how alike each training is, and what is another thing here."""

    likenesses: list[tuple[Training, Likeness]] = field(default_factory=list)
    differs: set[str] = field(default_factory=set)

    def add(self, again: Again, training: Training, like: Likeness) -> None:
        self.likenesses.append((training, like))
        self.differs.update(again.differs(training))

    def finding(self, again: Again, code: str, drawn_as: str = "") -> Finding:
        if not self.likenesses:
            return Finding(NOTE, f"nothing to check whether {_SAYS[code]}", code=code)
        wrong = [
            (training, like)
            for training, like in self.likenesses
            if like.difference > (TOLERANCE if again.differs(training) else ROUNDING)
        ]
        if wrong:
            most = max(like.difference for _, like in wrong)
            what = f"{in_words([one for one, _ in wrong])}: not so that {_SAYS[code]}"
            remedy = f"weights and results do not belong together; {RESTORE}"
            return Finding(FAULT, f"{what} (relative difference {most:.1g})", remedy, code)
        what = f"{_SAYS[code]}{drawn_as}"
        if all(like.bitwise for _, like in self.likenesses):
            return Finding(PASSED, f"{what}: bitwise", code=code)
        most = max(like.difference for _, like in self.likenesses)
        allowed = (
            f"relative difference {most:.1g}, at most {TOLERANCE if self.differs else ROUNDING:g}"
        )
        why = ", ".join(sorted(self.differs)) or (
            "though versions and kind of processor are the same: another state of the program?"
        )
        outcome = PASSED if self.differs else NOTE
        return Finding(outcome, f"{what}: closely, not bitwise ({allowed}): {why}", code=code)


def drawn(trainings: Sequence[Training], count: int) -> list[Training]:
    """So many of some trainings, in their order."""
    places = np.random.default_rng(SEED).permutation(len(trainings))[:count]
    return [trainings[place] for place in sorted(places)]


def check_recomputed(store: Store, again: Again, sample: int) -> list[Finding]:
    """Measure a sample of each model and condition again; nothing without the data."""
    if again.dataset is None:
        return []
    kinds: dict[tuple[str, str, str], list[Training]] = {}
    weightless = [model for model, engine in again.engines.items() if not engine.layout]
    for training in measured_as_now(store):
        if training.model in again.engines and training.model not in weightless:
            kind = training.model, training.condition, training.table
            kinds.setdefault(kind, []).append(training)
    chosen = {kind: drawn(trainings, sample) for kind, trainings in kinds.items() if sample}
    if not chosen:
        return [Finding(NOTE, "no fits and scores are computed again", code="C011")]
    judged = {code: _Judged() for code in _SAYS}
    done = 0
    with progress("recomputing", sum(map(len, chosen.values()))) as report:
        for trainings in chosen.values():
            for start in range(0, len(trainings), _AT_ONCE):
                some = trainings[start : start + _AT_ONCE]
                for code, training, like in _recomputed(store, again, some):
                    judged[code].add(again, training, like)
                done += len(some)
                report(done)
    networks = sum(len(of) for (model, *_), of in chosen.items() if model != LEAST_SQUARES)
    of_each = f"{networks} networks: {sample} of each model and condition, drawn by seed {SEED}"
    what = "has no weights, and nothing to compute again but by --retrain"
    return [
        judged["C011"].finding(again, "C011", f" (of {of_each})"),
        judged["C012"].finding(again, "C012"),
        judged["C013"].finding(again, "C013"),
        *(Finding(NOTE, f"{model} {what}", code="C011") for model in weightless),
    ]


def _recomputed(
    store: Store, again: Again, some: Sequence[Training]
) -> Iterator[tuple[str, Training, Likeness]]:
    """How alike is what was stored of trainings of one model and condition, by check."""
    model, stored = some[0].model, stored_records(store, some)
    weights = {
        name: np.stack([record.weights[name] for record in stored]) for name in stored[0].weights
    }
    measured = again.measured(model, some, weights)
    for training, before, after in zip(some, stored, measured, strict=True):
        yield "C011", training, likeness(_after_training(before), after)
    if some[0].condition not in TRAINED:
        first = again.initial(model, some)
        for place, (training, before) in enumerate(zip(some, stored, strict=True)):
            drawn_again = {name: array[place] for name, array in first.items()}
            yield "C012", training, likeness_of_weights(before.weights, drawn_again)
    if model == LEAST_SQUARES:
        solved = again.least_squares(some)
        for training, before in zip(some, stored, strict=True):
            yield "C013", training, likeness(before, solved[before.key])


def stored_records(store: Store, trainings: Sequence[Training]) -> list[Record]:
    """What is stored of some trainings of one model, by the methods that the run was made with."""
    layout = store.layout(trainings[0].model)
    contents = {
        training.id: content for training, content, _ in store.reader.weights(among(trainings))
    }
    whole = 4 * sum(math.prod(shape) for _, shape in layout)
    cut = [training for training in trainings if len(contents[training.id]) != whole]
    if cut:
        raise store.reader.differs("weights", cut)
    tables = {table: store.reader.measured(table, trainings).rows for table in TABLES}
    found = [
        Record(
            key=key_of(training),
            weights={
                name: array[0] for name, array in unpacked([contents[training.id]], layout).items()
            },
            **{table: _tuples(rows, training) for table, rows in tables.items()},
        )
        for training in trainings
    ]
    methods = store.methods()
    return [with_methods(record, methods) for record in found]


def _tuples(rows: Rows, training: Training) -> list[tuple[Any, ...]]:
    own = rows.of_training(training.id)
    return [
        (*labels, *numbers)
        for labels, numbers in zip(rows.labels(own), rows.numbers[own].tolist(), strict=True)
    ]


def _after_training(record: Record) -> Record:
    """A record without what only training can tell."""
    trained = [method.name for method in DECLARED if method.of_training]
    scores = [row for row in record.scores if row[0] not in trained]
    return replace(record, scores=scores, occasions=[], losses=[])
