"""The figures of a run: their words, their numbers, what is drawn, and in which form."""

import functools
import hashlib
import itertools
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, shipped, whole_run
from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.methods import DEFAULT_METHODS, METHODS_OF_LEVEL
from study.recipes.columns import Numeric
from study.report.figures.display import Display, data_uri
from study.report.figures.parts import heat
from study.report.figures.population import population_display
from study.report.figures.registry import all_displays
from study.report.style import IN_THE_DARK, INK, MUTED, PAGE, PALETTE, PLAIN, label, legible, style

plt.switch_backend("Agg")

SEEDS = 12
DEFAULT_OF_LEVEL = {
    level: [method for method in methods if method in DEFAULT_METHODS]
    for level, methods in METHODS_OF_LEVEL.items()
}
MODELS = ("transformer", "transformer-tokens", "mlp", "linear")
HOSTILE = [
    "<script>alert(1)</script>",
    "גיל ומין",
    '$x_1$ & "q" \'',
    "👩🏽‍🔬🙂",
    "e\u0301\u0327\u0302" * 12,
    "W" * 200,
    "\x1b[31m" + "word " * 40,
]


@pytest.fixture(scope="module")
def results(tmp_path_factory, people) -> Results:
    return whole_run(tmp_path_factory.mktemp("figures"), people.recipe, MODELS, seeds=SEEDS)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


@pytest.fixture(scope="module")
def displays(overview) -> dict[str, Display]:
    return dict(all_displays(overview))


@pytest.fixture(scope="module")
def sketches(displays) -> dict[tuple[str, bool], Figure]:
    """Every figure, wide and narrow, as its files are made from it."""
    return {
        (name, narrow): display.sketch(narrow=narrow)
        for name, display in displays.items()
        for narrow in (False, True)
    }


def named(names: list[str], recipe):
    """The people with other features, numbers all of them; the first is the claimed one."""
    return recipe.model_copy(
        update={
            "variables": [Numeric(name=name, type="numeric", divisor=1.0) for name in names],
            "published": None,
            "claim": recipe.claim.model_copy(update={"name": names[0]}),
        }
    )


def titled(titles: list[str]):
    """Models of these titles, the first of them the claim's."""
    names = ["transformer", *(f"model-{place}" for place in range(1, len(titles)))]
    return {
        name: shipped("mlp").model_copy(update={"title": title})
        for name, title in zip(names, titles, strict=True)
    }


# -- words ------------------------------------------------------------------------------------


def test_every_figure_has_a_name_of_its_own_and_words(displays):
    assert list(displays) == [
        *("verdict", "claim", "claim-seeds", "claimed-share", "fit", "seeds", "training"),
        *("rank-frequency-features", "flips-features", "stability-features", "sources"),
        *(f"importance-{method}" for method in DEFAULT_METHODS),
        *(f"agreement-{between}-features" for between in ("methods", "models", "seeds")),
    ]
    for name, display in displays.items():
        assert display.name == name
        for words in (display.title, display.alternative, display.reading):
            assert len(words) > 2
            assert not re.search(r"\bnan\b|None|\binf\b|\{|\}", words), words
    assert len({display.title for display in displays.values()}) == len(displays)


def test_readings_count_what_has_no_dot(displays, results):
    """One seed of the last model has diverged; permutation scores may have no positive entry."""
    diverged = lost = total = 0
    for model in MODELS:
        score = results.vectors(model, "real", "permutation", "feature").score
        diverged += sum(np.isnan(row).any() for row in score)
        lost += sum(not np.isnan(row).any() and not (row > 0).any() for row in score)
        total += len(score)
    reading = displays["importance-permutation"].reading
    assert diverged == 1
    assert f" {diverged} of these {total} networks diverged" in reading
    assert (f" {lost} of these {total} score vectors" in reading) == (lost > 0)
    assert (
        f"Diverged, without a dot: 1 of the {results.title(MODELS[-1])}." in displays["fit"].reading
    )


# -- numbers ----------------------------------------------------------------------------------


@functools.lru_cache
def parts_of(results: Results) -> dict[tuple[str, str, str, str], pd.DataFrame]:
    """The tidy frame by condition, level, method and model."""
    return dict(iter(results.scores.groupby(["condition", "level", "method", "model"])))


def scores_of(results: Results, condition: str, level: str, method: str, model: str):
    """(seeds, items) with names, by pandas from the tidy frame."""
    own = parts_of(results)[condition, level, method, model]
    items = results.features if level == "feature" else results.variables
    return own.pivot(index="seed", columns="name", values="score")[items].astype(float)


def shares_of(frame: pd.DataFrame) -> pd.DataFrame:
    positive = frame.clip(lower=0).where(frame.notna())
    total = positive.sum(axis=1, skipna=False)
    return positive.div(total.where(total > 0), axis=0)


def in_first_place(frame: pd.DataFrame, name: str) -> pd.Series:
    others = frame.drop(columns=name)
    return frame[name].gt(others.max(axis=1)) & (frame > 0).any(axis=1)


def level_of(method: str) -> str:
    return "variable" if method == "permutation-grouped" else "feature"


