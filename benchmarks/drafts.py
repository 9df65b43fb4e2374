"""What 'study data init' decides for each column of real tables, judged by a fresh eye.

    python benchmarks/drafts.py make FOLDER              # the tables, from the packages
    python benchmarks/drafts.py decide FOLDER OUT.csv    # by the program that Python imports
    python benchmarks/drafts.py judge OUT.csv
    python benchmarks/drafts.py compare BEFORE.csv AFTER.csv

drafts_tables.csv says from which file of which package a table is, what its target is, and how
a person wrote it to CSV; drafts_right.csv what is right for each column, written down before the
program was asked. No package but scikit-learn is imported: their files are read where they lie.
"""

import argparse
import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
TABLES, RIGHT = HERE / "drafts_tables.csv", HERE / "drafts_right.csv"
_MOST_ROWS = 50_000  # of a table that is sampled
# A level of so many rows, in a column of at most so many levels, must keep its name.
_FREQUENT, _LEVELS = 12, 20

_LOST, _OTHER = "swallowed ", "other numbers: "  # begin notes on what was misread
_OF_MODELS = r"D00[67] |features that others (determine|explain)|variables that go together"

# What may be decided for a column that is right as ... ; a remark that names it does for those
# of SAID_DOES, where a person decides.
KEPT = {"number", "binary", "levels"}
ALLOWED = {
    "number": {"number"},
    "binary": KEPT,
    "levels": {"levels", "binary"},
    "scale": {"levels", "ordinal"},  # levels whose names tell an order
    "order": KEPT,  # ordered codes, small counts, calendar years: number or levels
    "code": {"levels", "binary"},  # few codes without order
    "many": {"levels", "left out"},  # texts that return, too many for levels of their own
    "number-code": {"levels", "left out"},  # numbers that name a place or an institution
    "marks": {"levels"},  # a number, but 99 or 999 where it is not known
    "trend": {"number", "left out"},  # a year or a counter, another one in each row
    "sparse": {*KEPT, "left out"},  # more than half of it is missing
    "any": {*KEPT, "left out"},
    "split": {"split"},
    "date": {"left out", "date"},
    **{kind: {"left out"} for kind in ("row", "id", "group", "text", "constant", "leak")},
}
SAID_DOES = {"code", "number-code", "marks", "leak", "split"}
# Of these no claim is to be proposed while they are numbers, or at all.
NO_CLAIM_AS_NUMBER = {"code", "number-code", "marks"}
NO_CLAIM = {"row", "id", "group", "text", "date", "constant", "leak", "split"}


def make(folder: Path) -> None:
    """Write every table as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for of in _table_list():
        frame = _frame(of.module, of.file)
        with (folder / f"{of.table}.csv").open("w", encoding="utf-8") as file:
            _WRITTEN[of.rows](frame, of.target).to_csv(file, index=of.rows in _WITH_INDEX)


def _filtered(name: str) -> Callable[[pd.DataFrame, str], pd.DataFrame]:
    """Filtered and sorted, with labels that became a column when the rows were read again."""
    return lambda frame, target: (
        frame.sample(frac=0.9, random_state=0)
        .sort_values(target, kind="stable")
        .rename_axis(name)
        .reset_index()
    )


# How a person wrote a frame: with its index or not, and what was done to the rows before.
_WITH_INDEX = {"kept", "dropna", "sort", "sample"}
_WRITTEN: dict[str, Callable[[pd.DataFrame, str], pd.DataFrame]] = {
    "plain": lambda frame, _: frame,
    "kept": lambda frame, _: frame,
    "dropna": lambda frame, _: frame.dropna(),
    "sort": lambda frame, target: frame.sort_values(target, kind="stable"),
    "sample": lambda frame, _: frame.sample(min(len(frame), _MOST_ROWS), random_state=0),
    **{name: _filtered(name) for name in ("Unnamed: 0", "index", "level_0", "_c0")},
}
_OPTIONS: dict[str, dict[str, str]] = {
    "anes96.csv": {"sep": "\t", "quotechar": "'"},
    "modechoice.csv": {"sep": ";"},
}


def _table_list() -> list[Any]:
    return list(pd.read_csv(TABLES, keep_default_na=False).itertuples())


def _frame(module: str, file: str) -> pd.DataFrame:
    """A table of a package, from its file."""
    if module == "sklearn":
        from sklearn import datasets

        more = {"scaled": False} if file == "load_diabetes" else {}
        return getattr(datasets, file)(as_frame=True, **more).frame
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        sys.exit(f"no package {module}: see benchmarks/README.md")
    path = Path(found.origin).parent / file
    ending = path.suffix
    if ending == ".json":
        return pd.read_json(path, dtype=False)
    if ending == ".parquet":
        return pd.read_parquet(path)
    if ending == ".dta":
        return pd.read_stata(path)
    if ending == ".arff":
        from scipy.io import arff

        frame = pd.DataFrame(arff.loadarff(path)[0])
        return frame.apply(lambda of: of.str.decode("utf-8") if of.dtype == object else of)
    return pd.read_csv(path, **_OPTIONS.get(path.name, {}))


def decide(folder: Path, out: Path) -> None:
    """Have every table's recipe drafted; write what was decided for each column."""
    rows: list[dict[str, str]] = []
    for of in _table_list():
        path = (folder / f"{of.table}.csv").resolve()
        recipe_path = path.with_suffix(".toml")
        said, failed = _init(path, of.target, recipe_path)
        rows += _decisions(path, of.target, recipe_path, said, failed)
    pd.DataFrame(rows).to_csv(out, index=False, lineterminator="\n")


