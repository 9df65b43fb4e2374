"""The same trainings in JAX: vmap over seeds, scan over steps, compiled as a whole.

As a yardstick of speed only: dropout comes from JAX's own generators, and all start alike.
"""

import math
from collections.abc import Callable
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from torch import nn

from study.networks.linear import Linear
from study.networks.mlp import MLP
from study.networks.transformer import EncoderLayer, Transformer, sinusoids

Weights = dict[str, Any]
# Predictions (rows,) of rows (rows, inputs), with a key for dropout; without one, there is none.
Forward = Callable[[Weights, Any, Any], Any]


def epochs_of(
    network: nn.Module, forward: Forward, x: np.ndarray, y: np.ndarray, seeds: int
) -> Callable[[int], Any]:
    """A function that trains `seeds` networks for some epochs, of batches of ten."""
    rows = len(y)
    table, targets = jnp.asarray(x), jnp.asarray(y)

    def loss(weights: Weights, batch: Any, key: Any) -> Any:
        return jnp.mean((forward(weights, table[batch], key) - targets[batch]) ** 2)

    def step(state: Any, given: Any) -> Any:
        weights, first, second, count = state
        batch, key = given
        value, gradients = jax.value_and_grad(loss)(weights, batch, key)
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        size, root = 0.01 / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
        weights = jax.tree.map(
            lambda w, m, v: w - size * m / (jnp.sqrt(v) / root + 1e-8), weights, first, second
        )
        return (weights, first, second, count), value

    def epoch(state: Any, key: Any) -> Any:
        shuffle, *keys = jax.random.split(key, 1 + rows // 10)
        batches = jax.random.permutation(shuffle, rows).reshape(-1, 10)
        return jax.lax.scan(step, state, (batches, jnp.stack(keys)))

    def one(state: Any, keys: Any) -> Any:
        return jax.lax.scan(epoch, state, keys)

    train = jax.jit(jax.vmap(one))
    weights = {
        name: jnp.tile(jnp.asarray(value.detach().numpy()), (seeds,) + (1,) * value.ndim)
        for name, value in network.named_parameters()
    }
    zeros = jax.tree.map(jnp.zeros_like, weights)
    start = (weights, zeros, zeros, jnp.zeros(seeds))

    def run(epochs: int) -> Any:
        keys = jax.random.split(jax.random.key(0), (seeds, epochs))
        return jax.block_until_ready(train(start, keys))

    return run


def forward_of(network: nn.Module) -> Forward:
    """What a network computes, in JAX: a shipped one, or one of own_networks.py."""
    if isinstance(network, Transformer):
        return _transformer(network)
    own = {"Residual": _residual, "GeluMlp": _gelu_mlp, "Encoder": _encoder}
    if type(network).__name__ in own:
        return own[type(network).__name__](network)
    assert isinstance(network, MLP | Linear)
    hidden = len(network.hidden) if isinstance(network, MLP) else 0

    def perceptron(w: Weights, x: Any, _key: Any) -> Any:
        for layer in range(hidden):
            x = jnp.tanh(_linear(w, f"hidden.{layer}", x))
        return _linear(w, "output", x)[:, 0]

    return perceptron


def _linear(w: Weights, name: str, x: Any) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _drop(x: Any, key: Any, probability: float) -> Any:
    if key is None:
        return x
    kept = jax.random.bits(key, x.shape, jnp.uint16) >= round(probability * 65536)
    return jnp.where(kept, x / (1 - probability), 0)


def _norm(w: Weights, name: str, x: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    spread = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"]


def _attended(joint: Any, heads: int, dropped: Callable[[Any], Any] = lambda x: x) -> Any:
    """Attention of (rows, tokens, 3 width), queries, keys and values side by side."""
    rows, tokens, width = joint.shape[0], joint.shape[1], joint.shape[2] // 3
    parts = joint.reshape(rows, tokens, 3, heads, width // heads)
    query, by_key, value = (parts[:, :, part].swapaxes(1, 2) for part in range(3))
    scores = query @ by_key.swapaxes(-1, -2) / math.sqrt(width // heads)
    mixed = dropped(jax.nn.softmax(scores)) @ value
    return mixed.swapaxes(1, 2).reshape(rows, tokens, width)


def _transformer(network: Transformer) -> Forward:
    width = network.embedding.weight.shape[1]
    heads = cast(EncoderLayer, network.layers[0]).attention.heads
    encoding = jnp.asarray(sinusoids(10, width, network.output.weight.dtype).numpy())[:, None]

    def forward(w: Weights, x: Any, key: Any) -> Any:
        keys = iter(jax.random.split(key, 1 + 4 * len(network.layers)))
        x = x[..., None] * w["embedding.weight"] + w["embedding.bias"] + encoding
        x = _drop(x, next(keys), 0.2)
        for layer in range(len(network.layers)):
            part = f"layers.{layer}"
            joint = x @ w[f"{part}.attention.query_key_value"].T
            joint = joint + w[f"{part}.attention.query_key_value_bias"]
            mixed = _attended(joint, heads, lambda scores: _drop(scores, next(keys), 0.1))
            mixed = _linear(w, f"{part}.attention.output", mixed)
            x = _norm(w, f"{part}.attention_norm", x + _drop(mixed, next(keys), 0.1))
            middle = jax.nn.relu(_linear(w, f"{part}.expand", x))
            middle = _linear(w, f"{part}.contract", _drop(middle, next(keys), 0.1))
            x = _norm(w, f"{part}.feedforward_norm", x + _drop(middle, next(keys), 0.1))
        hidden = jnp.tanh(_linear(w, "hidden", x.reshape(len(x), -1)))
        return _linear(w, "output", hidden)[:, 0]

    return forward


def _residual(network: Any) -> Forward:
    count = len(network.blocks)

    def forward(w: Weights, x: Any, key: Any) -> Any:
        keys = [None] * count if key is None else jax.random.split(key, count)
        h = _linear(w, "first", x)
        for place in range(count):
            part = f"blocks.{place}"
            middle = jax.nn.relu(_linear(w, f"{part}.expand", _norm(w, f"{part}.norm", h)))
            h = h + _linear(w, f"{part}.contract", _drop(middle, keys[place], 0.1))
        return _linear(w, "output", h)[:, 0]

    return forward


def _gelu_mlp(_network: Any) -> Forward:
    def forward(w: Weights, x: Any, _key: Any) -> Any:
        x = jax.nn.gelu(_norm(w, "layers.1", _linear(w, "layers.0", x)), approximate=False)
        x = jax.nn.gelu(_linear(w, "layers.3", x), approximate=False)
        return _linear(w, "layers.5", x)[:, 0]

    return forward


def _encoder(network: Any) -> Forward:
    layers = len(network.encoder.layers)
    heads = network.encoder.layers[0].self_attn.num_heads

    def forward(w: Weights, x: Any, _key: Any) -> Any:
        x = _linear(w, "embedding", x[..., None])
        for layer in range(layers):
            part = f"encoder.layers.{layer}"
            joint = x @ w[f"{part}.self_attn.in_proj_weight"].T
            mixed = _attended(joint + w[f"{part}.self_attn.in_proj_bias"], heads)
            mixed = _linear(w, f"{part}.self_attn.out_proj", mixed)
            x = _norm(w, f"{part}.norm1", x + mixed)
            middle = jax.nn.relu(_linear(w, f"{part}.linear1", x))
            x = _norm(w, f"{part}.norm2", x + _linear(w, f"{part}.linear2", middle))
        hidden = jnp.tanh(_linear(w, "hidden", x.reshape(len(x), -1)))
        return _linear(w, "output", hidden)[:, 0]

    return forward
