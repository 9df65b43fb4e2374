"""What kind of file lies there: results of a study, damaged ones, or something else."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from study.common.errors import InputError, StudyError

RESTORE = "restore it from a backup, or make the run again with --fresh, which sets it aside"
_MAGIC = b"SQLite format 3\0"


class Damaged(StudyError):
    """Stored results are not what was stored."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection on which a transaction begins where it is said to."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
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


def check_form(
    connection: sqlite3.Connection, path: Path, schemas: Sequence[int], needed: str, late: str
) -> None:
    """Raise StudyError unless the file has the tables that this version reads and writes.

    schemas : the numbers of the forms that can be read; needed : SQL of the tables that every run
    has; late : of those that runs may have
    """
    with reading(path):
        have = _columns(connection)
        if "schema" not in have.get("run", ()):
            named = ", ".join(sorted(have)[:5]) or "none"
            raise InputError(
                f"{path}: not the results of a study (a database of another program, with the "
                f"tables: {named}); name another directory with --out, or move that file"
            )
        rows = connection.execute("SELECT schema FROM run").fetchall()
        if len(rows) != 1:
            raise damaged(path, f"table 'run' has {len(rows)} rows")
        if rows[0][0] not in schemas:
            raise InputError(
                f"{path}: written in form {rows[0][0]}, and this version reads form "
                f"{max(schemas)}; use the version of importance-study that wrote it"
            )
    for script, required in ((needed, True), (late, False)):
        for table, columns in _columns_of(script).items():
            if table not in have and required:
                raise damaged(path, f"table '{table}' is missing")
            lost = columns - have.get(table, columns)
            if lost:
                raise damaged(path, f"table '{table}' has no column '{min(lost)}'")


def _columns(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The names of the columns of each table of a database."""
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "SELECT m.name, x.name FROM sqlite_master m JOIN pragma_table_info(m.name) x "
        "WHERE m.type = 'table'"
    ):
        found.setdefault(table, set()).add(column)
    return found


def _columns_of(script: str) -> dict[str, set[str]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(script)
        return _columns(connection)
    finally:
        connection.close()


def _told(path: Path, error: sqlite3.Error) -> StudyError:
    """An error of SQLite in one line, with what to do."""
    name = getattr(error, "sqlite_errorname", None) or ""
    journal = path.with_name(f"{path.name}-journal")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StudyError(f"{path}: in use by another process; try again when it is done")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) and journal.exists():
        return InputError(
            f"{path}: a 'study run' was killed while it wrote, and what it left in "
            f"{journal.name} must be taken back before anything is read, but {path.parent} "
            "cannot be written to: make it writable, or copy both files to where you can write"
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return InputError(f"{path}: {os.strerror(13)} ({error})")
    if name.startswith("SQLITE_IOERR"):
        return StudyError(f"{path}: cannot be read ({error}): is the disk whole, and not full?")
    if name.startswith(("SQLITE_NOMEM", "SQLITE_FULL")):
        return StudyError(f"{path}: {error}")
    return damaged(path, str(error))
