"""Processor time and memory of whole commands on runs of many models, by one or more builds.

python benchmarks/load.py BUILD... --models 16 64 200

BUILD is a folder that holds the package. The models are small linear recipes; each build makes its
own runs of two seeds without splits and further shuffles.
"""

import argparse
import tempfile
from pathlib import Path

from commands import Build

RECIPE = """title = "Linear {place:03d}"
network = "study.networks.linear:Linear"

[arguments]

[training]
epochs = {epochs}
batch_size = 10
learning_rate = {rate:.4f}
"""


def recipes(folder: Path, count: int) -> list[str]:
    """Write so many recipes, which differ in length of training and in step; return their paths."""
    paths = []
    for place in range(count):
        path = folder / f"linear{place:03d}.toml"
        text = RECIPE.format(place=place, epochs=10 + place % 7, rate=0.005 + 0.0001 * place)
        path.write_text(text)
        paths.append(str(path))
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("builds", type=Path, nargs="+")
    parser.add_argument("--models", type=int, nargs="+", default=[16, 64, 200])
    arguments = parser.parse_args()
    print("| build | models | command | processor s | MB of memory | MB of page |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builds = [
            Build(package, folder / f"build{place}")
            for place, package in enumerate(arguments.builds)
        ]
        for build in builds:
            build.take("plan --seeds 2")  # compiles bytecode, which installed packages have
        for count in arguments.models:
            models = ",".join(recipes(folder, count))
            for build in builds:
                run = build.folder / f"run{count}"
                make = f"run --seeds 2 --splits 0 --shuffles 0 --models {models} --out {run}"
                for command in (make, f"status {run}", f"report {run}"):
                    found = build.take(command)
                    word = command.partition(" ")[0]
                    page = run / "report.html"
                    size = f"{page.stat().st_size / 1e6:.1f}" if page.exists() else ""
                    print(f"| {build.package.name} | {count} | `{word}` | {found.processor:.1f} | "
                          f"{found.memory / 1e6:.0f} | {size} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
