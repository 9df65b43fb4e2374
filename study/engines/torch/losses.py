"""What training makes small, by what is learnt."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from study.common.task import Task

# Of outputs, targets, and how they are reduced: "none" or "mean".
Loss = Callable[[Tensor, Tensor, str], Tensor]


def loss_of(task: Task) -> Loss:
    """Squared error, Poisson loss of a count's log-rate, or cross-entropy of log-odds or logits.

    Of outputs (..., rows) or (..., rows, classes), and targets (..., rows): numbers, counts, or
    the numbers of the classes.
    """
    if task.loss == "squared error":
        return lambda y, targets, how: functional.mse_loss(y, targets, reduction=how)
    if task.loss == "Poisson":
        return _of_counts
    return _binary if task.outputs == 1 else _of_several


def _of_counts(y: Tensor, targets: Tensor, how: str) -> Tensor:
    return functional.poisson_nll_loss(y, targets, log_input=True, reduction=how)


def _binary(y: Tensor, targets: Tensor, how: str) -> Tensor:
    return functional.binary_cross_entropy_with_logits(y, targets, reduction=how)


def _of_several(y: Tensor, targets: Tensor, how: str) -> Tensor:
    return functional.cross_entropy(y.movedim(-1, 1), targets.long(), reduction=how)
