"""Recording what a network does with one row, and what autograd does on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from study.engines.batches import KeepMasks
from study.engines.lanes.graph.graph import (
    Call,
    Constant,
    Graph,
    Keep,
    Reference,
    Shapes,
    UnsupportedError,
)
from study.networks.transformer import Transformer

# What they return depends on the shape of their argument alone.
_OF_SHAPE = {"empty_like", "zeros_like", "ones_like", "full_like"} | {
    f"new_{what}" for what in ("empty", "empty_strided", "zeros", "ones", "full")
}


def record(
    network: nn.Module, inputs: int, *, training: bool, outputs: int = 1, row: Tensor | None = None
) -> Graph:
    """Record a network in training or in eval mode, on a `row` (inputs,), whichever.

    It maps (1, inputs) to (1,), or to (1, outputs) if they are several.

    Its own weights take part, but the graph does not depend on them, nor on the row, unless the
    network takes them out of PyTorch's sight. Raises UnsupportedError
    for what cannot be recorded, and whatever the network does.
    """
    keeps = _keeps(network, inputs) if training else {}
    parameters = dict(network.named_parameters())
    row = torch.linspace(0.1, 0.9, inputs) if row is None else row
    row = row.unsqueeze(0).requires_grad_(True)
    d_y = torch.ones(1) if outputs == 1 else torch.ones(1, outputs)
    modules: dict[str, Any] = {name: network.get_submodule(name) for name in keeps}
    held = {name: module.keep for name, module in modules.items()}
    before = network.training
    # Tensors of their own, which are told apart by what they are.
    masks = {name: torch.ones(shape) for name, (shape, _) in keeps.items()}
    places, hooks = [], []
    if type(network) is Transformer:  # what it adds for position comes from `packing.positions`
        places.append(torch.zeros(1, *network.embedding.weight.shape))
        hooks.append(network.encoding.register_forward_hook(lambda *_: places[0]))
    recorder = _Recorder([row, d_y, *parameters.values(), *masks.values(), *places])
    try:
        network.train(training)
        for name, mask in masks.items():
            modules[name].keep = mask
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), recorder:
            y = network(row)
            if not isinstance(y, Tensor) or y.shape != d_y.shape:
                expected = "one prediction" if outputs == 1 else f"{outputs} logits"
                raise UnsupportedError(f"not {expected} of a row")
            # As if for further derivatives: so nothing is added in place. Of a number, since
            # torch imports much where it is told the derivative of its result.
            gradients = torch.autograd.grad(
                (y * d_y).sum(),
                [row, *parameters.values()],
                create_graph=True,
                materialize_grads=True,
            )
    finally:
        for hook in hooks:
            hook.remove()
        network.train(before)
        for name, mask in held.items():
            modules[name].keep = mask
    kept = tuple(keep for _, keep in keeps.values())
    return recorder.graph(
        shapes_of(network), kept, sum(one.numel() for one in places), y, gradients
    )


def shapes_of(network: nn.Module) -> Shapes:
    """Names and shapes of the parameters, in the order in which they lie in memory."""
    return tuple((name, tuple(value.shape)) for name, value in network.named_parameters())


def _keeps(network: nn.Module, inputs: int) -> dict[str, tuple[tuple[int, ...], Keep]]:
    """The dropout modules that are met, each with the shape that one row has there."""
    one, two = (KeepMasks(network, rows=rows, inputs=inputs).shapes for rows in (1, 2))
    found, before = {}, 0
    for name, shape in one.items():
        if two[name] != (2 * shape[0], *shape[1:]):
            raise UnsupportedError(f"dropout '{name}' across rows")
        probability = network.get_submodule(name).probability
        keep = Keep(before, shape.numel(), float(probability))  # type: ignore[arg-type]
        found[name] = tuple(shape), keep
        before += keep.count
    return found


class _Recorder(TorchDispatchMode):
    """Notes each call that depends on one of the inputs.

    A tensor that is changed in place becomes another value; others that look at the same memory
    are then out of date, and must not be used any more.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # torch would import its compiler, which takes a second

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        super().__init__()
        self._value_of: dict[int, int | None] = {}
        self._tensors: list[Tensor] = []  # for good, as they are known by their identity
        self._calls: list[Call] = []
        self._shapes: list[tuple[int, ...]] = []
        self._constants: list[np.ndarray] = []
        self._number_of: dict[tuple[Any, ...], int] = {}
        for tensor in inputs:
            self._note(tensor)

    def __torch_dispatch__(
        self, function: Any, _types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        options = options or {}
        name = function._schema.name.removeprefix("aten::")
        tensors = [one for one in tree_leaves((arguments, options)) if isinstance(one, Tensor)]
        if name in _OF_SHAPE or not any(id(one) in self._value_of for one in tensors):
            return function(*arguments, **options)
        taken = self._plain(arguments)
        given = tuple((key, self._plain(value)) for key, value in options.items())
        result = function(*arguments, **options)
        changed = function._schema.is_mutable and not function._schema.name.endswith("unsqueeze_")
        if changed and (result is not arguments[0] or len(taken) < 1):
            raise UnsupportedError(name)
        if changed:
            self._outdate(result)
        results = tree_leaves(result)
        if not all(isinstance(one, Tensor | None) for one in results):
            raise UnsupportedError(name)
        # Of truth values bits are the truth, of whole numbers not; these are places and counts.
        if name.startswith("bitwise") and result.dtype != torch.bool:
            raise UnsupportedError(name)
        operation = name.removesuffix("_") if function._schema.is_mutable else name
        numbers = tuple(None if one is None else self._note(one) for one in results)
        overload = function._schema.overload_name
        self._calls.append(
            Call(f"{operation}.{overload}" if overload else operation, taken, given, numbers)
        )
        return result

    def graph(
        self,
        parameters: Shapes,
        keeps: tuple[Keep, ...],
        places: int,
        y: Tensor,
        gradients: Sequence[Tensor],
    ) -> Graph:
        """What was recorded, but for what nothing depends on."""
        results = [self._plain(tensor) for tensor in (y, *gradients)]
        needed = {one.value for one in results if isinstance(one, Reference)}
        calls = []
        for call in reversed(self._calls):
            if needed.intersection(call.results):
                needed.update(call.references())
                calls.append(call)
        return Graph(
            parameters=parameters,
            keeps=keeps,
            places=places,
            calls=tuple(reversed(calls)),
            shapes=tuple(self._shapes),
            constants=tuple(self._constants),
            y=results[0],
            d_x=results[1],
            d_parameters=tuple(results[2:]),
        )

    def _note(self, tensor: Tensor) -> int:
        number = len(self._shapes)
        self._tensors.append(tensor)
        self._shapes.append(tuple(tensor.shape))
        self._value_of[id(tensor)] = number
        if tensor.dtype not in (torch.float32, torch.bool, torch.int64):
            raise UnsupportedError(str(tensor.dtype))
        return number

    def _outdate(self, changed: Tensor) -> None:
        """Forget all that looks at the memory of a tensor that was changed in place."""
        memory = changed.untyped_storage().data_ptr()
        first, last = _extent(changed)
        for tensor in self._tensors:
            if tensor is changed or tensor.untyped_storage().data_ptr() != memory:
                continue
            begin, end = _extent(tensor)
            if begin <= last and first <= end:
                self._value_of[id(tensor)] = None

    def _plain(self, part: Any) -> Any:
        """An argument with numbers in place of tensors."""
        if isinstance(part, Tensor):
            if id(part) not in self._value_of:
                return self._constant(part)
            value = self._value_of[id(part)]
            if value is None:
                raise UnsupportedError("a change in place of what is used otherwise")
            return Reference(value)
        if isinstance(part, list | tuple):
            return tuple(map(self._plain, part))
        return part if isinstance(part, bool | int | float | str | None) else str(part)

    def _constant(self, tensor: Tensor) -> Constant:
        whole = tensor.dtype == torch.int64
        array = np.array(tensor.detach().numpy(), np.int64 if whole else np.float32, order="C")
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._number_of:
            self._number_of[key] = len(self._constants)
            self._constants.append(array)
        return Constant(self._number_of[key])


def _extent(tensor: Tensor) -> tuple[int, int]:
    """First and last place of a tensor in its memory."""
    first = int(tensor.storage_offset())
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    return first, first + sum((int(size) - 1) * int(stride) for size, stride in pairs)
