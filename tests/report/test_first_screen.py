"""The first screen of a page, and what is folded below it."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import Viewer, check_page
from conftest import ROOT
from imported import imported, score_rows

import study
from study.analysis.overview import Overview
from study.report.page import write_report
from study.report.text.in_short import in_short

REFERENCE = ROOT / "reports" / "reference" / "people"
SCREENS = ((1280, 800), (390, 844))


@pytest.fixture(scope="module")
def results():
    return study.load(REFERENCE)


def of_claim(results, **changes) -> pd.DataFrame:
    """The frame of own units with the claim on another model or method."""
    overview = Overview(results)
    claim = results.recipe.claim.model_copy(update=changes)
    with pytest.MonkeyPatch.context() as patched:
        recipe = results.recipe.model_copy(update={"claim": claim})
        patched.setattr(results, "recipe", recipe)
        return overview.own_units.set_index("name")


# -- the numbers -------------------------------------------------------------------------------


def test_scores_are_means_over_seeds_in_their_own_units(results):
    found = of_claim(results)
    scores = results.scores
    own = scores[
        (scores["model"] == "transformer")
        & (scores["condition"] == "real")
        & (scores["method"] == "training-gradient")
        & (scores["level"] == "feature")
    ]
    by_seed = own.pivot(index="seed", columns="name", values="score")
    shares = by_seed.div(by_seed.sum(axis=1), axis=0)
    for column, of, how in (
        ("mean_score", by_seed, "mean"),
        ("sd_score", by_seed, "std"),
        ("mean_share", shares, "mean"),
        ("sd_share", shares, "std"),
    ):
        expected = of.agg(how)[found.index]
        np.testing.assert_allclose(found[column], expected, rtol=1e-12, err_msg=column)


def test_predictions_move_the_way_of_the_least_squares_coefficients(results):
    """Of the features that matter: their signs are the same in every linear fit."""
    rows = np.loadtxt(ROOT / "data" / "people_train.txt")
    sex, age, income, conservative, liberal = rows[:, [0, 1, 5, 6, 8]].T
    columns = [np.ones(len(rows)), sex, age, conservative, liberal]
    _, of_sex, of_age, *_ = np.linalg.lstsq(np.column_stack(columns), income)[0]
    found = of_claim(results, model="linear", method="permutation")
    assert set(found["direction"]) == {"contrast-gradient"}
    for name, coefficient in (("sex", of_sex), ("age", of_age)):
        ways = (20, 0) if coefficient > 0 else (0, 20)
        assert (found.loc[name, "rises"], found.loc[name, "falls"]) == ways


def test_a_claim_by_a_method_with_signs_of_its_own_is_told_by_these(results):
    assert set(of_claim(results, method="gradient")["direction"]) == {"gradient"}


def test_items_stand_with_the_claimed_one_first_and_then_by_share(tmp_path):
    scores = score_rows(["a", "b", "c"], np.tile([2.0, 1, 5], (12, 1)) + np.eye(12, 3) / 9)
    run = imported(tmp_path, scores, "b rank 1 in 0.8")
    assert list(run.table("scores").layout["Feature"]) == ["b", "c", "a"]


# -- the words ---------------------------------------------------------------------------------


def test_what_was_not_tested_is_not_said(tmp_path, results):
    run = imported(
        tmp_path, score_rows(["a", "b"], np.ones((3, 2)) + np.eye(3, 2)), "a rank 1 in 0.8"
    )
    short = in_short(Overview(run))
    assert "What other rows would show: that was not tested." in short.not_said
    assert "Whether chance alone would show it" in short.not_said
    assert "not tested" not in in_short(Overview(results)).not_said


# -- the page ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("first") / "people"
    directory.mkdir()
    shutil.copy(REFERENCE / "results.sqlite", directory)
    return write_report(Overview(study.load(directory)))


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_card_fits_on_one_screen_and_all_else_is_folded(page, chromium, width, height):
    with Viewer(chromium) as viewer:
        shown = viewer.show(page, width)
        card = shown.locator(".card").bounding_box()
        assert card["y"] + card["height"] <= height
        assert shown.locator("table:visible").count() == 1
        assert shown.locator("figure:visible").count() == 0
        assert len(shown.locator("body").inner_text().split()) < 400


def test_links_unfold_what_they_lead_to_without_scripts(page, chromium):
    with Viewer(chromium, scripts=False) as viewer:
        shown = viewer.show(page)
        targets = [link.get_attribute("href") for link in shown.locator("a[href^='#']").all()]
        assert {"#warnings", "#table-scores"} <= {*targets}
        for target in dict.fromkeys(targets):
            shown = viewer.show(page)
            assert not shown.locator(target).is_visible()
            shown.locator(f"a[href='{target}']:visible").first.click()
            assert shown.locator(target).is_visible()


def test_a_page_that_is_mailed_alone_has_no_dead_link_and_its_tables_can_be_saved(
    page, tmp_path, chromium
):
    alone = shutil.copy(page, tmp_path / "mailed.html")
    assert check_page(alone, chromium, [(390, "light")]) == []
    with Viewer(chromium) as viewer:
        shown = viewer.show(alone)
        links = shown.locator("a[href]").all()
        assert {
            link.get_attribute("href")[:5] for link in links if link.get_attribute("download")
        } == {"data:"}
        assert all(link.get_attribute("href")[0] in "#d" for link in links)
        names = {link.get_attribute("download") for link in links} - {None}
        assert names >= {"claim.csv", "fit.csv", "importance-features.csv"}
        shown.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        with shown.expect_download() as saved:
            shown.locator("a[download='fit.csv']").click()
        assert saved.value.suggested_filename == "fit.csv"
        path = page.parent / "tables" / "fit.csv"
        assert Path(saved.value.path()).read_bytes() == path.read_bytes()


def test_figures_and_words_are_unfolded_on_paper(page, chromium):
    with Viewer(chromium, scripts=False) as viewer:
        shown = viewer.show(page, media="print")
        figures = shown.locator("figure")
        assert figures.count() == shown.locator("figure:visible").count() > 10
        assert shown.locator("#provenance").is_visible()
