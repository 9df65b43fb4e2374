"""Records become rows, with their digests."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from study.store import digests, table_digests
from study.store.migrations import tables
from study.store.reader import STREAM_COLUMNS, Reader, Training
from study.store.records import KEY_COLUMNS, Key, Record, Row, key_row
from study.store.rows import TABLES, Rows

# Trainings whose scores are read at a time.
_AT_ONCE = 500


def insert(
    connection: sqlite3.Connection, record: Record, weights: bytes, environment_id: int
) -> int | None:
    """Insert one record, and give its id; None where another process stored the key meanwhile."""
    cursor = connection.execute(
        f"""INSERT OR IGNORE INTO trainings
            (model, condition, engine, {STREAM_COLUMNS}, environment, weights)
            VALUES ({", ".join("?" * (len(KEY_COLUMNS) + 2))})""",
        (*key_row(record.key), environment_id, weights),
    )
    if cursor.rowcount == 0 or cursor.lastrowid is None:
        return None
    for table in TABLES:
        _insert_rows(connection, table, cursor.lastrowid, getattr(record, table))
    return cursor.lastrowid


def insert_digests(
    connection: sqlite3.Connection, added: Mapping[int, tuple[Record, bytes]], environment: str
) -> None:
    """Insert the digests of records, and of their weights as stored, by their ids."""
    keys = {
        training: digests.key_of(key_row(record.key), environment)
        for training, (record, _) in added.items()
    }
    found = [
        digests.of_rows(
            Rows.of(
                table,
                [
                    (training, *row)
                    for training, (record, _) in added.items()
                    for row in sorted(getattr(record, table), key=lambda row: row[:2])
                ],
            ),
            keys,
        )
        for table in TABLES
    ]
    rows: list[tuple[Any, ...]] = [
        (
            training,
            digests.of_weights(keys[training], weights),
            *(by_training[training] for by_training in found),
        )
        for training, (_, weights) in added.items()
    ]
    connection.executemany(
        f"INSERT INTO digests (training, weights, {', '.join(TABLES)}) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    table_digests.count_in(connection, [row[1:] for row in rows])


def insert_scores(
    connection: sqlite3.Connection, reader: Reader, scores: Mapping[Training, Sequence[Row]]
) -> None:
    """Insert further scores of trainings, and renew those of their digests that there are.

    Raises Damaged where the scores that a training has are not what was stored.
    """
    every = list(scores)
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        reader.verified("scores", some)  # a new digest would hide it
        for training in some:
            _insert_rows(connection, "scores", training.id, scores[training])
        keys = {training.id: training.digest for training in some}
        found = digests.of_rows(reader.measured("scores", some).rows, keys)
        table_digests.replace(connection, "scores", found)


def forget_failures(connection: sqlite3.Connection, keys: Sequence[Key]) -> None:
    """Whatever failed of these is stored now, or failed anew."""
    same = " AND ".join(f'"{name}" IS ?' for name in KEY_COLUMNS)
    connection.executemany(f"DELETE FROM failures WHERE {same}", map(key_row, keys))


def _insert_rows(
    connection: sqlite3.Connection, table: str, training: int, rows: Sequence[Row]
) -> None:
    if rows:
        columns = [column.name for column in tables()[table]][: 1 + len(rows[0])]
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            [(training, *row) for row in rows],
        )
