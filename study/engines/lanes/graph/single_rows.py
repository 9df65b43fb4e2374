"""Whether the rows of a batch are on their own, so that one of them stands for all."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from study.engines.batches import KeepMasks
from study.engines.lanes.graph.graph import UnsupportedError
from study.engines.network_check.neighbours import Answer, answer, changing, depending
from study.networks.dropout import Dropout

# Rows of the largest batch that is tried, and numbers of attention in it, of which each row has
# the square of the inputs.
_MOST_ROWS, _MOST_NUMBERS, _FEWEST_ROWS = 1024, 2**22, 16
# All smaller batches up to this size are tried, and so many more.
_ALL_UP_TO, _MORE = 8, 6
# Rows that are predicted together after training.
_TABLE = 300
# How far training may take a weight.
_FAR = 5.0
_NEIGHBOURS = "a batch whose rows depend on each other"


def refuse_neighbours(network: nn.Module, inputs: int, batch_size: int) -> None:
    """Raise UnsupportedError where a row depends on the other rows of its batch.

    So it does where its prediction does, or a gradient, or where it does not meet the dropout
    decisions that are drawn for it: those of a module come row by row.
    """
    most = min(max(_MOST_NUMBERS // inputs**2, _FEWEST_ROWS), _MOST_ROWS)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(most, inputs, generator=generator)
    # Not those of the start, which may be 0.
    weights = {
        name: (value.detach() + 0.1 * torch.randn(value.shape, generator=generator))
        for name, value in network.named_parameters()
    }
    size, before = min(batch_size, most), network.training
    masks = _Masks(network, inputs, size, generator)
    try:
        _refuse_in_training(network.train(), weights, x[:size], masks)
        for sign in (-1, 1):
            _refuse_once_trained(network, weights, x[:size], masks, sign)
        _refuse_in_evaluation(network.eval(), weights, x[:_TABLE], size)
    finally:
        network.train(before)


class _Masks:
    """Numbers in place of dropout decisions, another for each, in the order of a batch."""

    def __init__(
        self, network: nn.Module, inputs: int, rows: int, generator: torch.Generator
    ) -> None:
        self._network, self._inputs = network, inputs
        self._shapes: dict[int, dict[str, torch.Size]] = {}
        self._numbers = {
            name: 0.5 + torch.rand(rows, shape.numel(), generator=generator)
            for name, shape in self.shapes(1).items()
        }
        self.names = list(self._numbers)

    def shapes(self, rows: int) -> dict[str, torch.Size]:
        """What meets each module, of so many rows."""
        if rows not in self._shapes:
            masks = KeepMasks(self._network, rows=rows, inputs=self._inputs)
            self._shapes[rows] = masks.shapes
        return self._shapes[rows]

    def of(self, rows: range, drawn: list[str]) -> Mapping[str, Tensor]:
        """Masks of some rows of a batch: those of `drawn` modules, and nothing dropped else."""
        found = {
            f"{name}.keep": torch.ones(())
            for name, module in self._network.named_modules()
            if isinstance(module, Dropout)
        }
        for name in drawn:
            numbers, shape = self._numbers[name][rows.start : rows.stop], self.shapes(len(rows))
            if shape[name].numel() != numbers.numel():
                raise UnsupportedError(_across(name))
            found[f"{name}.keep"] = numbers.reshape(shape[name])
        return found


def _refuse_in_training(
    network: nn.Module, weights: Mapping[str, Tensor], x: Tensor, masks: _Masks
) -> None:
    trained = {name: value.requires_grad_(True) for name, value in weights.items()}

    def depends(drawn: list[str]) -> bool:
        def answered(rows: Tensor, d_y: Tensor, start: int) -> list[Tensor]:
            mask = masks.of(range(start, start + len(rows)), drawn)
            return answer(network, {**trained, **mask}, rows, d_y)

        return depending(answered, answered, x, _sizes(len(x))) is not None

    if not depends(masks.names):
        return
    if depends([]):
        raise UnsupportedError(_NEIGHBOURS)
    raise UnsupportedError(_across(next(filter(lambda name: depends([name]), masks.names), "")))


def _refuse_once_trained(
    network: nn.Module, weights: Mapping[str, Tensor], x: Tensor, masks: _Masks, sign: int
) -> None:
    """With weights that are far from those of the start, each of them on both sides."""
    generator = torch.Generator().manual_seed(4)
    far = {
        name: value + sign * _FAR * (2 * torch.randint(2, value.shape, generator=generator) - 1)
        for name, value in weights.items()
    }
    state = {**far, **masks.of(range(len(x)), drawn=[])}
    if changing(_predicting(network, state), x):
        raise UnsupportedError(_NEIGHBOURS)


def _refuse_in_evaluation(
    network: nn.Module, weights: Mapping[str, Tensor], x: Tensor, size: int
) -> None:
    """As rows are predicted after training: without gradients, which are recorded all the same."""
    graded = _predicting(network, weights)
    plain = torch.no_grad()(graded)
    if depending(plain, plain, x, [rows for rows in (1, 2, size, len(x)) if rows <= len(x)]):
        raise UnsupportedError(_NEIGHBOURS)
    if depending(graded, plain, x, [len(x)]):
        raise UnsupportedError("a prediction that is another when gradients are asked for")


def _predicting(network: nn.Module, state: Mapping[str, Tensor]) -> Answer:
    """Predictions alone, by a network with other tensors in place of its own."""

    def predicted(rows: Tensor, *_: object) -> list[Tensor]:
        return [functional_call(network, dict(state), (rows,)).detach()]

    return predicted


def _sizes(size: int) -> list[int]:
    """Rows of the batches that are tried: the last one of an epoch may have any number."""
    more = torch.linspace(1, size, _MORE).round().int().tolist()
    return sorted({*range(1, min(size, _ALL_UP_TO) + 1), *more})


def _across(name: str) -> str:
    return f"dropout '{name}' across rows"
