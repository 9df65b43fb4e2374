"""The tables of a run's file."""

# Since form 2 what is stored is sealed, and a version that knows form 1 alone would break the
# seals. Runs of form 1 are read, and become form 2 when something is added.
SCHEMA = 2
SCHEMAS = (1, SCHEMA)
NEEDED_TABLES = """
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
FEATURES = """
CREATE TABLE IF NOT EXISTS features (
    feature TEXT PRIMARY KEY,           -- in the order of the columns
    deviation REAL,                     -- over the training rows (ddof 0)
    explained REAL                      -- R² of a regression on all other variables
)
"""
PARTS = """
CREATE TABLE IF NOT EXISTS parts (
    part TEXT PRIMARY KEY,              -- train, test, or dropped for a missing value
    rows INTEGER NOT NULL,
    deviation REAL                      -- of the scaled target (ddof 0)
)
"""
# In the order of the variables, and last the target.
PREPARED = """
CREATE TABLE IF NOT EXISTS prepared (
    column TEXT PRIMARY KEY,
    centre REAL NOT NULL, divisor REAL NOT NULL,    -- scaled: (value - centre) / divisor
    missing INTEGER NOT NULL,           -- rows without a value
    imputed TEXT NOT NULL               -- what stands there instead
)
"""
SOURCES = """
CREATE TABLE IF NOT EXISTS sources (
    model TEXT PRIMARY KEY,
    digest TEXT NOT NULL                -- SHA-256 of the code of one's own network
)
"""
HISTORY = """
CREATE TABLE IF NOT EXISTS history (
    started TEXT NOT NULL,              -- ISO 8601, UTC
    asked TEXT NOT NULL,                -- in words
    networks INTEGER NOT NULL           -- that were missing
)
"""
# Columns that older histories do not have, and where one was not told, NULL.
HISTORY_SINCE = {
    "ended": "TEXT",  # ISO 8601, UTC; NULL if it was killed
    "held": "INTEGER",  # networks that were stored when it started
    "command": "TEXT",  # as typed
    "workers": "TEXT",  # in words
    "circumstances": "TEXT",  # JSON: where and with what, by headings in words
}
# Of each trained model that failed twice, until it is stored after all.
FAILURES = """
CREATE TABLE IF NOT EXISTS failures (
    model TEXT NOT NULL, condition TEXT NOT NULL, engine TEXT NOT NULL,
    init INTEGER, "order" INTEGER, dropout INTEGER, labels INTEGER, rows INTEGER,
    reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS failures_key ON failures (model, init)
"""


LATE_TABLES = ";".join((FEATURES, PARTS, PREPARED, SOURCES, HISTORY, FAILURES))
