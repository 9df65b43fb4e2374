"""Integrated gradients are Captum's of the same weights, and add up to what is shared out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from class_runs import LinearModels, logistic, stack_of
from class_tables import class_data
from conftest import shipped, train
from weighted_samples import counted_twice

from study.common.errors import InputError
from study.common.methods import INTEGRATED_GRADIENT, of_class
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.importance import integrated_gradient
from study.importance.integrated_gradient import attributions, baseline_of
from study.importance.measure import measure
from study.importance.sample import Sample
from study.networks.build import build
from study.recipes.claim import IntegratedGradient

ROWS = 4


def with_baseline(data: Dataset, **values: str) -> Dataset:
    named = {"integrated_gradient": IntegratedGradient(baseline=values)}
    return replace(data, recipe=data.recipe.model_copy(update=named))


def trained_stack(people: Dataset, model: str, seeds: int = 3):
    recipe = shipped(model, epochs=40)
    trained = train(
        recipe, [Replicate("real", StreamSeeds.of(seed)) for seed in range(seeds)], people
    )
    return recipe, trained.weights, engine_for(recipe, 8).stack(trained)


@pytest.mark.parametrize("model", ["transformer", "transformer-tokens", "mlp", "linear"])
def test_they_are_captums_of_every_seed_in_lanes(people, model, monkeypatch):
    monkeypatch.setattr(integrated_gradient, "STEPS", 64)
    recipe, weights, stack = trained_stack(people, model)
    x, baseline = people.test_x[:ROWS], people.train_x.mean(axis=0, dtype=np.float64)
    [found] = attributions(stack, x, baseline)
    network = build(recipe, inputs=8, init=0).eval()

    def alone(rows: torch.Tensor) -> torch.Tensor:
        """Each row as a batch of its own, as the study predicts it."""
        return torch.cat([network(row[None]).reshape(1) for row in rows])

    for seed in range(3):
        own = {name: torch.tensor(array[seed]) for name, array in weights.items()}
        network.load_state_dict(own, strict=False)
        expected = IntegratedGradients(alone).attribute(
            torch.tensor(x),
            torch.tensor(baseline[None], dtype=torch.float32),
            n_steps=64,
            method="gausslegendre",
        )
        np.testing.assert_allclose(found[seed], expected.detach(), rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("model", ["transformer", "transformer-tokens", "mlp", "linear"])
def test_a_rows_parts_add_up_to_its_difference_from_the_baseline(people, model):
    assert incompleteness(people, model) < 1e-3


@pytest.mark.parametrize("model", ["transformer", "transformer-tokens"])
def test_what_a_transformers_parts_miss_is_the_error_of_the_quadrature(people, monkeypatch, model):
    usual = incompleteness(people, model)
    monkeypatch.setattr(integrated_gradient, "STEPS", 64)
    assert incompleteness(people, model) > 4 * usual


def incompleteness(people: Dataset, model: str) -> float:
    """How far a row's parts are from adding up, at most, in proportion to the largest difference."""
    _, _, stack = trained_stack(people, model)
    baseline = people.train_x.mean(axis=0, dtype=np.float64)
    [found] = attributions(stack, people.test_x, baseline)
    difference = stack.predict(people.test_x) - stack.predict(baseline[None].astype(np.float32))
    error = np.abs(found.sum(axis=2) - difference).max(axis=1)
    return float((error / np.abs(difference).max(axis=1)).max())


