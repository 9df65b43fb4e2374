"""Targets that are classes, or whose logarithm is learned."""

import numpy as np
import pandas as pd
import pytest
from class_tables import LEVELS, class_data, flowers, loaded, written
from conftest import ROOT
from sklearn.model_selection import train_test_split

from study.common.task import NUMBER, Task
from study.recipes.base import fingerprint
from study.recipes.claim_text import parse_claim
from study.recipes.find import find_dataset

LOGARITHM = 'scale = "log"\ntolerance = 0.1'


def test_classes_are_numbered_in_the_order_of_the_recipe(tmp_path):
    table = flowers()
    data = loaded(written(tmp_path, table, levels=("elm", "ash", "oak")))
    assert data.task == Task(("elm", "ash", "oak"))
    train, test = train_test_split(
        np.arange(len(table)), test_size=0.25, random_state=0, stratify=table["kind"]
    )
    held = data.pooled[1]
    assert held.dtype == np.float32
    for rows, y in ((train, data.train_y), (test, data.test_y)):
        counts = np.bincount(y.astype(int))
        expected = [(table["kind"][rows] == level).sum() for level in ("elm", "ash", "oak")]
        assert counts.tolist() == expected


def test_a_fraction_of_each_class_tests(tmp_path):
    data = class_data(tmp_path, rows=240)
    every, tested = (np.bincount(y.astype(int)) for y in (data.pooled[1], data.test_y))
    assert (abs(tested - every / 4) < 1).all()


def test_a_number_is_split_as_ever(tmp_path):
    table = flowers().assign(kind=np.arange(120.0) + 1)
    data = loaded(written(tmp_path, table, "tolerance = 0.1"))
    _, test = train_test_split(np.arange(120), test_size=0.25, random_state=0)
    assert sorted(data.test_y - 1) == sorted(test)


@pytest.mark.parametrize("said", ["", 'type = "numeric"\n', "divisor = 1.0\n"])
def test_a_target_that_says_it_is_a_number_has_the_fingerprint_of_one_that_does_not(tmp_path, said):
    table = flowers().assign(kind=np.arange(120.0))
    paths = []
    for name, target in (("plain", "tolerance = 0.1"), ("said", f"{said}tolerance = 0.1")):
        (tmp_path / name).mkdir()
        paths.append(written(tmp_path / name, table, target))
    recipes = [find_dataset(str(path)).recipe for path in paths]
    assert fingerprint(recipes[0]) == fingerprint(recipes[1])
    assert recipes[0].task == NUMBER


def test_shipped_recipes_keep_their_fingerprints():
    """As they were before there were classes."""
    known = {
        name: fingerprint(find_dataset(str(ROOT / "data" / f"{name}.toml")).recipe)[:12]
        for name in ("people", "planted", "diabetes")
    }
    assert known == KNOWN


KNOWN = {"people": "80d8ecdcbde0", "planted": "9c5b39d2b083", "diabetes": "e111021c3a21"}


def test_the_logarithm_of_a_target_is_scaled_and_told_in_its_own_units(tmp_path):
    prices = np.exp(np.random.default_rng(0).normal(3, 1, 120))
    data = loaded(
        written(tmp_path, flowers().assign(kind=prices), f"standardise = true\n{LOGARITHM}")
    )
    assert data.train_y.mean() == pytest.approx(0, abs=1e-6)
    assert data.train_y.std() == pytest.approx(1, rel=1e-6)
    back = data.target_scale.undo(data.pooled[1])
    np.testing.assert_allclose(np.sort(back), np.sort(prices), rtol=1e-5)
    scale = data.target_scale
    train = np.log(scale.undo(data.train_y))
    assert (scale.centre, scale.divisor) == pytest.approx((train.mean(), train.std()), rel=1e-6)


