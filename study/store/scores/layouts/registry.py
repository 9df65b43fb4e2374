"""Every layout, once: those of each file in `tools`."""

from importlib import import_module
from itertools import chain
from pkgutil import iter_modules

from study.store.scores.layouts import tools
from study.store.scores.layouts.layout import About, Layout, Unfold
from study.store.scores.sheet import Printed

_TOOLS = [import_module(f"{tools.__name__}.{found.name}") for found in iter_modules(tools.__path__)]

ABOUT: tuple[About, ...] = tuple(chain.from_iterable(tool.ABOUT for tool in _TOOLS))
# Tables with a row for each score.
LAYOUTS: tuple[Layout, ...] = tuple(
    chain.from_iterable(getattr(tool, "LAYOUTS", ()) for tool in _TOOLS)
)
# Tables of tools with another shape.
UNFOLDS: tuple[Unfold, ...] = tuple(tool.unfold for tool in _TOOLS if hasattr(tool, "unfold"))
# What tools print.
PRINTED: tuple[Printed, ...] = tuple(tool.printed for tool in _TOOLS if hasattr(tool, "printed"))
