"""scikit-learn's regressors as models of the study: the seed is the random_state."""

import math
import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from study.common.conditions import find_condition
from study.common.errors import InputError, StudyError, first_line
from study.common.import_path import digest_of, import_named
from study.common.methods import PREDICTIONS
from study.common.scikit_learn import scikit_learn
from study.datasets.dataset import Dataset
from study.engines.engine import Cost, Engine, Stack, own_tables
from study.engines.replicates import Replicate, Trained
from study.engines.row_orders import labels_of, rows_of
from study.recipes.model import Contender, EstimatorRecipe

# What fitting one counts for each row, and predicting: between boosted trees and forests.
_FIT, _PREDICT = 10_000, 500
# Regressors in a block: few, for an even share of work, and one where they are fitted to many
# rows, as forests grow with those.
_MOST_IN_BLOCK, _ROWS_FITTED = 4, 8192
# Rows on which regressors are tried, to see how they grow.
_FEW, _MORE = 100, 400
UNSEEDED = "no random_state, so that its seeds are one observation; splits and shuffles tell more"


class Regressors(Stack):
    """Fitted regressors, predicting as one. No row depends on its neighbours."""

    # 128 MiB: they take long to start.
    at_once = 2**25

    def __init__(self, fitted: Sequence[Any]) -> None:
        self._fitted = fitted
        self.size = len(fitted)

    def predict(self, x: np.ndarray) -> np.ndarray:
        with _one_thread():
            tables = x if x.ndim == 3 else [x] * self.size
            return np.stack(
                [
                    regressor.predict(table)
                    for regressor, table in zip(self._fitted, tables, strict=True)
                ]
            )


@dataclass(frozen=True)
class ScikitLearn(Engine):
    """Regressors of scikit-learn, each fitted as its own arguments say.

    The stream `init` is the random_state of one; condition `shuffled` permutes the training
    labels as it does for networks.
    """

    # Like that of torch, the name leaves the library's version to the stored environments:
    # digits may differ between versions, and a run that mixes them says so.
    family = "sklearn"

    recipe: EstimatorRecipe

    @classmethod
    def of(cls, recipe: Contender | None, inputs: int, device: str) -> Self | None:
        return cls(recipe) if isinstance(recipe, EstimatorRecipe) else None

    @staticmethod
    def offers(condition: str) -> frozenset[str]:
        return frozenset({PREDICTIONS} if find_condition(condition).trained else ())

    def check(self, dataset: Dataset, *, known: bool) -> None:
        """Fit and predict once, for scikit-learn checks arguments as it fits; not if `known`."""
        regressor = _make(self.recipe, 0)
        if known:
            return
        try:
            _fit(regressor, dataset.train_x, dataset.train_y)
            with _one_thread():
                shape = np.shape(regressor.predict(dataset.test_x))
        except Exception as error:  # a stranger's class may raise anything
            raise _unfit(self.recipe, first_line(error)) from error
        if shape != dataset.test_y.shape:
            what = (
                f"must predict one number a row, but {len(dataset.test_y)} rows give shape {shape}"
            )
            raise _unfit(self.recipe, what)

    @property
    def seeded(self) -> bool:
        return _is_seeded(_make(self.recipe, 0))

    @property
    def note(self) -> str | None:
        return None if self.seeded else UNSEEDED

    def digest(self) -> str | None:
        return digest_of(type(_make(self.recipe, 0)).__mro__)

    def train(
        self,
        replicates: Sequence[Replicate],
        x: np.ndarray,
        y: np.ndarray,
        on_work: Callable[[int], None] = lambda _: None,
        *,
        tested: int = 0,
        groups: np.ndarray | None = None,
    ) -> Trained:
        fitted: list[Any] = []
        warned: list[str] = []
        for replicate in replicates:
            rows = rows_of(replicate, len(y) - tested, tested, groups)[0]
            labels = labels_of(replicate, rows)
            random_state = replicate.streams.init
            regressor = _make(self.recipe, random_state)
            try:
                warned += _fit(regressor, x[rows], y[labels])
            except Exception as error:  # a stranger's class may raise anything
                what = f"{replicate.condition}, random_state {random_state}: {first_line(error)}"
                raise StudyError(what) from error
            fitted.append(regressor)
            on_work(1)
        return Trained.without_steps({}, len(replicates), fitted, warned)

    def stack(self, trained: Trained) -> Regressors:
        return Regressors(trained.fitted)

    def block_size(
        self, count: int, dataset: Dataset, *, trained: bool, own_rows: bool = False
    ) -> int:
        return min(_MOST_IN_BLOCK, max(_ROWS_FITTED // len(dataset.train_y), 1))

    def cost(self, rows: int) -> Cost:
        return Cost(epoch=3 * rows * _FIT, row=_PREDICT)

    def memory(self, replicates: Sequence[Replicate], dataset: Dataset) -> int:
        rows, tested, inputs = len(dataset.train_y), len(dataset.test_y), len(dataset.features)
        tables = 1 + dataset.recipe.permutation.repeats * inputs
        if tables * dataset.test_x.size > Regressors.at_once:
            tables = 1
        predicted = max(tables * tested, rows)
        fitted = len(replicates) * self._held_by_one(replicates[0], dataset)
        if replicates[0].streams.own_rows:
            fitted += len(replicates) * (own_tables(dataset) + 8 * inputs * predicted)
        fitting = 24 * dataset.train_x.size
        # The tables, as one, and as trees take them; predictions and their errors.
        return fitted + max(fitting, (20 * inputs + 32 * len(replicates)) * predicted)

    def _held_by_one(self, replicate: Replicate, dataset: Dataset) -> int:
        """What one fitted regressor holds, as pickled, reckoned from fits to a few rows."""
        sizes = []
        rows = len(dataset.train_y)
        few, more = min(_FEW, rows), min(_MORE, rows)
        for some in (few, more):
            regressor = _make(self.recipe, replicate.streams.init)
            try:
                _fit(regressor, dataset.train_x[:some], dataset.train_y[:some])
                sizes.append(len(pickle.dumps(regressor)))
            except Exception:  # a regressor may refuse so few rows
                return 16 * dataset.train_x.size
        # Forests grow with the rows, kernels with their square, networks not at all.
        grown = sizes[1] / sizes[0]
        power = min(max(math.log(grown) / math.log(more / few), 0), 2) if more > few else 1
        return math.ceil(1.25 * sizes[1] * (rows / more) ** power)


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
    try:
        regressor_class = import_named(recipe.estimator)
    except (Exception, SystemExit) as error:  # importing runs a stranger's module
        raise InputError(f"estimator '{recipe.estimator}': {first_line(error)}") from error
    if not (
        isinstance(regressor_class, type)
        and issubclass(regressor_class, scikit_learn("base", "RegressorMixin"))
    ):
        raise _unfit(
            recipe,
            "not a class of scikit-learn regressors (a Pipeline or a search around one does not "
            "count: the seed could not set the random_state within it)",
        )
    try:
        regressor = regressor_class(**recipe.arguments)
        if _is_seeded(regressor):
            regressor.set_params(random_state=random_state)
    except Exception as error:  # a stranger's class may raise anything
        raise _unfit(recipe, first_line(error)) from error
    return regressor


def _is_seeded(regressor: Any) -> bool:
    """Whether it has a random_state.

    Not by the signature: other packages' classes may pass it on unnamed.
    """
    return "random_state" in regressor.get_params(deep=False)


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
