"""Checks of what a forward pass does: its shapes, its randomness, its state."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from study.common.findings import FAULT, NOTE, Finding
from study.engines.network_check.subject import Subject, close, constant_buffers, equal, quoted
from study.networks.dropout import Dropout
from study.networks.remedies import DROPOUT


def mapping_rows(subject: Subject) -> Iterator[Finding]:
    """Predict batches of every size that is met; the last are those of whole tables."""
    sizes = {1, 2, *subject.batches}
    tables = [subject.x(rows) for rows in sorted(sizes)] + [
        subject.train_x.clone(),
        subject.test_x.clone(),
    ]
    for training, inputs in (
        (False, tables),
        (True, [subject.x(rows) for rows in subject.batches]),
    ):
        network = subject.network(training=training)
        for x in inputs:
            rows, before = len(x), x.clone()
            with torch.no_grad():
                y = network(x)
            if (finding := _unlike_predictions(y, rows, subject)) is not None:
                yield finding
                return
            if not torch.equal(x, before):
                yield Finding(
                    FAULT, "forward changes its input", "make new tensors: x = x + 1 for x += 1"
                )
                return


# -- it keeps nothing, and draws nothing -------------------------------------------------------
def drawing_nothing(subject: Subject) -> Iterator[Finding]:
    """N008: forward draws no random numbers."""
    for training, when in ((True, "training"), (False, "eval")):
        network = subject.network(training=training)
        x = subject.x(subject.batches[0])
        before = _states()
        with torch.no_grad():
            network(x)
        drawn = [name for name, state in _states().items() if state != before[name]]
        if drawn:
            modules = [name for name, module in network.named_modules() if _drops(module)]
            where = f" (by {quoted(modules)})" if modules and "torch" in drawn else ""
            remedy = DROPOUT + (
                "; torch's own layers take dropout=0"
                if any(not isinstance(network.get_submodule(name), nn.Dropout) for name in modules)
                else ""
            )
            what = f"forward draws random numbers of {quoted(drawn)} in {when} mode{where}"
            yield Finding(FAULT, what, remedy)
            return


def _states() -> dict[str, object]:
    """The state of each global generator."""
    _, keys, position, *_ = np.random.get_state()  # noqa: NPY002
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": (np.asarray(keys).tobytes(), position),
        "random": random.getstate(),
    }


def _drops(module: nn.Module) -> bool:
    """Whether a module of torch's own drops at random in training."""
    if isinstance(module, nn.MultiheadAttention | nn.RNNBase):
        return module.dropout > 0
    return isinstance(module, nn.modules.dropout._DropoutNd) and module.p > 0


def dropping_out(subject: Subject) -> Iterator[Finding]:
    """N009: each dropout module is used once."""
    used: dict[bool, dict[str, int]] = {}
    for training in (True, False):
        network = subject.network(training=training)
        uses = used[training] = {
            name: 0
            for name, module in network.named_modules()
            if isinstance(module, Dropout) and module.probability > 0
        }
        for name in uses:
            network.get_submodule(name).register_forward_pre_hook(_counting(uses, name))
        with torch.no_grad():
            network(subject.x(subject.batches[0]))
    for name, count in used[True].items():
        if count > 1:
            yield Finding(
                FAULT,
                f"dropout module '{name}' is used {count} times in one forward pass",
                "give each place a module of its own",
            )
        elif count != used[False][name]:
            yield Finding(
                FAULT,
                f"dropout module '{name}' is not used alike in training and in eval mode",
                "call it always: in eval mode it lets its input pass",
            )
        elif not count:
            yield Finding(NOTE, f"dropout module '{name}' is never used", "take it out")


def _counting(uses: dict[str, int], name: str) -> Callable[[nn.Module, object], None]:
    def hook(_module: nn.Module, _arguments: object) -> None:
        uses[name] += 1

    return hook


