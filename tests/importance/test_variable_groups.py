"""Groups of variables: permuted, scored and claimed together."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score

from study.analysis.vectors import stored_vectors
from study.common.errors import InputError
from study.datasets.dataset import Dataset, load_dataset
from study.importance.models import Models
from study.importance.permutation import importances, rows_predicted
from study.importance.sample import Sample
from study.recipes.base import fingerprint
from study.recipes.claim_text import parse_claim
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

RECIPE = """
title = "Spending"
source = "made up"
[table]
train = "train.csv"
test = "test.csv"
[[variables]]
name = "age"
type = "numeric"
[[variables]]
name = "income"
type = "numeric"
[[variables]]
name = "town"
type = "one-hot"
levels = ["Bruges", "Ghent", "Ostend"]
[[variables]]
name = "wealth"
type = "numeric"
{groups}
[target]
name = "spent"
tolerance = 0.1
[claim]
level = "{level}"
name = "{name}"
rank = 1
proportion = 0.8
model = "linear"
method = "permutation-grouped"
[permutation]
repeats = 4
random_state = 1
"""
GROUPS = '[variable_groups]\nmoney = ["income", "wealth"]\n'


def people(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    income = draw.normal(0, 1, rows)
    table = pd.DataFrame(
        {
            "age": draw.normal(0, 1, rows),
            "income": income,
            "town": np.array(["Bruges", "Ghent", "Ostend"])[np.arange(rows) % 3],
            "wealth": income + draw.normal(0, 0.1, rows),
        }
    )
    return table.assign(spent=table.age + 0.6 * table.income + 0.6 * table.wealth)


def write(folder: Path, groups: str = GROUPS, level: str = "group", name: str = "money") -> Path:
    people(90, 0).to_csv(folder / "train.csv", index=False)
    people(60, 1).to_csv(folder / "test.csv", index=False)
    path = folder / "spending.toml"
    path.write_text(RECIPE.format(groups=groups, level=level, name=name))
    return path


def recipe_of(folder: Path, **keys: str) -> DatasetRecipe:
    return find_dataset(str(write(folder, **keys))).recipe


WEIGHTS = np.array([1, 0.6, 0.1, 0, -0.2, 0.6])


def measured(data: Dataset):
    class Linear:
        at_once = 0

    def predict(x):
        return (x.astype(np.float64) @ WEIGHTS)[None]

    models = Models(Linear(), predict, data, Sample.of(data, ()), np.zeros(0), np.ones(1, bool))
    return importances(models, ["permutation", "permutation-grouped"])


def test_a_group_stands_where_its_first_variable_does_and_others_for_themselves(tmp_path):
    recipe = recipe_of(tmp_path)
    assert recipe.blocks == {"age": ["age"], "money": ["income", "wealth"], "town": ["town"]}
    assert load_dataset(recipe, tmp_path).blocks == {
        "age": (0,),
        "money": (1, 5),
        "town": (2, 3, 4),
    }


def test_all_columns_of_a_group_are_permuted_as_one_as_scikit_learn_permutes_a_column(tmp_path):
    data = load_dataset(recipe_of(tmp_path), tmp_path)
    _, by_variable = measured(data)
    x, y = data.test_x.astype(np.float64), data.test_y

    class ByRow:
        """Looks up what each of three units holds in the row that scikit-learn put there."""

        def fit(self, *_):
            return self

        def predict(self, places):
            columns = {0: [0], 1: [1, 5], 2: [2, 3, 4]}
            looked_up = np.empty_like(x)
            for unit, of in columns.items():
                looked_up[:, of] = x[places[:, unit].astype(int)][:, of]
            return looked_up @ WEIGHTS

    rows = np.tile(np.arange(len(x))[:, None], 3)
    expected = permutation_importance(
        ByRow(), rows, y, n_repeats=4, random_state=1,
        scoring=lambda model, places, y: r2_score(y, model.predict(places)),
    )  # fmt: skip
    age, income, town, wealth, money = by_variable.score[0]
    np.testing.assert_allclose([age, money, town], expected.importances_mean, rtol=1e-9)
    assert money > age > max(income, wealth)  # together they come before what each comes behind
    assert data.recipe.scored("variable") == ["age", "income", "town", "wealth", "money"]


def test_scores_of_variables_are_to_the_bit_those_without_groups(tmp_path):
    grouped = measured(load_dataset(recipe_of(tmp_path), tmp_path))
    plain = measured(load_dataset(recipe_of(tmp_path, groups="", level="variable", name="age"), tmp_path))  # fmt: skip
    np.testing.assert_array_equal(grouped[0].score, plain[0].score)
    np.testing.assert_array_equal(grouped[1].score[:, :4], plain[1].score)


def test_the_rows_to_be_predicted_are_counted(tmp_path):
    data = load_dataset(recipe_of(tmp_path), tmp_path)
    counted = []
    models = Models(
        type("Linear", (), {"at_once": 0})(),
        lambda x: (counted.append(x.shape[-2]), (x @ WEIGHTS)[None])[1],
        data, Sample.of(data, ()), np.zeros(0), np.ones(1, bool),
    )  # fmt: skip
    importances(models, ["permutation"])
    assert sum(counted) == rows_predicted(data)


def test_stored_scores_are_told_by_variable_and_by_group(tmp_path):
    recipe = recipe_of(tmp_path)
    stored = pd.DataFrame(
        [
            *[("m", "real", "permutation-grouped", 0, item, score, None) for item, score in zip(recipe.scored("variable"), [5.0, 2, 1, 3, 7], strict=True)],
            *[("m", "real", "gradient", 0, item, 2.0**place, 0.0) for place, item in enumerate(recipe.features)],
        ],
        columns=["model", "condition", "method", "seed", "item", "score", "signed"],
    )  # fmt: skip
    found = {key[2:]: vectors for key, vectors in stored_vectors(stored, recipe)}
    assert found["permutation-grouped", "variable"].score.tolist() == [[5, 2, 1, 3]]
    assert found["permutation-grouped", "group"].items == ["age", "money", "town"]
    assert found["permutation-grouped", "group"].score.tolist() == [[5, 7, 1]]
    assert found["gradient", "group"].score.tolist() == [[1, 2 + 32, 4 + 8 + 16]]


def test_a_claim_may_be_of_a_group(tmp_path):
    recipe = recipe_of(tmp_path)
    assert parse_claim("money rank 1 in 0.8", recipe).level == "group"
    assert parse_claim("income rank 1 in 0.8", recipe).level == "variable"
    assert parse_claim("money above town in 0.8", recipe, method="gradient").names == [
        "money",
        "town",
    ]


def test_a_recipe_without_groups_keeps_its_fingerprint(tmp_path):
    text = write(tmp_path, groups="", level="variable", name="age").read_text()
    said = DatasetRecipe.model_validate(tomllib.loads(text)).model_dump(exclude_defaults=True)
    assert "variable_groups" not in said
    with_groups, without = recipe_of(tmp_path), recipe_of(tmp_path, groups="", level="variable", name="age")  # fmt: skip
    assert fingerprint(with_groups) != fingerprint(without)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"groups": '[variable_groups]\nmoney = ["income", "welth"]'}, "variable_groups.money: no variable is called 'welth'"),
        ({"groups": '[variable_groups]\nmoney = ["income"]'}, "variable_groups.money: a group has two variables at least"),
        ({"groups": '[variable_groups]\nmoney = ["income", "income"]'}, "variable_groups.money: a group has two variables at least"),
        ({"groups": '[variable_groups]\nage = ["income", "wealth"]'}, "variable_groups: 'age' is a variable: give another name"),
        ({"groups": '[variable_groups]\na = ["income", "wealth"]\nb = ["town", "wealth"]'}, "variable_groups: variable named twice: wealth"),
        ({"groups": '[variable_groups]\nmoney = "income"'}, "variable_groups.money: should be a valid list"),
        ({"groups": ""}, "claim.level: there are no [variable_groups]"),
        ({"name": "income"}, "claim: no group is called 'income'"),
    ],
)  # fmt: skip
def test_wrong_groups_are_one_clear_line(tmp_path, keys, reason):
    with pytest.raises(InputError) as refused:
        recipe_of(tmp_path, **keys)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_claim_in_words_of_groups_that_are_not_there_is_refused(tmp_path):
    recipe = recipe_of(tmp_path, groups="", level="variable", name="age")
    with pytest.raises(InputError, match="--level group: the recipe has no"):
        parse_claim("money rank 1 in 0.8", recipe, level="group")
