"""The same study on the workers of a Dask cluster, and what may become of such a cluster."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest
from conftest import ROOT
from distributed import Client, LocalCluster
from processes import STUDY, dumped, stored

import study
from study.execution.workers import cluster as cluster_module
from study.store.run_directory import FILE_NAME

OWN = """
import multiprocessing
import time

import numpy as np

from study.networks.mlp import MLP


class Mine(MLP):
    def forward(self, x):
        return 2 * super().forward(x)


class Greedy(MLP):
    \"\"\"Takes more and more memory in any process but the first.\"\"\"

    def forward(self, x):
        hoard = []
        while self.training and multiprocessing.parent_process():
            hoard.append(np.ones(2**22))
            time.sleep(0.002)
        return super().forward(x).atan()  # which lanes do not know
"""


@contextmanager
def local(workers: int, **options: object) -> Iterator[LocalCluster]:
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=100,
        **options,
    )
    with cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[LocalCluster]:
    """Two processes, in a folder where nothing lies."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    try:
        with local(2) as cluster:
            yield cluster
    finally:
        os.chdir(before)


def wait_until_stored(directory: Path) -> None:
    """Wait for the first block of a run."""
    path = directory / FILE_NAME
    wait_until(path.exists)
    connection = sqlite3.connect(path)
    wait_until(lambda: connection.execute("SELECT 1 FROM trainings").fetchone())
    connection.close()


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a command of Dask, which says nothing, and ends with the test."""
    processes: list[subprocess.Popen] = []

    def start(*arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", *arguments]
        quiet = subprocess.DEVNULL
        processes.append(subprocess.Popen(command, stdout=quiet, stderr=quiet))
        return processes[-1]

    yield start
    for process in processes:
        ended(process)


def ended(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def running(arguments: list[str], folder: Path, **options: object) -> subprocess.Popen:
    """A study of many seeds that has stored its first block in `folder`."""
    process = subprocess.Popen(
        [STUDY, "run", "--seeds", "3000", *arguments],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    wait_until_stored(folder / "reports" / "people")
    return process


@pytest.fixture
def mlp(small) -> list[str]:
    """The small study with the MLP alone."""
    return [*small[:-1], small[-1].split(",")[1]]


@pytest.fixture
def own(command, tmp_path) -> Callable[[str, str], str]:
    """Write a recipe of a class in a module that lies in the working directory."""

    def write(module: str, name: str) -> str:
        path = Path(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(OWN)
        recipe = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 3")
        recipe = recipe.replace("study.networks.mlp:MLP", f"{module}:{name}")
        Path(f"{name.lower()}.toml").write_text(recipe.replace('"MLP"', f'"{name}"'))
        return f"{name.lower()}.toml"

    return write


def said(outcome) -> list[str]:
    """The lines on standard error that are not progress."""
    return [line for line in outcome.err.splitlines() if not line.startswith("training: ")]


@contextmanager
def beside(action: Callable[[], None]) -> Iterator[None]:
    """Do something in a thread meanwhile."""
    thread = threading.Thread(target=action)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_cluster_of_which_a_worker_is_killed_gives_what_one_process_gives(
    command, mlp, own, cluster
):
    """Lanes, PyTorch, scikit-learn and least squares, here and on a cluster.

    Of processes here, test_workers and test_scikit_learn prove the same.
    """
    models = f"{mlp[-1]},{own('mynets', 'Mine')},sklearn:ExtraTreeRegressor"
    arguments = ["run", *mlp[:-1], models, "--seeds", "8"]
    arguments += ["--splits", "4", "--seeds-per-split", "2", "--shuffles", "12"]
    assert command(*arguments, "--workers", "1", "--out", "here").status == 0
    killed: list[int] = []

    def kill() -> None:
        """End the process of a worker that has blocks, once the first has been stored."""
        wait_until_stored(Path("spread"))
        busy = max(cluster.scheduler.workers.values(), key=lambda worker: len(worker.processing))
        assert busy.processing
        killed.append(cluster.workers[busy.name].pid)
        os.kill(killed[0], signal.SIGKILL)

    with beside(kill):
        outcome = command(*arguments, "--cluster", cluster.scheduler_address, "--out", "spread")
    assert outcome.status == 0, outcome.err
    assert said(outcome) == [f"cluster {cluster.scheduler_address}: 2 workers, 2 threads"]
    assert "training: 100 %" in outcome.err
    assert killed
    assert dumped(Path("spread")) == dumped(Path("here"))
    # Nothing of it is left there.
    wait_until(lambda: not cluster.scheduler.tasks)


def test_code_of_one_s_own_that_changed_is_sent_anew(command, small, own, cluster):
    recipe = own("mynets", "Mine")
    arguments = ["run", *small[:2], "--models", recipe, "--seeds", "1"]
    where = ("--cluster", cluster.scheduler_address)
    assert command(*arguments, *where, "--out", "before").status == 0
    Path("mynets.py").write_text(OWN.replace("2 * super", "3 * super"))
    assert command(*arguments, *where, "--out", "after").status == 0
    assert command(*arguments, "--workers", "1", "--out", "here").status == 0
    assert stored(Path("after")) == stored(Path("here")) != stored(Path("before"))


def test_a_package_of_one_s_own_must_be_installed_there(command, small, own, cluster):
    recipe = own("folder.nets", "Mine")
    outcome = command(
        "run", *small[:2], "--models", recipe, "--seeds", "1", "--cluster",
        cluster.scheduler_address,
    )  # fmt: skip
    assert outcome.status == 1
    last = said(outcome)[-1]
    assert last.startswith(f"study: cluster {cluster.scheduler_address}: worker tcp://127.0.0.1:")
    assert "No module named 'folder'" in last
    assert "not sent there: put what it needs into one file that lies here, or install it" in last
    assert len(stored(Path("reports/people"))["weights"]) <= 1


def test_a_block_that_takes_the_memory_of_its_workers_is_recorded_and_stops_no_other(
    command, mlp, own
):
    """Others stand in line behind it on the same worker, and are done all the same."""
    greedy = own("greedy", "Greedy")
    # Once for each of the two times that a block is tried.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        local(1, memory_limit="900MB") as cluster,
    ):
        outcome = command(
            "run", *mlp[:-1], f"{greedy},{mlp[-1]}", "--seeds", "1", "--cluster",
            cluster.scheduler_address,
        )  # fmt: skip
    assert outcome.status == 1
    reason = "its workers died, 1 in turn, perhaps for want of memory"
    assert said(outcome)[1:] == [
        f"a block of greedy is done again: {reason}",
        f"Failed: Greedy: 2 failed twice: {reason}",
        "study: reports/people: all but what failed is kept; the same command tries that again",
    ]
    failures = study.load("reports/people").failures
    assert set(failures["condition"]) == {"real", "shuffled"}
    # The untrained Greedy, three MLPs, and least squares.
    assert len(stored(Path("reports/people"))["weights"]) == 5


# Dask loads these more than once.
FALSIFIED = {
    "numpy": (
        "import importlib.metadata as metadata\n"
        "if not hasattr(metadata, 'true'):\n"
        "    metadata.true = metadata.version\n"
        "metadata.version = lambda name: '1.0' if name == 'numpy' else metadata.true(name)\n",
        "numpy is 1.0 there and",
    ),
    "code": (
        "from pathlib import Path\n"
        "if not hasattr(Path, 'true'):\n"
        "    Path.true = Path.read_bytes\n"
        "Path.read_bytes = lambda path: path.true() + b'#' * (path.name == 'rows.py')\n",
        "the code of importance-study is",
    ),
    "missing": (
        "import sys\nsys.modules['study'] = None\n",
        "importance-study is missing there (",
    ),
}


@pytest.mark.parametrize("what", FALSIFIED)
def test_a_worker_with_other_versions_is_refused(command, small, started, what):
    """When it joins while a run waits for workers, and when it is there before."""
    source, told = FALSIFIED[what]
    Path("falsify.py").write_text(source)
    with local(0) as cluster:

        def join() -> None:
            wait_until(lambda: cluster.scheduler.tasks)
            options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--preload", "falsify.py")
            started("worker", cluster.scheduler_address, *options)

        arguments = ["run", *small, "--seeds", "1", "--cluster", cluster.scheduler_address]
        with beside(join):
            outcomes = [command(*arguments)]
        outcomes.append(command(*arguments))
    waiting = f"cluster {cluster.scheduler_address}: 0 workers, 0 threads; waiting for the first"
    assert said(outcomes[0])[0] == waiting
    for outcome in outcomes:
        assert outcome.status == 1
        assert f"cluster {cluster.scheduler_address}: worker " in said(outcome)[-1]
        assert told in said(outcome)[-1]
    assert stored(Path("reports/people"))["weights"] == []


def test_where_no_scheduler_answers_one_line_says_so(command, small, monkeypatch):
    monkeypatch.setattr(cluster_module, "_ANSWER", 0.5)
    outcome = command("run", *small, "--cluster", "tcp://127.0.0.1:9")
    assert outcome.status == 2
    [line] = outcome.err.splitlines()
    assert line.startswith("study: --cluster tcp://127.0.0.1:9: no Dask scheduler answers there (")
    outcome = command("run", *small, "--cluster", "nowhere://x")
    assert outcome.status == 2
    assert "--cluster nowhere://x: no Dask scheduler answers there (" in outcome.err
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            with other.accept()[0] as caller:
                caller.sendall(b"SSH-2.0-Server\r\n")
                caller.recv(1)

        threading.Thread(target=answer).start()
        address = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        outcome = command("run", *small, "--cluster", address)
    assert outcome.status == 2
    assert f"--cluster {address}: no Dask scheduler answers there (" in outcome.err
    assert not Path("reports").exists()


def test_without_distributed_the_command_that_installs_it_is_told(command, small, monkeypatch):
    monkeypatch.delitem(sys.modules, "study.execution.workers.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = command("run", *small, "--cluster", "local")
    assert outcome.status == 2
    told = "study: --cluster needs distributed: pip install 'importance-study[cluster]'"
    assert outcome.err.splitlines() == [told]


def test_a_scheduler_that_dies_ends_the_run_and_what_is_stored_is_kept(tmp_path, mlp, started):
    file = tmp_path / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    scheduler = started("scheduler", *options, "--scheduler-file", str(file))
    wait_until(lambda: file.exists() and file.read_text())
    address = json.loads(file.read_text())["address"]
    started("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    run = running([*mlp, "--cluster", address], tmp_path)
    ended(scheduler)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1
    first, last = [line for line in err.splitlines() if not line.startswith("training: ")]
    assert first.startswith(f"cluster {address}: ")
    assert last.startswith(f"study: cluster {address}: the scheduler is gone, or was started again")
    assert "trained networks are kept in reports/people, and the same command goes on" in last


@pytest.mark.alone
def test_ctrl_c_gives_up_the_blocks_and_leaves_the_cluster(tmp_path, mlp, cluster):
    run = running([*mlp, "--cluster", cluster.scheduler_address], tmp_path)
    run.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, err = run.communicate(timeout=30)
    assert time.monotonic() - start < 2
    stopped(run, err)
    wait_until(lambda: not cluster.scheduler.tasks, seconds=2)
    with Client(cluster, set_as_default=False) as client:
        wait_until(lambda: not any(client.run(executing).values()), seconds=2)
    assert len(cluster.scheduler.workers) == 2


@pytest.mark.alone
def test_ctrl_c_on_a_terminal_ends_a_local_cluster_too(tmp_path, mlp):
    """A terminal sends it to all processes of the command."""
    arguments = [*mlp, "--workers", "2", "--cluster", "local"]
    run = running(arguments, tmp_path, start_new_session=True)
    os.killpg(run.pid, signal.SIGINT)
    start = time.monotonic()
    _, err = run.communicate(timeout=30)
    assert time.monotonic() - start < 2
    stopped(run, err)
    wait_until(lambda: gone(run.pid), seconds=5)


def gone(group: int) -> bool:
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def stopped(run: subprocess.Popen, err: str) -> None:
    """Assert that nothing was said but progress, who works, and what is kept."""
    assert run.returncode == 130
    first, last = [line for line in err.splitlines() if not line.startswith("training: ")]
    assert first.startswith("cluster tcp://127.0.0.1:")
    assert "trained networks are kept in reports/people, and the same command goes on" in last


def executing(dask_worker) -> int:
    return dask_worker.state.executing_count
