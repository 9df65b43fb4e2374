"""Tables that are written as people write them are read as what was written, or that is said."""

import subprocess
import sys

from conftest import ROOT


def test_no_generated_table_is_misread_in_silence():
    script = ROOT / "benchmarks" / "mutated_tables.py"
    done = subprocess.run(
        [sys.executable, script, "--seeds", "60"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 tables" in done.stdout
    assert "read: " in done.stdout
