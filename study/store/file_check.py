"""What kind of file lies there: results of a study, damaged ones, or something else."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.common.errors import InputError, StudyError
from study.store.migrations import FORM, WHEN_NEEDED, columns_in, tables

RESTORE = "restore it from a backup, or make the run again with --fresh, which sets it aside"
_MAGIC = b"SQLite format 3\0"


class Damaged(StudyError):
    """Stored results are not what was stored."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there, on which a transaction begins where it is said to."""
    # Else SQLite would make an empty file where another process has just set one aside.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=60)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def damaged(path: Path, what: str) -> Damaged:
    """The error that a file is damaged, and what is seen of it."""
    return Damaged(f"{path}: damaged ({what}); {RESTORE}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line what stands in the way of reading a file. Raises StudyError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error
    except UnicodeDecodeError as error:  # in the names of tables, or what SQLite says of them
        raise damaged(path, "its text is no UTF-8") from error


def check_file(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StudyError unless the file is a whole SQLite database."""
    with path.open("rb") as file:
        first = file.read(len(_MAGIC))
    if not first:
        raise damaged(path, "the file is empty")
    if first != _MAGIC:
        raise InputError(
            f"{path}: not the results of a study (no SQLite database, or its beginning is "
            f"damaged); {RESTORE}"
        )
    with reading(path):
        faults = connection.execute("PRAGMA integrity_check(1)").fetchall()
        if faults != [("ok",)]:
            raise damaged(path, str(faults[0][0]).removeprefix("*** in database main ***\n"))
        for table, row, other, _ in connection.execute("PRAGMA foreign_key_check"):
            raise damaged(path, f"row {row} of table '{table}' belongs to none of '{other}'")


def check_form(connection: sqlite3.Connection, path: Path) -> int:
    """The form of the file. Raises StudyError unless this version reads and writes it."""
    with reading(path):
        have = columns_in(connection)
        if "schema" not in have.get("run", ()):
            named = ", ".join(sorted(have)[:5]) or "none"
            raise InputError(
                f"{path}: not the results of a study (a database of another program, with the "
                f"tables: {named}); name another directory with --out, or move that file"
            )
        rows = connection.execute("SELECT schema FROM run").fetchall()
        if len(rows) != 1:
            raise damaged(path, f"table 'run' has {len(rows)} rows")
        (form,) = rows[0]
        if form not in range(1, FORM + 1):
            raise InputError(
                f"{path}: written in form {form}, and this version reads form {FORM}; use the "
                "version of importance-study that wrote it"
            )
    needed = tables(1)
    # Older files may have later tables; that none of a newer one is lost, its seals tell.
    for table, columns in tables(max(form, WHEN_NEEDED)).items():
        if table not in have and table in needed:
            raise damaged(path, f"table '{table}' is missing")
        names = {column.name for column in columns}
        if lost := names.difference(have.get(table, names)):
            raise damaged(path, f"table '{table}' has no column '{min(lost)}'")
    return form


def _told(path: Path, error: sqlite3.Error) -> StudyError:
    """An error of SQLite in one line, with what to do."""
    name = getattr(error, "sqlite_errorname", None) or ""
    journal = path.with_name(f"{path.name}-journal")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StudyError(f"{path}: in use by another process; try again when it is done")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) and journal.exists():
        return InputError(
            f"{path}: a 'study run' was killed while it wrote, and {journal.name} must be taken "
            "back, but their directory cannot be written to: make it writable, or copy both "
            "files elsewhere"
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return InputError(f"{path}: {os.strerror(13)} ({error})")
    if name.startswith("SQLITE_IOERR"):
        return StudyError(f"{path}: cannot be read ({error}): is the disk whole, and not full?")
    if name.startswith(("SQLITE_NOMEM", "SQLITE_FULL")):
        return StudyError(f"{path}: {error}")
    return damaged(path, str(error))
