"""Weights of many networks, laid out for lanes; and what else the kernels of a network need."""

import functools
import math
import threading
from collections.abc import Callable

import numpy as np
from torch import nn

from study.common.errors import InputError
from study.common.weights import Weights
from study.engines.lanes import kernels
from study.engines.lanes.compiler import Kernel, aligned
from study.engines.lanes.graph.graph import Shapes
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.tracing import Trace
from study.networks.transformer import Transformer

_TRACES: dict[str, Callable[..., Trace]] = {
    "training": kernels.training,
    "training with stopping": kernels.training_with_stopping,
    "prediction": kernels.prediction,
    "differentiation": kernels.differentiation,
}
_compiling = threading.Lock()


def kernel(purpose: str, sizes: Sizes, inputs: int, lanes: int, *loss: str | bool) -> Kernel:
    """The kernel of a network for what _TRACES names; `loss` as training takes it."""
    with _compiling:
        return _kernel(purpose, sizes, inputs, lanes, *loss)


@functools.cache
def _kernel(purpose: str, sizes: Sizes, inputs: int, lanes: int, *loss: str | bool) -> Kernel:
    return Kernel(_TRACES[purpose], sizes, inputs, lanes, *loss)


def pack(weights: Weights, shapes: Shapes, lanes: int) -> list[np.ndarray]:
    """Arrays (networks, ...) by name -> blocks (parameters, lanes), the last one filled up.

    Raises InputError unless they have the shapes for which code is compiled, as it reads no others.
    """
    count = len(next(iter(weights.values())))
    for name, shape in shapes:
        if weights[name].shape[1:] != shape:
            raise InputError(
                f"parameter '{name}' of the network has shape {weights[name].shape[1:]}, and had "
                f"{shape} when it was first built: let shapes follow from the recipe alone"
            )
    flat = np.concatenate([weights[name].reshape(count, -1) for name, _ in shapes], axis=1)
    blocks = []
    for start in range(0, count, lanes):
        part = flat[start : start + lanes]
        block = aligned((flat.shape[1], lanes))
        block[:] = part[np.arange(lanes) % len(part)].T
        blocks.append(block)
    return blocks


def unpack(block: np.ndarray, shapes: Shapes, count: int) -> Weights:
    """The first `count` networks of a block: arrays (count, ...) by name."""
    weights, start = {}, 0
    for name, shape in shapes:
        stop = start + math.prod(shape)
        weights[name] = np.ascontiguousarray(block[start:stop, :count].T).reshape(count, *shape)
        start = stop
    return weights


def positions(network: nn.Module, rows: int, first: int = 0) -> np.ndarray:
    """What a Transformer adds for position to `rows` of a batch: (rows, tokens, width).

    `first` is the place of the first of them in the batch.

    The sinusoids of `networks.transformer.sinusoids`, but computed in double precision by the
    standard library, so that they do not depend on the machine's vector width. (Single
    precision differs in the last place, and by 6e-5 at row 20,000 of a batch.) Empty for a
    network without positions.
    """
    if not isinstance(network, Transformer):
        return np.zeros(0, dtype=np.float32)
    tokens, width = network.embedding.weight.shape
    places = range(first, first + rows) if network.positions == "batch" else range(tokens)
    encoding = np.array(
        [
            [
                (math.cos if place % 2 else math.sin)(
                    position * math.exp((place - place % 2) * (-math.log(10000.0) / width))
                )
                for place in range(width)
            ]
            for position in places
        ],
        dtype=np.float32,
    )
    axis = 1 if network.positions == "batch" else 0
    return np.ascontiguousarray(
        np.broadcast_to(np.expand_dims(encoding, axis), (rows, tokens, width))
    )
