"""What the harness asks of a network, checked before anything is trained or written."""

import io
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional
from torch.nn.parameter import UninitializedParameter

from study.errors import first_line
from study.findings import FAULT, NOTE, PASSED, Finding, faults
from study.networks import Unfit, bound_arguments, build, import_class, seeded
from study.networks.dropout import Dropout
from study.networks.remedies import DROPOUT, remedy_for
from study.recipes import ModelRecipe
from study.stacks.torch_stack import BLOCK, TorchStack, one_thread

# Of one network. A value of a SQLite database is at most 10^9 bytes.
_MANY_WEIGHTS, _MOST_WEIGHTS = 1_000_000, 250_000_000
# Rows that the parts of the check take that work on single rows.
_FEW = 3


def check_network(recipe: ModelRecipe, train_x: np.ndarray, test_x: np.ndarray) -> list[Finding]:
    """Check that the network of a recipe can be trained and measured as the harness does it.

    Parameters
    ----------
    recipe : names the network, its arguments and the size of its batches
    train_x, test_x : (rows, features) on which it is tried

    Returns at least one finding of each check, in the order of the checks. Each group of
    checks rests on the ones before; after a group with a fault there are no more. Raises
    nothing, whatever the network does, and leaves all random generators as they were.
    """
    subject = _Subject(recipe, torch.from_numpy(train_x), torch.from_numpy(test_x))
    findings: list[Finding] = []
    said = io.StringIO()
    with (
        _generators_kept(),
        one_thread(),
        redirect_stdout(said),
        warnings.catch_warnings(action="ignore"),
    ):
        for group in _GROUPS:
            for code, says, find in group:
                found = _found(find, subject) or [Finding(PASSED, says)]
                findings += [replace(finding, code=code) for finding in found]
            if faults(findings):
                break
    if said.getvalue():
        what = "it prints, and would do so in every step of training"
        findings.append(Finding(NOTE, what, "take print out of __init__ and forward", "N017"))
    elif not faults(findings):
        findings.append(Finding(PASSED, "it prints nothing", code="N017"))
    return findings


def refuse_unfit(recipe: ModelRecipe, train_x: np.ndarray, test_x: np.ndarray) -> None:
    """Raise Unfit, with the first fault, unless a network can be used."""
    found = faults(check_network(recipe, train_x, test_x))
    if found:
        more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        remedy = f"{found[0].remedy} ({found[0].code}{more}: 'study model check' lists all)"
        raise Unfit(recipe, found[0].what, remedy)


def _found(find: "Find", subject: "_Subject") -> list[Finding]:
    try:
        return list(find(subject))
    except Unfit as error:
        return [Finding(FAULT, error.what, error.remedy)]
    except (Exception, SystemExit) as error:  # a stranger's network may raise anything
        remedy = remedy_for(error, "mend the class: this must work for every row of the data")
        return [Finding(FAULT, first_line(error), remedy)]


@contextmanager
def _generators_kept() -> Iterator[None]:
    """Leave the global generators of Python, NumPy and torch as they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with seeded(0):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


@dataclass(frozen=True)
class _Subject:
    """The network to be checked, and the data on which it is tried."""

    recipe: ModelRecipe
    train_x: Tensor
    test_x: Tensor

    @property
    def inputs(self) -> int:
        return self.train_x.shape[1]

    @cached_property
    def network_class(self) -> type[nn.Module]:
        return import_class(self.recipe)

    @cached_property
    def arguments(self) -> dict[str, Any]:
        return bound_arguments(self.recipe, self.network_class, inputs=self.inputs)

    @property
    def batches(self) -> list[int]:
        """Rows of a batch, and of the last, partial one, if there is one."""
        rows = len(self.train_x)
        size = min(self.recipe.training.batch_size, rows)
        return [size, rows % size] if rows % size else [size]

    def network(self, init: int = 0, *, training: bool) -> nn.Module:
        """Built anew, with the harness's dropout letting everything pass."""
        network = build(self.recipe, inputs=self.inputs, init=init)
        for module in network.modules():
            if isinstance(module, Dropout):
                module.keep = torch.ones(())
        return network.train(training)

    def x(self, rows: int, *, start: int = 0) -> Tensor:
        """A copy of so many training rows, which come again where there are fewer."""
        return self.train_x[torch.arange(start, start + rows) % len(self.train_x)].clone()


