"""What the estimators have in common: a network of the study, trained as one of its seeds.

An estimator is one seed of the study: the initial weights, mini-batches, dropout and arithmetic
are those that `study run` gives that seed on the same numbers.
"""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.common.task import Task
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.recipes.model import ModelRecipe, Protocol


class Network(BaseEstimator):  # type: ignore[misc]  # untyped
    """A network of the study by scikit-learn's conventions; each kind says its arguments.

    A fitted one holds arrays and plain numbers alone, so that it can be pickled.
    """

    _network: ClassVar[str]

    def __init__(
        self,
        *,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        patience: int | None,
        random_state: int | np.random.RandomState | None,
    ) -> None:
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.random_state = random_state

    def _validated(self, X: Any, y: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
        """Inputs of training in single precision, and targets; as `validate_data` has them."""
        # One row is held out at least where there is patience.
        fewest = 1 if self.patience is None else 2
        with overflow_is_infinite():
            return validate_data(self, X, y, dtype=np.float32, ensure_min_samples=fewest, **options)

    def _train(self, x: np.ndarray, y: np.ndarray, task: Task) -> None:
        """Train on x (rows, features) and y (rows,), float32, and set what fitting leaves."""
        recipe, seed = self._recipe(), _seed(self.random_state)
        try:
            engine = engine_for(recipe, x.shape[1], task=task)
            trained = engine.train([Replicate("real", StreamSeeds.of(seed))], x, y)
        except InputError as error:
            # A value that the network itself refuses.
            raise ValueError(str(error.__cause__)) from error
        weights = {name: array[0] for name, array in trained.weights.items()}
        if not all(np.isfinite(array).all() for array in weights.values()):
            scaled = "the inputs" if task.classes else "the inputs and the target"
            raise ValueError(
                f"Training diverged: there are weights that are not finite. Scale {scaled}, or "
                f"lower learning_rate, which is {self.learning_rate}."
            )
        self.weights_ = weights
        self.seed_ = seed
        met = trained.loss_epochs < trained.epochs[0]
        self.loss_epochs_ = trained.loss_epochs[met]
        self.losses_ = trained.losses[0][met]
        self._fitted_recipe, self._fitted_task = recipe, task

    def _raw_outputs(self, X: Any) -> np.ndarray:
        """What the network gives for each row alone, as a batch of one: (rows,) or (rows, classes).

        Computed in single precision, and given in double, so that what is made of it is.
        """
        check_is_fitted(self, "weights_")
        with overflow_is_infinite():
            x = validate_data(self, X, dtype=np.float32, reset=False)
        weights = {name: array[None] for name, array in self.weights_.items()}
        engine = engine_for(self._fitted_recipe, x.shape[1], task=self._fitted_task)
        return engine.stack(Trained.without_steps(weights, 1)).predict(x)[0].astype(np.float64)

    def _recipe(self) -> ModelRecipe:
        """The model recipe that says the same. Raises TypeError and ValueError."""
        return ModelRecipe(
            title=type(self).__name__,
            network=self._network,
            arguments=self._arguments(),
            training=Protocol(
                epochs=_count("epochs", self.epochs),
                batch_size=_count("batch_size", self.batch_size),
                learning_rate=_number("learning_rate", self.learning_rate),
                patience=None if self.patience is None else _count("patience", self.patience),
            ),
        )

    def _arguments(self) -> dict[str, Any]:
        """The arguments of the network, but for the number of inputs."""
        raise NotImplementedError


class TransformerNetwork(Network):
    """The published Transformer, or its corrected form."""

    _network = "study.networks.transformer:Transformer"

    def __init__(
        self,
        *,
        token_width: int = 4,
        heads: int = 2,
        layers: int = 2,
        feedforward_width: int = 10,
        hidden_width: int = 10,
        position_dropout: float = 0.2,
        layer_dropout: float = 0.1,
        positions: str = "batch",
        epochs: int = 300,
        batch_size: int = 10,
        learning_rate: float = 0.01,
        patience: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            patience=patience,
            random_state=random_state,
        )
        self.token_width = token_width
        self.heads = heads
        self.layers = layers
        self.feedforward_width = feedforward_width
        self.hidden_width = hidden_width
        self.position_dropout = position_dropout
        self.layer_dropout = layer_dropout
        self.positions = positions

    def _arguments(self) -> dict[str, Any]:
        widths = ("token_width", "heads", "layers", "feedforward_width", "hidden_width")
        return {
            **{name: _count(name, getattr(self, name)) for name in widths},
            "position_dropout": _share("position_dropout", self.position_dropout),
            "layer_dropout": _share("layer_dropout", self.layer_dropout),
            "positions": check_scalar(self.positions, "positions", str),
        }


class MLPNetwork(Network):
    """The plain multilayer perceptron."""

    _network = "study.networks.mlp:MLP"

    def __init__(
        self,
        *,
        hidden_widths: Sequence[int] = (10, 10),
        epochs: int = 300,
        batch_size: int = 10,
        learning_rate: float = 0.01,
        patience: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            patience=patience,
            random_state=random_state,
        )
        self.hidden_widths = hidden_widths

    def _arguments(self) -> dict[str, Any]:
        if np.ndim(self.hidden_widths) != 1:
            raise ValueError(f"hidden_widths == {self.hidden_widths}, must be a list of widths.")
        return {"hidden_widths": [_count("hidden_widths", width) for width in self.hidden_widths]}


def overflow_is_infinite() -> np.errstate:
    """What single precision cannot hold is infinite in it, and scikit-learn refuses it as such."""
    return np.errstate(over="ignore", invalid="ignore")


def _seed(random_state: int | np.random.RandomState | None) -> int:
    """The seed of the study that a random state stands for."""
    generator = check_random_state(random_state)  # refuses what no seed of the study can be
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(generator.randint(np.iinfo(np.int32).max))


def _count(name: str, value: Any) -> int:
    return int(check_scalar(value, name, Integral, min_val=1))


def _number(name: str, value: Any) -> float:
    """A positive finite number."""
    check_scalar(value, name, Real, min_val=0, include_boundaries="neither")
    return _finite(name, value)


def _share(name: str, value: Any) -> float:
    """A number in [0, 1)."""
    check_scalar(value, name, Real, min_val=0, max_val=1, include_boundaries="left")
    return _finite(name, value)


def _finite(name: str, value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{name} == {value}, must be finite.")
    return float(value)
