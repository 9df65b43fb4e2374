import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from conftest import shipped

from study.cli.group import commands
from study.common.errors import InputError, StudyError
from study.common.streams import StreamSeeds
from study.store.records import Key, Record
from study.store.run_directory import FILE_NAME, create, find_run, set_aside
from study.store.same_run import check_dataset, check_model
from study.store.store import Store
from study.store.writer import Writer


def record(seed: int, **changes: object) -> Record:
    parts = {
        "key": Key("mlp", "real", "torch", StreamSeeds.of(seed)),
        "weights": {"a": np.float32([[1, 2]]) + seed, "b": np.float32([3]) * seed},
        "fits": [("train", "alone", 0.5, 1.5, 0.25)],
        "scores": [("gradient", "age", 2.0, -1.0), ("permutation", "age", -0.5, None)],
        "occasions": [(0, "age", 2.0, 1.0)],
        "losses": [(0, 3.5), (10, float("nan"))],
    }
    return Record(**parts | changes)


@pytest.fixture
def store(tmp_path, people):
    create(tmp_path, "people", people.recipe, people.hashes)
    with Writer(tmp_path) as opened:
        yield opened


def add(store: Writer, *records: Record, environment: dict[str, str] | None = None) -> None:
    store.add("mlp", shipped("mlp"), records, environment or {"torch": "2"})


def test_what_is_stored_is_read_back(store, people):
    add(store, record(3), record(1))
    assert store.stored_keys() == {record(1).key, record(3).key}
    assert store.recipe == people.recipe
    assert store.model_recipe("mlp") == shipped("mlp")
    assert store.environments() == [{"torch": "2"}]
    seeds, weights = store.weights("mlp", "real")
    assert seeds == [1, 3]
    np.testing.assert_array_equal(weights["a"], [[[2, 3]], [[4, 5]]])
    np.testing.assert_array_equal(weights["b"], [[3], [9]])
    assert store.weights("mlp", "shuffled") == ([], {})
    scores = store.frame("scores")
    assert scores["score"].tolist() == [2.0, -0.5, 2.0, -0.5]
    assert scores["signed"].isna().tolist() == [False, True, False, True]
    assert store.frame("losses")["loss"].isna().tolist() == [False, True, False, True]


def test_models_stand_in_an_order_that_does_not_depend_on_which_came_first(store):
    for name in ("zebra", "linear", "ape", "transformer"):
        key = Key(name, "real", "torch", StreamSeeds.of(0))
        store.add(name, shipped("mlp"), [record(0, key=key)], {})
    assert store.model_names() == ["transformer", "linear", "ape", "zebra"]


def test_a_block_lands_whole_or_not_at_all(store):
    add(store, record(1))
    broken = record(3, scores=[("gradient", "age", 1.0, 1.0), ("gradient", "age", 1.0, 1.0)])
    with pytest.raises(
        StudyError, match=r"could not store a block .*; what was stored before is kept"
    ):
        add(store, record(2), broken)
    assert store.stored_keys() == {record(1).key}
    assert len(store.frame("scores")) == 2
    add(store, record(2))
    assert len(store.stored_keys()) == 2


def test_a_key_is_stored_once(store):
    add(store, record(1))
    add(store, record(1, fits=[("train", "alone", 0.9, 0.9, 0.9)]), environment={"torch": "3"})
    assert store.frame("fits")["r_squared"].tolist() == [0.5]


def test_networks_whose_sources_differ_have_keys_of_their_own(store):
    varied = Key("mlp", "real", "torch", StreamSeeds(1, 2, 1, 1, rows=5))
    add(store, record(1), record(1, key=varied))
    assert store.stored_keys() == {record(1).key, varied}
    assert store.weights("mlp", "real")[0] == [1]


def test_a_changed_recipe_or_table_is_refused_by_name(store, people):
    check_dataset(store, people.recipe, people.hashes)
    add(store, record(1))
    layout = [["a", [1, 2]], ["b", [1]]]
    check_model(store, "mlp", shipped("mlp"), layout, "torch")
    check_model(store, "new", shipped("mlp"), [["other", [9]]], "lanes")
    with pytest.raises(InputError, match="model 'mlp' had other parameters when"):
        check_model(store, "mlp", shipped("mlp"), [["a", [1, 3]], ["b", [1]]], "torch")
    without = shipped("mlp").model_copy(update={"arguments": {"hidden_widths": []}})
    with pytest.raises(InputError, match=r"arguments.hidden_widths.1: 10 there, None now"):
        check_model(store, "mlp", without, layout, "torch")
    with pytest.raises(
        InputError, match=r"model 'mlp' \(training.epochs: 300 there, 5 now\); .*--out.*--fresh"
    ):
        check_model(store, "mlp", shipped("mlp", epochs=5), layout, "torch")
    claim = people.recipe.claim.model_copy(update={"proportion": 0.5})
    changed = people.recipe.model_copy(update={"claim": claim})
    with pytest.raises(
        InputError, match=r"dataset 'people' \(claim.proportion: 0.8 there, 0.5 now\)"
    ):
        check_dataset(store, changed, people.hashes)
    with pytest.raises(InputError, match=r"people_test\.txt has changed since the run"):
        check_dataset(store, people.recipe, people.hashes | {"people_test.txt": "0"})


