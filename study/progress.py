"""Progress of long work on standard error, with the time left."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to be called with the work done so far, of `total`.

    On a terminal it draws a bar; elsewhere, as in a log file, a line at each tenth.
    """
    if sys.stderr.isatty():
        with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
            yield lambda done: bar.update(max(0, done - bar.pos))
    else:
        yield _lines(label, total)


def _lines(label: str, total: int) -> Callable[[int], None]:
    start = time.monotonic()
    told = 0

    def report(done: int) -> None:
        nonlocal told
        tenths = 10 * done // total
        if tenths > told:
            told = tenths
            left = (time.monotonic() - start) * (total - done) / done
            click.echo(f"{label}: {10 * tenths} %, {left:.0f} s left", err=True)

    return report
