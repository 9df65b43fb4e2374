"""What is added to a stored run: whole, or not at all.

Everything of one training lands in one transaction: weights, fit, scores, gradients kept
in training, losses. Nothing in the file is pickled.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from study.common.errors import StudyError
from study.common.shortage import in_words
from study.common.warning import Warning
from study.recipes.model import Contender
from study.store import table_digests
from study.store.file_check import damaged
from study.store.insert import forget_failures, insert, insert_digests, insert_scores
from study.store.migrations import FORM, bring_up_to_date
from study.store.records import KEY_COLUMNS, Key, Record, Row, blob, key_row
from study.store.store import COUNT, Store

# Seconds for which a writer waits for those who read.
_PATIENCE = 600


class Writer(Store):
    """A stored run to which results are added.

    With the first addition, a run of an older form becomes one of this version's.
    """

    def __init__(self, directory: Path) -> None:
        """Open the stored run in `directory`, as a `Store` is opened."""
        super().__init__(directory)
        self._extension: int | None = None  # row of the history that has no end yet

    def add(
        self,
        model: str,
        recipe: Contender | None,
        records: Sequence[Record],
        environment: dict[str, str],
    ) -> None:
        """Store records of one model in one transaction: all of them, or none."""
        layout = [[name, list(array.shape)] for name, array in records[0].weights.items()]
        with self._transaction("a block") as connection:
            connection.execute(
                "INSERT OR IGNORE INTO models VALUES (?, ?, ?)",
                (
                    model,
                    "null" if recipe is None else recipe.model_dump_json(),
                    json.dumps(layout),
                ),
            )
            description = json.dumps(environment, sort_keys=True)
            connection.execute(
                "INSERT OR IGNORE INTO environments (description) VALUES (?)", (description,)
            )
            (environment_id,) = connection.execute(
                "SELECT id FROM environments WHERE description = ?", (description,)
            ).fetchone()
            added = {}
            for record in records:
                weights = blob(record)
                training = insert(connection, record, weights, environment_id)
                if training is not None:
                    added[training] = record, weights
            insert_digests(connection, added, description)
            forget_failures(connection, [record.key for record in records])

    def add_scores(self, methods: Sequence[str], scores: Mapping[Key, Sequence[Row]]) -> None:
        """Store scores by further methods of stored trainings in one transaction.

        The run has these methods from then on, after those that it had. Rows are those of
        `Record.scores`. Raises KeyError where a training is not stored, and Damaged where its
        scores are not what was stored.
        """
        with self._transaction("scores of further methods") as connection:
            trainings = {training.key: training for training in self.reader.each_training()}
            chosen = {trainings[key_row(key)]: rows for key, rows in scores.items()}
            insert_scores(connection, self.reader, chosen)
            self._add_rows("methods", [(method,) for method in methods])

    def add_conditions(self, conditions: Sequence[str]) -> None:
        """Store that the run has these conditions from now on, after those that it had."""
        if set(conditions) - set(self.conditions()):
            with self._transaction("in which conditions models are made"):
                self._add_rows("conditions", [(condition,) for condition in conditions])

    def add_failures(self, keys: Sequence[Key], reason: str) -> None:
        """Store why trained models are missing, in place of what was known of them."""
        with self._transaction("what failed") as connection:
            forget_failures(connection, keys)
            rows = [(*key_row(key), reason) for key in keys]
            self._add_rows("failures", rows, (*KEY_COLUMNS, "reason"))

    def add_source(self, model: str, digest: str | None) -> None:
        """Store by what code a model is trained, as `check_source` has it."""
        if digest is None or digest == self.source(model):
            return
        with self._transaction("where a network comes from") as connection:
            connection.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (model, digest))

    def add_traits(self, traits: Sequence[tuple[str, float, float]]) -> None:
        """Store feature, deviation and explained of each feature; what is stored stays."""
        with self._transaction("the traits of the data"):
            self._add_rows("features", traits)

    def add_parts(self, parts: Sequence[tuple[str, int, float | None]]) -> None:
        """Store part, rows and the target's deviation of each table; what is stored stays."""
        with self._transaction("the sizes of the tables"):
            self._add_rows("parts", parts)

    def add_prepared(self, prepared: Sequence[tuple[str, float, float, int, str]]) -> None:
        """Store column, centre, divisor, missing, imputed of each column; what is stored stays."""
        with self._transaction("how columns were prepared"):
            self._add_rows("prepared", prepared)

    def add_data_findings(self, found: Sequence[Warning]) -> None:
        """Store what was found in the data, in this order."""
        with self._transaction("what was found in the data"):
            self._add_rows("data_findings", [astuple(warning) for warning in found])

    def add_history(
        self,
        started: str,
        asked: str,
        networks: int,
        *,
        command: str | None = None,
        workers: str | None = None,
        circumstances: Mapping[str, str] | None = None,
    ) -> None:
        """Store that an extension of the run starts, and what `history` tells of it.

        started : ISO 8601, UTC; asked : what for, in words; networks : how many are missing
        """
        told = None if circumstances is None else json.dumps(circumstances)
        with self._transaction("when it was asked for") as connection:
            cursor = connection.execute(
                f"""INSERT INTO history
                (started, asked, networks, held, command, workers, circumstances)
                VALUES (?, ?, ?, ({COUNT}), ?, ?, ?)""",
                (started, asked, networks, command, workers, told),
            )
            self._extension = cursor.lastrowid

    def end_history(self, ended: str) -> None:
        """Store when the extension that `add_history` started ends: ISO 8601, UTC.

        Without one, nothing is done; that it cannot be stored, as on a full disk, is no error.
        """
        if self._extension is None:
            return
        with suppress(StudyError), self._transaction("when it ended") as connection:
            connection.execute(
                "UPDATE history SET ended = ? WHERE rowid = ?", (ended, self._extension)
            )

    def _add_rows(
        self, table: str, rows: Sequence[Sequence[Any]], columns: Sequence[str] = ()
    ) -> None:
        """Insert rows into a small table, within a transaction; what is stored stays.

        `columns` are named where those of the rows are in another order than the table's.
        """
        if rows:
            into = table + (
                " (" + ", ".join(f'"{column}"' for column in columns) + ")" if columns else ""
            )
            marks = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT OR IGNORE INTO {into} VALUES ({marks})", rows)

    @contextmanager
    def _transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        try:
            _patiently(self._connection, "BEGIN IMMEDIATE")
            broken = table_digests.broken(self._connection, small=True)
            if broken:  # a new seal would hide it
                raise damaged(self.path, f"{broken[0]}: not what was stored")
            (form,) = self._connection.execute("SELECT schema FROM run").fetchone()
            bring_up_to_date(self._connection, form)
            yield self._connection
            self._connection.execute("UPDATE run SET schema = ?", (FORM,))
            table_digests.renew(self._connection)
            _patiently(self._connection, "COMMIT")
        except sqlite3.Error as error:
            if not self.path.exists():
                raise StudyError(
                    f"{self.path}: gone while this command ran, so {what} could not be stored: "
                    "leave the directory in its place, and start again"
                ) from error
            raise StudyError(
                f"{self.path}: could not store {what} ({in_words(error)}); what was stored "
                "before is kept"
            ) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute what waits for those who read, which may take long of a large run."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