Find = Callable[[_Subject], Iterator[Finding]]


# -- it can be built ---------------------------------------------------------------------------


def _class(subject: _Subject) -> Iterator[Finding]:
    _ = subject.network_class
    yield from ()


def _arguments(subject: _Subject) -> Iterator[Finding]:
    _ = subject.arguments
    yield from ()


def _building(subject: _Subject) -> Iterator[Finding]:
    subject.network(training=True)
    yield from ()


# -- it is made of its parameters --------------------------------------------------------------


def _parameters(subject: _Subject) -> Iterator[Finding]:
    parameters = dict(subject.network(training=True).named_parameters())
    if not parameters:
        yield Finding(FAULT, "it has no parameters", "assign layers or nn.Parameter to self")
    for what, remedy, wrong in (
        (
            "not initialised",
            "give lazy layers their sizes: torch.nn.Linear(inputs, ...) for LazyLinear(...)",
            lambda value: isinstance(value, UninitializedParameter),
        ),
        (
            "not float32",
            "the harness stores and trains float32: no .double() or .half(), no other dtype",
            lambda value: value.dtype != torch.float32,
        ),
        (
            "frozen (requires_grad=False)",
            "the harness trains every parameter: make a constant of it by register_buffer",
            lambda value: not value.requires_grad,
        ),
        (
            "not finite at the start",
            "torch.empty leaves what was in memory: fill it by torch.nn.init",
            lambda value: not torch.isfinite(value).all(),
        ),
    ):
        names = [name for name, value in parameters.items() if wrong(value)]
        if names:
            yield Finding(FAULT, f"parameter {_list(names)} is {what}", remedy)
            return


def _initial_weights(subject: _Subject) -> Iterator[Finding]:
    (first, first_end), (again, _), (other, other_end) = (
        _initial(subject, init, elsewhere) for init, elsewhere in ((0, 1), (0, 2), (1, 1))
    )
    if _shapes(first) != _shapes(again) or _shapes(first) != _shapes(other):
        yield Finding(
            FAULT,
            "its parameters have other names or shapes when it is built again",
            "let names and shapes follow from inputs and the recipe's arguments alone",
        )
    elif names := [name for name in first if not torch.equal(first[name], again[name])]:
        yield Finding(
            FAULT,
            f"parameter {_list(names)} starts elsewhere when the same seed is built again",
            "draw initial weights by torch alone (torch.nn.init), not by numpy or random",
        )
    elif torch.equal(first_end, other_end):
        yield Finding(
            FAULT,
            "__init__ seeds torch's generator, so that seeds do not differ",
            "take torch.manual_seed out of it: the harness seeds every network",
        )
    elif all(torch.equal(first[name], other[name]) for name in first):
        yield Finding(NOTE, "all seeds start from the same weights", "nothing, if that is meant")


def _initial(subject: _Subject, init: int, elsewhere: int) -> tuple[dict[str, Tensor], Tensor]:
    """Initial weights of a seed, with other generators seeded `elsewhere`; torch's end state."""
    random.seed(elsewhere)
    np.random.seed(elsewhere)  # noqa: NPY002
    with seeded(init):
        network = subject.network_class(**subject.arguments)
        end = torch.get_rng_state()
    return {name: value.detach() for name, value in network.named_parameters()}, end


def _shapes(parameters: dict[str, Tensor]) -> list[tuple[str, torch.Size]]:
    return [(name, value.shape) for name, value in parameters.items()]


def _rows(subject: _Subject) -> Iterator[Finding]:
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
            if (finding := _unlike_predictions(y, rows)) is not None:
                yield finding
                return
            if not torch.equal(x, before):
                yield Finding(
                    FAULT, "forward changes its input", "make new tensors: x = x + 1 for x += 1"
                )
                return


