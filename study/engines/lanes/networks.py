"""The built-in networks in lanes; their nn.Modules are the specification.

A network in lanes is made inside a trace, from its sizes. It works on one row of data:
`forward` predicts it, and `backward`, traced after it, gives the gradients.
"""

import math
from dataclasses import dataclass
from typing import Protocol, cast

from torch import nn

from study.engines.lanes.functions import tanh
from study.engines.lanes.layers import (
    Affine,
    Decisions,
    Drop,
    Normal,
    Parameters,
    Shapes,
    attention,
    attention_backward,
    each,
    layer_norm,
    layer_norm_backward,
    linear,
    linear_backward,
    passing,
    relu,
    relu_backward,
    tanh_backward,
)
from study.engines.lanes.memory import Array, Variable, same, scratch
from study.engines.lanes.tracing import Place, loop, unroll
from study.engines.lanes.vectors import Vector
from study.networks.linear import Linear
from study.networks.mlp import MLP
from study.networks.transformer import EncoderLayer, Transformer


class InLanes(Protocol):
    """What the kernels ask of a network in lanes.

    decisions : how many dropout decisions a row takes in a training step
    """

    decisions: int

    def forward(self, weights: Array, x: Array, row: Place, decisions: Decisions | None) -> Vector:
        """Predict from inputs x (features); `row` says where the row stands in its batch.

        Without decisions nothing is dropped.
        """

    def backward(
        self,
        weights: Array,
        gradients: Array,
        x: Array,
        d_y: Vector,
        d_x: Array,
        decisions: Decisions | None,
    ) -> None:
        """Add to the gradients of the weights, and set those of the inputs, d_x (features)."""


@dataclass(frozen=True)
class PerceptronSizes:
    """All that the code of an MLP depends on; and of Linear, an MLP without hidden layers."""

    shapes: Shapes


@dataclass(frozen=True)
class TransformerSizes:
    """All that the code of a Transformer depends on."""

    shapes: Shapes
    heads: int
    position_dropout: float
    layer_dropout: float


Sizes = PerceptronSizes | TransformerSizes

# A subclass may compute something else.
BUILT_IN: tuple[type[nn.Module], ...] = (MLP, Linear, Transformer)


def sizes_of(network: nn.Module) -> Sizes | None:
    """What a built-in network's code depends on; None for any other network."""
    if type(network) not in BUILT_IN:
        return None
    if isinstance(network, Transformer):
        layer = cast(EncoderLayer, network.layers[0])
        return TransformerSizes(
            shapes(network),
            heads=layer.attention.heads,
            position_dropout=network.position_dropout.probability,
            layer_dropout=layer.attention_dropout.probability,
        )
    return PerceptronSizes(shapes(network))


def shapes(network: nn.Module) -> Shapes:
    """Names and shapes of the parameters, in the order in which they lie in memory."""
    return tuple((name, tuple(value.shape)) for name, value in network.named_parameters())


def in_lanes(sizes: Sizes) -> InLanes:
    """Make a network in the active trace."""
    if isinstance(sizes, TransformerSizes):
        return TransformerInLanes(sizes)
    return PerceptronInLanes(sizes)


class PerceptronInLanes:
    """MLP and Linear."""

    decisions = 0

    def __init__(self, sizes: PerceptronSizes) -> None:
        self._shapes = sizes.shapes
        weights = {
            name.removesuffix(".weight"): shape
            for name, shape in sizes.shapes
            if name.endswith(".weight")
        }
        self._layers = list(weights)
        # What goes into each layer, and out of the last.
        widths = [*(inputs for _, inputs in weights.values()), 1]
        self._x = [scratch(1, width) for width in widths]
        self._d_x = [scratch(1, width) for width in widths]

    def forward(self, weights: Array, x: Array, row: Place, decisions: Decisions | None) -> Vector:
        w = Parameters(weights, self._shapes)
        for place in loop(len(x)):
            self._x[0][0, place] = x[place]
        for layer, name in enumerate(self._layers):
            y = self._x[layer + 1]
            linear(w.affine(name), self._x[layer], y)
            if name != "output":
                for _, token, place in each(y):
                    y[token, place] = tanh(y[token, place])
        return self._x[-1][0, 0]

    def backward(
        self,
        weights: Array,
        gradients: Array,
        x: Array,
        d_y: Vector,
        d_x: Array,
        decisions: Decisions | None,
    ) -> None:
        w, g = Parameters(weights, self._shapes), Parameters(gradients, self._shapes)
        self._d_x[-1][0, 0] = d_y
        for layer, name in reversed(list(enumerate(self._layers))):
            y, d = self._x[layer + 1], self._d_x[layer + 1]
            if name != "output":
                for _, token, place in each(y):
                    d[token, place] = tanh_backward(y[token, place], d[token, place])
            linear_backward(w.affine(name), g.affine(name), self._x[layer], d, self._d_x[layer])
        for place in loop(len(x)):
            d_x[place] = self._d_x[0][0, place]


