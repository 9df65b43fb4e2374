"""The score whose drop permutation importance is, of many models at once."""

import difflib
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np

from study.common.errors import InputError, first_line
from study.common.fit_measures import fit_measures
from study.common.scikit_learn import scikit_learn
from study.common.shortage import refuse_shortage
from study.datasets.dataset import Dataset
from study.importance.sample import Sample
from study.statistics import class_fit, count_fit
from study.statistics.fit import r_squared
from study.statistics.probabilities import probabilities, raw_outputs
from study.statistics.rates import log_rates, rates

# Of a target (rows,), or (models, rows), raw outputs (models, rows, ...), and what rows count,
# (rows,) or (models, rows), if not the same: (models,).
Score = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]


def score_of(dataset: Dataset) -> Score:
    """The score that the recipe names, or else R², or D² of counts and of classes.

    A model has none where its outputs are not finite, or are what the score is not defined for.
    """
    name = dataset.recipe.permutation.scoring
    if name not in (None, fit_measures(dataset.task).scorer):
        return _by_scorer(scikit_learn("metrics", "get_scorer")(name), dataset)
    if dataset.task.counts:
        return lambda y, raw, weights: count_fit.d_squared(y, rates(raw), weights)
    if not dataset.task.classes:
        return r_squared
    classes = len(dataset.task.levels)
    return lambda y, raw, weights: class_fit.d_squared(y, probabilities(raw, classes), weights)


def check_scoring(dataset: Dataset) -> None:
    """Raise InputError unless the score that the recipe names is one of such a target."""
    name = dataset.recipe.permutation.scoring
    if name is None:
        return
    known = scikit_learn("metrics", "get_scorer_names")()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "get_scorer_names() of it lists all"
        raise InputError(f"permutation.scoring: scikit-learn has no scorer '{name}': {remedy}")
    scorer = scikit_learn("metrics", "get_scorer")(name)
    classes = len(dataset.task.levels)
    what = f"a class of {classes}" if classes else "a count" if dataset.task.counts else "a number"
    refused = f"permutation.scoring '{name}' is no score of a target that is {what}"
    if classes and _is_of_numbers(scorer):
        raise InputError(f"{refused}: it is one of numbers")
    if dataset.row_weights is not None and not _takes_weights(scorer):
        raise InputError(
            f"permutation.scoring '{name}' takes no sample_weight, but the rows have weights: name "
            "another score, or leave the weights out"
        )
    y = dataset.test_y
    perfect = _perfect(dataset, y)
    try:
        number = float(_of_one(scorer, dataset, y, perfect, Sample.of(dataset, ()).test_weights))
    except Exception as error:  # scorers refuse in many ways
        refuse_shortage(error)
        raise InputError(f"{refused}: {first_line(error)}") from error
    if not np.isfinite(number):
        raise InputError(f"{refused}: it is not finite on the test rows, predicted as they are")


def _perfect(dataset: Dataset, y: np.ndarray) -> np.ndarray:
    """The raw outputs of a model that predicts a target as it is: (rows, ...)."""
    if dataset.task.counts:
        return log_rates(y)
    classes = len(dataset.task.levels)
    return raw_outputs(np.eye(classes)[y.astype(int)]) if classes else y.astype(np.float64)


def _is_of_numbers(scorer: Any) -> bool:
    """Whether a scorer takes errors of numbers, which those of classes are not."""
    module = getattr(getattr(scorer, "_score_func", None), "__module__", "")
    return module.endswith("_regression")


def _takes_weights(scorer: Any) -> bool:
    return "sample_weight" in signature(scorer._score_func).parameters


def _by_scorer(scorer: Any, dataset: Dataset) -> Score:
    def score(y: np.ndarray, raw: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        targets = np.broadcast_to(y, raw.shape[:2])
        counts = [None] * len(raw)
        if weights is not None:
            counts = list(np.broadcast_to(weights, raw.shape[:2]))
        return np.array([one(*of) for of in zip(targets, raw, counts, strict=True)])

    def one(y: np.ndarray, raw: np.ndarray, weights: np.ndarray | None) -> float:
        if not np.isfinite(raw).all():
            return np.nan
        try:
            return float(_of_one(scorer, dataset, y, raw, weights))
        except ValueError:  # as logarithms of predictions below 0: `check_scoring` took the target
            return np.nan

    return score


def _of_one(
    scorer: Any, dataset: Dataset, y: np.ndarray, raw: np.ndarray, weights: np.ndarray | None
) -> Any:
    """The score of one model's raw outputs (rows, ...), in the target's own units."""
    rows = np.zeros((len(y), 1))  # which are known already
    weighted = {} if weights is None else {"sample_weight": weights}
    classes = len(dataset.task.levels)
    if classes:
        return scorer(_Classifier(probabilities(raw, classes)), rows, y.astype(int), **weighted)
    if dataset.task.counts:
        return scorer(_Regressor(rates(raw)), rows, y.astype(np.float64), **weighted)
    scale = dataset.target_scale
    return scorer(_Regressor(scale.undo(raw)), rows, scale.undo(y), **weighted)


class _Regressor:
    """What a scorer asks of an estimator, for predictions that are made already."""

    kind = "regressor"

    def __init__(self, predictions: np.ndarray) -> None:
        self.predictions = predictions

    def fit(self, *_: object) -> None:
        raise NotImplementedError("it is fitted already")

    def predict(self, _: object) -> np.ndarray:
        return self.predictions

    def __sklearn_tags__(self) -> Any:
        tags, of_target = (scikit_learn("utils", name) for name in ("Tags", "TargetTags"))
        of_kind = scikit_learn("utils", f"{self.kind.title()}Tags")()
        return tags(
            estimator_type=self.kind,
            target_tags=of_target(required=True),
            **{f"{self.kind}_tags": of_kind},
        )


class _Classifier(_Regressor):
    """The same for probabilities (rows, classes); classes are their numbers."""

    kind = "classifier"

    def __init__(self, probabilities: np.ndarray) -> None:
        super().__init__(probabilities.argmax(axis=1))
        self.classes_ = np.arange(probabilities.shape[1])
        self.probabilities = probabilities

    def predict_proba(self, _: object) -> np.ndarray:
        return self.probabilities
