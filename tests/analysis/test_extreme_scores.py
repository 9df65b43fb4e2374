"""Scores near the ends of double precision mean what the same scores mean in another unit."""

import numpy as np
import pandas as pd
import pytest
from imported import imported, score_rows

from study.analysis.overview import Overview
from study.cli.notebook.run import Run
from study.compare.comparison import Comparison
from study.report.tables.registry import all_tables
from study.report.text.verdict import answers, details, headline

NAMES = ["age", "sex", "state", "politics", "height"]
# By powers of two, which round nothing: the greatest score lies between 2**11 and 2**12.
SCALES = {"greatest": 2.0**1012, "least": 2.0**-1074, "least normal": 2.0**-1022}


def scores(seed: int) -> np.ndarray:
    """Of twenty seeds: whole numbers, some far below 0; the first is ahead in nearly all."""
    drawn = np.random.default_rng(seed).integers(-3900, 3500, size=(20, len(NAMES)))
    drawn[:, 0] = drawn.max(axis=1) + 300
    drawn[3] = drawn[3, ::-1]
    drawn[7] = drawn[8]
    return drawn.astype(float)


def run(folder, values: np.ndarray) -> Run:
    """Of two models, the second with no score below 0 and all seeds the same."""
    folder.mkdir()
    other = np.broadcast_to(np.abs(values[0]), values.shape)
    rows = [score_rows(NAMES, values), score_rows(NAMES, other, model="other")]
    return imported(folder, pd.concat(rows), "age rank 1 in 0.5", "--model", "forest")


@pytest.fixture
def runs(tmp_path) -> dict[float, list[Run]]:
    """Two runs of other seeds, in each unit."""
    values = scores(1), scores(2)
    return {
        unit: [run(tmp_path / f"{unit}-{place}", unit * of) for place, of in enumerate(values)]
        for unit in (1.0, *SCALES.values())
    }


def test_tables_and_verdicts_are_free_of_the_unit_of_scores(runs):
    """To the bit, and without a word of an overflow, which would be an error here."""
    for unit in SCALES.values():
        expected, found = (Overview(runs[of][0]) for of in (1.0, unit))
        assert answers(found) == answers(expected)
        assert headline(found) == headline(expected)
        assert details(found) == details(expected)
        for table, other in zip(all_tables(expected), all_tables(found), strict=True):
            assert table.name == other.name
            frames = table.frame(), other.frame()
            if table.name == "scores":  # in their own unit, as a column says
                in_units = [of[["mean_score", "sd_score"]] for of in frames]
                least = np.nextafter(0, 1)  # a mean may lie between the smallest numbers
                np.testing.assert_allclose(in_units[1], in_units[0] * unit, rtol=1e-9, atol=least)
                frames = tuple(of.drop(columns=["mean_score", "sd_score"]) for of in frames)
            else:
                pd.testing.assert_frame_equal(table.layout, other.layout)
            pd.testing.assert_frame_equal(*frames, check_exact=True)
        row = found.own_verdict(found.results.recipe.claim)
        assert (row["met"], row["n"], row["verdict"]) == (19, 20, "supported")


def test_differences_of_two_runs_are_free_of_the_unit_of_scores(runs):
    for unit in SCALES.values():
        expected, found = (Comparison(*runs[of]) for of in (1.0, unit))
        for name in ("share_differences", "order_agreement"):
            frames = (getattr(of, name)("feature") for of in (expected, found))
            pd.testing.assert_frame_equal(*frames, check_exact=True)
        pd.testing.assert_frame_equal(expected.claim_differences, found.claim_differences)
        assert not found.all_identical
