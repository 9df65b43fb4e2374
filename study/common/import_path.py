"""What recipes name by import path."""

import hashlib
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Whose versions are recorded, or are this program's.
_KNOWN = {"study", "torch", "sklearn", *sys.stdlib_module_names}


def import_named(path: str) -> Any:
    """What "module:name" names; the module may lie in the working directory.

    Importing runs the module, which may raise anything, SystemExit too.
    """
    module_name, _, name = path.partition(":")
    search_path = list(sys.path)
    sys.path.append("")
    try:
        return getattr(importlib.import_module(module_name), name)
    finally:
        sys.path[:] = search_path


def digest_of(classes: Iterable[type]) -> str | None:
    """SHA-256 of the files in which classes are written.

    Those of this program, PyTorch, scikit-learn and Python do not count; None where there are
    no others.
    """
    modules = {part.__module__ for part in classes}
    files = {
        Path(file)
        for name in modules
        if name.partition(".")[0] not in _KNOWN
        and (file := getattr(sys.modules.get(name), "__file__", None))
    }
    digests = sorted(
        hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()
    )
    return hashlib.sha256("".join(digests).encode()).hexdigest() if digests else None
