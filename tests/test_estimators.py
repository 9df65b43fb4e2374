"""The scikit-learn estimators: scikit-learn's own checks, and the study's own networks."""

import doctest
import inspect
import json
import pickle
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, shipped, train
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import study
from study import estimators
from study.cli.main import main
from study.common.streams import StreamSeeds
from study.engines.lanes.prediction import LanesStack
from study.engines.replicates import Replicate
from study.estimators import MLPRegressor, TransformerRegressor
from study.networks.build import build
from study.store.store import Store

SEEDS = (3, 5)
MODELS = {
    "transformer": TransformerRegressor(),
    "transformer-tokens": TransformerRegressor(positions="tokens"),
    "mlp": MLPRegressor(),
}
QUICK = [TransformerRegressor(epochs=2, random_state=0), MLPRegressor(epochs=2, random_state=0)]
each_model = pytest.mark.parametrize("model", MODELS)
each_regressor = pytest.mark.parametrize("regressor", QUICK, ids=lambda one: type(one).__name__)


# -- scikit-learn's checks -------------------------------------------------------------------

CHECKS = """
import json
from sklearn.utils.estimator_checks import check_estimator
from study import MLPClassifier, MLPRegressor, TransformerClassifier, TransformerRegressor
found = [
    (type(estimator).__name__, one["check_name"], one["status"], repr(one["exception"]))
    for estimator in (
        TransformerRegressor(epochs=30),
        MLPRegressor(epochs=30),
        MLPRegressor(epochs=30, patience=10),
        TransformerClassifier(epochs=30),
        MLPClassifier(epochs=30),
    )
    for one in check_estimator(estimator, on_fail=None, on_skip=None)
]
print(json.dumps(found))
"""


