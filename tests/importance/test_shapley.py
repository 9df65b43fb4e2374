"""Shapley values are those of shap's exact explainer, and have the properties that define them."""

import itertools
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from class_runs import LinearModels, logistic, stack_of
from class_tables import class_data
from conftest import ROOT, shipped, train
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from weighted_samples import counted_twice

from study.common.methods import SHAPLEY, of_class
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.scikit_learn import Estimators
from study.importance.measure import measure
from study.importance.sample import Sample
from study.importance.shapley import (
    background_of,
    enumerated,
    rows_predicted,
    sampled,
    values,
    worth,
)
from study.recipes.claim import Shapley
from study.recipes.find import find_dataset

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it draws with
    import shap

# -- the values, as shap has them ---------------------------------------------------------------


def trained_stack(people: Dataset, model: str, seeds: int = 3):
    recipe = shipped(model, epochs=40)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(seeds)]
    return engine_for(recipe, 8).stack(train(recipe, replicates, people))


def explained(stack, data: Dataset, x: np.ndarray) -> np.ndarray:
    """The values of rows by each model: (models, rows, variables)."""
    coalitions, weights = enumerated(len(data.groups))
    background, shares = background_of(data, Sample.of(data, ()))
    worths = worth(stack.predict, x, background, shares, coalitions, data.groups, stack.size)
    return np.stack([values(of, weights) for of in worths])


def background_rows(data: Dataset) -> np.ndarray:
    return background_of(data, Sample.of(data, ()))[0]


def from_variables(data: Dataset, codes: np.ndarray) -> np.ndarray:
    """Features of rows that are told by a number for each variable, the place of its level."""
    parts = [
        np.eye(len(group))[codes[:, place].astype(int)] if len(group) > 1 else codes[:, [place]]
        for place, group in enumerate(data.groups)
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


@pytest.mark.parametrize("model", ["transformer", "mlp"])
def test_they_are_those_of_shaps_exact_explainer_for_every_seed(people, model):
    stack, x = trained_stack(people, model), people.test_x[:5]
    found = explained(stack, people, x)
    background = people.to_variables(background_rows(people))
    for seed in range(3):

        def of_seed(codes: np.ndarray, seed: int = seed) -> np.ndarray:
            return stack.predict(from_variables(people, codes))[seed]

        masker = shap.maskers.Independent(background, max_samples=len(background))
        expected = shap.explainers.Exact(of_seed, masker)(people.to_variables(x)).values
        np.testing.assert_allclose(found[seed], expected, rtol=1e-4, atol=1e-6)


def test_a_rows_values_add_up_to_its_difference_from_the_mean_over_the_background(people):
    stack = trained_stack(people, "transformer")
    found = explained(stack, people, people.test_x)
    background = stack.predict(background_rows(people)).mean(axis=1)
    difference = stack.predict(people.test_x) - background[:, None]
    np.testing.assert_allclose(found.sum(axis=2), difference, atol=1e-5)


def test_of_a_linear_model_they_are_coefficients_times_distances_from_the_mean(people):
    weights = np.array([[0.5, -2, 0.1, 0.2, 0.6, -0.3, 0, 0.9], np.zeros(8)])
    found = one_of(measured(LinearModels(weights, np.array([3.0, 4.0])), people), SHAPLEY)
    background = background_rows(people).astype(np.float64)
    away = weights[:, None] * (people.test_x - background.mean(axis=0))
    by_variable = np.stack([away[..., list(group)].sum(axis=2) for group in people.groups], axis=2)
    np.testing.assert_allclose(found.score, np.abs(by_variable).mean(axis=1), rtol=1e-5, atol=1e-9)
    assert found.signed is None


def test_estimators_have_them_by_their_predictions_alone(people):
    from sklearn.linear_model import LinearRegression

    fitted = LinearRegression().fit(people.train_x.astype(np.float64), people.train_y)
    whole = measured(LinearModels(fitted.coef_[None], np.array([fitted.intercept_])), people)
    found = measured(Estimators([fitted, fitted]), people)
    for place in range(2):
        score = one_of(found, SHAPLEY).score[place]
        np.testing.assert_allclose(score, one_of(whole, SHAPLEY).score[0], rtol=1e-4)


def test_rows_of_each_models_own_are_explained_by_a_background_of_their_own(people):
    stack = LinearModels(np.tile([1.0, 2, 3, 4, 5, 6, 7, 8], (2, 1)), np.zeros(2))
    train_x = np.stack([people.train_x[:120], people.train_x[80:]])
    test_x = np.stack([people.test_x[:20], people.test_x[20:]])
    sample = Sample(train_x, people.train_y[:120], test_x, np.stack([people.test_y[:20]] * 2))
    both = one_of(measured(stack, people, sample), SHAPLEY).score
    for place in range(2):
        alone = Sample(train_x[place], people.train_y[:120], test_x[place], people.test_y[:20])
        found = one_of(measured(stack, people, alone), SHAPLEY).score[place]
        np.testing.assert_allclose(both[place], found, rtol=1e-12)


def test_a_row_that_counts_twice_is_two_rows(people):
    every = people.recipe.model_copy(update={"shapley": Shapley(background=len(people.train_y))})
    people = replace(people, recipe=every)
    stack = LinearModels(np.array([[0.5, -2, 0.1, 0.2, 0.6, -0.3, 0, 0.9]]), np.zeros(1))
    plain = Sample.of(people, ())
    weighted, repeated = counted_twice(plain, plain.train_x[:, 1] > 0.4, plain.test_x[:, 1] > 0.4)
    # A background holds as many rows as are asked for, so all of them, repeated ones too.
    every = every.model_copy(update={"shapley": Shapley(background=len(repeated.train_y))})
    found = one_of(measured(stack, people, weighted), SHAPLEY).score
    of_rows = measured(stack, replace(people, recipe=every), repeated)
    np.testing.assert_allclose(found, one_of(of_rows, SHAPLEY).score, rtol=1e-6)
    assert not np.allclose(found, one_of(measured(stack, people, plain), SHAPLEY).score, rtol=1e-3)


def test_a_seeds_values_do_not_depend_on_which_others_there_are(people):
    recipe = shipped("mlp", epochs=5)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(3)]
    trained = train(recipe, replicates, people)
    engine = engine_for(recipe, 8)
    together = one_of(measured(engine.stack(trained), people), SHAPLEY)
    for seed in range(3):
        alone = one_of(measured(engine.stack(trained.only([seed])), people), SHAPLEY)
        np.testing.assert_array_equal(alone.score[0], together.score[seed])


