"""When, where and with what a run is computed, for its history.

What people publish stands here: no name of a user or a host, and no path of this machine.
"""

import os
import platform
import re
import shlex
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import joblib
from threadpoolctl import threadpool_info

from study.common.versions import PROGRAM, libraries, source_digest

_OF_TRAINING = ("llvmlite", "torch")
_PATIENCE = 0.5  # seconds for each question to another program


def circumstances(device: str | None) -> dict[str, str]:
    """System, processor, versions and sources, by headings in words; what is not known is left out.

    `device` is where torch trains; None where nothing is trained, and torch has no part in it.
    """
    found = {
        "operating system": _system(),
        "processor": _processor(),
        "cores": f"{joblib.cpu_count()} of {os.cpu_count()}",
        "memory": _memory(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": libraries(without=_OF_TRAINING if device is None else ()),
        **({} if device is None else _numerics(device)),
        f"source of {PROGRAM}, SHA-256": source_digest(),
        "git commit of the working directory": commit(Path.cwd()),
    }
    return {heading: text for heading, text in found.items() if text}


def now() -> str:
    """The time: ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


# Of a scheduler, which tells of a host.
_ADDRESS = re.compile(r"(--cluster[= ])(?!local\b)\S+")


def command_line(words: Sequence[str]) -> str:
    """A command as it was typed, for a shell, but for the user's home and a cluster's address."""
    typed = _ADDRESS.sub(r"\1ADDRESS", shlex.join(words))
    with suppress(RuntimeError):  # nobody's home
        home = str(Path.home())
        if len(home) > 1:
            typed = re.sub(rf"(?<![\w.-]){re.escape(home)}(?![\w.-])", "~", typed)
    return typed


def commit(folder: Path) -> str:
    """The commit that a folder is at, and whether there are changes; empty where git tells none.

    Changes are those of files that git knows.
    """
    head = _said("git", "rev-parse", "--verify", "HEAD", folder=folder)
    if not head:
        return ""
    # No configuration of the folder's may start a program.
    status = ("-c", "core.fsmonitor=false", "status", "--porcelain", "--untracked-files=no")
    changes = _said("git", *status, folder=folder)
    if changes is None:
        return f"{head} (whether there are changes took too long to tell)"
    return f"{head} and uncommitted changes" if changes else head


def _system() -> str:
    """The operating system with its version."""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]} ({kernel})"
    with suppress(OSError):
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']} ({kernel})"
    return kernel


def _processor() -> str:
    """The processor's name."""
    if platform.system() == "Darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string") or ""
    with suppress(OSError):
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if named := re.search(r"^(?:model name|cpu model|Model)\s*: *(.+)$", told, re.MULTILINE):
            return named[1]
    return platform.processor()


def _memory() -> str:
    """How much there is in the machine."""
    with suppress(AttributeError, OSError, ValueError):
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    return ""


def _numerics(device: str) -> dict[str, str]:
    """What torch and the libraries below it find here."""
    import torch

    pools = {
        f"{pool['internal_api']} {pool['version'] or ''} ({pool['num_threads']})".replace("  ", " ")
        for pool in threadpool_info()
    }
    told = {
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
        "threads that libraries may use": ", ".join(
            [f"torch ({torch.get_num_threads()})", *sorted(pools)]
        ),
    }
    if device == "cuda":
        told["GPU"] = f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    return told


def _said(*command: str, folder: Path | None = None) -> str | None:
    """What another program says; None where it fails, is not there or takes its time."""
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **quiet},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.decode("utf-8", errors="replace").strip()
