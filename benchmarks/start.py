"""`study run` from end to end: seconds and memory, with nothing compiled yet and after that.

python benchmarks/start.py
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from processes import taken

STUDY = str(Path(sys.executable).with_name("study"))


def measured(arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds, and the most memory in GB, of one command."""
    found = taken([STUDY, *arguments], environment=environment)
    assert found.status == 0, arguments
    return found.wall, found.memory / 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=1000, help="seeds of the largest run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.rounds):
            cache = {**os.environ, "XDG_CACHE_HOME": f"{folder}/cache{turn}"}
            for start in ("cold", "warm"):
                out = ["--out", f"{folder}/{turn}{start}"]
                seconds, memory = measured(["run", "--seeds", "20", *out], cache)
                print(f"20 seeds, {start}: {seconds:.1f} s, {memory:.2f} GB")
        most = str(arguments.most)
        seconds, memory = measured(["run", "--seeds", most, "--out", f"{folder}/most"], cache)
        print(f"{most} seeds, warm: {seconds:.0f} s, {memory:.2f} GB")


if __name__ == "__main__":
    main()
