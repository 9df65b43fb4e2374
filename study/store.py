"""The run directory and its SQLite file: what is stored is complete.

Everything of one training lands in one transaction: weights, fit, scores, gradients kept
in training, losses. Nothing in the file is pickled.
"""

import hashlib
import json
import math
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.encoding import Scale
from study.errors import InputError, StudyError
from study.recipes import (
    DEFAULT_MODELS,
    Contender,
    DatasetRecipe,
    Recipe,
    dotted,
    fingerprint,
    read_model,
)
from study.streams import STREAM_NAMES, StreamSeeds

Weights = dict[str, np.ndarray]
Layout = list[list[Any]]  # [parameter, shape] in the order of a weights blob

FILE_NAME = "results.sqlite"
SCHEMA = 1

_TABLES = """
CREATE TABLE run (
    schema INTEGER NOT NULL,
    dataset TEXT NOT NULL,              -- name
    recipe TEXT NOT NULL,               -- JSON
    hashes TEXT NOT NULL                -- JSON: SHA-256 of each table
);
CREATE TABLE models (
    model TEXT PRIMARY KEY,
    recipe TEXT NOT NULL,               -- JSON; null for least squares
    layout TEXT NOT NULL                -- JSON: [[parameter, shape], ...] of a weights blob
);
CREATE TABLE environments (
    id INTEGER PRIMARY KEY,
    description TEXT NOT NULL UNIQUE    -- JSON: versions and platform
);
CREATE TABLE trainings (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL REFERENCES models,
    condition TEXT NOT NULL,
    engine TEXT NOT NULL,
    init INTEGER, "order" INTEGER, dropout INTEGER, labels INTEGER, rows INTEGER,
    environment INTEGER NOT NULL REFERENCES environments,
    weights BLOB NOT NULL               -- float32, little-endian, parameters in layout order;
                                        -- empty for a model without parameters
);
CREATE UNIQUE INDEX trainings_key ON trainings (
    model, condition, engine, ifnull(init, -1), ifnull("order", -1), ifnull(dropout, -1),
    ifnull(labels, -1), ifnull(rows, -1)
);
CREATE TABLE fits (
    training INTEGER NOT NULL REFERENCES trainings,
    part TEXT NOT NULL, evaluation TEXT NOT NULL,    -- train or test; alone or together
    r_squared REAL, rmse REAL, within REAL,
    PRIMARY KEY (training, part, evaluation)
) WITHOUT ROWID;
CREATE TABLE scores (
    training INTEGER NOT NULL REFERENCES trainings,
    method TEXT NOT NULL, item TEXT NOT NULL,   -- a feature, or a variable
    score REAL, signed REAL,
    PRIMARY KEY (training, method, item)
) WITHOUT ROWID;
CREATE TABLE occasions (
    training INTEGER NOT NULL REFERENCES trainings,
    epoch INTEGER NOT NULL, feature TEXT NOT NULL,
    absolute REAL, signed REAL,                 -- mean over the batch
    PRIMARY KEY (training, epoch, feature)
) WITHOUT ROWID;
CREATE TABLE losses (
    training INTEGER NOT NULL REFERENCES trainings,
    epoch INTEGER NOT NULL, loss REAL,
    PRIMARY KEY (training, epoch)
) WITHOUT ROWID;
"""


# Runs made before there were these tables get them from the next `study run`.
_FEATURES = """
CREATE TABLE IF NOT EXISTS features (
    feature TEXT PRIMARY KEY,           -- in the order of the columns
    deviation REAL,                     -- over the training rows (ddof 0)
    explained REAL                      -- R² of a regression on all other variables
)
"""
_PARTS = """
CREATE TABLE IF NOT EXISTS parts (
    part TEXT PRIMARY KEY,              -- train, test, or dropped for a missing value
    rows INTEGER NOT NULL,
    deviation REAL                      -- of the scaled target (ddof 0)
)
"""
# In the order of the variables, and last the target.
_PREPARED = """
CREATE TABLE IF NOT EXISTS prepared (
    column TEXT PRIMARY KEY,
    centre REAL NOT NULL, divisor REAL NOT NULL,    -- scaled: (value - centre) / divisor
    missing INTEGER NOT NULL,           -- rows without a value
    imputed TEXT NOT NULL               -- what stands there instead
)
"""
_SOURCES = """
CREATE TABLE IF NOT EXISTS sources (
    model TEXT PRIMARY KEY,
    digest TEXT NOT NULL                -- SHA-256 of the code of one's own network
)
"""
_HISTORY = """
CREATE TABLE IF NOT EXISTS history (
    started TEXT NOT NULL,              -- ISO 8601, UTC
    asked TEXT NOT NULL,                -- in words
    networks INTEGER NOT NULL           -- that were missing
)
"""


