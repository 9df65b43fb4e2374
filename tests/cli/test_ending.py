"""A run whose code does not heed SIGTERM."""

import signal
import subprocess
import time

import pytest
from conftest import ROOT
from processes import STUDY

from study.common.errors import Stopped

# How a network's file meets SIGTERM: it swallows what is raised, or Python does not come to it.
DEAF = {
    "swallows": """
def wait():
    for _ in range(100):
        try:
            time.sleep(0.1)
        except BaseException:
            pass
""",
    "calculates": """
def wait():
    hashlib.pbkdf2_hmac("sha256", b"", b"", 50_000_000)
""",
}


@pytest.mark.parametrize("how", DEAF)
@pytest.mark.parametrize("when", ["preparing", "training"])
def test_sigterm_stops_what_does_not_heed_it(tmp_path, small, how, when):
    """Within two seconds, though the network's code runs for ten."""
    network = f"""
import hashlib
import time
from pathlib import Path

from study.networks.mlp import MLP

{DEAF[how]}

class Deaf(MLP):
    def forward(self, x):
        if "{when}" == "preparing" or (self.training and Path("run/results.sqlite").exists()):
            Path("begun").touch()
            wait()
        return super().forward(x).tanh().i0()  # which lanes do not know
"""
    (tmp_path / "nets.py").write_text(network)
    recipe = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 3")
    (tmp_path / "deaf.toml").write_text(recipe.replace("study.networks.mlp:MLP", "nets:Deaf"))
    process = subprocess.Popen(
        [STUDY, "run", *small[:2], "--models", "deaf.toml", "--workers", "1", "--out", "run"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.terminate()
    told = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - told < 2
    assert process.returncode == Stopped.exit_status
    assert "Traceback" not in said
    assert "interrupted" in said or "and the same command goes on" in said