def _init(path: Path, target: str, recipe_path: Path) -> tuple[str, str]:
    """What 'study data init' prints, and how it failed."""
    from click.testing import CliRunner

    from study.cli import own_data  # noqa: F401  it adds its commands
    from study.cli.group import commands

    recipe_path.unlink(missing_ok=True)
    arguments = ["data", "init", str(path), "--target", target, "--out", str(recipe_path)]
    result = CliRunner().invoke(commands, arguments)
    error = result.exception
    return result.output, f"{type(error).__name__}: {error}" if error else ""


def _decisions(
    path: Path, target: str, recipe_path: Path, printed: str, failed: str
) -> list[dict[str, str]]:
    texts = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
    texts.columns = [name.strip() or "(no name)" for name in texts.iloc[0]]
    texts = texts.iloc[1:]
    columns = [name for name in texts if name != target]
    if failed:
        failed = failed.replace(str(path.parent) + "/", "")
        return [_row(path.stem, name, "refused", said=failed) for name in columns]
    written = recipe_path.read_text(encoding="utf-8")
    recipe = tomllib.loads(written)
    variables = {variable["name"]: variable for variable in recipe["variables"]}
    notes, items = _notes(written), _items(printed)
    held = _held(recipe_path)
    rows = []
    for name in columns:
        remarks = [item for item in items if _names(item, name)]
        variable, detail = variables.get(name), ""
        if recipe.get("split", {}).get("column") == name:
            decided = "split"
        elif variable is None:
            decided, detail = "left out", notes["left out"].get(name, "")
        else:
            decided = {"numeric": "number", "one-hot": "levels"}.get(
                variable["type"], variable["type"]
            )
            detail = notes["kept"].get(name, "")
            lost = {"levels": _swallowed, "number": _misread}.get(decided)
            if lost is not None:
                detail = f"{lost(texts[name], variable, held[name])}{detail}"
        claim = "proposed" if recipe["claim"]["name"] == name else ""
        rows.append(_row(path.stem, name, decided, claim, detail, " | ".join(remarks)))
    return rows


def _row(
    table: str, column: str, decided: str, claim: str = "", note: str = "", said: str = ""
) -> dict[str, str]:
    return {
        "table": table,
        "column": column,
        "decided": decided,
        "claim": claim,
        "note": note,
        "said": said,
    }


def _notes(written: str) -> dict[str, dict[str, str]]:
    """The comments of a recipe on columns: those left out, and those that became variables."""
    left_out = dict(re.findall(r"^#   (.+?): (.+)$", written, re.M))
    kept = {}
    for comment, name in re.findall(
        r"((?:^#.*\n)+)\[\[variables\]\]\nname = \"(.*?)\"\n", written, re.M
    ):
        kept[name] = " ".join(line.lstrip("# ") for line in comment.splitlines())
    return {"left out": left_out, "kept": kept}


def _items(printed: str) -> list[str]:
    """What is to be looked at, an item each."""
    part = re.search(r"^To be looked at\n(.*?)\n\n", printed, re.M | re.S)
    items = re.split(r"^  - ", part[1], flags=re.M)[1:] if part else []
    # How variables stand to each other says nothing of what each is.
    return [" ".join(item.split()) for item in items if not re.match(_OF_MODELS, item)]


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _held(recipe_path: Path) -> dict[str, np.ndarray]:
    """What the program reads in each row of a table, by variable."""
    from study.datasets.rows import TableRows, read_rows
    from study.recipes.find import find_dataset

    recipe = find_dataset(str(recipe_path)).recipe
    rows = TableRows.of(recipe, read_rows(recipe, recipe_path.parent)[0])
    names = [variable.name for variable in recipe.variables]
    return dict(zip(names, rows.values.T, strict=True))


def _swallowed(texts: pd.Series, variable: dict[str, Any], _: np.ndarray) -> str:
    """Frequent levels that have lost their names, where there are few levels."""
    counts = texts.str.strip().value_counts()
    counts = counts[counts.index != ""]
    lost = [level for level in counts.index[counts >= _FREQUENT] if level not in variable["levels"]]
    return f"{_LOST}{', '.join(lost)}; " if lost and len(counts) <= _LEVELS else ""


