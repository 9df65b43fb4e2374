"""What is stored, held against its digests and against what must be there."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any

import numpy as np

from study.common.conditions import CONTROLS
from study.common.findings import FAULT, NOTE, PASSED, Finding
from study.common.fit_measures import fit_measures
from study.common.methods import (
    DECLARED,
    METHODS,
    STEPS,
    TRAINING_GRADIENT,
    methods_with,
    stored_under,
)
from study.common.progress import progress
from study.engines.registry import engine_named
from study.engines.replicates import loss_epochs, occasion_epochs
from study.store.file_check import RESTORE
from study.store.reader import Training, among
from study.store.rows import NUMBERS, TABLES, Rows
from study.store.same_run import lacking
from study.store.store import Store
from study.verify.training_names import in_words

# Tables with rows by epoch, the first column of their labels.
BY_EPOCH = ("occasions", "losses")
# Trainings that are read at a time.
_AT_ONCE = 500
# Sums that were taken in another order.
_ROUNDING = 1e-9
_PASSED = {
    "C003": "weights, and the keys of trainings, are what was stored",
    "C004": "fits, scores, occasions and losses are what was stored",
    "C005": "every training has all rows that it should have",
    "C006": "numbers lie within their ranges",
    "C007": "training-gradient scores follow from the occasions",
    "C008": "every seed has its controls",
}


@dataclass(frozen=True)
class Expected:
    """The rows of a training as their labels say, by table.

    stops : whether it may have stopped early, which leaves out later rows of BY_EPOCH
    """

    rows: dict[str, list[list[Any]]]
    stops: bool = False


@dataclass
class _Found:
    """What is wrong, and with which trainings; and of how many there are no digests."""

    wrong: dict[tuple[str, str], list[Training]] = field(default_factory=dict)
    unknown: int = 0
    seen: int = 0

    def add(self, code: str, what: str, training: Training) -> None:
        self.wrong.setdefault((code, what), []).append(training)

    def has(self, code: str, training: Training) -> bool:
        return any(training in of for (known, _), of in self.wrong.items() if known == code)


def check_stored(store: Store) -> list[Finding]:
    """Digests, completeness and ranges of every training, and the controls of every seed."""
    found = _Found()
    seeds: Counter[tuple[str, str]] = Counter()
    held: dict[tuple[str, str], set[int]] = {}
    engines: dict[str, str] = {}
    expected, size = _expectation(store), cache(lambda model: _size(store, model))
    every = list(store.reader.each_training())
    count = len(every)
    with progress("reading", max(count, 1)) as report:
        for start in range(0, count, _AT_ONCE):
            trainings = every[start : start + _AT_ONCE]
            _check_some(store, trainings, expected, size, found)
            for training in trainings:
                seeds[training.model, training.condition] += 1
                engines[training.model] = training.engine
                if training.ordinary and training.init is not None:
                    held.setdefault((training.model, training.condition), set()).add(training.init)
            found.seen += len(trainings)
            report(found.seen)
    return [*_findings(found, count), *_methods(store), *_controls(store, held, engines)]


def _findings(found: _Found, count: int) -> list[Finding]:
    findings = [
        Finding(FAULT, f"{in_words(trainings)}: {what}", RESTORE, code)
        for (code, what), trainings in found.wrong.items()
    ]
    faulty = {finding.code for finding in findings}
    for code, says in _PASSED.items():
        if code in faulty or code == "C008":
            continue
        if code in ("C003", "C004") and found.unknown:
            what = f"{found.unknown} of {count} trainings cannot be verified"
            findings.append(Finding(NOTE, f"{what}: stored before there were digests", code=code))
        else:
            findings.append(Finding(PASSED, f"{says} ({count} trainings)", code=code))
    return findings


def _check_some(
    store: Store,
    trainings: Sequence[Training],
    expected: Callable[[Training], Expected | None],
    size: Callable[[str], int],
    found: _Found,
) -> None:
    lengths = {}
    for training, content, same in store.reader.weights(among(trainings)):
        lengths[training.id] = len(content)
        found.unknown += same is None
        if same is False:
            found.add("C003", "weights or key differ from their digest", training)
    tables = {}
    for table in TABLES:
        measured = store.reader.measured(table, trainings)
        for training in measured.damaged:
            found.add("C004", f"{table} differ from their digest", training)
        tables[table] = measured.rows
    known: dict[tuple[str, str, str, bytes], str] = {}
    further = lacking(store, METHODS)
    for training in trainings:
        if lengths[training.id] != 4 * size(training.model):
            found.add("C005", "weights have another length than the network's layout", training)
        wanted = expected(training)
        if wanted is None:
            found.add("C005", f"what engine '{training.engine}' leaves is not known", training)
            continue
        for table, rows in tables.items():
            own = rows.of_training(training.id)
            kind = (table, training.model, training.condition, rows.codes[own].tobytes())
            if kind not in known:
                # Of methods that came later, models that were trained later may have scores.
                labels = [label for label in rows.labels(own) if label[0] not in further]
                known[kind] = _missing(labels, table, wanted)
            if known[kind]:
                found.add("C005", known[kind], training)
    _check_numbers(store, trainings, tables, found)


def _missing(labels: list[list[Any]], table: str, expected: Expected) -> str:
    """What is wrong with the rows of a training, by their labels; nothing if all is right."""
    if table not in expected.rows:  # of imported scores, any method may be there
        return "" if labels else f"no {table}"
    wanted = expected.rows[table]
    if expected.stops and table in BY_EPOCH:
        wanted = [label for label in wanted if labels and label[0] <= labels[-1][0]]
    if labels == wanted:
        return ""
    few = len([label for label in wanted if label not in labels])
    more = len([label for label in labels if label not in wanted])
    return f"{table}: {few} of {len(wanted)} rows are missing" + (
        f", and {more} belong to nothing" if more else ""
    )


def _expectation(store: Store) -> Callable[[Training], Expected | None]:
    """Which rows a training must have; None where its engine is not known."""
    features = store.recipe.features
    none: dict[str, list[list[Any]]] = {table: [] for table in TABLES}
    made_with = store.methods()

    @cache
    def of_kind(model: str, condition: str, engine: str) -> Expected | None:
        if store.recipe.scores is not None:
            return Expected({table: of for table, of in none.items() if table != "scores"})
        kind, recipe = engine_named(engine), store.model_recipe(model)
        if kind is None:
            return None
        offers = kind.offers(condition)
        rows = none | {
            "fits": [[p, e] for p in ("test", "train") for e in ("alone", "together")],
            "scores": sorted(
                [stored, item]
                for method in methods_with(offers)
                if method.name in made_with
                for stored in stored_under(method, store.recipe.task)
                for item in store.recipe.scored(method.by)
            ),
        }
        protocol = recipe.training if STEPS in offers and recipe else None
        if protocol is not None:
            epochs = protocol.epochs
            rows["losses"] = [[int(epoch)] for epoch in loss_epochs(epochs)]
            rows["occasions"] = [
                [int(epoch), feature]
                for epoch in occasion_epochs(epochs)
                for feature in sorted(features)
            ]
        return Expected(rows, stops=protocol is not None and protocol.patience is not None)

    return lambda training: of_kind(training.model, training.condition, training.engine)


def _size(store: Store, model: str) -> int:
    return sum(prod(shape) for _, shape in store.layout(model))


def _check_numbers(
    store: Store, trainings: Sequence[Training], tables: dict[str, Rows], found: _Found
) -> None:
    """Ranges, and what follows from something else that is stored."""
    imported = store.recipe.scores is not None
    measures = fit_measures(store.recipe.task).columns
    # Names of scores that are means of absolute values, with the mean signed value beside; not of
    # sums over classes, which have no sign.
    signed = [
        stored
        for method in DECLARED
        if method.signed
        for stored in stored_under(method, store.recipe.task)[-len(store.recipe.task.levels) :]
    ]
    known = [place for place, name in enumerate(NUMBERS["fits"]) if name in measures]
    incomplete = {
        training.id
        for (code, _), those in found.wrong.items()
        if code == "C005"
        for training in those
    }
    for training in trainings:
        fits, scores, occasions, losses = (
            tables[table].numbers[tables[table].of_training(training.id)] for table in TABLES
        )
        labels = tables["scores"].labels(tables["scores"].of_training(training.id))
        methods = np.array([str(method) for method, _ in labels], dtype=object)
        gradient = np.isin(methods, signed) & (not imported)
        diverged = imported or not np.isfinite(fits[:, known]).all()
        checks: tuple[tuple[Any, str], ...] = (
            *_out_of_range(fits),
            (_unlike(scores[gradient]), "a gradient's score below 0, or below its signed one"),
            (_unlike(occasions), "an occasion below 0, or below its signed one"),
            # Minus the logarithm of a count's probability, which leaves out a term.
            (losses < 0 if not store.recipe.task.counts else False, "a loss below 0"),
            (
                [not (diverged or np.isfinite(n).all())
                 for n in (scores[:, 0], scores[gradient], occasions, losses)],
                "not finite, although all its predictions are",
            ),
        )  # fmt: skip
        for wrong, what in checks:
            if np.any(wrong):
                found.add("C006", what, training)
        if len(occasions) and not diverged and training.id not in incomplete:
            # Rows stand by epoch and feature, and by method and item: features in one order.
            kept = scores[methods == TRAINING_GRADIENT]
            if not len(kept):  # made before there was the method
                continue
            sums = occasions.reshape(-1, *kept.shape).sum(axis=0)
            if not np.allclose(sums, kept, rtol=0, atol=_ROUNDING * kept[:, 0].max()):
                found.add("C007", "not the sums over the occasions", training)


def _out_of_range(fits: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """Which fits, (rows, columns), no predictions can have, and what they are."""
    for name, least, most, what in (
        ("r_squared", -np.inf, 1, "R² above 1"),
        ("rmse", 0, np.inf, "rmse below 0"),
        ("within", 0, 1, "within outside 0 to 1"),
        ("d_squared", -np.inf, 1, "D² above 1"),
        ("deviance", 0, np.inf, "deviance below 0"),
        ("mae", 0, np.inf, "a mean absolute error below 0"),
        ("mean_count", 0, np.inf, "a mean count below 0"),
        ("log_loss", 0, np.inf, "log loss below 0"),
        ("brier", 0, 2, "a Brier score outside 0 to 2"),
        ("auc", 0, 1, "a ROC AUC outside 0 to 1"),
        ("balanced_accuracy", 0, 1, "balanced accuracy outside 0 to 1"),
        ("accuracy", 0, 1, "accuracy outside 0 to 1"),
        ("majority", 0, 1, "the majority's share outside 0 to 1"),
    ):
        numbers = fits[:, NUMBERS["fits"].index(name)]
        yield (numbers < least) | (numbers > most), what


def _unlike(numbers: np.ndarray) -> np.ndarray:
    """Rows of (absolute, signed) means that cannot be of the same numbers."""
    absolute, signed = numbers.T
    return (absolute < 0) | (np.abs(signed) > absolute * (1 + _ROUNDING))


def _methods(store: Store) -> Iterator[Finding]:
    """A note where the run was made before some methods existed."""
    if further := lacking(store):
        what = (
            f"made before there was {', '.join(further)}: it has {', '.join(store.methods())}, "
            "and nothing is missing"
        )
        yield Finding(NOTE, what, "'study run' adds what stored weights can tell", "C005")


def _controls(
    store: Store, held: dict[tuple[str, str], set[int]], engines: dict[str, str]
) -> list[Finding]:
    """Notes on seeds that miss a control which others of their model have, or should have."""
    findings = []
    made_with = [control for control in CONTROLS if control in store.conditions()]
    for model in store.model_names():
        kind = engine_named(engines.get(model, ""))
        for control in made_with:
            have = held.get((model, control), set())
            due = kind is None or bool(kind.offers(control))
            if store.recipe.scores is not None:
                due = bool(have)
            lost = sorted(held.get((model, "real"), set()) - have)
            if due and lost:
                what = f"{model}: {len(lost)} of its seeds have no {control} control"
                remedy = "the same 'study run' makes them"
                findings.append(Finding(NOTE, what, remedy, "C008"))
    failed = len(store.failures())
    if failed:
        what = f"{failed} trained models are missing, since they failed twice"
        findings.append(Finding(NOTE, what, "the same 'study run' tries them again", "C008"))
    return findings or [Finding(PASSED, _PASSED["C008"], code="C008")]
