"""`study predict NAME=VALUE`, and claims, where names and levels hold the signs that join them."""

import pytest
from conftest import shipped
from imported import CASES

from study.common.errors import InputError
from study.datasets.named_values import named_values
from study.recipes.claim_text import parse_claim
from study.recipes.columns import Numeric, OneHot


def recipe_of(people, *variables):
    """The people with other variables."""
    claim = people.recipe.claim.model_copy(update={"name": variables[0].name, "level": "variable"})
    update = {"variables": list(variables), "published": None, "claim": claim}
    return people.recipe.model_copy(update=update)


def number(name):
    return Numeric(name=name, type="numeric")


def levels(name, *names, other=None):
    return OneHot(name=name, type="one-hot", levels=list(names), other=other)


@pytest.mark.parametrize(
    ("variables", "argument", "expected"),
    [
        ([number("log=rooms"), number("size")], "log=rooms=3", ("log=rooms", "3")),
        ([number("log=rooms"), number("size")], " log=rooms = 3 ", ("log=rooms", "3")),
        ([number("a=b=c"), number("a=b")], "a=b=c=1", ("a=b=c", "1")),
        # Only one of two names leaves a value that its variable can have.
        ([number("a"), levels("a=b", "x", "y")], "a=b=x", ("a=b", "x")),
        ([number("a"), number("a=1")], "a=1=2", ("a=1", "2")),
        ([levels("State", "a=b", "c"), number("State=a")], "State=a=b", ("State", "a=b")),
        # Values that hold the sign, and names with spaces and quotation marks.
        ([levels("grade", "=", "a = b", "c==d")], "grade==", ("grade", "=")),
        ([levels("grade", "=", "a = b", "c==d")], "grade=a = b", ("grade", "a = b")),
        ([levels("grade", "=", "a = b", "c==d")], "grade=c==d", ("grade", "c==d")),
        ([number('the "size" = m²')], 'the "size" = m²=4', ('the "size" = m²', "4")),
        ([number("it's")], "it's=-4", ("it's", "-4")),
        # No value can be read: the longest name says what is wrong with it.
        ([number("a"), number("a=b")], "a=b=x", ("a=b", "x")),
        ([number("size")], "log=rooms=3", ("log", "rooms=3")),
    ],
)
def test_a_name_is_one_that_there_is(people, variables, argument, expected):
    found = named_values(recipe_of(people, *variables), [argument])
    assert found == dict([expected])


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ([levels("a", "b=x", "y"), levels("a=b", "x", "y")], "a=b=x"),
        ([levels("a", "y", "z", other="z"), number("a=b")], "a=b=1"),
    ],
)
def test_two_readings_are_refused(people, variables, argument):
    with pytest.raises(InputError, match=f"'{argument}' can be read as a=b = .* and as a = ") as stop:  # fmt: skip
        named_values(recipe_of(people, *variables), [argument])
    assert "rename" in str(stop.value)


def test_a_variable_that_is_given_twice_is_refused(people):
    with pytest.raises(InputError, match="age is given twice: '34' and '35'"):
        named_values(people.recipe, ["age=34", "sex=male", "age=35"])


def test_a_column_with_the_sign_from_the_table_to_a_prediction(command, tmp_path):
    table = tmp_path / "houses.csv"
    table.write_bytes((CASES / "16-equals.csv").read_bytes())
    assert command("data", "init", str(table), "--target", "price").status == 0
    recipe = next((tmp_path / "data").glob("*.toml"), None) or next(tmp_path.glob("*.toml"))
    (tmp_path / "models").mkdir(exist_ok=True)
    small = shipped("linear", epochs=20)
    lines = ['title = "Small"', f'network = "{small.network}"', "[training]"]
    lines += [f"{key} = {value!r}" for key, value in small.training.model_dump().items() if isinstance(value, int | float)]  # fmt: skip
    (tmp_path / "models" / "small.toml").write_text("\n".join(lines), encoding="utf-8")
    ran = command("run", "--data", str(recipe), "--models", "small", "--seeds", "2", "--out", "r")
    assert ran.status == 0, ran.err
    wide = command("predict", "--run", "r", "size=120", "log=rooms=5")
    assert wide.status == 0, wide.err
    assert wide.out.startswith("Predicted price")
    other = command("predict", "--run", "r", "size=120", "log=rooms=2")
    assert other.out != wide.out


def test_a_claim_that_two_names_can_make_is_refused(people):
    variables = [number(name) for name in ("a", "b above c", "a above b", "c", "b")]
    recipe = recipe_of(people, *variables)
    assert parse_claim("a above b in 0.8", recipe).above == "b"
    with pytest.raises(InputError, match="can be read of 'a above b' and of 'a': rename"):
        parse_claim("a above b above c in 0.8", recipe)