def test_claim_proportions(displays, results):
    frame = displays["claim"].frame()
    networks = frame[frame["model"].isin(MODELS)]
    assert len(networks) == len(MODELS) * (3 * len(DEFAULT_METHODS) - 1)
    for row in networks.itertuples():
        scores = scores_of(results, row.condition, level_of(row.method), row.method, row.model)
        met = in_first_place(scores, "age")
        assert (row.met, row.n) == (met.sum(), SEEDS)
        assert row.proportion == met.mean()
        assert row.chance == pytest.approx(1 / scores.shape[1])
        wilson = stats.binomtest(int(met.sum()), SEEDS).proportion_ci(method="wilson")
        assert (row.low, row.high) == pytest.approx((wilson.low, wilson.high))


def test_the_verdict_shows_the_claims_own_proportions(displays):
    claim, own = displays["claim"].frame(), displays["verdict"].frame()
    expected = claim[(claim["model"] == "transformer") & (claim["method"] == "training-gradient")]
    pd.testing.assert_frame_equal(
        own[expected.columns].reset_index(drop=True), expected.reset_index(drop=True)
    )
    assert set(own["required"]) == {0.8}


def test_growth(displays, results):
    frame = displays["claim-seeds"].frame()
    for model in MODELS:
        scores = scores_of(results, "real", "feature", "gradient", model)
        running = in_first_place(scores, "age").expanding().mean().to_numpy()
        own = frame[(frame["model"] == model) & (frame["method"] == "gradient")]
        assert own["n"].tolist() == list(range(1, SEEDS + 1))
        np.testing.assert_allclose(own["proportion"], running)


@pytest.mark.parametrize("method", DEFAULT_METHODS)
def test_mean_shares(displays, results, method):
    frame = displays[f"importance-{method}"].frame().set_index(["condition", "model", "name"])
    claimed = displays["claimed-share"].frame().set_index(["condition", "method", "model"])
    for condition, model in itertools.product(("real", "shuffled"), MODELS):
        scores = scores_of(results, condition, level_of(method), method, model)
        share = shares_of(scores)
        for name in scores.columns:
            row = frame.loc[(condition, model, name)]
            expected = share[name].mean(), share[name].std(), share[name].isna().sum()
            assert tuple(row[["mean_share", "sd_share", "undefined"]]) == pytest.approx(expected)
            assert row["low"] < row["mean_share"] < row["high"]
        expected = share["age"].mean()
        assert claimed.loc[(condition, method, model), "mean_share"] == pytest.approx(expected)


def test_rank_frequencies_and_flip_rates(displays, results):
    frequencies = displays["rank-frequency-features"].frame()
    flips = displays["flips-features"].frame().set_index(["model", "first", "second"])
    for model in MODELS:
        scores = scores_of(results, "real", "feature", "training-gradient", model).dropna()
        rank = scores.rank(axis=1, ascending=False)
        own = frequencies[frequencies["model"] == model].set_index(["name", "rank"])["proportion"]
        assert len(own) == 64
        for (name, place), proportion in own.items():
            assert proportion == pytest.approx((rank[name] == place).mean())
        pairs = flips.loc[model]
        assert len(pairs) == 28
        for (first, second), row in pairs.iterrows():
            above = (scores[first] > scores[second]).mean()
            assert row["rate"] == pytest.approx(2 * above * (1 - above))
            assert rank[first].mean() <= rank[second].mean()


def spearman(one: pd.Series, two: pd.Series) -> float:
    return stats.spearmanr(one, two).statistic


def test_agreement(displays, results):
    level = "feature"
    methods = DEFAULT_OF_LEVEL[level]
    real = {
        (model, method): scores_of(results, "real", level, method, model).dropna()
        for model in MODELS
        for method in methods
    }

    def within(one: pd.DataFrame, two: pd.DataFrame) -> float:
        common = one.index.intersection(two.index)
        return np.mean([spearman(one.loc[seed], two.loc[seed]) for seed in common])

    found = displays[f"agreement-methods-{level}s"].frame()
    assert len(found) == len(MODELS) * len(methods) * (len(methods) - 1) / 2
    for row in found.itertuples():
        expected = within(real[row.model, row.first], real[row.model, row.second])
        assert row.mean == pytest.approx(expected)
    found = displays[f"agreement-models-{level}s"].frame()
    assert len(found) == len(methods) * 6
    for row in found.itertuples():
        expected = within(real[row.first, row.method], real[row.second, row.method])
        assert row.mean == pytest.approx(expected)
    found = displays[f"agreement-seeds-{level}s"].frame()
    assert len(found) == len(real)
    for row in found.itertuples():
        vectors = real[row.model, row.method].to_numpy()
        pairs = [spearman(*pair) for pair in itertools.combinations(vectors, 2)]
        assert row.mean == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("claim-seeds", ["proportion", "low", "high"]),
        ("stability-features", ["mean_share", "kept"]),
        ("training", ["mean_share", "sd_share", "median", "low", "high"]),
        ("sources", ["n", "bases"]),
        ("agreement-methods-features", ["mean", "low", "high"]),
    ],
)
def test_numbers_are_numbers(displays, name, columns):
    frame = displays[name].frame()
    columns = [column for column in columns if column in frame]
    assert len(columns) >= 2
    assert np.isfinite(frame[columns].to_numpy(dtype=float)).all()


