"""Recording what a network does with one row, and what autograd does on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from study.engines.batches import KeepMasks
from study.engines.lanes.graph.graph import (
    FLOAT,
    TRUTH,
    WHOLE,
    Call,
    Constant,
    Graph,
    Keep,
    Reference,
    Shapes,
    UnsupportedError,
)
from study.engines.one_thread import one_thread
from study.networks.transformer import Transformer

# What they return depends on the shape of their argument alone.
_OF_SHAPE = {"empty_like", "zeros_like", "ones_like", "full_like"} | {
    f"new_{what}" for what in ("empty", "empty_strided", "zeros", "ones", "full")
}


@one_thread()
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
    # Tensors in place of the parameters, as in training by torch.func: without hooks of their own.
    parameters = {
        name: value.detach().clone().requires_grad_(True)
        for name, value in network.named_parameters()
    }
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
            y = functional_call(network, parameters, (row,))
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


_KINDS = {torch.float32: FLOAT, torch.bool: TRUTH, torch.int64: WHOLE, torch.int32: WHOLE}


class _Recorder(TorchDispatchMode):
    """Notes each call that depends on one of the inputs.

    A tensor that is changed in place becomes another value; others that look at the same memory
    are then out of date, and must not be used any more, whether they were noted or not.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # torch would import its compiler, which takes a second

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        super().__init__()
        self._value_of: dict[int, int] = {}
        self._tensors: list[Tensor] = []  # for good, as they are known by their identity
        self._place_of: dict[int, int] = {}
        # What was changed in place, by its memory; each with what it is by now.
        self._changed: dict[int, list[Tensor]] = {}
        self._calls: list[Call] = []
        self._shapes: list[tuple[int, ...]] = []
        self._kinds: list[str] = []
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
        if name in _OF_SHAPE or not any(map(self._follows, tensors)):
            return function(*arguments, **options)
        taken = self._plain(arguments)
        given = tuple((key, self._plain(value)) for key, value in options.items())
        result = function(*arguments, **options)
        changed = function._schema.is_mutable and not function._schema.name.endswith("unsqueeze_")
        if changed and (result is not arguments[0] or len(taken) < 1):
            raise UnsupportedError(name)
        if changed:
            self._changed.setdefault(_memory(result), []).append(result)
        results = tree_leaves(result)
        if not all(isinstance(one, Tensor | None) for one in results):
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
            kinds=tuple(self._kinds),
            constants=tuple(self._constants),
            y=results[0],
            d_x=results[1],
            d_parameters=tuple(results[2:]),
        )

    def _note(self, tensor: Tensor) -> int:
        if tensor.dtype not in (torch.float32, torch.bool, torch.int64):
            raise UnsupportedError(str(tensor.dtype))
        number = len(self._shapes)
        self._tensors.append(tensor)
        self._shapes.append(tuple(tensor.shape))
        self._kinds.append(_KINDS[tensor.dtype])
        self._value_of[id(tensor)] = number
        self._place_of[id(tensor)] = tensor.data_ptr()
        return number

    def _follows(self, tensor: Tensor) -> bool:
        """Whether a tensor follows from the inputs."""
        return id(tensor) in self._value_of or self._outdated(tensor)

    def _outdated(self, tensor: Tensor) -> bool:
        """Whether its memory was changed by the name of another tensor, since it was noted."""
        if not self._changed:
            return False
        begin, end = _extent(tensor)
        for changed in self._changed.get(_memory(tensor), []):
            first, last = _extent(changed)
            number, later = self._value_of.get(id(tensor), -1), self._value_of[id(changed)]
            if number < later and begin <= last and first <= end:
                return True
        return False

    def _plain(self, part: Any) -> Any:
        """An argument with numbers in place of tensors."""
        if isinstance(part, Tensor):
            if self._outdated(part) or self._place_of.get(id(part)) not in (None, part.data_ptr()):
                raise UnsupportedError("a change in place of what is used otherwise")
            value = self._value_of.get(id(part))
            return self._constant(part) if value is None else Reference(value)
        if isinstance(part, list | tuple):
            return tuple(map(self._plain, part))
        return part if isinstance(part, bool | int | float | str | None) else str(part)

    def _constant(self, tensor: Tensor) -> Constant:
        if tensor.dtype.is_complex:
            raise UnsupportedError(str(tensor.dtype))
        array = np.array(
            tensor.detach().numpy(force=True), _KINDS.get(tensor.dtype, FLOAT), order="C"
        )
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._number_of:
            self._number_of[key] = len(self._constants)
            self._constants.append(array)
        return Constant(self._number_of[key])


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _extent(tensor: Tensor) -> tuple[int, int]:
    """First and last place of a tensor in its memory."""
    first = int(tensor.storage_offset())
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    return first, first + sum((int(size) - 1) * int(stride) for size, stride in pairs)