class TransformerInLanes:
    """Transformer. What is added for position comes from outside: (rows, tokens, width)."""

    def __init__(self, sizes: TransformerSizes) -> None:
        shape = dict(sizes.shapes)
        self._shapes = sizes.shapes
        self._tokens, self._width = shape["embedding.weight"]
        self._position_dropout = sizes.position_dropout
        first = "layers.0."
        self._layer_shapes = tuple(
            (name.removeprefix(first), shape)
            for name, shape in sizes.shapes
            if name.startswith(first)
        )
        self._layers = sum(name.endswith(".expand.weight") for name in shape)
        self._layer = LayersInLanes(
            self._layers,
            tokens=self._tokens,
            width=self._width,
            heads=sizes.heads,
            middle=shape["layers.0.expand.bias"][0],
            dropout=sizes.layer_dropout,
            dropped_before=self._tokens * self._width if sizes.position_dropout else 0,
        )
        self.decisions = self._layer.decisions
        hidden = shape["hidden.bias"][0]
        # What goes into each layer, and out of the last.
        self._x = scratch(self._layers + 1, self._tokens, self._width)
        self._d_x = scratch(self._layers + 1, self._tokens, self._width)
        self._hidden, self._d_hidden = scratch(1, hidden), scratch(1, hidden)
        self._y, self._d_y = scratch(1, 1), scratch(1, 1)

    def forward(self, weights: Array, x: Array, row: Place, decisions: Decisions | None) -> Vector:
        w = Parameters(weights, self._shapes)
        drop = self._drop_positions(decisions)
        for number, token, place in each(self._x.at(0)):
            value = x[token] * w["embedding.weight"][token, place] + w["embedding.bias"][token, 0]
            position = same("positions", row * (self._tokens * self._width) + number)
            self._x[0, token, place] = drop(number, value + position)
        for layer in loop(self._layers):
            self._layer.forward(
                self._part(w, layer), self._x.at(layer), self._x.at(layer + 1), layer, decisions
            )
        linear(w.affine("hidden"), self._flat(self._x), self._hidden)
        for _, token, place in each(self._hidden):
            self._hidden[token, place] = tanh(self._hidden[token, place])
        linear(w.affine("output"), self._hidden, self._y)
        return self._y[0, 0]

    def backward(
        self,
        weights: Array,
        gradients: Array,
        x: Array,
        d_y: Vector,
        d_x: Array,
        decisions: Decisions | None,
    ) -> None:
        w, g = Parameters(weights, self._shapes), Parameters(gradients, self._shapes)
        hidden, d_hidden = self._hidden, self._d_hidden
        self._d_y[0, 0] = d_y
        linear_backward(w.affine("output"), g.affine("output"), hidden, self._d_y, d_hidden)
        for _, token, place in each(hidden):
            d_hidden[token, place] = tanh_backward(hidden[token, place], d_hidden[token, place])
        linear_backward(
            w.affine("hidden"),
            g.affine("hidden"),
            self._flat(self._x),
            d_hidden,
            self._flat(self._d_x),
        )
        for turn in loop(self._layers):
            layer = self._layers - 1 - turn
            self._layer.backward(
                self._part(w, layer),
                self._part(g, layer),
                self._x.at(layer),
                self._d_x.at(layer + 1),
                self._d_x.at(layer),
                layer,
                decisions,
            )
        drop = self._drop_positions(decisions)
        weight, d_weight = w["embedding.weight"], g["embedding.weight"]
        d_bias = g["embedding.bias"]
        for token in loop(self._tokens):
            of_bias, of_x = Variable(d_bias[token, 0]), Variable(0.0)
            for place in unroll(self._width):
                d = drop(token * self._width + place, self._d_x[0, token, place])
                d_weight[token, place] = d_weight[token, place] + d * x[token]
                of_bias += d
                of_x += d * weight[token, place]
            d_bias[token, 0] = of_bias.get()
            d_x[token] = of_x.get()

    def _flat(self, x: Array) -> Array:
        """What goes out of the last layer, as the one token of the head."""
        return x.at(self._layers).reshape(1, self._tokens * self._width)

    def _part(self, parameters: Parameters, layer: Place) -> Parameters:
        """Those of one encoder layer; the layers lie one after another."""
        first = parameters[f"layers.0.{self._layer_shapes[0][0]}"]
        size = sum(math.prod(shape) for _, shape in self._layer_shapes)
        return Parameters(first.reshape(self._layers, size).at(layer), self._layer_shapes)

    def _drop_positions(self, decisions: Decisions | None) -> Drop:
        if decisions is None or not self._position_dropout:
            return passing
        return decisions.of(0, self._tokens * self._width, self._position_dropout)


