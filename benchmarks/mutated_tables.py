"""Tables written as people write them, whose true numbers are known, read by the program.

    python benchmarks/mutated_tables.py                    # 300 tables
    python benchmarks/mutated_tables.py --tables FOLDER    # also of 'drafts.py make FOLDER'
    python benchmarks/mutated_tables.py --only 17 --keep FOLDER

Each table is written from true numbers in some way (thousands, signs, units, marks of missing
values, rows above and below), drafted by 'study data init' and loaded. Every number and level
that the program then holds must be the true one, or be refused, left out, or remarked on.
"""

import argparse
import json
import math
import re
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mutations import Written, mutated, source_tables

from study.common.errors import StudyError
from study.recipes.columns import Binary, OneHot

# Of a frequent level among few: it must keep its name.
_FREQUENT, _LEVELS = 12, 20
# Remarks that are made of any table, and say nothing of how a column was read.
_GENERAL = re.compile(r"D00\d |features that others|levels with fewer|\d+ (test|training) rows")
_FAR = re.compile(r"far out|far from")  # is said of marks of missing values, and of skewed numbers
_UNITS = {re.compile(r"%.*"): 100, re.compile(r"thousands as K(, missing .*)?"): 1000}
FAULTS = (
    "traceback",
    "other number",
    "mark kept",
    "other level",
    "row not there",
    "made levels",
    "swallowed",
)
OPEN = ("row label kept", "split kept")


@dataclass(frozen=True)
class Finding:
    """What became of one table, or of one of its columns."""

    seed: int
    outcome: str
    column: str
    detail: str


def judge(written: Written, folder: Path) -> Iterator[Finding]:
    """Draft and load a table; what is otherwise than it is written."""
    from click.testing import CliRunner

    from study.cli import own_data  # noqa: F401  it adds its commands
    from study.cli.group import commands
    from study.datasets.dataset import load_dataset
    from study.recipes.find import find_dataset

    path, recipe_path = folder / f"{written.seed}.csv", folder / f"{written.seed}.toml"
    path.write_bytes(written.content)
    recipe_path.unlink(missing_ok=True)
    arguments = ["data", "init", str(path), "--target", written.target, "--out", str(recipe_path)]
    result = CliRunner().invoke(commands, arguments)
    if result.exception is not None:
        refused = isinstance(result.exception, StudyError)
        detail = f"{type(result.exception).__name__}: {result.exception}"
        outcome = "refused" if refused else "traceback"
        yield Finding(written.seed, outcome, "", detail.replace(str(path), "FILE"))
        return
    text = recipe_path.read_text(encoding="utf-8")
    if "\n# [claim]\n" in text:  # of each variable something speaks against a claim
        first = tomllib.loads(text)["variables"][0]["name"]
        claim = text.partition("\n# [claim]\n")[2].replace("# ", "")
        claim = claim.replace('name = ""', f"name = {json.dumps(first)}")
        recipe_path.write_text(f"{text}[claim]\n{claim}", encoding="utf-8")
    found = find_dataset(str(recipe_path))
    dataset = load_dataset(found.recipe, recipe_path.parent)
    remarks = _remarks(result.output, text)
    differing = set()
    for outcome, column, detail in _differences(written, dataset):
        differing.add(column)
        counting = [r for r in remarks if outcome == "mark kept" or not _FAR.search(r)]
        named = any(_names(remark, column) for remark in counting)
        # A remark does not give a level its name back, nor a row label its place.
        if named and outcome not in ("swallowed", *OPEN):
            outcome = "said"
        yield Finding(written.seed, outcome, column, detail)
    if written.target in differing:
        return
    kept = {variable["name"] for variable in tomllib.loads(text)["variables"]}
    for column in written.columns:
        if column not in kept and column != written.target:
            yield Finding(written.seed, "left out", column, written.how(column))
        elif column in written.formats and column not in differing:
            yield Finding(written.seed, "read", column, written.how(column))


def _remarks(printed: str, recipe: str) -> list[str]:
    """What is said of single columns: signs, items to be looked at, and comments of the recipe."""
    layout = " ".join(printed.partition("\n\n")[0].split())
    signs = re.findall(r"(?:between thousands|as decimal sign) in .+", layout)
    part = re.search(r"^To be looked at\n(.*?)\n\n", printed, re.M | re.S)
    items = re.split(r"^  - ", part[1], flags=re.M)[1:] if part else []
    notes = re.findall(r"((?:^#.*\n)+)\[\[variables\]\]\n(name = .*)\n", recipe, re.M)
    said = [" ".join(item.split()) for item in items]
    return [*signs, *(item for item in said if not _GENERAL.match(item))] + [
        f"{name} {comment}" for comment, name in notes if "Numbers are standardised" not in comment
    ]


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _differences(written: Written, dataset: Any) -> Iterator[tuple[str, str, str]]:
    """(outcome, column, detail) of all that is not as it was written."""
    x, y = dataset.pooled
    truth = np.asarray(written.columns[written.target], dtype=float)
    targets = dataset.target_scale.undo(y)
    factor = _unit(written.how(written.target), targets, truth)
    targets *= factor
    known = np.flatnonzero(~np.isnan(truth))
    order = known[np.argsort(truth[known])]
    places = order[np.searchsorted((truth[order][1:] + truth[order][:-1]) / 2, targets)]
    far = ~_close(targets, truth[places], factor * dataset.target_scale.divisor)
    if far.any():
        at = int(np.flatnonzero(far)[0])
        how = written.how(written.target)
        mark = f"missing as '{targets[at]:g}'" in how
        near = f"{targets[at]:.8g}, near {truth[places][at]:.8g} ({how})"
        yield "mark kept" if mark else "row not there", written.target, near
        return
    held = {prepared.column: prepared for prepared in dataset.prepared}
    for variable, group in zip(dataset.recipe.variables, dataset.groups, strict=True):
        name = variable.name
        if name in written.labels or name in written.splits:
            yield ("row label kept" if name in written.labels else "split kept"), name, ""
        elif isinstance(variable, Binary | OneHot):
            texts = _texts(variable, x[:, group])
            yield from _levels(written, variable, texts, places, held[name].imputed)
        else:
            numbers = held[name].scale.undo(x[:, group[0]])
            yield from _numbers(written, name, numbers, places, held[name])


