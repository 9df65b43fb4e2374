"""The tables of a run's file, and the steps by which they came to be what they are.

A file tells the number of its form: the last step that it has seen. A new file takes all steps.
An older one is read as it is, and takes those that it lacks when something is added to it. What
a step says never changes; another column or table is another step at the end.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Step:
    """One change of the tables, by a script of SQL or a function, and what it is for."""

    form: int
    why: str
    change: str | Callable[[sqlite3.Connection], None]


@dataclass(frozen=True)
class Column:
    """A column of a table: `kind` is TEXT, INTEGER, REAL or BLOB."""

    name: str
    kind: str
    needed: bool
    of_key: bool


_FIRST = """
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
_DIGESTS = """
CREATE TABLE seals (
    name TEXT PRIMARY KEY,              -- a table, or the form of all tables
    digest BLOB NOT NULL                -- SHA-256 of all its rows in their order
);
CREATE TABLE digests (
    training INTEGER PRIMARY KEY REFERENCES trainings,
    weights BLOB NOT NULL,              -- SHA-256, each with the key of the training
    fits BLOB NOT NULL, scores BLOB NOT NULL, occasions BLOB NOT NULL, losses BLOB NOT NULL
);
"""
_FURTHER = """
CREATE TABLE IF NOT EXISTS features (
    feature TEXT PRIMARY KEY,           -- in the order of the columns
    deviation REAL,                     -- over the training rows (ddof 0)
    explained REAL                      -- R² of a regression on all other variables
);
CREATE TABLE IF NOT EXISTS parts (
    part TEXT PRIMARY KEY,              -- train, test; left out: dropped, proposal
    rows INTEGER NOT NULL,
    deviation REAL                      -- of the scaled target (ddof 0)
);
-- In the order of the variables, and last the target.
CREATE TABLE IF NOT EXISTS prepared (
    column TEXT PRIMARY KEY,
    centre REAL NOT NULL, divisor REAL NOT NULL,    -- scaled: (value - centre) / divisor
    missing INTEGER NOT NULL,           -- rows without a value
    imputed TEXT NOT NULL               -- what stands there instead
);
CREATE TABLE IF NOT EXISTS sources (
    model TEXT PRIMARY KEY,
    digest TEXT NOT NULL                -- SHA-256 of the code of one's own network
);
CREATE TABLE IF NOT EXISTS history (
    started TEXT NOT NULL,              -- ISO 8601, UTC
    asked TEXT NOT NULL,                -- in words
    networks INTEGER NOT NULL           -- that were missing
);
-- Of each trained model that failed twice, until it is stored after all.
CREATE TABLE IF NOT EXISTS failures (
    model TEXT NOT NULL, condition TEXT NOT NULL, engine TEXT NOT NULL,
    init INTEGER, "order" INTEGER, dropout INTEGER, labels INTEGER, rows INTEGER,
    reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS failures_key ON failures (model, init);
"""
# NULL where it was not told.
_OF_HISTORY = {
    "ended": "TEXT",  # ISO 8601, UTC; NULL if it was killed
    "held": "INTEGER",  # networks that were stored when it started
    "command": "TEXT",  # as typed
    "workers": "TEXT",  # in words
    "circumstances": "TEXT",  # JSON: where and with what, by headings in words
}
_NAMES = """
CREATE TABLE methods (
    method TEXT PRIMARY KEY             -- in the order of the program that first had it
);
CREATE TABLE conditions (
    condition TEXT PRIMARY KEY
);
"""
_DATA_FINDINGS = """
-- What may spoil a study of the data, as it was found when the run was made, in that order.
CREATE TABLE data_findings (
    code TEXT NOT NULL, title TEXT NOT NULL, evidence TEXT NOT NULL, advice TEXT NOT NULL
);
"""
_CLASS_FITS = ("d_squared", "log_loss", "brier", "auc", "balanced_accuracy", "accuracy", "majority")
_COUNT_FITS = ("deviance", "mae", "mean_count")
# What every program had that stored no names.
_METHODS = (
    *("training-gradient", "gradient", "contrast-gradient", "scaled-gradient"),
    *("permutation", "permutation-grouped"),
)
_CONDITIONS = ("real", "shuffled", "untrained")

_KEY_WITH_SPLIT = """
DROP INDEX trainings_key;
CREATE UNIQUE INDEX trainings_key ON trainings (
    model, condition, engine, ifnull(init, -1), ifnull("order", -1), ifnull(dropout, -1),
    ifnull(labels, -1), ifnull(rows, -1), ifnull(split, -1)
);
"""