# -- what is drawn is what the frame says -----------------------------------------------------


def panels(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def lines(axes, **wanted) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """x and y of the lines of a panel that have these properties."""
    return [
        (tuple(np.asarray(line.get_xdata(), float)), tuple(np.asarray(line.get_ydata(), float)))
        for line in axes.lines
        if all(getattr(line, f"get_{name}")() == value for name, value in wanted.items())
    ]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_claim_as_it_is_drawn(displays, sketches, narrow):
    frame = displays["claim"].frame()
    methods = [method for method in DEFAULT_METHODS if method in set(frame["method"])]
    for axes, model in zip(panels(sketches["claim", narrow]), MODELS, strict=True):
        own = frame[frame["model"] == model]
        drawn = {}
        for line in axes.lines:
            if line.get_marker() != "None":
                for x, y in line.get_xydata():
                    look = (line.get_marker(), line.get_color())
                    drawn[round(y, 6)] = {"mark": x, "look": look}
        for line in axes.lines:
            if line.get_marker() == "None" and line.get_linestyle() == "-":
                # Two ends, and then a gap.
                for (low, y), (high, also), gap in line.get_xydata().reshape(-1, 3, 2):
                    assert y == also
                    assert np.isnan(gap[0])
                    drawn[round(y, 6)]["interval"] = (low, high)
        assert len(drawn) == len(own)
        # From the top down: by method, and within it real, shuffled, untrained.
        conditions = {"real": 0, "shuffled": 1, "untrained": 2}
        order = own.assign(
            place=own["method"].map(methods.index), condition_place=own["condition"].map(conditions)
        ).sort_values(["place", "condition_place"])
        for height, row in zip(sorted(drawn), order.itertuples(), strict=True):
            assert round(height) == row.place
            assert drawn[height]["mark"] == row.proportion
            assert drawn[height]["interval"] == pytest.approx((row.low, row.high))
        looks = {(row.condition, drawn[height]["look"]) for height, row in zip(sorted(drawn), order.itertuples(), strict=True)}  # fmt: skip
        assert len(looks) == len({look for _, look in looks}) == 3
        assert axes.get_ylim()[0] > axes.get_ylim()[1]
        if model == MODELS[0]:  # the others share its axis
            assert [text.get_text() for text in axes.get_yticklabels()] == methods
        assert ((0.8, 0.8), (0.0, 1.0)) in lines(axes, linestyle="--")
        ((x, y),) = lines(axes, linestyle=":")
        chances = own.drop_duplicates("method").set_index("method")["chance"]
        for row, method in enumerate(methods):
            assert x[3 * row : 3 * row + 2] == (chances[method],) * 2
            assert y[3 * row : 3 * row + 2] == (row - 0.5, row + 0.5)


def test_the_claimed_seeds_against_fit_as_they_are_drawn(results, sketches):
    for axes, model in zip(panels(sketches["seeds", False]), MODELS, strict=True):
        # 0.8 of the 0.9 of least squares.
        dashed = [x[0] for x, _ in lines(axes, linestyle="--")]
        assert dashed == [pytest.approx(0.8 * 0.9)]
        scores = scores_of(results, "real", "feature", "training-gradient", model)
        share, met = shares_of(scores)["age"], in_first_place(scores, "age")
        fits = results.fits[
            (results.fits["model"] == model)
            & (results.fits["condition"] == "real")
            & (results.fits["part"] == "train")
            & (results.fits["evaluation"] == "alone")
        ].set_index("seed")["r_squared"]
        for marker, chosen in (("o", met), ("x", ~met)):
            ((x, y),) = lines(axes, marker=marker)
            seeds = chosen[chosen].index
            np.testing.assert_allclose(x, fits[seeds].to_numpy(float))
            np.testing.assert_allclose(y, share[seeds])


@pytest.mark.parametrize("method", ["training-gradient", "permutation-grouped"])
def test_dots_are_the_shares_of_the_seeds(results, displays, sketches, method):
    frame = displays[f"importance-{method}"].frame()
    real = frame[frame["condition"] == "real"].set_index(["model", "name"])
    mean = real["mean_share"].groupby("name").mean().drop("age")
    names = ["age", *mean.sort_values(ascending=False).index]
    for axes, model in zip(panels(sketches[f"importance-{method}", False]), MODELS, strict=False):
        share = shares_of(scores_of(results, "real", level_of(method), method, model))[names]
        if model == MODELS[0]:  # the others share its axis
            assert [text.get_text() for text in axes.get_yticklabels()] == share.columns.tolist()
        ((across, heights),) = lines(axes, marker="o")
        ((means, rows),) = lines(axes, marker="|")
        (intervals,) = [x for x, y in lines(axes, marker="None", linestyle="-") if len(x) > 2]
        for row, name in enumerate(share.columns):
            dots = np.asarray(across)[np.asarray(heights) == row]
            np.testing.assert_allclose(dots, share[name])
            assert means[rows.index(row)] == pytest.approx(share[name].mean())
            bounds = real.loc[(model, name), ["low", "high"]].astype(float)
            assert intervals[3 * row : 3 * row + 2] == pytest.approx(tuple(bounds))
        diamonds = lines(axes, marker="D")
        if (method, model) == ("training-gradient", "transformer"):
            published = (0.0614, 0.7684, 0.0137, 0.0275, 0.0276, 0.0407, 0.0147, 0.0460)
            known = dict(zip(results.features, published, strict=True))
            assert diamonds == [(tuple(known[name] for name in names), tuple(range(8)))]
        else:
            assert diamonds == []


def test_the_claimed_share_as_it_is_drawn(results, sketches):
    for axes, condition in zip(panels(sketches["claimed-share", True]), ("real", "shuffled"), strict=True):  # fmt: skip
        drawn = {}
        for x, y in lines(axes):
            if len(x) == SEEDS * len(DEFAULT_METHODS):  # a model's dots
                for height in set(y):
                    drawn[round(height, 6)] = np.asarray(x)[np.asarray(y) == height]
        expected = [
            shares_of(scores_of(results, condition, level_of(method), method, model))["age"]
            for method in DEFAULT_METHODS
            for model in MODELS
        ]
        for height, share in zip(sorted(drawn), expected, strict=True):
            np.testing.assert_allclose(drawn[height], share)
        published = [x for x, _ in lines(axes, marker="D")]
        assert published == ([(0.7684,)] if condition == "real" else [])


def cells(axes) -> np.ndarray:
    (mesh,) = [found for found in axes.collections if isinstance(found, QuadMesh)]
    return mesh.get_array().filled(np.nan).astype(float)


def texts(axes) -> dict[tuple[int, int], str]:
    """The texts of a heat map's cells, by row and column."""
    return {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
        for text in axes.texts
    }


def test_ranks_and_flips_as_they_are_drawn(displays, sketches, people):
    first = panels(sketches["rank-frequency-features", False])[0]
    names = [text.get_text() for text in first.get_yticklabels()]
    assert (names[0], sorted(names)) == ("age", sorted(people.recipe.features))
    ranked = displays["rank-frequency-features"].frame().set_index(["model", "name", "rank"])
    flipped = displays["flips-features"].frame().set_index(["model", "first", "second"])["rate"]
    for axes, model in zip(panels(sketches["rank-frequency-features", False]), MODELS, strict=True):
        drawn, said = cells(axes), texts(axes)
        assert drawn.shape == (8, 8)
        for (row, name), rank in itertools.product(enumerate(names), range(1, 9)):
            value = ranked.loc[(model, name, rank), "proportion"]
            assert drawn[row, rank - 1] == value
            assert float(said.get((row, rank - 1), 0)) == pytest.approx(value, abs=0.00501)
    for axes, model in zip(panels(sketches["flips-features", True]), MODELS, strict=True):
        drawn, said = cells(axes), texts(axes)
        if model == MODELS[-1]:  # the lowest
            assert [text.get_text() for text in axes.get_xticklabels()] == names[:-1]
        assert [text.get_text() for text in axes.get_yticklabels()] == names[1:]
        for (row, second), (column, first) in itertools.product(enumerate(names[1:]), enumerate(names[:-1])):  # fmt: skip
            if column > row:
                assert np.isnan(drawn[row, column])
                continue
            pairs = flipped.loc[model]
            value = pairs.get((first, second), pairs.get((second, first)))
            assert drawn[row, column] == value
            assert float(said.get((row, column), 0)) == pytest.approx(value, abs=0.00501)


def test_agreement_as_it_is_drawn(displays, sketches):
    frame = displays["agreement-seeds-features"].frame().set_index(["method", "model"])
    (axes,) = panels(sketches["agreement-seeds-features", False])
    drawn, said = cells(axes), texts(axes)
    methods = DEFAULT_OF_LEVEL["feature"]
    for (row, method), (column, model) in itertools.product(enumerate(methods), enumerate(MODELS)):
        own = frame.loc[(method, model)]
        assert drawn[row, column] == own["mean"]
        written = [float(number) for number in re.findall(r"-?\d\.\d\d", said[row, column])]
        assert written == pytest.approx(own[["mean", "low", "high"]].tolist(), abs=0.00501)
    frame = displays["agreement-methods-features"].frame().set_index(["model", "first", "second"])
    for axes, model in zip(panels(sketches["agreement-methods-features", True]), MODELS, strict=True):  # fmt: skip
        drawn, said = cells(axes), texts(axes)
        assert len(said) == 10
        for (column, first), (row, second) in itertools.combinations(enumerate(methods), 2):
            own = frame.loc[(model, first, second)]
            assert drawn[row - 1, column] == own["mean"]
            assert float(said[row - 1, column].split()[0]) == pytest.approx(
                own["mean"], abs=0.00501
            )


def test_growth_as_it_is_drawn(displays, sketches):
    frame = displays["claim-seeds"].frame()
    frame = frame[frame["method"] == "training-gradient"]
    for axes, model in zip(panels(sketches["claim-seeds", False]), MODELS, strict=True):
        own = frame[frame["model"] == model]
        assert (tuple(own["n"]), tuple(own["proportion"])) in lines(axes, linestyle="-")
        assert ((0.0, 1.0), (0.8, 0.8)) in lines(axes, linestyle="--")
        (band,) = axes.collections
        corners = {tuple(corner) for corner in band.get_paths()[0].vertices.round(9)}
        for row in own.itertuples():
            assert {(row.n, round(row.low, 9)), (row.n, round(row.high, 9))} <= corners


def seed_shares(results: Results, model: str, name: str) -> pd.DataFrame:
    """(epochs, seeds), by pandas from the stored gradients."""
    own = results.occasions
    own = own[(own["model"] == model) & (own["condition"] == "real")]
    table = own.pivot(index=["epoch", "seed"], columns="feature", values="absolute").astype(float)
    return table[name].div(table.sum(axis=1, skipna=False)).unstack("seed")


def test_training_and_steadiness_as_they_are_drawn(results, displays, sketches):
    means = displays["training"].frame()
    upper, lower = panels(sketches["training", False])[:4], panels(sketches["training", False])[4:]
    for axes, below, model in zip(upper, lower, MODELS, strict=True):
        own = means[means["model"] == model]
        drawn = (
            lines(axes, linestyle="-") + lines(axes, linestyle="--") + lines(axes, linestyle="-.")
        )
        drawn = [y for _, y in drawn] + [y for _, y in lines(axes)]
        for _, path in own.groupby("name"):
            assert any(np.array_equal(y, path["mean_share"]) for y in drawn)
        (of_seeds,) = axes.collections
        thin = np.array([path.vertices for path in of_seeds.get_paths()])
        shares = seed_shares(results, model, "age")
        np.testing.assert_allclose(thin[:, :, 0], [shares.index] * SEEDS)
        np.testing.assert_allclose(thin[:, :, 1], shares.T)
        # Predicting the mean costs the variance of the target.
        assert [y for _, y in lines(below, linestyle="--")] == [pytest.approx((0.09, 0.09))]
        assert below.get_yscale() == "log"
    frame = displays["stability-features"].frame()
    for axes, method in zip(panels(sketches["stability-features", True]), DEFAULT_OF_LEVEL["feature"], strict=True):  # fmt: skip
        own = frame[frame["method"] == method]
        marks = [point for x, y in lines(axes, linestyle="None") for point in zip(x, y, strict=True)]  # fmt: skip
        assert sorted(marks) == sorted(zip(own["mean_share"], own["kept"], strict=True))
        assert {x for x, _ in lines(axes, linestyle="--")} == {(1 / 8, 1 / 8), (0.0, 1.0)}


# -- in a figure of the user's own ------------------------------------------------------------


@pytest.mark.parametrize("name", ["verdict", "claim", "training", "flips-features", "fit", "stability-features"])  # fmt: skip
def test_a_display_stands_in_a_grid_of_the_users_own(displays, name):
    before = dict(matplotlib.rcParams)
    figure, grid = plt.subplots(2, 2, layout="constrained", figsize=(18, 16))
    grid[0, 0].plot([1, 2], [3, 4])
    place = grid[0, 1].get_position()
    part = displays[name].plot(grid[0, 1])
    own = displays[name].plot()
    assert dict(matplotlib.rcParams) == before
    assert {*grid.flat} <= set(figure.axes)
    assert len(part.axes) == len(own.axes)
    figure.canvas.draw()
    for axes in part.axes:
        box = axes.get_position()
        assert (box.x0, box.y0) >= (0, 0)
        corner = figure.transFigure.inverted().transform(axes.get_window_extent().corners())
        assert (corner >= [place.x0 - 0.2, place.y0 - 0.1]).all()
    for one, two in zip(part.axes, own.axes, strict=True):
        for line, other in zip(one.lines, two.lines, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), other.get_xdata())
    plt.close(figure)


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("first", ["title", "display"])
def test_a_title_of_the_users_own_stands_above_a_display(displays, layout, first):
    figure, grid = plt.subplots(2, 2, layout=layout, figsize=(18, 16))
    axes = grid[1, 0]
    if first == "title":
        axes.set_title("Steady\nor not")
    part = displays["stability-features"].plot(axes)
    if first == "display":
        axes.set_title("Steady\nor not")
    figure.canvas.draw()
    title = axes.title.get_window_extent()
    assert title.height > 20
    assert part.axes
    for panel in part.axes:
        box = panel.get_tightbbox()
        assert box.y1 <= title.y0 + 1
        assert box.y0 >= 0
    assert title.y1 < grid[0, 0].get_window_extent().y0
    assert abs(title.x0 + title.x1 - part.bbox.x0 - part.bbox.x1) < 0.05 * part.bbox.width
    # Of the axes themselves nothing shows.
    axes.set_title("")
    assert axes.get_tightbbox().height < 3
    plt.close(figure)


