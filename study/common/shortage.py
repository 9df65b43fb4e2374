"""What a machine ran short of: memory, open files, room on a disk; no fault of anybody's code."""

import errno
import re
import sqlite3
from collections.abc import Iterator

from study.common.errors import StudyError

_MEMORY = re.compile(
    r"can't allocate memory|not enough memory|out of memory|cannot allocate memory|bad_alloc"
    r"|failed to map segment|can't start new thread",
    re.IGNORECASE,
)
_FILES = "Too many open files"
_HELP = {
    "memory": "use fewer --workers or smaller models, end other programs, or raise the limit that "
    "is set on it (ulimit -v)",
    "files": "use fewer --workers, or raise their limit (ulimit -n)",
    "room": "make room on its disk, or name a directory on another",
}
_BY_NUMBER = {
    errno.ENOMEM: "memory",
    errno.EMFILE: "files",
    errno.ENFILE: "files",
    errno.ENOSPC: "room",
    errno.EDQUOT: "room",
}


class ShortageError(StudyError):
    """The machine has too little of something."""


def refuse_shortage(error: BaseException) -> None:
    """Raise ShortageError where an error of somebody's code came of too little memory or files."""
    short = short_of(error)
    if short in ("memory", "files"):
        raise ShortageError(in_words(error)) from error


def in_words(error: BaseException) -> str:
    """What the system or a library says, and what helps where the machine ran short."""
    said = str((isinstance(error, OSError) and error.strerror) or error).strip().split("\n")[0]
    short = short_of(error)
    if short is None:
        return said
    if short == "memory":
        said = f"too little memory{f' ({said[:200]})' if said else ''}"
    elif short == "files":
        said = _FILES.lower()
    return f"{said}: {_HELP[short]}"


def short_of(error: BaseException) -> str | None:
    """What an error came of: too little "memory", too few "files", no "room"; None of else."""
    return next(filter(None, map(_named, _chain(error))), None)


def _named(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, sqlite3.Error):
        return "room" if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL else None
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    if isinstance(error, RuntimeError | ImportError | OSError | SystemError):
        said = _text(error)
        return "memory" if _MEMORY.search(said) else "files" if _FILES in said else None
    return None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a stranger's exception may raise another when it is read
        return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it came of."""
    met: list[BaseException] = []
    while error is not None and error not in met:
        met.append(error)
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
