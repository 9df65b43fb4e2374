"""Runs of classes in whose place of networks stand logistic regressions, known in closed form."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
from conftest import shipped
from sklearn.linear_model import LogisticRegression

from study.common.methods import GRADIENTS, PREDICTIONS
from study.common.streams import StreamSeeds
from study.common.vocabulary import LEAST_SQUARES
from study.datasets.dataset import Dataset
from study.engines.engine import Stack
from study.engines.replicates import Replicate, Trained
from study.execution.plan import on_splits
from study.execution.train_and_measure import records
from study.importance.measure import measure
from study.importance.sample import Sample
from study.store.records import Key, Record
from study.store.run_directory import create
from study.store.writer import Writer


class LinearModels(Stack):
    """Raw outputs x @ weights + bias of some models.

    weights : (models, features), or (models, features, classes)
    """

    offers: ClassVar[frozenset[str]] = frozenset({GRADIENTS, PREDICTIONS})

    def __init__(self, weights: np.ndarray, bias: np.ndarray) -> None:
        self.weights, self.bias, self.size = weights, bias, len(weights)

    def predict(self, x: np.ndarray) -> np.ndarray:
        each = "rf" if x.ndim == 2 else "mrf"
        found = np.einsum(f"{each},mf...->mr...", x, self.weights)
        return found + self.bias[:, None]

    def gradient_parts(self, x: np.ndarray) -> Iterator[np.ndarray]:
        weights = self.weights
        if weights.ndim == 3:  # of each logit less the mean logit
            weights = np.moveaxis(weights - weights.mean(axis=2, keepdims=True), 2, 1)
        yield np.repeat(weights[:, None], x.shape[-2], axis=1)


def logistic(x: np.ndarray, y: np.ndarray) -> LogisticRegression:
    # Of numbers in single precision, it would predict so.
    return LogisticRegression(max_iter=1000).fit(x.astype(np.float64), y.astype(int))


def stack_of(*models: LogisticRegression) -> LinearModels:
    two = models[0].coef_.shape[0] == 1
    weights = np.stack([model.coef_[0] if two else model.coef_.T for model in models])
    bias = np.stack([model.intercept_[0] if two else model.intercept_ for model in models])
    return LinearModels(weights, bias)


def class_run(directory: Path, data: Dataset, seeds: int = 10, splits: int = 10) -> Path:
    """A run of model "mlp": each seed is a logistic regression of training rows drawn anew.

    With every condition, trainings on halves of the rows, and one seed's fit to each shuffle.
    """
    create(directory, "flowers", data.recipe, data.hashes)
    plain = [Replicate(condition, StreamSeeds.of(seed))
             for condition in ("real", "shuffled", "untrained") for seed in range(seeds)]  # fmt: skip
    halves = on_splits(splits, 1)
    found = [_record(data, replicate) for replicate in (*plain, *halves)]
    with Writer(directory) as store:
        environment = {"scikit-learn": "1"}
        store.add("mlp", shipped("mlp"), found, environment)
        stack = stack_of(logistic(data.train_x, data.train_y))
        own = Key(LEAST_SQUARES, "real", "closed-form", None)
        store.add(LEAST_SQUARES, None, [_measured(data, own, stack, None)], environment)
        store.add_parts([("train", len(data.train_y), 0.5), ("test", len(data.test_y), 0.5)])
        store.add_prepared(
            [
                (of.column, of.scale.centre, of.scale.divisor, of.missing, of.imputed)
                for of in data.prepared
            ]
        )
    return directory


def _record(data: Dataset, replicate: Replicate) -> Record:
    sample = Sample.of(data, [replicate])
    x, y = (of[0] if own else of for of, own in (
        (sample.train_x, sample.train_x.ndim == 3), (sample.train_y, sample.train_y.ndim == 2)
    ))  # fmt: skip
    generator = np.random.default_rng([replicate.streams.init, len(replicate.condition)])
    rows = generator.integers(len(y), size=len(y))
    labels = generator.permutation(y) if replicate.condition == "shuffled" else y
    model = logistic(x[rows], labels[rows])
    if replicate.condition == "untrained":
        model.coef_ = generator.normal(scale=0.1, size=model.coef_.shape)
    key = Key("mlp", replicate.condition, "torch", replicate.streams)
    return _measured(data, key, stack_of(model), sample)


def _measured(data: Dataset, key: Key, stack: LinearModels, sample: Sample | None) -> Record:
    none = np.zeros((1, 0, 1, len(data.features)))
    found = measure(stack, data, none, sample=sample)
    weights = {"w": np.zeros((1, 1), np.float32)}
    [record] = records([key], Trained.without_steps(weights, 1), found, data)
    return record
