"""A claim that was held beforehand stands in a drafted recipe, in place of a proposed one."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.common.errors import InputError
from study.datasets.drafting.draft import Draft, draft
from study.recipes.dataset import DatasetRecipe


@pytest.fixture
def table(tmp_path) -> Path:
    """Houses whose price is their area, with a column that never varies."""
    draw = np.random.default_rng(5)
    rows = pd.DataFrame(draw.normal(size=(80, 2)).round(4), columns=["area", "age of house"])
    rows["town"] = draw.choice(["Bruges", "Ghent", "Liège"], 80)
    rows["country"] = "Belgium"
    rows["price"] = (rows["area"] * 3 + draw.normal(size=80)).round(4)
    path = tmp_path / "houses.csv"
    rows.to_csv(path, index=False)
    return path


def made_of(table: Path, claim: str | None) -> Draft:
    return draft(table, "price", table.with_suffix(".toml"), claim=claim)


def test_the_recipe_says_the_given_claim_and_that_it_is_not_proposed(table):
    made = made_of(table, "age of house top 2 in 0.9")
    read = DatasetRecipe.model_validate(tomllib.loads(made.text))
    said = read.claim.model_dump(exclude_defaults=True)
    assert said == {
        "level": "variable",
        "name": "age of house",
        "top": 2,
        "proportion": 0.9,
        "model": "mlp",
        "method": "permutation-grouped",
    }
    assert "roposed from the data: linear" not in made.text
    proposed = made_of(table, None).recipe.claim
    assert (proposed.name, proposed.proposed) == ("area", True)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("country rank 1 in 0.8", "country is left out: "),
        ("floor rank 1 in 0.8", "is called 'floor': there is area, age of house, town"),
        ("price rank 1 in 0.8", "is called 'price'"),
        ("area is great", 'write "NAME rank 1 in 0.8"'),
        ("area top 3 in 0.8", "top 3 of 3 variables is always met"),
    ],
)
def test_a_claim_of_no_drafted_column_is_refused_with_what_there_is(table, claim, said):
    with pytest.raises(InputError, match=r"^claim '") as refused:
        made_of(table, claim)
    assert said in str(refused.value)


def test_the_command_writes_and_tells_it(command, table):
    answer = command(
        *("data", "init", str(table), "--target", "price"),
        *("--claim", "town above area in 0.8", "--out", "mine.toml"),
    )
    assert answer.status == 0, answer.err
    assert "Claim, as given: town ranks above area in at least 80% of seeds" in " ".join(
        answer.out.split()
    )
    assert "Proposed claim" not in answer.out
    assert tomllib.loads(Path("mine.toml").read_text())["claim"]["above"] == "area"
    checked = command("data", "check", "mine.toml")
    assert "Claim: town ranks above area" in " ".join(checked.out.split())


def test_a_held_claim_and_half_of_the_rows_for_another_are_one_too_many(command, table):
    refused = command(
        *("data", "init", str(table), "--target", "price", "--propose-from-half"),
        *("--claim", "area rank 1 in 0.8"),
    )
    assert refused.status == 2
    assert "give one of both" in refused.err
    assert not Path("data").exists()