@dataclass(frozen=True)
class Key:
    """The identity of one trained model in a run; least squares has no streams."""

    model: str
    condition: str
    engine: str
    streams: StreamSeeds | None


@dataclass(frozen=True)
class Record:
    """Everything stored of one trained model, as rows of the tables of the same names."""

    key: Key
    weights: Weights
    fits: list[tuple[str, str, float, float, float]]
    scores: list[tuple[str, str, float, float | None]]
    occasions: list[tuple[int, str, float, float]]
    losses: list[tuple[int, float]]


class Store:
    """The results of one run. Use as a context manager."""

    def __init__(self, directory: Path) -> None:
        """Open the stored run in `directory`. Raises InputError when there is none."""
        self.directory = directory
        self.path = directory / FILE_NAME
        if not self.path.is_file():
            raise InputError(f"{directory}: no run there (no {FILE_NAME}); 'study run' makes one")
        try:
            self._connection = _connect(self.path)
        except sqlite3.Error as error:
            raise InputError(f"{self.path}: {error}") from error
        try:
            schema, self.dataset, recipe, hashes = self._connection.execute(
                "SELECT schema, dataset, recipe, hashes FROM run"
            ).fetchone()
            if schema != SCHEMA:
                raise InputError(
                    f"{self.path}: written in form {schema}, and this version reads form {SCHEMA}"
                )
            self.recipe = DatasetRecipe.model_validate_json(recipe)
            self.hashes: dict[str, str] = json.loads(hashes)
        except (sqlite3.Error, TypeError, ValueError) as error:
            self._connection.close()
            if "locked" in str(error):
                raise StudyError(f"{self.path}: in use by another process") from error
            reason = str(error).splitlines()[0]
            raise InputError(f"{self.path}: not the results of a study ({reason})") from error
        except InputError:
            self._connection.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    # -- writing ---------------------------------------------------------------------------

    def check_dataset(self, recipe: DatasetRecipe, hashes: dict[str, str]) -> None:
        """Raise InputError unless the run was made from this recipe and these tables."""
        if self.recipe.scores != recipe.scores and None in (self.recipe.scores, recipe.scores):
            held = self.recipe.scores
            holds = "a study that was run" if held is None else f"scores imported from {held}"
            raise InputError(f"{self.directory}: holds {holds}; {_REMEDY}")
        _refuse_change(self.directory, f"dataset '{self.dataset}'", self.recipe, recipe)
        for name, digest in hashes.items():
            if self.hashes.get(name) != digest:
                raise InputError(f"{self.directory}: {name} has changed since the run; {_REMEDY}")

    def check_model(self, name: str, recipe: Contender, layout: Layout, engine: str) -> None:
        """Raise InputError if the run holds a model of this name made in another way."""
        stored = self.model_recipe(name)
        if stored is None:
            return
        _refuse_change(self.directory, f"model '{name}'", stored, recipe)
        if self._layout(name) != layout:
            raise InputError(
                f"{self.directory}: the network of model '{name}' had other parameters when "
                f"it was trained; {_REMEDY}"
            )
        for key in self.stored_keys():
            if key.model == name and key.engine != engine:
                raise InputError(
                    f"{self.directory}: model '{name}' was trained by engine '{key.engine}', and "
                    f"this is '{engine}': their digits do not mix; {_REMEDY}"
                )

    def check_source(self, name: str, digest: str | None) -> None:
        """Raise InputError if a stored model was trained by other code; else keep its digest.

        `digest` is of the model's source, None where it comes with the program.
        """
        if digest is None:
            return
        stored = self._known("sources", {"model": "str", "digest": "str"})
        known = dict(zip(stored["model"], stored["digest"], strict=True)).get(name)
        if known == digest:
            return
        # Code may change as long as nothing rests on it.
        if known is not None and any(key.model == name for key in self.stored_keys()):
            raise InputError(
                f"{self.directory}: the code of model '{name}' has changed since it was trained; "
                f"{_REMEDY}"
            )
        with self._transaction("where a network comes from") as connection:
            connection.execute(_SOURCES)
            connection.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (name, digest))

    def check_weights(self) -> None:
        """Raise InputError where there are no weights, as of scores that were made elsewhere."""
        if self.recipe.scores is not None:
            raise InputError(
                f"{self.directory}: holds scores imported from {self.recipe.scores}, and no "
                "trained networks"
            )

    def check_trained(self) -> None:
        """Raise InputError unless a network of an ordinary seed is trained."""
        networks, ordinary = self._connection.execute(
            f"""SELECT count(*), count(CASE WHEN {_ORDINARY} THEN 1 END) FROM trainings
            WHERE condition = 'real' AND init IS NOT NULL"""
        ).fetchone()
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
        rows = self._connection.execute(
            f"SELECT model, condition, engine, {_STREAM_COLUMNS} FROM trainings"
        )
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
            for record in records:
                _insert(connection, record, environment_id)

    def add_traits(self, traits: Sequence[tuple[str, float, float]]) -> None:
        """Store feature, deviation and explained of each feature; what is stored stays."""
        with self._transaction("the traits of the data") as connection:
            connection.execute(_FEATURES)
            connection.executemany("INSERT OR IGNORE INTO features VALUES (?, ?, ?)", traits)

    def add_parts(self, parts: Sequence[tuple[str, int, float | None]]) -> None:
        """Store part, rows and the target's deviation of each table; what is stored stays."""
        with self._transaction("the sizes of the tables") as connection:
            connection.execute(_PARTS)
            connection.executemany("INSERT OR IGNORE INTO parts VALUES (?, ?, ?)", parts)

    def add_prepared(self, prepared: Sequence[tuple[str, float, float, int, str]]) -> None:
        """Store column, centre, divisor, missing, imputed of each column; what is stored stays."""
        with self._transaction("how columns were prepared") as connection:
            connection.execute(_PREPARED)
            connection.executemany(
                "INSERT OR IGNORE INTO prepared VALUES (?, ?, ?, ?, ?)", prepared
            )

    def add_history(self, started: str, asked: str, networks: int) -> None:
        """Store that at a time (ISO 8601, UTC) so many networks were missing and asked for."""
        with self._transaction("when it was asked for") as connection:
            connection.execute(_HISTORY)
            connection.execute("INSERT INTO history VALUES (?, ?, ?)", (started, asked, networks))

    @contextmanager
    def _transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StudyError(
                f"{self.path}: could not store {what} ({error}); what was stored before is kept"
            ) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    # -- reading ---------------------------------------------------------------------------

    def model_names(self) -> list[str]:
        """Names of the stored models: the shipped ones first, then by name.

        Not in the order of storing, which depends on which block was finished first.
        """
        names = [name for (name,) in self._connection.execute("SELECT model FROM models")]
        shipped = {name: place for place, name in enumerate(DEFAULT_MODELS)}
        return sorted(names, key=lambda name: (shipped.get(name, len(shipped)), name))

    def model_recipe(self, name: str) -> Contender | None:
        """The recipe a stored model was made from; None for least squares or no such model."""
        row = self._connection.execute(
            "SELECT recipe FROM models WHERE model = ?", (name,)
        ).fetchone()
        if row is None or row[0] == "null":
            return None
        return read_model(row[0])

    def _layout(self, model: str) -> Layout:
        (layout,) = self._connection.execute(
            "SELECT layout FROM models WHERE model = ?", (model,)
        ).fetchone()
        return json.loads(layout)

    def digest(self) -> str:
        """SHA-256 of all trained weights with their keys, and of where they were trained.

        Of a model without weights, its scores and fits stand for them.
        """
        rows = self._connection.execute(
            f"""SELECT model, condition, engine, {_STREAM_COLUMNS}, description,
                trainings.id, weights
            FROM trainings JOIN environments ON environments.id = environment"""
        )
        parts = sorted(
            json.dumps([*key, hashlib.sha256(blob or self._measured(training)).hexdigest()])
            for *key, training, blob in rows
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _measured(self, training: int) -> bytes:
        """All scores and fits of one training."""
        tables = [
            self._connection.execute(
                f"SELECT * FROM {table} WHERE training = ? ORDER BY 2, 3", (training,)
            )
            for table in ("scores", "fits")
        ]
        return json.dumps([[row[1:] for row in table] for table in tables]).encode()

    def environments(self) -> list[dict[str, str]]:
        """The versions and platforms that the stored results come from."""
        rows = self._connection.execute("SELECT description FROM environments ORDER BY id")
        return [json.loads(description) for (description,) in rows]

    def trainings(self) -> pd.DataFrame:
        """model, condition, engine and streams of every training, in the order of the keys."""
        query = f"""SELECT model, condition, engine, {_STREAM_COLUMNS} FROM trainings
            ORDER BY model, condition, {_STREAM_COLUMNS}"""
        return _with_streams(pd.read_sql_query(query, self._connection))

    def frame(self, table: str) -> pd.DataFrame:
        """One of fits, scores, occasions, losses, each row with the key of its training.

        In the order of the keys, whichever was stored first.
        """
        query = f"""SELECT t.model, t.condition, t.engine, t.init, t."order", t.dropout, t.labels,
            t.rows, x.* FROM {table} x JOIN trainings t ON x.training = t.id
            ORDER BY t.model, t.condition, t.init, t."order", t.dropout, t.labels, t.rows, 10, 11"""
        return _with_streams(pd.read_sql_query(query, self._connection).drop(columns="training"))

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

    def history(self) -> pd.DataFrame:
        """started, asked, networks, in the order of time; empty if not stored."""
        return self._known("history", {"started": "str", "asked": "str", "networks": int})

    def _known(self, table: str, kinds: dict[str, Any]) -> pd.DataFrame:
        """A table that older runs do not have, as it was filled; empty where there is none."""
        rows = []
        query = "SELECT 1 FROM sqlite_master WHERE name = ?"
        if self._connection.execute(query, (table,)).fetchone():
            query = f"SELECT {', '.join(kinds)} FROM {table} ORDER BY rowid"
            rows = self._connection.execute(query).fetchall()
        return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)

    def without_weights(self) -> list[str]:
        """Names of the stored models of which no weights are kept, as `model_names` has them."""
        return [name for name in self.model_names() if not self._layout(name)]

    def weights(self, model: str, condition: str) -> tuple[list[int | None], Weights]:
        """Weights of a model's ordinary seeds, and those seeds in order.

        Arrays are (networks, ...) by parameter; least squares has the one seed None. Empty
        where nothing is stored, and no weights of a model of which none are kept.
        """
        found = self._connection.execute(
            f"""SELECT init, weights FROM trainings WHERE model = ? AND condition = ?
            AND {_ORDINARY} ORDER BY init""",
            (model, condition),
        ).fetchall()
        if not found:
            return [], {}
        flat = np.stack([np.frombuffer(blob, dtype="<f4") for _, blob in found])
        arrays, start = {}, 0
        for name, shape in self._layout(model):
            stop = start + math.prod(shape)
            arrays[name] = flat[:, start:stop].reshape(len(found), *shape)
            start = stop
        return [seed for seed, _ in found], arrays