def test_a_file_that_is_no_run_is_named_and_left_alone(tmp_path, people):
    with pytest.raises(InputError, match="no run there"):
        Store(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(b"this is not a database, but somebody's notes")
    with pytest.raises(InputError, match="not the results of a study"):
        Store(tmp_path)
    assert path.read_bytes().startswith(b"this is not")
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE other (x)").connection.close()
    with pytest.raises(InputError, match="not the results of a study"):
        Store(tmp_path)


def test_another_form_is_refused(store, tmp_path):
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE run SET schema = 99")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="written in form 99"):
        Store(tmp_path)


def test_starting_afresh_sets_the_old_results_aside_each_time(tmp_path, people):
    for seed in (1, 2):
        create(tmp_path, "people", people.recipe, people.hashes)
        with Writer(tmp_path) as store:
            assert store.stored_keys() == set()
            add(store, record(seed))
        set_aside(tmp_path)
    for seed in (1, 2):
        (tmp_path / f"{FILE_NAME}.old{seed}").rename(tmp_path / FILE_NAME)
        with Store(tmp_path) as old:
            assert old.stored_keys() == {record(seed).key}


def test_a_journal_left_by_a_killed_process_goes_aside_with_its_results(tmp_path, people):
    """A journal beside a new database of the same name would be rolled back into it."""
    create(tmp_path, "people", people.recipe, people.hashes)
    with Writer(tmp_path) as store:
        add(store, record(1))
    process = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sqlite3, sys\n"
            "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN')\n"
            "c.execute('CREATE TABLE spill (x)')\n"
            "c.executemany('INSERT INTO spill VALUES (?)', [('y' * 900,)] * 5000)\n"
            "os.kill(os.getpid(), 9)",
            str(tmp_path / FILE_NAME),
        ],
        check=False,
    )
    assert process.returncode == -9
    assert (tmp_path / f"{FILE_NAME}-journal").exists()
    set_aside(tmp_path)
    create(tmp_path, "people", people.recipe, people.hashes)
    for name, keys in ((FILE_NAME, set()), (f"{FILE_NAME}.old1", {record(1).key})):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert len(connection.execute("SELECT id FROM trainings").fetchall()) == len(keys)


def test_making_a_run_that_another_process_has_just_made_keeps_it(store, tmp_path, people):
    add(store, record(1))
    create(tmp_path, "people", people.recipe, people.hashes)
    assert store.stored_keys() == {record(1).key}
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME]


def test_another_engine_is_refused(store):
    """Of the same model; another model may have one of its own."""
    add(store, record(1))
    layout = [["a", [1, 2]], ["b", [1]]]
    check_model(store, "other", shipped("mlp"), layout, "lanes")
    with pytest.raises(
        InputError, match="'mlp' was trained by engine 'torch', and this is 'lanes'"
    ):
        check_model(store, "mlp", shipped("mlp"), layout, "lanes")


def test_the_digest_is_of_the_weights_and_where_they_come_from(tmp_path, people):
    digests = set()
    for number, (seed, environment) in enumerate([(1, "2"), (1, "2"), (1, "3"), (2, "2")]):
        directory = tmp_path / str(number)
        create(directory, "people", people.recipe, people.hashes)
        with Writer(directory) as store:
            add(store, record(seed), environment={"torch": environment})
            digests.add(store.digest())
            # Networks of --vary are part of it, too.
            add(store, record(1, key=Key("mlp", "real", "torch", StreamSeeds(1, 2, 1, 1))))
            digests.add(store.digest())
    assert len(digests) == 6


def test_traits_are_added_to_a_run_made_before_there_were_any(store, tmp_path):
    add(store, record(1))
    assert store.traits().empty
    assert store.traits().columns.tolist() == ["feature", "deviation", "explained"]
    traits = [("b", 1.5, 0.25), ("a", 0.5, 0.0)]
    store.add_traits(traits)
    store.add_traits([("b", 9.0, 9.0), ("a", 9.0, 9.0)])
    with Store(tmp_path) as again:
        assert list(again.traits().itertuples(index=False, name=None)) == traits
        assert again.stored_keys() == {record(1).key}


