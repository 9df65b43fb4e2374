"""Digests of the small tables of a run, and of its form, kept in the run itself."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from study.store import digests
from study.store.rows import TABLES

_FORM = "the form of the tables"
_ALL = "trainings and their digests"
# What has digests of its own, training by training, and the digests themselves; what failed is
# no result, and may be much.
_LARGE = ("trainings", *TABLES, "digests", "seals", "failures")


# The first form that has digests.
_SINCE = 2


def exist(connection: sqlite3.Connection) -> bool:
    """Whether a run has digests; those made before there were any do not."""
    (count,) = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE name IN ('seals', 'digests')"
    ).fetchone()
    (form,) = connection.execute("SELECT schema FROM run").fetchone()
    return count > 0 or form >= _SINCE


def renew(connection: sqlite3.Connection) -> None:
    """Seal all small tables as they are now, within a transaction."""
    if _sealed_number(connection) is None:
        connection.execute("INSERT INTO seals VALUES (?, ?)", (_ALL, _number(connection)))
    connection.execute("DELETE FROM seals WHERE name <> ?", (_ALL,))
    connection.executemany("INSERT INTO seals VALUES (?, ?)", _present(connection).items())


def count_in(
    connection: sqlite3.Connection,
    rows: Sequence[Sequence[bytes]],
    in_place_of: Sequence[Sequence[bytes]] = (),
) -> None:
    """Let the number of trainings cover those whose digests `rows` were just stored.

    So that none can go unnoticed: the seal holds how many there are, and the exclusive or of
    SHA-256 over the digests of each, to which more are added, or other ones taken, without reading
    the rest.
    """
    sealed = _sealed_number(connection)
    if sealed is not None:
        more = len(rows) - len(in_place_of)
        number = _with(sealed, [*rows, *in_place_of], more)
        connection.execute("UPDATE seals SET digest = ? WHERE name = ?", (number, _ALL))


def replace(connection: sqlite3.Connection, table: str, new: Mapping[int, bytes]) -> None:
    """Put new digests of the rows of one table in place of those that trainings have.

    A training that was stored before there were digests has none, and gets none.
    """
    ids = ", ".join(map(str, new))
    query = f"SELECT weights, {', '.join(TABLES)} FROM digests WHERE training IN ({ids})"
    before = connection.execute(query).fetchall()
    connection.executemany(
        f"UPDATE digests SET {table} = ? WHERE training = ?",
        [(digest, training) for training, digest in new.items()],
    )
    count_in(connection, connection.execute(query).fetchall(), in_place_of=before)


def _sealed_number(connection: sqlite3.Connection) -> bytes | None:
    row = connection.execute("SELECT digest FROM seals WHERE name = ?", (_ALL,)).fetchone()
    return None if row is None else row[0]


def _number(connection: sqlite3.Connection) -> bytes:
    """How many trainings there are, and the exclusive or over their digests."""
    (count,) = connection.execute("SELECT count(*) FROM trainings").fetchone()
    rows = connection.execute(f"SELECT weights, {', '.join(TABLES)} FROM digests").fetchall()
    return _with(bytes(40), rows, count)


def _with(number: bytes, rows: Iterable[Sequence[bytes]], more: int) -> bytes:
    """A number of trainings with so many more, and with the digests of rows put in or taken out."""
    count = int.from_bytes(number[:8], "big") + more
    folded = int.from_bytes(number[8:], "big")
    for row in rows:
        folded ^= int.from_bytes(digests.sha256(b"".join(row)), "big")
    return count.to_bytes(8, "big") + folded.to_bytes(32, "big")


def broken(connection: sqlite3.Connection, *, small: bool = False) -> list[str]:
    """Names of the tables that are not what was stored; nothing of a run without seals.

    With `small`, whether trainings are missing is not looked at, which reads all their digests.
    """
    if not exist(connection):
        return []
    have = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    missing = [name for name in ("digests", "seals") if name not in have]
    if missing:
        return missing
    sealed, present = dict(connection.execute("SELECT * FROM seals")), _present(connection)
    present[_ALL] = sealed.get(_ALL) if small else _number(connection)
    names = sorted(sealed.keys() | present.keys(), key=str)
    return [str(name) for name in names if sealed.get(name) != present.get(name)]


def _present(connection: sqlite3.Connection) -> dict[str, bytes | None]:
    """The digest of each small table as it is, by name."""
    form = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' "
        "ORDER BY type, name"
    ).fetchall()
    found: dict[str, bytes | None] = {_FORM: digests.of_table(form)}
    for kind, name, _, sql in form:
        if kind == "table" and name not in _LARGE:
            order = "1" if "WITHOUT ROWID" in sql else "rowid"
            quoted = name.replace('"', '""')
            rows = connection.execute(f'SELECT * FROM "{quoted}" ORDER BY {order}')
            found[name] = digests.of_table(rows)
    return found
