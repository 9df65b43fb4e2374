"""Whether a number is a function of others to rounding, as a copy in another unit is."""

from collections.abc import Iterator

import numpy as np

# Where a number and its function are rounded, their coefficients are known a little less well.
_SLACK = 1.5
_FEWEST = 20  # different values on either side; fewer agree with some function by chance
_SMALL = 0.1  # of the standard deviation: rounding that hides more shows nothing
_EXACT = 1e-9  # of the standard deviation: double precision
_PLACES = 12
# Functions of a positive number, each with the size of its derivative.
_SHAPES = (
    (np.log, lambda v: 1 / v),
    (np.sqrt, lambda v: 0.5 / np.sqrt(v)),
    (np.square, lambda v: 2 * v),
    (np.reciprocal, lambda v: 1 / v**2),
)


def is_function(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether y (rows,) is a + b f(x) to rounding, or x is that of y.

    f is the identity; or of positive numbers their logarithm, root, square or reciprocal. A number
    is taken to be off by half a unit of the last decimal place that its column has at most.
    """
    if min(len(np.unique(x)), len(np.unique(y))) < _FEWEST:
        return False
    off = [0.5 * resolution(side) for side in (x, y)]
    return any(
        _is_linear(of, other, off_of, off_other)
        for of, other, off_of, off_other in (
            *_shaped(x, y, off[0], off[1]),
            *_shaped(y, x, off[1], off[0]),
        )
    )


def is_sum(terms: np.ndarray, y: np.ndarray) -> bool:
    """Whether y (rows,) is the sum of terms (rows, two or more), some of them less, or their mean.

    To rounding, as in `is_function`.
    """
    width = terms.shape[1]
    if width < 2 or len(np.unique(y)) < _FEWEST:
        return False
    weights = np.linalg.lstsq(terms, y, rcond=None)[0]
    allowed = np.full(len(y), 0.5 * (resolution(y) + sum(resolution(term) for term in terms.T)))
    sums = terms @ np.sign(weights)
    return any(_agree(y, unit * sums, allowed) for unit in (1, 1 / width))


def resolution(numbers: np.ndarray) -> float:
    """A unit of the last decimal place that numbers have: 1, 0.1, 0.01, ..."""
    size = np.abs(numbers).max()
    for places in range(_PLACES):
        if (np.abs(numbers - np.round(numbers, places)) <= 1e-15 * size).all():
            return float(10.0**-places)
    return 0.0


def _shaped(
    x: np.ndarray, y: np.ndarray, off_x: float, off_y: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """x by every function beside y, and how far each may be off."""
    yield x, y, np.full(len(x), off_x), np.full(len(y), off_y)
    if x.min() > 0:
        for shape, derivative in _SHAPES:
            yield shape(x), y, off_x * derivative(x), np.full(len(y), off_y)


def _is_linear(x: np.ndarray, y: np.ndarray, off_x: np.ndarray, off_y: np.ndarray) -> bool:
    """Whether y is linear in x but for what each may be off: all (rows,)."""
    slope, intercept = np.polyfit(x, y, 1)
    return _agree(y, intercept + slope * x, _SLACK * (off_y + abs(slope) * off_x))


def _agree(y: np.ndarray, other: np.ndarray, allowed: np.ndarray) -> bool:
    """Whether two are the same, but for what is allowed if that is small: all (rows,)."""
    spread = y.std()
    if np.median(allowed) >= _SMALL * spread:
        allowed = np.zeros(len(y))
    return bool((np.abs(y - other) <= allowed + _EXACT * spread).all())
