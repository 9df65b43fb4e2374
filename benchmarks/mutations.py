"""Tables of true numbers, written to bytes in the many ways of people and programs."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_NBSP, _THIN, _MINUS = "\u00a0", "\u202f", "\u2212"
Draw = np.random.Generator
_LEAST_ROWS, _MOST_ROWS, _MOST_FEATURES = 40, 240, 6


@dataclass
class Written:
    """A table as a file, and what is true of it.

    columns : of each name, its true numbers (NaN where not known) or levels, row by row; levels :
    names of those that hold levels; labels, splits : of those that number rows, or divide them;
    formats : how a column is written
    """

    seed: int
    target: str
    columns: dict[str, Sequence[Any]] = field(default_factory=dict)
    cells: dict[str, list[str]] = field(default_factory=dict)
    levels: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    splits: set[str] = field(default_factory=set)
    formats: dict[str, str] = field(default_factory=dict)
    layout: list[str] = field(default_factory=list)
    content: bytes = b""

    def how(self, name: str) -> str:
        """How a column is written."""
        return self.formats.get(name, "plain")

    def distinct(self, name: str) -> int:
        """How many different values a column truly has."""
        return len(set(self.columns[name]))

    @property
    def story(self) -> str:
        """All that was done."""
        return "; ".join([*self.layout, *(f"{name}: {how}" for name, how in self.formats.items())])

    @property
    def rows(self) -> int:
        return len(self.cells[self.target])

    def add(self, name: str, true: Sequence[Any], cells: list[str], first: bool = False) -> None:
        """One more column, before or after the others."""
        self.columns[name] = true
        self.cells = {name: cells} | self.cells if first else self.cells | {name: cells}


def source_tables(folder: Path | None) -> list[tuple[str, pd.DataFrame, str]]:
    """(name, numbers, target) of real tables: scikit-learn's, and those of a folder."""
    from sklearn import datasets

    found = [
        ("diabetes", datasets.load_diabetes(as_frame=True, scaled=False).frame, "target"),
        ("wine", datasets.load_wine(as_frame=True).data, "alcohol"),
        ("iris", datasets.load_iris(as_frame=True).data, "petal length (cm)"),
        ("breast_cancer", datasets.load_breast_cancer(as_frame=True).data, "mean radius"),
    ]
    if folder is not None:
        here = Path(__file__).parent
        listed = pd.read_csv(here / "drafts_tables.csv", keep_default_na=False)
        right = pd.read_csv(here / "drafts_right.csv", keep_default_na=False)
        for of in listed.itertuples():
            amounts = right[(right.table == of.table) & (right.right == "number")].column
            frame = pd.read_csv(folder / f"{of.table}.csv", nrows=2000)
            found.append((of.table, frame[[*amounts, of.target]], of.target))
    # Only what varies like an amount: the truth of codes is another question.
    varied = [
        (name, frame[[c for c in frame if c == target or frame[c].nunique() > 15]].dropna(), target)
        for name, frame, target in found
    ]
    return [(name, frame, of) for name, frame, of in varied if len(frame) >= _LEAST_ROWS]


def mutated(seed: int, sources: list[tuple[str, pd.DataFrame, str]]) -> Written:
    """The table of a seed."""
    draw = np.random.default_rng([17, seed])
    while True:  # of few rows that are told apart by their target there is nothing to be learned
        frame, target, name = _numbers(draw, sources)
        if len(frame) >= _LEAST_ROWS and frame.shape[1] > 1:
            break
    separator = str(draw.choice([",", ",", ";", ";", "\t", "|"]))
    decimal = "," if separator != "," and draw.random() < 0.5 else "."
    written = Written(seed, target, layout=[name, f"separator {separator!r}, decimal {decimal!r}"])
    odd = set(draw.permutation(frame.columns.drop(target))[: draw.integers(1, 4)])
    if draw.random() < 0.25:
        odd.add(target)
    for column in frame:
        _write_number(written, column, frame[column].to_numpy(float), column in odd, decimal, draw)
    # Rows that are copied keep what is added.
    for place in sorted(set(draw.integers(len(_ADDED), size=draw.integers(1, 3)).tolist())):
        _ADDED[place](written, draw)
    written.content = _as_bytes(written, separator, draw)
    return written


