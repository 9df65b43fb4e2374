"""How well predicted probabilities fit classes.

Of many networks at once: y is (rows,), or (networks, rows) where each has its own rows, and
probabilities are (networks, rows, classes), float64; weights are (rows,) or (networks, rows), all 1
where there are none. Each number is what scikit-learn's function of that name gives, which takes
one network at a time; but what is not finite gives a fit that is not, where that would refuse it.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import xlogy

from study.statistics.fit import weighted_mean
from study.statistics.probabilities import EPSILON

Weights = np.ndarray | None


def d_squared(y: np.ndarray, probabilities: np.ndarray, weights: Weights = None) -> np.ndarray:
    """The share of log loss explained: 1 - log loss / log loss of the shares of the classes.

    d2_log_loss_score: what R² is to squared error (networks,). The shares are those of the same
    rows; nothing is explained of rows of one class, whose shares lose nothing: not finite.
    """
    shares = _shares(y, probabilities.shape[-1], weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - log_loss(y, probabilities, weights) / -xlogy(shares, shares).sum(axis=-1)


def log_loss(y: np.ndarray, probabilities: np.ndarray, weights: Weights = None) -> np.ndarray:
    """Mean of minus the logarithm of the probability of each row's own class (networks,).

    Natural logarithms, of probabilities kept away from 0 and 1 as scikit-learn keeps them.
    """
    own = _of_own_class(y, np.clip(probabilities, EPSILON, 1 - EPSILON))
    return weighted_mean(-np.log(own), weights)


def brier(y: np.ndarray, probabilities: np.ndarray, weights: Weights = None) -> np.ndarray:
    """Brier score: mean squared error of the probabilities (networks,).

    Summed over classes where there are more than two, from 0 to 2; of two, that of the second
    alone, half the sum, from 0 to 1: as scikit-learn's brier_score_loss has it (Brier, 1950).
    """
    classes = probabilities.shape[-1]
    errors = ((probabilities - _indicators(y, classes)) ** 2).sum(axis=-1)
    return weighted_mean(errors / 2 if classes == 2 else errors, weights)


def auc(y: np.ndarray, probabilities: np.ndarray, weights: Weights = None) -> np.ndarray:
    """Area under the ROC curve, each class against the rest, mean over classes (networks,).

    roc_auc_score with multi_class="ovr" and average="macro"; the mean is over the classes that
    some rows are of. Of two classes, both have the same area.
    """

    def of_one(y: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> float:
        held = np.unique(y).astype(int)
        if probabilities.shape[-1] == 2:
            held = held[-1:]
        return float(np.mean([_area(y == of, probabilities[:, of], weights) for of in held]))

    return _each(of_one, y, probabilities, weights)


def balanced_accuracy(
    y: np.ndarray, probabilities: np.ndarray, weights: Weights = None
) -> np.ndarray:
    """The share of rows predicted right, in each class that there is, mean over these (networks,).

    A row is predicted to be of its most probable class, the first of equal ones.
    """

    def of_one(y: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> float:
        right = probabilities.argmax(axis=-1) == y
        return float(
            np.mean([np.average(right[y == of], weights=weights[y == of]) for of in np.unique(y)])
        )

    return _each(of_one, y, probabilities, weights)


def accuracy(y: np.ndarray, probabilities: np.ndarray, weights: Weights = None) -> np.ndarray:
    """The share of rows whose most probable class is theirs (networks,)."""
    right = (probabilities.argmax(axis=-1) == y).astype(np.float64)
    return np.where(_known(probabilities), weighted_mean(right, weights), np.nan)


def majority(y: np.ndarray, probabilities: np.ndarray, weights: Weights = None) -> np.ndarray:
    """The share of the most frequent class: the accuracy of predicting it always (networks,)."""
    shares = _shares(y, probabilities.shape[-1], weights)
    return np.where(_known(probabilities), shares.max(axis=-1), np.nan)


# By the names of the columns in which they are stored.
MEASURES: dict[str, Callable[..., np.ndarray]] = {
    measure.__name__: measure
    for measure in (d_squared, log_loss, brier, auc, balanced_accuracy, accuracy, majority)
}


def _indicators(y: np.ndarray, classes: int) -> np.ndarray:
    """1 in the place of each row's class, else 0: (..., rows, classes)."""
    return (y[..., None] == np.arange(classes)).astype(np.float64)


def _shares(y: np.ndarray, classes: int, weights: Weights) -> np.ndarray:
    """The share of each class among the rows: (..., classes)."""
    indicators = np.moveaxis(_indicators(y, classes), -1, 0)
    return np.moveaxis(weighted_mean(indicators, weights), 0, -1)


def _of_own_class(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The probability of each row's own class: (networks, rows)."""
    places = np.broadcast_to(y.astype(int), probabilities.shape[:-1])
    return np.take_along_axis(probabilities, places[..., None], axis=-1)[..., 0]


def _known(probabilities: np.ndarray) -> np.ndarray:
    """Which networks predict numbers alone: (networks,)."""
    return np.isfinite(probabilities).all(axis=(-2, -1))


def _each(
    of_one: Callable[[np.ndarray, np.ndarray, np.ndarray], float],
    y: np.ndarray,
    probabilities: np.ndarray,
    weights: Weights,
) -> np.ndarray:
    """A number of each network by itself; NaN for one that predicts no numbers."""
    shape = probabilities.shape[:-1]
    own_y = np.broadcast_to(y, shape)
    own_weights = np.broadcast_to(1.0 if weights is None else weights, shape)
    return np.array(
        [
            of_one(own_y[place], probabilities[place], own_weights[place]) if known else np.nan
            for place, known in enumerate(_known(probabilities))
        ]
    )


def _area(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """The chance that a positive row scores higher than a negative one, ties counted half.

    The area under the ROC curve by Mann and Whitney's statistic (Hanley and McNeil, 1982). NaN
    where all rows are positive, or none.
    """
    _, places = np.unique(scores, return_inverse=True)
    ahead, behind = (np.bincount(places, weights * which) for which in (positive, ~positive))
    below = np.cumsum(behind) - behind
    pairs = ahead.sum() * behind.sum()
    return float((ahead * (below + behind / 2)).sum() / pairs) if pairs else np.nan
