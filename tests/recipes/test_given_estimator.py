"""Estimators that are given as objects, against what a recipe says of them."""

import pickle
import subprocess
import sys
from functools import partial

import homes
import numpy as np
import pytest
from conftest import ROOT
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVR

from study.common.errors import InputError
from study.datasets.dataset import load_dataset
from study.execution import prepare, run
from study.execution.plan import ordinary
from study.recipes.base import fingerprint
from study.recipes.find import find_dataset
from study.recipes.given_estimator import given_estimator
from study.recipes.model import EstimatorRecipe, GivenEstimator, read_model


def times(function):
    """A pipeline that no import path makes."""
    return make_pipeline(FunctionTransformer(function), RandomForestRegressor(3))


def doubling(factor: int):
    return times(lambda x: x * factor)


def test_what_class_and_arguments_say_is_as_if_a_recipe_named_it():
    made = given_estimator(
        "own", RandomForestRegressor(7, max_depth=2, random_state=5, n_jobs=None)
    )
    assert made == EstimatorRecipe(
        title="own",
        estimator="sklearn.ensemble._forest:RandomForestRegressor",
        arguments={"n_estimators": 7, "max_depth": 2},
        inputs="features",
    )
    assert given_estimator("own", HistGradientBoostingRegressor()).inputs == "columns"


def test_a_pipeline_is_held_as_an_object_and_stored_as_a_description():
    given = homes.encoded()
    made = given_estimator("own", given)
    assert isinstance(made, GivenEstimator)
    assert made.prototype is not given
    assert made.given["histgradientboostingregressor__max_iter"] == "4"
    assert not any("random_state" in key for key in made.given)
    stored = read_model(made.model_dump_json())
    assert stored.given == made.given
    assert stored.prototype is None
    assert fingerprint(stored) == fingerprint(made)


def test_what_differs_in_any_part_has_another_fingerprint():
    some = [
        homes.encoded(4),
        homes.encoded(5),
        homes.search(),
        homes.encoded().set_params(memory="x"),
    ]
    factors = [
        make_pipeline(FunctionTransformer(of), SVR()) for of in (lambda x: x, lambda x: x + 1)
    ]
    made = [
        doubling(2),
        doubling(3),
        times(partial(np.multiply, 2)),
        times(partial(np.multiply, 3)),
    ]
    prints = [fingerprint(given_estimator("own", of)) for of in (*some, *factors, *made)]
    assert len(set(prints)) == len(prints)
    for dtype in (float, object):
        grids = [np.array(of, dtype) for of in ([0.1, 1.0], [0.1, 2.0], [[0.1], [1.0]])]
        of_grids = {fingerprint(given_estimator("own", times(partial(np.add, of)))) for of in grids}
        assert len(of_grids) == len(grids)
    seeded = homes.encoded().set_params(histgradientboostingregressor__random_state=8)
    assert fingerprint(given_estimator("own", seeded)) == prints[0]


def test_what_holds_itself_has_a_fingerprint():
    def again(x):
        return x if x.sum() > 0 else again(-x)

    prints = {fingerprint(given_estimator("own", times(again))) for _ in range(2)}
    assert len(prints) == 1


def test_the_fingerprint_is_the_same_in_every_process():
    text = (
        "import homes; from study.recipes.base import fingerprint\n"
        "from study.recipes.given_estimator import given_estimator\n"
        "print(fingerprint(given_estimator('own', homes.search())))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", text],
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said == [fingerprint(given_estimator("own", homes.search()))] * 2


@pytest.mark.parametrize("given", [3, RandomForestRegressor, object()])
def test_what_is_no_estimator_is_refused_in_a_line(given):
    with pytest.raises(InputError, match="model 'own': no estimator of scikit-learn") as refused:
        given_estimator("own", given)
    assert "\n" not in str(refused.value)


def ran(folder, models, workers: int):
    """The scores of a run of models on the homes, by one or more processes."""
    found = find_dataset(str(folder / "data" / "homes.toml"))
    dataset = load_dataset(found.recipe, folder / "data")
    directory = folder / f"run-{workers}"
    store, plan = prepare.prepare(
        directory, "homes", dataset, models, ordinary(range(2)), device="cpu", fresh=False
    )
    with store:
        outcome = run.run(store, dataset, plan.blocks, workers=workers, report=lambda _: None)
        assert not outcome.failed
        return store.frame("scores")


def test_a_given_pipeline_runs_and_only_retraining_is_refused_of_the_stored_run(tmp_path, command):
    homes.write_homes(tmp_path / "data")
    models = {"own": given_estimator("own", homes.encoded())}
    scores = ran(tmp_path, models, workers=1)
    named = EstimatorRecipe(title="own", estimator="homes:encoded", inputs="columns")
    same = ran(tmp_path, {"own": named}, workers=2)
    keys = ["condition", "init", "method", "item"]
    alike = [of.set_index(["model", *keys]).sort_index()["score"] for of in (scores, same)]
    np.testing.assert_array_equal(alike[0], alike[1])
    assert command("report", "run-1").status == 0
    page = (tmp_path / "run-1" / "report.html").read_text()
    assert "Pipeline of scikit-learn (given as an object)" in page
    checked = command("check", "run-1", "--data", "data/homes.toml", "--retrain", "1")
    assert "own cannot be made again, and is left out below" in checked.out
    assert "it was given as an object" in checked.out
    again = command("run", "--out", "run-1", "--data", "homes", "--models", "own", "--seeds", "3")
    assert again.status == 2
    assert again.err.count("\n") == 1


def test_a_pipeline_with_a_lambda_goes_to_processes_of_its_own(tmp_path):
    """Two workers, whatever a pickle of the standard library refuses."""
    homes.write_homes(tmp_path / "data")
    text = homes.RECIPE.replace('missing = "indicator"', 'missing = "drop"', 1)
    (tmp_path / "data" / "homes.toml").write_text(text)
    numbers = homes.unseeded().steps[0][1]
    given = make_pipeline(numbers, FunctionTransformer(lambda x: x * 2), RandomForestRegressor(3))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(given)
    one, two = (
        ran(tmp_path, {"own": given_estimator("own", given)}, workers) for workers in (1, 2)
    )
    keys = ["model", "condition", "init", "method", "item"]
    np.testing.assert_array_equal(
        *(of.set_index(keys).sort_index()["score"].to_numpy() for of in (one, two))
    )


def test_an_estimator_without_parts_takes_features():
    assert given_estimator("own", LinearRegression()).inputs == "features"