def _unlike_predictions(y: object, rows: int) -> Finding | None:
    """What is wrong with the predictions of so many rows."""
    counted = "1 row gives" if rows == 1 else f"{rows} rows give"
    if not isinstance(y, Tensor) or y.shape != (rows,):
        given = f"shape {tuple(y.shape)}" if isinstance(y, Tensor) else type(y).__name__
        return Finding(
            FAULT,
            f"must map (rows, features) to (rows,), but {counted} {given}",
            "return one tensor; end with .squeeze(-1), which takes the last axis alone",
        )
    if y.dtype not in (torch.float32, torch.float64):
        remedy = "compute in float32, and return what is computed"
        return Finding(FAULT, f"predicts {y.dtype}, not torch.float32", remedy)
    if not torch.isfinite(y).all():
        remedy = "look for a logarithm, root or quotient of what may be 0 or below"
        return Finding(FAULT, f"{counted} predictions that are not finite", remedy)
    return None


# -- it keeps nothing, and draws nothing -------------------------------------------------------


def _draws(subject: _Subject) -> Iterator[Finding]:
    for training, when in ((True, "training"), (False, "eval")):
        network = subject.network(training=training)
        x = subject.x(subject.batches[0])
        before = _states()
        with torch.no_grad():
            network(x)
        drawn = [name for name, state in _states().items() if state != before[name]]
        if drawn:
            modules = [name for name, module in network.named_modules() if _drops(module)]
            where = f" (by {_list(modules)})" if modules and "torch" in drawn else ""
            remedy = DROPOUT + (
                "; torch's own layers take dropout=0"
                if any(not isinstance(network.get_submodule(name), nn.Dropout) for name in modules)
                else ""
            )
            what = f"forward draws random numbers of {_list(drawn)} in {when} mode{where}"
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


def _dropout(subject: _Subject) -> Iterator[Finding]:
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


