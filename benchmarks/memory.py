"""Peak memory of `study run` for more and more seeds.

    python benchmarks/memory.py --csv benchmarks/memory.csv

The four shipped models, all conditions and methods, on people, by two workers; models are trained
for 30 epochs in place of 300, which takes a tenth of the time and the same memory. First the run,
then the same command again, which finds all stored and only reads it for the summary. Peaks are
those of the command's own process, which Linux tells, and of it and its workers' together, looked
at ten times a second; what processes share counts for each of them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import psutil

from study.recipes.find import DEFAULT_MODELS, shipped_path

STUDY = Path(sys.executable).with_name("study")


def measured(folder: Path, seeds: int) -> tuple[float, float, float]:
    """Seconds, and most memory in MB, of a run that adds what is missing of so many seeds.

    The memory is that of its own process, and of all of its processes.
    """
    models = ",".join(str(folder / f"{name}.toml") for name in DEFAULT_MODELS)
    command = [str(STUDY), "run", "--seeds", str(seeds), "--models", models, "--workers", "2"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--out", str(folder / f"run{seeds}")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    most = 0
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        most = max(most, together(process.pid))
        time.sleep(0.1)
    assert os.waitstatus_to_exitcode(status) == 0, seeds
    own = usage.ru_maxrss * 1024
    return time.perf_counter() - start, own / 1e6, max(most, own) / 1e6


def together(number: int) -> int:
    """Bytes that a process and those that it started hold now."""
    process = psutil.Process(number)
    held = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            held += one.memory_info().rss
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--csv", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in DEFAULT_MODELS:
            text = shipped_path("models", model).read_text()
            short = text.replace("epochs = 300", "epochs = 30")
            (folder / f"{model}.toml").write_text(short)
        for seeds in arguments.seeds:
            seconds, own, peak = measured(folder, seeds)
            _, summary, _ = measured(folder, seeds)
            stored = (folder / f"run{seeds}" / "results.sqlite").stat().st_size / 1e6
            rows.append(
                {
                    "seeds": seeds,
                    "trainings": seeds * len(DEFAULT_MODELS) * 3,
                    "seconds": round(seconds),
                    "together_mb": round(peak),
                    "run_mb": round(own),
                    "summary_mb": round(summary),
                    "stored_mb": round(stored, 1),
                }
            )
            print(rows[-1], flush=True)
    if arguments.csv:
        pd.DataFrame(rows).to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
