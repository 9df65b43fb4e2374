"""What a network holds while it predicts and differentiates, measured on a few rows."""

import math
import weakref
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from study.engines.one_thread import one_thread
from study.engines.torch.prediction import BLOCK, TorchStack

# How much more than what lives the allocator keeps.
_KEPT = 1.6


def live(network: nn.Module, inputs: int) -> tuple[int, int]:
    """Bytes that live at a time for each row that BLOCK networks predict, and differentiate."""
    arrays = {
        name: np.broadcast_to(value.detach().numpy(), (BLOCK, *value.shape))
        for name, value in network.named_parameters()
    }
    stack = TorchStack(network, arrays)
    found = []
    for method in (stack.predict_together, stack.gradients):
        most = []
        for rows in (2, 10):
            x = np.zeros((rows, inputs), dtype=np.float32)
            with one_thread(), _Live() as live:
                method(x)
            most.append(live.most)
        found.append(math.ceil(_KEPT * max(most[1] - most[0], 0) / 8))
    return found[0], found[1]


class _Live(TorchDispatchMode):
    """Counts the bytes of all tensors that live at a time.

    most : the most so far
    """

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._sizes: dict[int, tuple[int, Any]] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        result = function(*arguments, **(options or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor.untyped_storage())
        self.most = max(self.most, sum(size for size, _ in list(self._sizes.values())))
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        name = id(storage)
        if name not in self._sizes:
            gone = weakref.ref(storage, lambda _: self._sizes.pop(name, None))
            self._sizes[name] = storage.nbytes(), gone
