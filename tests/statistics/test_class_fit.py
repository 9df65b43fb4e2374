"""Probabilities of raw outputs, and the fit of classes, against scipy and scikit-learn."""

import warnings

import numpy as np
import pytest
import sklearn.metrics as metrics
from scipy.special import expit, log_softmax

from study.statistics.class_fit import MEASURES, auc, d_squared
from study.statistics.probabilities import probabilities, raw_outputs

# Ties among probabilities as a rounded logit gives, and some that are nearly certain.
SHAPES = [(classes, rows) for classes in (2, 3, 10) for rows in (60, 400)]


def made(classes: int, rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes (rows,), probabilities of four networks, and whole-numbered weights (rows,)."""
    generator = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), generator.integers(classes, size=rows - classes)])
    raw = generator.normal(scale=3, size=(4, rows, classes) if classes > 2 else (4, rows))
    raw[1] = np.round(raw[1])
    raw[2] *= 30
    return y.astype(np.float32), probabilities(raw, classes), generator.integers(1, 4, size=rows)


def by_scikit_learn(
    name: str, y: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None
) -> float:
    """The same measure of one network by scikit-learn's function."""
    classes = np.arange(predicted.shape[1])
    scores = predicted[:, 1] if len(classes) == 2 else predicted
    y = y.astype(int)
    if name == "d_squared":
        return metrics.d2_log_loss_score(y, predicted, labels=classes, sample_weight=weights)
    if name == "log_loss":
        return metrics.log_loss(y, predicted, labels=classes, sample_weight=weights)
    if name == "brier":
        return metrics.brier_score_loss(y, scores, labels=classes, sample_weight=weights)
    if name == "auc" and weights is not None and len(classes) > 2:
        # One class against the rest, as its multi_class="ovr" does, which takes weights, too.
        return np.mean(
            [metrics.roc_auc_score(y == k, predicted[:, k], sample_weight=weights) for k in classes]
        )
    if name == "auc":
        return metrics.roc_auc_score(
            y, scores, multi_class="ovr", average="macro", sample_weight=weights
        )
    if name == "majority":
        from sklearn.dummy import DummyClassifier

        dummy = DummyClassifier(strategy="most_frequent").fit(predicted, y, weights)
        return dummy.score(predicted, y, weights)
    function = getattr(metrics, f"{name}_score")
    return function(y, predicted.argmax(axis=1), sample_weight=weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("classes", "rows"), SHAPES)
@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_is_what_scikit_learn_gives_one_network_at_a_time(
    name: str, classes: int, rows: int, weighted: bool
) -> None:
    y, predicted, whole = made(classes, rows)
    weights = whole if weighted else None
    found = MEASURES[name](y, predicted, weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of probabilities that sum to 1 but for rounding
        expected = [by_scikit_learn(name, y, own, weights) for own in predicted]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", MEASURES)
def test_weights_of_whole_numbers_are_rows_that_are_repeated(name: str, classes: int) -> None:
    y, predicted, weights = made(classes, 80)
    repeated = np.repeat(np.arange(80), weights)
    np.testing.assert_allclose(
        MEASURES[name](y, predicted, weights),
        MEASURES[name](y[repeated], predicted[:, repeated]),
        rtol=1e-12,
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", MEASURES)
def test_networks_may_have_rows_of_their_own(name: str, classes: int) -> None:
    one, other = made(classes, 80, seed=1), made(classes, 80, seed=2)
    y = np.stack([one[0], other[0]])
    predicted = np.stack([one[1][0], other[1][0]])
    weights = np.stack([one[2], other[2]])
    apart = [
        MEASURES[name](*arrays)[0]
        for arrays in ((one[0], one[1][:1], one[2]), (other[0], other[1][:1], other[2]))
    ]
    np.testing.assert_allclose(MEASURES[name](y, predicted, weights), apart, rtol=1e-13)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_network_that_predicts_no_number_has_no_fit_and_the_others_keep_theirs(
    name: str, classes: int, wrong: float
) -> None:
    y, _, _ = made(classes, 60)
    raw = np.random.default_rng(3).normal(size=(2, 60, classes) if classes > 2 else (2, 60))
    alone = MEASURES[name](y, probabilities(raw[:1], classes))
    raw[1, 7] = wrong
    found = MEASURES[name](y, probabilities(raw, classes))
    assert np.isnan(found[1])
    np.testing.assert_allclose(found[0], alone[0], rtol=1e-14)


def test_of_rows_of_one_class_nothing_is_explained_and_there_is_no_area() -> None:
    y = np.zeros(20)
    predicted = probabilities(np.random.default_rng(0).normal(size=(1, 20)), 2)
    assert not np.isfinite(d_squared(y, predicted)).any()
    assert np.isnan(auc(y, predicted)).all()


def test_a_class_without_a_row_is_left_out_of_the_mean_area() -> None:
    y, predicted, _ = made(3, 60)
    kept = y < 2
    areas = [metrics.roc_auc_score(y[kept] == k, predicted[0][kept, k]) for k in (0, 1)]
    np.testing.assert_allclose(auc(y[kept], predicted[:1][:, kept]), np.mean(areas), rtol=1e-12)


def test_probabilities_of_two_classes_are_the_logistic_function_and_of_more_softmax() -> None:
    raw = np.array([-800.0, -2.0, 0.0, 3.0, 800.0])
    np.testing.assert_allclose(probabilities(raw, 2)[:, 1], expit(raw), rtol=1e-15)
    np.testing.assert_allclose(probabilities(raw, 2)[:, 0], expit(-raw), rtol=1e-15)
    logits = np.array([[1000.0, 998.0, -1000.0], [0.1, 0.2, 0.3]], dtype=np.float32)
    expected = np.exp(log_softmax(logits.astype(np.float64), axis=-1))
    np.testing.assert_allclose(probabilities(logits, 3), expected, rtol=1e-14)


def test_a_constant_added_to_all_logits_changes_no_probability() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 5, 4))
    np.testing.assert_allclose(probabilities(logits + 7, 4), probabilities(logits, 4), rtol=1e-13)


@pytest.mark.parametrize("classes", [2, 5])
def test_raw_outputs_of_probabilities_give_these_back(classes: int) -> None:
    given = np.random.default_rng(0).dirichlet(np.ones(classes), size=(2, 30))
    np.testing.assert_allclose(probabilities(raw_outputs(given), classes), given, rtol=1e-12)


@pytest.mark.parametrize("classes", [2, 5])
def test_certain_probabilities_have_finite_raw_outputs_and_the_loss_of_scikit_learn(
    classes: int,
) -> None:
    given = np.eye(classes)[None]
    raw = raw_outputs(given)
    assert np.isfinite(raw).all()
    wrong = np.roll(np.arange(classes), 1)
    found = MEASURES["log_loss"](wrong, probabilities(raw, classes))
    expected = metrics.log_loss(wrong, given[0], labels=np.arange(classes))
    np.testing.assert_allclose(found, [expected], rtol=1e-12)
    single = given.astype(np.float32)
    found = MEASURES["log_loss"](wrong, probabilities(raw_outputs(single), classes))
    expected = metrics.log_loss(wrong, single[0], labels=np.arange(classes))
    np.testing.assert_allclose(found, [expected], rtol=1e-6)
