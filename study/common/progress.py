"""Progress of long work on standard error, with the time left."""

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from study.common.text import printable

# Seconds after which a log file gets a line, whatever was done.
_SILENCE = 600


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to be called with the work done so far, of `total`.

    On a terminal, and in a notebook, it keeps one line up to date; elsewhere, as in a log file, it
    writes a line at each tenth, and one every ten minutes. The time left is reckoned from the
    first work done, so that the starting of processes does not count.
    """
    on_terminal, shown = sys.stderr.isatty(), _in_notebook(label)
    start: tuple[float, int] | None = None
    told, told_at = -1, 0.0

    def report(done: int) -> None:
        nonlocal start, told, told_at
        now = time.monotonic()
        if start is None and done:
            start = now, done
        text = f"{label}: {100 * done // total:3d} %"
        if start is not None and done > start[1]:
            pace = (now - start[0]) / (done - start[1])
            text += f", {duration(pace * (total - done))} left"
        if shown is not None:
            shown(text, done / total)
        elif on_terminal:
            click.echo(f"\r{text:40}", nl=False, err=True)
        elif 10 * done // total > told or now - told_at >= _SILENCE:
            told, told_at = 10 * done // total, now
            click.echo(text, err=True)

    report(0)
    try:
        yield report
    finally:
        if on_terminal and shown is None:
            click.echo(err=True)


def _in_notebook(label: str) -> Callable[[str, float], None] | None:
    """What shows a line with a bar in the cell that is run, in place of the last one.

    None where no notebook is: a front end asks by a kernel, and not by a terminal.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or getattr(ipython.get_ipython(), "kernel", None) is None:
        return None
    handle = ipython.display.DisplayHandle()
    handle.display({"text/plain": label}, raw=True)

    def show(text: str, part: float) -> None:
        bar = f'<progress value="{part:.3f}" max="1"></progress> {html.escape(text)}'
        handle.update({"text/plain": text, "text/html": bar}, raw=True)

    return show


def tell(line: str) -> None:
    """Write a line over that of the progress, which comes back with its next report."""
    line = printable(line)
    click.echo(f"\r{line:40}" if sys.stderr.isatty() else line, err=True)


def duration(seconds: float) -> str:
    """Seconds in words: 3 min 12 s."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
