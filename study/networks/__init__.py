"""The networks, and how a recipe becomes one."""

import importlib
import inspect
import sys

import torch
from torch import nn

from study.errors import InputError
from study.recipes import ModelRecipe


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
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(init)
            return network_class(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"model '{recipe.title}': {recipe.network}: {error}") from error


def _import_class(path: str) -> type[nn.Module]:
    module_name, _, class_name = path.partition(":")
    search_path = list(sys.path)
    sys.path.append("")  # a user's own module may lie in the working directory
    try:
        module = importlib.import_module(module_name)
        network_class = getattr(module, class_name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"network '{path}': {error}") from error
    finally:
        sys.path[:] = search_path
    if not (isinstance(network_class, type) and issubclass(network_class, nn.Module)):
        raise InputError(f"network '{path}' is not a torch.nn.Module class")
    return network_class