def test_axes_in_which_something_is_drawn_are_refused(displays):
    figure, (one, two) = plt.subplots(1, 2)
    one.plot([1, 2], [3, 4])
    displays["claim"].plot(two)
    for axes in (one, two):
        with pytest.raises(ValueError, match="ax: give axes in which nothing is drawn yet"):
            displays["claim"].plot(axes)
    assert one.lines
    plt.close(figure)


def test_other_axes_are_refused(displays):
    figure = plt.figure()
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ValueError, match=r"ax: give axes from a grid, as plt\.subplots"):
        displays["claim"].plot(axes)
    assert axes in figure.axes
    plt.close(figure)


def test_names_in_the_users_figure_are_text_too(tmp_path, people):
    """Whatever he has set: a dollar sign is no mathematics."""
    recipe = named(["$\\frac{x", "$x_1$"], people.recipe)
    display = all_displays(Overview(whole_run(tmp_path, recipe, titled(["$y^2$"]))))[
        "importance-gradient"
    ]
    figure, axes = plt.subplots(1, 2, squeeze=False)
    part = display.plot(axes[0, 0])
    figure.canvas.draw()
    shown = [text for text in part.findobj(Text) if "$" in text.get_text()]
    assert len(shown) >= 3
    assert not any(text.get_parse_math() for text in shown)
    plt.close(figure)


