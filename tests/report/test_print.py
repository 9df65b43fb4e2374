"""The page on paper: the verdict on the first sheet, and no figure cut between two."""

import re

import numpy as np
import pandas as pd
import pytest
from browser import Viewer
from conftest import EMPTY
from imported import CASES, imported, score_rows

from study.analysis.overview import Overview
from study.report.figures.display import Display, Drawings
from study.report.page import write_report
from study.report.style import svg

# Sheets within margins of 15 mm, in px at 96 to the inch.
SHEETS = {"A4": (180 / 25.4 * 96, 267 / 25.4 * 96), "Letter": (185.9 / 25.4 * 96, 249.4 / 25.4 * 96)}  # fmt: skip
# Every figure that is printed, with the headings right above it.
FIGURES = """() => [...document.querySelectorAll("figure")].filter(figure => figure.offsetHeight)
  .map(figure => {
    let first = figure;
    while (/^H[23]$/.test(first.previousElementSibling?.tagName)) first = first.previousElementSibling;
    const image = figure.querySelector("img"), own = image.getBoundingClientRect();
    return {
      name: image.alt,
      empty: image.naturalWidth < 10,
      height: figure.getBoundingClientRect().bottom - first.getBoundingClientRect().top,
      right: own.right,
      stretched: own.width / own.height / (image.naturalWidth / image.naturalHeight),
      whole: [figure, ...document.querySelectorAll("h2, h3")].every(one =>
        getComputedStyle(one)[one === figure ? "breakInside" : "breakAfter"] === "avoid"),
    };
  })"""


def many(models: int, features: int) -> pd.DataFrame:
    """Scores of so many models."""
    generator = np.random.default_rng(models)
    names = [f"feature {place}" for place in range(features)]
    return pd.concat(
        score_rows(names, generator.gamma(4, size=(6, features)), model=f"model number {place}")
        for place in range(models)
    )


@pytest.fixture(scope="module", params=["given", (4, 8), (9, 30)], ids=str)
def page(request, tmp_path_factory):
    """The page of a run of several models: the given twelve, and others of (models, features)."""
    given = request.param == "given"
    scores = CASES / "17-models-12.csv" if given else many(*request.param)
    claim = "a rank 1 in 0.8" if given else "feature 0 rank 1 in 0.8"
    run = imported(tmp_path_factory.mktemp("print"), scores, claim, "--model", "model number 0")
    with pytest.MonkeyPatch.context() as patched:
        # The other forms take as long, and are not for paper: the test sees that none stands there.
        patched.setattr(Display, "drawings", lambda own: Drawings(b"", svg(own.sketch()), EMPTY))
        return write_report(Overview(run))


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_verdict_follows_the_title_and_no_figure_is_cut(page, chromium, sheet):
    width, height = SHEETS[sheet]
    with Viewer(chromium) as viewer:
        shown = viewer.show(page, int(width), media="print")
        for figure in shown.evaluate(FIGURES):
            assert not figure["empty"], figure
            assert figure["height"] < height, figure
            assert figure["right"] <= width, figure
            assert figure["stretched"] == pytest.approx(1, rel=0.01), figure
            assert figure["whole"], figure
        pdf = shown.pdf(format=sheet)
    first = re.findall(rb"/Type /Page\b.*?endobj", pdf, re.DOTALL)[0]
    # The only link that is printed ends the card.
    assert b"/Annots" in first
    assert len(re.findall(rb"/Subtype /Link", pdf)) == 1
