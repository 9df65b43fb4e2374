"""Columns given other columns, and what is left of them: their residuals.

Permuting residuals among rows gives columns new values that keep to the others as the old ones did
(Chamma, Engemann and Thirion, NeurIPS 2023). A number is its mean given the others and a residual.
A level has a randomised quantile residual: a uniform number of the step that the distribution
function given the others makes at the level (Dunn and Smyth, 1996, Journal of Computational and
Graphical Statistics 5).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.common.scikit_learn import scikit_learn

# The other columns (rows, others) and those in question (rows, columns), float64.
Rows = tuple[np.ndarray, np.ndarray]
# From some rows and some places, both (n,) int: the values (n, columns) that these rows take with
# the residuals of the rows at those places.
Conditioned = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Fewest rows in a leaf of a forest's trees.
_LEAF = 5
# So weak a penalty keeps coefficients finite where the others tell levels apart, and little else.
_PENALTY = 10.0


@dataclass(frozen=True)
class Sampler:
    """How columns follow from others.

    trees : by random forests; else by ridge regression, and logistic regression of levels
    random_state : of forests, and of residuals of levels
    """

    trees: bool
    random_state: int

    def numbers(self, learned: Rows, rows: Rows, weights: np.ndarray | None = None) -> Conditioned:
        """Numbers given others.

        learned, rows : those to learn from, and those to give values; weights : (rows,), what the
        rows to learn from count
        """
        others, values = rows
        means = _fitted(self._regressor(), *learned, weights).predict(others)
        means = means.reshape(values.shape)
        residuals = values - means
        return lambda of, places: means[of] + residuals[places]

    def levels(self, learned: Rows, rows: Rows, weights: np.ndarray | None = None) -> Conditioned:
        """Levels given others; a level is whatever stands in the columns together."""
        others, values = rows
        levels, which = np.unique(np.concatenate([learned[1], values]), axis=0, return_inverse=True)
        known, own = np.split(which.ravel(), [len(learned[1])])
        chance = np.zeros((len(values), len(levels)))
        if len(np.unique(known)) == 1:
            chance[:, known[0]] = 1.0
        else:
            model = _fitted(self._classifier(), learned[0], known, weights)
            chance[:, np.unique(known)] = model.predict_proba(others)
        steps = np.concatenate([np.zeros((len(values), 1)), chance.cumsum(axis=1)], axis=1)
        at = np.arange(len(values))
        drawn = np.random.default_rng(self.random_state).random(len(values))
        residuals = steps[at, own] + drawn * chance[at, own]

        def conditioned(of: np.ndarray, places: np.ndarray) -> np.ndarray:
            passed = (residuals[places, None] >= steps[of, 1:]).sum(axis=1)
            # Rounding may leave the last step of a distribution function below 1.
            return levels[np.minimum(passed, len(levels) - 1)]

        return conditioned

    def gapped(self, learned: Rows, rows: Rows, weights: np.ndarray | None = None) -> Conditioned:
        """Numbers of which some are missing: the last column is 1 there, and the others constant.

        Whether one is missing is a level, and its number follows from rows that have one; a row
        that has none lends the residual of one that has. Where all are missing in the rows to learn
        from, they are missing in all.
        """
        whether = [(others, values[:, -1:]) for others, values in (learned, rows)]
        missing = self.levels(whether[0], whether[1], weights)
        gaps, own_gaps = (values[:, -1] == 1 for _, values in (learned, rows))
        if gaps.all():
            return lambda of, _: np.tile(learned[1][:1], (len(of), 1))
        has, lends = np.flatnonzero(~gaps), np.arange(len(own_gaps))
        if own_gaps.any() and not own_gaps.all():
            lends[own_gaps] = np.resize(lends[~own_gaps], own_gaps.sum())
        known = [of[has] for of in learned]
        number = self.numbers(
            (known[0], known[1][:, :-1]),
            (rows[0], rows[1][:, :-1]),
            None if weights is None else weights[has],
        )
        # The rows to learn from may have no gap where those to give values have one.
        cells = np.concatenate([learned[1], rows[1]])
        constant = cells[cells[:, -1].argmax(), :-1]

        def conditioned(of: np.ndarray, places: np.ndarray) -> np.ndarray:
            gap = missing(of, places)
            return np.hstack([np.where(gap == 1, constant, number(of, lends[places])), gap])

        return conditioned

    def _regressor(self) -> Any:
        if self.trees:
            forest = scikit_learn("ensemble", "RandomForestRegressor")
            return forest(min_samples_leaf=_LEAF, random_state=self.random_state)
        ridge = scikit_learn("linear_model", "RidgeCV")
        return _standardised(ridge(alphas=np.logspace(-3, 3, 7)))

    def _classifier(self) -> Any:
        if self.trees:
            forest = scikit_learn("ensemble", "RandomForestClassifier")
            return forest(min_samples_leaf=_LEAF, random_state=self.random_state)
        logistic = scikit_learn("linear_model", "LogisticRegression")
        return _standardised(logistic(C=_PENALTY, max_iter=1000))


def _standardised(model: Any) -> Any:
    scaler = scikit_learn("preprocessing", "StandardScaler")()
    return scikit_learn("pipeline", "make_pipeline")(scaler, model)


def _fitted(model: Any, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> Any:
    """A model of columns (rows,) or (rows, columns) that has learned from rows with weights."""
    y = y[:, 0] if y.ndim > 1 and y.shape[1] == 1 else y
    steps = [f"{name}__" for name, _ in getattr(model, "steps", [])] or [""]
    counts = {} if weights is None else {f"{step}sample_weight": weights for step in steps}
    return model.fit(x, y, **counts)