# -- legible ----------------------------------------------------------------------------------


def drawn_texts(figure: Figure) -> list[Text]:
    """What is written in a figure: of tick labels, those of ticks within the axis."""
    ticks, shown = set(), set()
    for axis in figure.findobj(Axis):
        for tick in [*axis.majorTicks, *axis.minorTicks]:
            ticks |= {tick.label1, tick.label2}
        if axis.get_visible() and axis.axes.get_visible():
            for tick in axis._update_ticks():
                shown |= {text for text in (tick.label1, tick.label2) if tick.get_visible()}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and (text not in ticks or text in shown)
    ]


def outline(text: Text) -> np.ndarray:
    """The corners of a text as it lies, slanted or not, (4, 2) in pixels."""
    box, angle = text.get_window_extent(), text.get_rotation()
    if angle % 90 == 0:
        return box.corners()[[0, 1, 3, 2]]
    text.set_rotation(0)
    own = text.get_window_extent()
    text.set_rotation(angle)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    half = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * [own.width / 2, own.height / 2]
    middle = np.mean([box.min, box.max], axis=0)
    return middle + half @ np.array([[cosine, sine], [-sine, cosine]])


def overlap(one: np.ndarray, two: np.ndarray) -> float:
    """How deep two convex shapes lie in each other, in pixels; not positive if they do not."""
    depths = []
    for edge in [*np.diff(one[:3], axis=0), *np.diff(two[:3], axis=0)]:
        normal = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
        first, second = one @ normal, two @ normal
        depths.append(min(first.max(), second.max()) - max(first.min(), second.min()))
    return min(depths)