WRONG = {
    "a class that the recipe does not name": (
        flowers().replace({"kind": {"elm": "fir"}}), "", "unknown class 'fir': there is oak, ash, elm"
    ),
    "a class without a value": (
        flowers().assign(kind=lambda of: of["kind"].mask(of.index == 3)), "", "line 5, column kind: the value is missing"
    ),
    "a class of no row": (
        flowers(classes=2), "", "no training row has the kind elm, so that nothing can be learned of it"
    ),
    "a class of one row": (
        pd.concat([flowers(classes=2), flowers(1).assign(kind="elm")]), "", "a single row is of class 'elm'"
    ),
    "one class": (flowers().assign(kind="oak"), "", "every kind is the same"),
    "one level": (flowers(), 'type = "class"\nlevels = ["oak"]', "target.levels: List should have at least 2 items"),
    "a level twice": (flowers(), 'type = "class"\nlevels = ["oak", "oak"]', "target.levels: level named twice: oak"),
    "a class with a tolerance": (
        flowers(), 'type = "class"\nlevels = ["oak", "ash"]\ntolerance = 0.1',
        "target.tolerance: does not belong here, in a target of type class",
    ),
    "levels of a number": (
        flowers(), 'levels = ["oak", "ash"]\ntolerance = 0.1',
        "target.levels: does not belong here, in a target of type numeric",
    ),
    "another type": (
        flowers(), 'type = "rank"\nlevels = ["oak", "ash"]', "target: type should be 'numeric', 'count' or 'class' (it is 'rank')"
    ),
    "a number without a tolerance": (flowers(), "standardise = true", "target.tolerance: missing"),
    "the logarithm of what is not above 0": (
        flowers().assign(kind=np.arange(120)), LOGARITHM, "line 2, column kind: '0' has no logarithm"
    ),
    "another scale": (flowers(), 'scale = "square"\ntolerance = 0.1', "target.scale: should be 'log'"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_target_is_told_in_a_line(tmp_path, command, what):
    table, target, said = WRONG[what]
    path = written(tmp_path, table, target, levels=LEVELS)
    before = sorted(tmp_path.iterdir())
    outcome = command("data", "check", str(path))
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_check_tells_the_counts_of_classes_and_what_a_linear_model_explains(tmp_path, command):
    path = written(tmp_path, flowers())
    outcome = command("data", "check", str(path))
    counts = flowers()["kind"].value_counts()
    told = ", ".join(f"{level} {counts[level]}" for level in LEVELS)
    assert f"kind, a class: {told}\n" in outcome.out
    assert "25% of the rows of each class, drawn at random" in outcome.out
    assert "Logistic regression: D² " in outcome.out


FOR_CLASS = """
[[claims]]
level = "variable"
name = "height"
above = "soil"
for_class = "{level}"
proportion = 0.8
model = "mlp"
method = "{method}"
"""


def test_a_claim_for_a_class_is_read_as_it_is_typed(tmp_path):
    claimed = FOR_CLASS.format(level="elm", method="gradient")
    recipe = loaded(written(tmp_path, flowers(), bottom=claimed)).recipe
    [claim] = recipe.claims
    assert claim.words == "height ranks above soil for class elm"
    assert claim.typed == "height above soil for class elm in 0.8"
    assert parse_claim(claim.typed, recipe, method="gradient", level="variable") == claim


@pytest.mark.parametrize(
    ("level", "method", "target", "said"),
    [
        ("fir", "gradient", "", "for_class: no class is called 'fir': there is oak, ash, elm"),
        ("elm", "permutation-grouped", "", "has no scores by class; gradient, contrast-gradient"),
        ("elm", "training-gradient", "", "has no scores by class; gradient, contrast-gradient"),
        ("elm", "gradient", "tolerance = 0.1", "no class is called 'elm': the target is a number"),
    ],
)
def test_a_claim_for_what_has_no_scores_is_refused(tmp_path, command, level, method, target, said):
    bottom = FOR_CLASS.format(level=level, method=method)
    path = written(tmp_path, flowers(), target, bottom=bottom)
    outcome = command("data", "check", str(path))
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
