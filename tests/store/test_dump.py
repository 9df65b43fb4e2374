"""The canonical dump: equal for equal results, and for no others."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import shipped
from made_records import record

from study.datasets.dataset import Dataset
from study.store.dump import dump
from study.store.records import Record
from study.store.run_directory import FILE_NAME, create
from study.store.writer import Writer

STUDY = str(Path(sys.executable).with_name("study"))


def dumped(directory: Path, dataset: Dataset, *blocks: list[Record], torch: str = "2") -> str:
    """The dump of a run into which blocks were stored one after the other."""
    create(directory, "people", dataset.recipe, dataset.hashes)
    with Writer(directory) as store:
        for records in blocks:
            model = records[0].key.model
            store.add(model, shipped(model), records, {"torch": torch})
        store.add_history(torch, "all", 2)
        return "".join(dump(store))


@pytest.fixture
def plain(tmp_path, people) -> str:
    return dumped(tmp_path / "plain", people, [record(0), record(7)], [record(7, "linear")])


def test_order_place_and_time_do_not_show(plain, tmp_path, people):
    shuffled = [record(7), record(0)]
    for of in shuffled:
        for rows in (of.fits, of.scores, of.occasions, of.losses):
            rows.reverse()
    other = dumped(
        tmp_path / "other", people, [record(7, "linear")], shuffled[:1], shuffled[1:], torch="3"
    )
    assert other == plain


def test_every_number_label_and_key_shows(plain, tmp_path, people):
    first = record(0)
    variants = [
        replace(first, key=record(1).key),
        replace(first, weights={"a": first.weights["a"], "b": np.float32([1])}),
        replace(first, fits=[("train", "alone", np.nextafter(0.5, 1), 1.5, 0.25), first.fits[1]]),
        replace(first, scores=first.scores[:1]),
        replace(first, occasions=[(31, "age", 2.0, 1.0), *first.occasions[1:]]),
        replace(first, losses=[(10, float("inf")), first.losses[1]]),
    ]
    found = {plain}
    for number, changed in enumerate(variants):
        blocks = ([changed, record(7)], [record(7, "linear")])
        found.add(dumped(tmp_path / str(number), people, *blocks))
    assert len(found) == 1 + len(variants)


def test_a_line_is_json_and_reads_back_exactly(plain):
    rows = [json.loads(line, parse_constant=pytest.fail) for line in plain.splitlines()]
    key = ["mlp", "real", "torch", 7, 7, 7, 7, None, None]
    of_seven = [row for row in rows if row[1:10] == key]
    assert [row[0] for row in of_seven] == [
        "trainings", *["fits"] * 2, *["scores"] * 2, *["occasions"] * 3, *["losses"] * 2
    ]  # fmt: skip
    assert [row[10:] for row in of_seven if row[0] == "scores"] == [
        ["gradient", "age", 9.0, -1.0],
        ["permutation", "sex", 0.0, None],
    ]
    assert ["fits", *key, "test", "alone", "-inf", 2.0, None] in rows
    tenth = 0.1 + 0.2
    assert json.loads(json.dumps(tenth)) == tenth
    assert [row[1] for row in rows if row[0] == "models"] == ["linear", "mlp"]


def test_memory_is_flat_in_the_number_of_seeds(tmp_path, people):
    """No more trainings are held than are read at a time."""
    create(tmp_path, "people", people.recipe, people.hashes)
    with Writer(tmp_path) as store:
        store.add("mlp", shipped("mlp"), [record(seed) for seed in range(300)], {})
        seen: list[int] = []
        read = store.reader.verified
        store.reader.verified = lambda table, some: seen.append(len(some)) or read(table, some)
        assert sum(line.startswith('["trainings"') for line in dump(store)) == 300
    assert sum(seen) == 4 * 300
    assert max(seen) < 100


def test_a_file_appears_whole_or_not_at_all(tmp_path, people, command):
    content = dumped(tmp_path / "run", people, [record(seed) for seed in range(200)])
    out = tmp_path / "dump.txt"
    assert command("dump", "run").out == content
    assert command("dump", "run", "--out", str(out)).status == 0
    assert out.read_text() == content
    with closing(sqlite3.connect(tmp_path / "run" / FILE_NAME)) as connection:
        connection.execute("UPDATE losses SET loss = 9 WHERE training = 150")
        connection.commit()
    outcome = command("dump", "run", "--out", str(out))
    assert outcome.status == 1
    assert "losses of mlp, real, seed " in outcome.err
    assert out.read_text() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump.txt", "run"]


def test_a_reader_that_has_had_enough_is_no_error(tmp_path, people):
    dumped(tmp_path, people, [record(seed) for seed in range(300)])
    source, sink = os.pipe()
    os.close(source)
    outcome = subprocess.run(
        [STUDY, "dump", str(tmp_path)], stdout=sink, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(sink)
    assert (outcome.returncode, outcome.stderr) == (0, "")