def test_each_of_three_classes_has_its_own_of_the_logit_less_the_mean(tmp_path):
    data = class_data(tmp_path, 3)
    model = logistic(data.train_x, data.train_y)
    found = measured(stack_of(model), data)
    centred = model.coef_ - model.coef_.mean(axis=0)
    background = background_rows(data).astype(np.float64)
    total = 0
    for place, level in enumerate(data.task.levels):
        away = centred[place] * (data.test_x - background.mean(axis=0))
        parts = np.stack([away[:, list(group)].sum(axis=1) for group in data.groups], axis=1)
        own = one_of(found, of_class(SHAPLEY, level)).score[0]
        np.testing.assert_allclose(own, np.abs(parts).mean(axis=0), rtol=1e-5, atol=1e-9)
        total = total + own
    np.testing.assert_allclose(one_of(found, SHAPLEY).score[0], total, rtol=1e-12)


def test_a_group_of_variables_is_one_player(people):
    update = {"variable_groups": {"views": ["State", "politics"]}}
    data = replace(people, recipe=people.recipe.model_copy(update=update))
    weights = np.array([[0.5, -2, 0.1, 0.2, 0.6, -0.3, 0, 0.9]])
    found = one_of(measured(LinearModels(weights, np.zeros(1)), data), SHAPLEY).score[0]
    background = background_rows(data).astype(np.float64)
    away = weights[0] * (data.test_x - background.mean(axis=0))
    assert data.recipe.scored("variable") == ["sex", "age", "State", "politics", "views"]
    np.testing.assert_allclose(found[-1], np.abs(away[:, 2:].sum(axis=1)).mean(), rtol=1e-5)
    plain = one_of(measured(LinearModels(weights, np.zeros(1)), people), SHAPLEY).score[0]
    np.testing.assert_array_equal(found[:-1], plain)


def test_progress_is_told_of_as_many_rows_as_were_said(people):
    told: list[int] = []
    stack = LinearModels(np.ones((1, 8)), np.zeros(1))
    measure(stack, people, np.zeros((1, 0, 1, 8)), told.append, methods=[SHAPLEY])
    assert sum(told) == rows_predicted(people)


@pytest.mark.parametrize("name", ["people", "planted", "diabetes", "wine"])
def test_the_documentation_says_how_many_rows_are_predicted(name):
    found = find_dataset(name)
    data = load_dataset(found.recipe, found.path.parent)
    said = " ".join((ROOT / "docs" / "method.md").read_text(encoding="utf-8").split())
    own = rf"{rows_predicted(data):,} (rows are predicted )?with {name}'s? {len(data.variables)} "
    assert re.search(own.rstrip() + r"\b", said)


