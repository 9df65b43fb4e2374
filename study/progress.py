"""Progress of long work on standard error, with the time left."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to be called with the work done so far, of `total`.

    On a terminal it keeps one line up to date; elsewhere, as in a log file, it writes a
    line at each tenth. The time left is reckoned from the first work done, so that the
    starting of processes does not count.
    """
    on_terminal = sys.stderr.isatty()
    start: tuple[float, int] | None = None
    told = -1

    def report(done: int) -> None:
        nonlocal start, told
        if start is None and done:
            start = time.monotonic(), done
        text = f"{label}: {100 * done // total:3d} %"
        if start is not None and done > start[1]:
            pace = (time.monotonic() - start[0]) / (done - start[1])
            text += f", {_duration(pace * (total - done))} left"
        if on_terminal:
            click.echo(f"\r{text:40}", nl=False, err=True)
        elif 10 * done // total > told:
            told = 10 * done // total
            click.echo(text, err=True)

    report(0)
    try:
        yield report
    finally:
        if on_terminal:
            click.echo(err=True)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
