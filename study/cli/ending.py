"""What systems that shut down, and schedulers of clusters, tell a command: SIGTERM."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from study.common.errors import Stopped

# Seconds for a command to end as by Ctrl-C before its process ends as it stands.
_MOMENT = 1.5
_LAST_WORDS = (
    b"study: ended at once; what was stored is kept, and the same command goes on with the rest\n"
)


@contextmanager
def ends_by_sigterm() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, and end the process where that has not ended it soon.

    Python heeds a signal only between instructions of its own, and code of strangers or of a
    library may swallow what is then raised. So the system wakes a thread, too, which waits for
    a moment, also after this context is left. Results are stored whole or not at all.
    """
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    threading.Thread(target=_wait, args=(woken,), daemon=True).start()
    before = signal.signal(signal.SIGTERM, _as_ctrl_c)
    others = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(others)
        signal.signal(signal.SIGTERM, before)
        os.close(waker)


def _as_ctrl_c(_: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does now, also where a shell has it ignored, as in a script's background."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _wait(woken: int) -> None:
    """End the process a moment after SIGTERM; return when no more signals can come."""
    while signals := os.read(woken, 64):
        if signal.SIGTERM in signals:
            time.sleep(_MOMENT)
            with suppress(OSError):
                os.write(2, _LAST_WORDS)
            os._exit(Stopped.exit_status)
    os.close(woken)
