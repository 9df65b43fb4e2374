"""Who works on blocks: this process itself, threads, processes, or a cluster.

Every group of workers is a context manager. Leaving it gives up what is still at work.
"""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from typing import Protocol

from study.common.errors import Stopped, StudyError, first_line
from study.execution.block import Block
from study.execution.train_and_measure import BlockResult

# Seconds in which Ctrl-C may be pressed again by impatience alone.
_MOMENT = 2.0
# As loky names what ended a process.
_SIGNAL = re.compile(r"SIG[A-Z]+")


class Workers(Protocol):
    """Works on blocks.

    capacity : how many blocks it takes at a time
    stopped : whether Ctrl-C came
    """

    @property
    def capacity(self) -> int: ...

    @property
    def stopped(self) -> bool: ...

    def submit(self, index: int, block: Block) -> Future[BlockResult]:
        """Begin a block, which counts in cell `index` of the counter."""


def reason(error: BaseException) -> str:
    """Why a block was not finished, in one line."""
    if isinstance(error, BrokenExecutor):
        signals = ", ".join(sorted(set(_SIGNAL.findall(str(error)))))
        return (
            f"its worker process was killed{f' ({signals})' if signals else ''}, perhaps for want "
            "of memory: try fewer --workers"
        )
    return str(error) if isinstance(error, StudyError) else first_line(error)


@contextmanager
def interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C set `stop`, and do nothing else, while others are at work.

    An exception out of nowhere may leave the lock of Python's imports held for good, and a
    thread that imports would then never end. Where work hangs, Ctrl-C some moments later ends
    the process as it stands; what is stored is kept.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told = time.monotonic()

    def interrupted(*_: object) -> None:
        nonlocal told
        if not stop.is_set():
            told = time.monotonic()
            stop.set()
        elif time.monotonic() > told + _MOMENT:
            os._exit(Stopped.exit_status)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
