"""Each warning fires where it should, says where, and is silent elsewhere."""

from collections.abc import Callable

import numpy as np
import pytest
from conftest import drawn_scores, made_run, shipped

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.registry import as_frame, warnings
from study.recipes.model import with_patience

# What the people data alone bring about: one-hot groups with raw gradients and permutations.
ALWAYS = {"S003", "S004"}


@pytest.fixture
def make(tmp_path, people) -> Callable[..., Results]:
    """A run of 30 seeds that gives no cause for a warning, but for what is changed in it."""

    def run(change: Callable[[dict], None] = lambda scores: None, **options) -> Results:
        generator = np.random.default_rng(1)
        models = ("transformer", "mlp")
        scores = drawn_scores(models, lambda items: generator.gamma(8, 1 / 8, (30, items)))
        for (_, condition), by_method in scores.items():
            for vectors in by_method.values():
                vectors[:, 1] += 5 * (condition == "real")
        change(scores)
        return made_run(tmp_path / "run", options.pop("recipe", people.recipe), scores, **options)

    return run


def codes(results: Results) -> set[str]:
    return {warning.code for warning in warnings(Overview(results))} - ALWAYS


def evidence(results: Results, code: str) -> str:
    return " ".join(
        warning.evidence for warning in warnings(Overview(results)) if warning.code == code
    )


def test_a_sound_run_is_warned_of_its_encoding_alone(make):
    results = make()
    assert {warning.code for warning in warnings(Overview(results))} == ALWAYS
    assert "State, politics" in evidence(results, "S003")
    frame = as_frame(warnings(Overview(results)))
    assert frame.columns.tolist() == ["code", "title", "evidence", "advice"]
    assert frame.map(len).to_numpy().min() > 0


def test_seeds_that_repeat_others(make):
    def halved(scores):
        scores["mlp", "real"]["gradient"][:] = np.repeat(
            scores["mlp", "real"]["gradient"][:15], 2, 0
        )
        scores["mlp", "shuffled"]["gradient"][7] = scores["mlp", "shuffled"]["gradient"][3]
        scores["transformer", "real"]["gradient"][2:4] = 0  # without shares: no repeats

    results = make(halved)
    assert "S019" in codes(results)
    assert evidence(results, "S019") == (
        "MLP, real: 30 seeds hold 15 different score vectors by gradient. "
        "MLP, shuffled: 30 seeds hold 29 different score vectors by gradient."
    )


def test_identical_seeds(make):
    def same(scores):
        scores["mlp", "real"]["gradient"][:] = scores["mlp", "real"]["gradient"][0]

    results = make(same)
    assert "S001" in codes(results)
    assert "MLP, real: all 30 seeds have the same scores by gradient." in evidence(results, "S001")
    assert "Transformer" not in evidence(results, "S001")


def test_seeds_that_have_not_learned(make):
    results = make(r_squared={"mlp": [0.5, 0.5, *[0.9] * 27, 0.1]})
    assert codes(results) == {"S002"}
    assert "MLP: 3 of 30 (seeds 0-1,29) have an R² on the test rows below 0.72" in evidence(
        results, "S002"
    )


def test_a_network_that_explains_nothing_has_not_learned_where_least_squares_does_not(make):
    low = {"mlp": [0.05, *[0.09] * 29], "transformer": [0.08] * 30}
    results = make(r_squared=low, least_squares=-0.3)
    assert "MLP: 1 of 30 (seed 0) have an R² on the test rows below 0.08" in evidence(
        results, "S002"
    )


def test_collinear_features(make):
    results = make(traits=[("sex", 1.0, 0.95), ("age", 0.1, 0.5)])
    assert codes(results) == {"S005"}
    assert "sex (R² 0.950)" in evidence(results, "S005")
    assert "age" not in evidence(results, "S005")


def test_negative_permutation_scores(make):
    def negative(scores):
        scores["mlp", "real"]["permutation"][4, 0] = -0.01

    results = make(negative)
    assert codes(results) == {"S006"}
    assert "permutation: 1 of 480 scores are below 0 (sex)" in evidence(results, "S006")


def test_agreement_near_its_bound(make):
    def ordered(scores):
        vectors = scores["mlp", "real"]["gradient"]
        vectors[:] = np.arange(8) + 1.0
        vectors[0] = [1, 2, 3, 4, 5, 6, 8, 7]  # one seed turns one pair round

    results = make(ordered)
    assert "S007" in codes(results)
    assert "MLP by gradient (features)" in evidence(results, "S007")


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (5, "below 10 there is no interval of a mean"),
        (15, "With 15 seeds no outcome could support a claim that needs 80% of them."),
    ],
)
def test_too_few_seeds(make, seeds, said):
    def fewer(scores):
        for by_method in scores.values():
            for method in by_method:
                by_method[method] = by_method[method][:seeds]

    results = make(fewer)
    assert "S008" in codes(results)
    assert said in evidence(results, "S008")
    if seeds == 15:
        advice = [
            warning.advice for warning in warnings(Overview(results)) if warning.code == "S008"
        ]
        assert advice == ["Run at least 16 seeds."]


