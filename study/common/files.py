"""Files from strangers, and files that are written."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from study.common.errors import InputError
from study.common.shortage import in_words

_INSIDE_A_FILE = "its folder is a file"


def read_bytes(path: Path) -> bytes:
    """The content of an ordinary file. Raises InputError."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise InputError(f"{path}: not an ordinary file")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {_why(path, error)}") from error


def is_folder(text: str) -> bool:
    """Whether a text names a folder; one too long for a name does not."""
    try:
        return Path(text).is_dir()
    except OSError:
        return False


def local(name: str) -> Path:
    """The path of a file of this machine. Raises InputError for what is none."""
    if "://" in name:
        raise InputError(f"{name}: not a file of this machine: download it, and name the copy")
    if "\0" in name:
        raise InputError(f"{name}: no path holds a NUL character")
    if any("\ud800" <= sign <= "\udfff" for sign in name):  # bytes that are no UTF-8
        raise InputError(f"{name!a}: a name that is not UTF-8: rename it")
    return Path(name)


def beside(folder: Path, name: str) -> Path:
    """The file that a recipe in `folder`, which need not be there yet, calls `name`.

    Raises InputError for an address.
    """
    path = folder / local(name)
    # Above a link lies another folder than its path says.
    linked = any(part.is_symlink() for part in (folder, *folder.parents))
    return path if linked else Path(os.path.normpath(path))


def file_name(name: str, ending: str) -> str:
    """What a file is called by a name that may be a stranger's. Raises InputError for a path."""
    if not name or any(sign in name for sign in "/\\\0"):
        raise InputError(f"'{name}': no file can have this name")
    return f"{name}{ending}"


def inside(folder: Path, name: str) -> Path:
    """What is to be written in a folder that may be a stranger's.

    Raises InputError where a link leads out of it.
    """
    path = folder / name
    if folder.resolve() not in path.resolve().parents:
        raise InputError(f"{path}: a link to outside of {folder}: remove it")
    return path


def _why(path: Path, error: Exception) -> str:
    """Why a file or folder could not be read or written."""
    if path.parent.is_file():
        return _INSIDE_A_FILE
    return lost_link(path) or in_words(error)


def lost_link(path: Path) -> str | None:
    """The link to nothing in whose place something is to be, if there is one."""
    for part in (path, *path.parents):
        if part.is_symlink() and _is_missing(part):
            return f"{part} is a link to {part.readlink()}, which is not there"
    return None


def _is_missing(path: Path) -> bool:
    """Whether nothing is there; what cannot be looked at, as links in a circle, may be."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def make_folder(path: Path) -> None:
    """Make a folder, and those that it lies in, if they are not there. Raises InputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: {_why(path, error)}") from error


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, and its folder. Raises InputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        there = lost_link(path) or "is there already"
        what = _INSIDE_A_FILE if path.parent.is_file() else there
        raise InputError(f"{path}: {what}") from error
    except OSError as error:
        raise InputError(f"{path}: {_why(path, error)}") from error


def unwritable(directory: Path, error: Exception) -> InputError:
    """That the run in `directory` cannot be written, from what the system or SQLite says."""
    return InputError(f"cannot write a run to {directory}: {_why(directory, error)}")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which then takes its place; else `path` stays as it was.

    Raises InputError where it cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    new = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield new
        new.replace(target)
    except OSError as error:
        raise InputError(f"{path}: {_why(path, error)}") from error
    finally:
        with suppress(OSError):
            new.unlink()


def check_replaceable(path: Path, is_own: Callable[[Path], bool], *, force: bool) -> None:
    """Refuse to write over what is no ordinary file, or, but by force, not of the same command.

    is_own : whether the command has written the file that is there. Raises InputError.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not an ordinary file")
        if path.exists() and not force and not is_own(path):
            raise InputError(
                f"{path}: there already, and not written by this command: name another file, or "
                "overwrite it by --force"
            )
    except OSError as error:
        raise InputError(f"{path}: {_why(path, error)}") from error


def beginning(path: Path) -> str:
    """The first 65,536 bytes of a file as text, whatever it is. Raises OSError."""
    with path.open("rb") as file:
        return file.read(2**16).decode(errors="replace")
