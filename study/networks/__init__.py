"""The networks, and how a recipe becomes one."""

import importlib
import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from study.errors import InputError
from study.recipes import ModelRecipe

# torch's generator is one for the whole process. A network may build others within it.
_building = threading.RLock()


def build(recipe: ModelRecipe, *, inputs: int, init: int) -> nn.Module:
    """The network of a recipe with the initial weights of seed `init`.

    The weights are those of ``torch.manual_seed(init)`` followed by building the network;
    torch's global generator is left as it was. Raises InputError when the recipe names no
    module or the module refuses its arguments.
    """
    network_class = _import_class(recipe.network)
    arguments = {"inputs": inputs, **recipe.arguments}
    try:
        inspect.signature(network_class).bind(**arguments)
        with seeded(init):
            return network_class(**arguments)
    except Exception as error:  # a stranger's class may raise anything
        raise _unfit(recipe, first_line(error)) from error


@contextmanager
def seeded(init: int) -> Iterator[None]:
    """Draw initial weights of seed `init`, and leave torch's generator as it was.

    Every network that is made while threads are at work must be made in here: a draw of one
    thread would change the weights of another's seed.
    """
    with _building, torch.random.fork_rng(devices=[]):
        torch.manual_seed(init)
        yield


def check_output(recipe: ModelRecipe, network: nn.Module, *, inputs: int) -> None:
    """Raise InputError unless the network maps (rows, features) to (rows,)."""
    with torch.no_grad():
        try:
            output = network.eval()(torch.zeros(2, inputs))
        except Exception as error:  # a stranger's forward may raise anything
            raise _unfit(recipe, first_line(error)) from error
    shape = getattr(output, "shape", None)
    if shape != (2,):
        given = type(output).__name__ if shape is None else f"shape {tuple(shape)}"
        raise _unfit(recipe, f"must map (rows, features) to (rows,), but 2 rows give {given}")


def _unfit(recipe: ModelRecipe, reason: str) -> InputError:
    return InputError(f"model '{recipe.title}': {recipe.network}: {reason}")


def first_line(error: Exception) -> str:
    """An exception in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _import_class(path: str) -> type[nn.Module]:
    module_name, _, class_name = path.partition(":")
    search_path = list(sys.path)
    sys.path.append("")  # a user's own module may lie in the working directory
    try:
        module = importlib.import_module(module_name)
        network_class = getattr(module, class_name)
    except Exception as error:  # importing runs a stranger's module
        raise InputError(f"network '{path}': {first_line(error)}") from error
    finally:
        sys.path[:] = search_path
    if not (isinstance(network_class, type) and issubclass(network_class, nn.Module)):
        raise InputError(f"network '{path}' is not a torch.nn.Module class")
    return network_class
