"""Blocks that fail, workers that die, and runs that are told to stop."""

import os
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT, without_digests
from pandas.testing import assert_frame_equal
from processes import STUDY, children, dumped, stored

import study
from study.common.errors import Stopped
from study.common.vocabulary import LEAST_SQUARES
from study.engines.closed_form import ClosedForm
from study.engines.lanes.engine import Lanes
from study.execution import plan, train_and_measure
from study.execution.block import Block
from study.execution.progress_counter import progress_counter
from study.execution.workers import processes
from study.execution.workers.processes import Processes
from study.importance.permutation import rows_predicted
from study.store.run_directory import FILE_NAME
from study.store.store import Store
from study.store.writer import Writer

# A network that does something dreadful in any process but that of the test, as often as the
# file "dreadful" allows.
DREADFUL = """
import os
import signal
import time
from pathlib import Path

import numpy as np

from study.networks.mlp import MLP


class Dreadful(MLP):
    def forward(self, x):
        path = Path("dreadful")
        if self.training and path.exists() and str(os.getpid()) != Path("driver").read_text():
            what, times = path.read_text().split()
            if int(times) > 1:
                path.write_text(f"{what} {int(times) - 1}")
            else:
                path.unlink()
            if what == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if what == "swell":
                hoard = []
                while True:
                    hoard.append(np.ones(2**24))  # 128 MB
                    time.sleep(0.05)
        return super().forward(x).atan()  # which lanes do not know
"""


@pytest.fixture
def dreadful(tmp_path, small) -> list[str]:
    """Arguments of a run of a network that may be dreadful, and of the MLP."""
    (tmp_path / "nets.py").write_text(DREADFUL)
    (tmp_path / "driver").write_text(str(os.getpid()))
    recipe = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 2")
    recipe = recipe.replace("study.networks.mlp:MLP", "nets:Dreadful")
    (tmp_path / "dreadful.toml").write_text(recipe.replace('"MLP"', '"Dreadful"'))
    mlp = small[-1].split(",")[1]
    return ["run", *small[:2], "--models", f"dreadful.toml,{mlp}", "--seeds", "3"]


@pytest.fixture
def undisturbed(command, dreadful) -> dict[str, list[tuple]]:
    assert command(*dreadful, "--workers", "1", "--out", "undisturbed").status == 0
    return stored(Path("undisturbed"))


def test_a_block_whose_worker_is_killed_once_is_done_again(command, dreadful, undisturbed):
    Path("dreadful").write_text("die 1")
    outcome = command(*dreadful, "--workers", "2", "--out", "run")
    assert outcome.status == 0, outcome.err
    assert not Path("dreadful").exists()
    lines = [line for line in outcome.err.splitlines() if not line.startswith("training: ")]
    assert lines == [
        "a block of dreadful is done again: its worker process was killed (SIGKILL), perhaps for "
        "want of memory: try fewer --workers"
    ]
    assert stored(Path("run")) == undisturbed
    assert study.load("run").failures.empty


