"""Permutation importance where rows depend on each other, held against loops of its own."""

from dataclasses import replace

import numpy as np
import pytest

from study.common.streams import StreamSeeds
from study.engines.replicates import Replicate
from study.importance.permutation import grouped_permutation, permutation
from study.importance.sample import Sample
from study.recipes.claim import Permutation
from study.statistics.fit import r_squared

GROUPS = np.repeat(np.arange(60), 4)


def with_rows(people, groups: np.ndarray, repeats: int = 40):
    """The people, their age constant within groups of four rows."""
    x = np.concatenate([people.train_x, people.test_x])
    x[:, 1] = x[::4, 1][GROUPS]
    recipe = people.recipe.model_copy(update={"permutation": Permutation(repeats=repeats)})
    return replace(people, recipe=recipe, train_x=x[:200], test_x=x[200:], row_groups=groups)


def recorded(seen: list[np.ndarray]):
    def predict(x: np.ndarray) -> np.ndarray:
        seen.append(x.copy())
        return x.sum(axis=-1)[None]

    return predict


@pytest.mark.parametrize("at_once", [0, 10**9])
def test_what_is_constant_in_groups_moves_between_them_and_the_rest_within(people, at_once):
    data = with_rows(people, GROUPS)
    seen: list[np.ndarray] = []
    grouped_permutation(recorded(seen), data, Sample.of(data, ()), at_once=at_once)
    tables = np.concatenate(seen).reshape(-1, 40, 8)
    x = data.test_x
    moved = {"between": 0, "within": 0}
    for table in tables:
        for column in np.flatnonzero((table != x).any(axis=0)):
            values = table[:, column].reshape(10, 4)
            if column == 1:
                assert (values == values[:, :1]).all()
                assert sorted(values[:, 0]) == sorted(x[::4, 1])
                moved["between"] += 1
            else:
                own = x[:, column].reshape(10, 4)
                np.testing.assert_array_equal(np.sort(values), np.sort(own))
                moved["within"] += 1
    assert min(moved.values()) > 30


def test_levels_of_a_variable_move_as_one(people):
    data = with_rows(people, GROUPS)
    seen: list[np.ndarray] = []
    grouped_permutation(recorded(seen), data, Sample.of(data, ()))
    for table in seen:
        assert (table[:, 2:5].sum(axis=1) == data.test_x[:, 2:5].sum(axis=1)).all()


def test_what_mostly_varies_between_groups_moves_with_them(people):
    data = with_rows(people, GROUPS)
    nearly = data.test_x.copy()
    nearly[:, 1] += np.tile([0, 1e-3, 2e-3, 3e-3], 10)
    seen: list[np.ndarray] = []
    data = replace(data, test_x=nearly)
    permutation(recorded(seen), data, Sample.of(data, ()))
    owner = {float(value): row // 4 for row, value in enumerate(nearly[:, 1])}
    changed = [table for table in seen if (table[:, 1] != nearly[:, 1]).any()]
    for table in changed:
        owners = np.array([owner[float(value)] for value in table[:, 1]]).reshape(10, 4)
        assert (owners == owners[:, :1]).all()
    assert len(changed) > 20


def test_columns_of_rows_in_time_are_shifted(people):
    data = with_rows(people, np.arange(240.0))
    seen: list[np.ndarray] = []
    permutation(recorded(seen), data, Sample.of(data, ()))
    found = set()
    for table in seen:
        for column in np.flatnonzero((table != data.test_x).any(axis=0)):
            shifts = [
                by
                for by in range(40)
                if (np.roll(data.test_x[:, column], by) == table[:, column]).all()
            ]
            assert shifts
            found.update(shifts if column == 1 else ())
    assert len(found) > 10


@pytest.mark.parametrize("groups", [GROUPS, np.arange(240.0), None])
def test_models_that_are_tested_on_the_same_rows_score_as_if_these_were_each_their_own(
    people, groups
):
    data = with_rows(people, groups, repeats=5)
    weights = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)

    def predict(x: np.ndarray) -> np.ndarray:
        return np.einsum("...rf,...f->...r", x if x.ndim == 3 else np.stack([x] * 3), weights)

    plain = Sample.of(data, ())
    own = Sample(
        *(np.stack([part] * 3) for part in (plain.train_x, plain.train_y, plain.test_x)),
        np.stack([plain.test_y] * 3),
        None if groups is None else np.stack([groups[200:]] * 3),
    )
    one, other = (permutation(predict, data, sample).score for sample in (plain, own))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_importance_between_groups_is_the_mean_over_all_their_orders(people):
    """Of a model that looks at age alone: over all pairs of groups, the loss of each."""
    data = with_rows(people, GROUPS, repeats=2000)
    sample = Sample.of(data, ())

    def predict(x: np.ndarray) -> np.ndarray:
        return x[None, :, 1]

    found = permutation(predict, data, sample).score[0, 1]
    y, ages = sample.test_y.astype(np.float64), sample.test_x[::4, 1].astype(np.float64)
    errors = np.mean([((y - np.repeat(np.roll(ages, by), 4)) ** 2).sum() for by in range(10)])
    expected = r_squared(y, predict(sample.test_x))[0] - (1 - errors / ((y - y.mean()) ** 2).sum())
    assert found == pytest.approx(expected, rel=0.05)


def test_each_half_has_the_groups_of_its_own_test_rows(people):
    data = with_rows(people, GROUPS)
    halves = [Replicate("real", StreamSeeds.of(half, half)) for half in range(4)]
    sample = Sample.of(data, halves)
    assert sample.test_groups is not None
    for x, groups in zip(sample.test_x, sample.test_groups, strict=True):
        assert len(set(zip(groups.tolist(), x[:, 1].tolist(), strict=True))) == len(set(groups))
