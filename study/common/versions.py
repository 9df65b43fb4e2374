"""Versions of this program and of what its results depend on: as told, stored and compared."""

import hashlib
import platform
import re
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from study.common.package import PACKAGE

PROGRAM = "importance-study"
_OF_RESULTS = (PROGRAM, "torch", "numpy", "scipy", "scikit-learn", "llvmlite")


def source_digest(package: Path = PACKAGE) -> str:
    """SHA-256 of all Python files of a package, with their places in it."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def libraries(without: Collection[str]) -> str:
    """The installed versions of this program and of what it is declared to depend on, in words."""
    found = []
    for line in requires(PROGRAM) or []:
        name = re.split(r"[^\w.-]", line)[0]
        if name not in without and "extra ==" not in line:
            with suppress(PackageNotFoundError):
                found.append(f"{name} {version(name)}")
    return ", ".join([f"{PROGRAM} {version(PROGRAM)}", *found])


@cache
def environment() -> dict[str, str]:
    """Versions and platform on which results may depend, as they are stored."""
    import torch  # slow to import, and reports need none of it

    return {
        **{library: version(library) for library in _OF_RESULTS},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


@cache
def of_worker() -> dict[str, str]:
    """What the workers of a cluster must have alike, and a digest of this program's code.

    As they are when a process first asks: what it has loaded stays, though files may change.
    """
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for library in (*_OF_RESULTS, "distributed"):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "missing"
    return {**found, f"the code of {PROGRAM}": source_digest()[:12]}