def _numbers(
    draw: Draw, sources: list[tuple[str, pd.DataFrame, str]]
) -> tuple[pd.DataFrame, str, str]:
    """True numbers, each row with a target of its own, by which it is found again."""
    rows = int(draw.integers(60, _MOST_ROWS))
    if draw.random() < 0.5:
        name, frame, target = sources[draw.integers(len(sources))]
        frame = frame.sample(min(rows, len(frame)), random_state=int(draw.integers(2**31)))
        others = draw.permutation(frame.columns.drop(target))[:_MOST_FEATURES]
        frame = frame[[*others, target]]
    else:
        name, target = "generated", "price"
        x = draw.normal(size=(rows, 5))
        frame = pd.DataFrame(
            {
                "rooms": 50 + 12 * x[:, 0],
                "area": np.exp(7 + x[:, 1]),
                "balance": 4000 * x[:, 2],
                "dose": 0.02 + 0.004 * x[:, 3],
                "visits": np.floor(np.exp(4 + x[:, 4])),
            }
        )
        noise = draw.normal(size=rows)
        frame[target] = draw.choice([10, 3000]) * (60 + x @ [8, 3, -5, 2, 1] + noise)
    frame = frame.rename(columns=str)
    frame = frame.apply(lambda column: column.round(_digits(column)))
    return frame.drop_duplicates(target).sort_index().reset_index(drop=True), target, name


def _digits(column: pd.Series) -> int:
    """Digits after the point that leave some four of what varies."""
    spread = float(column.std())
    if (column == column.round()).all() and spread < 1e5:
        return 0
    return int(3 - np.floor(np.log10(spread))) if spread > 0 else 0


def _plain(number: float, digits: int, decimal: str) -> str:
    return f"{number:.{max(digits, 0)}f}".replace(".", decimal)


def _grouped(number: float, digits: int, decimal: str, sign: str) -> str:
    text = f"{number:,.{max(digits, 0)}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", sign)


def _write_number(
    written: Written, name: str, numbers: np.ndarray, odd: bool, decimal: str, draw: Draw
) -> None:
    digits = _digits(pd.Series(numbers))
    numbers = np.round(numbers, digits)
    cells = [_plain(number, digits, decimal) for number in numbers]
    how = str(draw.choice(list(_FORMATS))) if odd else "plain"
    if odd:
        written.formats[name] = how
        cells = _FORMATS[how](numbers, digits, decimal, draw)
    if draw.random() < 0.2:
        numbers, cells, mark = _with_missing(numbers, cells, draw)
        written.formats[name] = f"{how}, missing as {mark!r}"
    written.add(name, numbers.tolist(), cells)


_MARK_NUMBERS = {"-999": -999.0, "-9999": -9999.0, "9999": 9999.0, "99999": 99999.0}
_MARKS = [*_MARK_NUMBERS, "", "NA", ".", "-", "missing", "n/a", "*", "#DIV/0!"]


def _with_missing(
    numbers: np.ndarray, cells: list[str], draw: Draw
) -> tuple[np.ndarray, list[str], str]:
    # A number that might be one of the others is no mark that anybody could tell.
    farthest = float(np.abs(numbers).max())
    mark = str(draw.choice([m for m in _MARKS if abs(_MARK_NUMBERS.get(m, np.inf)) > 5 * farthest]))
    gone = draw.random(len(cells)) < draw.choice([0.02, 0.1, 0.25])
    texts = [mark if lost else cell for cell, lost in zip(cells, gone, strict=True)]
    return np.where(gone, np.nan, numbers), texts, mark


Format = Callable[[np.ndarray, int, str, Draw], list[str]]


def _each(of: Callable[[float, int, str], str]) -> Format:
    """Of each number, its digits and the decimal sign."""
    return lambda numbers, digits, decimal, _: [of(float(n), digits, decimal) for n in numbers]


def _around(before: str, after: str = "", sign: str = "") -> Format:
    """Signs before and after each number, its thousands divided by `sign`."""
    return _each(
        lambda n, digits, decimal: (
            f"{before}{_grouped(n, digits, decimal, sign or _thousands(decimal))}{after}"
        )
    )


def _thousands(decimal: str) -> str:
    return "." if decimal == "," else ","


def _signed(of: Callable[[str, bool], str]) -> Format:
    """By the text of the number without its sign, and whether it is negative."""
    return _each(lambda n, digits, decimal: of(_plain(abs(n), digits, decimal), n < 0))


def _some(share: float, of: Callable[[str], str]) -> Format:
    """Only some cells are otherwise."""

    def cells(numbers: np.ndarray, digits: int, decimal: str, draw: Draw) -> list[str]:
        texts = [_plain(float(n), digits, decimal) for n in numbers]
        return [of(text) if draw.random() < share else text for text in texts]

    return cells