def test_every_check_of_scikit_learn_passes_and_none_is_skipped(monkeypatch):
    """In a process of its own: SciPy reads the variable when it is imported."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # without it one check is skipped
    ran = subprocess.run(
        [sys.executable, "-c", CHECKS], check=True, capture_output=True, text=True, cwd=ROOT
    )
    checks = json.loads(ran.stdout)
    assert [check for check in checks if check[2] != "passed"] == []
    by_estimator = Counter(estimator for estimator, *_ in checks)
    kinds = ("Regressor", "Classifier")
    assert by_estimator.keys() == {
        f"{name}{kind}" for name in ("Transformer", "MLP") for kind in kinds
    }
    assert min(by_estimator.values()) > 50


@each_regressor
def test_no_tag_excuses_an_estimator_from_a_check(regressor):
    tags = regressor.__sklearn_tags__()
    excuses = (tags.non_deterministic, tags.no_validation, tags._skip_test)
    of_kind = tags.regressor_tags or tags.classifier_tags
    assert not any([of_kind.poor_score, *excuses])


# -- the study's networks --------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """What `study run` makes of the shipped recipes, at full length."""
    folder = tmp_path_factory.mktemp("run") / "people"
    arguments = ["--seeds", ",".join(map(str, SEEDS)), "--models", ",".join(MODELS), "--workers=1"]
    data = ["--data", str(ROOT / "data" / "people.toml")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["study", "run", *arguments, *data, "--out", str(folder)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    return folder


@pytest.fixture(scope="module")
def fitted(people) -> dict[tuple[str, int], BaseEstimator]:
    return {
        (model, seed): clone(regressor)
        .set_params(random_state=seed)
        .fit(people.train_x, people.train_y)
        for model, regressor in MODELS.items()
        for seed in SEEDS
    }


@each_model
def test_a_random_state_is_that_seed_of_a_run_bit_for_bit(run, fitted, people, model):
    with Store(run) as store:
        seeds, weights = store.weights(model, "real")
    predictions = LanesStack(build(shipped(model), inputs=8, init=0), weights).predict(
        people.test_x
    )
    assert seeds == list(SEEDS)
    for index, seed in enumerate(seeds):
        estimator = fitted[model, seed]
        assert estimator.seed_ == seed
        assert list(estimator.weights_) == list(weights)
        for name, array in estimator.weights_.items():
            np.testing.assert_array_equal(array, weights[name][index])
        np.testing.assert_array_equal(estimator.predict(people.test_x), predictions[index])


@each_model
def test_losses_are_those_of_the_run(run, fitted, model):
    losses = study.load(run).losses.query("model == @model and condition == 'real'")
    for seed in SEEDS:
        stored = losses[losses["seed"] == seed]
        np.testing.assert_array_equal(fitted[model, seed].loss_epochs_, stored["epoch"])
        np.testing.assert_array_equal(fitted[model, seed].losses_, stored["loss"])


@each_model
def test_permutation_importance_is_that_of_the_run(run, fitted, people, model):
    scores = study.load(run).scores.query(
        "model == @model and condition == 'real' and method == 'permutation' and level == 'feature'"
    )
    stored = scores[scores["seed"] == SEEDS[1]].set_index("name")["score"]
    found = permutation_importance(
        fitted[model, SEEDS[1]],
        people.test_x,
        people.test_y.astype(np.float64),
        n_repeats=people.recipe.permutation.repeats,
        random_state=people.recipe.permutation.random_state,
    )
    np.testing.assert_allclose(
        found.importances_mean, stored[list(people.features)], rtol=0, atol=1e-12
    )


@each_model
def test_each_row_is_predicted_alone(fitted, people, model):
    estimator = fitted[model, SEEDS[0]]
    together = estimator.predict(people.test_x)
    alone = [estimator.predict(people.test_x[[row]])[0] for row in range(len(together))]
    np.testing.assert_array_equal(together, alone)


@each_model
def test_defaults_are_those_of_the_recipes(model):
    recipe, parameters = shipped(model), MODELS[model].get_params()
    assert parameters.pop("random_state") is None
    if "hidden_widths" in parameters:
        parameters["hidden_widths"] = list(parameters["hidden_widths"])
    assert parameters == {**recipe.arguments, **recipe.training.model_dump()}


# -- data, parameters and random states ------------------------------------------------------


@each_regressor
def test_numbers_in_any_form_are_taken_in_single_precision(people, regressor):
    expected = clone(regressor).fit(people.train_x, people.train_y).predict(people.test_x)
    names = list(people.features)
    for x, y, test_x in (
        (people.train_x.astype(np.float64), people.train_y.astype(np.float64), people.test_x),
        (np.asfortranarray(people.train_x), people.train_y.astype(">f4"), people.test_x.tolist()),
        (
            pd.DataFrame(people.train_x, columns=names),
            pd.Series(people.train_y),
            pd.DataFrame(people.test_x, columns=names),
        ),
    ):
        np.testing.assert_array_equal(clone(regressor).fit(x, y).predict(test_x), expected)


@each_regressor
def test_what_single_precision_cannot_hold_is_refused(people, regressor):
    x, y = people.train_x.astype(np.float64), people.train_y.astype(np.float64)
    with pytest.raises(ValueError, match=r"Input X contains infinity or a value too large for"):
        clone(regressor).fit(x * 1e300, y)
    with pytest.raises(ValueError, match=r"Input y contains infinity or a value too large for"):
        clone(regressor).fit(x, y * 1e300)
    with pytest.raises(ValueError, match=r"Input X contains infinity or a value too large for"):
        clone(regressor).fit(x, y).predict(x * 1e300)


@each_regressor
def test_a_training_that_diverges_says_so(people, regressor):
    estimator = clone(regressor).set_params(learning_rate=1e30)
    with pytest.raises(ValueError, match=r"Training diverged.*learning_rate, which is 1e\+30"):
        estimator.fit(people.train_x, people.train_y)


@each_regressor
def test_a_random_state_is_drawn_as_scikit_learn_draws(people, regressor):
    def seed(random_state: Any) -> int:
        estimator = clone(regressor).set_params(random_state=random_state)
        return estimator.fit(people.train_x[:20], people.train_y[:20]).seed_

    assert seed(np.int64(7)) == 7
    assert seed(2**32 - 1) == 2**32 - 1
    assert seed(np.random.RandomState(7)) == np.random.RandomState(7).randint(2**31 - 1)
    assert seed(None) != seed(None)
    for wrong in (-1, 2**32, "seven", np.random.default_rng(0)):
        with pytest.raises(ValueError, match=r"[Ss]eed"):
            seed(wrong)


@pytest.mark.parametrize(
    ("regressor", "error", "message"),
    [
        (MLPRegressor(epochs=0), ValueError, "epochs == 0, must be >= 1"),
        (MLPRegressor(epochs=2.5), TypeError, "epochs must be an instance of int, not float"),
        (MLPRegressor(patience=0), ValueError, "patience == 0, must be >= 1"),
        (MLPRegressor(batch_size=-3), ValueError, "batch_size == -3, must be >= 1"),
        (MLPRegressor(learning_rate=0), ValueError, "learning_rate == 0, must be > 0"),
        (MLPRegressor(learning_rate=np.nan), ValueError, "learning_rate == nan, must be finite"),
        (MLPRegressor(learning_rate="low"), TypeError, "learning_rate must be an instance of"),
        (MLPRegressor(hidden_widths=(5, 0)), ValueError, "hidden_widths == 0, must be >= 1"),
        (MLPRegressor(hidden_widths=5), ValueError, "hidden_widths == 5, must be a list"),
        (TransformerRegressor(layers=0), ValueError, "layers == 0, must be >= 1"),
        (TransformerRegressor(heads=3), ValueError, "token_width must be a multiple of heads"),
        (TransformerRegressor(layer_dropout=1.0), ValueError, "layer_dropout == 1.0, must be < 1"),
        (TransformerRegressor(positions="rows"), ValueError, 'positions must be "batch" or "tok'),
        (TransformerRegressor(positions=None), TypeError, "positions must be an instance of str"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_named_with_its_value(people, regressor, error, message):
    with pytest.raises(error, match=message):
        regressor.fit(people.train_x, people.train_y)


@each_regressor
def test_an_estimator_with_patience_is_that_seed_of_a_recipe_with_it(people, regressor):
    estimator = clone(regressor).set_params(epochs=60, patience=4, random_state=1)
    estimator.fit(people.train_x, people.train_y)
    name = "mlp" if isinstance(regressor, MLPRegressor) else "transformer"
    recipe = shipped(name, epochs=60, patience=4)
    trained = train(recipe, [Replicate("real", StreamSeeds.of(1))], people)
    assert trained.epochs < 60
    assert len(estimator.losses_) == trained.epochs
    np.testing.assert_array_equal(estimator.losses_, trained.losses[0, : trained.epochs[0]])
    for key, array in estimator.weights_.items():
        np.testing.assert_array_equal(array, trained.weights[key][0])


def test_a_fitted_estimator_is_what_it_was_fitted_as(people):
    estimator = TransformerRegressor(epochs=2, random_state=0).fit(people.train_x, people.train_y)
    expected = estimator.predict(people.test_x)
    estimator.set_params(heads=1, positions="tokens", layers=3)
    np.testing.assert_array_equal(estimator.predict(people.test_x), expected)


@each_regressor
def test_a_fitted_estimator_can_be_kept_and_is_small(people, regressor, tmp_path):
    estimator = clone(regressor).fit(people.train_x, people.train_y)
    expected = estimator.predict(people.test_x)
    content = pickle.dumps(estimator)
    assert b"torch" not in content
    assert len(content) < 10_000
    joblib.dump(estimator, tmp_path / "estimator.joblib")
    for other in (pickle.loads(content), joblib.load(tmp_path / "estimator.joblib")):
        np.testing.assert_array_equal(other.predict(people.test_x), expected)
    assert not hasattr(clone(estimator), "weights_")


# -- beside scikit-learn's own ---------------------------------------------------------------


def scaled(regressor: BaseEstimator) -> TransformedTargetRegressor:
    pipeline = make_pipeline(StandardScaler(), regressor)
    return TransformedTargetRegressor(pipeline, transformer=StandardScaler())


@pytest.mark.parametrize(
    "regressor",
    [TransformerRegressor(epochs=20, random_state=0), MLPRegressor(epochs=10, random_state=0)],
    ids=lambda one: type(one).__name__,
)
def test_diabetes_is_learned_about_as_well_as_by_least_squares(regressor):
    x, y = load_diabetes(return_X_y=True)
    reference = cross_val_score(LinearRegression(), x, y).mean()
    assert cross_val_score(scaled(regressor), x, y).mean() > reference - 0.1


def test_a_grid_is_searched_in_processes():
    x, y = load_diabetes(return_X_y=True)
    path = "regressor__mlpregressor__"
    grid = {path + "hidden_widths": [(3,), (3, 3)], path + "epochs": np.array([2, 5])}
    searches = [
        GridSearchCV(scaled(MLPRegressor(random_state=0)), grid, cv=2, n_jobs=jobs).fit(x, y)
        for jobs in (1, 2)
    ]
    one, two = (search.cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_array_equal(one, two)
    assert len(set(one)) == 4


# -- import and documentation ----------------------------------------------------------------


def test_the_estimators_are_imported_when_they_are_asked_for():
    code = (
        "import sys, study\n"
        "assert {'MLPRegressor', 'TransformerRegressor', 'load'} <= set(dir(study))\n"
        "assert not {'numpy', 'sklearn', 'torch'} & set(sys.modules)\n"
        "from study import MLPRegressor\n"
        "assert MLPRegressor is study.estimators.MLPRegressor\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    with pytest.raises(AttributeError, match="module 'study' has no attribute 'Regressor'"):
        study.Regressor  # noqa: B018


@pytest.mark.parametrize("name", ["TransformerRegressor", "MLPRegressor"])
def test_the_examples_of_the_docstrings_run(name):
    found = doctest.DocTestFinder(recurse=False).find(getattr(estimators, name), name, globs={})
    results = doctest.DocTestRunner().run(found[0])
    assert results.attempted > 5
    assert results.failed == 0


@each_regressor
def test_help_names_every_parameter_with_its_default_and_every_fitted_attribute(people, regressor):
    said = inspect.getdoc(type(regressor))
    for name, default in type(regressor)().get_params().items():
        shown = f'"{default}"' if isinstance(default, str) else str(default)
        assert re.search(rf"^{name} : .*, default={re.escape(shown)}$", said, re.MULTILINE)
    frame = pd.DataFrame(people.train_x, columns=list(people.features))
    fitted = clone(regressor).fit(frame, people.train_y)
    for name in [name for name in vars(fitted) if name.endswith("_")]:
        assert re.search(rf"^{name} : ", said, re.MULTILINE)