def faults(figure: Figure) -> list[str]:
    """Texts that are too small, outside the figure, or upon each other."""
    with style():
        figure.draw_without_rendering()
        found = [(text, text.get_text(), outline(text)) for text in drawn_texts(figure)]
    complaints = []
    for text, said, corners in found:
        if text.get_fontsize() < 6:
            complaints.append(f"small: {said}")
        # A pixel of 100 to the inch is for rounding.
        if (corners < -1).any() or (
            corners > [figure.bbox.width + 1, figure.bbox.height + 1]
        ).any():
            complaints.append(f"outside: {said}")
    for place, other in meeting([corners for _, _, corners in found]):
        (_, one, first), (_, two, second) = found[place], found[other]
        if overlap(first, second) > 1.5:
            complaints.append(f"overlap: {one} / {two}")
    return complaints


def meeting(shapes: list[np.ndarray]) -> np.ndarray:
    """Pairs of shapes whose upright boxes meet, by their places, (pairs, 2): few of them all."""
    low, high = (np.array([side(shape, axis=0) for shape in shapes]) for side in (np.min, np.max))
    meet = (low[:, None] < high).all(axis=-1)
    return np.argwhere(np.triu(meet & meet.T, 1))


def test_the_check_finds_what_it_looks_for():
    figure = Figure(figsize=(4, 4))
    figure.text(0.5, 0.5, "middle")
    figure.text(0.52, 0.51, "upon it", rotation=30)
    figure.text(0.9, 0.1, "over the edge")
    figure.text(0.1, 0.1, "tiny", fontsize=5)
    figure.text(0.1, 0.9, "slanted", rotation=30)
    figure.text(0.2, 0.9, "beside it", rotation=30)
    assert faults(figure) == ["outside: over the edge", "small: tiny", "overlap: middle / upon it"]


def test_texts_keep_apart(sketches):
    complaints = {key: found for key, figure in sketches.items() if (found := faults(figure))}
    assert complaints == {}


