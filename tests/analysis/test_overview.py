"""An overview reckons each number once, for its own results, and keeps none beyond its life."""

import gc
import weakref

import numpy as np
import pytest
from conftest import made_run

import study
from study.analysis.overview import Overview
from study.analysis.warnings.registry import warnings
from study.report.figures.registry import all_displays
from study.report.tables.registry import all_tables


@pytest.fixture
def run(tmp_path, people):
    scores = np.random.default_rng(0).gamma(2, size=(12, 8))
    made_run(tmp_path, people.recipe, {("mlp", "real"): {"gradient": scores}})
    return study.load(tmp_path)


def test_a_number_is_reckoned_once_for_each_key(run):
    overview = Overview(run)
    assert overview.importance("feature") is overview.importance("feature")
    assert set(overview.importance("variable")["name"]) == set(run.variables)
    claim = run.recipe.claim
    other = claim.model_copy(update={"model": "mlp", "method": "gradient"})
    assert overview.own_verdict(other) is not None
    assert overview.own_verdict(claim) is None


def test_seeds_that_are_left_out_are_in_nothing_that_was_asked_for_before(run):
    everything = [run.table("importance-features").data, run.displays["importance-gradient"].data]
    fewer = run.without({"mlp": [0, 1]})
    for frame in (
        fewer.table("importance-features").data,
        fewer.displays["importance-gradient"].data,
    ):
        assert frame["n"].max() == 10
    assert all(frame["n"].max() == 12 for frame in everything)


def test_what_was_reckoned_is_freed_with_the_overview(run):
    overview = Overview(run)
    assert all_tables(overview)
    assert all_displays(overview)
    assert warnings(overview)
    kept = [weakref.ref(of) for of in (overview, overview.importance("feature"))]
    del overview
    gc.collect()
    assert [of() for of in kept] == [None, None]