def test_parts_and_history_are_added_to_a_run_made_before_there_were_any(store, tmp_path):
    add(store, record(1))
    assert store.parts().empty
    assert store.parts().columns.tolist() == ["part", "rows", "deviation"]
    assert store.history().empty
    columns = ["started", "asked", "networks", "ended", "stored", "command", "workers"]
    assert store.history().columns.tolist() == [*columns, "circumstances"]
    parts = [("train", 200, 0.25), ("test", 40, 0.5)]
    store.add_parts(parts)
    store.add_parts([("train", 1, 9.0), ("test", 1, 9.0)])
    asked = [("2026-01-02T03:04:05+00:00", "b", 60), ("2026-01-01T00:00:00+00:00", "a", 1)]
    for row in asked:
        store.add_history(*row)
    with Store(tmp_path) as again:
        assert list(again.parts().itertuples(index=False, name=None)) == parts
        # In the order in which they were stored.
        history = again.history()[["started", "asked", "networks"]]
        assert list(history.itertuples(index=False, name=None)) == asked
        assert again.stored_keys() == {record(1).key}


def test_history_has_every_time_that_there_was_something_to_train(tmp_path, small):
    """And no other, so that the page of a run does not change when nothing does."""
    directory = tmp_path / "run"

    def run(*arguments: str) -> list[tuple]:
        given = ["run", *small, "--workers", "1", "--out", str(directory), *arguments]
        commands.main(given, standalone_mode=False)
        with Store(directory) as store:
            parts = list(store.parts().itertuples(index=False, name=None))
            assert [part[:2] for part in parts] == [("train", 200), ("test", 40)]
            history = store.history()
        assert (history["started"] <= history["ended"]).all()
        assert history["stored"].tolist() == history["networks"].tolist()
        asked = history[["started", "asked", "networks"]]
        return list(asked.itertuples(index=False, name=None))

    started = datetime.now(UTC).replace(microsecond=0)
    first = run("--seeds", "2")
    assert [row[1:] for row in first] == [("transformer, mlp; seeds 0-1", 12)]
    assert started <= datetime.fromisoformat(first[0][0]) <= datetime.now(UTC)
    assert run("--seeds", "2") == first
    further = run("--seeds", "3")
    assert further[:1] == first
    assert [row[1:] for row in further[1:]] == [("transformer, mlp; seeds 0-2", 6)]
    varied = run("--seeds", "2", "--vary", "order", "--bases", "0-4")
    assert varied[:2] == further
    (last,) = varied[2:]
    assert last[1] == "transformer, mlp; seeds 0-1, varying order at base seeds 0-4"
    # Five bases by two seeds; bases 0 and 1 hold one ordinary network each.
    assert last[2] == 2 * (5 * 2 - 2)


def test_the_run_that_a_command_means(tmp_path, monkeypatch, people):
    monkeypatch.chdir(tmp_path)
    assert find_run("anywhere") == Path("anywhere")
    with pytest.raises(InputError, match="no run under reports/"):
        find_run(None)
    create(Path("reports/mine"), "mine", people.recipe, people.hashes)
    assert find_run(None) == Path("reports/mine")
    create(Path("reports/other"), "other", people.recipe, people.hashes)
    with pytest.raises(InputError, match="which run\\? name one of reports/mine, reports/other"):
        find_run(None)
    create(Path("reports/people"), "people", people.recipe, people.hashes)
    assert find_run(None) == Path("reports/people")


@pytest.fixture
def tight(tmp_path) -> Iterator[Path]:
    """A folder on a disk of 32 KiB, fewer than an empty run takes."""
    folder = tmp_path / "tight"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_nothing_of_a_run_that_could_not_be_made(tight, people):
    with pytest.raises(InputError, match=f"cannot write a run to {tight}/run: .* full"):
        create(tight / "run", "people", people.recipe, people.hashes)
    assert list((tight / "run").iterdir()) == []


def test_a_full_disk_leaves_no_lock_either(tight, small, capsys):
    (tight / "full").write_bytes(bytes(32 * 1024))
    with pytest.raises(InputError, match=r"cannot write a run to .*: No space left on device"):
        commands.main(["run", *small, "--out", str(tight / "run")], standalone_mode=False)
    assert [path.name for path in tight.iterdir()] == ["full"]


def test_what_killed_processes_left_of_runs_in_the_making_is_swept_up(tmp_path):
    """By `study import`, and by `study run` alike: by what they do first."""
    table = tmp_path / "scores.csv"
    table.write_text("model,method,seed,feature,score\nm,g,0,a,2\nm,g,0,b,1\n")
    directory = tmp_path / "run"
    (directory / ".import.123").mkdir(parents=True)
    (directory / ".import.123" / FILE_NAME).touch()
    for name in (f".{FILE_NAME}.123", f".{FILE_NAME}.123-journal"):
        (directory / name).touch()
    kept = [f"{FILE_NAME}.2024", f"{FILE_NAME}.old1", "notes"]
    for name in kept:
        (directory / name).touch()
    arguments = ["import", str(table), "--claim", "a rank 1 in 0.8", "--out", str(directory)]
    commands.main(arguments, standalone_mode=False)
    assert sorted(path.name for path in directory.iterdir()) == sorted([FILE_NAME, *kept])