def _unit(how: str, numbers: np.ndarray, right: np.ndarray) -> int:
    """By what numbers are divided that were read in another unit: per cents as parts of one."""
    factor = next((factor for unit, factor in _UNITS.items() if unit.fullmatch(how)), 1)
    return factor if np.abs(numbers).max() * factor / 2 < np.nanmax(np.abs(right)) else 1


def _texts(variable: Any, x: np.ndarray) -> list[str]:
    """The levels that the features stand for."""
    if isinstance(variable, OneHot):
        return [variable.levels[place] for place in x.argmax(axis=1)]
    levels = {round(number, 6): level for level, number in variable.levels.items()}
    return [levels[round(float(number), 6)] for number in x[:, 0]]


def _numbers(
    written: Written, name: str, numbers: np.ndarray, places: np.ndarray, held: Any
) -> Iterator[tuple[str, str, str]]:
    true = written.columns[name]
    if name in written.levels:
        try:
            true = [float(text) if text else math.nan for text in true]
        except ValueError:
            yield "other level", name, "levels became numbers"
            return
    right = np.asarray(true, dtype=float)[places]
    factor = _unit(written.how(name), numbers, right)
    stands = float(held.imputed) if held.imputed else math.nan
    fine = np.where(
        np.isnan(right),
        np.isclose(numbers, stands, rtol=1e-4),
        _close(numbers * factor, right, factor * held.scale.divisor),
    )
    if not fine.all():
        # A number that is another one weighs more than a mark that became one.
        at = int(np.flatnonzero(~fine)[np.argsort(np.isnan(right[~fine]), kind="stable")[0]])
        outcome = "mark kept" if math.isnan(right[at]) else "other number"
        yield outcome, name, f"{numbers[at]:.8g} for {right[at]:.8g} ({written.how(name)})"


def _levels(
    written: Written, variable: Any, texts: list[str], places: np.ndarray, filling: str
) -> Iterator[tuple[str, str, str]]:
    name = variable.name
    if name not in written.levels:
        if written.distinct(name) > 2:
            yield "made levels", name, written.how(name)
        return
    true = written.columns[name]
    counts = Counter(text for text in true if text)
    other = variable.other if isinstance(variable, OneHot) else None
    for read, place in zip(texts, places, strict=True):
        right = true[place] or filling
        if read == right:
            continue
        if read != other or right in variable.levels:
            yield "other level", name, f"'{read}' for '{right}' ({written.how(name)})"
            return
        if counts[right] >= _FREQUENT and len(counts) <= _LEVELS:
            yield "swallowed", name, f"'{right}', in {counts[right]} rows ({written.how(name)})"
            return


def _close(numbers: np.ndarray, right: np.ndarray, divisor: float) -> np.ndarray:
    """Equal, but for the single precision of numbers divided by `divisor`: (rows,) bool."""
    return np.abs(numbers - right) <= 1e-5 * divisor + 1e-6 * np.abs(right)


def _tell_formats(findings: list[Finding]) -> None:
    """How often a column that is written in some way is read, and left out."""
    ways: dict[str, Counter[str]] = {}
    for finding in findings:
        if finding.outcome in ("read", "left out") and finding.detail != "plain":
            how = finding.detail.partition(", missing")[0]
            ways.setdefault(how, Counter())[finding.outcome] += 1
    for how, counts in sorted(ways.items()):
        print(f"  {how}: read {counts['read']}, left out {counts['left out']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--only", type=int, help="one seed")
    parser.add_argument("--tables", type=Path, help="folder of 'drafts.py make'")
    parser.add_argument("--keep", type=Path, help="folder for the tables")
    given = parser.parse_args()
    seeds = range(given.seeds) if given.only is None else [given.only]
    sources, start, findings = source_tables(given.tables), time.perf_counter(), []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            written = mutated(seed, sources)
            found = list(judge(written, folder))
            findings += found
            for finding in found:
                if finding.outcome in (*FAULTS, *OPEN) or given.only is not None:
                    print(f"{seed:4} {finding.outcome}: {finding.column}: {finding.detail}")
                    print(f"     {written.story}")
    _tell_formats(findings)
    counts = Counter((finding.seed, finding.outcome) for finding in findings)
    by_table = Counter(outcome for _, outcome in counts)
    print(f"{len(list(seeds))} tables in {time.perf_counter() - start:.0f} s; tables by outcome:")
    for outcome, count in by_table.most_common():
        print(f"  {outcome}: {count}")
    faults = {finding.seed for finding in findings if finding.outcome in FAULTS}
    print(f"tables misread in silence, or with a traceback: {len(faults)}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