def _as_k(number: float, digits: int, decimal: str) -> str:
    return f"{_plain(number / 1000, digits + 3, decimal)}K"


_FULLWIDTH = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}


def _other_decimal(text: str) -> str:
    return text.translate(str.maketrans(".,", ",."))


_FORMATS: dict[str, Format] = {
    "thousands": _around(""),
    "thousands by spaces": _around("", sign=" "),
    "thousands by no-break spaces": _around("", sign=_NBSP),
    "thousands by narrow spaces": _around("", sign=_THIN),
    "thousands by apostrophes": _around("", sign="'"),
    "thousands by the sign that is decimal elsewhere": _each(
        lambda n, digits, decimal: _grouped(n, 0, "", decimal) if digits <= 0 else
        _grouped(n, digits, _thousands(decimal), decimal)
    ),
    "decimal sign of another land": _some(1, _other_decimal),
    "decimal sign of another land in some": _some(0.2, _other_decimal),
    "dollars": _around("$"),
    "euros": _around("", " €"),
    "euros after a no-break space": _around("", f"{_NBSP}€"),
    "ISO currency": _around("USD "),
    "pounds in some": _some(0.5, lambda text: f"£{text}"),
    "%": _each(lambda n, digits, decimal: f"{_plain(n, digits, decimal)}%"),
    "% after a space": _each(lambda n, digits, decimal: f"{_plain(n, digits, decimal)} %"),
    "minus of typesetters": _signed(lambda text, negative: _MINUS * negative + text),
    "brackets of accountants": _signed(lambda text, negative: f"({text})" if negative else text),
    "minus behind": _signed(lambda text, negative: text + "-" * negative),
    "plus": _signed(lambda text, negative: ("-" if negative else "+") + text),
    "exponents": _each(lambda n, _, decimal: f"{n:.12e}".replace(".", decimal)),
    "spaces around": _each(lambda n, digits, decimal: f"  {_plain(n, digits, decimal)} "),
    "no-break spaces around": _some(0.5, lambda text: f"{_NBSP}{text}{_NBSP}"),
    "units": _some(1, lambda text: f"{text} kg"),
    "units, close": _some(1, lambda text: f"{text}cm"),
    "two units": lambda numbers, digits, decimal, draw: [
        f"{_plain(float(n), digits, decimal)} kg" if draw.random() < 0.7 else
        f"{_plain(float(n) * 1000, digits, decimal)} g"
        for n in numbers
    ],
    "thousands as K": _each(_as_k),
    "thousands as K in some": lambda numbers, digits, decimal, _: [
        (_as_k if n > np.median(numbers) else _plain)(float(n), digits, decimal) for n in numbers
    ],
    "footnotes": _some(0.1, lambda text: f"{text}*"),
    "below a limit": _some(0.1, lambda text: f"<{text}"),
    "about": _some(0.1, lambda text: f"~{text}"),
    "apostrophe of spreadsheets": _some(0.5, lambda text: f"'{text}"),
    "words in some": _some(0.1, lambda _: "see notes"),
    "underscores": _around("", sign="_"),
    "lakhs": _each(lambda n, digits, decimal: _lakhs(n, digits, decimal)),
    "fullwidth digits": _some(1, lambda text: text.translate(_FULLWIDTH)),
}  # fmt: skip


def _lakhs(number: float, digits: int, decimal: str) -> str:
    """Digits in groups of two but for the last three, as in India."""
    whole, _, rest = f"{abs(number):.{max(digits, 0)}f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    return (
        "-" * (number < 0) + _thousands(decimal).join([*pairs, tail]) + decimal * bool(rest) + rest
    )


def _index(written: Written, draw: Draw) -> None:
    """Row labels that a program wrote, of a table that was filtered or sorted before."""
    name = str(draw.choice(["", "Unnamed: 0", "index", "level_0", "_c0", "X", "rownames"]))
    labels = np.sort(draw.choice(written.rows * 3, written.rows, replace=False))
    if draw.random() < 0.3:
        draw.shuffle(labels)
    written.add(name or "(no name)", labels.tolist(), [str(n) for n in labels], first=True)
    written.labels.add(name or "(no name)")
    written.layout.append(f"row labels {name!r}")


