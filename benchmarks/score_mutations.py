"""Are mutated tables of scores read right, or refused?

Each table is written from scores that are known, in one of many ways: as another program would
write the same scores, which has to be read; with a fault, which has to be refused in a line; with
something to note, which has to be noted; or with bytes of the file changed at random, of which
nothing may come that is not in the file. Counted are tracebacks, silent readings that change a
number by more than rounding, and refusals of what is right.

    python benchmarks/score_mutations.py --tables 300
"""

import argparse
import csv
import io
import math
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from study.common.errors import InputError
from study.store.score_file import read_scores
from study.store.scores.checks import score_warnings
from study.store.scores.table import ScoreTable

# A double in 15 digits, as R writes it, is off by less.
ROUNDING = 1e-14
READ, REFUSED, NOTED, ANY = "read", "refused", "noted", "any"
COLUMNS = ["model", "method", "seed", "feature", "score"]
Truth = dict[tuple[str, str, int, str], float]


@dataclass(frozen=True)
class Mutated:
    """A file, what has to come of it, and the scores that it holds; the code of a note."""

    content: bytes
    expected: str
    truth: Truth
    code: str = ""
    absent: str | None = None
    turned: tuple[str, ...] = ()


def frame_of(rng: np.random.Generator, method: str = "SHAP") -> pd.DataFrame:
    """Scores of a few models, seeds and features, from 1e-6 to 1e6 in size."""
    models = ["forest", "net, deep", 'a "b"'][: rng.integers(1, 4)]
    features = list(
        rng.permutation(["age", "sex", "log=rooms", "年齢", "x;y"])[: rng.integers(2, 6)]
    )
    seeds = rng.choice(1000, rng.integers(1, 5), replace=False)
    rows = [(model, method, seed, name) for model in models for seed in seeds for name in features]
    frame = pd.DataFrame(rows, columns=COLUMNS[:4])
    return frame.assign(
        score=10 ** rng.uniform(-6, 6, len(frame)) * rng.choice([1, -1], len(frame))
    )


def truth_of(frame: pd.DataFrame) -> Truth:
    """The scores of a frame by what gave them."""
    rows = frame[COLUMNS].itertuples(index=False, name=None)
    return {
        (model, method, int(seed), name): float(score) for model, method, seed, name, score in rows
    }


