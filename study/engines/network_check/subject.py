"""The network under test, and what its checks share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from study.common.findings import Finding
from study.networks.build import bound_arguments, build, import_class
from study.networks.dropout import Dropout
from study.recipes.model import ModelRecipe

# Rows that the parts of the check take that work on single rows.
FEW = 3


@dataclass(frozen=True)
class Subject:
    """The network to be checked, and the data on which it is tried.

    variables : columns of each; outputs : how many numbers are to be predicted of a row
    """

    recipe: ModelRecipe
    train_x: Tensor
    test_x: Tensor
    variables: Mapping[str, Sequence[int]] = field(default_factory=dict)
    outputs: int = 1

    @property
    def inputs(self) -> int:
        return self.train_x.shape[1]

    @cached_property
    def network_class(self) -> type[nn.Module]:
        return import_class(self.recipe)

    @cached_property
    def arguments(self) -> dict[str, Any]:
        return bound_arguments(
            self.recipe, self.network_class, inputs=self.inputs, outputs=self.outputs
        )

    @property
    def mapped(self) -> str:
        """The shape of what it gives, in words."""
        return "(rows,)" if self.outputs == 1 else f"(rows, {self.outputs})"

    @property
    def batches(self) -> list[int]:
        """Rows of a batch, and of the last, partial one, if there is one."""
        rows = len(self.train_x)
        size = min(self.recipe.training.batch_size, rows)
        return [size, rows % size] if rows % size else [size]

    def network(self, init: int = 0, *, training: bool) -> nn.Module:
        """Built anew, with the harness's dropout letting everything pass."""
        network = build(self.recipe, inputs=self.inputs, outputs=self.outputs, init=init)
        for module in network.modules():
            if isinstance(module, Dropout):
                module.keep = torch.ones(())
        return network.train(training)

    def x(self, rows: int, *, start: int = 0) -> Tensor:
        """A copy of so many training rows, which come again where there are fewer."""
        return self.train_x[torch.arange(start, start + rows) % len(self.train_x)].clone()


Find = Callable[[Subject], Iterator[Finding]]


def constant_buffers(network: nn.Module) -> dict[str, Tensor]:
    """Buffers, but for the keep masks of dropout."""
    masks = {
        f"{name}.keep" for name, module in network.named_modules() if isinstance(module, Dropout)
    }
    return {name: value for name, value in network.named_buffers() if name not in masks}


def one_number_each(y: Tensor) -> Tensor:
    """A sum of each row's outputs (rows,), in which they do not cancel out.

    The plain sum of logits may be the same for all rows.
    """
    return y if y.ndim == 1 else (y * (1.0 + torch.arange(y.shape[1]))).sum(1)


def one_number(y: Tensor) -> Tensor:
    """The same for all rows at once, to be differentiated."""
    return one_number_each(y).sum()


def equal(one: Tensor, other: Tensor | None) -> bool:
    """Whether two tensors are the same, NaN and all."""
    return (
        other is not None
        and one.shape == other.shape
        and torch.allclose(one.double(), other.double(), rtol=0, atol=0, equal_nan=True)
    )


def close(one: Tensor, other: Tensor) -> bool:
    """Equal but for rounding, which is measured by the greatest entry."""
    return torch.allclose(one, other, rtol=0, atol=1e-3 * float(other.abs().max()) + 1e-6)


def quoted(names: list[str]) -> str:
    """The first names in quotation marks, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more