def create(directory: Path, dataset: str, recipe: DatasetRecipe, hashes: dict[str, str]) -> None:
    """Make an empty run in `directory`, unless there is one. Raises InputError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # The file appears whole or not at all, also when two processes start at once.
        new = directory / f"{FILE_NAME}.{os.getpid()}"
        new.unlink(missing_ok=True)
        connection = _connect(new)
        connection.executescript(_TABLES)
        connection.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?)",
            (SCHEMA, dataset, recipe.model_dump_json(), json.dumps(hashes, sort_keys=True)),
        )
        connection.close()
        try:
            (directory / FILE_NAME).hardlink_to(new)
            new.unlink()
        except FileExistsError:
            new.unlink()
        except OSError:  # a file system without links
            new.rename(directory / FILE_NAME)
    except (OSError, sqlite3.Error) as error:
        raise _unwritable(directory, error) from error


def check_writable(directory: Path) -> None:
    """Raise InputError when results cannot be added to the run in `directory`."""
    for path in (directory, directory / FILE_NAME):
        if path.exists() and not os.access(path, os.W_OK):
            raise InputError(f"cannot write a run to {directory}: Permission denied")


def set_aside(directory: Path) -> None:
    """Rename the results of a run, if any, so that it can start afresh. Raises InputError.

    A journal that a killed process left belongs to the results and goes with them.
    """
    number = 1
    while (aside := directory / f"{FILE_NAME}.old{number}").exists():
        number += 1
    try:
        for ending in ("-journal", ""):
            path = directory / f"{FILE_NAME}{ending}"
            if path.exists():
                path.replace(f"{aside}{ending}")
    except OSError as error:
        raise _unwritable(directory, error) from error


def _unwritable(directory: Path, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) else error
    return InputError(f"cannot write a run to {directory}: {reason}")


_STREAM_COLUMNS = ", ".join(f'"{name}"' for name in STREAM_NAMES)
# Holds for trainings of one ordinary seed, and for least squares.
_ORDINARY = 'init IS "order" AND init IS dropout AND init IS labels AND rows IS NULL'
_REMEDY = "name another directory with --out, or start this one again with --fresh"


def _with_streams(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose streams are whole numbers, or missing."""
    streams = list(STREAM_NAMES)
    frame[streams] = frame[streams].astype("Int64")
    return frame


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _insert(connection: sqlite3.Connection, record: Record, environment_id: int) -> None:
    """Insert one record, unless another process stored the same key meanwhile."""
    key = record.key
    streams = (None,) * len(STREAM_NAMES) if key.streams is None else astuple(key.streams)
    blob = b"".join(array.astype("<f4").tobytes() for array in record.weights.values())
    cursor = connection.execute(
        f"""INSERT OR IGNORE INTO trainings
            (model, condition, engine, {_STREAM_COLUMNS}, environment, weights)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            key.model,
            key.condition,
            key.engine,
            *streams,
            environment_id,
            blob,
        ),
    )
    if cursor.rowcount == 0:
        return
    for table in ("fits", "scores", "occasions", "losses"):
        rows = [(cursor.lastrowid, *row) for row in getattr(record, table)]
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _refuse_change(directory: Path, what: str, stored: Recipe, given: Recipe) -> None:
    if fingerprint(stored) == fingerprint(given):
        return
    before, after = (
        {key: json.dumps(leaf) for key, leaf in dotted(recipe).items()}
        for recipe in (stored, given)
    )
    key = next(key for key in {**before, **after} if before.get(key) != after.get(key))
    raise InputError(
        f"{directory}: made from another recipe of {what} "
        f"({key}: {before.get(key)} there, {after.get(key)} now); {_REMEDY}"
    )


def find_run(directory: str | None) -> Path:
    """The run meant by a command: as named, or reports/people, or the only one there is."""
    if directory is not None:
        return Path(directory)
    runs = sorted(path.parent for path in Path("reports").glob(f"*/{FILE_NAME}"))
    if Path("reports/people") in runs:
        return Path("reports/people")
    if not runs:
        raise InputError("no run under reports/: 'study run' makes one; or name its directory")
    if len(runs) > 1:
        raise InputError(f"which run? name one of {', '.join(map(str, runs))}")
    return runs[0]
