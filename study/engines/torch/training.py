"""Training with torch.func: vmap over stacked parameters, for any network, on any device."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from study.common.errors import InputError
from study.common.task import Task
from study.common.weights import Weights
from study.engines.batches import Batches
from study.engines.one_thread import one_thread
from study.engines.replicates import Replicate, Trained, loss_epochs, occasion_epochs
from study.engines.torch.best import Best
from study.engines.torch.losses import Loss, loss_of
from study.engines.torch.prediction import BLOCK
from study.networks.build import build
from study.networks.dropout import Dropout
from study.recipes.model import ModelRecipe, Protocol

Tensors = dict[str, Tensor]


def train_block(
    recipe: ModelRecipe,
    task: Task,
    replicates: Sequence[Replicate],
    x: np.ndarray,
    y: np.ndarray,
    on_epochs: Callable[[int], None],
    device: str = "cpu",
    tested: int = 0,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Trained:
    """Train up to BLOCK replicates of one model at once, on a device of torch."""
    slots = [*replicates, *[replicates[0]] * (BLOCK - len(replicates))]
    networks = [
        build(recipe, inputs=x.shape[1], outputs=task.outputs, init=slot.streams.init)
        for slot in slots
    ]
    stacked, buffers = stack_module_state(networks)
    network = networks[0]
    del networks  # as large as all else
    _refuse_changing_buffers(network, buffers)
    if not replicates[0].trained:
        trained = Trained.without_steps(_numpy(stacked), len(slots))
    else:
        with one_thread():
            network.train()
            protocol = recipe.training
            held_out = protocol.held_out(len(y) - tested)
            batches = Batches(
                slots, x, y, network, protocol.batch_size, tested, held_out, groups, weights, task
            )
            parameters, buffers = _moved(stacked, device), _moved(buffers, device)
            network, loss = network.to(device), loss_of(task)
            trained = _fit(network, parameters, buffers, batches, protocol, loss, on_epochs)
    return trained.first(len(replicates))


def _fit(
    network: nn.Module,
    parameters: Tensors,
    buffers: Tensors,
    batches: Batches,
    protocol: Protocol,
    loss: Loss,
    on_epochs: Callable[[int], None],
) -> Trained:
    """Train `parameters` (slots, ...) in place, on the device on which they lie."""
    device = str(next(iter(parameters.values())).device)

    def of_batch(
        parameters: Tensors, x: Tensor, buffers: Tensors, targets: tuple[Tensor, ...]
    ) -> Tensor:
        y = functional_call(network, (parameters, buffers), (x,))
        if len(targets) == 1:
            return loss(y, *targets, "mean")
        labels, weights = targets
        return (loss(y, labels, "none") * weights).mean()

    step = vmap(grad_and_value(of_batch))
    step_with_inputs = vmap(grad_and_value(of_batch, argnums=(0, 1)))
    optimizer = torch.optim.Adam(
        list(parameters.values()),
        lr=protocol.learning_rate,
        # The fused kernel rounds differently in its last, partial vector.
        fused=False,
        foreach=False,
    )
    losses, occasions = [], []
    kept_losses, kept_occasions = loss_epochs(protocol.epochs), occasion_epochs(protocol.epochs)
    best = _best(network, parameters, batches, protocol, loss, device)
    for epoch in range(protocol.epochs):
        epoch_loss = torch.zeros(BLOCK, device=device)
        for batch, (x, targets, masks) in enumerate(batches.epoch()):
            x, state = x.to(device), {**buffers, **_moved(masks, device)}
            targets = tuple(part.to(device) for part in targets)
            if batch == batches.last_full and epoch in kept_occasions:
                (gradients, of_inputs), batch_loss = step_with_inputs(parameters, x, state, targets)
                occasions.append(of_inputs.cpu().numpy())
            else:
                gradients, batch_loss = step(parameters, x, state, targets)
            for name, parameter in parameters.items():
                parameter.grad = gradients[name]
            optimizer.step()
            epoch_loss += batch_loss
        if epoch == 0:
            _refuse_changing_buffers(network, buffers)
        if epoch in kept_losses:
            losses.append(epoch_loss.cpu().numpy())
        on_epochs(1)
        if best is not None and best.look():
            break
    epochs = np.full(BLOCK, protocol.epochs) if best is None else best.epochs
    weights = _numpy(parameters if best is None else best.weights)
    return Trained.by_steps(weights, epochs, losses, occasions, protocol.epochs)


def _best(
    network: nn.Module,
    parameters: Tensors,
    batches: Batches,
    protocol: Protocol,
    loss: Loss,
    device: str,
) -> Best | None:
    """What keeps the best weights on validation rows; None without patience."""
    if protocol.patience is None:
        return None
    x, *targets = (part.to(device) for part in batches.validation)
    return Best(network, parameters, x, targets, loss, protocol.patience)


def _refuse_changing_buffers(network: nn.Module, buffers: Tensors) -> None:
    """Only parameters are kept of a network, so all else must be the same for every seed."""
    masks = {
        f"{name}.keep" for name, module in network.named_modules() if isinstance(module, Dropout)
    }
    same = partial(torch.isclose, rtol=0, atol=0, equal_nan=True)
    for name, fresh in network.named_buffers():
        if name not in masks and not same(buffers[name], fresh).all():
            raise InputError(
                f"buffer '{name}' of the network differs between seeds or changes in training: "
                "make it a parameter, or a constant"
            )


def _moved(tensors: Tensors, device: str) -> Tensors:
    return {name: tensor.detach().to(device) for name, tensor in tensors.items()}


def _numpy(tensors: Tensors) -> Weights:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
