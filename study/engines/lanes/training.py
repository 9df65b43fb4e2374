"""Training of networks in lanes."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import nn

from study.common.streams import bit_generator
from study.common.task import Task
from study.engines.batches import KeepMasks
from study.engines.lanes.compiler import aligned
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.kernels import FIRST_DECAY, SECOND_DECAY
from study.engines.lanes.packing import kernel, pack, positions, unpack
from study.engines.replicates import Replicate, Trained, loss_epochs, occasion_epochs
from study.engines.row_orders import Orders
from study.networks.build import build
from study.recipes.model import ModelRecipe, Protocol

# The last word drawn in a step may decide on up to three numbers that are not there.
_SPARE = 3
# How much is trained in one call, out of reach of Python: rows, and rows times parameters.
_ROWS_AT_ONCE, _WORK_AT_ONCE = 8192, 6_000_000
# Epochs in one call where training may stop early, which is noticed after it.
_MAY_STOP = 10


def train_block(
    recipe: ModelRecipe,
    sizes: Sizes,
    task: Task,
    replicates: Sequence[Replicate],
    x: np.ndarray,
    y: np.ndarray,
    on_epochs: Callable[[int], None],
    lanes: int,
    tested: int = 0,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Trained:
    """Train at most as many replicates as there are lanes; `sizes` are those of the network."""
    inits = [replicate.streams.init for replicate in replicates]
    networks = {
        init: build(recipe, inputs=x.shape[1], outputs=task.outputs, init=init)
        for init in set(inits)
    }
    parameters = {init: dict(network.named_parameters()) for init, network in networks.items()}
    initial = {
        name: np.stack([parameters[init][name].detach() for init in inits])
        for name, _ in sizes.shapes
    }
    if not replicates[0].trained:
        return Trained.without_steps(initial, len(replicates))
    # Lanes without a replicate repeat those with one.
    slots = [replicates[lane % len(replicates)] for lane in range(lanes)]
    (packed,) = pack(initial, sizes.shapes, lanes)
    protocol = recipe.training
    network = networks[inits[0]]
    training = _Training(
        network, sizes, task, slots, packed, x, y, protocol, tested, groups, weights
    )
    kept_losses, kept_occasions = loss_epochs(protocol.epochs), occasion_epochs(protocol.epochs)
    losses, occasions = [], []
    at_once = epochs_at_once(len(y) - tested, len(packed), protocol.patience)
    for start in range(0, protocol.epochs, at_once):
        epochs = range(start, min(start + at_once, protocol.epochs))
        epoch_losses, input_gradients = training.go_on(len(epochs))
        # Copies: a part of an array would keep all of it.
        losses += [epoch_losses[epoch - start].copy() for epoch in kept_losses if epoch in epochs]
        occasions += [
            input_gradients[epoch - start].copy() for epoch in kept_occasions if epoch in epochs
        ]
        on_epochs(len(epochs))
        if training.stopped:
            break
    count = len(replicates)
    return Trained.by_steps(
        unpack(training.weights, sizes.shapes, count),
        training.epochs[:count],
        [of_epoch[:count] for of_epoch in losses],
        [np.moveaxis(of_epoch, -1, 0)[:count] for of_epoch in occasions],
        protocol.epochs,
    )


def epochs_at_once(rows: int, parameters: int, patience: int | None) -> int:
    """How many epochs are trained in one call; fewer where all lanes may have stopped in it."""
    most = max(1, min(_ROWS_AT_ONCE, _WORK_AT_ONCE // parameters) // rows)
    return most if patience is None else min(most, _MAY_STOP)


class _Training:
    """A training in progress; `weights` (parameters, lanes) are changed in place.

    With patience, the kernel keeps the progress of each lane, and its best weights.
    """

    def __init__(
        self,
        network: nn.Module,
        sizes: Sizes,
        task: Task,
        slots: Sequence[Replicate],
        weights: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        protocol: Protocol,
        tested: int,
        groups: np.ndarray | None,
        row_weights: np.ndarray | None,
    ) -> None:
        lanes, inputs = len(slots), x.shape[1]
        held_out = protocol.held_out(len(y) - tested)
        self._orders = Orders(
            slots, len(y) - tested, tested, held_out, groups, y if task.classes else None
        )
        self._rows = self._orders.rows
        self._size = min(protocol.batch_size, self._rows)
        self._batches = -(-self._rows // self._size)
        self._patience, self._done = protocol.patience, 0
        purpose = "training" if self._patience is None else "training with stopping"
        weighted = row_weights is not None
        self._kernel = kernel(purpose, sizes, inputs, lanes, task.loss, weighted)
        self._shape = (self._size, inputs, lanes)
        thresholds = [
            KeepMasks(network, rows=rows, inputs=inputs).threshold
            for rows in (self._size, self._rows % self._size)
            if rows
        ]
        streams = aligned((4, lanes), np.uint64)
        streams[:] = np.stack([_state(slot.streams.dropout) for slot in slots], axis=1)
        self._arrays = {
            "weights": weights,
            "first": aligned(weights.shape),
            "second": aligned(weights.shape),
            "table": np.ascontiguousarray(x, dtype=np.float32),
            "targets": np.ascontiguousarray(y, dtype=np.float32),
            "positions": positions(network, self._size),
            "thresholds": np.concatenate([*thresholds, np.zeros(_SPARE, dtype=np.uint16)]),
            "streams": streams,
            "masks": aligned((len(thresholds[0]) + _SPARE, lanes // 8), np.uint8),
        }
        if row_weights is not None:
            self._arrays |= {
                "row_weights": np.ascontiguousarray(row_weights, dtype=np.float32),
                "row_scales": self._orders.weight_scales(row_weights)[None],
            }
        self._integers = {"rows": self._rows, "size": self._size}
        if self._patience is not None:
            self._arrays |= _nothing_kept(weights, *self._orders.validation)
            self._integers |= {"held_out": held_out, "patience": self._patience}
        self._learning_rate = protocol.learning_rate
        self._powers = np.ones(2)

    @property
    def weights(self) -> np.ndarray:
        """The weights that each lane has come to, or those of its best epoch."""
        return self._arrays["weights" if self._patience is None else "kept"]

    @property
    def epochs(self) -> np.ndarray:
        """How many epochs it was trained: (lanes,)."""
        if self._patience is None:
            return np.full(self._kernel.lanes, self._done)
        return self._arrays["progress"][2].astype(int)

    @property
    def stopped(self) -> bool:
        """Whether all lanes have."""
        if self._patience is None:
            return False
        return bool((self._arrays["progress"][1] >= self._patience).all())

    def go_on(self, epochs: int) -> tuple[np.ndarray, np.ndarray]:
        """Train on for some epochs.

        Returns the sum of each epoch's mini-batch losses (epochs, lanes), and the input
        gradients of the loss of its last full batch (epochs, rows, features, lanes).
        """
        row_of, label_of = (
            np.ascontiguousarray(part.swapaxes(1, 2)) for part in self._orders.epochs(epochs)
        )
        losses = aligned((epochs, self._kernel.lanes))
        input_gradients = aligned((epochs + 1, *self._shape))
        self._kernel(
            **self._arrays,
            corrections=self._corrections(epochs * self._batches),
            row_of=row_of,
            label_of=label_of,
            losses=losses,
            input_gradients=input_gradients,
            epochs=epochs,
            **self._integers,
        )
        self._done += epochs
        return losses, input_gradients[:-1]

    def _corrections(self, steps: int) -> np.ndarray:
        """Adam's step size and root of the second correction, of the next steps: (steps, 2).

        Powers come from multiplication, since those of the C library differ between machines.
        """
        decays = np.tile([FIRST_DECAY, SECOND_DECAY], (steps, 1))
        powers = np.multiply.accumulate(np.concatenate([self._powers[None], decays]))[1:]
        self._powers = powers[-1]
        pairs = np.stack([self._learning_rate / (1 - powers[:, 0]), np.sqrt(1 - powers[:, 1])], 1)
        return pairs.astype(np.float32)


def _nothing_kept(
    weights: np.ndarray, rows: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """What the kernel takes to keep the best weights, before the first epoch.

    rows, labels : (lanes, validation rows). Weights without a finite error stay NaN.
    """
    progress, kept = aligned((3, weights.shape[1])), aligned(weights.shape)
    progress[0], kept[:] = np.inf, np.nan
    return {
        "held_row_of": np.ascontiguousarray(rows.T),
        "held_label_of": np.ascontiguousarray(labels.T),
        "progress": progress,
        "kept": kept,
    }


def _state(seed: int) -> np.ndarray:
    """The four words of a seed's SFC64 for dropout."""
    return bit_generator(seed, "dropout").state["state"]["state"]
