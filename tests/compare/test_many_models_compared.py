"""Two runs of many models side by side: what is drawn and laid out, and where the others are."""

import numpy as np
import pandas as pd
import pytest
from browser import check_page
from imported import imported, score_rows

from study.compare.comparison import Comparison
from study.compare.figures import comparison_displays
from study.compare.page import write_comparison
from study.compare.tables import comparison_tables

NAMES = ["a", "b", "c", "d"]
COUNT, SHOWN, CLAIMED = 14, 9, "forest 12"


def run(directory, seed: int):
    generator = np.random.default_rng(seed)
    scores = pd.concat(
        score_rows(NAMES, generator.gamma([6, 4, 2, 1], size=(12, 4)), model=f"forest {place:02d}")
        for place in range(COUNT)
    )
    return imported(directory, scores, "a rank 1 in 0.8", "--model", CLAIMED)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    make = tmp_path_factory.mktemp
    return Comparison(run(make("one"), 1), run(make("two"), 2))


def test_nine_models_are_drawn_and_laid_out_and_both_say_so(comparison):
    displays = comparison_displays(comparison)
    panels = displays["compare-claim"].sketch().axes
    expected = [*(f"forest {place:02d}" for place in range(SHOWN - 1)), CLAIMED]
    assert [axes.get_title() for axes in panels] == expected
    for display in displays.values():
        assert f"Of {COUNT} models, {SHOWN} drawn" in display.reading
    tables = comparison_tables(comparison)
    for name in ("compare-claim", "compare-shares-features", "compare-agreement-features"):
        assert tables[name].layout["Model"].nunique() == SHOWN, name
        assert f"Of {COUNT} models, {SHOWN} stand here" in tables[name].notes
        assert tables[name].frame()["model"].nunique() == COUNT


def test_each_model_can_be_opened_on_the_page(comparison, tmp_path, undrawn, chromium):
    page = write_comparison(comparison, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text.count('<details name="model"') == COUNT
    data = comparison.claim_differences.set_index("model")
    for model, row in data.iterrows():
        said = f'<summary>{model} <span class="note">first run {row["met_first"]:.0f} of 12: '
        assert said in text
    assert check_page(page, chromium, [(390, "light"), (1280, "dark")]) == []


def test_of_as_many_models_as_fit_all_are_drawn_and_nothing_is_said_of_others(tmp_path):
    scores = score_rows(NAMES, np.random.default_rng(4).gamma(4, size=(12, 4)))
    (tmp_path / "other").mkdir()
    pair = [imported(tmp_path / of, scores, "a rank 1 in 0.8") for of in ("", "other")]
    for display in comparison_displays(Comparison(*pair)).values():
        assert " drawn" not in display.reading
