"""Columns that measure nothing are known for what they are, and those that measure are not."""

import uuid

import numpy as np
import pandas as pd
import pytest

from study.datasets.checks.category_codes import category_codes
from study.datasets.checks.given_split import given_splits
from study.datasets.checks.identifiers import identifiers
from study.datasets.checks.missing_codes import far_codes
from study.datasets.checks.row_labels import row_labels
from study.datasets.checks.target_classes import target_classes
from study.datasets.drafting.reading import read_columns
from study.datasets.raw_columns import RawTable
from study.datasets.read_table import read_file
from study.recipes.table import Table

ROWS = 200


def raw(folder, columns: dict[str, object], target: object = None, lengths=None) -> RawTable:
    """A table with these columns, as `study data init` reads it, and a target."""
    draw = np.random.default_rng(1)
    rows = len(next(iter(columns.values())))
    frame = pd.DataFrame({**columns, "y": draw.normal(size=rows) if target is None else target})
    frame.to_csv(folder / "t.csv", index=False)
    table = Table(file="t.csv")
    *made, goal = read_columns(table, read_file(folder / "t.csv", table), {}).values()
    return RawTable(tuple(made), goal, lengths or (rows,))


def judged(check, folder, name: str, cells: object, **options) -> str:
    """What a check makes of one column, which is not the first."""
    first = np.random.default_rng(2).normal(size=len(cells))
    found = list(check(raw(folder, {"first": first, name: cells}, **options)))
    assert len(found) <= 1
    return "" if not found else "left out" if found[0].leave_out else "said"


DRAW = np.random.default_rng(7)
EVERY = np.arange(ROWS)


def left_over(part: float, of: int = 1000, start: int = 0, seed: int = 0) -> np.ndarray:
    """The labels of the rows of a table that are left over when others were filtered out."""
    return start + np.flatnonzero(np.random.default_rng(seed).uniform(size=of) < part)


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("n", EVERY, "left out"),
        ("n", EVERY[::-1] + 1, "left out"),
        ("Unnamed: 0", DRAW.permutation(left_over(0.2)), "left out"),
        ("Unnamed: 0", np.tile(np.arange(50), 4), "left out"),
        ("...1", left_over(0.02, 10_000), "left out"),
        ("rownames", left_over(0.5, start=4000), "left out"),
        ("V1", left_over(0.05, 4000), "left out"),
        ("X", left_over(0.9), "left out"),
        ("X", 10 * EVERY, "said"),
        ("X", DRAW.integers(1, 9, ROWS), ""),
        ("chainage", left_over(0.02, 10_000), "said"),
        ("store", left_over(0.6, start=4000), "said"),
        ("time", EVERY, "said"),
        ("time", np.sort(DRAW.choice(5000, ROWS, replace=False)), ""),
        ("year", 1800 + EVERY, ""),
        ("årgang", 1800 + EVERY, ""),
        ("population", 90_000 + np.cumsum(DRAW.integers(100, 3000, ROWS)), ""),
        ("weight", np.sort(DRAW.choice(np.arange(1500, 6000), ROWS, replace=False)), ""),
        ("weight", np.sort(DRAW.normal(70, 9, ROWS)), ""),
        ("stock", DRAW.choice(5000, ROWS, replace=False), ""),
        ("level", np.where(EVERY == 3, np.nan, EVERY), ""),
    ],
)
def test_labels_of_rows_are_known(tmp_path, name, cells, expected):
    assert judged(row_labels, tmp_path, name, cells) == expected


def test_labels_of_rows_that_were_filtered_are_found_whatever_part_was_kept(tmp_path):
    for part in (0.12, 0.25, 0.5, 0.8, 0.95):
        found = [judged(row_labels, tmp_path, "k", left_over(part, seed=n)) for n in range(20)]
        assert found.count("left out") >= 19  # the first row may be far from the top


def test_labels_of_given_test_rows_may_begin_again(tmp_path):
    labels = np.concatenate([np.arange(150), np.arange(50)])
    assert judged(row_labels, tmp_path, "k", labels, lengths=(150, 50)) == "left out"
    assert judged(row_labels, tmp_path, "k", labels) == ""


SUBJECTS = DRAW.integers(308, 373, ROWS)


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("Subject", SUBJECTS, "left out"),
        ("patient_id", SUBJECTS, "left out"),
        ("StudentID", SUBJECTS % 5, "left out"),
        ("participant", [f"S{n % 20:02}" for n in range(ROWS)], "left out"),
        ("person", [f"{'abcdefgh'[n % 8]}{'xyz'[n % 3]}" for n in range(ROWS)], "left out"),
        ("account_no", DRAW.choice(10**6, ROWS, replace=False), "left out"),
        ("key", [str(uuid.UUID(int=int(n) ** 5)) for n in SUBJECTS], "left out"),
        ("page", [f"https://example.org/{n}" for n in SUBJECTS], "left out"),
        ("who", [f"p{n}@example.org" for n in SUBJECTS], "left out"),
        ("hash", [f"{int(n) * 2654435761 % 2**32:08x}a1" for n in SUBJECTS], "left out"),
        ("post", 1234567890123456789 + 7 * EVERY, "left out"),
        ("number", SUBJECTS, ""),
        ("children_no", DRAW.integers(0, 5, ROWS), ""),
        ("price_index", DRAW.normal(100, 5, ROWS).round(1), ""),
        ("patients", SUBJECTS, ""),
        ("covid", SUBJECTS, ""),
        ("subject", ["maths", "reading", "art", "sport"] * 50, ""),
        ("species_id", ["DM", "DO", "PB", "OT"] * 50, ""),
        ("valid_id", DRAW.integers(0, 2, ROWS), ""),
        ("energy", 1.6e19 * np.arange(1, ROWS + 1), ""),
    ],
)
def test_identifiers_are_known(tmp_path, name, cells, expected):
    assert judged(identifiers, tmp_path, name, cells) == expected


