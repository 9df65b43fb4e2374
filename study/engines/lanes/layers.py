"""Layers in lanes, one row of data at a time, each beside its way back.

Arrays are (tokens, width). The gradients of weights are added to what is there, since the
rows of a batch add up; those of inputs are set.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from study.engines.lanes.functions import exponential
from study.engines.lanes.memory import Array, Masks, Variable, scratch
from study.engines.lanes.tracing import Place, loop, unroll
from study.engines.lanes.vectors import Vector, select, square_root

# nn.LayerNorm's.
_EPSILON = 1e-5

# The name and shape of each parameter, as they lie one after another.
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Affine:
    """A weight and a bias, or their gradients."""

    weight: Array
    bias: Array


class Parameters:
    """The weights of an nn.Module, or their gradients, as they lie one after another."""

    def __init__(self, flat: Array, shapes: Shapes) -> None:
        self._arrays = {}
        start = 0
        for name, shape in shapes:
            self._arrays[name] = flat.at(start).reshape(*shape)
            start += math.prod(shape)

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def affine(self, name: str) -> Affine:
        """The parameters of a layer that multiplies and adds."""
        return Affine(self[f"{name}.weight"], self[f"{name}.bias"])


# -- dropout ---------------------------------------------------------------------------------

# What dropout makes of one number that meets a module: (which number of the row, value).
Drop = Callable[[Place, Vector], Vector]


def passing(_number: Place, value: Vector) -> Vector:
    """Dropout that drops nothing."""
    return value


@dataclass(frozen=True)
class Decisions:
    """What is dropped of one row in one training step.

    The decisions of a step come module by module, and within a module row by row.
    """

    masks: Masks
    rows: Place
    row: Place

    def of(self, before: Place, count: int, probability: float) -> Drop:
        """Dropout in a module that meets `count` numbers of a row, after `before` in others."""
        start = self.rows * before + self.row * count
        kept = 1 / (1 - probability)

        def drop(number: Place, value: Vector) -> Vector:
            # A product, so that NaN stays NaN.
            return value * select(self.masks[start + number], kept, 0.0)

        return drop


def each(x: Array) -> Iterator[tuple[Place, Place, Place]]:
    """For each number of x (tokens, width): which it is, its token and its place in it."""
    for token in loop(x.shape[0]):
        for place in unroll(x.shape[1]):
            yield token * x.shape[1] + place, token, place


# -- linear ----------------------------------------------------------------------------------
def linear(w: Affine, x: Array, y: Array) -> None:
    """y = weight x + bias, token by token."""
    for token in loop(x.shape[0]):
        for out in loop(y.shape[1]):
            total = Variable(w.bias[out])
            for place in unroll(x.shape[1]):
                total += w.weight[out, place] * x[token, place]
            y[token, out] = total.get()


def linear_backward(
    w: Affine, g: Affine, x: Array, d_y: Array, d_x: Array, *, past: Array | None = None
) -> None:
    """The way back; `past` is what reaches x past the layer."""
    for out in loop(d_y.shape[1]):
        d_bias = Variable(g.bias[out])
        for token in unroll(x.shape[0]):
            d_bias += d_y[token, out]
        g.bias[out] = d_bias.get()
        for place in loop(x.shape[1]):
            d_weight = Variable(g.weight[out, place])
            for token in unroll(x.shape[0]):
                d_weight += d_y[token, out] * x[token, place]
            g.weight[out, place] = d_weight.get()
    for token in loop(x.shape[0]):
        for place in loop(x.shape[1]):
            total = Variable(0.0 if past is None else past[token, place])
            for out in unroll(d_y.shape[1]):
                total += d_y[token, out] * w.weight[out, place]
            d_x[token, place] = total.get()


# -- activations -----------------------------------------------------------------------------
def relu(x: Vector) -> Vector:
    """max(x, 0), but NaN stays NaN."""
    return select(x < 0.0, 0.0, x)


def relu_backward(y: Vector, d_y: Vector) -> Vector:
    """The way back through a relu whose result, or a positive multiple of it, is y."""
    return select(y <= 0.0, 0.0, d_y)


def tanh_backward(y: Vector, d_y: Vector) -> Vector:
    """The way back through a tanh whose result is y."""
    return d_y * (1.0 - y * y)


# -- layer norm ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Normal:
    """Normalised tokens (tokens, width), and what each was multiplied by (tokens)."""

    x: Array
    scale: Array

    @classmethod
    def room(cls, layers: int, tokens: int, width: int) -> "Normal":
        return cls(scratch(layers, tokens, width), scratch(layers, tokens))

    def at(self, layer: Place) -> "Normal":
        return Normal(self.x.at(layer), self.scale.at(layer))


def layer_norm(w: Affine, x: Array, y: Array, normal: Normal) -> None:
    """y = weight normal + bias; `normal` is kept for the way back."""
    width = x.shape[1]
    for token in loop(x.shape[0]):
        total = Variable(0.0)
        for place in unroll(width):
            total += x[token, place]
        mean = total.get() * (1 / width)
        squares = Variable(0.0)
        for place in unroll(width):
            difference = x[token, place] - mean
            squares += difference * difference
        scale = 1.0 / square_root(squares.get() * (1 / width) + _EPSILON)
        normal.scale[token] = scale
        for place in unroll(width):
            value = (x[token, place] - mean) * scale
            normal.x[token, place] = value
            y[token, place] = value * w.weight[place] + w.bias[place]


def layer_norm_backward(w: Affine, g: Affine, normal: Normal, d_y: Array, d_x: Array) -> None:
    """d_x = scale (d - mean(d) - normal mean(d normal)), where d = weight d_y."""
    width = d_y.shape[1]
    for place in loop(width):
        d_weight, d_bias = Variable(g.weight[place]), Variable(g.bias[place])
        for token in unroll(d_y.shape[0]):
            d_weight += d_y[token, place] * normal.x[token, place]
            d_bias += d_y[token, place]
        g.weight[place], g.bias[place] = d_weight.get(), d_bias.get()
    for token in loop(d_y.shape[0]):
        total, product = Variable(0.0), Variable(0.0)
        for place in unroll(width):
            d = d_y[token, place] * w.weight[place]
            total += d
            product += d * normal.x[token, place]
        mean, slope = total.get() * (1 / width), product.get() * (1 / width)
        for place in unroll(width):
            d = d_y[token, place] * w.weight[place]
            d_x[token, place] = (d - mean - normal.x[token, place] * slope) * normal.scale[token]


# -- attention -------------------------------------------------------------------------------
def attention(joint: Array, weights: Array, context: Array, drop: Drop) -> None:
    """Scaled dot-product attention of every head (Vaswani et al., 2017).

    joint : (tokens, 3 * width) query, key and value side by side
    weights : (heads, tokens, tokens) kept for the way back, as they are before dropout
    context : (tokens, width) the result
    """
    heads, tokens, _ = weights.shape
    width = context.shape[1]
    size = width // heads
    for head in loop(heads):
        for query in loop(tokens):
            shares = weights.at(head, query)
            largest = Variable(-math.inf)
            for key in unroll(tokens):
                score = Variable(0.0)
                for place in unroll(size):
                    column = head * size + place
                    score += joint[query, column] * joint[key, width + column]
                shares[key] = score.get() * (1 / math.sqrt(size))
                largest.set(select(shares[key] > largest.get(), shares[key], largest.get()))
            total = Variable(0.0)
            for key in unroll(tokens):
                shares[key] = exponential(shares[key] - largest.get())
                total += shares[key]
            one = 1.0 / total.get()
            for key in unroll(tokens):
                shares[key] = shares[key] * one
            for place in unroll(size):
                column = head * size + place
                mixed = Variable(0.0)
                for key in unroll(tokens):
                    number = (head * tokens + query) * tokens + key
                    mixed += drop(number, shares[key]) * joint[key, 2 * width + column]
                context[query, column] = mixed.get()


def attention_backward(
    joint: Array, weights: Array, d_context: Array, d_joint: Array, drop: Drop
) -> None:
    """The way back through `attention`."""
    heads, tokens, _ = weights.shape
    width = d_context.shape[1]
    size = width // heads
    kept, d_scores = scratch(tokens, tokens), scratch(tokens, tokens)
    for head in loop(heads):
        for query in loop(tokens):
            shares = weights.at(head, query)
            product = Variable(0.0)
            for key in unroll(tokens):
                number = (head * tokens + query) * tokens + key
                kept[query, key] = drop(number, shares[key])
                d_kept = Variable(0.0)
                for place in unroll(size):
                    column = head * size + place
                    d_kept += d_context[query, column] * joint[key, 2 * width + column]
                d_scores[query, key] = drop(number, d_kept.get())
                product += d_scores[query, key] * shares[key]
            for key in unroll(tokens):
                d_score = shares[key] * (d_scores[query, key] - product.get())
                d_scores[query, key] = d_score * (1 / math.sqrt(size))
        for token in loop(tokens):
            for place in unroll(size):
                column = head * size + place
                of_query, of_key, of_value = Variable(0.0), Variable(0.0), Variable(0.0)
                for other in unroll(tokens):
                    of_query += d_scores[token, other] * joint[other, width + column]
                    of_key += d_scores[other, token] * joint[other, column]
                    of_value += kept[other, token] * d_context[other, column]
                d_joint[token, column] = of_query.get()
                d_joint[token, width + column] = of_key.get()
                d_joint[token, 2 * width + column] = of_value.get()
