"""Runs of many models: what is drawn and laid out, and where the others are."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from imported import imported, score_rows

from study.analysis.overview import Overview
from study.report.figures.parts import looks
from study.report.page import write_report
from study.report.text.terminal import status

NAMES = ["a", "b", "c", "d"]
CLAIMED = "forest 23"
COUNT, SHOWN = 30, 9


def scores(count):
    """Five seeds by each of so many models; in some models another feature leads now and then."""
    generator = np.random.default_rng(7)
    return pd.concat(
        [
            score_rows(
                NAMES, generator.gamma([6, 4, 2, 1], size=(5, 4)), model=f"forest {place:02d}"
            )
            for place in range(count)
        ]
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    return imported(directory, scores(COUNT), "a rank 1 in 0.8", "--model", CLAIMED)


@pytest.fixture(scope="module")
def page(run):
    return write_report(Overview(run)).read_text(encoding="utf-8")


def firsts():
    """In how many seeds a is strictly greatest, by model, counted from the file."""
    table = scores(COUNT).pivot(index=["model", "seed"], columns="feature", values="score")
    return (table["a"] > table[["b", "c", "d"]].max(axis=1)).groupby("model").sum()


def test_the_claimed_model_is_drawn_with_the_first_others_and_figures_say_so(run):
    figure = run.displays["claim"].sketch()
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [*(f"forest {place:02d}" for place in range(SHOWN - 1)), CLAIMED]
    told = f"Of {COUNT} models, {SHOWN} drawn"
    for name, display in run.displays.items():
        assert (told in display.reading) == (name not in ("verdict", "every-model")), name


def test_no_two_models_that_are_drawn_look_alike(run):
    found = looks(run, Overview(run).foremost_models)
    seen = {(of.colour, of.marker) for of in found.values()}
    assert len(seen) == len(found) == SHOWN + 1


def test_a_table_lays_out_the_foremost_models_and_its_numbers_are_of_all(run):
    table = run.table("claim")
    assert len(table.layout) == SHOWN
    assert f"{CLAIMED} *" in list(table.layout["Model"])
    assert f"Of {COUNT} models, {SHOWN} stand here" in table.notes
    met = table.frame().set_index("model")["met"]
    pd.testing.assert_series_equal(met.sort_index(), firsts(), check_names=False, check_dtype=False)


def test_models_are_compared_with_the_claimed_one_and_the_foremost_with_each_other(run):
    frame = run.table("agreement-models-features").frame()
    found = {frozenset(pair) for pair in zip(frame["first"], frame["second"], strict=True)}
    every = [f"forest {place:02d}" for place in range(COUNT)]
    foremost = [*every[: SHOWN - 1], CLAIMED]
    expected = {frozenset(pair) for pair in combinations(foremost, 2)}
    expected |= {frozenset((CLAIMED, other)) for other in every if other != CLAIMED}
    assert found == expected


def test_every_model_can_be_opened_on_the_page_without_a_script(page):
    assert "<script" not in page
    assert page.count('<details name="model"') == COUNT
    assert page.count('<details name="model" open') == 1
    for model, met in firsts().items():
        assert f'<summary>{model} <span class="note">{met} of 5 seeds, ' in page


def test_the_verdict_counts_other_models_and_names_none(run, page):
    verdicts = run.table("claim").frame().set_index("model")["verdict"].drop(CLAIMED)
    said = f"the verdict over seeds on the {COUNT - 1} other models: "
    sentence = page.partition(said)[2].partition("</p>")[0]
    for verdict, count in verdicts.value_counts().items():
        assert f"{verdict} in {count}" in sentence
    assert "forest" not in sentence


def test_a_warning_names_two_dozen_models_and_how_many_more_there_are(run):
    (few,) = (warning for warning in run.warnings if warning.title == "Too few seeds")
    assert few.evidence.count("has 5") == 24
    assert f"and {COUNT - 24} more" in few.evidence
    assert few.line in status(Overview(run))


def test_a_run_of_as_many_models_as_fit_shows_them_all(tmp_path):
    run = imported(tmp_path, scores(SHOWN), "a rank 1 in 0.8", "--model", "forest 03")
    assert "every-model" not in run.displays
    assert len(run.table("claim").layout) == SHOWN
    assert "stand here" not in run.table("claim").notes
