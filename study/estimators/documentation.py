"""What the docstrings of the estimators have in common."""

import inspect
from collections.abc import Callable
from typing import TypeVar

Estimator = TypeVar("Estimator", bound=type)

TRANSFORMER = """\
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
    predicted alone. "tokens" is the correction: token t of every row gets position t."""

MLP = """\
hidden_widths : array-like of int, default=(10, 10)
    Width of each hidden layer; none is %(linear)s."""

TRAINING = """\
epochs : int, default=300
    Number of times that training passes through the rows.
batch_size : int, default=10
    Rows of a mini-batch; a last, smaller one is trained on, too.
learning_rate : float, default=0.01
    Step size of Adam.
patience : int, default=None
    A fifth of the rows, drawn at random, are held out; training stops after so many epochs
    without a smaller mean %(loss)s on them, and the weights of the best epoch are kept.
    None trains all epochs on all rows.
random_state : int, RandomState instance or None, default=None
    An int is the seed of the study: it decides on the initial weights, the order of the
    rows and, where there are any, rows held out and dropout, and calls of `fit` with it give
    the same network. From a RandomState instance, or NumPy's global one for None, `fit` draws
    a seed."""

ATTRIBUTES = """\
weights_ : dict of ndarray
    The trained parameters by name, single precision.
seed_ : int
    The seed of the study that this network is.
loss_epochs_ : ndarray of shape (n_points,)
    The epochs, from 0, whose loss is kept: about fifty, and the last; fewer where training
    stopped early.
losses_ : ndarray of shape (n_points,)
    Sum over the mini-batches of their mean %(loss)s in each of these epochs.
n_features_in_ : int
    Number of features seen during `fit`.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features seen during `fit`, where `X` has names that are all strings."""

REFERENCE = """\
J. D. McCaffrey, "Regression Using a PyTorch Neural Network with a Transformer
Component", jamesmccaffreyblog.com, 1 December 2023."""


def documented(words: dict[str, str], example: str) -> Callable[[Estimator], Estimator]:
    """Fill in what docstrings share, in `words` of their own, and an example."""
    shared = {
        "transformer": TRANSFORMER,
        "mlp": MLP % words,
        "training": TRAINING % words,
        "attributes": ATTRIBUTES % words,
        "reference": REFERENCE,
        "example": example,
    }

    def filled(estimator: Estimator) -> Estimator:
        if estimator.__doc__ is not None:  # Python's option -OO leaves out docstrings
            estimator.__doc__ = inspect.cleandoc(estimator.__doc__) % shared
        return estimator

    return filled