class LayersInLanes:
    """EncoderLayer; all layers of a network have one shape, and `layer` says which is meant."""

    def __init__(
        self,
        layers: int,
        *,
        tokens: int,
        width: int,
        heads: int,
        middle: int,
        dropout: float,
        dropped_before: int,
    ) -> None:
        self._dropout = dropout
        self._dropped_before = dropped_before
        self._counts = [heads * tokens**2, tokens * width, tokens * middle, tokens * width]
        self.decisions = dropped_before + (layers * sum(self._counts) if dropout else 0)
        # Kept for the way back.
        self._joint = scratch(layers, tokens, 3 * width)
        self._weights = scratch(layers, heads, tokens, tokens)
        self._context = scratch(layers, tokens, width)
        self._attention_normal = Normal.room(layers, tokens, width)
        self._attended = scratch(layers, tokens, width)
        self._expanded = scratch(layers, tokens, middle)
        self._feedforward_normal = Normal.room(layers, tokens, width)
        # Not kept.
        self._sum, self._d_sum = scratch(tokens, width), scratch(tokens, width)
        self._d_part = scratch(tokens, width)
        self._d_expanded = scratch(tokens, middle)
        self._d_joint = scratch(tokens, 3 * width)

    def forward(
        self, w: Parameters, x: Array, y: Array, layer: Place, decisions: Decisions | None
    ) -> None:
        drop_weights, drop_attention, drop_expand, drop_contract = self._drops(layer, decisions)
        joint, context = self._joint.at(layer), self._context.at(layer)
        attended, expanded = self._attended.at(layer), self._expanded.at(layer)
        total = self._sum
        linear(query_key_value(w), x, joint)
        attention(joint, self._weights.at(layer), context, drop_weights)
        linear(w.affine("attention.output"), context, total)
        for number, token, place in each(total):
            total[token, place] = x[token, place] + drop_attention(number, total[token, place])
        layer_norm(w.affine("attention_norm"), total, attended, self._attention_normal.at(layer))
        linear(w.affine("expand"), attended, expanded)
        for number, token, place in each(expanded):
            expanded[token, place] = drop_expand(number, relu(expanded[token, place]))
        linear(w.affine("contract"), expanded, total)
        for number, token, place in each(total):
            part = drop_contract(number, total[token, place])
            total[token, place] = attended[token, place] + part
        layer_norm(w.affine("feedforward_norm"), total, y, self._feedforward_normal.at(layer))

    def backward(
        self,
        w: Parameters,
        g: Parameters,
        x: Array,
        d_y: Array,
        d_x: Array,
        layer: Place,
        decisions: Decisions | None,
    ) -> None:
        drop_weights, drop_attention, drop_expand, drop_contract = self._drops(layer, decisions)
        joint, context = self._joint.at(layer), self._context.at(layer)
        attended, expanded = self._attended.at(layer), self._expanded.at(layer)
        d_sum, d_part, d_expanded, d_joint = (
            self._d_sum,
            self._d_part,
            self._d_expanded,
            self._d_joint,
        )
        name = "feedforward_norm"
        normal = self._feedforward_normal.at(layer)
        layer_norm_backward(w.affine(name), g.affine(name), normal, d_y, d_sum)
        for number, token, place in each(d_sum):
            d_part[token, place] = drop_contract(number, d_sum[token, place])
        linear_backward(w.affine("contract"), g.affine("contract"), expanded, d_part, d_expanded)
        for number, token, place in each(d_expanded):
            d = drop_expand(number, d_expanded[token, place])
            d_expanded[token, place] = relu_backward(expanded[token, place], d)
        linear_backward(
            w.affine("expand"), g.affine("expand"), attended, d_expanded, d_part, past=d_sum
        )
        name = "attention_norm"
        normal = self._attention_normal.at(layer)
        layer_norm_backward(w.affine(name), g.affine(name), normal, d_part, d_sum)
        for number, token, place in each(d_sum):
            d_part[token, place] = drop_attention(number, d_sum[token, place])
        name = "attention.output"
        d_context = d_x
        linear_backward(w.affine(name), g.affine(name), context, d_part, d_context)
        attention_backward(joint, self._weights.at(layer), d_context, d_joint, drop_weights)
        linear_backward(query_key_value(w), query_key_value(g), x, d_joint, d_x, past=d_sum)

    def _drops(self, layer: Place, decisions: Decisions | None) -> list[Drop]:
        """The layer's four dropouts, in the order of the forward pass."""
        if decisions is None or not self._dropout:
            return [passing] * 4
        before = self._dropped_before + layer * sum(self._counts)
        drops = []
        for count in self._counts:
            drops.append(decisions.of(before, count, self._dropout))
            before = before + count
        return drops


def query_key_value(parameters: Parameters) -> Affine:
    """The joint first layer of attention."""
    return Affine(
        parameters["attention.query_key_value"], parameters["attention.query_key_value_bias"]
    )
