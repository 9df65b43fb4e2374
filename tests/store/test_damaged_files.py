"""Damaged and foreign files: told in a line, never read as results, never written to."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command

import study
from study.cli.group import commands
from study.common.errors import StudyError
from study.common.findings import faults
from study.store.dump import dump
from study.store.migrations import FORM
from study.store.run_directory import FILE_NAME
from study.store.store import Store
from study.verify.check import check_run

STUDY = str(Path(sys.executable).with_name("study"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, small: list[str]) -> Path:
    """A run of two models and two seeds, whose recipe stands in `small`."""
    directory = tmp_path_factory.mktemp("finished") / "run"
    arguments = ["run", *small, "--seeds", "2", "--workers", "1", "--out", str(directory)]
    commands.main(arguments, standalone_mode=False)
    return directory


def dumped(directory: Path) -> str | None:
    """The dump of a run; None where it is refused in a line."""
    try:
        with Store(directory) as store:
            return "".join(dump(store))
    except StudyError as error:
        said = str(error)
    assert said.startswith(str(directory / FILE_NAME))
    assert "\n" not in said
    return None


def loaded(directory: Path) -> tuple | None:
    """What a report rests on; None where it is refused in a line."""
    try:
        run = study.load(directory)
        frames = (run.scores, run.fits, run.losses, run.occasions, run.traits)
        hashed = [tuple(pd.util.hash_pandas_object(frame)) for frame in frames]
        return run.identity, run.environments, run.history.to_json(), hashed
    except StudyError as error:
        said = str(error)
    assert "\n" not in said
    return None


def recognised(directory: Path) -> bool:
    """Whether `study check` finds a fault, without computing anything again."""
    try:
        return bool(faults(check_run(directory, data=None, sample=0, retrain=0)))
    except StudyError:
        return True


@pytest.mark.parametrize("where", ["anywhere", "header", "pages"])
def test_no_flipped_bit_is_read_as_a_result(finished, tmp_path, where):
    content = (finished / FILE_NAME).read_bytes()
    generator = np.random.default_rng(7)
    page = int.from_bytes(content[16:18], "big")
    places = {
        "anywhere": generator.integers(len(content), size=20),
        "header": generator.integers(100, size=12),
        # The first bytes of a page say how it is to be read.
        "pages": generator.integers(len(content) // page, size=12) * page
        + generator.integers(12, size=12),
    }[where]
    whole = dumped(finished), loaded(finished)
    count = 0
    for number, place in enumerate(places.tolist()):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(generator.integers(8))
        directory = tmp_path / str(number)
        directory.mkdir()
        (directory / FILE_NAME).write_bytes(flipped)
        found = recognised(directory)
        count += found
        for known, read in zip(whole, (dumped(directory), loaded(directory)), strict=True):
            assert read in (known, None), place
            assert found or read == known, place  # in bytes that are not used
        assert (directory / FILE_NAME).read_bytes() == flipped, place
    assert count >= len(places) // 4


def test_a_file_cut_anywhere_is_recognised(finished, tmp_path):
    content = (finished / FILE_NAME).read_bytes()
    lengths = [0, 1, 15, 16, 99, 100, 512, 4095, 4096, len(content) // 2, len(content) - 1]
    generator = np.random.default_rng(3)
    for length in [*lengths, *generator.integers(len(content), size=9).tolist()]:
        (tmp_path / FILE_NAME).write_bytes(content[:length])
        assert recognised(tmp_path), length
        assert dumped(tmp_path) is None, length
        assert loaded(tmp_path) is None, length
        assert (tmp_path / FILE_NAME).read_bytes() == content[:length], length


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")


def other_run(path: Path) -> None:
    """A table `run` with a number of the same name, and nothing else of ours."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE run (schema INTEGER); INSERT INTO run VALUES (1)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE run (schema INTEGER)")
        connection.execute("INSERT INTO run VALUES (?)", (FORM + 1,))
        connection.commit()


