"""The study's networks as scikit-learn regressors."""

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import assert_all_finite

from study.common.task import NUMBER
from study.estimators.documentation import documented
from study.estimators.networks import (
    MLPNetwork,
    Network,
    TransformerNetwork,
    overflow_is_infinite,
)

_WORDS = {"loss": "squared error", "linear": "linear regression"}

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


def _example(name: str, call: str, score: str) -> str:
    return _EXAMPLE % {"name": name, "call": call, "score": score}


class _Regressor(RegressorMixin, Network):  # type: ignore[misc]  # untyped
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
        x, y = self._validated(X, y, y_numeric=True)
        with overflow_is_infinite():
            y = np.asarray(y, dtype=np.float32)
        assert_all_finite(y, input_name="y")
        self._train(x, y, NUMBER)
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
        return self._raw_outputs(X)


@documented(
    _WORDS,
    _example("TransformerRegressor", "TransformerRegressor(epochs=20, random_state=0)", "0.47"),
)
class TransformerRegressor(_Regressor, TransformerNetwork):
    """Transformer regressor in which every input is a token.

    The published network of the study, trained as published: mean squared error, Adam,
    mini-batches that are drawn anew in each epoch, a fixed number of epochs unless there is
    `patience`. It is sensitive to the scale of its inputs and of its target: scale both to
    about one.

    Parameters
    ----------
    %(transformer)s
    %(training)s

    Attributes
    ----------
    %(attributes)s

    See Also
    --------
    MLPRegressor : A plain multilayer perceptron under the same training protocol.

    References
    ----------
    %(reference)s

    %(example)s
    """


@documented(
    _WORDS,
    _example("MLPRegressor", "MLPRegressor(hidden_widths=(5,), epochs=30, random_state=0)", "0.51"),
)
class MLPRegressor(_Regressor, MLPNetwork):
    """Multilayer perceptron regressor with tanh layers.

    The plain network of the study, under the training protocol of `TransformerRegressor`: mean
    squared error, Adam, mini-batches that are drawn anew in each epoch, a fixed number of
    epochs unless there is `patience`. It is sensitive to the scale of its inputs and of its
    target: scale both to about one. (`sklearn.neural_network.MLPRegressor` is another, with a
    penalty.)

    Parameters
    ----------
    %(mlp)s
    %(training)s

    Attributes
    ----------
    %(attributes)s

    See Also
    --------
    TransformerRegressor : The published Transformer of the study.

    %(example)s
    """
