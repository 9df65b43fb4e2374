"""What operations and the planner are to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from study.engines.lanes.graph.expressions import Pieces, Tensor
from study.engines.lanes.graph.graph import Constant, Graph, Reference


class Planner(Protocol):
    """What operations ask for, where expressions alone do not do."""

    graph: Graph

    def tensor(self, part: Reference | Constant | float) -> Tensor:
        """An argument of a call as one tensor."""

    def pieces(self, part: object) -> Pieces | None:
        """An argument in parts, if it is left in such."""

    def constant(self, array: np.ndarray) -> Tensor:
        """An array as a tensor."""

    def keep(self, tensor: Tensor) -> Tensor:
        """The same tensor in memory, as it is read more than once."""

    def reshape(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """The same numbers in another shape, copied where strides cannot express it."""


# Of the planner and the arguments of a call: a result, or several.
Operation = Callable[..., Tensor | Pieces | tuple[Tensor | Pieces | None, ...]]


def axes_of(axes: Any, tensor: Tensor) -> list[int]:
    """The axes that are meant: all if none are named."""
    count = max(len(tensor.shape), 1)
    if axes is None or axes == ():
        return list(range(len(tensor.shape)))
    named = axes if isinstance(axes, tuple) else (axes,)
    return sorted(axis % count for axis in named)