def test_an_inconclusive_claim_says_what_would_settle_it(make):
    def less(scores):
        scores["transformer", "real"]["training-gradient"][:3, 1] = 0

    results = make(less)
    found = [warning for warning in warnings(Overview(results)) if warning.code == "S008"]
    assert "met in 27 of 30 seeds" in found[0].evidence
    # z² 0.8 0.2 / (0.9 - 0.8)² = 61.5
    assert "62 seeds would settle it" in found[0].advice


def test_a_contradicted_claim_needs_no_more_seeds(make):
    def never(scores):
        for by_method in scores.values():
            for method in by_method:
                by_method[method] = by_method[method][:12]
        scores["transformer", "real"]["training-gradient"][:, 1] = 0

    assert "S008" not in codes(make(never))


def test_a_network_before_training_that_shows_the_claim(make):
    def shows(scores):
        scores["mlp", "untrained"]["gradient"][:20, 1] += 9

    results = make(shows)
    assert codes(results) == {"S009"}
    assert "before training" in evidence(results, "S009")


def test_a_control_that_shows_the_claim(make):
    def shows(scores):
        scores["mlp", "shuffled"]["gradient"][:20, 1] += 9

    results = make(shows)
    assert codes(results) == {"S009"}
    assert "MLP by gradient (2" in evidence(results, "S009")
    assert "shuffled" in evidence(results, "S009")
    assert "Transformer" not in evidence(results, "S009")


def test_seeds_that_diverged(make):
    results = make(r_squared={"mlp": [np.nan, *[0.9] * 29]})
    assert {"S002", "S010"} == codes(results)
    assert "MLP, real, seed 0" in evidence(results, "S010")


def test_score_vectors_without_a_positive_entry(make):
    def none(scores):
        scores["mlp", "real"]["gradient"][7] = 0

    results = make(none)
    assert codes(results) == {"S011"}
    assert "MLP by gradient (1)" in evidence(results, "S011")


def test_a_claim_that_is_not_tested_and_seeds_without_a_control(make):
    def alone(scores):
        del scores["transformer", "real"], scores["transformer", "shuffled"]
        del scores["transformer", "untrained"]
        for method in scores["mlp", "shuffled"]:
            scores["mlp", "shuffled"][method] = scores["mlp", "shuffled"][method][:29]

    results = make(alone)
    assert codes(results) == {"S012", "S013"}
    assert "model 'transformer'" in evidence(results, "S012")
    assert "MLP" in evidence(results, "S013")


def test_data_without_one_hot_groups_need_no_such_warning(make, people):
    recipe = people.recipe.model_copy(
        update={"variables": [people.recipe.variables[1]], "published": None}
    )

    def one(scores):
        for by_method in scores.values():
            for method in by_method:
                by_method[method] = by_method[method][:, 1:2]

    results = make(one, recipe=recipe)
    assert not {"S003", "S004"} & {warning.code for warning in warnings(Overview(results))}


def test_networks_that_predict_worse_than_the_mean(make):
    results = make(r_squared={"mlp": [0.9] * 27 + [-0.3, 0.0, np.nan]})
    assert codes(results) == {"S002", "S010", "S014"}
    # 27 · 0.9 less 0.3, over 29 that are numbers.
    assert "MLP: 1 of 29 (seed 27) have an R² below 0" in evidence(results, "S014")
    assert "the mean over all seeds is 0.83" in evidence(results, "S014")


@pytest.mark.parametrize(
    ("explained", "read"),
    [
        ({"mlp": 0.1}, "Read Transformer (published), Least squares, which do."),
        ({"mlp": -0.1, "transformer": 0.1}, "Read Least squares, which does."),
    ],
)
def test_models_that_do_not_predict_are_told_what_to_read_in_their_place(make, explained, read):
    results = make(r_squared={model: [value] * 30 for model, value in explained.items()})
    (warning,) = (each for each in warnings(Overview(results)) if each.code == "S017")
    assert f"{read} Another protocol of training, or early stopping (patience" in warning.advice


def test_networks_that_are_stopped_early_are_not_told_to_be(make, tmp_path):
    stopped = {name: with_patience(shipped(name), 3) for name in ("transformer", "mlp")}
    results = make(r_squared={"mlp": [0.1] * 30}, models=stopped)
    (warning,) = (each for each in warnings(Overview(results)) if each.code == "S017")
    assert "early stopping" not in warning.advice
    assert warning.advice.endswith("Another protocol of training may help.")
