"""Mini-batches of many replicates at once, each drawn from its own streams."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from study.common.errors import InputError
from study.common.streams import bit_generator, keep_bits
from study.engines.replicates import Replicate
from study.engines.row_orders import Orders
from study.networks.dropout import Dropout


class Batches:
    """The mini-batches, labels and keep masks that each replicate meets in training.

    Rows are shuffled anew each epoch; a last, partial batch is used as it is. Those `held_out`
    are not among them.

    Attributes
    ----------
    validation : x and y of the rows held out, (slots, held_out, features) and (slots, held_out)
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
    ) -> None:
        self._orders = Orders(slots, len(y) - tested, tested, held_out, groups)
        self.rows = self._orders.rows
        self.size = min(batch_size, self.rows)
        self.last_full = self.rows // self.size - 1
        self._x = torch.from_numpy(x)
        self._y = torch.from_numpy(y)
        row_of, label_of = self._orders.validation
        self.validation = self._x[row_of], self._y[label_of]
        self._dropouts = [bit_generator(slot.streams.dropout, "dropout") for slot in slots]
        self._keep_masks = {
            rows: KeepMasks(network, rows=rows, inputs=x.shape[1])
            for rows in {self.size, self.rows % self.size} - {0}
        }

    def epoch(self) -> Iterator[tuple[Tensor, Tensor, dict[str, Tensor]]]:
        """One epoch of (x, y, keep masks): (slots, rows, features), (slots, rows), (slots, ...)."""
        row_of, label_of = (torch.from_numpy(part[0]) for part in self._orders.epochs(1))
        for start in range(0, self.rows, self.size):
            x = self._x[row_of[:, start : start + self.size]]
            y = self._y[label_of[:, start : start + self.size]]
            yield x, y, self._keep_masks[x.shape[1]].draw(self._dropouts)


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
