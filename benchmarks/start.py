"""`study run` from end to end: seconds and memory, with nothing compiled yet and after that.

python benchmarks/start.py
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = str(Path(sys.executable).with_name("study"))


def measured(arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds, and the most memory in GB, of one command."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [STUDY, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return time.perf_counter() - start, usage.ru_maxrss / 1e6


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
