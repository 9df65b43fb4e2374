"""Training with torch.func: vmap over stacked parameters, for any network."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional

from study.dataset import Dataset
from study.errors import InputError
from study.networks import build
from study.networks.dropout import Dropout
from study.networks.stack import BLOCK, Weights, one_thread
from study.recipes import ModelRecipe, Protocol
from study.training.batches import Batches
from study.training.trained import Replicate, Trained

# The block size is part of the name, since it may show in the last bits of a result.
ENGINE = f"torch-{BLOCK}"

Tensors = dict[str, Tensor]

OCCASIONS = 10
LOSS_POINTS = 50


def train(
    recipe: ModelRecipe,
    replicates: Sequence[Replicate],
    dataset: Dataset,
    on_epoch: Callable[[], None] = lambda: None,
) -> Trained:
    """Train up to BLOCK replicates of one model, each exactly as if it were alone.

    Condition `shuffled` permutes the training labels; `untrained` keeps the initial weights,
    and needs a block of its own. `on_epoch` is called after every epoch. Raises InputError
    when the recipe's network cannot be built or keeps a state of its own.
    """
    if not 1 <= len(replicates) <= BLOCK:
        raise ValueError(f"a block holds 1 to {BLOCK} replicates, but got {len(replicates)}")
    untrained = {replicate.condition == "untrained" for replicate in replicates}
    if len(untrained) > 1:
        raise ValueError("untrained replicates need a block of their own")
    slots = [*replicates, *[replicates[0]] * (BLOCK - len(replicates))]
    networks = [
        build(recipe, inputs=len(dataset.features), init=slot.streams.init) for slot in slots
    ]
    stacked, buffers = stack_module_state(networks)
    _refuse_changing_buffers(networks[0], buffers)
    parameters = {name: parameter.detach() for name, parameter in stacked.items()}
    network = networks[0].train()
    if untrained.pop():
        trained = Trained.without_steps(_numpy(parameters))
    else:
        with one_thread():
            batches = Batches(slots, dataset, network, recipe.training.batch_size)
            trained = _fit(network, parameters, buffers, batches, recipe.training, on_epoch)
    return trained.first(len(replicates))


def _fit(
    network: nn.Module,
    parameters: Tensors,
    buffers: Tensors,
    batches: Batches,
    protocol: Protocol,
    on_epoch: Callable[[], None],
) -> Trained:
    """Train `parameters` (slots, ...) in place."""

    def loss(parameters: Tensors, x: Tensor, buffers: Tensors, y: Tensor) -> Tensor:
        return functional.mse_loss(functional_call(network, (parameters, buffers), (x,)), y)

    step = vmap(grad_and_value(loss))
    step_with_inputs = vmap(grad_and_value(loss, argnums=(0, 1)))
    optimizer = torch.optim.Adam(
        list(parameters.values()),
        lr=protocol.learning_rate,
        # The fused kernel rounds differently in its last, partial vector.
        fused=False,
        foreach=False,
    )
    loss_epochs = _loss_epochs(protocol.epochs)
    occasion_epochs = np.arange(0, protocol.epochs, max(1, protocol.epochs // OCCASIONS))
    losses, occasions = [], []
    for epoch in range(protocol.epochs):
        epoch_loss = torch.zeros(BLOCK)
        for batch, (x, y, masks) in enumerate(batches.epoch()):
            state = {**buffers, **masks}
            if batch == batches.last_full and epoch in occasion_epochs:
                (gradients, of_inputs), batch_loss = step_with_inputs(parameters, x, state, y)
                occasions.append(of_inputs.numpy())
            else:
                gradients, batch_loss = step(parameters, x, state, y)
            for name, parameter in parameters.items():
                parameter.grad = gradients[name]
            optimizer.step()
            epoch_loss += batch_loss
        if epoch == 0:
            _refuse_changing_buffers(network, buffers)
        if epoch in loss_epochs:
            losses.append(epoch_loss.numpy())
        on_epoch()
    return Trained(
        weights=_numpy(parameters),
        loss_epochs=loss_epochs,
        losses=np.stack(losses, axis=1),
        occasion_epochs=occasion_epochs,
        occasions=np.stack(occasions, axis=1),
    )


def _refuse_changing_buffers(network: nn.Module, buffers: Tensors) -> None:
    """Only parameters are kept of a network, so all else must be the same for every seed."""
    masks = {
        f"{name}.keep" for name, module in network.named_modules() if isinstance(module, Dropout)
    }
    for name, fresh in network.named_buffers():
        if name not in masks and not (buffers[name] == fresh).all():
            raise InputError(
                f"buffer '{name}' of the network differs between seeds or changes in training: "
                "make it a parameter, or a constant"
            )


def _loss_epochs(epochs: int) -> np.ndarray:
    """About LOSS_POINTS epochs at even steps, and the last."""
    return np.unique([*range(0, epochs, max(1, epochs // LOSS_POINTS)), epochs - 1])


def _numpy(parameters: dict[str, Tensor]) -> Weights:
    return {name: parameter.numpy() for name, parameter in parameters.items()}