CROWDED = (
    *("verdict", "claim", "claimed-share", "seeds", "training", "importance-training-gradient"),
    *("rank-frequency-features", "flips-features", "stability-features", "sources"),
    *("agreement-methods-features", "agreement-models-features", "agreement-seeds-features"),
)


@pytest.mark.parametrize(
    ("features", "titles", "names"),
    [
        (["a"], ["One", "Two"], [*CROWDED[:5], "importance-permutation-grouped"]),
        (["a", "b"], ["One"], CROWDED[:-2]),
        ([f"feature {place}" for place in range(30)], ["One"], CROWDED[4:9]),
        (["a", "b"], [f"Model {place}" for place in range(10)], (*CROWDED[1:3], *CROWDED[-2:])),
        (HOSTILE, HOSTILE[3:7], CROWDED),
    ],
    ids=["one-feature", "one-model", "thirty-features", "ten-models", "hostile"],
)
def test_texts_keep_apart_whatever_they_say(tmp_path, people, features, titles, names):
    recipe = named(features, people.recipe)
    displays = all_displays(Overview(whole_run(tmp_path, recipe, titled(titles), seeds=10)))
    complaints = {
        (name, narrow): found
        for name in names
        if name in displays
        for narrow in (False, True)
        if (found := faults(displays[name].sketch(narrow=narrow)))
    }
    # One feature has no order, and so no figure of stability or agreement.
    assert len(displays) >= (8 if len(features) == 1 else 15)
    assert complaints == {}


def test_names_are_cut_by_their_width():
    assert label("politics=conservative") == "politics=conservative"
    for sign in ("x", "W", "i", "e\u0301\u0302"):
        cut = label(sign * 200)
        assert cut.count("…") == 1
        with style():
            figure = Figure()
            widths = [figure.text(0, 0, text).get_window_extent().width for text in (cut, "x" * 28)]
        assert widths[0] <= widths[1] * 1.15
        assert widths[0] >= widths[1] * 0.85
    assert label("abc" * 20, 12).startswith("abcabc")
    assert label("abc" * 20, 12).endswith("abc")
    assert legible("a\x07🙂年\ue000\uffff") == "a\ufffd🙂年[U+E000][U+FFFF]"


# -- files ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, people) -> dict[str, Display]:
    directory = tmp_path_factory.mktemp("hostile")
    recipe = named(HOSTILE, people.recipe)
    return dict(all_displays(Overview(whole_run(directory, recipe, titled(HOSTILE[:3]), seeds=5))))


ELSEWHERE = ("verdict", "sources")
DRAWN = ("verdict", "training", "flips-features")


