"""What a command takes in a process of its own (on systems that have `wait4`)."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Taken:
    """What a command took, with the processes of its own that it waited for.

    wall, processor : seconds of the clock, and of processors; memory : the most bytes that one
    process held; status : the exit status, negative for a signal
    """

    wall: float
    processor: float
    memory: int
    status: int


def taken(
    command: Sequence[str], folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Taken:
    """Run a command, whose output goes nowhere."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    processor = usage.ru_utime + usage.ru_stime
    return Taken(wall, processor, 1024 * usage.ru_maxrss, process.returncode)