def _long(written: Written, draw: Draw) -> None:
    """Identifiers of nineteen digits, some of which are equal in double precision."""
    numbers = 1234567890123450000 + draw.permutation(written.rows)
    written.add("account", numbers.tolist(), [str(n) for n in numbers])
    written.labels.add("account")
    written.layout.append("identifiers of 19 digits")


def _subjects(written: Written, draw: Draw) -> None:
    numbers = np.sort(draw.integers(300, 300 + written.rows // 5, written.rows))
    written.add("subject", numbers.tolist(), [str(n) for n in numbers])
    written.labels.add("subject")
    written.layout.append("subjects that return")


def _division(written: Written, draw: Draw) -> None:
    name, parts = [
        ("split", ["train", "test"]), ("split", ["train", "valid", "test"]),
        ("fold", ["1", "2", "3", "4", "5"]), ("is_train", ["True", "False"]),
    ][draw.integers(4)]  # fmt: skip
    texts = draw.choice(parts, written.rows).tolist()
    written.add(name, texts, texts)
    written.splits.add(name)
    written.levels.add(name)
    written.layout.append(f"split by {parts}")


def _levels(written: Written, draw: Draw) -> None:
    """Levels, some of them rare, or with names that mean something elsewhere."""
    names, odds = [
        (["male", "female", "diverse"], [0.5, 0.48, 0.02]),
        (["north", "south", "east", "west", "sea"], [0.3, 0.3, 0.2, 0.19, 0.01]),
        (["None", "Partial", "Full"], [0.4, 0.3, 0.3]),
        (["NA", "EU", "AS"], [0.3, 0.4, 0.3]),
        (["0-4", "5-9", "10-14", "15+"], [0.3, 0.3, 0.3, 0.1]),
        (["1/2", "1/4", "3/4"], [0.4, 0.3, 0.3]),
        (["yes", "no", "YES"], [0.5, 0.4, 0.1]),
        (["other", "a", "b", "c", "d"], [0.2, 0.39, 0.39, 0.01, 0.01]),
    ][draw.integers(8)]
    texts = draw.choice(names, written.rows, p=odds).tolist()
    written.add("kind", texts, texts)
    written.levels.add("kind")
    written.layout.append(f"levels {names}")


def _copies(written: Written, draw: Draw) -> None:
    """Some rows stand there twice."""
    again = draw.choice(written.rows, written.rows // 5).tolist()
    for name, cells in written.cells.items():
        written.cells[name] = cells + [cells[place] for place in again]
        true = list(written.columns[name])
        written.columns[name] = true + [true[place] for place in again]
    written.layout.append("a fifth of the rows twice")


_ADDED: list[Callable[[Written, Draw], None]] = [
    _index, _long, _subjects, _division, _levels, _copies,
]  # fmt: skip


def _as_bytes(written: Written, separator: str, draw: Draw) -> bytes:
    """The file, with what stands above, below and between its rows."""
    names = ["" if name == "(no name)" else name for name in written.cells]
    rows = [list(cells) for cells in zip(*written.cells.values(), strict=True)]
    frame = str(draw.choice(_FRAMES)) if draw.random() < 0.4 else "plain"
    written.layout.append(f"frame: {frame}")
    above: list[list[str]] = []
    if frame == "a title above":
        above = [["Report of 2024"]]
    if frame == "a comment above":
        above = [["# made by a program"], []]
    if frame == "units below the header":
        rows = [["" if name in written.levels else "kg" for name in written.cells], *rows]
    if frame == "the header again":
        rows.insert(len(rows) // 2, names)
    if frame == "a source below":
        rows.append(["Source: the office"])
    if frame == "totals below":
        rows.append(["Total", *[""] * (len(names) - 1)])
    if frame == "a separator at each end":
        names, rows = [*names, ""], [[*row, ""] for row in rows]
    if frame == "blank lines":
        rows = [each for row in rows for each in (row, [])]
    text = io.StringIO()
    quoting: Any = csv.QUOTE_ALL if frame == "all quoted" else csv.QUOTE_MINIMAL
    end = "\n" if frame == "plain" else "\r\n"
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows([*above, names, *rows])
    encoding = {"cp1252": "cp1252", "utf-16": "utf-16", "a mark of byte order": "utf-8-sig"}
    return text.getvalue().encode(encoding.get(frame, "utf-8"), errors="replace")


_FRAMES = [
    "a title above", "a comment above", "units below the header", "the header again",
    "a source below", "totals below", "a separator at each end", "blank lines", "all quoted",
    "cp1252", "utf-16", "a mark of byte order",
]  # fmt: skip
