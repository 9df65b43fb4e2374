"""What recipes name by import path."""

import importlib
import sys
import time
from typing import Any

from study.common.own_code import remember


def import_named(path: str) -> Any:
    """What "module:name" names; the module may lie in the working directory.

    Importing runs the module, which may raise anything, SystemExit too. Raises InputError where
    code of one's own changes meanwhile.
    """
    module_name, _, name = path.partition(":")
    search_path = list(sys.path)
    before, begun = set(sys.modules), time.time_ns()
    sys.path.append("")
    try:
        named = getattr(importlib.import_module(module_name), name)
        remember(set(sys.modules) - before, begun)
        return named
    finally:
        sys.path[:] = search_path
