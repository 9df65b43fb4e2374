"""Errors that are told to the user in one or two lines."""

import sysconfig
import traceback
from pathlib import Path

from study.common.package import PACKAGE


class StudyError(Exception):
    """Something failed. Exit status 1."""

    exit_status = 1


class Stopped(StudyError):
    """The user stopped the work. Exit status 130, as shells have it for Ctrl-C."""

    exit_status = 130


class InputError(StudyError):
    """What the user gave is wrong: an option, a recipe, a table. Exit status 2."""

    exit_status = 2


# Whose lines do not tell a user where an error lies: this program, installed packages, Python.
_NOT_THEIRS = (
    "<",
    str(PACKAGE),
    *(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")),
)


def first_line(error: BaseException) -> str:
    """An exception of somebody else's in one line, with its place in their code, if it is there."""
    if isinstance(error, SystemExit):
        return f"it ends the program (sys.exit){_place(error)}"
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # a stranger's exception may raise another when it is read
        lines = []
    name = type(error).__name__
    return (f"{name}: {lines[0][:200]}" if lines else name) + _place(error)


def _place(error: BaseException) -> str:
    """The last line of the user's own code that led to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(_NOT_THEIRS)]
    return f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else ""
