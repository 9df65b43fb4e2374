"""Targets that are counts: read, refused, drafted, and told."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from class_tables import flowers, loaded, written

from study.common.task import COUNT
from study.recipes.find import find_dataset

COUNTED = 'type = "count"'


def seeds(rows: int = 120) -> pd.DataFrame:
    """Rows whose count follows width, in the column that is the target."""
    table = flowers(rows)
    rates = np.exp(0.3 + 0.8 * table["width"])
    return table.assign(kind=np.random.default_rng(0).poisson(rates))


def test_counts_are_learnt_as_they_are(tmp_path):
    table = seeds()
    data = loaded(written(tmp_path, table, COUNTED))
    assert data.task == COUNT
    assert (data.target_scale.centre, data.target_scale.divisor) == (0, 1)
    assert sorted(data.pooled[1]) == sorted(table["kind"])
    assert data.pooled[1].dtype == np.float32


def test_rows_are_drawn_as_those_of_a_number(tmp_path):
    one, other = (
        loaded(written(tmp_path, seeds(), target)) for target in (COUNTED, "tolerance = 0.1")
    )
    np.testing.assert_array_equal(one.test_y, other.test_y)
    np.testing.assert_array_equal(one.train_x, other.train_x)


def test_counts_may_be_written_with_a_sign_between_thousands_and_be_missing(tmp_path):
    table = seeds().assign(kind=lambda of: of["kind"].map(lambda count: f"{1000 + count:,}"))
    table.loc[3, "kind"] = ""
    path = written(tmp_path, table, f'{COUNTED}\nthousands = ","')
    path.write_text(path.read_text().replace("[split]", 'missing = "drop"\n[split]'))
    data = loaded(path)
    assert data.dropped == 1
    expected = np.delete(1000 + seeds()["kind"].to_numpy(), 3)
    np.testing.assert_array_equal(np.sort(data.pooled[1]), np.sort(expected))


WRONG = {
    "below 0": (seeds().assign(kind=lambda of: of["kind"] - 1), COUNTED,
                "column kind: '-1' is no count: type = \"count\" takes 0, 1, 2, ..."),
    "not whole": (seeds().assign(kind=lambda of: of["kind"] + 0.5), COUNTED, "' is no count: type = "),
    "words": (seeds().assign(kind="many"), COUNTED, "line 2, column kind: 'many' is not a number"),
    "all alike": (seeds().assign(kind=2), COUNTED, "every kind is the same"),
    "the logarithm of a count": (
        seeds(), f'{COUNTED}\nscale = "log"', "target: scale: a count is learnt as it is, by the logarithm of its rate"
    ),
    "a count that is scaled": (
        seeds(), f"{COUNTED}\nstandardise = true\ntolerance = 0.1", "target: standardise, tolerance: a count is learnt as it is"
    ),
    "levels of a count": (
        seeds(), f'{COUNTED}\nlevels = ["1", "2"]', "target.levels: does not belong here, in a target of type count"
    ),
    "a score of classes": (seeds(), f'{COUNTED}\n[permutation]\nscoring = "accuracy"',
                           "permutation.scoring 'accuracy' is no score of a target that is a count: "),
    "a claim for a class": (seeds(), f'{COUNTED}\n[[claims]]\nlevel = "variable"\nname = "height"\nrank = 1\n'
                            'for_class = "2"\nproportion = 0.8\nmodel = "mlp"\nmethod = "gradient"',
                            "no class is called '2': the target is a number"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_count_is_told_in_a_line_and_nothing_is_written(
    tmp_path, command, what
):
    table, target, said = WRONG[what]
    path = written(tmp_path, table, target)
    before = sorted(tmp_path.iterdir())
    for words in (["data", "check"], ["run", "--models", "mlp", "--out", "run", "--data"]):
        outcome = command(*words, str(path))
        assert outcome.status == 2
        assert said in outcome.err
        assert outcome.err.count("\n") == 1
        assert sorted(tmp_path.iterdir()) == before


def test_check_tells_the_span_of_a_count_and_what_a_linear_model_explains(tmp_path, command):
    table = seeds()
    outcome = command("data", "check", str(written(tmp_path, table, COUNTED)))
    mean, most = table["kind"].mean(), table["kind"].max()
    assert re.search(rf"kind, a count: 0 to {most}, mean of all rows {mean:.5g}", outcome.out)
    assert "Poisson regression: D² " in outcome.out


def test_a_count_of_few_values_is_not_warned_of_as_a_class(tmp_path, command):
    table = seeds().assign(kind=lambda of: of["kind"].clip(upper=2))
    assert "T006" in command("data", "check", str(written(tmp_path, table, "tolerance = 1"))).out
    assert "T006" not in command("data", "check", str(written(tmp_path, table, COUNTED))).out


# -- drafts ----------------------------------------------------------------------------------


def drafted(command, table: pd.DataFrame) -> tuple[str, str]:
    """What 'study data init' says of a table, and the recipe."""
    table.to_csv("t.csv", index=False)
    outcome = command("data", "init", "t.csv", "--target", "kind", "--out", "t.toml", "--force")
    assert outcome.status == 0, outcome.err
    return " ".join(outcome.out.split()), Path("t.toml").read_text()


def test_whole_numbers_from_0_stay_an_amount_and_a_count_is_offered(tmp_path, command):
    said, recipe = drafted(command, seeds(400))
    target = tomllib.loads(recipe)["target"]
    assert target == {"name": "kind", "standardise": True, "tolerance": 0.1}
    assert "kind holds whole numbers from 0 on, and is predicted as an amount: if it counts" in said
    assert "# If it is a count of events, take these lines" in recipe


def test_the_lines_that_are_offered_make_it_a_count(tmp_path, command):
    _, recipe = drafted(command, seeds(400))
    path = tmp_path / "counted.toml"
    begin = recipe.index('name = "kind"\n') + len('name = "kind"\n')
    path.write_text(recipe[:begin] + recipe[recipe.index("# type = ") :].replace("# ", "", 1))
    assert find_dataset(str(path)).recipe.task == COUNT


def test_few_numbers_that_may_be_of_classes_are_offered_as_counts_too(tmp_path, command):
    even = seeds(300).assign(kind=np.arange(300) % 4)
    said, recipe = drafted(command, even)
    assert tomllib.loads(recipe)["target"]["type"] == "class"
    assert "if these are amounts or counts, lines under [target] have it so" in said
    assert "# If it is an amount, take" in recipe
    assert "# If it is a count of events, take" in recipe


OTHERS = {
    "two values": lambda of: of["kind"] % 2,
    "amounts": lambda of: of["width"],
    "below 0": lambda of: of["kind"] - 1,
    "large whole numbers": lambda of: 100 + 7 * of["kind"],
    "words": lambda of: np.where(of["kind"] > 1, "many", "few"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_counts_nothing_is_offered_as_no_count(tmp_path, command, what):
    said, recipe = drafted(command, seeds(400).assign(kind=OTHERS[what]))
    assert "count" not in said
    assert "count" not in recipe
