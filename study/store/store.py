"""The run directory and its SQLite file: what is stored is complete.

Everything of one training lands in one transaction: weights, fit, scores, gradients kept
in training, losses. Nothing in the file is pickled.
"""

import hashlib
import json
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from study.common.errors import InputError, StudyError
from study.common.streams import STREAM_NAMES, StreamSeeds
from study.datasets.encoding import Scale
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import DEFAULT_MODELS
from study.recipes.model import Contender, read_model
from study.store import table_digests
from study.store.file_check import check_file, check_form, connect, damaged, reading
from study.store.insert import forget_failures, insert, insert_digests
from study.store.reader import STREAM_COLUMNS, Reader
from study.store.records import KEY_COLUMNS, Key, Layout, Record, Weights, blob, key_row, unpacked
from study.store.run_directory import FILE_NAME
from study.store.same_run import REMEDY, refuse_change
from study.store.schema import (
    FEATURES,
    HISTORY,
    HISTORY_SINCE,
    LATE_TABLES,
    NEEDED_TABLES,
    PARTS,
    PREPARED,
    SCHEMA,
    SCHEMAS,
    SOURCES,
)

# Seconds for which a writer waits for those who read.
_PATIENCE = 600


class Store:
    """The results of one run, held against their digests as they are read.

    Use as a context manager. `reader` reads what is stored of trainings.
    """

    def __init__(self, directory: Path, *, sealed: bool = True) -> None:
        """Open the stored run in `directory`.

        Raises InputError when there is none, and StudyError when it is damaged. Unless `sealed`,
        small tables are not held against their seals.
        """
        self.directory = directory
        self.path = directory / FILE_NAME
        self._extension: int | None = None  # row of the history that has no end yet
        if not self.path.is_file():
            raise InputError(f"{directory}: no run there (no {FILE_NAME}); 'study run' makes one")
        with reading(self.path):
            self._connection = connect(self.path)
        try:
            check_file(self._connection, self.path)
            self.reader = Reader(self._connection, self.path)
            with self.reader.at_once():
                check_form(self._connection, self.path, SCHEMAS, NEEDED_TABLES, LATE_TABLES)
                broken = self.broken_seals() if sealed else []
                if broken:
                    raise damaged(self.path, f"{broken[0]}: not what was stored")
                query = "SELECT dataset, recipe, hashes FROM run"
                [(self.dataset, recipe, hashes)] = self._rows(query)
            with self._parsing("table 'run'"):
                self.recipe = DatasetRecipe.model_validate_json(recipe)
                self.hashes: dict[str, str] = json.loads(hashes)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def broken_seals(self) -> list[str]:
        """Names of the tables that are not what was stored."""
        with self.reader.at_once(), reading(self.path):
            return table_digests.broken(self._connection)

    # -- writing ---------------------------------------------------------------------------

    def check_dataset(self, recipe: DatasetRecipe, hashes: dict[str, str]) -> None:
        """Raise InputError unless the run was made from this recipe and these tables."""
        if self.recipe.scores != recipe.scores and None in (self.recipe.scores, recipe.scores):
            held = self.recipe.scores
            holds = "a study that was run" if held is None else f"scores imported from {held}"
            raise InputError(f"{self.directory}: holds {holds}; {REMEDY}")
        refuse_change(self.directory, f"dataset '{self.dataset}'", self.recipe, recipe)
        for name, digest in hashes.items():
            if self.hashes.get(name) != digest:
                raise InputError(f"{self.directory}: {name} has changed since the run; {REMEDY}")

    def check_model(self, name: str, recipe: Contender, layout: Layout, engine: str) -> None:
        """Raise InputError if the run holds a model of this name made in another way."""
        stored = self.model_recipe(name)
        if stored is None:
            return
        refuse_change(self.directory, f"model '{name}'", stored, recipe)
        if self.layout(name) != layout:
            raise InputError(
                f"{self.directory}: the network of model '{name}' had other parameters when "
                f"it was trained; {REMEDY}"
            )
        for key in self.stored_keys():
            if key.model == name and key.engine != engine:
                raise InputError(
                    f"{self.directory}: model '{name}' was trained by engine '{key.engine}', and "
                    f"this is '{engine}': their digits do not mix; {REMEDY}"
                )

    def check_source(self, name: str, digest: str | None) -> None:
        """Raise InputError if a stored model was trained by other code.

        `digest` is of the model's source, None where it comes with the program.
        """
        known = self._source(name)
        # Code may change as long as nothing rests on it.
        changed = None not in (digest, known) and known != digest
        if changed and any(key.model == name for key in self.stored_keys()):
            raise InputError(
                f"{self.directory}: the code of model '{name}' has changed since it was trained; "
                f"{REMEDY}"
            )

    def add_source(self, name: str, digest: str | None) -> None:
        """Store by what code a model is trained, as `check_source` has it."""
        if digest is None or digest == self._source(name):
            return
        with self._transaction("where a network comes from") as connection:
            connection.execute(SOURCES)
            connection.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (name, digest))

    def _source(self, name: str) -> str | None:
        stored = self.sources()
        return dict(zip(stored["model"], stored["digest"], strict=True)).get(name)

    def check_measured(self) -> None:
        """Raise Damaged where stored fits or scores differ from their digests."""
        for table in ("fits", "scores"):
            self.reader.verified(table)

    def check_weights(self) -> None:
        """Raise InputError where there are no weights, as of scores that were made elsewhere."""
        if self.recipe.scores is not None:
            raise InputError(
                f"{self.directory}: holds scores imported from {self.recipe.scores}, and no "
                "trained networks"
            )

    def check_trained(self) -> None:
        """Raise InputError unless a network of an ordinary seed is trained."""
        [(networks, ordinary)] = self._rows(
            f"""SELECT count(*), count(CASE WHEN {_ORDINARY} THEN 1 END) FROM trainings
            WHERE condition = 'real' AND init IS NOT NULL"""
        )
        if networks and not ordinary:
            raise InputError(
                f"{self.directory}: only networks of --vary are stored; "
                "'study run' without it trains the ordinary seeds"
            )
        if not networks:
            raise InputError(
                f"{self.directory}: no network is trained yet; the same 'study run' goes on"
            )

    def stored_keys(self) -> set[Key]:
        """What is stored already."""
        rows = self._rows(f"SELECT model, condition, engine, {STREAM_COLUMNS} FROM trainings")
        return {
            Key(model, condition, engine, None if streams[0] is None else StreamSeeds(*streams))
            for model, condition, engine, *streams in rows
        }

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

    def add_failures(self, keys: Sequence[Key], reason: str) -> None:
        """Store why trained models are missing, in place of what was known of them."""
        with self._transaction("what failed") as connection:
            forget_failures(connection, keys)
            connection.executemany(
                "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*key_row(key), reason) for key in keys],
            )

    def add_traits(self, traits: Sequence[tuple[str, float, float]]) -> None:
        """Store feature, deviation and explained of each feature; what is stored stays."""
        with self._transaction("the traits of the data") as connection:
            connection.execute(FEATURES)
            connection.executemany("INSERT OR IGNORE INTO features VALUES (?, ?, ?)", traits)

    def add_parts(self, parts: Sequence[tuple[str, int, float | None]]) -> None:
        """Store part, rows and the target's deviation of each table; what is stored stays."""
        with self._transaction("the sizes of the tables") as connection:
            connection.execute(PARTS)
            connection.executemany("INSERT OR IGNORE INTO parts VALUES (?, ?, ?)", parts)

    def add_prepared(self, prepared: Sequence[tuple[str, float, float, int, str]]) -> None:
        """Store column, centre, divisor, missing, imputed of each column; what is stored stays."""
        with self._transaction("how columns were prepared") as connection:
            connection.execute(PREPARED)
            connection.executemany(
                "INSERT OR IGNORE INTO prepared VALUES (?, ?, ?, ?, ?)", prepared
            )

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
            connection.execute(HISTORY)
            known = _columns(connection, "history")
            for column, kind in HISTORY_SINCE.items():
                if column not in known:
                    connection.execute(f"ALTER TABLE history ADD COLUMN {column} {kind}")
            cursor = connection.execute(
                f"""INSERT INTO history
                (started, asked, networks, held, command, workers, circumstances)
                VALUES (?, ?, ?, ({_COUNT}), ?, ?, ?)""",
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

    @contextmanager
    def _transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        try:
            _patiently(self._connection, "BEGIN IMMEDIATE")
            broken = table_digests.broken(self._connection, small=True)
            if broken:  # a new seal would hide it
                raise damaged(self.path, f"{broken[0]}: not what was stored")
            yield self._connection
            self._connection.execute("UPDATE run SET schema = ?", (SCHEMA,))
            table_digests.renew(self._connection)
            _patiently(self._connection, "COMMIT")
        except sqlite3.Error as error:
            raise StudyError(
                f"{self.path}: could not store {what} ({error}); what was stored before is kept"
            ) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    # -- reading ---------------------------------------------------------------------------

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self.reader.rows(query, parameters))

    @contextmanager
    def _parsing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (TypeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise damaged(self.path, f"{what} cannot be understood: {reason}") from error

    def model_names(self) -> list[str]:
        """Names of the stored models: the shipped ones first, then by name.

        Not in the order of storing, which depends on which block was finished first.
        """
        names = [name for (name,) in self._rows("SELECT model FROM models")]
        shipped = {name: place for place, name in enumerate(DEFAULT_MODELS)}
        return sorted(names, key=lambda name: (shipped.get(name, len(shipped)), name))

    def model_recipe(self, name: str) -> Contender | None:
        """The recipe a stored model was made from; None for least squares or no such model."""
        for (recipe,) in self._rows("SELECT recipe FROM models WHERE model = ?", (name,)):
            if recipe != "null":
                with self._parsing(f"the recipe of model '{name}'"):
                    return read_model(recipe)
        return None

    def layout(self, model: str) -> Layout:
        """Names and shapes of a stored model's parameters, in the order of its weights."""
        for (layout,) in self._rows("SELECT layout FROM models WHERE model = ?", (model,)):
            with self._parsing(f"the layout of model '{model}'"):
                return json.loads(layout)
        raise damaged(self.path, f"nothing is stored of model '{model}'")

    def digest(self) -> str:
        """SHA-256 of all trained weights with their keys, and of where they were trained.

        Of a model without weights, its scores and fits stand for them.
        """
        parts = sorted(
            json.dumps(
                [
                    *training[1:],
                    hashlib.sha256(content or self._measured(training.id)).hexdigest(),
                ]
            )
            for training, content in self.reader.verified_weights()
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _measured(self, training: int) -> bytes:
        """All scores and fits of one training."""
        tables = [
            self._rows(f"SELECT * FROM {table} WHERE training = ? ORDER BY 2, 3", (training,))
            for table in ("scores", "fits")
        ]
        return json.dumps([[row[1:] for row in table] for table in tables]).encode()

    def environments(self) -> list[dict[str, str]]:
        """The versions and platforms that the stored results come from."""
        rows = self._rows("SELECT description FROM environments ORDER BY id")
        with self._parsing("table 'environments'"):
            return [json.loads(description) for (description,) in rows]

    def trainings(self) -> pd.DataFrame:
        """model, condition, engine and streams of every training, in the order of the keys."""
        keys = [training.key for training in self.reader.trainings().values()]
        frame = pd.DataFrame(keys, columns=list(KEY_COLUMNS))
        return frame.astype(dict.fromkeys(STREAM_NAMES, "Int64"))

    def frame(self, table: str) -> pd.DataFrame:
        """One of fits, scores, occasions, losses, each row with the key of its training.

        In the order of the keys, whichever was stored first. Raises Damaged where rows are not
        what was stored.
        """
        return self.reader.verified(table).frame()

    def traits(self) -> pd.DataFrame:
        """feature, deviation, explained, in the order of the features; empty if not stored."""
        kinds = {"feature": "str", "deviation": float, "explained": float}
        return self._known("features", kinds)

    def parts(self) -> pd.DataFrame:
        """part, rows, deviation; empty if not stored."""
        return self._known("parts", {"part": "str", "rows": int, "deviation": float})

    def prepared(self) -> pd.DataFrame:
        """column, centre, divisor, missing, imputed; empty if not stored."""
        kinds = {"column": "str", "centre": float, "divisor": float, "missing": int}
        return self._known("prepared", {**kinds, "imputed": "str"})

    def sources(self) -> pd.DataFrame:
        """model, digest of each model whose code is one's own; empty if not stored."""
        return self._known("sources", {"model": "str", "digest": "str"}).sort_values("model")

    def scales(self) -> dict[str, Scale]:
        """How each variable, and the target, was scaled."""
        stored = {
            row.column: Scale(row.centre, row.divisor) for row in self.prepared().itertuples()
        }
        columns = [*self.recipe.variables, self.recipe.target]
        # Before scales were stored, all were divisors of the recipe.
        return stored or {
            column.name: Scale(divisor=getattr(column, "divisor", 1.0)) for column in columns
        }

    def failures(self) -> pd.DataFrame:
        """model, condition, engine, streams and reason of all that failed twice."""
        text = dict.fromkeys(("model", "condition", "engine"), "str")
        streams = dict.fromkeys(STREAM_NAMES, "Int64")
        return self._known("failures", {**text, **streams, "reason": "str"})

    def history(self) -> pd.DataFrame:
        """One row for each extension of the run, in the order of time; empty if not stored.

        started, ended : ISO 8601, UTC; missing without an end, as of a process that was killed
        asked, networks : what for, in words, and how many networks were missing
        stored : how many came of it, also where it was killed
        command, workers : as typed; how many, and how they work
        circumstances : dict, by headings in words

        The columns after `networks` are missing where an older version wrote the history.
        """
        text = dict.fromkeys(("ended", "command", "workers", "circumstances"), "str")
        kinds = {"started": "str", "asked": "str", "networks": int, "held": "Int64", **text}
        history = self._known("history", kinds)
        [(held,)] = self._rows(_COUNT)
        history["stored"] = history["held"].shift(-1, fill_value=held) - history["held"]
        with self._parsing("table 'history'"):
            history["circumstances"] = [
                {} if pd.isna(told) else json.loads(told) for told in history["circumstances"]
            ]
        order = ("started", "asked", "networks", "ended", "stored", "command", "workers")
        return history[[*order, "circumstances"]]

    def _known(self, table: str, kinds: dict[str, Any]) -> pd.DataFrame:
        """A table, or columns, that older runs do not have, as filled; empty where missing."""
        with reading(self.path):
            present = _columns(self._connection, table)
        rows = []
        if present:
            columns = (f'"{column}"' if column in present else "NULL" for column in kinds)
            rows = self._rows(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid")
        with self._parsing(f"table '{table}'"):
            return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)

    def without_weights(self) -> list[str]:
        """Names of the stored models of which no weights are kept, as `model_names` has them."""
        return [name for name in self.model_names() if not self.layout(name)]

    def weights(self, model: str, condition: str) -> tuple[list[int | None], Weights]:
        """Weights of a model's ordinary seeds, and those seeds in order.

        Arrays are (networks, ...) by parameter; least squares has the one seed None. Empty
        where nothing is stored, and no weights of a model of which none are kept.
        """
        found = sorted(
            (training.init or 0, training, content)
            for training, content in self.reader.verified_weights(
                f"model = ? AND condition = ? AND {_ORDINARY}", (model, condition)
            )
        )
        if not found:
            return [], {}
        layout = self.layout(model)
        size = sum(math.prod(shape) for _, shape in layout)
        for _, training, content in found:
            if len(content) != 4 * size:
                raise self.reader.differs("weights", [training])
        arrays = unpacked([content for *_, content in found], layout)
        return [training.init for _, training, _ in found], arrays


# Holds for trainings of one ordinary seed, and for least squares.
_ORDINARY = 'init IS "order" AND init IS dropout AND init IS labels AND rows IS NULL'
# Networks that are stored.
_COUNT = "SELECT count(*) FROM trainings WHERE init IS NOT NULL"


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


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The names of a table's columns; none where there is no such table."""
    return [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
