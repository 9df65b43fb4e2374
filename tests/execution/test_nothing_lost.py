"""Whatever ends a run, the next one goes on, and the finished run is the undisturbed one."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from processes import STUDY, children, dumped, stored

from study.store.run_directory import FILE_NAME


def finish(arguments: list[str], folder: Path) -> None:
    """Give the command until it is through, which a block that lost two workers may delay."""
    for _ in range(3):
        ended = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
        if ended.returncode == 0:
            return
        assert "failed twice: its worker process was killed (SIGKILL)" in ended.stderr
    raise AssertionError(ended.stderr)


def workers_of(driver: subprocess.Popen) -> list[int]:
    """The processes that work on blocks."""
    found = []
    for child in children(driver.pid):
        with suppress(OSError):
            if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


@pytest.mark.skipif(not list(Path("/proc/self/task").glob("*/children")), reason="no children")
def test_twenty_kills_change_nothing(tmp_path, small):
    """SIGKILL at random moments: of the driver while it starts or works, and of its workers.

    So few built-in networks work in threads of the driver, regressors of scikit-learn in
    processes.
    """
    models = f"{small[-1].split(',')[1]},sklearn:ExtraTreeRegressor"
    arguments = [STUDY, "run", *small[:2], "--models", models, "--seeds", "10"]
    arguments += ["--splits", "6", "--shuffles", "20"]
    arguments += ["--workers", "2", "--out"]

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            [*arguments, f"run{runs}"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )

    def kept(run: int) -> int:
        """So many trainings, which is asked for again and again."""
        file = (tmp_path / f"run{run}" / FILE_NAME).as_uri()
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"{file}?mode=rw", uri=True)) as connection,
        ):
            return connection.execute("SELECT count(*) FROM trainings").fetchone()[0]
        return 0

    runs = 0
    begun = time.monotonic()
    driver = start()
    driver.stderr.readline()
    starting = time.monotonic() - begun
    assert "Failed" not in driver.communicate()[1]
    working = time.monotonic() - begun - starting
    expected = dumped(tmp_path / "run0")

    generator = np.random.default_rng(20)
    # Of the driver at any moment, while it works, and just after it has stored something; and of
    # one of its processes.
    moments = generator.permutation(
        ["starting"] * 5 + ["working"] * 4 + ["storing"] * 5 + ["worker"] * 6
    )
    assert len(moments) == 20
    latest = {"starting": starting, "working": working / 2, "storing": 0.1, "worker": working / 4}
    runs, driver, workers = 1, None, set()
    first = ""  # what a driver said when it began to work
    for moment in moments:
        while True:
            before = kept(runs)
            if driver is None:
                driver, first = start(), ""
                if moment != "starting":
                    first = driver.stderr.readline()
            while driver.poll() is None and (
                (moment == "worker" and not workers_of(driver))
                or (moment == "storing" and kept(runs) == before)
            ):
                time.sleep(0.01)
            time.sleep(generator.uniform(0, latest[moment]))
            if driver.poll() is None:
                break
            # It was through before it could be killed: on with another run.
            said = first + driver.communicate()[1]
            assert driver.returncode == 0 or "worker process was killed (SIGKILL)" in said, said
            runs, driver = runs + 1, None
        workers.update(workers_of(driver))
        if moment == "worker":
            for worker in workers_of(driver)[:1]:
                os.kill(worker, signal.SIGKILL)
        else:
            driver.kill()
            driver.communicate(timeout=60)
            driver = None
    if driver is not None:
        driver.kill()
        driver.communicate(timeout=60)
    for run in range(1, runs + 1):
        finish([*arguments, f"run{run}"], tmp_path)
        assert dumped(tmp_path / f"run{run}") == expected
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker has outlived its driver"
        time.sleep(0.1)


def test_a_full_disk_costs_nothing_that_was_stored(command, small, tmp_path):
    """On a file system of half a megabyte, which is then made larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if (
        not mounted
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True
        ).returncode
    ):
        pytest.skip("no small file system can be mounted here")
    try:
        arguments = ["run", *small, "--seeds", "40", "--workers", "2"]
        full = command(*arguments, "--out", "disk/run")
        assert full.status == 1
        last = full.err.splitlines()[-1]
        assert (
            "disk/run/results.sqlite: could not store a block (database or disk is full: make room on its disk, or name a directory on another)"
            in last
        )
        assert "what was stored before is kept" in last
        kept = stored(Path("disk/run"))
        assert 0 < len(kept["weights"]) < 241
        again = command(*arguments, "--out", "disk/run")
        assert again.status == 1
        subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        assert command(*arguments, "--out", "disk/run").status == 0
        assert command(*arguments, "--out", "undisturbed").status == 0
        finished = stored(Path("disk/run"))
        assert finished == stored(Path("undisturbed"))
        assert all(set(rows) <= set(finished[table]) for table, rows in kept.items())
    finally:
        subprocess.run(["umount", str(disk)], check=True)
