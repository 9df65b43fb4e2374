"""Digests of what is stored, and what is read against them."""

import hashlib
import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import shipped, without_digests
from made_records import record

from study.common.errors import StudyError
from study.store import digests
from study.store.rows import TABLES, Rows
from study.store.run_directory import FILE_NAME, create
from study.store.store import Store
from study.store.writer import Writer

ENVIRONMENT = {"torch": "2"}


@pytest.fixture
def directory(tmp_path, people) -> Path:
    """Two trainings of one model."""
    create(tmp_path, "people", people.recipe, people.hashes)
    with Writer(tmp_path) as store:
        store.add("mlp", shipped("mlp"), [record(0), record(7)], ENVIRONMENT)
    return tmp_path


def execute(directory: Path, *statements: str) -> list[tuple]:
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
    return rows


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def test_digests_are_what_the_documentation_says(directory):
    """Written out once more, number by number."""
    environment = json.dumps(ENVIRONMENT)
    key = sha256(json.dumps(["mlp", "real", "torch", 7, 7, 7, 7, None, environment]).encode())

    def of(table: str, labels: list[list], *numbers: float) -> bytes:
        # struct writes NaN as the one that IEEE 754 names first.
        content = b"".join(struct.pack("<d", number) for number in numbers)
        return sha256(key, sha256(json.dumps([table, labels]).encode()), content)

    nan = float("nan")
    blob = struct.pack("<3f", 8.0, 7.0, nan)
    expected = (
        sha256(key, sha256(blob)),
        of("fits", [["test", "alone"], ["train", "alone"]], -np.inf, 2.0, nan, 0.5, 1.5, 0.25),
        of("scores", [["gradient", "age"], ["permutation", "sex"]], 9.0, -1.0, 0.0, nan),
        of("occasions", [[0, "age"], [0, "sex"], [30, "age"]], 3.0, 1.0, 1.0, 0.0, 2.0, 1.0),
        of("losses", [[0], [10]], 3.5, nan),
    )
    columns = "d.weights, fits, scores, occasions, losses"
    query = f"SELECT {columns} FROM digests d JOIN trainings t ON t.id = training WHERE init = 7"
    assert execute(directory, query) == [expected]


def test_many_trainings_at_once_have_the_digests_of_each_alone():
    generator = np.random.default_rng(0)
    rows = [
        (training, epoch, feature, *generator.normal(size=2).tolist())
        for training in (3, 4, 9)
        for epoch in ((0, 5) if training == 4 else (0, 7))
        for feature in ("age", "sex")
    ]
    keys = {training: digests.key_of([training], "here") for training in (2, 3, 4, 9)}
    together = digests.of_rows(Rows.of("occasions", rows), keys)
    assert len(set(together.values())) == 4
    for training, key in keys.items():
        own = Rows.of("occasions", [row for row in rows if row[0] == training])
        assert digests.of_rows(own, {training: key}) == {training: together[training]}


CHANGES = {
    "UPDATE fits SET within = 0.3 WHERE training = 2 AND part = 'train'": "fits",
    "UPDATE fits SET part = 'tesT' WHERE training = 2 AND part = 'test'": "fits",
    "DELETE FROM fits WHERE training = 2 AND part = 'test'": "fits",
    "UPDATE scores SET score = score + 1e-15 WHERE training = 2 AND method = 'gradient'": "scores",
    "UPDATE scores SET signed = NULL WHERE training = 2": "scores",
    "UPDATE scores SET score = 'x' WHERE training = 2": "scores",
    "UPDATE occasions SET epoch = 31 WHERE training = 2 AND epoch = 30": "occasions",
    "INSERT INTO losses VALUES (2, 20, 1.0)": "losses",
    "UPDATE trainings SET weights = zeroblob(12) WHERE id = 2": "weights",
    "UPDATE trainings SET weights = 'text' WHERE id = 2": "weights",
    'UPDATE trainings SET init = 8, "order" = 8, dropout = 8, labels = 8 WHERE id = 2': "fits",
    "UPDATE trainings SET engine = 'Torch' WHERE id = 2": "fits",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_read_is_held_against_its_digest(directory, change):
    execute(directory, change)
    said = []
    with Store(directory) as store:
        for table in ("fits", "scores", "occasions", "losses"):
            try:
                assert len(store.frame(table)) >= 2
            except StudyError as error:
                said.append(str(error))
        for read in (store.digest, lambda: store.weights("mlp", "real")):
            try:
                read()
            except StudyError as error:
                said.append(str(error))
    assert said
    assert said[0].startswith(f"{directory / FILE_NAME}: damaged (")
    table = CHANGES[change]
    assert f"{table} of mlp, real, " in said[0] or f"table '{table}': could not" in said[0]
    keyed = "trainings SET" in change and "weights" not in change
    assert len(said) == (6 if keyed else 2 if table == "weights" else 1)
    assert "mlp, real, seed 0" not in "".join(said)


SMALL = {
    "run": "UPDATE run SET hashes = replace(hashes, '1', '2')",
    "models": "UPDATE models SET recipe = replace(recipe, '300', '301')",
    "environments": "UPDATE environments SET description = '{}'",
    "features": "DELETE FROM features",
    "history": "UPDATE history SET asked = 'nothing'",
    "seals": "DROP TABLE seals",
    "digests": "DROP TABLE digests",
    "the form of the tables": "CREATE INDEX further ON run (dataset)",
}


@pytest.mark.parametrize("table", SMALL)
def test_small_tables_are_sealed(directory, table):
    with Writer(directory) as store:
        store.add_traits([("age", 0.5, 0.25)])
        store.add_history("2026-01-01", "all", 2)
    with Store(directory) as store:
        assert len(store.traits()) == 1
    execute(directory, SMALL[table])
    with pytest.raises(StudyError, match=rf"damaged \({table}: not what was stored\)"):
        Store(directory)


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE digests SET scores = zeroblob(32) WHERE training = 2"],
        ["DELETE FROM digests WHERE training = 2"],
        ["DELETE FROM digests"],
        [
            *(f"DELETE FROM {table} WHERE training = 2" for table in (*TABLES, "digests")),
            "DELETE FROM trainings WHERE id = 2",
        ],
    ],
)
def test_a_training_or_its_digest_cannot_be_lost_unnoticed(directory, statements):
    for statement in statements:
        execute(directory, statement)
    with pytest.raises(StudyError, match=r"damaged \(trainings and their digests: not what"):
        Store(directory)


def test_what_was_changed_meanwhile_is_not_sealed_anew(directory):
    with Writer(directory) as store:
        execute(directory, SMALL["models"])
        with pytest.raises(StudyError, match=r"damaged \(models: not what was stored\)"):
            store.add_history("2026-01-01", "all", 2)
    with pytest.raises(StudyError, match=r"damaged \(models"):
        Store(directory)


def test_a_run_made_before_there_were_digests_is_read_and_goes_on_with_them(directory):
    without_digests(directory)
    execute(directory, "UPDATE scores SET score = 3.0 WHERE training = 2")
    with Writer(directory) as store:
        assert store.frame("scores")["score"].tolist().count(3.0) == 2
        store.add("mlp", shipped("mlp"), [record(8)], ENVIRONMENT)
        assert store.reader.measured("scores").unknown == 2
        assert len(store.frame("scores")) == 6
    execute(directory, "UPDATE scores SET score = 4.0")
    with Store(directory) as store, pytest.raises(StudyError, match="scores of mlp, real, seed 8:"):
        store.frame("scores")
