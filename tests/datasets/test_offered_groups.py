"""A draft offers groups of variables that go together, as lines that need only be taken."""

from pathlib import Path

import numpy as np
import pandas as pd

from study.datasets.drafting.draft import Draft, draft
from study.recipes.find import find_dataset


def made(folder: Path, **columns) -> Draft:
    draw = np.random.default_rng(0)
    table = pd.DataFrame({"alone": draw.normal(size=90), **columns})
    table.assign(target=draw.normal(size=90)).to_csv(folder / "t.csv", index=False)
    found = draft(folder / "t.csv", "target", folder / "t.toml")
    (folder / "t.toml").write_text(found.text)
    return found


def without_marks(text: str) -> str:
    """The recipe, the lines that it offers for groups taken."""
    before, offered = text.split("# [variable_groups]\n")
    lines, after = offered.split("\n\n", 1)
    taken = "\n".join(line.removeprefix("# ") for line in lines.splitlines())
    return f"{before}[variable_groups]\n{taken}\n\n{after}"


def test_variables_that_go_together_are_offered_as_a_group_that_loads(tmp_path):
    draw = np.random.default_rng(1)
    income, size = draw.normal(size=(2, 90))
    found = made(
        tmp_path,
        income=income,
        size=size,
        wealth=np.exp(income + 0.1 * draw.normal(size=90)),
        weight=-size + 0.1 * draw.normal(size=90),
        height=size + 0.1 * draw.normal(size=90),
    )
    assert found.recipe.variable_groups == {}
    path = tmp_path / "taken.toml"
    path.write_text(without_marks(found.text))
    assert find_dataset(str(path)).recipe.variable_groups == {
        "income and wealth": ["income", "wealth"],
        "size and 2 others": ["size", "weight", "height"],
    }
    (said,) = (line for line in found.decide if line.startswith("variables that go together"))
    assert "(income and wealth, and 1 more; mean |Spearman| of 0.7 or more)" in said


def test_levels_in_order_go_together_with_numbers_and_other_levels_do_not(tmp_path):
    number = np.random.default_rng(2).normal(size=90)
    named = pd.cut(number, 3, labels=["low", "medium", "high"])
    found = made(tmp_path, number=number, named=named, colour=named.rename_categories(["a", "b", "c"]))  # fmt: skip
    path = tmp_path / "taken.toml"
    path.write_text(without_marks(found.text))
    groups = find_dataset(str(path)).recipe.variable_groups
    assert groups == {"number and named": ["number", "named"]}


def test_where_nothing_goes_together_nothing_is_offered(tmp_path):
    found = made(tmp_path, other=np.random.default_rng(3).normal(size=90))
    assert "variable_groups" not in found.text
    assert not any("go together" in line for line in found.decide)