def keeping_nothing(subject: Subject) -> Iterator[Finding]:
    """Predicting must not change what is predicted next."""
    network = subject.network(training=True)
    x, others = subject.x(subject.batches[0]), subject.x(subject.batches[-1], start=1)
    parameters = {name: value.detach().clone() for name, value in network.named_parameters()}
    constants = {name: value.clone() for name, value in constant_buffers(network).items()}
    with torch.no_grad():
        before = network.eval()(x), network.train()(x)
        kept = _attributes(network)
        network(others)
        after = network.eval()(x), network.train()(x)
    changed = [
        name
        for name, value in constant_buffers(network).items()
        if not equal(value, constants.get(name))
    ]
    trained = [
        name
        for name, value in network.named_parameters()
        if not torch.equal(value, parameters[name])
    ]
    attributes = [
        name for name, value in _attributes(network).items() if value != kept.get(name, value)
    ]
    numbers = [name for name in attributes if not isinstance(kept[name], _Object)]
    if changed:
        yield Finding(
            FAULT,
            f"buffer {quoted(changed)} changes in training, and only parameters are kept",
            "make it a parameter, or a constant; torch.nn.LayerNorm for batch normalisation",
        )
    elif trained:
        yield Finding(FAULT, f"forward changes parameter {quoted(trained)}", "let training do that")
    elif not all(map(close, after, before)):
        yield Finding(
            FAULT,
            "the same rows are predicted otherwise after another forward pass",
            "forward must leave nothing behind that it uses later",
        )
    elif numbers:
        yield Finding(
            FAULT,
            f"forward changes the attribute {quoted(numbers)}",
            "keep no count: evaluation starts from a network that is built anew",
        )
    elif attributes:
        yield Finding(
            NOTE,
            f"forward leaves something in the attribute {quoted(attributes)}",
            "fine as long as no later pass uses it",
        )


@dataclass(frozen=True)
class _Object:
    """A value that is told apart from others by being another object."""

    identity: int


def _attributes(network: nn.Module) -> dict[str, object]:
    """Plain attributes of all modules, but for those of every nn.Module."""
    usual = vars(nn.Module()).keys() | {"training"}
    return {
        f"{prefix}.{name}" if prefix else name: (
            value if isinstance(value, int | float | str | None) else _Object(id(value))
        )
        for prefix, module in network.named_modules()
        for name, value in vars(module).items()
        if name not in usual
    }


def being_alike(subject: Subject) -> Iterator[Finding]:
    """Seeds differ in their parameters alone."""
    first, other = (subject.network(init, training=False) for init in (0, 1))
    buffers, others = constant_buffers(first), constant_buffers(other)
    names = [name for name in buffers if not equal(buffers[name], others.get(name))]
    if names or len(buffers) < len(others):
        yield Finding(
            FAULT,
            f"buffer {quoted(names or sorted(others))} differs between seeds",
            "make it a parameter, or a constant",
        )
        return
    x = subject.x(subject.batches[0])
    with torch.no_grad():
        given = functional_call(first, dict(other.named_parameters()), (x,))
        if not close(given, other(x)):
            yield Finding(
                FAULT,
                "with the parameters of another seed it predicts otherwise than that seed: "
                "something else differs, or some weights are hidden",
                "hold layers in nn.ModuleList (a plain list hides them), use parameters only by "
                "their own attributes, and draw nothing else in __init__",
            )


# -- it can be trained and measured, for many seeds at once ------------------------------------
def modes(subject: Subject) -> Iterator[Finding]:
    """N012: training and eval mode differ by dropout alone."""
    x = subject.x(subject.batches[0])
    with torch.no_grad():
        train, evaluated = (subject.network(training=mode)(x) for mode in (True, False))
    if not close(train, evaluated):
        yield Finding(
            NOTE,
            "without dropout it predicts otherwise in training than in eval mode",
            "training-gradient and the measures after training then see two functions: "
            "make sure that this is meant",
        )


def _unlike_predictions(y: object, rows: int, subject: Subject) -> Finding | None:
    """What is wrong with the predictions of so many rows."""
    counted = "1 row gives" if rows == 1 else f"{rows} rows give"
    expected = (rows,) if subject.outputs == 1 else (rows, subject.outputs)
    if not isinstance(y, Tensor) or y.shape != expected:
        given = f"shape {tuple(y.shape)}" if isinstance(y, Tensor) else type(y).__name__
        return Finding(
            FAULT,
            f"must map (rows, features) to {subject.mapped}, but {counted} {given}",
            "return one tensor; end with .squeeze(-1), which takes the last axis alone"
            if subject.outputs == 1
            else f"end with a layer of {subject.outputs} outputs: a logit for each class",
        )
    if y.dtype not in (torch.float32, torch.float64):
        remedy = "compute in float32, and return what is computed"
        return Finding(FAULT, f"predicts {y.dtype}, not torch.float32", remedy)
    if not torch.isfinite(y).all():
        remedy = "look for a logarithm, root or quotient of what may be 0 or below"
        return Finding(FAULT, f"{counted} predictions that are not finite", remedy)
    return None
