"""Estimators on the columns of a table, against scikit-learn and the boosters on its data frame."""

import re
from pathlib import Path

import homes
import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostRegressor
from conftest import ROOT
from lightgbm import LGBMRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score
from threadpoolctl import threadpool_limits
from xgboost import XGBRegressor

from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.common.task import NUMBER
from study.datasets.dataset import Dataset, load_dataset
from study.engines.estimator_settings import set_seed, settle
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.importance.measure import measure_trained
from study.recipes.find import find_dataset
from study.recipes.model import EstimatorRecipe
from study.store.store import Store

METHODS = ("permutation-grouped", "conditional-permutation", "leave-out", "shapley")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("homes")
    homes.write_homes(found / "data")
    for name, (estimator, rest) in homes.MODELS.items():
        homes.write_model(found / "models" / f"{name}.toml", estimator, rest)
    return found


@pytest.fixture(scope="module")
def dataset(folder) -> Dataset:
    return load_dataset(find_dataset(str(folder / "data" / "homes.toml")).recipe, folder / "data")


def engine_of(dataset: Dataset, recipe: EstimatorRecipe):
    return engine_for(
        recipe, len(dataset.features), gaps=dataset.gaps, columns=dataset.columns, task=NUMBER
    )


def on_columns(estimator: str, **arguments: object) -> EstimatorRecipe:
    return EstimatorRecipe(title="Own", estimator=estimator, arguments=arguments, inputs="columns")


