"""Checks of what many seeds at once ask for: training, measuring, neighbours."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional

from study.common.findings import FAULT, NOTE, Finding
from study.engines.network_check.effects import without_gradient
from study.engines.network_check.neighbours import answer, depending
from study.engines.network_check.subject import FEW, Subject, close, one_number, quoted
from study.engines.torch.prediction import TorchStack


def having_gradients(subject: Subject) -> Iterator[Finding]:
    """N013: inputs and parameters have gradients."""
    network = subject.network(training=True)
    x = subject.x(subject.batches[0]).requires_grad_(True)
    parameters = dict(network.named_parameters())
    of_x, *gradients = torch.autograd.grad(
        one_number(network(x)), [x, *parameters.values()], allow_unused=True
    )
    unused = [
        name for name, gradient in zip(parameters, gradients, strict=True) if gradient is None
    ]
    if of_x is None:
        yield Finding(
            FAULT,
            "the prediction has no gradient with respect to the inputs",
            "no detach(), torch.no_grad() or torch.tensor(x) on the way, and no rounding",
        )
    elif len(unused) == len(parameters):
        yield Finding(FAULT, "the prediction depends on no parameter", "use them in forward")
    elif not all(torch.isfinite(part).all() for part in (of_x, *gradients) if part is not None):
        yield Finding(
            FAULT,
            "gradients are not finite",
            "look for a root, norm or quotient at 0: add a small constant",
        )
    else:
        if unused:
            what = f"the prediction does not depend on parameter {quoted(unused)}"
            yield Finding(NOTE, what, "take it out, or use it in forward")
        if blind := without_gradient(subject):
            yield Finding(
                NOTE,
                f"predictions depend on variable {quoted(blind)}, but have no gradient there: "
                "gradient methods are undefined for this network",
                "a sum over levels (onehot @ weights) for an index, a smooth step for a "
                "comparison or rounding; or read permutation-grouped",
            )
        elif not of_x.any():
            yield Finding(
                NOTE,
                "at the start the prediction does not change with the inputs",
                "fine if the last layer starts at 0; rounding and comparing have no gradient",
            )


def training_together(subject: Subject) -> Iterator[Finding]:
    """A step of training of two seeds at once, against each alone."""
    networks = [subject.network(init, training=True) for init in (0, 1)]
    parameters, buffers = (
        {name: value.detach() for name, value in part.items()}
        for part in stack_module_state(networks)
    )

    def loss(parameters: dict[str, Tensor], x: Tensor, buffers: dict[str, Tensor]) -> Tensor:
        y = functional_call(networks[0], (parameters, buffers), (x,))
        return functional.mse_loss(y, torch.ones_like(y))

    for rows in subject.batches:
        x = torch.stack([subject.x(rows), subject.x(rows, start=1)])
        (gradients, of_x), _ = vmap(grad_and_value(loss, argnums=(0, 1)))(parameters, x, buffers)
        for seed, network in enumerate(networks):
            own = x[seed].requires_grad_(True)
            y = network(own)
            used = dict(network.named_parameters())
            alone = torch.autograd.grad(
                functional.mse_loss(y, torch.ones_like(y)),
                [own, *used.values()],
                materialize_grads=True,
            )
            together = [of_x, *(gradients[name] for name in used)]
            if not all(close(one[seed], other) for one, other in zip(together, alone, strict=True)):
                yield _unlike_alone("trained")
                return


def measuring_together(subject: Subject) -> Iterator[Finding]:
    """Predictions and gradients of two seeds at once, against each alone, row by row."""
    networks = [subject.network(init, training=False) for init in (0, 1)]
    stacked, _ = stack_module_state(networks)
    weights = {name: value.detach().numpy() for name, value in stacked.items()}
    x = subject.test_x[:FEW].clone()
    stack = TorchStack(networks[0], weights)
    together = torch.from_numpy(stack.predict_together(x.numpy()))
    predictions = torch.from_numpy(stack.predict(x.numpy()))
    gradients = torch.from_numpy(stack.gradients(x.numpy()))
    for seed, network in enumerate(networks):
        alone = torch.cat([network(row.unsqueeze(0)) for row in x])
        of_rows = torch.stack([_slopes(network, row) for row in x])
        with torch.no_grad():
            all_at_once = network(x)
        if not (
            close(predictions[seed], alone.detach())
            and close(gradients[seed], of_rows)
            and close(together[seed], all_at_once)
        ):
            yield _unlike_alone("evaluated")
            return


def _slopes(network: nn.Module, row: Tensor) -> Tensor:
    """The gradient of a row's prediction, (features,); of several logits, each less their mean."""

    def predict(row: Tensor) -> Tensor:
        y = network(row.unsqueeze(0)).squeeze(0)
        return y if y.ndim == 0 else y - y.mean()

    return torch.autograd.functional.jacobian(predict, row)


def _unlike_alone(done: str) -> Finding:
    return Finding(
        FAULT,
        f"seeds that are {done} together differ from the same seeds alone",
        "let forward use tensors alone: no values kept from another call, no detach()",
    )


def minding_no_neighbours(subject: Subject) -> Iterator[Finding]:
    """N016: a row's prediction does not depend on its neighbours."""
    for training in (False, True):
        if what := _depending(subject, training=training):
            done = "predicted" if what == "prediction" else "differentiated"
            yield Finding(
                NOTE,
                f"a row's {what} depends on its neighbours in the batch",
                f"after training each row is {done} alone: make sure that this is meant",
            )
            return


def _depending(subject: Subject, *, training: bool) -> str | None:
    """What of a row depends on its neighbours, in batches of the sizes of training."""
    network = subject.network(training=training)
    weights = {
        name: value.detach().requires_grad_(True) for name, value in network.named_parameters()
    }

    def answered(rows: Tensor, d_y: Tensor, _start: int) -> list[Tensor]:
        return answer(network, weights, rows, d_y)

    try:
        return depending(answered, answered, subject.x(subject.batches[0]), subject.batches)
    except Exception:
        if not training:
            raise
        return "prediction"  # a row alone cannot be normalised by its batch
