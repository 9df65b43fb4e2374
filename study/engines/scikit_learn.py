"""scikit-learn's regressors and classifiers as models of the study: a seed is the random_state."""

import inspect
import math
import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from study.common.conditions import find_condition
from study.common.errors import InputError, StudyError, first_line
from study.common.import_path import import_named
from study.common.methods import PREDICTIONS, RETRAINING
from study.common.own_code import OwnCode, own_code
from study.common.scikit_learn import scikit_learn
from study.common.shortage import refuse_shortage
from study.common.task import NUMBER, Task
from study.datasets.dataset import Dataset, Gap
from study.engines.engine import Cost, Engine, Stack, own_tables
from study.engines.estimator_settings import (
    NOT_THE_SAME_AGAIN,
    UNSEEDED,
    code_of,
    refused,
    seed_names,
    set_seed,
    settle,
    without_effect,
)
from study.engines.missing_values import KeepingGaps, takes_nan
from study.engines.replicates import Replicate, Trained
from study.engines.row_orders import labels_of, rows_of, scaled
from study.recipes.model import Contender, EstimatorRecipe, GivenEstimator
from study.statistics.probabilities import raw_outputs
from study.statistics.rates import log_rates

# What fitting one counts for each row, and predicting: between boosted trees and forests.
_FIT, _PREDICT = 10_000, 500
# Estimators in a block: few, for an even share of work, and one where they are fitted to many
# rows, as forests grow with those.
_MOST_IN_BLOCK, _ROWS_FITTED = 4, 8192
# Rows on which they are tried, to see how they grow.
_FEW, _MORE = 100, 400
_NAMES = "X does not have valid feature names"


class Estimators(Stack):
    """Fitted regressors or classifiers, predicting as one. No row depends on its neighbours."""

    # 128 MiB: they take long to start.
    at_once = 2**25

    def __init__(self, fitted: Sequence[Any], task: Task = NUMBER) -> None:
        self._fitted, self._task = fitted, task
        self.size = len(fitted)

    def predict(self, x: np.ndarray) -> np.ndarray:
        # LightGBM names the features of a table that has no names, and then misses them.
        with _one_thread(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_NAMES)
            tables = x if x.ndim == 3 else [x] * self.size
            return np.stack(
                [
                    _raw_outputs(estimator, table, self._task)
                    for estimator, table in zip(self._fitted, tables, strict=True)
                ]
            )


def _raw_outputs(estimator: Any, x: np.ndarray, task: Task) -> np.ndarray:
    """What an estimator predicts, (rows,), or the log of its probabilities, (rows, classes).

    Of a count the log of what it predicts; of two classes, the log-odds of the second, (rows,). A
    class without training rows has probability 0. Raises StudyError where a count is below 0.
    """
    if task.counts:
        predictions = np.asarray(estimator.predict(x))
        if (predictions < 0).any():
            raise StudyError(
                f"it predicts {predictions.min():.3g} for a count: name one whose predictions are "
                "never below 0, as PoissonRegressor or a forest"
            )
        return log_rates(predictions)
    if not task.classes:
        return estimator.predict(x)
    found = np.asarray(estimator.predict_proba(x))
    p = np.zeros((len(x), len(task.levels)), found.dtype)
    p[:, np.asarray(estimator.classes_, dtype=int)] = found
    return raw_outputs(p)


