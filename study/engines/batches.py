"""Mini-batches of many replicates at once, each drawn from its own streams."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from study.common.errors import InputError
from study.common.streams import bit_generator, keep_bits
from study.common.task import NUMBER, Task
from study.engines.replicates import Replicate
from study.engines.row_orders import Orders
from study.networks.dropout import Dropout


class Batches:
    """The mini-batches, labels and keep masks that each replicate meets in training.

    Rows are shuffled anew each epoch; a last, partial batch is used as it is. Those `held_out`
    are not among them.

    Attributes
    ----------
    validation : x of the rows held out, (slots, held_out, features), and their labels and weights,
        (slots, held_out), the latter where rows have them
    """

    def __init__(
        self,
        slots: Sequence[Replicate],
        x: np.ndarray,
        y: np.ndarray,
        network: nn.Module,
        batch_size: int,
        tested: int = 0,
        held_out: int = 0,
        groups: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        task: Task = NUMBER,
    ) -> None:
        classes = y if task.classes else None
        self._orders = Orders(slots, len(y) - tested, tested, held_out, groups, classes)
        self.rows = self._orders.rows
        self.size = min(batch_size, self.rows)
        self.last_full = self.rows // self.size - 1
        self._x = torch.from_numpy(x)
        self._y = torch.from_numpy(y)
        self._weights = self._scales = None
        if weights is not None:
            self._weights = torch.from_numpy(weights.astype(np.float32))
            self._scales = torch.from_numpy(self._orders.weight_scales(weights))[:, None]
        self.validation = self._rows(*map(torch.from_numpy, self._orders.validation))
        self._dropouts = [bit_generator(slot.streams.dropout, "dropout") for slot in slots]
        self._keep_masks = {
            rows: KeepMasks(network, rows=rows, inputs=x.shape[1])
            for rows in {self.size, self.rows % self.size} - {0}
        }

    def epoch(self) -> Iterator[tuple[Tensor, tuple[Tensor, ...], dict[str, Tensor]]]:
        """One epoch of x (slots, rows, features), labels and weights, and keep masks (slots, ...).

        Weights (slots, rows), as the labels, are there where rows have them.
        """
        row_of, label_of = (torch.from_numpy(part[0]) for part in self._orders.epochs(1))
        for start in range(0, self.rows, self.size):
            batch = slice(start, start + self.size)
            x, *targets = self._rows(row_of[:, batch], label_of[:, batch])
            yield x, tuple(targets), self._keep_masks[x.shape[1]].draw(self._dropouts)

    def _rows(self, row_of: Tensor, label_of: Tensor) -> tuple[Tensor, ...]:
        """Inputs, labels and, if there are any, weights: (slots, rows, ...) each."""
        x, y = self._x[row_of], self._y[label_of]
        if self._weights is None or self._scales is None:
            return x, y
        return x, y, self._weights[row_of] * self._scales


class KeepMasks:
    """Draws the keep masks of all dropout modules of a network, for batches of `rows`.

    In each step a replicate draws one decision for every element that meets a dropout
    module, in the order of the modules in the forward pass, row-major.
    """

    def __init__(self, network: nn.Module, *, rows: int, inputs: int) -> None:
        self.shapes = _dropout_shapes(network, rows=rows, inputs=inputs)
        modules = dict(network.named_modules())
        probability = np.concatenate(
            [np.zeros(0)]
            + [
                np.full(shape.numel(), modules[name].probability)
                for name, shape in self.shapes.items()
            ]
        )
        self.threshold = np.minimum(np.round(probability * 65536), 65535).astype(np.uint16)
        self.scale = (1 / (1 - probability)).astype(np.float32)

    def draw(self, streams: list[np.random.SFC64]) -> dict[str, Tensor]:
        """One mask (replicates, *shape) for each dropout module, by the name of its buffer."""
        if not self.shapes:
            return {}
        keep = np.stack([keep_bits(stream, self.threshold) for stream in streams])
        parts = torch.from_numpy(keep * self.scale).split(
            [shape.numel() for shape in self.shapes.values()], dim=1
        )
        return {
            f"{name}.keep": part.unflatten(1, shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


def _dropout_shapes(network: nn.Module, *, rows: int, inputs: int) -> dict[str, torch.Size]:
    """The shape that meets each dropout module in a forward pass, in the order of the pass."""
    shapes: dict[str, torch.Size] = {}

    def note(name: str) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
        def hook(_module: nn.Module, arguments: tuple[Tensor], _result: Tensor) -> None:
            if name in shapes:
                raise InputError(
                    f"dropout module '{name}' is used twice in one forward pass: "
                    "give each place a module of its own"
                )
            shapes[name] = arguments[0].shape

        return hook

    hooks = [
        module.register_forward_hook(note(name))
        for name, module in network.named_modules()
        if isinstance(module, Dropout) and module.probability > 0
    ]
    training = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(rows, inputs))
    network.train(training)
    for hook in hooks:
        hook.remove()
    return shapes
