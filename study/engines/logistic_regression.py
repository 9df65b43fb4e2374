"""Logistic regression without a penalty, as the weights of a linear network."""

from dataclasses import dataclass

import numpy as np

from study.common.scikit_learn import scikit_learn
from study.common.task import Task
from study.statistics.unpenalised import MOST, unpenalised

# What scikit-learn's log_loss takes for the probability of a class that is never predicted.
_NEVER = float(np.log(np.finfo(np.float64).eps))

# As warnings of scikit-learn are told.
SEPARATE = (
    "SeparationWarning: classes separate, so that no coefficients without a penalty are the best; "
    "fitted with a weak ridge"
)


def logistic_regression(
    x: np.ndarray, y: np.ndarray, task: Task, weights: np.ndarray | None = None
) -> tuple[dict[str, np.ndarray], bool]:
    """Weights (1, ...) of `study.networks.linear.Linear` with the least log loss on x, y.

    By scikit-learn's LogisticRegression. x (rows, features); y (rows,) numbers of classes;
    weights (rows,) of rows. Where classes separate, the log loss has no minimum (Albert and
    Anderson, 1984), and a weak ridge is added; the second result says so. A class that is not
    among the rows has the same probability everywhere, about 0.
    """
    weights = np.ones(len(y)) if weights is None else weights.astype(np.float64)
    counted = weights > 0
    found = _Fitted.of(x[counted].astype(np.float64), y[counted].astype(int), weights[counted])
    slopes, bias = np.zeros((len(task.levels), x.shape[1])), np.full(len(task.levels), _NEVER)
    slopes[found.classes], bias[found.classes] = found.slopes, found.bias
    if task.outputs == 1:
        slopes, bias = slopes[[1]] - slopes[[0]], bias[[1]] - bias[[0]]
    arrays = {"output.weight": slopes, "output.bias": bias}
    return {name: array[None].astype(np.float32) for name, array in arrays.items()}, found.separate


@dataclass(frozen=True)
class _Fitted:
    """Logits of the classes that are there: slopes (classes, features) and bias (classes,)."""

    classes: np.ndarray
    slopes: np.ndarray
    bias: np.ndarray
    separate: bool

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> "_Fitted":
        classes = np.unique(y)
        if len(classes) == 1:
            return cls(classes, np.zeros((1, x.shape[1])), np.zeros(1), separate=False)
        share = weights / weights.sum()
        found = unpenalised(
            x,
            share,
            lambda x, ridge: _fit(x, y, share, ridge),
            lambda x, *fitted: _flattest(x, share, *fitted),
        )
        return cls(classes, *found)


def _fit(
    x: np.ndarray, y: np.ndarray, share: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Slopes and bias of each class's logit; and whether the search has come to an end."""
    regression = scikit_learn("linear_model", "LogisticRegression")
    strength = 1 / (ridge * len(x)) if ridge else np.inf
    fitted = regression(C=strength, tol=1e-8, max_iter=MOST)
    fitted.fit(x, y, sample_weight=share * len(x))
    slopes, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        slopes, bias = np.vstack([-slopes, slopes]) / 2, np.concatenate([-bias, bias]) / 2
    return slopes, bias, bool(fitted.n_iter_.max() < MOST)


def _flattest(x: np.ndarray, share: np.ndarray, slopes: np.ndarray, bias: np.ndarray) -> float:
    """The least curvature of the mean log loss, but for what adds the same to all logits.

    x (rows, features) without correlation, of variance 1, and of mean 0.
    """
    logits = x @ slopes.T + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    z = np.column_stack([np.ones(len(x)), x])
    count, width = len(bias), z.shape[1]
    blocks = np.empty((count, width, count, width))
    for one in range(count):
        for other in range(count):
            bend = share * p[:, one] * ((one == other) - p[:, other])
            blocks[one, :, other] = (z * bend[:, None]).T @ z
    curvatures = np.linalg.eigvalsh(blocks.reshape(count * width, count * width))
    return float(curvatures[width])  # as many are 0: what is the same for all classes
