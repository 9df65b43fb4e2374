"""The networks, and how a recipe becomes one."""

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from study.common.errors import InputError, first_line
from study.common.import_path import import_named
from study.common.own_code import OwnCode, own_code
from study.common.shortage import refuse_shortage
from study.networks.remedies import remedy_for
from study.networks.shipped import SHIPPED
from study.recipes.model import ModelRecipe

# torch's generator is one for the whole process. A network may build others within it.
_building = threading.RLock()
# Without an argument as large as that, a network of ordinary layers is soon built.
_LARGE = 5_000
MOST_WEIGHTS = 250_000_000  # of one network: more cannot be stored
# What to do about a class that does not take what follows from the data.
_TAKE = {
    "inputs": "let __init__ take inputs, the number of features",
    "outputs": (
        "let __init__ take outputs, the number of classes, and give (rows, outputs): a logit "
        "for each class"
    ),
}


class Unfit(InputError):
    """A network that the harness cannot use.

    what : what was found; remedy : what to do
    """

    def __init__(self, recipe: ModelRecipe, what: str, remedy: str) -> None:
        super().__init__(recipe, what, remedy)  # as worker processes send it
        self.recipe = recipe
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"model '{self.recipe.title}': {self.recipe.network}: {self.what}; {self.remedy}"


def build(recipe: ModelRecipe, *, inputs: int, init: int, outputs: int = 1) -> nn.Module:
    """The network of a recipe with the initial weights of seed `init`.

    The weights are those of ``torch.manual_seed(init)`` followed by building the network on the
    processor; torch's global generator is left as it was. Raises Unfit when the recipe names no
    module, the module refuses its arguments, or it has more weights than can be stored.
    """
    network_class = import_class(recipe)
    arguments = bound_arguments(recipe, network_class, inputs=inputs, outputs=outputs)
    _refuse_too_large(recipe, network_class, arguments)
    try:
        with seeded(init):
            return network_class(**arguments)
    except (Exception, SystemExit) as error:  # a stranger's class may raise anything
        refuse_shortage(error)
        remedy = remedy_for(error, "mend its __init__, or the recipe's arguments")
        raise Unfit(recipe, first_line(error), remedy) from error


def _refuse_too_large(
    recipe: ModelRecipe, network_class: type[nn.Module], arguments: dict[str, Any]
) -> None:
    """Raise Unfit for a network that cannot be stored, before memory is taken for it.

    Its weights are counted as they would be built, without numbers in them.
    """
    if _greatest(arguments) < _LARGE:
        return
    try:
        with seeded(0), torch.device("meta"):
            count = sum(value.numel() for value in network_class(**arguments).parameters())
    except (Exception, SystemExit):  # some can only be built with numbers: then it shows
        return
    if count > MOST_WEIGHTS:
        what = f"it has {count:,} weights, and at most {MOST_WEIGHTS:,} can be stored"
        raise Unfit(recipe, what, "make it smaller")


def _greatest(value: Any) -> float:
    """The greatest number among arguments of a recipe."""
    if isinstance(value, dict):
        return _greatest([*value.values()])
    if isinstance(value, list):
        return max(map(_greatest, value), default=0)
    return value if isinstance(value, int | float) else 0


@contextmanager
def seeded(init: int) -> Iterator[None]:
    """Draw initial weights of seed `init`, and leave torch's generator as it was.

    Every network that is made while threads are at work must be made in here: a draw of one
    thread would change the weights of another's seed.
    """
    with _building, torch.random.fork_rng(devices=[]):
        # torch.manual_seed without the call stacks that it writes for other devices.
        torch.default_generator.manual_seed(init)
        yield


def import_class(recipe: ModelRecipe) -> type[nn.Module]:
    """The class that a recipe names. Raises Unfit."""
    try:
        network_class = import_named(recipe.network)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # importing runs a stranger's module
        refuse_shortage(error)
        remedy = "mend the module"
        if isinstance(error, ImportError | AttributeError):
            remedy = 'network = "module:Class" names an importable module, or one that lies here'
        raise Unfit(recipe, f"cannot be imported: {first_line(error)}", remedy) from error
    if not (isinstance(network_class, type) and issubclass(network_class, nn.Module)):
        raise Unfit(recipe, "is not a torch.nn.Module class", "name a class derived from it")
    return network_class


def bound_arguments(
    recipe: ModelRecipe, network_class: type[nn.Module], *, inputs: int, outputs: int = 1
) -> dict[str, Any]:
    """What the class is called with: the recipe's arguments, and what follows from the data.

    That is `inputs`, and `outputs` where a row has several. Raises Unfit.
    """
    of_data = {"inputs": inputs, **({"outputs": outputs} if outputs > 1 else {})}
    arguments = {**of_data, **recipe.arguments}
    parameters = inspect.signature(network_class).parameters.values()
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    required = [p.name for p in parameters if p.name in named and p.default is p.empty]
    if "inputs" in recipe.arguments:
        raise Unfit(
            recipe,
            "[arguments] names 'inputs'",
            "leave it out: it is the data's number of features",
        )
    if "outputs" in recipe.arguments and (outputs > 1 or network_class in SHIPPED):
        raise Unfit(
            recipe,
            "[arguments] names 'outputs'",
            "leave it out: it is the number of classes, where there are more than two",
        )
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in arguments:
            if name not in named:
                taken = f"give what it takes by name: {', '.join(named)}"
                raise Unfit(recipe, f"takes no argument '{name}'", _TAKE.get(name, taken))
    for name in required:
        if name not in arguments:
            remedy = "give it under [arguments] of the recipe, or a default in the class"
            raise Unfit(recipe, f"needs the argument '{name}'", remedy)
    return arguments


def own_code_of(network: nn.Module) -> OwnCode:
    """The code in which the classes of a network are written."""
    return own_code({part for module in network.modules() for part in type(module).__mro__})