def unstored_names(connection: sqlite3.Connection) -> dict[str, Sequence[str]]:
    """Methods and conditions of a run that was made before their names were stored.

    Of imported scores those that there are. None of a file that is being made.
    """
    for (recipe,) in connection.execute("SELECT recipe FROM run"):
        if json.loads(recipe).get("scores") is None:
            return {"methods": _METHODS, "conditions": _CONDITIONS}
        queries = {
            "methods": "SELECT DISTINCT method FROM scores ORDER BY 1",
            "conditions": "SELECT DISTINCT condition FROM trainings ORDER BY 1",
        }
        return {
            table: [name for (name,) in connection.execute(query)]
            for table, query in queries.items()
        }
    return {"methods": (), "conditions": ()}


def _tell_more_of_history(connection: sqlite3.Connection) -> None:
    known = columns_in(connection)["history"]
    for column, kind in _OF_HISTORY.items():
        if column not in known:
            connection.execute(f"ALTER TABLE history ADD COLUMN {column} {kind}")


def _store_names(connection: sqlite3.Connection) -> None:
    names = unstored_names(connection)
    _execute(connection, _NAMES)
    for table, of_table in names.items():
        connection.executemany(f"INSERT INTO {table} VALUES (?)", [(name,) for name in of_table])


def _tell_splits(connection: sqlite3.Connection) -> None:
    """A column for which rows a model was trained and tested on; NULL where the data say so."""
    known = columns_in(connection)
    for table in ("trainings", "failures"):
        if "split" not in known[table]:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN split INTEGER")
    _execute(connection, _KEY_WITH_SPLIT)


def _tell_fits_of_classes(connection: sqlite3.Connection) -> None:
    """Columns for how well classes are predicted; NULL where the target is a number."""
    _tell_fits(connection, _CLASS_FITS)


def _tell_fits_of_counts(connection: sqlite3.Connection) -> None:
    """Columns for how well counts are predicted, beside their D²; NULL of other targets."""
    _tell_fits(connection, _COUNT_FITS)


def _tell_fits(connection: sqlite3.Connection, columns: Sequence[str]) -> None:
    known = columns_in(connection)["fits"]
    for column in columns:
        if column not in known:
            connection.execute(f"ALTER TABLE fits ADD COLUMN {column} REAL")


STEPS = (
    Step(1, "what was run, what was trained, and what was measured of it", _FIRST),
    Step(2, "what is stored is held against digests; an older program would break them", _DIGESTS),
    # Files of forms 1 and 2 got these one by one, when there was first something to put there.
    Step(3, "the data, the code, failures and each extension are told of", _FURTHER),
    Step(4, "an extension tells how it was run, and what came of it", _tell_more_of_history),
    Step(5, "what a run was made with can be told from what there is now", _store_names),
    Step(6, "a model may be trained and tested on a split of all rows", _tell_splits),
    Step(7, "a run tells what was found in its data before training", _DATA_FINDINGS),
    Step(8, "the target may be a class, whose fit is told otherwise", _tell_fits_of_classes),
    Step(9, "the target may be a count, whose fit is told otherwise", _tell_fits_of_counts),
)
FORM = STEPS[-1].form
# The step whose tables files of an older form may have.
WHEN_NEEDED = 3


def bring_up_to_date(connection: sqlite3.Connection, form: int, to: int = FORM) -> None:
    """Take the steps that a file of some form lacks, 0 of an empty one, within a transaction."""
    for step in STEPS[form:to]:
        if isinstance(step.change, str):
            _execute(connection, step.change)
        else:
            step.change(connection)


@cache
def tables(form: int = FORM) -> Mapping[str, Sequence[Column]]:
    """The columns of each table of a file that has taken all steps to some form."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        bring_up_to_date(connection, 0, form)
        return {
            table: [
                Column(name, kind, bool(needed), place > 0)
                for _, name, kind, needed, _, place in connection.execute(
                    f"PRAGMA table_info({table})"
                )
            ]
            for table in columns_in(connection)
        }


def columns_in(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The names of the columns of each table of a database, in their order."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT m.name, x.name FROM sqlite_master m JOIN pragma_table_info(m.name) x "
        "WHERE m.type = 'table' ORDER BY m.rowid, x.cid"
    ):
        found.setdefault(table, []).append(column)
    return found


def _execute(connection: sqlite3.Connection, script: str) -> None:
    """Execute a script within a transaction, which `executescript` would end."""
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
