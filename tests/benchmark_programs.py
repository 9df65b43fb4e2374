"""The programs of the benchmarks, as modules."""

import importlib.util
import sys
from types import ModuleType

from conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"


def program(name: str) -> ModuleType:
    """One of them, read anew."""
    spec = importlib.util.spec_from_file_location(f"{name}_benchmark", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
