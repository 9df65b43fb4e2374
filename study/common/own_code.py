"""Code of one's own that recipes name: which modules it is, and what they held when imported."""

import ast
import hashlib
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

from study.common.errors import InputError

# Whose versions are recorded, or are this program's.
_KNOWN = {"study", "torch", "sklearn", *sys.stdlib_module_names}
# Folders of installed packages.
_INSTALLED = {"site-packages", "dist-packages"}
# What was read of a module, and which import of it that is of.
_read: dict[str, tuple[Any, str]] = {}


@dataclass(frozen=True)
class OwnCode:
    """The modules of a model's own code, each with the SHA-256 of its file.

    written : those in which its classes are written; imported : those that these import of what
    lies in the same folder or package. Neither holds anything of this program, PyTorch,
    scikit-learn and Python.
    """

    written: Mapping[str, str]
    imported: Mapping[str, str]

    @property
    def modules(self) -> dict[str, str]:
        """All of them."""
        return {**self.written, **self.imported}

    @property
    def digest(self) -> str | None:
        """SHA-256 of all files; None where there are none."""
        return _digest_of(self.modules)

    def is_of(self, digest: str) -> bool:
        """Whether a stored digest is of this code; those of older versions are of `written`."""
        return digest in (self.digest, _digest_of(self.written))


NO_CODE = OwnCode({}, {})


def own_code(classes: Iterable[type]) -> OwnCode:
    """The code in which classes are written, as it was when it was imported."""
    names = {part.__module__ for part in classes if not _known(part.__module__)}
    written = _digests(names)
    imported = {name for start in written for name in _imported_with(start)}
    return OwnCode(written, _digests(imported - written.keys()))


def differing(modules: Mapping[str, str]) -> list[str]:
    """Which modules this process has with another content than that of these SHA-256."""
    return sorted(name for name, digest in modules.items() if _content(name) != digest)


def remember(modules: Iterable[str], begun: int) -> None:
    """Keep what modules held that were imported just now, from `begun` on (ns since 1970).

    Raises InputError where one was written to meanwhile: nobody knows what was imported.
    """
    for name in modules:
        file = None if _known(name) else _file(name)
        if file is None or _installed(file):
            continue
        with suppress(OSError):
            if file.suffix == ".py" and begun < file.stat().st_mtime_ns <= time.time_ns():
                raise InputError(f"{file}: changed while it was imported; give the command again")
        _content(name)


def _known(module: str) -> bool:
    return module.partition(".")[0] in _KNOWN


def _installed(file: Path) -> bool:
    return bool(_INSTALLED.intersection(file.parts))


def _digest_of(modules: Mapping[str, str]) -> str | None:
    digests = sorted(modules.values())
    return hashlib.sha256("".join(digests).encode()).hexdigest() if digests else None


def _digests(modules: Iterable[str]) -> dict[str, str]:
    """Those that are files, with the SHA-256 of each."""
    found = {name: _content(name) for name in sorted(modules)}
    return {name: digest for name, digest in found.items() if digest is not None}


def _content(module: str) -> str | None:
    """SHA-256 of a module's file: once it is imported, as it was at the first look from then on."""
    loaded = getattr(sys.modules.get(module), "__spec__", None)
    if loaded is not None and _read.get(module, (None, ""))[0] is loaded:
        return _read[module][1]
    file = _file(module)
    try:
        digest = None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
    if loaded is not None and digest is not None:
        _read[module] = loaded, digest
    return digest


def _file(module: str) -> Path | None:
    """The file of a module, whether it is imported yet or not; nothing is imported for this."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if module not in sys.modules:
        file = getattr(_found(module), "origin", None)
    return Path(file) if file else None


def _found(module: str) -> ModuleSpec | None:
    """Where a module would be imported from."""
    parent, _, _ = module.rpartition(".")
    if not parent:
        return PathFinder.find_spec(module, [*sys.path, ""])
    package = sys.modules[parent].__spec__ if parent in sys.modules else _found(parent)
    places = getattr(package, "submodule_search_locations", None)
    return None if places is None else PathFinder.find_spec(module, places)


def _imported_with(module: str) -> set[str]:
    """A module, and what it imports of its own folder or package, and so on; by their names.

    As its text has it, wherever in the module that stands.
    """
    file = _file(module)
    if file is None or _installed(file):
        return {module}
    folder = file.parents[module.count(".") + (file.name == "__init__.py")]
    found: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        path = _file(name) if name and name not in found and not _known(name) else None
        if path is None or folder not in path.parents or _installed(path):
            continue
        found.add(name)
        above = name.rpartition(".")[0]
        left += [above, *_imports(path, name if path.name == "__init__.py" else above)]
    return found


def _imports(file: Path, package: str) -> Iterator[str]:
    """What a file imports, each name in full, and what it takes from modules."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            with suppress(ImportError):  # beyond the top
                source = resolve_name("." * node.level + (node.module or ""), package)
                yield source
                yield from (f"{source}.{alias.name}" for alias in node.names)