@dataclass(frozen=True)
class ScikitLearn(Engine):
    """Estimators of scikit-learn, each fitted as its own arguments say.

    The stream `init` is the random_state of one; condition `shuffled` permutes the training
    labels as it does for networks.
    """

    # Like that of torch, the name leaves the library's version to the stored environments:
    # digits may differ between versions, and a run that mixes them says so.
    family = "sklearn"

    recipe: EstimatorRecipe
    task: Task = NUMBER
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str, task: Task) -> Self | None:
        if not isinstance(recipe, EstimatorRecipe) or takes_columns(recipe):
            return None
        return cls(recipe, task)

    @staticmethod
    def offers(condition: str) -> frozenset[str]:
        return frozenset({PREDICTIONS, RETRAINING} if find_condition(condition).trained else ())

    def keeping(self, gaps: Sequence[Gap]) -> Self:
        return replace(self, gaps=tuple(gaps))

    def check(self, dataset: Dataset, *, known: bool) -> None:
        """Fit and predict once, for scikit-learn checks arguments as it fits; not if `known`."""
        self._make(0)
        if known:
            return
        if dataset.train_weights is not None:
            self._refuse_weights()
        try:
            shape = np.shape(self._tried(dataset))
        except StudyError as error:
            raise _unfit(self.recipe, str(error)) from error
        except Exception as error:  # a stranger's class may raise anything
            refuse_shortage(error)
            raise _unfit(self.recipe, first_line(error)) from error
        rows = len(dataset.test_y)
        if shape != ((rows,) if self.task.outputs == 1 else (rows, self.task.outputs)):
            what = f"must predict one number a row, but {rows} rows give shape {shape}"
            raise _unfit(self.recipe, what)

    def differs(self, dataset: Dataset) -> str | None:
        """Whether a stranger's estimator predicts otherwise when it is fitted again by one seed.

        A class of scikit-learn is known not to.
        """
        if self.recipe.estimator.startswith("sklearn.") and not isinstance(
            self.recipe, GivenEstimator
        ):
            return None
        first, again = (self._tried(dataset) for _ in range(2))
        if np.array_equal(first, again, equal_nan=True):
            return None
        return NOT_THE_SAME_AGAIN

    def _tried(self, dataset: Dataset) -> np.ndarray:
        """What one predicts of the test rows, fitted by the same seed every time."""
        estimator, weights = self._make(0), dataset.train_weights
        own = None if weights is None else scaled(weights)
        self._fit(estimator, dataset.train_x, dataset.train_y, own)
        with _one_thread():
            return _raw_outputs(estimator, dataset.test_x, self.task)

    @property
    def own_code(self) -> OwnCode:
        return own_code(code_of(_make(self.recipe, 0, self.task), _named(self.recipe)))

    @property
    def seeded(self) -> bool:
        return bool(seed_names(_make(self.recipe, 0, self.task)))

    @property
    def note(self) -> str | None:
        return without_effect(_make(self.recipe, 0, self.task)) if self.seeded else UNSEEDED

    def train(
        self,
        replicates: Sequence[Replicate],
        x: np.ndarray,
        y: np.ndarray,
        on_work: Callable[[int], None] = lambda _: None,
        *,
        tested: int = 0,
        groups: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> Trained:
        fitted: list[Any] = []
        warned: list[str] = []
        if weights is not None:
            self._refuse_weights()
        classes = y if self.task.classes else None
        for replicate in replicates:
            rows = rows_of(replicate, len(y) - tested, tested, groups, classes)[0]
            labels = labels_of(replicate, rows, groups)
            random_state = replicate.streams.init
            estimator = self._make(random_state)
            own = None if weights is None else scaled(weights[rows])
            try:
                warned += self._fit(estimator, x[rows], y[labels], own)
            except Exception as error:  # a stranger's class may raise anything
                refuse_shortage(error)
                what = f"{replicate.condition}, random_state {random_state}: {first_line(error)}"
                raise StudyError(what) from error
            fitted.append(estimator)
            on_work(1)
        return Trained.without_steps({}, len(replicates), fitted, warned)

    def stack(self, trained: Trained) -> Estimators:
        return Estimators(trained.fitted, self.task)

    def block_size(
        self, count: int, dataset: Dataset, *, trained: bool, own_rows: bool = False
    ) -> int:
        return min(_MOST_IN_BLOCK, max(_ROWS_FITTED // len(dataset.train_y), 1))

    def cost(self, rows: int) -> Cost:
        return Cost(epoch=3 * rows * _FIT, row=_PREDICT)

    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        rows, tested, inputs = len(dataset.train_y), len(dataset.test_y), len(dataset.features)
        tables = 1 + dataset.recipe.permutation.repeats * inputs
        if tables * dataset.test_x.size > Estimators.at_once:
            tables = 1
        predicted = max(tables * tested, rows)
        fitted = self.held(replicates, dataset)
        if replicates[0].streams.own_rows:
            fitted += len(replicates) * 8 * inputs * predicted
        fitting = 24 * dataset.train_x.size
        # The tables, as one, and as trees take them; predictions and their errors.
        outputs = 32 * len(replicates) * (2 * len(self.task.levels) or 1)
        return fitted + max(fitting, (20 * inputs + outputs) * predicted)

    def held(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        tables = own_tables(dataset) if replicates[0].streams.own_rows else 0
        return len(replicates) * (self._held_by_one(replicates[0], dataset) + tables)

    def _held_by_one(self, replicate: Replicate, dataset: Dataset) -> int:
        """What one fitted estimator holds, as pickled, reckoned from fits to a few rows."""
        sizes = []
        rows = len(dataset.train_y)
        few, more = min(_FEW, rows), min(_MORE, rows)
        for some in (few, more):
            estimator = self._make(replicate.streams.init)
            try:
                self._fit(estimator, dataset.train_x[:some], dataset.train_y[:some])
                sizes.append(len(pickle.dumps(estimator)))
            except Exception:  # it may refuse so few rows
                return 16 * dataset.train_x.size
        # Forests grow with the rows, kernels with their square, networks not at all.
        grown = sizes[1] / sizes[0]
        power = min(max(math.log(grown) / math.log(more / few), 0), 2) if more > few else 1
        return math.ceil(1.25 * sizes[1] * (rows / more) ** power)

    def _make(self, random_state: int) -> Any:
        """One estimator, not fitted, that is given NaN if it takes it. Raises InputError."""
        return self._wrapped(_make(self.recipe, random_state, self.task))

    def _wrapped(self, estimator: Any) -> Any:
        keeping = self.gaps and takes_nan(estimator)
        return KeepingGaps(estimator, self.gaps) if keeping else estimator

    def _refuse_weights(self) -> None:
        """Raise InputError where fit takes no weights of rows."""
        estimator = _make(self.recipe, 0, self.task)
        if not scikit_learn("utils.validation", "has_fit_parameter")(estimator, "sample_weight"):
            raise _unfit(
                self.recipe,
                "its fit takes no sample_weight, but the rows have weights: name another "
                "estimator, or leave the weights out",
            )

    def _fit(
        self, estimator: Any, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
    ) -> set[str]:
        """Fit one estimator; the warnings that it gave."""
        labels = y.astype(np.int64) if self.task.classes else y
        weighted = {} if weights is None else {"sample_weight": weights}
        with warnings.catch_warnings(record=True) as caught, _one_thread():
            warnings.simplefilter("always")
            estimator.fit(x, labels, **weighted)
        lines = [str(warning.message).strip().split("\n")[0] for warning in caught]
        return {
            f"{warning.category.__name__}: {line}"
            for warning, line in zip(caught, lines, strict=True)
        }


def _make(recipe: EstimatorRecipe, random_state: int, task: Task) -> Any:
    """The estimator of a recipe, not fitted. Raises InputError."""
    named = _named(recipe)
    try:
        estimator = _copy(recipe) if named is None else named(**recipe.arguments)
        set_seed(estimator, random_state)
        settle(estimator)
        chances = hasattr(estimator, "predict_proba")
    except InputError:
        raise
    except Exception as error:  # a stranger's class may raise anything
        refuse_shortage(error)
        lacks = isinstance(error, TypeError) and "required positional" in str(error)
        remedy = "; name a function that makes it, its parts and all" if lacks else ""
        raise _unfit(recipe, f"{first_line(error)}{remedy}") from error
    _refuse_other_tasks(recipe, estimator, task)
    if reason := refused(estimator):
        raise _unfit(recipe, reason)
    if task.classes and not chances:
        raise _unfit(
            recipe,
            "it has no predict_proba: name a classifier with probabilities, or give arguments "
            "with which it has them",
        )
    return estimator


def takes_columns(recipe: EstimatorRecipe) -> bool:
    """Whether an estimator takes columns of the table. Raises InputError."""
    if recipe.inputs is not None:
        return recipe.inputs == "columns"
    if recipe.estimator.startswith("sklearn."):
        return False
    return inspect.isroutine(_named(recipe))


def _named(recipe: EstimatorRecipe) -> Any:
    """What a recipe names; None where it was given as an object. Raises InputError."""
    if isinstance(recipe, GivenEstimator):
        return None
    try:
        return import_named(recipe.estimator)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # importing runs a stranger's module
        refuse_shortage(error)
        raise InputError(f"estimator '{recipe.estimator}': {first_line(error)}") from error


def _copy(recipe: EstimatorRecipe) -> Any:
    assert isinstance(recipe, GivenEstimator)
    if recipe.prototype is None:
        raise _unfit(
            recipe,
            "it was given as an object, of which a run keeps a description alone: train it "
            "where it was given, or name a function that makes it in a recipe",
        )
    return scikit_learn("base", "clone")(recipe.prototype)


def _refuse_other_tasks(recipe: EstimatorRecipe, estimator: Any, task: Task) -> None:
    """Raise InputError unless it is a regressor for a number, or a classifier for classes."""
    regressor, classifier = (_is_a(estimator, kind) for kind in ("regressor", "classifier"))
    if classifier if task.classes else regressor:
        return
    if regressor:
        raise _unfit(recipe, "a regressor, but the target is a class: name a classifier")
    if classifier:
        raise _unfit(
            recipe,
            "a classifier, but the target is a number: name a regressor, or say "
            'type = "class" of the target',
        )
    kind = "classifier" if task.classes else "regressor"
    raise _unfit(
        recipe,
        f"not a class of scikit-learn {kind}s; let a class of your own inherit "
        f"{kind.capitalize()}Mixin of sklearn.base",
    )


def _is_a(estimator: Any, kind: str) -> bool:
    """Whether an estimator says by its tags that it is of a kind."""
    try:
        return bool(scikit_learn("base", f"is_{kind}")(estimator))
    except Exception:  # a stranger's class may have no tags, or raise anything
        return False


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
