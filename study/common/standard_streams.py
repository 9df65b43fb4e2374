"""Standard output and error of a process, which its readers may leave at any time."""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Outlet(io.FileIO):
    """A stream that always takes what is written: after a first failure, to no effect.

    failure : that first one
    """

    failure: OSError | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        if self.failure is None:
            try:
                return super().write(data)
            except OSError as error:
                self.failure = error
        return memoryview(data).nbytes


def keep_writing() -> None:
    """Let no write to standard output or error of this process fail.

    Work goes on, whoever reads or does not; `unwritten` tells in the end. A stream that was closed
    when the process started is one that nobody reads: no file that is opened may take its place.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # the lowest number that is free
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    # Whoever has put streams of another kind here, such as a test, minds them.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _guarded(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _guarded(sys.stderr, 2)


def _guarded(stream: io.TextIOWrapper | None, descriptor: int) -> io.TextIOWrapper:
    """A stream in place of one on a descriptor, which writes as that one does."""
    outlet = io.BufferedWriter(_Outlet(descriptor, "wb", closefd=False))
    if stream is None:
        return io.TextIOWrapper(outlet, "utf-8", "backslashreplace")
    with suppress(OSError):  # of what was written before
        stream.flush()
    return io.TextIOWrapper(
        outlet, stream.encoding, stream.errors, line_buffering=stream.line_buffering
    )


def is_read() -> bool:
    """Whether what is written to standard output may still reach somebody."""
    return _failure() is None


def unwritten() -> OSError | None:
    """Why standard output is not whole, unless its reader had enough of it."""
    sys.stdout.flush()
    failure = _failure()
    return None if failure is None or failure.errno == errno.EPIPE else failure


def _failure() -> OSError | None:
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, _Outlet) else None
