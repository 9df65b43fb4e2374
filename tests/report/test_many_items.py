"""Figures of few and of very many features: what is drawn is large enough, and what is not is said."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from imported import CASES, imported, score_rows
from scipy.stats import rankdata

from study.report.figures.parts import share_end

GUIDE = (ROOT / "docs" / "reading-the-report.md").read_text(encoding="utf-8")
COUNTS = (2, 23, 24, 25, 26, 60, 61)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of so many features, five seeds each, by their number; 120 is the given case."""
    generator = np.random.default_rng(3)
    found = {}
    for count in COUNTS:
        scores = generator.gamma(9, size=(5, count)).round(3)
        names = [f"f{place}" for place in range(count)]
        directory = tmp_path_factory.mktemp("items")
        found[count] = imported(directory, score_rows(names, scores), "f1 rank 1 in 0.8")
    given = CASES / "15-features-120.csv"
    found[120] = imported(tmp_path_factory.mktemp("given"), given, "g0 rank 1 in 0.8")
    return found


def heat_map(run, name, *, narrow=False):
    """The map of the only model: its cells, the names of its lines, and those of its columns."""
    figure = run.displays[name].sketch(narrow=narrow)
    axes = figure.axes[0]
    (mesh,) = axes.collections
    rows = len(axes.get_yticks())
    lines = [text.get_text() for text in axes.get_yticklabels()]
    columns = [text.get_text() for text in axes.get_xticklabels()]
    return mesh.get_array().filled(np.nan).reshape(rows, -1), lines, columns, figure


@pytest.mark.parametrize("count", [*COUNTS, 120])
@pytest.mark.parametrize("narrow", [False, True])
def test_every_line_of_ranks_is_whole_and_each_cell_is_counted(runs, count, narrow):
    run = runs[count]
    cells, lines, columns, _ = heat_map(run, "rank-frequency-features", narrow=narrow)
    shown = min(count, 24)
    assert cells.shape == (shown, shown + (count > 24))
    np.testing.assert_allclose(cells.sum(axis=1), 1, atol=1e-12)
    scores = pd.concat([run.scores]).query("condition == 'real'")
    table = scores.pivot(index="seed", columns="name", values="score")
    for line, name in zip(cells, lines, strict=True):
        # A seed gives each rank that a tie spans the same part.
        expected = np.zeros(count)
        for seed in range(len(table)):
            values = table.iloc[seed]
            first, last = (
                int(rankdata(-values, method=method)[table.columns.get_loc(name)])
                for method in ("min", "max")
            )
            expected[first - 1 : last] += 1 / (last - first + 1) / len(table)
        whole = [*expected[:shown], *([expected[shown:].sum()] if count > 24 else [])]
        np.testing.assert_allclose(line, whole, atol=1e-12)
    if count > 24:
        assert columns[-1] == ("25" if count == 25 else "25+")


def test_a_map_without_numbers_has_a_scale_in_both_forms(runs):
    for count, scales in ((2, 0), (24, 1), (120, 1)):
        for narrow in (False, True):
            figure = heat_map(runs[count], "rank-frequency-features", narrow=narrow)[3]
            assert len(figure.axes) == 1 + scales
    bar = heat_map(runs[120], "rank-frequency-features")[3].axes[1]
    assert [text.get_text() for text in bar.get_yticklabels()] == ["0.0", "0.5", "1.0"]


@pytest.mark.parametrize("count", [24, 25, 26, 60, 120])
def test_the_caption_says_what_is_not_drawn(runs, count):
    for name in ("rank-frequency-features", "importance-shap"):
        reading = runs[count].displays[name].reading
        said = re.search(r"Of (\d+) features, (\d+) are drawn", reading)
        assert (said is None) == (count == 24)
        assert said is None or said.groups() == (str(count), "24")
    reading = runs[count].displays["rank-frequency-features"].reading
    assert ("holds those from 25 on" in reading) == (count > 25)


def test_the_guide_names_the_numbers_that_are_drawn(runs):
    sentence = " ".join(GUIDE.split())
    (most, pairs) = re.search(
        r"Figures draw at most (\d+) items, maps of pairs (\d+)", sentence
    ).groups()
    for count in (60, 120):
        for narrow in (False, True):
            _, ranked, _, _ = heat_map(runs[count], "rank-frequency-features", narrow=narrow)
            cells, *_ = heat_map(runs[count], "flips-features", narrow=narrow)
            drawn = runs[count].displays["importance-shap"].sketch(narrow=narrow).axes[0]
            assert len(ranked) == len(drawn.get_yticks()) == int(most)
            assert len(cells) == int(pairs) - 1


@pytest.mark.parametrize("count", [2, 60, 120])
@pytest.mark.parametrize("narrow", [False, True])
def test_an_axis_of_shares_fits_what_is_drawn_and_says_where_it_ends(runs, count, narrow):
    run = runs[count]
    for name in ("importance-shap", "claimed-share"):
        display = run.displays[name]
        *_, last = panels = display.sketch(narrow=narrow).axes
        for axes in panels:
            drawn = np.concatenate([line.get_xdata() for line in axes.lines if len(line.get_xdata()) > 2])  # fmt: skip
            greatest, (low, high) = np.nanmax(drawn), axes.get_xlim()
            assert low < 0 <= np.nanmin(drawn)
            assert greatest < high
            said = re.search(r"The axis ends at ([\d.]+), not at 1", display.reading)
            end = float(said[1]) if said else 1.0
            ticks = axes.get_xticks()
            assert max(tick for tick in ticks if low <= tick <= high) == pytest.approx(end)
            texts = [text.get_text().replace("−", "-") for text in axes.get_xticklabels()]
            labels = list(map(float, texts))
            assert labels == pytest.approx(ticks) or (axes is not last and not labels)
            if count > 2:
                assert greatest > 0.3 * high
    assert ("The axis ends" in run.displays["importance-shap"].reading) == (count > 2)


@pytest.mark.parametrize(
    ("greatest", "end"),
    [(1, 1), (0.41, 1), (0.4, 0.4), (0.21, 0.4), (0.2, 0.2), (0.07, 0.1), (0.016, 0.02), (0.0031, 0.004), (0, 1)],
)  # fmt: skip
def test_an_axis_ends_at_a_round_number_above_all_shares(greatest, end):
    assert share_end([0.0, greatest, np.nan], [[np.nan, greatest / 2]]) == pytest.approx(end)


def test_long_names_of_many_features_keep_apart_from_the_scale(tmp_path):
    from test_figures import faults

    names = [f"average monthly household expenditure, wave {place}" for place in range(30)]
    scores = np.random.default_rng(2).gamma(9, size=(12, 30))
    run = imported(tmp_path, score_rows(names, scores), f"{names[0]} rank 1 in 0.8")
    for name, display in run.displays.items():
        for narrow in (False, True):
            assert faults(display.sketch(narrow=narrow)) == [], (name, narrow)


def test_the_table_of_ranks_says_that_the_last_ones_have_no_column(runs):
    assert "Ranks beyond 60 have no column." in runs[61].table("rank-frequency-features").notes
    assert "Ranks beyond" not in runs[60].table("rank-frequency-features").notes