def test_six_estimators_join_a_study_by_being_named(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    names = ",".join(homes.MODELS)
    further = "conditional-permutation,leave-out,shapley"
    outcome = command(
        "run", "--data", "homes", "--models", names, "--methods", further, "--seeds", "2",
        "--splits", "0", "--shuffles", "0", "--workers", "1", "--out", "own",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    assert "valid feature names" not in outcome.out + outcome.err
    assert "LightGBM" not in outcome.out
    with Store(folder / "own") as store:
        scores = store.frame("scores")
    assert np.isfinite(scores["score"]).all()
    for name in homes.MODELS:
        own = scores[(scores["model"] == name) & (scores["condition"] == "real")]
        by_column = {"permutation"} if name == "forest" else set()
        assert set(own["method"]) == {*METHODS, *by_column}
        for method in METHODS:
            assert set(own.loc[own["method"] == method, "item"]) == {"area", "town", "rooms"}
        seeds = own.pivot(index=["method", "item"], columns="init", values="score")
        assert (seeds[0] != seeds[1]).any()
    assert {path.name for path in folder.iterdir()} == {"data", "models", "own"}
    checked = command("check", "own", "--trust", "--data", "data/homes.toml", "--retrain", "1")
    for name in homes.MODELS:
        assert re.search(rf"passed +C014 +{name}, 1 trained again.*bitwise", checked.out)


CATEGORIES = "(missing)"
DIRECT = {
    "homes:encoded": (lambda seed: homes.encoded().set_params(histgradientboostingregressor__random_state=seed), {}),
    "xgboost:XGBRegressor": (lambda seed: XGBRegressor(n_estimators=4, subsample=0.5, enable_categorical=True, n_jobs=1, random_state=seed), {"n_estimators": 4, "subsample": 0.5}),
    "lightgbm:LGBMRegressor": (lambda seed: LGBMRegressor(n_estimators=4, subsample=0.5, subsample_freq=1, verbose=-1, n_jobs=1, random_state=seed), {"n_estimators": 4, "subsample": 0.5, "subsample_freq": 1}),
    "catboost:CatBoostRegressor": (lambda seed: CatBoostRegressor(iterations=4, cat_features=["town"], random_seed=seed, verbose=False, thread_count=1, allow_writing_files=False), {"iterations": 4}),
}  # fmt: skip


@pytest.mark.parametrize("estimator", DIRECT)
@threadpool_limits.wrap(limits=1)
def test_a_seed_is_the_estimator_on_the_data_frame_with_that_random_state(
    folder, dataset, estimator
):
    make, arguments = DIRECT[estimator]
    engine = engine_of(dataset, on_columns(estimator, **arguments))
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in (3, 4)]
    x, y = dataset.pooled
    trained = engine.train(replicates, x, y, tested=len(dataset.test_y))
    found = measure_trained(
        engine, trained, dataset, replicates, methods=("permutation-grouped", "leave-out")
    )
    scores = {of.method: of.score for of in found.importances}
    (train_x, train_y), (test_x, test_y) = (
        homes.read_homes(folder / "data", part) for part in ("train", "test")
    )
    if "catboost" in estimator:  # which takes no NaN in a category
        train_x, test_x = (
            of.assign(town=of["town"].cat.add_categories(CATEGORIES).fillna(CATEGORIES))
            for of in (train_x, test_x)
        )
    for place, seed in enumerate((3, 4)):
        model = make(seed).fit(train_x, train_y)
        drops = permutation_importance(
            model, test_x, test_y, scoring="r2", n_repeats=2,
            random_state=dataset.recipe.permutation.random_state,
        )  # fmt: skip
        np.testing.assert_allclose(
            scores["permutation-grouped"][place], drops.importances_mean, atol=2e-5
        )
        whole = r2_score(test_y, model.predict(test_x))
        without = []
        for name in test_x:
            constant = {name: train_x[name].mode()[0]}
            frames = train_x.assign(**constant), test_x.assign(**constant)
            if name == "town":
                frames = tuple(of.assign(town=pd.Categorical(of["town"])) for of in frames)
            other = make(seed).fit(frames[0], train_y)
            without.append(whole - r2_score(test_y, other.predict(frames[1])))
        np.testing.assert_allclose(scores["leave-out"][place], without, atol=2e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_column_moves_whole_by_every_method(dataset, monkeypatch, method):
    """No row that an estimator is asked for has two levels, or a value where it has a gap."""
    from study.engines.column_estimators import OnColumns

    engine = engine_of(dataset, on_columns("homes:encoded"))
    seen: list[np.ndarray] = []
    predict = OnColumns.predict
    monkeypatch.setattr(OnColumns, "predict", lambda self, x: seen.append(x) or predict(self, x))
    replicates = [Replicate("real", StreamSeeds.of(0))]
    x, y = dataset.pooled
    trained = engine.train(replicates, x, y, tested=len(dataset.test_y))
    measure_trained(engine, trained, dataset, replicates, methods=(method,))
    area, town, _ = dataset.groups
    rows = np.concatenate(seen)
    held = dataset.train_x.mean(axis=0)[list(town)] if method == "leave-out" else None
    whole = (np.sort(rows[:, town], axis=1) == [0, 0, 0, 1]).all(axis=1)
    if held is not None:
        whole |= (rows[:, town] == held).all(axis=1)
    assert whole.all()
    imputed = dataset.train_x[dataset.train_x[:, area[1]] == 1][0, area[0]]
    gone = rows[:, area[1]] == 1
    assert (rows[gone, area[0]] == imputed).all()
    assert len(rows) > 2 * len(dataset.test_y)


def test_an_estimator_on_columns_predicts_in_the_units_of_the_target(dataset):
    """A logarithm within it would refuse the scaled target, half of which is below 0."""
    engine = engine_of(dataset, on_columns("lightgbm:LGBMRegressor", objective="poisson"))
    engine.check(dataset, known=False)
    scaled = engine_of(dataset, EstimatorRecipe(title="Own", estimator="lightgbm:LGBMRegressor", arguments={"objective": "poisson"}))  # fmt: skip
    with pytest.raises(InputError, match="poisson"):
        scaled.check(dataset, known=False)


def test_boosters_have_one_thread_unless_told_otherwise(dataset):
    x, y = dataset.pooled
    replicates = [Replicate("real", StreamSeeds.of(0))]
    for estimator, name in (
        ("lightgbm:LGBMRegressor", "n_jobs"),
        ("xgboost:XGBRegressor", "n_jobs"),
        ("catboost:CatBoostRegressor", "thread_count"),
    ):
        for given, expected in (({}, 1), ({name: 2}, 2)):
            recipe = on_columns(estimator, n_estimators=1, **given)
            trained = engine_of(dataset, recipe).train(replicates, x, y, tested=len(dataset.test_y))
            assert trained.fitted[0].estimator.get_params()[name] == expected


def test_estimators_of_scikit_learn_are_left_as_they_are_but_for_their_seeds():
    """Some of its classes warn of any n_jobs."""
    search = homes.search()
    before = {key: repr(of) for key, of in search.get_params().items()}
    set_seed(search, 7)
    settle(search)
    after = search.get_params()
    named = {key for key in after if key.endswith("random_state")}
    assert {after[key] for key in named} == {7}
    parts = {key for key, of in after.items() if hasattr(of, "get_params") or key.endswith("steps")}
    assert {key for key, of in after.items() if repr(of) != before[key]} - parts == named


def test_a_booster_within_a_bag_gets_the_seed_that_it_does_not_list():
    bag = BaggingRegressor(CatBoostRegressor(iterations=3))
    assert "estimator__random_state" not in bag.get_params()
    set_seed(bag, 7)
    settle(bag)
    assert (bag.random_state, bag.estimator.get_params()["random_state"]) == (7, 7)
    assert bag.estimator.get_params()["allow_writing_files"] is False


def test_early_stopping_without_rows_to_stop_by_is_refused_with_what_helps(dataset):
    recipe = on_columns("xgboost:XGBRegressor", early_stopping_rounds=3)
    with pytest.raises(InputError) as refused:
        engine_of(dataset, recipe).check(dataset, known=False)
    assert "leave early_stopping_rounds out" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_estimator_that_is_not_the_same_again_is_told(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    homes.write_model(folder / "models" / "unseeded.toml", "homes:unseeded")
    for model, told in (("unseeded", True), ("encoded", False)):
        outcome = command("model", "check", model, "--data", "homes")
        assert outcome.status == 0
        assert ("N018 fitted twice by one seed, it predicts otherwise" in outcome.out) == told
    planned = command("plan", "--data", "homes", "--models", "unseeded", "--seeds", "1", "--splits", "0", "--shuffles", "0")  # fmt: skip
    assert "unseeded: N018 fitted twice" in planned.out
    (folder / "models" / "unseeded.toml").unlink()


def test_the_recipes_of_the_documentation_can_be_fitted(command):
    content = (ROOT / "docs" / "scikit-learn.md").read_text()
    section = content.partition("## Pipelines, searches and boosters")[2]
    homes.write_homes(Path("data"))
    (module,) = re.findall(r"```python\n# my_models.py\n(.*?)```", section, flags=re.DOTALL)
    Path("my_models.py").write_text(module)
    recipes = re.findall(r"```toml\n(.*?)```", section, flags=re.DOTALL)
    assert len(recipes) == 2
    for recipe in recipes:
        Path("own.toml").write_text(recipe.replace("= 200", "= 3"))
        outcome = command("model", "check", "own.toml", "--data", "homes")
        assert outcome.status == 0, outcome.err
        assert "N018" not in outcome.out


def test_lightgbm_that_draws_no_rows_is_told_of_with_the_remedy(dataset):
    """LightGBM leaves subsample unused without subsample_freq, so that all seeds are one."""
    half = {"n_estimators": 3, "subsample": 0.5}
    for arguments, told in ((half, True), (half | {"subsample_freq": 1}, False)):
        engine = engine_of(dataset, on_columns("lightgbm:LGBMRegressor", **arguments))
        x, y = dataset.pooled
        replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in (1, 2)]
        trained = engine.train(replicates, x, y, tested=len(dataset.test_y))
        first, second = engine.stack(trained).predict(dataset.test_x)
        assert np.array_equal(first, second) == told
        assert ("subsample_freq" in (engine.note or "")) == told