def test_a_row_that_several_games_make_is_predicted_once(people):
    given: list[bytes] = []

    def predict(x: np.ndarray) -> np.ndarray:
        given.extend(row.tobytes() for row in x)
        return x.sum(axis=1)[None]

    coalitions, _ = enumerated(4)
    background, shares = background_of(people, Sample.of(people, ()))
    worth(predict, people.test_x, background, shares, coalitions, people.groups, 1)
    made = 0
    for inside in coalitions:
        columns = [
            of for group, is_in in zip(people.groups, inside, strict=True) if is_in for of in group
        ]
        rows = np.repeat(background[None], len(people.test_x), axis=0)
        rows[..., columns] = people.test_x[:, None][..., columns]
        of_coalition = {row.tobytes() for row in rows.reshape(-1, 8)}
        assert of_coalition <= set(given)
        made += len(of_coalition)
    assert len(given) == made < 40 * 100 * 2**4 / 10


# -- games, of which nothing is known but the worths of coalitions ------------------------------

GAMES = st.integers(1, 4).flatmap(
    lambda players: hnp.arrays(np.float64, (2**players, 2), elements=st.integers(-9, 9).map(float))
)


def players_of(game: np.ndarray) -> int:
    return len(game).bit_length() - 1


@given(GAMES)
def test_a_players_value_is_its_mean_gain_over_all_orders(game):
    players = players_of(game)
    orders = list(itertools.permutations(range(players)))
    expected = np.zeros((2, players))
    for order in orders:
        inside = 0
        for player in order:
            expected[:, player] += game[inside | 1 << player] - game[inside]
            inside |= 1 << player
    found = values(game, enumerated(players)[1])
    np.testing.assert_allclose(found, expected / len(orders), atol=1e-9)


@given(GAMES)
def test_values_add_up_to_what_all_gain_over_none(game):
    found = values(game, enumerated(players_of(game))[1])
    np.testing.assert_allclose(found.sum(axis=1), game[-1] - game[0], atol=1e-9)


@given(GAMES)
def test_a_player_that_adds_nothing_has_the_value_0(game):
    twice = np.concatenate([game, game])  # the last player changes no coalition's worth
    found = values(twice, enumerated(players_of(twice))[1])
    np.testing.assert_allclose(found[:, -1], 0, atol=1e-9)


@given(GAMES)
def test_players_that_add_the_same_to_every_coalition_have_the_same_value(game):
    one = np.concatenate([game, game[::-1], game[::-1], game[:1] - game])
    found = values(one, enumerated(players_of(one))[1])
    np.testing.assert_allclose(found[:, -1], found[:, -2], atol=1e-9)


# -- more variables than can be enumerated ------------------------------------------------------


def worths_of(coalitions: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A game with pairs that work together: (coalitions, 1)."""
    players = coalitions.shape[1]
    alone, pairs = generator.normal(size=players), generator.normal(size=(players, players))
    inside = coalitions.astype(float)
    return (inside @ alone + np.einsum("ci,ij,cj->c", inside, pairs, inside))[:, None]


def test_sampled_orders_taken_both_ways_are_exact_where_players_work_in_pairs():
    # A pair's gain is one player's forwards and the other's backwards: half each, as Shapley has it.
    exact_at, exact = enumerated(8)
    some_at, some = sampled(8, 1, random_state=0)
    assert len(some_at) < 2**8
    found, expected = (
        values(worths_of(at, np.random.default_rng(3)), weights)
        for at, weights in ((some_at, some), (exact_at, exact))
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_sampled_values_add_up_exactly_and_come_nearer_with_more_orders():
    exact_at, exact = enumerated(8)

    def game(coalitions: np.ndarray) -> np.ndarray:
        inside = coalitions @ np.arange(1.0, 9)
        return np.stack([np.sin(inside), inside**3 / 1000], axis=1)

    expected = values(game(exact_at), exact)
    errors = []
    for orders in (4, 64, 1024):
        squares = []
        for state in range(20):
            at, weights = sampled(8, orders, state)
            found = values(game(at), weights)
            whole = game(np.array([[True] * 8]))[0] - game(np.array([[False] * 8]))[0]
            np.testing.assert_allclose(found.sum(axis=1), whole, atol=1e-9)
            squares.append(((found - expected)[0] ** 2).mean())
        errors.append(np.mean(squares) ** 0.5)
    # As a mean of independent draws: by 4 where there are 16 times as many.
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.35)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.35)


def measured(stack, data: Dataset, sample: Sample | None = None):
    occasions = np.zeros((stack.size, 0, 1, len(data.features)))
    return measure(stack, data, occasions, methods=[SHAPLEY], sample=sample)


def one_of(found, method: str):
    return next(of for of in found.importances if of.method == method)