def and_another_seed(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with one seed more of each model, which no other has."""
    more = frame.drop_duplicates(["model", "feature"]).assign(seed=5000)
    return pd.concat([frame, more], ignore_index=True)


def text_of(frame: pd.DataFrame, **options: object) -> bytes:
    """A frame as CSV."""
    return frame.to_csv(index=False, **options).encode()


# -- other ways to write the same -----------------------------------------------------------------
def order(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Rows and columns in another order."""
    other = frame.iloc[rng.permutation(len(frame))][list(rng.permutation(COLUMNS))]
    return Mutated(text_of(other), READ, truth_of(frame))


def dialect(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Another separator, line ending or quoting, blank lines, a mark of UTF-8, capitals."""
    letters = [str.upper, str.title, str.lower][rng.integers(3)]
    text = frame.rename(columns=letters).to_csv(
        index=False,
        sep=str(rng.choice([",", ";", "\t"])),
        lineterminator=str(rng.choice(["\n", "\r\n"])),
        quoting=int(rng.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])),
    )
    start = rng.choice(["", "\ufeff", "\n"])
    return Mutated(f"{start}{text}\n\n".encode(), READ, truth_of(frame))


def notation(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Numbers with 15 digits or in exponents, seeds as R writes them, spaces about them."""
    form = str(rng.choice(["%.15g", "%.17g", "%.16e", " %.17g "]))
    seed = str(rng.choice(["%.0e", "%.1f", "%d", "+%d"]))
    rounded = seed == "%.0e"
    moved = frame.assign(
        seed=frame["seed"].rank(method="dense").astype(int) * (10**5 if rounded else 1)
    )
    written = moved.assign(
        score=[form % score for score in moved["score"]], seed=[seed % of for of in moved["seed"]]
    )
    return Mutated(text_of(written), READ, truth_of(moved))


def identifiers(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Seeds of 64 bits, with signs."""
    known = {seed: int(rng.integers(-(2**63), 2**63 - 1)) for seed in frame["seed"].unique()}
    moved = frame.assign(seed=[known[seed] for seed in frame["seed"]])
    return Mutated(text_of(moved), READ, truth_of(moved))


def unused(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Columns that mean nothing here, some called as other tools call scores."""
    names = rng.choice(["fold", "importance", "gain", "variable", "p", "Overall"], 2, replace=False)
    more = frame.assign(**{str(name): rng.normal(size=len(frame)) for name in names})
    return Mutated(text_of(more[list(rng.permutation(more.columns))]), READ, truth_of(frame))


def conditions(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A control beside the real scores."""
    control = frame.assign(condition="shuffled", score=rng.normal(size=len(frame)))
    both = pd.concat([frame.assign(condition="real"), control])
    return Mutated(text_of(both.iloc[rng.permutation(len(both))]), READ, truth_of(frame))


def failed(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A seed that has no scores, however that is marked, beside one that has."""
    more = and_another_seed(frame)
    gone = (more["seed"] == more["seed"].iloc[0]) & (more["model"] == more["model"].iloc[0])
    lost = more.assign(score=more["score"].mask(gone))
    mark = str(rng.choice(["", "NA", "nan", "NULL", "None"]))
    return Mutated(text_of(lost, na_rep=mark), READ, truth_of(lost))


def tools(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """The columns under the names of another tool, which is said."""
    feature, score = [
        ("Feature Id", "Importances"), ("variable", "relative_importance"), ("Feature", "Gain"),
        ("feature", "importances_mean"), ("", "Overall"), ("Variable", "Importance"),
        ("feature", "weight"), ("col_name", "feature_importance_vals"), ("term", "estimate"),
    ][rng.integers(9)]  # fmt: skip
    other = frame.rename(columns={"feature": feature, "score": score})
    return Mutated(text_of(other), NOTED, truth_of(frame), "I001")


def wide(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A column for each feature."""
    table = frame.pivot(index=COLUMNS[:3], columns="feature", values="score").reset_index()
    return Mutated(
        text_of(table[list(rng.permutation(table.columns))]), NOTED, truth_of(frame), "I001"
    )


# -- what has to be noted -------------------------------------------------------------------------
def intercept(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Rows of an intercept."""
    name = str(rng.choice(["Intercept", "(Intercept)", "<BIAS>", "_baseline_"]))
    rows = frame.drop_duplicates(COLUMNS[:3]).assign(feature=name, score=150.0)
    return Mutated(text_of(pd.concat([rows, frame])), NOTED, truth_of(frame), "I003")


def absent(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Rows that a booster, or another tool that is said to, leaves out since they are 0."""
    booster = bool(rng.integers(2))
    whole = and_another_seed(frame)
    whole = whole.assign(method="total_gain" if booster else "SHAP")
    last = whole.groupby(COLUMNS[:3]).cumcount() == whole["feature"].nunique() - 1
    gone = last & (whole["seed"] == 5000)
    truth = truth_of(whole.assign(score=whole["score"].mask(gone, 0.0)))
    return Mutated(text_of(whole[~gone]), NOTED, truth, "I004", None if booster else "zero")


def losses(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """Changes of a loss with their sign turned."""
    other = frame.assign(method="FeaturePermutation", score=-frame["score"].abs())
    if rng.integers(2):
        return Mutated(text_of(other), NOTED, truth_of(other), "I006")
    truth = truth_of(other.assign(score=other["score"].abs()))
    return Mutated(text_of(other), NOTED, truth, "I005", turned=("FeaturePermutation",))


# -- what has to be refused -----------------------------------------------------------------------
def bad_cell(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A cell that is no such thing."""
    column, text = [
        ("score", "1,5"), ("score", "1 234.5"), ("score", "12%"), ("score", "$3"),
        ("score", "high"), ("score", "inf"), ("score", "1e999"), ("score", "1_0"),
        ("score", "0x1p3"), ("score", "−1"), ("seed", "1.5"), ("seed", ""), ("seed", "one"),
        ("seed", "1e40"), ("model", ""), ("method", " "), ("feature", ""),
        ("model", "least-squares"),
    ][rng.integers(18)]  # fmt: skip
    broken = frame.astype(object)
    broken.iloc[rng.integers(len(frame)), COLUMNS.index(column)] = text
    return Mutated(text_of(broken), REFUSED, {})


def bad_rows(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A row twice, or not at all, or an empty score beside others."""
    several = and_another_seed(frame)
    at = int(rng.integers(len(frame)))
    broken = [
        pd.concat([several, several.iloc[[at]]]),
        several.drop(index=at),
        several.assign(score=several["score"].mask(several.index == at)),
    ][rng.integers(3)]
    return Mutated(text_of(broken), REFUSED, {})


def bad_columns(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A column lost, twice, or under a name that nobody knows."""
    column = COLUMNS[rng.integers(5)]
    kind = rng.integers(3)
    if kind == 0 and column == "seed":
        frame = pd.concat([frame, frame])
    broken = [
        frame.drop(columns=column),
        pd.concat([frame, frame[[column]]], axis=1),
        frame.rename(columns={column: "thing"}),
    ][kind]
    if kind == 2 and column == "seed":
        broken = pd.concat([broken, broken])
    return Mutated(text_of(broken), REFUSED, {})


def bad_file(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A line cut short, another encoding, a quotation mark that is not closed, an archive."""
    text = text_of(frame)
    lines = text.decode().splitlines()
    at = int(rng.integers(1, len(lines)))
    broken = [
        "\n".join([*lines[:at], lines[at].partition(",")[0], *lines[at + 1 :]]).encode(),
        text.decode().encode("utf-16"),
        text + b'"m,f',
        b"PK\x03\x04\xff\xfe" + text,
        b"",
        lines[0].encode(),
    ][rng.integers(6)]
    return Mutated(broken, REFUSED, {})


def wrong_sense(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """p-values and ranks."""
    known = ["p", "p-value", "P>|t|", "pvalue", "rank", "ranking"]
    method = known[rng.integers(6)]
    ranks = frame.groupby(COLUMNS[:3])["score"].rank()
    scores = ranks if method.startswith("rank") else ranks / (ranks.max() + 1)
    return Mutated(text_of(frame.assign(method=method, score=scores)), REFUSED, {})


# -- bytes at random ------------------------------------------------------------------------------
def noise(frame: pd.DataFrame, rng: np.random.Generator) -> Mutated:
    """A few bytes changed, lost, or doubled."""
    content = bytearray(text_of(frame))
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(content)))
        content[at : at + rng.integers(0, 3)] = [
            b"", bytes([rng.integers(256)]), b",", b'"', b"\n", b"-", b"e", b";", b"\0", b"9",
        ][rng.integers(10)]  # fmt: skip
    return Mutated(bytes(content), ANY, {})


KINDS: tuple[Callable[[pd.DataFrame, np.random.Generator], Mutated], ...] = (
    *(order, dialect, notation, identifiers, unused, conditions, failed, tools, wide),
    *(intercept, absent, losses),
    *(bad_cell, bad_rows, bad_columns, bad_file, wrong_sense, noise),
)


def fault(mutated: Mutated, path: Path) -> str:
    """What is wrong with how a table is read; empty if nothing is."""
    path.write_bytes(mutated.content)
    try:
        table = read_scores(path, absent=mutated.absent, smaller_is_better=mutated.turned)
    except InputError as error:
        if mutated.expected in (READ, NOTED):
            return f"refused what is right: {error}"
        return "more than a line" if "\n" in str(error) else ""
    except Exception as error:  # what is looked for
        return f"traceback: {type(error).__name__}: {error}"
    if mutated.expected == REFUSED:
        return "silent: read what has to be refused"
    if mutated.expected == ANY:
        return "" if _in_file(table, mutated.content) else "silent: a number that the file has not"
    codes = {warning.code for warning in score_warnings(table)}
    if mutated.code and mutated.code not in codes:
        return f"silent: {mutated.code} is not noted"
    return "" if _same(table, mutated.truth) else "silent: other scores"


def _same(table: ScoreTable, truth: Truth) -> bool:
    found = {
        (origin.model, origin.method, origin.seed, name): score
        for origin, vector in table.vectors.items()
        if origin.condition == "real"
        for name, (score, _) in vector.items()
    }
    return found.keys() == truth.keys() and all(
        (math.isnan(score) and math.isnan(truth[key]))
        or math.isclose(score, truth[key], rel_tol=ROUNDING, abs_tol=0)
        for key, score in found.items()
    )


def _in_file(table: ScoreTable, content: bytes) -> bool:
    """Whether every score is a cell of the file, split at whichever separator."""
    cells = set()
    for separator in (",", ";", "\t"):
        reader = csv.reader(
            io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator
        )
        cells |= {cell.strip() for row in reader for cell in row}
    numbers = {float(cell) for cell in cells if _is_float(cell)}
    scores = [score for vector in table.vectors.values() for score, _ in vector.values()]
    return all(math.isnan(score) or score in numbers for score in scores)


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def faults(tables: int, seed: int, folder: Path) -> list[tuple[str, str]]:
    """(kind, what is wrong) of some tables, the kinds in turn; each is drawn by its own number."""
    found = []
    for number in range(tables):
        rng = np.random.default_rng([seed, number])
        kind = KINDS[number % len(KINDS)]
        wrong = fault(kind(frame_of(rng), rng), folder / "scores.csv")
        found.append((kind.__name__, wrong))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = faults(arguments.tables, arguments.seed, Path(folder))
    counts = Counter(wrong.partition(":")[0] for _, wrong in found if wrong)
    print(f"{len(found)} tables of {len(KINDS)} kinds:")
    for what in ("traceback", "silent", "refused what is right", "more than a line"):
        print(f"  {what}: {counts[what]}")
    for number, (kind, wrong) in enumerate(found):
        if wrong:
            print(f"table {number}, {kind}: {wrong}")


if __name__ == "__main__":
    main()