FOREIGN = {
    "empty": (lambda path: path.touch(), "damaged (the file is empty)", 1),
    "text": (lambda path: path.write_text("notes"), "not the results of a study", 2),
    "other": (other_program, "another program, with the tables: bookmarks", 2),
    "run": (other_run, "damaged (table 'run' has no column 'dataset')", 1),
    "newer": (newer, f"written in form {FORM + 1}, and this version reads form {FORM}", 2),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_named_by_every_command_and_left_alone(command: Command, small, kind):
    make, reason, status = FOREIGN[kind]
    path = Path("run", FILE_NAME)
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    for arguments in (
        ["status", "run"],
        ["report", "run"],
        ["dump", "run"],
        ["check", "run"],
        ["weights", "run"],
        ["run", *small, "--seeds", "1", "--out", "run"],
    ):
        outcome = command(*arguments)
        assert outcome.status == status, arguments
        said = outcome.err + outcome.out
        assert reason in said, arguments
        assert "Traceback" not in said
        assert [p.name for p in path.parent.iterdir()] == [FILE_NAME]
        assert path.read_bytes() == before
    assert "--fresh" in command("status", "run").err or kind in ("other", "newer")


def test_a_damaged_run_is_not_written_to_and_fresh_sets_it_aside(command, small, finished):
    shutil.copytree(finished, "run")
    path = Path("run", FILE_NAME)
    cut = path.read_bytes()[:-4096]
    path.write_bytes(cut)
    arguments = ["run", *small, "--seeds", "3", "--workers", "1", "--out", "run"]
    refused = command(*arguments)
    assert refused.status == 1
    assert "run/results.sqlite: damaged (" in refused.err
    assert "restore it from a backup, or make the run again with --fresh" in refused.err
    assert path.read_bytes() == cut
    assert command(*arguments, "--fresh").status == 0
    assert Path("run", f"{FILE_NAME}.old1").read_bytes() == cut
    assert command("check", "run").status == 0


# A process that is killed after it has written some of a transaction to the file.
KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("UPDATE scores SET score = score + 1")
connection.execute("CREATE TABLE spill (x)")
connection.executemany("INSERT INTO spill VALUES (?)", [("y" * 900,)] * 2000)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def killed(finished, tmp_path) -> Path:
    directory = tmp_path / "closed" / "killed"
    shutil.copytree(finished, directory)
    process = [sys.executable, "-c", KILLED, str(directory / FILE_NAME)]
    assert subprocess.run(process, check=False).returncode == -9
    assert (directory / f"{FILE_NAME}-journal").stat().st_size > 0
    assert (directory / FILE_NAME).read_bytes() != (finished / FILE_NAME).read_bytes()
    return directory


def test_what_a_killed_process_left_is_taken_back(killed, finished):
    assert dumped(killed) == dumped(finished)
    assert not (killed / f"{FILE_NAME}-journal").exists()


def test_what_cannot_be_taken_back_is_said(killed):
    """In a directory that is read-only; see test_commands for the ways of root."""
    prefix = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("running as root without setpriv, which nothing is read-only for")
        prefix = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    for path in (*killed.iterdir(), killed):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    before = (killed / FILE_NAME).read_bytes()
    outcome = subprocess.run(
        [*prefix, STUDY, "status", str(killed)], capture_output=True, text=True, check=False
    )
    killed.chmod(0o700)
    assert outcome.returncode == 2, outcome.stderr
    assert f"{killed / FILE_NAME}: a 'study run' was killed while it wrote" in outcome.stderr
    assert "their directory cannot be written to" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert (killed / FILE_NAME).read_bytes() == before


def test_a_journal_without_its_results_is_not_put_into_new_ones(killed, command, small):
    (killed / FILE_NAME).unlink()
    arguments = ["run", *small, "--seeds", "1", "--workers", "1", "--out", str(killed)]
    assert command(*arguments).status == 0
    assert command("check", str(killed)).status == 0
    assert (killed / f"{FILE_NAME}.old1-journal").exists()
