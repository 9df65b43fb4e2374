"""Commands that only read import nothing that is slow and that they do not need."""

import subprocess
import sys

import pytest
from conftest import ROOT

RUN = str(ROOT / "reports" / "reference" / "people")
SLOW = ("scipy.stats", "scipy.optimize", "scipy.sparse", "sklearn", "torch", "matplotlib")


@pytest.mark.parametrize(
    "words",
    [
        ["status", RUN],
        ["table", "claim", RUN],
        ["cite", RUN],
        ["claim", RUN, "age top 2 in 0.8"],
        ["dump", RUN],
    ],
    ids=lambda words: words[0],
)
def test_a_command_that_reads_imports_nothing_slow(words):
    code = (
        "import sys\n"
        "from study.cli.group import commands\n"
        "import study.cli.main\n"
        f"commands.main({words!r}, standalone_mode=False)\n"
        f"print(*(name for name in {SLOW!r} if name in sys.modules), file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stderr.strip()) == (0, "")
