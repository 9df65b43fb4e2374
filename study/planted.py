"""Generated data whose importances are known, to see a method tell right from wrong.

The target is a linear function of standard normal features, plus noise:

- `dominant` has twice the coefficient of any other;
- `equal_b`, `equal_c` and `equal_d` have the same coefficient: no order is true of them;
- `pair_e` and `pair_f` are correlated, and the target follows their sum;
- `noise` has nothing to do with the target.

What is true of them has closed forms: `true_shares` and `true_permutation`.
"""

import math

import numpy as np
import pandas as pd

COEFFICIENTS = {
    "dominant": 2.0,
    "equal_b": 1.0,
    "equal_c": 1.0,
    "equal_d": 1.0,
    "pair_e": 0.5,
    "pair_f": 0.5,
    "noise": 0.0,
}
PAIR = ("pair_e", "pair_f")
# So close that either explains 0.94 of the other.
CORRELATION = 0.97


def planted(rows: int, noise: float, seed: int | np.random.Generator) -> pd.DataFrame:
    """`rows` of the features of COEFFICIENTS and of `target`.

    noise : standard deviation of what the features do not explain
    seed : another one gives another sample of the same population; or a generator to draw from
    """
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        generator.standard_normal((rows, len(COEFFICIENTS))), columns=list(COEFFICIENTS)
    )
    first, second = PAIR
    alone = math.sqrt(1 - CORRELATION**2)
    frame[second] = CORRELATION * frame[first] + alone * frame[second]
    explained = frame.to_numpy() @ np.array(list(COEFFICIENTS.values()))
    return frame.assign(target=explained + noise * generator.standard_normal(rows))


def true_shares() -> dict[str, float]:
    """Each feature's share by gradients of the linear function: \\|coefficient\\| of their sum,
    raw or scaled alike, as all features have standard deviation 1."""
    total = sum(map(abs, COEFFICIENTS.values()))
    return {name: abs(coefficient) / total for name, coefficient in COEFFICIENTS.items()}


def true_permutation(noise: float) -> dict[str, float]:
    """Each feature's permutation importance, as a drop in R², under the linear function itself:
    2 coefficient² / variance of the target.

    A permuted column differs from its former self by a variance of 2, and the difference is
    independent of the error. That holds of correlated features, too: the function knows what
    is due to each.
    """
    first, second = (COEFFICIENTS[name] for name in PAIR)
    squares = {name: coefficient**2 for name, coefficient in COEFFICIENTS.items()}
    variance = sum(squares.values()) + 2 * CORRELATION * first * second + noise**2
    return {name: 2 * square / variance for name, square in squares.items()}