def _state(subject: _Subject) -> Iterator[Finding]:
    """Predicting must not change what is predicted next."""
    network = subject.network(training=True)
    x, others = subject.x(subject.batches[0]), subject.x(subject.batches[-1], start=1)
    parameters = {name: value.detach().clone() for name, value in network.named_parameters()}
    constants = {name: value.clone() for name, value in _constants(network).items()}
    with torch.no_grad():
        before = network.eval()(x), network.train()(x)
        kept = _attributes(network)
        network(others)
        after = network.eval()(x), network.train()(x)
    changed = [
        name
        for name, value in _constants(network).items()
        if not _equal(value, constants.get(name))
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
            f"buffer {_list(changed)} changes in training, and only parameters are kept",
            "make it a parameter, or a constant; torch.nn.LayerNorm for batch normalisation",
        )
    elif trained:
        yield Finding(FAULT, f"forward changes parameter {_list(trained)}", "let training do that")
    elif not all(map(_close, after, before)):
        yield Finding(
            FAULT,
            "the same rows are predicted otherwise after another forward pass",
            "forward must leave nothing behind that it uses later",
        )
    elif numbers:
        yield Finding(
            FAULT,
            f"forward changes the attribute {_list(numbers)}",
            "keep no count: evaluation starts from a network that is built anew",
        )
    elif attributes:
        yield Finding(
            NOTE,
            f"forward leaves something in the attribute {_list(attributes)}",
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


def _alike(subject: _Subject) -> Iterator[Finding]:
    """Seeds differ in their parameters alone."""
    first, other = (subject.network(init, training=False) for init in (0, 1))
    buffers, others = _constants(first), _constants(other)
    names = [name for name in buffers if not _equal(buffers[name], others.get(name))]
    if names or len(buffers) < len(others):
        yield Finding(
            FAULT,
            f"buffer {_list(names or sorted(others))} differs between seeds",
            "make it a parameter, or a constant",
        )
        return
    x = subject.x(subject.batches[0])
    with torch.no_grad():
        given = functional_call(first, dict(other.named_parameters()), (x,))
        if not _close(given, other(x)):
            yield Finding(
                FAULT,
                "with the parameters of another seed it predicts otherwise than that seed: "
                "something else differs, or some weights are hidden",
                "hold layers in nn.ModuleList (a plain list hides them), use parameters only by "
                "their own attributes, and draw nothing else in __init__",
            )


# -- it can be trained and measured, for many seeds at once ------------------------------------


def _modes(subject: _Subject) -> Iterator[Finding]:
    x = subject.x(subject.batches[0])
    with torch.no_grad():
        train, evaluated = (subject.network(training=mode)(x) for mode in (True, False))
    if not _close(train, evaluated):
        yield Finding(
            NOTE,
            "without dropout it predicts otherwise in training than in eval mode",
            "training-gradient and the measures after training then see two functions: "
            "make sure that this is meant",
        )


def _gradients(subject: _Subject) -> Iterator[Finding]:
    network = subject.network(training=True)
    x = subject.x(subject.batches[0]).requires_grad_(True)
    parameters = dict(network.named_parameters())
    of_x, *gradients = torch.autograd.grad(
        network(x).sum(), [x, *parameters.values()], allow_unused=True
    )
    unused = [
        name for name, gradient in zip(parameters, gradients, strict=True) if gradient is None
    ]
    if of_x is None:
        yield Finding(
            FAULT,
            "the prediction has no gradient with respect to the inputs",
            "no detach(), torch.no_grad() or torch.tensor(x) on the way, and no rounding",
        )
    elif len(unused) == len(parameters):
        yield Finding(FAULT, "the prediction depends on no parameter", "use them in forward")
    elif not all(torch.isfinite(part).all() for part in (of_x, *gradients) if part is not None):
        yield Finding(
            FAULT,
            "gradients are not finite",
            "look for a root, norm or quotient at 0: add a small constant",
        )
    else:
        if unused:
            what = f"the prediction does not depend on parameter {_list(unused)}"
            yield Finding(NOTE, what, "take it out, or use it in forward")
        if not of_x.any():
            yield Finding(
                NOTE,
                "at the start the prediction does not change with the inputs",
                "fine if the last layer starts at 0; rounding and comparing have no gradient",
            )


def _training(subject: _Subject) -> Iterator[Finding]:
    """A step of training of two seeds at once, against each alone."""
    networks = [subject.network(init, training=True) for init in (0, 1)]
    parameters, buffers = (
        {name: value.detach() for name, value in part.items()}
        for part in stack_module_state(networks)
    )

    def loss(parameters: dict[str, Tensor], x: Tensor, buffers: dict[str, Tensor]) -> Tensor:
        y = functional_call(networks[0], (parameters, buffers), (x,))
        return functional.mse_loss(y, torch.ones_like(y))

    for rows in subject.batches:
        x = torch.stack([subject.x(rows), subject.x(rows, start=1)])
        (gradients, of_x), _ = vmap(grad_and_value(loss, argnums=(0, 1)))(parameters, x, buffers)
        for seed, network in enumerate(networks):
            own = x[seed].requires_grad_(True)
            y = network(own)
            used = dict(network.named_parameters())
            alone = torch.autograd.grad(
                functional.mse_loss(y, torch.ones_like(y)),
                [own, *used.values()],
                materialize_grads=True,
            )
            together = [of_x, *(gradients[name] for name in used)]
            if not all(
                _close(one[seed], other) for one, other in zip(together, alone, strict=True)
            ):
                yield _unlike_alone("trained")
                return


def _measuring(subject: _Subject) -> Iterator[Finding]:
    """Predictions and gradients of two seeds at once, against each alone, row by row."""
    networks = [subject.network(init, training=False) for init in (0, 1)]
    stacked, _ = stack_module_state(networks)
    weights = {name: value.detach().numpy() for name, value in stacked.items()}
    x = subject.test_x[:_FEW].clone()
    stack = TorchStack(networks[0], weights)
    together = torch.from_numpy(stack.predict_together(x.numpy()))
    predictions = torch.from_numpy(stack.predict(x.numpy()))
    gradients = torch.from_numpy(stack.gradients(x.numpy()))
    for seed, network in enumerate(networks):
        rows = [row.unsqueeze(0).clone().requires_grad_(True) for row in x]
        alone = torch.cat([network(row) for row in rows])
        of_rows = torch.cat(torch.autograd.grad(alone.sum(), rows))
        with torch.no_grad():
            all_at_once = network(x)
        if not (
            _close(predictions[seed], alone.detach())
            and _close(gradients[seed], of_rows)
            and _close(together[seed], all_at_once)
        ):
            yield _unlike_alone("evaluated")
            return


def _unlike_alone(done: str) -> Finding:
    return Finding(
        FAULT,
        f"seeds that are {done} together differ from the same seeds alone",
        "let forward use tensors alone: no values kept from another call, no detach()",
    )


def _neighbours(subject: _Subject) -> Iterator[Finding]:
    network, x = subject.network(training=False), subject.x(subject.batches[0])
    with torch.no_grad():
        if not _close(network(x), torch.cat([network(row.unsqueeze(0)) for row in x])):
            yield Finding(
                NOTE,
                "a row's prediction depends on its neighbours in the batch",
                "after training each row is predicted alone: make sure that this is meant",
            )


def _size(subject: _Subject) -> Iterator[Finding]:
    count = sum(value.numel() for value in subject.network(training=False).parameters())
    if count > _MOST_WEIGHTS:
        what = f"it has {count:,} weights, and at most {_MOST_WEIGHTS:,} can be stored"
        yield Finding(FAULT, what, "make it smaller")
    elif count > _MANY_WEIGHTS:
        # Weights, gradients, and Adam's two moments, of the networks trained at once.
        memory, disk = BLOCK * count * 4 * 4 / 1e9, 60 * count * 4 / 1e9
        yield Finding(
            NOTE,
            f"it has {count:,} weights: training holds {memory:.1f} GB or more for each worker, "
            f"and 20 seeds take {disk:.1f} GB on disk",
            "fewer --workers, fewer seeds, or a smaller network",
        )


_GROUPS: tuple[tuple[tuple[str, str, Find], ...], ...] = (
    (("N001", "the class can be imported", _class),),
    (("N002", "it takes inputs and the recipe's arguments by name", _arguments),),
    (("N003", "it can be built", _building),),
    (("N004", "parameters are float32 and trained", _parameters),),
    (
        ("N005", "its weights can be stored", _size),
        ("N006", "initial weights follow from the seed alone", _initial_weights),
        ("N007", "(rows, features) are mapped to (rows,), for any number of rows", _rows),
    ),
    (("N008", "forward draws no random numbers", _draws),),
    (
        ("N009", "each dropout module is used once", _dropout),
        ("N010", "forward keeps nothing", _state),
    ),
    (("N011", "seeds differ in their parameters alone", _alike),),
    (
        ("N012", "training and eval mode differ by dropout alone", _modes),
        ("N013", "inputs and parameters have gradients", _gradients),
    ),
    (("N014", "seeds can be trained together", _training),),
    (("N015", "seeds can be evaluated together", _measuring),),
    (("N016", "a row's prediction does not depend on its neighbours", _neighbours),),
)
CHECKS = 1 + sum(map(len, _GROUPS))


def _constants(network: nn.Module) -> dict[str, Tensor]:
    """Buffers, but for the keep masks of dropout."""
    masks = {
        f"{name}.keep" for name, module in network.named_modules() if isinstance(module, Dropout)
    }
    return {name: value for name, value in network.named_buffers() if name not in masks}


def _equal(one: Tensor, other: Tensor | None) -> bool:
    return (
        other is not None
        and one.shape == other.shape
        and torch.allclose(one.double(), other.double(), rtol=0, atol=0, equal_nan=True)
    )


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal but for rounding, which is measured by the greatest entry."""
    return torch.allclose(one, other, rtol=0, atol=1e-3 * float(other.abs().max()) + 1e-6)


def _list(names: list[str]) -> str:
    """The first names in quotation marks, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more
