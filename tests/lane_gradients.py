"""Gradients of one mini-batch, by a training kernel and by autograd."""

import copy

import numpy as np
import torch
from plain_loop import mean_loss
from torch import nn

from study.common.streams import bit_generator
from study.common.task import NUMBER, Task
from study.engines.batches import KeepMasks
from study.engines.lanes.compiler import aligned
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.packing import kernel, pack, positions, unpack


def spread(network: nn.Module, lanes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights around a network's own, different in every lane."""
    return {
        name: (value.detach().numpy() + 0.3 * rng.normal(size=(lanes, *value.shape))).astype(
            np.float32
        )
        for name, value in network.named_parameters()
    }


def by_autograd(
    network: nn.Module,
    weights: dict[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    keep: dict[str, torch.Tensor],
    dtype: torch.dtype,
    task: Task = NUMBER,
) -> dict[str, np.ndarray]:
    """Gradients of one network's mini-batch loss, by parameter and, under "x", of its inputs."""
    network = copy.deepcopy(network).to(dtype).train()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
    for name, mask in keep.items():
        network.get_submodule(name.removesuffix(".keep")).keep = mask.to(dtype)
    rows = torch.from_numpy(x).to(dtype).requires_grad_(True)
    mean_loss(network(rows), torch.from_numpy(y).to(dtype), task).backward()
    gradients = {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in network.named_parameters()
    }
    return {name: value.double().numpy() for name, value in {**gradients, "x": rows.grad}.items()}


def largest(arrays: dict[str, np.ndarray]) -> float:
    return max(float(np.abs(array).max()) for array in arrays.values())


def check_gradients(
    network: nn.Module, sizes: Sizes, inputs: int, rows: int, seed: int, task: Task = NUMBER
) -> None:
    """Gradients of one batch, with other weights, rows and dropout decisions in every lane.

    They must be within 1e-6 of the largest, or within four times the error of torch's own
    float32 on the same networks, which for random weights often exceeds 1e-6 by itself.
    """
    lanes, rng = 8, np.random.default_rng(seed)
    weights = spread(network, lanes, rng)
    table = rng.normal(size=(9, inputs)).astype(np.float32)
    targets = rng.normal(size=9).astype(np.float32)
    if task.classes:
        targets = rng.integers(len(task.levels), size=9).astype(np.float32)
    if task.counts:
        targets = rng.poisson(2, size=9).astype(np.float32)
    row_of = rng.integers(9, size=(rows, lanes))
    label_of = rng.integers(9, size=(rows, lanes))
    masks = KeepMasks(network, rows=rows, inputs=inputs)
    generators = [bit_generator(lane, "dropout") for lane in range(lanes)]
    streams = aligned((4, lanes), np.uint64)
    streams[:] = np.stack([one.state["state"]["state"] for one in generators], axis=1)
    (block,) = pack(weights, sizes.shapes, lanes)
    first, input_gradients = aligned(block.shape), aligned((2, rows, inputs, lanes))
    kernel("training", sizes, inputs, lanes, task.loss)(
        weights=block,
        first=first,
        second=aligned(block.shape),
        table=table,
        targets=targets,
        row_of=row_of,
        label_of=label_of,
        positions=positions(network, rows),
        thresholds=np.append(masks.threshold, np.zeros(3, np.uint16)),
        streams=streams,
        masks=np.zeros((len(masks.threshold) + 3, lanes // 8), dtype=np.uint8),
        corrections=np.ones((1, 2), dtype=np.float32),
        losses=aligned((1, lanes)),
        input_gradients=input_gradients,
        epochs=1,
        rows=rows,
        size=rows,
    )
    # After one step, Adam's first moment is a tenth of the gradient.
    found = {name: array * 10.0 for name, array in unpack(first, sizes.shapes, lanes).items()}
    found["x"] = np.moveaxis(input_gradients[0], -1, 0)
    keep = masks.draw(generators)
    errors, stock_errors = [], []
    for lane in range(lanes):
        exact, stock = (
            by_autograd(
                network,
                {name: array[lane] for name, array in weights.items()},
                table[row_of[:, lane]],
                targets[label_of[:, lane]],
                {name: mask[lane] for name, mask in keep.items()},
                dtype,
                task,
            )
            for dtype in (torch.float64, torch.float32)
        )
        for errors_, gradients in (
            (errors, {name: array[lane] for name, array in found.items()}),
            (stock_errors, stock),
        ):
            differences = {name: gradients[name] - exact[name] for name in exact}
            errors_.append(largest(differences) / largest(exact))
    assert max(errors) <= max(1e-6, 4 * max(stock_errors))