def test_identifiers_that_repeat_name_subjects(tmp_path):
    (found,) = identifiers(raw(tmp_path, {"Subject": SUBJECTS}))
    assert found.repeats
    (found,) = identifiers(raw(tmp_path, {"Subject": EVERY[::-1] + 5}))
    assert not found.repeats


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("split", ["train", "val", "test", "train"] * 50, "left out"),
        ("usage", ["Training", "Test"] * 100, "left out"),
        ("sample", ["train", "holdout", None, "train"] * 50, "left out"),
        ("fold", EVERY % 5 + 1, "left out"),
        ("cv", EVERY % 10, "left out"),
        ("is_test", EVERY % 4 == 0, "left out"),
        ("in_train", np.array(["yes", "no"])[EVERY % 2], "left out"),
        ("train", EVERY % 2, "left out"),
        ("mode", ["train", "bus", "car", "air"] * 50, ""),
        ("part", ["a", "b"] * 100, ""),
        ("sample", EVERY % 6, ""),
        ("fold", DRAW.normal(size=ROWS), ""),
        ("cv", DRAW.integers(60, 300, ROWS), ""),
        ("training", DRAW.integers(0, 12, ROWS), ""),
        ("smoker", EVERY % 2, ""),
    ],
)
def test_given_splits_are_known(tmp_path, name, cells, expected):
    assert judged(given_splits, tmp_path, name, cells) == expected


SIZES = DRAW.normal(100, 20, ROWS).round(1)


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [
        (np.where(EVERY % 25 == 0, -999, SIZES), [-999]),
        (np.where(EVERY % 25 == 0, 9999, SIZES), [9999]),
        (np.where(EVERY % 25 == 0, -1, SIZES.round()), [-1]),
        (np.where(EVERY == 7, -99, SIZES), [-99]),
        (np.where(EVERY % 25 == 0, 99, EVERY % 7), [99]),
        (np.where(EVERY % 25 == 0, 9, EVERY % 5 + 1), [9]),
        (np.where(EVERY % 25 == 0, -9, np.where(EVERY % 25 == 1, 99, EVERY % 5 + 1)), [-9, 99]),
        (np.where(EVERY % 25 == 0, 1e30, SIZES), [1e30]),
        (np.where(EVERY % 9 == 0, 0, 1934 + EVERY % 80), [0]),
        (SIZES, []),
        (SIZES - 100, []),
        (np.exp(DRAW.normal(0, 2, ROWS)), []),
        (np.where(EVERY == 7, 4000, SIZES), []),
        (np.where(EVERY % 4 == 0, 24, EVERY % 8 + 1), []),
        (np.where(EVERY % 4 == 0, 0, SIZES), []),
        (EVERY % 2, []),
        (np.where(EVERY % 2, -1, 1), []),
        (DRAW.integers(-3, 4, ROWS), []),
        (DRAW.integers(17, 100, ROWS), []),
        (DRAW.standard_cauchy(ROWS), []),
    ],
)
def test_codes_of_missing_values_are_known(numbers, codes):
    found = far_codes(np.asarray(numbers, dtype=float))
    assert [code for code, _ in found] == codes
    assert all((numbers == code).sum() == count for code, count in found)


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("zip", DRAW.integers(10_000, 99_999, ROWS), "said"),
        ("country_code", DRAW.integers(1, 900, ROWS), "said"),
        ("fips", DRAW.integers(1000, 56_000, ROWS), "said"),
        ("month", EVERY % 12 + 1, "said"),
        ("dayofweek", EVERY % 7, "said"),
        ("phone", DRAW.integers(2 * 10**9, 9 * 10**9, ROWS), "left out"),
        ("month", EVERY + 20, ""),
        ("months", EVERY % 12 + 1, ""),
        ("phone", DRAW.integers(0, 4, ROWS), ""),
        ("capacity", EVERY, ""),
        ("codeine", EVERY, ""),
    ],
)
def test_codes_of_categories_are_known(tmp_path, name, cells, expected):
    assert judged(category_codes, tmp_path, name, cells) == expected


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (EVERY % 2, "two values only, 0 and 1"),
        (EVERY % 3, "3 whole numbers only, 0, 1 and 2"),
        (EVERY % 5 + 1, "5 whole numbers only, 1, 2, 3, 4 and 5"),
        (np.where(EVERY % 2, 6.5, 2), "two values only, 2 and 6.5"),
        (EVERY % 12, ""),
        (EVERY % 3 * 10, ""),
        (SIZES, ""),
    ],
)
def test_a_target_that_may_be_a_class_is_known(tmp_path, target, words):
    found = list(target_classes(raw(tmp_path, {"x": SIZES}, target)))
    assert [words in finding.reason for finding in found] == ([True] if words else [])
