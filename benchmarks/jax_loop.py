"""The same trainings in JAX: vmap over seeds, scan over steps, compiled as a whole.

As a yardstick of speed only: weights and dropout come from JAX's own generators.
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


def epochs_of(network: nn.Module, x: np.ndarray, y: np.ndarray, seeds: int) -> Callable[[int], Any]:
    """A function that trains `seeds` networks for some epochs, of batches of ten."""
    forward = _forward(network)
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


def _forward(network: nn.Module) -> Callable[[Weights, Any, Any], Any]:
    if isinstance(network, Transformer):
        return _transformer(network)
    assert isinstance(network, MLP | Linear)
    hidden = len(network.hidden) if isinstance(network, MLP) else 0

    def perceptron(w: Weights, x: Any, _key: Any) -> Any:
        for layer in range(hidden):
            x = jnp.tanh(x @ w[f"hidden.{layer}.weight"].T + w[f"hidden.{layer}.bias"])
        return (x @ w["output.weight"].T + w["output.bias"])[:, 0]

    return perceptron


def _transformer(network: Transformer) -> Callable[[Weights, Any, Any], Any]:
    tokens, width = network.embedding.weight.shape
    heads = cast(EncoderLayer, network.layers[0]).attention.heads
    encoding = jnp.asarray(sinusoids(10, width, network.output.weight.dtype).numpy())[:, None]

    def drop(x: Any, key: Any, probability: float) -> Any:
        kept = jax.random.bits(key, x.shape, jnp.uint16) >= round(probability * 65536)
        return jnp.where(kept, x / (1 - probability), 0)

    def norm(x: Any, weight: Any, bias: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * weight + bias

    def forward(w: Weights, x: Any, key: Any) -> Any:
        keys = iter(jax.random.split(key, 1 + 4 * len(network.layers)))
        x = x[..., None] * w["embedding.weight"] + w["embedding.bias"] + encoding
        x = drop(x, next(keys), 0.2)
        for layer in range(len(network.layers)):
            p = {
                name.removeprefix(f"layers.{layer}."): value
                for name, value in w.items()
                if name.startswith(f"layers.{layer}.")
            }
            joint = x @ p["attention.query_key_value"].T + p["attention.query_key_value_bias"]
            parts = joint.reshape(-1, tokens, 3, heads, width // heads)
            query, by_key, value = (parts[:, :, part].swapaxes(1, 2) for part in range(3))
            scores = query @ by_key.swapaxes(-1, -2) / math.sqrt(width // heads)
            mixed = drop(jax.nn.softmax(scores), next(keys), 0.1) @ value
            mixed = mixed.swapaxes(1, 2).reshape(-1, tokens, width)
            mixed = mixed @ p["attention.output.weight"].T + p["attention.output.bias"]
            x = x + drop(mixed, next(keys), 0.1)
            x = norm(x, p["attention_norm.weight"], p["attention_norm.bias"])
            middle = jax.nn.relu(x @ p["expand.weight"].T + p["expand.bias"])
            middle = drop(middle, next(keys), 0.1) @ p["contract.weight"].T + p["contract.bias"]
            x = x + drop(middle, next(keys), 0.1)
            x = norm(x, p["feedforward_norm.weight"], p["feedforward_norm.bias"])
        hidden = jnp.tanh(x.reshape(len(x), -1) @ w["hidden.weight"].T + w["hidden.bias"])
        return (hidden @ w["output.weight"].T + w["output.bias"])[:, 0]

    return forward