def test_of_a_linear_model_they_are_coefficients_times_distances(people):
    weights = np.array([[0.5, -2, 0.1, 0.2, 0.6, -0.3, 0, 0.9], np.zeros(8)])
    stack = LinearModels(weights, np.array([3.0, 4.0]))
    found = one_of(measured(stack, people), INTEGRATED_GRADIENT)
    away = weights[:, None] * (people.test_x - people.train_x.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(found.score, np.abs(away).mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.signed, away.mean(axis=1), rtol=1e-6, atol=1e-9)


def test_rows_of_each_models_own_have_a_baseline_of_their_own(people):
    stack = LinearModels(np.tile([1.0, 2, 3, 4, 5, 6, 7, 8], (2, 1)), np.zeros(2))
    train_x = np.stack([people.train_x[:50], people.train_x[50:100]])
    test_x = np.stack([people.test_x[:20], people.test_x[20:]])
    sample = Sample(train_x, people.train_y[:50], test_x, np.stack([people.test_y[:20]] * 2))
    found = one_of(measured(stack, people, sample), INTEGRATED_GRADIENT)
    for place in range(2):
        away = stack.weights[0] * (test_x[place] - train_x[place].mean(axis=0, dtype=np.float64))
        np.testing.assert_allclose(found.score[place], np.abs(away).mean(axis=0), rtol=1e-6)


def test_a_row_that_counts_twice_is_two_rows(people):
    stack = LinearModels(np.array([[0.5, -2, 0.1, 0.2, 0.6, -0.3, 0, 0.9]]), np.zeros(1))
    plain = Sample.of(people, ())
    weighted, repeated = counted_twice(plain, plain.train_x[:, 1] > 0.4, plain.test_x[:, 1] > 0.4)
    found, expected, unweighted = (
        one_of(measured(stack, people, of), INTEGRATED_GRADIENT)
        for of in (weighted, repeated, plain)
    )
    np.testing.assert_allclose(found.score, expected.score, rtol=1e-6)
    np.testing.assert_allclose(found.signed, expected.signed, rtol=1e-6, atol=1e-9)
    assert not np.allclose(found.score, unweighted.score, rtol=1e-3)


def test_each_of_three_classes_has_its_own_of_the_logit_less_the_mean(tmp_path):
    data = class_data(tmp_path, 3)
    model = logistic(data.train_x, data.train_y)
    found = measured(stack_of(model), data)
    centred = model.coef_ - model.coef_.mean(axis=0)
    away = data.test_x - data.train_x.mean(axis=0, dtype=np.float64)
    total = 0
    for place, level in enumerate(data.task.levels):
        own = one_of(found, of_class(INTEGRATED_GRADIENT, level))
        parts = centred[place] * away
        np.testing.assert_allclose(own.score[0], np.abs(parts).mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(own.signed[0], parts.mean(axis=0), rtol=1e-6, atol=1e-9)
        total = total + own.score
    whole = one_of(found, INTEGRATED_GRADIENT)
    np.testing.assert_allclose(whole.score, total, rtol=1e-12)
    assert np.isnan(whole.signed).all()


def test_the_recipe_may_name_another_baseline_in_the_tables_own_words(people):
    named = with_baseline(people, sex="female", age="50", State="Nebraska", politics="liberal")
    row = baseline_of(named, Sample.of(named, ()))
    np.testing.assert_allclose(row, [1, 0.5, 0, 1, 0, 0, 0, 1])


def test_a_baseline_that_is_no_row_is_refused_where_it_is_named(people):
    for values, said in (
        ({"age": "0.5"}, "sex is missing"),
        ({"ages": "1"}, "unknown variable 'ages'"),
    ):
        named = with_baseline(people, **values)
        with pytest.raises(InputError, match=rf"^integrated_gradient\.baseline: {said}"):
            baseline_of(named, Sample.of(named, ()))


def test_a_network_that_diverged_has_none_and_others_keep_theirs(people):
    weights = np.ones((2, 8))
    whole = measured(LinearModels(weights, np.zeros(2)), people)
    weights = np.stack([weights[0], np.full(8, np.nan)])
    lost = one_of(measured(LinearModels(weights, np.zeros(2)), people), INTEGRATED_GRADIENT)
    assert np.isnan(lost.score[1]).all()
    np.testing.assert_array_equal(lost.score[0], one_of(whole, INTEGRATED_GRADIENT).score[0])


def measured(stack, data: Dataset, sample: Sample | None = None):
    occasions = np.zeros((stack.size, 0, 1, len(data.features)))
    return measure(stack, data, occasions, methods=[INTEGRATED_GRADIENT], sample=sample)


def one_of(found, method: str):
    return next(of for of in found.importances if of.method == method)