def test_a_block_whose_worker_is_always_killed_is_recorded_and_stops_no_other(
    command, dreadful, undisturbed, undrawn
):
    Path("dreadful").write_text("die 1000")
    outcome = command(*dreadful, "--workers", "2", "--out", "run")
    assert outcome.status == 1
    lines = [line for line in outcome.err.splitlines() if not line.startswith("training: ")]
    assert lines[1:] == [
        "Failed: Dreadful: 6 failed twice: its worker process was killed (SIGKILL), perhaps for "
        "want of memory: try fewer --workers",
        "study: run: all but what failed is kept; the same command tries that again",
    ]
    # All networks of the MLP, the untrained ones of the other, and least squares.
    rows = stored(Path("run"))["weights"]
    assert [row[:4] for row in undisturbed["weights"] if row not in rows] == [
        ("dreadful", condition, "torch-40", seed)
        for condition in ("real", "shuffled")
        for seed in range(3)
    ]
    told = "S016 Models that failed. Dreadful: real, seeds 0-2; shuffled, seeds 0-2: missing"
    assert told in command("status", "run").out
    assert command("report", "run").status == 0
    assert "its worker process was killed (SIGKILL)" in Path("run/report.html").read_text()
    failures = study.load("run").failures
    assert list(failures["seed"]) == [0, 1, 2, 0, 1, 2]
    # The cause is gone, and the same command does the rest.
    Path("dreadful").unlink()
    again = command(*dreadful, "--workers", "1", "--out", "run")
    assert again.status == 0
    assert "12 stored, 6 to do" in again.out
    assert stored(Path("run")) == undisturbed
    assert study.load("run").failures.empty
    assert "S016" not in command("status", "run").out


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="processes cannot be watched")
def test_a_worker_that_takes_too_much_memory_is_killed_alone(command, dreadful, undisturbed):
    """As the systems do it that run out of memory: the process that has most is killed."""
    killed: list[str] = []
    done = threading.Event()

    def resident(process: int | str) -> int:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def watch() -> None:
        while not done.wait(0.02):
            for child in children(os.getpid()):
                try:
                    # A process that has just been forked is as large as this one.
                    if resident(child) > resident(os.getpid()) + 1_000_000_000:
                        os.kill(int(child), signal.SIGKILL)
                        killed.append(child)
                        time.sleep(0.5)
                except (OSError, IndexError):
                    continue

    Path("dreadful").write_text("swell 1")
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        outcome = command(*dreadful, "--workers", "2", "--out", "run")
    finally:
        done.set()
        watcher.join()
    assert outcome.status == 0, outcome.err
    assert len(set(killed)) == 1
    assert stored(Path("run")) == undisturbed


def test_when_all_of_it_fails_there_is_no_summary_and_the_reason_is_told(
    command, small, monkeypatch
):
    calls = []

    def failing(*_, **__):
        calls.append(1)
        raise ValueError("a bolt came loose")

    train = Lanes.train
    monkeypatch.setattr(Lanes, "train", failing)
    mlp = small[-1].split(",")[1]
    arguments = ["run", *small[:2], "--models", mlp, "--vary", "order", "--seeds", "2"]
    outcome = command(*arguments, "--workers", "1", "--out", "run")
    assert outcome.status == 1
    # What is to do, whose claim it is, and how much memory it takes.
    assert outcome.out.count("\n") == 3
    assert len(calls) == 2
    failed, last = outcome.err.splitlines()[-2:]
    assert failed.startswith("Failed: MLP: 10 failed twice: ValueError: a bolt came loose (test_")
    assert last.startswith("study: run: all but what failed is kept")
    monkeypatch.setattr(Lanes, "train", train)
    assert "10 to do" in command(*arguments, "--workers", "1", "--out", "run").out


def test_a_failing_block_in_lanes_is_tried_twice_and_recorded(command, small, monkeypatch):
    measure, calls = train_and_measure.measure_trained, []

    def failing(engine, trained, dataset, replicates, *others):
        if len(replicates) == 2:  # real and shuffled; the untrained one is a block of its own
            calls.append(replicates)
            raise RuntimeError("a bolt came loose")
        return measure(engine, trained, dataset, replicates, *others)

    monkeypatch.setattr(train_and_measure, "measure_trained", failing)
    mlp = [*small[:2], "--models", small[-1].split(",")[1]]
    outcome = command("run", *mlp, "--seeds", "1", "--workers", "2")
    assert outcome.status == 1
    assert len(calls) == 2
    assert "Failed: MLP: 2 failed twice: RuntimeError: a bolt came loose" in outcome.err
    with Store(Path("reports/people")) as store:
        assert set(store.failures()["condition"]) == {"real", "shuffled"}
        assert {key.condition for key in store.stored_keys() if key.streams} == {"untrained"}
    monkeypatch.setattr(train_and_measure, "measure_trained", measure)
    assert command("run", *mlp, "--seeds", "1", "--workers", "1").status == 0
    with Store(Path("reports/people")) as store:
        assert store.failures().empty


