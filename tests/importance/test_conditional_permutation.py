"""Permutation given the others: closed forms, and hidimstat's conditional feature importance."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from class_runs import LinearModels
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from study.common.methods import CONDITIONAL_PERMUTATION, GROUPED_PERMUTATION
from study.datasets.dataset import Dataset, load_dataset
from study.importance.conditional_permutation import conditional, rows_predicted, sampler_of
from study.importance.measure import measure
from study.importance.sample import Sample
from study.recipes.claim import ConditionalPermutation, Permutation
from study.recipes.find import find_dataset

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it draws with
    from hidimstat import CFI

COEFFICIENTS = np.array([1.0, 0.5, 0.0, 0.8])
# The first two hang together, the last stands alone; the third is told by the first, and no cause.
COVARIANCE = np.array([[1, 0.9, 0.6, 0], [0.9, 1, 0.54, 0], [0.6, 0.54, 1, 0], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def planted() -> Dataset:
    found = find_dataset("planted")
    return load_dataset(found.recipe, found.path.parent)


def generated(planted: Dataset, rows: int, tested: int, seed: int = 0) -> Dataset:
    """Four numbers, of which the target is a linear function with noise."""
    drawing = np.random.default_rng(seed)
    x = drawing.multivariate_normal(np.zeros(4), COVARIANCE, size=rows + tested)
    y = x @ COEFFICIENTS + drawing.normal(size=rows + tested)
    settings = {
        "variables": planted.recipe.variables[:4],
        "permutation": Permutation(repeats=50),
        "claim": planted.recipe.claim.model_copy(update={"name": planted.recipe.variables[0].name}),
    }
    names = tuple(variable.name for variable in settings["variables"])
    x, y = x.astype(np.float32), y.astype(np.float32)
    return replace(
        planted,
        recipe=planted.recipe.model_copy(update=settings),
        features=names,
        variables=names,
        groups=tuple((place,) for place in range(4)),
        train_x=x[:rows],
        train_y=y[:rows],
        test_x=x[rows:],
        test_y=y[rows:],
        prepared=(),
    )


def measured(stack, data: Dataset, sample: Sample | None = None) -> dict[str, np.ndarray]:
    methods = [CONDITIONAL_PERMUTATION, GROUPED_PERMUTATION]
    occasions = np.zeros((stack.size, 0, 1, len(data.features)))
    found = measure(stack, data, occasions, methods=methods, sample=sample)
    return {importance.method: importance.score for importance in found.importances}


def test_of_a_linear_model_it_is_twice_the_variance_that_only_the_variable_has(planted):
    data = generated(planted, rows=3000, tested=40_000)
    found = measured(LinearModels(COEFFICIENTS[None], np.zeros(1)), data)
    own = 1 / np.diag(np.linalg.inv(COVARIANCE))  # variance given the others
    variance = data.test_y.var()
    expected = 2 * COEFFICIENTS**2 * own / variance
    np.testing.assert_allclose(found[CONDITIONAL_PERMUTATION][0], expected, rtol=0.06, atol=0.002)
    # By itself a variable is worth what others could have told.
    marginal = 2 * COEFFICIENTS**2 / variance
    assert found[GROUPED_PERMUTATION][0, 1] > 0.9 * marginal[1] > 3 * expected[1]


def test_it_is_hidimstats_of_every_model(planted):
    data = generated(planted, rows=400, tested=300)
    x, y = (of.astype(np.float64) for of in (data.train_x, data.train_y))
    models = [LinearRegression().fit(x[part], y[part]) for part in (slice(200), slice(200, 400))]
    stack = LinearModels(
        np.stack([model.coef_ for model in models]),
        np.array([model.intercept_ for model in models]),
    )
    found = measured(stack, data)[CONDITIONAL_PERMUTATION]
    tested = data.test_x.astype(np.float64), data.test_y.astype(np.float64)
    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-3, 3, 7)))
    for model, own in zip(models, found, strict=True):
        theirs = CFI(
            model,
            imputation_model_continuous=ridge,
            feature_types="continuous",
            n_permutations=300,
            random_state=1,
        ).fit(x, y)
        expected = theirs.importance(*tested) / tested[1].var()
        # Both are means over permutations, ours of 50.
        np.testing.assert_allclose(own, expected, rtol=0.1, atol=0.004)


def test_a_model_that_uses_a_variable_for_another_loses_nothing_given_that(planted):
    """Age tells the target; the model reads it from a copy of it, with noise."""
    data = generated(planted, rows=2000, tested=2000)
    proxy = data.train_x[:, [1]] * 0 + data.train_x[:, [0]]
    data = replace(data, train_x=np.hstack([data.train_x[:, :1], proxy, data.train_x[:, 2:]]))
    data = replace(data, test_x=np.hstack([data.test_x[:, [0, 0]], data.test_x[:, 2:]]))
    found = measured(LinearModels(np.array([[0.0, 1.5, 0, 0.8]]), np.zeros(1)), data)
    assert abs(found[CONDITIONAL_PERMUTATION][0, 1]) < 1e-4
    assert found[GROUPED_PERMUTATION][0, 1] > 0.5


def test_each_model_with_rows_of_its_own_has_what_it_has_alone(planted):
    data = generated(planted, rows=200, tested=100)
    weights = np.tile(COEFFICIENTS, (2, 1))
    train_x = np.stack([data.train_x[:100], data.train_x[100:]])
    test_x = np.stack([data.test_x[:50], data.test_x[50:]])
    test_y = np.stack([data.test_y[:50], data.test_y[50:]])
    train_y = np.stack([data.train_y[:100], data.train_y[100:]])
    both = measured(
        LinearModels(weights, np.zeros(2)), data, Sample(train_x, train_y, test_x, test_y)
    )
    for place in range(2):
        alone = Sample(train_x[place], train_y[place], test_x[place], test_y[place])
        own = measured(LinearModels(weights[:1], np.zeros(1)), data, alone)
        np.testing.assert_allclose(
            both[CONDITIONAL_PERMUTATION][place], own[CONDITIONAL_PERMUTATION][0], rtol=1e-9
        )


def test_forests_tell_variables_where_numbers_and_levels_stand_side_by_side(people, planted):
    assert sampler_of(people).trees
    assert not sampler_of(planted).trees
    named = people.recipe.model_copy(
        update={"conditional_permutation": ConditionalPermutation(sampler="linear")}
    )
    assert not sampler_of(replace(people, recipe=named)).trees


def test_levels_stay_levels_and_other_columns_stay_as_they_are(people):
    [values] = conditional(people, Sample.of(people, ()), people.groups)
    rows = len(people.test_x)
    own = np.tile(np.arange(rows)[:, None], 8)
    np.testing.assert_array_equal(values(own), people.test_x)
    places = own.copy()
    places[:, 2:5] = np.random.default_rng(0).permutation(rows)[:, None]
    drawn = values(places)
    assert set(map(tuple, drawn[:, 2:5])) == {(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)}
    assert (drawn[:, 2:5] != people.test_x[:, 2:5]).any()
    others = [0, 1, 5, 6, 7]
    np.testing.assert_array_equal(drawn[:, others], people.test_x[:, others])


def test_a_group_of_variables_keeps_to_those_outside_it(planted):
    data = generated(planted, rows=3000, tested=40_000)
    names = list(data.variables)
    update = {"variable_groups": {"both": names[:2]}}
    data = replace(data, recipe=data.recipe.model_copy(update=update))
    found = measured(LinearModels(COEFFICIENTS[None], np.zeros(1)), data)
    assert data.recipe.scored("variable") == [*names, "both"]
    # Of the first two, the covariance given the third, which hangs together with both.
    own = COVARIANCE[:2, :2] - np.outer(COVARIANCE[:2, 2], COVARIANCE[2, :2])
    expected = 2 * COEFFICIENTS[:2] @ own @ COEFFICIENTS[:2] / data.test_y.var()
    assert found[CONDITIONAL_PERMUTATION][0, 4] == pytest.approx(expected, rel=0.06)


def test_progress_is_told_of_as_many_rows_as_were_said(people):
    told: list[int] = []
    stack = LinearModels(np.ones((1, 8)), np.zeros(1))
    measure(stack, people, np.zeros((1, 0, 1, 8)), told.append, methods=[CONDITIONAL_PERMUTATION])
    assert sum(told) == rows_predicted(people) == 40 * (1 + 30 * 4)
