"""What makes figures quick to read: their order, the numbers of their axes, honest captions."""

import numpy as np
import pandas as pd
import pytest
from imported import imported, score_rows

NAMES = ["a", "b", "c", "d", "e"]
MEANS = [4.0, 9, 1, 2, 6]


def run(directory, *, seeds: int):
    """Six models; e is claimed, and b has the greatest scores."""
    generator = np.random.default_rng(3)
    scores = pd.concat(
        score_rows(NAMES, generator.normal(MEANS, 0.9, (seeds, 5)), model=f"model {place}")
        for place in range(6)
    )
    return imported(directory, scores, "e rank 1 in 0.8", "--model", "model 2")


@pytest.fixture(scope="module")
def displays(tmp_path_factory):
    return run(tmp_path_factory.mktemp("order"), seeds=12).displays


@pytest.mark.parametrize("name", ["importance-shap", "rank-frequency-features"])
def test_features_stand_by_importance_with_the_claimed_one_first(displays, name):
    first = displays[name].sketch().axes[0]
    assert [label.get_text() for label in first.get_yticklabels()] == ["e", "b", "a", "d", "c"]


def test_upper_panels_keep_the_numbers_of_their_axes_on_phones(displays):
    for name in ("importance-shap", "claim", "claim-seeds", "rank-frequency-features"):
        figure = displays[name].sketch(narrow=True)
        panels = [axes for axes in figure.axes if axes.get_title()]
        assert len(panels) == 6, name
        for axes in panels:
            shown = [tick for tick in axes.get_xticklabels() if tick.get_visible()]
            assert [tick for tick in shown if tick.get_text()], (name, axes.get_title())


def test_captions_promise_no_interval_of_a_mean_where_fewer_than_ten_seeds_have_none(
    displays, tmp_path
):
    few = run(tmp_path, seeds=9).displays
    for name in ("importance-shap", "claimed-share", "agreement-models-features"):
        assert "95% interval" in displays[name].reading, name
        assert "interval" not in few[name].reading, name