def test_drawings_depend_on_the_run_alone(results, displays, tmp_path):
    """Not on the process, its hash seed, or what the user has set for matplotlib."""
    (tmp_path / "matplotlibrc").write_text(
        "font.size: 20\nlines.linewidth: 5\nsvg.fonttype: path\n"
    )
    code = (
        "import sys, study, hashlib\n"
        "shown = study.load(sys.argv[1]).displays\n"
        "for name in sys.argv[2:]:\n"
        "    of = shown[name].drawings()\n"
        "    for part in (of.png, of.svg.encode(), of.narrow.encode()):\n"
        "        print(hashlib.sha256(part).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "MATPLOTLIBRC": str(tmp_path)}
    # Where the list of fonts is kept: to make it again takes long.
    environment |= {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": matplotlib.get_cachedir()}
    other = subprocess.run(
        [sys.executable, "-c", code, str(results.directory), *ELSEWHERE],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    here = [
        hashlib.sha256(part).hexdigest()
        for name in ELSEWHERE
        for of in [displays[name].drawings()]
        for part in (of.png, of.svg.encode(), of.narrow.encode())
    ]
    assert other == here


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_is_sound_and_its_texts_are_text(hostile, name):
    display = hostile[name]
    drawn = display.drawings()
    for svg, narrow in ((drawn.svg, False), (drawn.narrow, True)):
        root = ElementTree.fromstring(svg)
        identifiers = [of.get("id") for of in root.iter() if of.get("id")]
        assert len(identifiers) == len(set(identifiers))
        pointed = set(re.findall(r"url\(#([^)]+)\)", svg))
        pointed |= {
            value.removeprefix("#")
            for of in root.iter()
            for key, value in of.attrib.items()
            if key.endswith("href") and not value.startswith("data:")
        }
        assert pointed <= set(identifiers)
        assert pointed
        classes = {of.get("class") for of in root.iter() if of.get("class")}
        rules = "".join(of.text for of in root.iter() if of.tag.endswith("}style"))
        assert classes <= set(re.findall(r"\.(s\d+)\{", rules))
        assert not any("style" in of.attrib for of in root.iter())
        written = ["".join(of.itertext()) for of in root.iter() if of.tag.endswith("}text")]
        figure = display.sketch(narrow=narrow)
        with style():
            figure.draw_without_rendering()
            lines = [line for text in drawn_texts(figure) for line in text.get_text().splitlines()]
        plain = [" ".join(line.split()) for line in lines if line.strip()]
        assert sorted(" ".join(line.split()) for line in written if line.strip()) == sorted(plain)


def test_an_address_holds_a_drawing_whole(hostile):
    drawing = hostile["verdict"].drawings().svg
    for spaces in (True, False):
        address = data_uri(drawing, spaces=spaces)
        head, body = address.split(",", 1)
        assert head == "data:image/svg+xml"
        assert unquote(body) == drawing
        assert not set(address) & set('"&#<'[:3] + "\n")
        assert (not set(body) & set(" ,")) == (not spaces)


# -- colours ----------------------------------------------------------------------------------

DARK = IN_THE_DARK[PAGE]


def luminance(colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, two) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_formula():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.00501)


@pytest.mark.parametrize("ink", [INK, MUTED])
def test_inks_stand_out_from_the_page(ink):
    assert contrast(ink, PAGE) >= 4.5
    assert contrast(IN_THE_DARK[ink], DARK) >= 4.5


def test_marks_stand_out_from_the_page():
    # Orange and sky blue lie below 3 on white, as Okabe and Ito made them: for marks, not text.
    for colour in PALETTE:
        assert contrast(colour, DARK) >= 3, colour
    assert contrast(PLAIN, PAGE) >= 3
    assert contrast(IN_THE_DARK[PLAIN], DARK) >= 3


def rules_of(svg: str) -> tuple[dict[str, str], dict[str, str]]:
    """The rules of a drawing by class: light, and those that the dark replaces."""
    found = re.search(r"<style[^>]*>(.*?)</style>", svg, re.DOTALL)[1]
    light, dark = found.split("@media (prefers-color-scheme: dark)")
    by_class = r"\.(s\d+)\{([^}]*)\}"
    return dict(re.findall(by_class, light)), dict(re.findall(by_class, dark))


def test_the_dark_changes_the_inks_of_the_page_alone(displays, sketches):
    for name in ("verdict", "sources"):
        light, dark = rules_of(displays[name].drawings().svg)
        changed = set()
        for of, rule in light.items():
            inks = set(re.findall(r"#[0-9a-f]{6}", rule))
            assert (of in dark) == bool(inks & set(IN_THE_DARK)), rule
            if of not in dark:
                continue
            shown = re.split(r"(#[0-9a-f]{6})", rule)
            assert re.split(r"(#[0-9a-f]{6})", dark[of]) == [
                IN_THE_DARK.get(part, part) for part in shown
            ]
            changed |= inks & set(IN_THE_DARK)
        assert set(dark) <= set(light)
        assert {INK, MUTED} <= changed


def test_text_on_a_heat_map_stands_out(sketches):
    """Over the whole of each colour map in use."""
    for name in ("flips-features", "rank-frequency-features", "agreement-seeds-features"):
        axes = panels(sketches[name, False])[0]
        (mesh,) = [found for found in axes.collections if isinstance(found, QuadMesh)]
        low, high = mesh.get_clim()
        values = np.linspace(low, high, 256)[None]

        blank = Figure().subplots()
        heat(blank, values, [["x"] * 256], mesh.cmap, (low, high))
        poor = [
            (value, to_hex(mesh.cmap(mesh.norm(value))), text.get_color())
            for value, text in zip(values[0], blank.texts, strict=True)
            if contrast(text.get_color(), mesh.cmap(mesh.norm(value))) < 4.5
        ]
        assert poor == [], name


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
MACHADO = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def seen(colour: str, matrix) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as somebody with such eyes sees it."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.array(to_xyz) @ linear / [0.95047, 1, 1.08883]
    root = [
        np.cbrt(value) if value > (6 / 29) ** 3 else value / (3 * (6 / 29) ** 2) + 4 / 29
        for value in (x, y, z)
    ]
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("eyes", ["all cones", *MACHADO])
def test_colours_can_be_told_apart(eyes):
    """About 2.3 is what can just be seen side by side; ten is told apart at a glance."""
    matrix = MACHADO.get(eyes, np.eye(3))
    pairs = itertools.combinations([*PALETTE, PLAIN], 2)
    distances = {
        pair: np.linalg.norm(seen(pair[0], matrix) - seen(pair[1], matrix)) for pair in pairs
    }
    assert min(distances.values()) > 10, min(distances, key=distances.get)


@pytest.mark.parametrize("verdict", ["supported", "contradicted", "inconclusive", "no verdict"])
def test_the_margin_over_splits_has_a_mark_for_every_verdict(verdict, monkeypatch):
    overview = Overview(study.load(ROOT / "reports" / "reference" / "people"))
    row = {"model": "mlp", "method": "gradient", "splits": 25, "verdict": verdict}
    data = pd.DataFrame([row | {"margin": 0.1, "low": -0.1, "high": 0.3}])
    monkeypatch.setattr(overview, "population", lambda claim: data)
    axes = population_display(overview).sketch().axes[0]
    # All intervals are one line, with a gap after each.
    drawn = [[x for x in line.get_xdata() if np.isfinite(x)] for line in axes.lines]
    assert drawn[1:] == [[-0.1, 0.3], [0.1]]
    assert verdict in [text.get_text() for text in axes.figure.legends[0].get_texts()]
