"""Standard output and error that nobody reads, that are full, or that were closed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from processes import STUDY, dumped

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")

# A network that prints in each step, in whatever process it is.
LOUD = """
import sys

from study.networks.mlp import MLP


class Loud(MLP):
    def forward(self, x):
        if self.training:
            print("loud", flush=True)
            print("loud", file=sys.stderr)
        return super().forward(x).tanh().i0()  # which lanes do not know
"""
UNREAD = {
    "nobody reads standard output": ("1>&7", 0),
    "nobody reads standard error": ("2>&7", 0),
    "nobody reads either": ("1>&7 2>&7", 0),
    "standard output is full": (">/dev/full", 1),
    "standard error is full": ("2>/dev/full", 0),
    "all is closed": ("<&- >&- 2>&-", 0),
}


def said(words: str, folder: Path) -> tuple[int, str]:
    """Status and standard error of a shell command; what is written to descriptor 7 fails."""
    reader, writer = os.pipe()
    os.close(reader)
    shell = ["bash", "-c", f"exec 7>&{writer}; {words}"]
    ended = subprocess.run(shell, cwd=folder, capture_output=True, text=True, pass_fds=[writer])
    os.close(writer)
    return ended.returncode, ended.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small) -> Path:
    """A finished run of the network, as "run", made where everything is read."""
    folder = tmp_path_factory.mktemp("streams")
    (folder / "nets.py").write_text(LOUD)
    recipe = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 2")
    (folder / "loud.toml").write_text(recipe.replace("study.networks.mlp:MLP", "nets:Loud"))
    assert said(f"{run(small)} --out run", folder)[0] == 0
    return folder


def run(small: list[str]) -> str:
    return f"{STUDY} run --data {small[1]} --models loud.toml --seeds 2 --splits 0 --shuffles 0"


@pytest.mark.parametrize("how", UNREAD)
def test_a_run_is_finished_whoever_reads(folder, small, how):
    redirected, status = UNREAD[how]
    workers, out = 2 if how == "nobody reads either" else 1, how
    command = f"{run(small)} --workers {workers} --out '{out}' {redirected}"
    ended = said(command, folder)
    assert ended[0] == status
    assert "Traceback" not in ended[1]
    assert "done again" not in ended[1]
    assert dumped(folder / out) == dumped(folder / "run")
    full = "study: standard output: not all of it could be written (No space left on device)\n"
    assert ended[1].endswith(full) == (status == 1)


@pytest.mark.parametrize("words", ["--help", "table --list", "status run", "dump run"])
@pytest.mark.parametrize("how", UNREAD)
def test_what_only_prints_ends_without_a_traceback(folder, how, words):
    redirected, status = UNREAD[how]
    ended = said(f"{STUDY} {words} {redirected}", folder)
    assert ended[0] == status
    assert ended[1].count("\n") == status


def test_what_goes_to_a_pipe_is_what_goes_to_a_file(folder):
    """No byte is lost or changed on the way, in whatever encoding."""
    for encoding in ("utf-8", "latin-1"):
        command = f"PYTHONIOENCODING={encoding} {STUDY} dump run"
        assert said(f"{command} > file; {command} | cmp - file", folder) == (0, "")
        assert (folder / "file").read_text(encoding) == "".join(dumped(folder / "run"))


def test_a_dump_ends_with_its_reader(folder):
    """Not with the last line: nothing is read any more from a run that is large."""
    program = (
        "import sys, study.store.dump as d\n"
        "lines = d.dump\n"
        "def endless(store):\n"
        "    while True:\n"
        "        yield from lines(store)\n"
        "d.dump = endless\n"
        "from study.cli.main import main\n"
        "sys.argv = ['study', 'dump', 'run']\n"
        "main()\n"
    )
    (folder / "endless.py").write_text(program)
    assert said(f"timeout 60 {sys.executable} endless.py 1>&7", folder) == (0, "")
