"""What groups are for: a verdict for other subjects, where subjects are measured many times."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.datasets.dataset import Dataset, load_dataset
from study.engines.closed_form import ClosedForm
from study.engines.engine import Engine
from study.engines.row_orders import units
from study.engines.scikit_learn import ScikitLearn
from study.execution.plan import on_splits
from study.importance.measure import measure_trained
from study.recipes.dataset import DatasetRecipe
from study.recipes.model import EstimatorRecipe
from study.statistics.claims import SUPPORTED, Statement
from study.statistics.population import Verdict, judge

NAMES = [*"abcd"]
SPLITS = 16
TREE = EstimatorRecipe(
    title="Tree",
    estimator="sklearn.tree:DecisionTreeRegressor",
    arguments={"min_samples_leaf": 2},
)


def recipe(**keys) -> DatasetRecipe:
    claim = {"level": "variable", "name": "a", "rank": 1, "proportion": 0.8, "model": "mlp"}
    return DatasetRecipe.model_validate(
        {
            "title": "Visits",
            "source": "drawn",
            "table": {"file": "visits.csv"},
            "split": {"test": 0.25, "random_state": 0},
            "variables": [{"name": name, "type": "numeric"} for name in NAMES],
            "target": {"name": "y", "tolerance": 0.1, "standardise": True},
            "claim": {**claim, "method": "permutation-grouped"},
            "permutation": {"repeats": 3},
            **keys,
        }
    )


def visits(seed: int, subjects: int = 20, times: int = 12) -> pd.DataFrame:
    """Nothing tells y: a is constant within a subject, and y has an intercept of each."""
    draw = np.random.default_rng(seed)
    who = draw.permutation(np.repeat(np.arange(subjects), times))
    table = pd.DataFrame(draw.normal(size=(len(who), 4)), columns=NAMES)
    table["a"] = draw.normal(size=subjects)[who]
    table["y"] = 2 * draw.normal(size=subjects)[who] + draw.normal(size=len(who))
    return table.assign(who=who)


def loaded(folder: Path, table: pd.DataFrame, **keys) -> Dataset:
    table.to_csv(folder / "visits.csv", index=False)
    return load_dataset(recipe(**keys), folder)


def judged(engine: Engine, data: Dataset, method: str = "permutation") -> Verdict:
    """The verdict for other rows on the claim that a has rank 1."""
    halves = on_splits(SPLITS, 1)
    trained = engine.train(halves, *data.pooled, tested=len(data.test_y), groups=data.row_groups)
    found = measure_trained(engine, trained, data, halves, methods=[method])
    (scores,) = (of.score for of in found.importances)
    half = np.arange(2 * SPLITS)
    groups = data.row_groups
    number = None if groups is None else int(units(groups).max()) + 1
    return judge(Statement("rank", 0), scores, half // 2, half % 2, number)


def test_noise_that_is_constant_within_subjects_is_not_supported_by_groups(tmp_path):
    """A tree knows subjects by what is constant within them, and their target with it."""
    supported = {"rows": 0, "groups": 0}
    for seed in range(8):
        table = visits(seed)
        for name, keys in (("rows", {}), ("groups", {"groups": "who"})):
            found = judged(ScikitLearn(TREE), loaded(tmp_path, table, **keys))
            supported[name] += found.verdict == SUPPORTED
    assert supported["rows"] >= 6
    assert supported["groups"] == 0


@pytest.mark.parametrize("keys", [{"groups": "who"}, {"equal_rows": "together"}])
def test_copies_of_all_rows_leave_the_verdict_as_it_was(tmp_path, keys):
    # With one visit each, equal rows are the subjects.
    table = visits(3, subjects=60, times=1 if "equal_rows" in keys else 3)
    table["y"] += table["b"]
    once = loaded(tmp_path, table, **keys)
    twice = loaded(tmp_path, pd.concat([table, table]), **keys)
    assert once.group_counts == twice.group_counts
    one, other = (judged(ClosedForm(4), data, "gradient") for data in (once, twice))
    assert one.verdict == other.verdict
    np.testing.assert_allclose(one.means.mean, other.means.mean, atol=1e-5)
    np.testing.assert_allclose(one.means.error, other.means.error, atol=1e-5)
    for interval, again in zip(one.means.intervals(), other.means.intervals(), strict=True):
        assert (again.low, again.high) == pytest.approx((interval.low, interval.high), abs=1e-5)


def test_copies_without_their_groups_pass_for_more_rows(tmp_path):
    """Halves share rows, so that their differences tell too little of other rows."""
    table = visits(3, subjects=60, times=3)
    table["y"] += table["b"]
    errors = [
        judged(ClosedForm(4), loaded(tmp_path, pd.concat([table] * copies)), "gradient").means.error
        for copies in (1, 4)
    ]
    assert (errors[1] < 0.75 * errors[0]).all()


def test_copies_leave_importances_by_permutation_as_they_were(tmp_path):
    """But for what the permutations are, of which there are many."""
    table = visits(3, subjects=60, times=3)
    table["y"] += table["a"] + table["b"]
    keys = {"groups": "who", "permutation": {"repeats": 200}}
    once, twice = (
        judged(ClosedForm(4), loaded(tmp_path, pd.concat([table] * copies), **keys), "permutation")
        for copies in (1, 2)
    )
    assert once.verdict == twice.verdict
    np.testing.assert_allclose(once.means.mean, twice.means.mean, atol=0.02)
    np.testing.assert_allclose(once.means.error, twice.means.error, rtol=0.1)


def in_time(seed: int, rows: int = 240) -> pd.DataFrame:
    """Nothing but time tells y, which rises: a is a random walk."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(draw.normal(size=(rows, 4)), columns=NAMES)
    table["a"] = table["a"].cumsum()
    table["y"] = np.linspace(-3, 3, rows) + draw.normal(size=rows)
    return table.assign(hour=np.arange(rows))


def test_a_random_walk_is_not_supported_in_time_and_is_where_rows_are_on_their_own(tmp_path):
    supported = {"rows": 0, "time": 0}
    for seed in range(8):
        for name, keys in (("rows", {}), ("time", {"time": "hour"})):
            found = judged(ClosedForm(4), loaded(tmp_path, in_time(seed), **keys), "permutation")
            supported[name] += found.verdict == SUPPORTED
    assert supported["rows"] >= 4
    assert supported["time"] == 0


@pytest.mark.parametrize("keys", [{"groups": "who"}, {"time": "hour"}])
def test_what_tells_the_target_is_supported_all_the_same(tmp_path, keys):
    """As much as half of what is to be told, in few groups or blocks."""
    table = in_time(0).assign(who=np.arange(240) // 12)
    draw = np.random.default_rng(1)
    table["a"] = draw.normal(size=240)
    table["y"] = table["a"] + draw.normal(size=240)
    found = judged(ClosedForm(4), loaded(tmp_path, table, **keys), "permutation")
    assert found.verdict == SUPPORTED
