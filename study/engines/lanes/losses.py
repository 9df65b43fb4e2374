"""What a row of training costs, and the gradient of that, by what is learnt.

Each function takes the outputs y (outputs,) of a row and its target, sets d_y (outputs,) to the
gradient of its loss by them, and returns the loss.
"""

import math
from collections.abc import Callable

from study.common import task
from study.engines.lanes.functions import any_exponential, exponential, logarithm
from study.engines.lanes.graph.functions import FUNCTIONS, maximum
from study.engines.lanes.memory import Array, Variable
from study.engines.lanes.tracing import Place, unroll
from study.engines.lanes.vectors import Mask, Vector, of_index, select, splat

Loss = Callable[[Array, Vector, Array], Vector]


def loss_of(outputs: int, kind: task.Loss) -> Loss:
    """That of a number; of a count; of two classes, whose log-odds are one output; or of more."""
    if kind == "squared error":
        return squared_error
    if kind == "Poisson":
        return poisson
    return binary_cross_entropy if outputs == 1 else cross_entropy


def squared_error(y: Array, target: Vector, d_y: Array) -> Vector:
    """Of a number."""
    difference = y[0] - target
    d_y[0] = difference * 2.0
    return difference * difference


def poisson(y: Array, target: Vector, d_y: Array) -> Vector:
    """Of a count, by the logarithm of its rate: -log of its probability, but for log(count!)."""
    rate = any_exponential(y[0])
    d_y[0] = rate - target
    return rate - target * y[0]


def binary_cross_entropy(y: Array, target: Vector, d_y: Array) -> Vector:
    """-log of the probability of the target's class, 0 or 1, by the log-odds of class 1."""
    log_odds = y[0]
    d_y[0] = FUNCTIONS["sigmoid"](log_odds) - target
    # log(1 + e^x), x being the log-odds of the other class: no digits are lost where it is rare.
    other = select(target > 0.5, 0.0 - log_odds, log_odds)
    power = any_exponential(0.0 - FUNCTIONS["abs"](other))
    return FUNCTIONS["relu"](other) + FUNCTIONS["log1p"](power)


def cross_entropy(y: Array, target: Vector, d_y: Array) -> Vector:
    """-log of the probability of the target's class, 0 to outputs - 1, by a logit for each."""
    most, total, own = Variable(-math.inf), Variable(0.0), Variable(0.0)
    for place in unroll(len(y)):
        most.set(maximum(most.get(), y[place]))
    for place in unroll(len(y)):
        below = y[place] - most.get()
        power = exponential(below)
        d_y[place] = power
        total += power
        own += select(_is(target, place), below, 0.0)
    for place in unroll(len(y)):
        hit = select(_is(target, place), 1.0, 0.0)
        d_y[place] = d_y[place] / total.get() - hit
    return logarithm(total.get()) - own.get()


def _is(target: Vector, place: Place) -> Mask:
    number = splat(float(place)) if isinstance(place, int) else of_index(place)
    return FUNCTIONS["eq"](target, number) > 0.5
