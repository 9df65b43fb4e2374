"""The study's networks as scikit-learn classifiers."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from study.common.task import Task
from study.estimators.documentation import documented
from study.estimators.networks import MLPNetwork, Network, TransformerNetwork
from study.statistics.probabilities import probabilities

_WORDS = {"loss": "cross-entropy", "linear": "logistic regression"}

_EXAMPLE = """\
Examples
--------
>>> from sklearn.datasets import load_wine
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> from study import %(name)s
>>> X, y = load_wine(return_X_y=True)
>>> model = make_pipeline(StandardScaler(), %(name)s(epochs=20, random_state=0))
>>> round(model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]), 2)
%(score)s"""


def _example(name: str, score: str) -> str:
    return _EXAMPLE % {"name": name, "score": score}


class _Classifier(ClassifierMixin, Network):  # type: ignore[misc]  # untyped
    def fit(self, X: Any, y: Any) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; they are converted to single precision.
        y : array-like of shape (n_samples,)
            The class of each row, two classes at least.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        x, y = self._validated(X, y)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class alone, {self.classes_[0]!r}: give rows of others.")
        self._train(x, numbers.astype(np.float32), Task(tuple(map(str, self.classes_))))
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Predict the log-odds of the second of two classes, or a logit for each of more.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; they are converted to single precision. Each row is predicted alone, as a
            batch of one.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Computed in single precision, and given in double.
        """
        return self._raw_outputs(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for `decision_function`.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.
        """
        return probabilities(self._raw_outputs(X), len(self.classes_))

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for `decision_function`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes.
        """
        outputs = self._raw_outputs(X)
        places = (outputs > 0).astype(int) if outputs.ndim == 1 else outputs.argmax(axis=1)
        return self.classes_[places]


@documented(_WORDS, _example("TransformerClassifier", "0.96"))
class TransformerClassifier(_Classifier, TransformerNetwork):
    """Transformer classifier in which every input is a token.

    The published network of the study with the log-odds of the second of two classes in the
    place of its prediction, or a logit for each of more, trained as published but for its loss:
    cross-entropy, Adam, mini-batches that are drawn anew in each epoch, a fixed number of epochs
    unless there is `patience`. It is sensitive to the scale of its inputs: scale them to about
    one.

    Parameters
    ----------
    %(transformer)s
    %(training)s

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, in their order.
    %(attributes)s

    See Also
    --------
    MLPClassifier : A plain multilayer perceptron under the same training protocol.

    References
    ----------
    %(reference)s

    %(example)s
    """


@documented(_WORDS, _example("MLPClassifier", "0.99"))
class MLPClassifier(_Classifier, MLPNetwork):
    """Multilayer perceptron classifier with tanh layers.

    The plain network of the study, under the training protocol of `TransformerClassifier`:
    cross-entropy, Adam, mini-batches that are drawn anew in each epoch, a fixed number of
    epochs unless there is `patience`. It is sensitive to the scale of its inputs: scale them to
    about one. (`sklearn.neural_network.MLPClassifier` is another, with a penalty.)

    Parameters
    ----------
    %(mlp)s
    %(training)s

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, in their order.
    %(attributes)s

    See Also
    --------
    TransformerClassifier : The published Transformer of the study.

    %(example)s
    """