def test_threads_and_processes_do_the_same(command, small, monkeypatch):
    """Lanes are done in threads while there is little to do, and in processes otherwise."""
    arguments = ["run", *small, "--seeds", "9", "--splits", "3", "--workers", "2", "--out"]
    assert command(*arguments, "threads").status == 0
    started = []
    new_pool = processes._new_pool
    monkeypatch.setattr(processes, "_new_pool", lambda: started.append(new_pool()) or started[-1])
    monkeypatch.setattr(plan, "_WORTH_PROCESSES", 0)
    assert command(*arguments, "processes").status == 0
    assert len(started) == 2
    assert dumped(Path("processes")) == dumped(Path("threads"))


def test_least_squares_that_was_left_out_is_made_up_for(command, small):
    arguments = ["run", *small, "--seeds", "1", "--workers", "1"]
    assert command(*arguments).status == 0
    before = stored(Path("reports/people"))
    without_digests(Path("reports/people"))
    with sqlite3.connect(Path("reports/people", FILE_NAME)) as connection:
        (of,) = connection.execute(
            "SELECT id FROM trainings WHERE model = 'least-squares'"
        ).fetchone()
        for table in ("fits", "scores", "occasions", "losses"):
            connection.execute(f"DELETE FROM {table} WHERE training = ?", (of,))
        connection.execute("DELETE FROM trainings WHERE id = ?", (of,))
    connection.close()
    assert "6 stored, 0 to do" in command(*arguments).out
    assert stored(Path("reports/people")) == before


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_stops_like_ctrl_c(tmp_path, small, workers):
    """Also in the background of a script, where shells have Ctrl-C ignored."""
    process = subprocess.Popen(
        [STUDY, "run", *small, "--seeds", "3000", "--workers", workers],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert process.stderr.readline().startswith("training:   0 %")
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == Stopped.exit_status
    assert "and the same command goes on" in said.splitlines()[-1]


def test_results_are_of_the_moment_at_which_they_were_read(command, small):
    """A run at work goes on storing while a report is made."""
    mlp = ["run", *small[:2], "--models", small[-1].split(",")[1], "--workers", "1"]
    assert command(*mlp, "--seeds", "2").status == 0
    early, late = study.load("reports/people"), study.load("reports/people")
    before = early.losses, early.occasions
    assert command(*mlp, "--seeds", "3").status == 0
    for frame, now in zip(before, (late.losses, late.occasions), strict=True):
        assert set(now["seed"]) == {0, 1}
        assert_frame_equal(now, frame)
    assert set(study.load("reports/people").losses["seed"]) == {0, 1, 2}


def test_a_process_that_died_idle_is_replaced(people, tmp_path):
    with progress_counter(2) as done, Processes(1, people, done) as group:
        rows = (len(people.train_y), rows_predicted(people))
        block = Block(LEAST_SQUARES, ClosedForm(inputs=8), (), *rows)
        first = group.submit(0, block).result(timeout=120)
        (pool, _last) = group._pools[0]
        (process,) = pool._processes.values()
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():  # Ctrl-C is not for it
            (held,) = (line for line in status.read_text().splitlines() if "SigBlk" in line)
            assert int(held.split()[1], 16) >> (signal.SIGINT - 1) & 1
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        time.sleep(0.5)
        again = group.submit(1, block).result(timeout=120)
    assert first.records[0].fits == again.records[0].fits


def test_a_writer_waits_for_those_who_read(command, small):
    """However long they take; each try of SQLite's own gives up after a tenth of a second here."""
    assert command("run", *small, "--seeds", "1", "--workers", "1").status == 0
    path = Path("reports/people", FILE_NAME)
    begun = threading.Event()

    def read() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM scores").fetchall()
            begun.set()
            time.sleep(1.5)

    with Writer(path.parent) as store:
        store._connection.execute("PRAGMA busy_timeout = 100")
        reading = threading.Thread(target=read)
        reading.start()
        begun.wait()
        before = time.monotonic()
        store.add_history("2026-01-01", "after a reader", 0)
        assert time.monotonic() - before > 1
        reading.join()
        assert store.history()["asked"].iloc[-1] == "after a reader"
