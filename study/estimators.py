"""The study's networks as scikit-learn regressors.

An estimator is one seed of the study: the initial weights, mini-batches, dropout and arithmetic
are those that `study run` gives that seed on the same numbers.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import assert_all_finite, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.recipes.model import ModelRecipe, Protocol

Regressor = TypeVar("Regressor", bound="_NetworkRegressor")


class _NetworkRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """What the regressors have in common; each names its network and says its arguments.

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

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; they are converted to single precision.
        y : array-like of shape (n_samples,)
            Target; it is converted to single precision.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        recipe, seed = self._recipe(), _seed(self.random_state)
        with _overflow_is_infinite():
            # One row is held out at least where there is patience.
            fewest = 1 if self.patience is None else 2
            x, y = validate_data(
                self, X, y, dtype=np.float32, y_numeric=True, ensure_min_samples=fewest
            )
            y = np.asarray(y, dtype=np.float32)
            assert_all_finite(y, input_name="y")
        try:
            engine = engine_for(recipe, x.shape[1])
            trained = engine.train([Replicate("real", StreamSeeds.of(seed))], x, y)
        except InputError as error:
            # A value that the network itself refuses.
            raise ValueError(str(error.__cause__)) from error
        weights = {name: array[0] for name, array in trained.weights.items()}
        if not all(np.isfinite(array).all() for array in weights.values()):
            raise ValueError(
                "Training diverged: there are weights that are not finite. Scale the inputs and "
                f"the target, or lower learning_rate, which is {self.learning_rate}."
            )
        self.weights_ = weights
        self.seed_ = seed
        met = trained.loss_epochs < trained.epochs[0]
        self.loss_epochs_ = trained.loss_epochs[met]
        self.losses_ = trained.losses[0][met]
        self._fitted_recipe = recipe
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict each row alone, as a batch of one.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; they are converted to single precision.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Predictions. They are computed in single precision, and given in double so that
            metrics are computed in that.
        """
        check_is_fitted(self, "weights_")
        with _overflow_is_infinite():
            x = validate_data(self, X, dtype=np.float32, reset=False)
        weights = {name: array[None] for name, array in self.weights_.items()}
        stack = engine_for(self._fitted_recipe, x.shape[1]).stack(Trained.without_steps(weights, 1))
        return stack.predict(x)[0].astype(np.float64)

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


_TRAINING = """\
epochs : int, default=300
    Number of times that training passes through the rows.
batch_size : int, default=10
    Rows of a mini-batch; a last, smaller one is trained on, too.
learning_rate : float, default=0.01
    Step size of Adam.
patience : int, default=None
    A fifth of the rows, drawn at random, are held out; training stops after so many epochs
    without a smaller mean squared error on them, and the weights of the best epoch are kept.
    None trains all epochs on all rows.
random_state : int, RandomState instance or None, default=None
    An int is the seed of the study: it decides on the initial weights, the order of the
    rows and, where there are any, rows held out and dropout, and calls of `fit` with it give
    the same network. From a RandomState instance, or NumPy's global one for None, `fit` draws
    a seed."""

_ATTRIBUTES = """\
weights_ : dict of ndarray
    The trained parameters by name, single precision.
seed_ : int
    The seed of the study that this network is.
loss_epochs_ : ndarray of shape (n_points,)
    The epochs, from 0, whose loss is kept: about fifty, and the last; fewer where training
    stopped early.
losses_ : ndarray of shape (n_points,)
    Sum over the mini-batches of their mean squared errors in each of these epochs.
n_features_in_ : int
    Number of features seen during `fit`.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features seen during `fit`, where `X` has names that are all strings."""

_EXAMPLE = """\
Examples
--------
>>> from sklearn.compose import TransformedTargetRegressor
>>> from sklearn.datasets import load_diabetes
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> from study import %(name)s
>>> X, y = load_diabetes(return_X_y=True)
>>> network = %(call)s
>>> model = TransformedTargetRegressor(
...     make_pipeline(StandardScaler(), network), transformer=StandardScaler()
... )
>>> round(model.fit(X[:300], y[:300]).score(X[300:], y[300:]), 2)
%(score)s"""


def _documented(call: str, *, score: str) -> Callable[[type[Regressor]], type[Regressor]]:
    """Fill in what the docstrings share; the example makes a network by `call`, of this score."""

    def filled(regressor: type[Regressor]) -> type[Regressor]:
        example = _EXAMPLE % {"name": regressor.__name__, "call": call, "score": score}
        shared = {"training": _TRAINING, "attributes": _ATTRIBUTES, "example": example}
        if regressor.__doc__ is not None:  # Python's option -OO leaves out docstrings
            regressor.__doc__ = inspect.cleandoc(regressor.__doc__) % shared
        return regressor

    return filled


@_documented("TransformerRegressor(epochs=20, random_state=0)", score="0.47")
class TransformerRegressor(_NetworkRegressor):
    """Transformer regressor in which every input is a token.

    The published network of the study, trained as published: mean squared error, Adam,
    mini-batches that are drawn anew in each epoch, a fixed number of epochs unless there is
    `patience`. It is sensitive to the scale of its inputs and of its target: scale both to
    about one.

    Parameters
    ----------
    token_width : int, default=4
        Width of a token, a multiple of `heads`.
    heads : int, default=2
        Attention heads in an encoder layer.
    layers : int, default=2
        Encoder layers, which start as copies of one layer.
    feedforward_width : int, default=10
        Width of the ReLU layer inside an encoder layer.
    hidden_width : int, default=10
        Width of the tanh layer after the encoder layers.
    position_dropout : float in [0, 1), default=0.2
        Dropout after the positional encoding.
    layer_dropout : float in [0, 1), default=0.1
        Dropout inside the encoder layers.
    positions : {"batch", "tokens"}, default="batch"
        What the positional encoding counts. "batch" is the published form, in which row i of
        a mini-batch gets position i; after training every row has position 0, since each is
        predicted alone. "tokens" is the correction: token t of every row gets position t.
    %(training)s

    Attributes
    ----------
    %(attributes)s

    See Also
    --------
    MLPRegressor : A plain multilayer perceptron under the same training protocol.

    References
    ----------
    J. D. McCaffrey, "Regression Using a PyTorch Neural Network with a Transformer
    Component", jamesmccaffreyblog.com, 1 December 2023.

    %(example)s
    """

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


@_documented("MLPRegressor(hidden_widths=(5,), epochs=30, random_state=0)", score="0.51")
class MLPRegressor(_NetworkRegressor):
    """Multilayer perceptron regressor with tanh layers.

    The plain network of the study, under the training protocol of `TransformerRegressor`: mean
    squared error, Adam, mini-batches that are drawn anew in each epoch, a fixed number of
    epochs unless there is `patience`. It is sensitive to the scale of its inputs and of its
    target: scale both to about one. (`sklearn.neural_network.MLPRegressor` is another, with a
    penalty.)

    Parameters
    ----------
    hidden_widths : array-like of int, default=(10, 10)
        Width of each hidden layer; none is linear regression.
    %(training)s

    Attributes
    ----------
    %(attributes)s

    See Also
    --------
    TransformerRegressor : The published Transformer of the study.

    %(example)s
    """

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


def _overflow_is_infinite() -> np.errstate:
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
