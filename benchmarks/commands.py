"""Processor and wall time of whole commands, by two builds in turns.

python benchmarks/commands.py BEFORE AFTER
python benchmarks/commands.py BEFORE AFTER --rounds 9 "status {run}" "cold: run --out {new}"

BEFORE and AFTER are folders that hold the package. In a command {run} stands for a run of 20 seeds
that its build has made, and {new} for a folder that does not exist; after "cold:" nothing is
compiled yet. Each command is called once before it is timed, and a round calls both builds.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import Taken, taken

STUDY = str(Path(sys.executable).with_name("study"))
COLD = "cold:"
COMMANDS = (
    "status {run}",
    "table claim {run}",
    "cite {run}",
    "claim {run} 'age rank 1 in 0.8'",
    "predict --run {run} sex=male age=34 State=Oklahoma politics=moderate",
    "data check people",
    "report {run}",
    "run --seeds 20 --out {new}",
    "cold: run --seeds 20 --out {new}",
)


class Build:
    """One build, which keeps what it makes in a folder of its own."""

    def __init__(self, package: Path, folder: Path) -> None:
        self.package = package.resolve()
        self.folder = folder
        self.run = folder / "run"
        self.made = 0
        folder.mkdir()
        # Bytecode is kept for later calls, as of an installed package, but not in the build.
        kept = {name: of for name, of in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = kept | {
            "PYTHONPATH": str(self.package),
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        }
        program = [sys.executable, "-c", "import study; print(study.__file__)"]
        found = subprocess.check_output(program, env=self.environment, cwd=folder, text=True)
        if not Path(found.strip()).is_relative_to(self.package):
            sys.exit(f"{self.package}: holds no package 'study'")

    def take(self, command: str) -> Taken:
        """Call a command, and say what it took. Ends the program where it fails."""
        self.made += 1
        new = self.folder / f"new{self.made}"
        cache = self.folder / (f"cache{self.made}" if command.startswith(COLD) else "cache")
        words = shlex.split(command.removeprefix(COLD).format(run=self.run, new=new))
        environment = self.environment | {"XDG_CACHE_HOME": str(cache)}
        found = taken([STUDY, *words], self.folder, environment)
        if found.status:
            sys.exit(f"{self.package}: 'study {shlex.join(words)}' ends with {found.status}")
        return found


def compare(command: str, builds: list[Build], rounds: int) -> str:
    """A row of the table: medians of both builds, and of the ratios of the rounds."""
    for build in builds:
        build.take(command)
    # The first of a round would meet caches that the other has not filled.
    pairs = []
    for turn in range(rounds):
        ordered = builds if turn % 2 == 0 else builds[::-1]
        found = {build: build.take(command) for build in ordered}
        pairs.append([found[build] for build in builds])
    before, after = (statistics.median(pair[side].processor for pair in pairs) for side in (0, 1))
    processor = statistics.median(pair[1].processor / pair[0].processor for pair in pairs)
    wall = statistics.median(pair[1].wall / pair[0].wall for pair in pairs)
    return f"| `{command}` | {before:.2f} | {after:.2f} | {processor:.2f} | {wall:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("commands", nargs="*", default=COMMANDS)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_intermixed_args()
    print("| command | processor s before | after | ratio | ratio of the clock |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        builds = [
            Build(package, Path(folder) / name)
            for name, package in (("before", arguments.before), ("after", arguments.after))
        ]
        for build in builds:
            build.take("run --seeds 20 --out {run}")
        for command in arguments.commands:
            print(compare(command, builds, arguments.rounds), flush=True)


if __name__ == "__main__":
    main()