def _misread(texts: pd.Series, _: dict[str, Any], held: np.ndarray) -> str:
    """Numbers that are others than pandas, which wrote them, reads."""
    right = pd.to_numeric(texts, errors="coerce").to_numpy()
    other = ~np.isnan(held) & ~np.isclose(held, right, rtol=1e-12, atol=0)
    return f"{_OTHER}{held[other][0]:g} for {right[other][0]:g}; " if other.any() else ""


def judge(out: Path) -> pd.DataFrame:
    """Decisions beside what is right, and whether they are; claims likewise."""
    decided = pd.read_csv(out, keep_default_na=False, dtype=str)
    right = pd.read_csv(RIGHT, keep_default_na=False, dtype=str)
    both = decided.merge(right, on=["table", "column"], how="left", validate="1:1")
    if both.right.isna().any():
        sys.exit(f"nothing is known to be right of {both[both.right.isna()].column.tolist()}")
    targets = {of.table: of.target for of in _table_list()}
    both["verdict"] = [_verdict(of, targets[of.table]) for of in both.itertuples()]
    both["claim_verdict"] = [
        ""
        if not of.claim
        else "wrong"
        if of.right in NO_CLAIM or (of.right in NO_CLAIM_AS_NUMBER and of.decided == "number")
        else "right"
        for of in both.itertuples()
    ]
    return both


def _verdict(of: Any, target: str) -> str:
    """right, said (decided otherwise, with a remark on it), wrong, or refused."""
    if of.decided == "refused":
        return "refused"
    if of.decided in ALLOWED[of.right]:
        return "wrong" if of.note.startswith((_LOST, _OTHER)) else "right"
    if of.right == "leak":
        return "said" if any(_names(item, target) for item in of.said.split(" | ")) else "wrong"
    if of.right == "marks":
        named = re.search(r"missing|far (from|out)", f"{of.note} {of.said}")
        return "said" if of.decided == "number" and named else "wrong"
    return "said" if of.right in SAID_DOES and of.note + of.said else "wrong"


def wrongly(judged: pd.DataFrame) -> pd.Series:
    """Which columns are decided wrongly: misread, refused, or proposed as the claim: (rows,)."""
    return judged.verdict.isin(["wrong", "refused"]) | (judged.claim_verdict == "wrong")


def shares(judged: pd.DataFrame) -> dict[str, str]:
    """What the page of benchmarks tells of a version of the program."""
    wrong, odd = wrongly(judged), judged.right != "number"
    return {
        "columns": f"{len(judged):,}",
        "wrongly": f"{wrong.sum()} ({100 * wrong.mean():.1f}%)",
        "of those that are no plain numbers": f"{100 * wrong[odd].mean():.1f}%",
        "left to the user by a remark": f"{(judged.verdict == 'said').sum()}",
        "claims": f"{(judged.claim != '').sum()}",
        "claims on what cannot be one": f"{(judged.claim_verdict == 'wrong').sum()}",
    }


def tell(judged: pd.DataFrame) -> None:
    """Print the shares, and every wrong decision by what is right."""
    for what, figure in shares(judged).items():
        print(f"{what}: {figure}")
    claims = judged[judged.claim != ""]
    print(pd.crosstab(judged.right, judged.verdict).to_string())
    for of in claims[claims.claim_verdict == "wrong"].itertuples():
        print(f"claim on a {of.right}: {of.table}: {of.column}")
    for right, group in judged[judged.verdict.isin(["wrong", "refused"])].groupby("right"):
        print(f"\nright as {right}:")
        for of in group.itertuples():
            print(f"  {of.table}: {of.column} -> {of.decided} ({of.note or of.said})"[:160])


def compare(before: Path, after: Path) -> None:
    """Print every column whose decision differs, each with both verdicts."""
    first, second = judge(before), judge(after)
    tell(second)
    both = first.merge(second, on=["table", "column", "right"], suffixes=("_before", "_after"))
    changed = both[
        (both.decided_before != both.decided_after)
        | (both.claim_before != both.claim_after)
        | (both.verdict_before != both.verdict_after)
    ]  # fmt: skip
    print(f"\n{len(changed)} columns are decided otherwise:")
    for of in changed.itertuples():
        print(
            f"  {of.table}: {of.column} ({of.right}): {of.decided_before} {of.claim_before} "
            f"[{of.verdict_before}] -> {of.decided_after} {of.claim_after} [{of.verdict_after}] "
            f"({of.note_after or of.said_after})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["make", "decide", "judge", "compare"])
    parser.add_argument("paths", nargs="+", type=Path)
    given = parser.parse_args()
    actions: dict[str, Callable[..., object]] = {
        "make": make,
        "decide": decide,
        "judge": lambda out: tell(judge(out)),
        "compare": compare,
    }
    actions[given.what](*given.paths)


if __name__ == "__main__":
    main()
