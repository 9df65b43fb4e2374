"""Code of one's own that changes while a run is at work, or between two."""

import hashlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT, without_digests
from processes import stored

from study.execution.workers import processes

NETWORK = """
import os
import signal
from pathlib import Path

from helper import factor
from study.networks.mlp import MLP


class Mine(MLP):
    def forward(self, x):
        if Path("die").exists() and str(os.getpid()) != Path("driver").read_text():
            Path("die").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return factor * super().forward(x).atan()  # which lanes do not know
"""


@pytest.fixture
def arguments(command, small) -> list[str]:
    """Of a run of a network of one's own, whose module imports another."""
    Path("nets.py").write_text(NETWORK)
    Path("helper.py").write_text("factor = 1.0\n")
    Path("driver").write_text(str(os.getpid()))
    recipe = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 2")
    recipe = recipe.replace("study.networks.mlp:MLP", "nets:Mine")
    Path("mine.toml").write_text(recipe)
    return ["run", *small[:2], "--models", "mine.toml"]


@pytest.fixture
def change_before(monkeypatch) -> Callable[[int, str], None]:
    """Change a file as a worker's process starts, the first or a later one."""

    def change(number: int, name: str) -> None:
        begun = 0
        start = processes._new_pool

        def new_pool():
            nonlocal begun
            begun += 1
            if begun == number:
                Path(name).write_text(Path(name).read_text() + "# other\n")
            return start()

        monkeypatch.setattr(processes, "_new_pool", new_pool)

    return change


@pytest.mark.parametrize("name", ["nets", "helper"])
@pytest.mark.parametrize("dying", [False, True])
def test_a_worker_that_imports_other_code_stores_nothing(
    command, arguments, change_before, name, dying
):
    """Also one that replaces another; two processes start at first."""
    if dying:
        Path("die").touch()
    change_before(3 if dying else 1, f"{name}.py")
    outcome = command(*arguments, "--seeds", "40", "--workers", "2")
    assert outcome.status == 1
    [line] = [line for line in outcome.err.splitlines() if line.startswith("study: ")]
    assert f"study: {name}: changed since this command began, so that model 'mine' would" in line
    assert not Path("die").exists()
    trained = [row for row in stored(Path("reports/people"))["weights"] if row[0] == "mine"]
    if not dying:
        assert trained == []
    if trained:
        again = command(*arguments, "--seeds", "40", "--workers", "1")
        assert "the code of model 'mine' has changed since it was trained" in again.err


def test_what_a_network_imports_of_its_folder_is_noticed_between_two_commands(command, arguments):
    arguments += ["--workers", "1"]
    assert command(*arguments, "--seeds", "1").status == 0
    Path("unrelated.py").write_text("")
    assert command(*arguments, "--seeds", "2").status == 0
    Path("helper.py").write_text("factor = 2.0\n")
    refused = command(*arguments, "--seeds", "3")
    assert refused.status == 2
    assert "the code of model 'mine' has changed since it was trained" in refused.err
    Path("helper.py").write_text("factor = 1.0\n")
    assert command(*arguments, "--seeds", "3").status == 0


def test_a_run_that_knows_the_files_of_its_classes_alone_goes_on(command, arguments):
    """As of an older version; from then on it knows the others, too."""
    arguments += ["--workers", "1"]
    assert command(*arguments, "--seeds", "1").status == 0
    without_digests(Path("reports/people"))
    file = hashlib.sha256(Path("nets.py").read_bytes()).hexdigest()
    digest = hashlib.sha256(file.encode()).hexdigest()
    with closing(sqlite3.connect("reports/people/results.sqlite")) as connection:
        connection.execute("UPDATE sources SET digest = ?", (digest,))
        connection.commit()
    assert command(*arguments, "--seeds", "2").status == 0
    Path("helper.py").write_text("factor = 2.0\n")
    assert command(*arguments, "--seeds", "3").status == 2
