"""Shares, ranks and top sets of importance scores."""

import numpy as np

# Single precision carries seven digits: a relative spread below this is none.
ROUNDING = 1e-6
# Scores nearer than this part of the larger are tied. Writing 15 digits, or adding in another
# order, moves a score by far less; neighbours in single precision lie 6e-8 apart.
TIED = 1e-9
# So are scores nearer than this part of their vector's greatest: what a difference of numbers
# that should be equal leaves in place of 0.
_NOTHING = 1e-14


def settled(scores: np.ndarray) -> np.ndarray:
    """Scores with the tied ones of each vector made equal: (..., items) -> (..., items).

    Neighbours in the order of a vector are tied when they differ by at most TIED of the larger of
    the two, or by _NOTHING of the vector's greatest finite one, all by absolute value; so are all
    in a chain of such neighbours, which get the greatest score among them. All else stays to the
    bit, as do NaN and infinity.
    """
    order = np.argsort(-scores, axis=-1, kind="stable")  # NaN last
    falling = np.take_along_axis(scores, order, axis=-1)
    size = np.where(np.isfinite(falling), np.abs(falling), 0.0)
    nothing = _NOTHING * size.max(axis=-1, keepdims=True, initial=0.0)
    reach = np.maximum(TIED * np.maximum(size[..., :-1], size[..., 1:]), nothing)
    with unbounded():
        apart = ~(falling[..., :-1] - falling[..., 1:] <= reach)
    greatest = np.take_along_axis(falling, _begin(apart, scores.shape), axis=-1)
    result = np.empty_like(scores)
    np.put_along_axis(result, order, greatest, axis=-1)
    return result


def _begin(apart: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Where the chain of each item begins: (..., items - 1) -> (..., items), places from 0.

    The last place, up to its own, that is apart from the one before.
    """
    first = np.broadcast_to(np.arange(shape[-1]), shape).copy()
    first[..., 1:] *= apart
    return np.maximum.accumulate(first, axis=-1)


def shares(scores: np.ndarray) -> np.ndarray:
    """Each score divided by the sum of its vector; negative scores count as 0.

    (..., items) -> (..., items). A vector without a positive entry, or with a NaN or an
    infinite positive one, has no shares: NaN.
    """
    positive = np.where(scores < 0, 0.0, scores)
    with np.errstate(over="ignore"):
        total = positive.sum(axis=-1, keepdims=True)
    over = np.isinf(total) & np.isfinite(positive).all(axis=-1, keepdims=True)
    if over.any():  # by a power of two, which rounds nothing
        smaller = np.ldexp(positive, -scores.shape[-1].bit_length())
        positive = np.where(over, smaller, positive)
        total = positive.sum(axis=-1, keepdims=True)
    defined = np.isfinite(total) & (total > 0)
    return np.divide(positive, total, out=np.full(scores.shape, np.nan), where=defined)


def rank_ranges(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and last of the ranks that tied items span: (..., items) -> (..., items) twice.

    Rank 1 for the greatest score; scores are tied where they are equal, as `settled` makes them. A
    vector with a NaN has no ranks: NaN.
    """
    items = scores.shape[-1]
    order = np.argsort(-scores, axis=-1, kind="stable")
    falling = np.take_along_axis(scores, order, axis=-1)
    apart = falling[..., 1:] != falling[..., :-1]
    begin = _begin(apart, scores.shape)
    end = items - 1 - _begin(apart[..., ::-1], scores.shape)[..., ::-1]
    undefined = np.isnan(scores).any(axis=-1, keepdims=True)
    first, last = np.empty(scores.shape), np.empty(scores.shape)
    for result, place in ((first, begin), (last, end)):
        np.put_along_axis(result, order, np.where(undefined, np.nan, place + 1), axis=-1)
    return first, last


def ranks(scores: np.ndarray) -> np.ndarray:
    """Rank 1 for the greatest score, ties averaged: (..., items) -> (..., items).

    So rank 1 means strictly greatest. A vector with a NaN has no ranks.
    """
    first, last = rank_ranges(scores)
    return (first + last) / 2


def in_top(scores: np.ndarray, k: int) -> np.ndarray:
    """Which items are the k greatest, as 1.0 and 0.0: (seeds, items) -> (seeds, items).

    A vector with a tie at the edge, or with a NaN, has no such set: NaN.
    """
    _, last = rank_ranges(scores)
    chosen = last <= k
    return np.where(chosen.sum(axis=-1, keepdims=True) == k, chosen, np.nan)


def identical(scores: np.ndarray) -> bool:
    """Whether several seeds have the same scores, all finite, up to single precision."""
    return len(scores) > 1 and bool(np.isfinite(scores).all()) and alike(scores, scores[0])


def alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether scores are the same up to single precision; undefined ones are the same."""
    undefined = np.isnan(first) & np.isnan(second)
    return bool((_near(first, second) | undefined).all())


def _near(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which scores are the same up to single precision; infinite ones only where they are equal.

    As np.isclose has it, which takes several times as long.
    """
    with unbounded():
        reach = np.where(np.isfinite(second), ROUNDING * np.abs(second), 0.0)
        return (first == second) | (np.abs(first - second) <= reach)


def unbounded() -> np.errstate:
    """Differences of any scores: of infinities none, and infinite where a double holds no more."""
    return np.errstate(invalid="ignore", over="ignore")


def different(scores: np.ndarray) -> np.ndarray:
    """Which seeds have scores that no earlier one has: (seeds, items) -> bool (seeds,).

    Up to single precision. Vectors without shares are not looked at: each is one of its own.
    """
    first = np.isnan(shares(scores)).any(axis=1)
    left, rest = ~first, np.flatnonzero(~first)
    if not len(rest):
        return first
    # Only vectors that are near by one item can be the same: that which tells most of them apart.
    item = int(np.argmax([len(np.unique(column)) for column in scores[rest].T]))
    order = rest[np.argsort(scores[rest, item], kind="stable")]
    rising = scores[order, item]
    alone = order[_apart(rising)]
    first[alone], left[alone] = True, False
    for place in rest:
        if not left[place]:
            continue
        first[place] = True
        near = order[_window(rising, scores[place, item])]
        near = near[left[near]]
        left[near[_near(scores[near], scores[place]).all(axis=1)]] = False
    return first


def _apart(rising: np.ndarray) -> np.ndarray:
    """Which of sorted numbers lie further from both neighbours than any that may be the same.

    None where some are infinite.
    """
    apart = np.full(len(rising), np.isfinite(rising).all())
    size = np.abs(rising)
    with unbounded():
        near = np.diff(rising) <= 2 * ROUNDING * np.maximum(size[1:], size[:-1])
    apart[1:] &= ~near
    apart[:-1] &= ~near
    return apart


def _window(rising: np.ndarray, value: float) -> slice:
    """Where sorted numbers lie that may be the same as a value: somewhat more than those."""
    if not np.isfinite(value):
        return slice(None)
    reach = 2 * ROUNDING * abs(value)
    return slice(
        int(np.searchsorted(rising, value - reach)),
        int(np.searchsorted(rising, value + reach, side="right")),
    )
