"""`study report` of two builds in turns, whole processes: seconds, processor time, sizes, bytes.

python benchmarks/report_time.py BEFORE AFTER reports/people [--rounds 5]

BEFORE and AFTER are folders with `study/` in them; the run is copied.
"""

import argparse
import ctypes
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from processes import taken

_BECOME_SUBREAPER = 36  # of Linux
COMMAND = [sys.executable, "-c", "from study.cli.main import main; main()", "report"]


def reported(build: Path, run: Path) -> tuple[float, float]:
    """Seconds that a report takes, and those of processors, in all its processes."""
    environment = {**os.environ, "PYTHONPATH": str(build.resolve())}
    found = taken([*COMMAND, str(run)], run, environment)
    assert found.status == 0, build
    busy = found.processor
    with suppress(ChildProcessError):  # there are no more
        while True:
            _, _, usage = os.wait3(0)
            busy += usage.ru_utime + usage.ru_stime
    return found.wall, busy


def files(run: Path) -> dict[str, bytes]:
    """What a report wrote, by its path in the run."""
    paths = [run / "report.html", *run.glob("figures/*"), *run.glob("tables/*")]
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("before", "after", "run"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    # What a command leaves behind comes to this process.
    ctypes.CDLL(None).prctl(_BECOME_SUBREAPER, 1, 0, 0, 0)
    builds = (arguments.before, arguments.after)
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        # LaTeX files name the run.
        runs = [Path(folder, name, "run") for name in ("before", "after")]
        for run in runs:
            shutil.copytree(arguments.run, run, ignore=shutil.ignore_patterns("figures", "tables"))
        written: list[dict[str, bytes]] = []
        for _ in range(arguments.rounds):
            turns.append([reported(*pair) for pair in zip(builds, runs, strict=True)])
            written.append(files(runs[1]))
        before, after = map(files, runs)
    for place, what in enumerate(("seconds", "of processors")):
        old, new = ([turn[build][place] for turn in turns] for build in (0, 1))
        ratio = statistics.median(one / other for one, other in zip(new, old, strict=True))
        print(f"{what}: {statistics.median(old):.1f} before, {statistics.median(new):.1f} after, "
              f"median ratio {ratio:.2f}")  # fmt: skip
    sizes = [len(of["report.html"]) / 1e6 for of in (before, after)]
    print(f"page: {sizes[0]:.2f} MB before, {sizes[1]:.2f} MB after")
    print(f"files missing: {', '.join(sorted(before.keys() - after.keys())) or 'none'}")
    tables = [name for name in before if name.startswith("tables/")]
    differ = [name for name in tables if after.get(name) != before[name]]
    print(f"tables that differ: {', '.join(differ) or 'none'}")
    print(f"the same bytes each time: {all(of == written[0] for of in written)}")


if __name__ == "__main__":
    main()
