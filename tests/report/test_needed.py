"""What is said of variables that a model relies on, and that others could replace."""

from types import SimpleNamespace

import pandas as pd
import pytest

from study.report.text.needed import needed, together

ADDS = {"age": 0.001, "income": 0.4, "wealth": 0.6, "noise": 0.9}


def frame(level: dict[str, dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"model": model, "method": method, "name": name, "p_adjusted": p_value}
            for method, values in level.items()
            for name, p_value in values.items()
            for model in ("mlp", "linear")
            if not (model == "linear" and name == "age")
        ],
        columns=["model", "method", "name", "p_adjusted"],
    )


def overview_of(variables: dict[str, dict[str, float]], groups=None, of_groups=None, row=None):
    claim = SimpleNamespace(model="mlp", name="income")
    recipe = SimpleNamespace(claim=claim, variable_groups=groups or {})
    tests = {"variable": frame(variables), "group": frame(of_groups or {})}
    results = SimpleNamespace(recipe=recipe, models=["mlp"], title=lambda _: "MLP")
    return SimpleNamespace(
        results=results, variable_tests=tests.__getitem__, own_population=lambda _: row
    )


RELIED = {"age": 0.01, "income": 0.02, "wealth": 0.03, "noise": 0.8}


def test_what_only_one_variable_tells_and_what_several_do():
    said = list(needed(overview_of({"permutation-grouped": RELIED, "leave-out": ADDS})))
    assert said == [
        "MLP relies on age, and no other variable replaces that (leave-out).",
        "MLP relies on income and wealth, but others could take the place of each: none is shown "
        "to add to them (leave-out).",
    ]


def test_what_several_tell_together_is_said_of_their_group():
    groups = {"money": ["income", "wealth"], "who": ["age", "noise"]}
    of_groups = {"leave-out": {"money": 0.002, "who": 0.001}}
    found = overview_of({"permutation-grouped": RELIED, "leave-out": ADDS}, groups, of_groups)
    assert list(needed(found))[2:] == [
        "Together, as money, income and wealth do add to the others."
    ]
    of_groups = {"leave-out": {"money": 0.2, "who": 0.001}}
    found = overview_of({"permutation-grouped": RELIED, "leave-out": ADDS}, groups, of_groups)
    assert len(list(needed(found))) == 2


def test_two_methods_share_the_level():
    variables = {
        "permutation-grouped": {"age": 0.01},
        "conditional-permutation": {"age": 0.03},
        "leave-out": {"age": 0.5},
    }
    [said] = needed(overview_of(variables))
    assert "is shown to add" in said
    variables["conditional-permutation"]["age"] = 0.02
    [said] = needed(overview_of(variables))
    assert said == (
        "MLP relies on age, and no other variable replaces that (conditional-permutation and "
        "leave-out)."
    )


@pytest.mark.parametrize("method", ["permutation-grouped", "leave-out"])
def test_nothing_is_said_by_one_kind_of_method_alone(method):
    assert list(needed(overview_of({method: RELIED}))) == []


GROUPS = {"money": ["income", "wealth"], "who": ["age", "income"]}
UNSETTLED = {"verdict": "inconclusive", "against": "wealth"}


def test_of_two_that_cannot_be_told_apart_their_group_is_said_to_matter():
    of_groups = {"permutation-grouped": {"money": 0.01, "who": 0.001}}
    assert together(overview_of({}, GROUPS, of_groups, UNSETTLED)) == [
        "For other rows income and wealth cannot be told apart; together, as money, they are shown "
        "to matter (permutation-grouped)."
    ]


@pytest.mark.parametrize(
    ("row", "p_value"),
    [
        (None, 0.001),
        ({"verdict": "supported", "against": "wealth"}, 0.001),
        ({"verdict": "inconclusive", "against": "noise"}, 0.001),  # in no group with income
        ({"verdict": "inconclusive", "against": ""}, 0.001),  # a claim about a share
        (UNSETTLED, 0.2),
    ],
)
def test_nothing_is_said_of_them_together_where_it_is_not_shown(row, p_value):
    of_groups = {"permutation-grouped": {"money": p_value, "who": 0.001}}
    assert together(overview_of({}, GROUPS, of_groups, row)) == []


def test_of_several_methods_each_has_its_part_of_the_level():
    of_groups = {
        "permutation-grouped": {"money": 0.024},
        "conditional-permutation": {"money": 0.026},
    }
    [said] = together(overview_of({}, GROUPS, of_groups, UNSETTLED))
    assert said.endswith("(permutation-grouped).")
    of_groups["permutation-grouped"]["money"] = 0.026
    assert together(overview_of({}, GROUPS, of_groups, UNSETTLED)) == []
