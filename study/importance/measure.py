"""Trained models become fit qualities and importance scores."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np

from study.common.fit_measures import fit_measures
from study.common.methods import (
    CONDITIONAL_PERMUTATION,
    DECLARED,
    DEFAULT_METHODS,
    RETRAINING,
    SHAPLEY,
    STEPS,
    methods_with,
)
from study.datasets.dataset import Dataset
from study.engines.engine import Engine, Stack
from study.engines.replicates import Replicate, Trained
from study.importance import conditional_permutation, permutation, shapley
from study.importance.leave_out import Tell, trained_without
from study.importance.models import Models, Predict, Without
from study.importance.sample import Sample, alike
from study.importance.scores import Importance
from study.recipes.target import ClassTarget, CountTarget
from study.statistics import class_fit, count_fit
from study.statistics.fit import Fit, r_squared, rmse, within
from study.statistics.probabilities import probabilities
from study.statistics.rates import rates


@dataclass(frozen=True)
class Measured:
    """Everything measured of the models of one block."""

    fits: list[Fit]
    importances: list[Importance]

    @classmethod
    def joined(cls, parts: Sequence["Measured"], order: np.ndarray) -> "Measured":
        """The models of all parts, which were measured by the same methods, in another order.

        order : (models,), their places among those of the first part, then the second, ...
        """
        fits, importances = (
            zip(*of, strict=True)
            for of in ([part.fits for part in parts], [part.importances for part in parts])
        )
        return cls(
            [Fit.joined(of, order) for of in fits],
            [Importance.joined(of, order) for of in importances],
        )


def _untold(_: int) -> None:
    pass


def measure_trained(
    engine: Engine,
    trained: Trained,
    dataset: Dataset,
    replicates: Sequence[Replicate],
    on_rows: Callable[[int], None] = lambda _: None,
    methods: Collection[str] = DEFAULT_METHODS,
    training: Callable[[int], AbstractContextManager[Tell]] = lambda _: nullcontext(_untold),
) -> Measured:
    """Fit and importances of what an engine trained, each model on the rows of its replicate.

    `training` is of how many models are trained again, without a variable, and gives what is called
    with the epochs that are done. As `measure`; models that have not as many rows as each other are
    measured one lot after another. Least squares on the rows of the data is no replicate.
    """
    lots = alike(dataset, replicates)
    parts = []
    for places in lots:
        lot = trained if len(lots) == 1 else trained.only(places)
        weight = len(places) / len(replicates) if replicates else 1

        def counted(rows: int, weight: float = weight) -> None:
            on_rows(round(rows * weight))

        own = [replicates[place] for place in places]
        sample, stack = Sample.of(dataset, own), engine.stack(lot)
        again = trained_without(engine, dataset, own, partial(training, stack.size))
        without = None if any(not one.trained for one in own) else again
        parts.append(measure(stack, dataset, lot.occasions, counted, methods, sample, without))
    if len(parts) == 1:
        return parts[0]
    return Measured.joined(parts, np.argsort(np.concatenate(lots)))


def measure(
    stack: Stack,
    dataset: Dataset,
    occasions: np.ndarray,
    on_rows: Callable[[int], None] = lambda _: None,
    methods: Collection[str] = DEFAULT_METHODS,
    sample: Sample | None = None,
    without: Without | None = None,
) -> Measured:
    """Fit and importances of a stack of models, by those of `methods` that need what it offers.

    `occasions` are the loss gradients met in training, (models, occasions, rows, features);
    there are none where models were not trained by steps. `on_rows` is called with the number
    of rows before they are predicted for permutation importance, which is what takes long.
    `sample` are the rows that they are measured on, if not those of the data. `without` trains
    them again without some columns, if they were trained.
    """
    sample = sample or Sample.of(dataset, ())
    fits = _fits(stack, dataset, sample)
    explained = fit_measures(dataset.task).explained
    finite = np.isfinite(np.stack([fit.measures[explained] for fit in fits])).all(axis=0)
    models = Models(
        stack, _counted(stack.predict, on_rows), dataset, sample, occasions, finite, without
    )
    steps = {STEPS} if occasions.shape[1] else set()
    retraining = {RETRAINING} if without else set()
    offered = methods_with(stack.offers | steps | retraining)
    wanted = [method.name for method in offered if method.name in methods]
    return Measured(fits=fits, importances=_importances(models, wanted))


def rows_predicted(dataset: Dataset, methods: Collection[str]) -> int:
    """How many rows are predicted to score one network by some methods."""
    further = {CONDITIONAL_PERMUTATION: conditional_permutation, SHAPLEY: shapley}
    return permutation.rows_predicted(dataset) + sum(
        module.rows_predicted(dataset) for name, module in further.items() if name in methods
    )


def _importances(models: Models, wanted: Sequence[str]) -> list[Importance]:
    """The scores of some methods, module by module as these compute them."""
    modules = dict.fromkeys(method.computed_by for method in DECLARED if method.name in wanted)
    return [
        importance
        for name in modules
        for importance in import_module(f"{__package__}.{name}").importances(models, wanted)
    ]


def _counted(predict: Predict, on_rows: Callable[[int], None]) -> Predict:
    def counting(x: np.ndarray) -> np.ndarray:
        on_rows(x.shape[-2])
        return predict(x)

    return counting


def _fits(stack: Stack, dataset: Dataset, sample: Sample) -> list[Fit]:
    fits = []
    for part, x, y, weights in (
        ("train", sample.train_x, sample.train_y, sample.train_weights),
        ("test", sample.test_x, sample.test_y, sample.test_weights),
    ):
        for evaluation, predict in (("alone", stack.predict), ("together", stack.predict_together)):
            fits.append(Fit(part, evaluation, _fit(dataset, y, predict(x), weights)))
    return fits


def _fit(
    dataset: Dataset, y: np.ndarray, raw: np.ndarray, weights: np.ndarray | None
) -> dict[str, np.ndarray]:
    """The measures of fit of raw outputs (models, ...) to a target as the data have it."""
    target, scale = dataset.recipe.target, dataset.target_scale
    if isinstance(target, ClassTarget):
        predicted, measures = probabilities(raw, len(target.levels)), class_fit.MEASURES
        return {name: measure(y, predicted, weights) for name, measure in measures.items()}
    if isinstance(target, CountTarget):
        predicted, measures = rates(raw), count_fit.MEASURES
        return {name: measure(y, predicted, weights) for name, measure in measures.items()}
    if scale.log:
        own, predicted = scale.undo(y), scale.undo(raw)
        return {
            "r_squared": r_squared(y, raw, weights),
            "rmse": rmse(own, predicted, weights),
            "within": within(own, predicted, target.tolerance, weights=weights),
        }
    # Relative errors are those of the target itself, so its zero counts.
    zero = scale.centre / scale.divisor
    return {
        "r_squared": r_squared(y, raw, weights),
        "rmse": rmse(y, raw, weights) * scale.divisor,
        "within": within(y, raw, target.tolerance, zero, weights),
    }
