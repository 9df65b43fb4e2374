"""scikit-learn's regressors as models of the study: the seed is the random_state."""

import inspect
import pickle
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from study.common.errors import InputError, StudyError, first_line
from study.common.import_path import digest_of, import_named
from study.datasets.dataset import Dataset
from study.engines.replicates import Replicate
from study.engines.row_orders import assign_rows
from study.recipes.model import EstimatorRecipe

# Like that of torch, the name of this engine leaves the library's version to the stored
# environments: digits may differ between versions, and a run that mixes them says so.
SKLEARN = "sklearn"


@dataclass(frozen=True)
class Regressors:
    """Fitted regressors of one recipe, predicting as one.

    fitted : one for each replicate
    warned : how many of them gave each warning while they were fitted, by its text
    """

    fitted: Sequence[Any]
    warned: Counter[str]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions: (rows, features) -> (regressors, rows). No row depends on its neighbours."""
        with _one_thread():
            return np.stack([regressor.predict(x) for regressor in self.fitted])

    def predict_together(self, x: np.ndarray) -> np.ndarray:
        """The same: there is nothing else to it."""
        return self.predict(x)


def check(recipe: EstimatorRecipe, dataset: Dataset, *, by_trial: bool = True) -> None:
    """Raise InputError unless the recipe's regressor can be fitted to the data.

    Arguments are checked by scikit-learn when it fits. Without `by_trial` it is only made.
    """
    regressor = _make(recipe, 0)
    if not by_trial:
        return
    try:
        _fit(regressor, dataset.train_x, dataset.train_y)
        with _one_thread():
            shape = np.shape(regressor.predict(dataset.test_x))
    except Exception as error:  # a stranger's class may raise anything
        raise _unfit(recipe, first_line(error)) from error
    if shape != dataset.test_y.shape:
        rows = len(dataset.test_y)
        raise _unfit(recipe, f"must predict one number a row, but {rows} rows give shape {shape}")


def source_digest(recipe: EstimatorRecipe) -> str | None:
    """SHA-256 of the files in which the regressor is written, as for `digest_of`."""
    return digest_of(type(_make(recipe, 0)).__mro__)


def fit(
    recipe: EstimatorRecipe,
    replicates: Sequence[Replicate],
    dataset: Dataset,
    on_fit: Callable[[], None] = lambda: None,
) -> Regressors:
    """Fit the regressor once for each replicate, exactly as if it were alone.

    The stream `init` is its random_state; condition `shuffled` permutes the training labels
    as it does for networks. `on_fit` is called after each. Raises StudyError.
    """
    row_of, label_of = assign_rows(replicates, len(dataset.train_y))
    fitted, warned = [], Counter[str]()
    for replicate, rows, labels in zip(replicates, row_of, label_of, strict=True):
        regressor = _make(recipe, replicate.streams.init)
        try:
            warned.update(_fit(regressor, dataset.train_x[rows], dataset.train_y[labels]))
        except Exception as error:  # a stranger's class may raise anything
            raise StudyError(
                f"{replicate.condition}, random_state {replicate.streams.init}: {first_line(error)}"
            ) from error
        fitted.append(regressor)
        on_fit()
    return Regressors(fitted, warned)


def size_fitted(recipe: EstimatorRecipe, replicate: Replicate, dataset: Dataset, rows: int) -> int:
    """Bytes of the pickle of a regressor fitted to the first rows."""
    regressor = _make(recipe, replicate.streams.init)
    _fit(regressor, dataset.train_x[:rows], dataset.train_y[:rows])
    return len(pickle.dumps(regressor))


def _fit(regressor: Any, x: np.ndarray, y: np.ndarray) -> set[str]:
    """Fit one regressor; the warnings that it gave."""
    with warnings.catch_warnings(record=True) as caught, _one_thread():
        warnings.simplefilter("always")
        regressor.fit(x, y)
    lines = [str(warning.message).strip().split("\n")[0] for warning in caught]
    return {
        f"{warning.category.__name__}: {line}" for warning, line in zip(caught, lines, strict=True)
    }


def _make(recipe: EstimatorRecipe, random_state: int) -> Any:
    """The regressor of a recipe, not fitted. Raises InputError."""
    from sklearn.base import RegressorMixin  # slow to import

    try:
        regressor_class = import_named(recipe.estimator)
    except (Exception, SystemExit) as error:  # importing runs a stranger's module
        raise InputError(f"estimator '{recipe.estimator}': {first_line(error)}") from error
    if not (isinstance(regressor_class, type) and issubclass(regressor_class, RegressorMixin)):
        raise _unfit(
            recipe,
            "not a class of scikit-learn regressors (a Pipeline or a search around one does not "
            "count: the seed could not set the random_state within it)",
        )
    if "random_state" not in inspect.signature(regressor_class).parameters:
        raise _unfit(
            recipe,
            "it has no random_state, so that all seeds would be the same: name a regressor that "
            "has one (least squares is always computed)",
        )
    try:
        return regressor_class(**recipe.arguments, random_state=random_state)
    except Exception as error:  # a stranger's class may raise anything
        raise _unfit(recipe, first_line(error)) from error


def _unfit(recipe: EstimatorRecipe, reason: str) -> InputError:
    return InputError(f"model '{recipe.title}': {recipe.estimator}: {reason}")


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread, whatever n_jobs says and the libraries are set to.

    How sums are split over threads, and in which order threads add to them, shows in the last
    bits; seeds are what is computed side by side.
    """
    with joblib.parallel_config(backend="sequential"), threadpool_limits(limits=1):
        yield
