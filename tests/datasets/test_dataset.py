import re
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from sklearn.linear_model import LinearRegression

from study.common.errors import InputError
from study.datasets.dataset import load_dataset
from study.datasets.encoding import UNSCALED, to_features
from study.datasets.one_row import encode_row
from study.recipes.find import find_dataset
from study.statistics.collinearity import explained

DATASET = (ROOT / "data" / "people.toml").read_text()
ENCODED = "1\t0.24\t1\t0\t0\t0.2950\t0\t0\t1\n-1\t0.39\t0\t0\t1\t0.5120\t0\t1\t0\n1\t0.5\t0\t1\t0\t0.6\t1\t0\t0\n"
TEST = ENCODED.replace("0.39", "0.40")
RAW = "id,sex,income,age,State,politics\n1,female,29500,24,Michigan,liberal\n2,male,51200,39,Oklahoma,moderate\n3,female,60000,50,Nebraska,conservative\n"
RAW_TEST = RAW.replace("39", "40")


def load(folder: Path, train: str | bytes, test: str = TEST, recipe: str = DATASET):
    content = train if isinstance(train, bytes) else train.encode()
    (folder / "people_train.txt").write_bytes(content)
    (folder / "people_test.txt").write_text(test)
    (folder / "people.toml").write_text(recipe)
    found = find_dataset(str(folder / "people.toml"))
    return load_dataset(found.recipe, folder)


def raw_recipe() -> str:
    start, end = DATASET.index("[table]"), DATASET.index("[[variables]]")
    table = '[table]\ntrain = "people_train.txt"\ntest = "people_test.txt"\n\n'
    return DATASET[:start] + table + DATASET[end:]


def test_the_published_rows_are_read_as_they_stand(people):
    for part, x, y in (
        ("train", people.train_x, people.train_y),
        ("test", people.test_x, people.test_y),
    ):
        table = np.loadtxt(ROOT / "data" / f"people_{part}.txt", delimiter="\t")
        np.testing.assert_array_equal(x, np.delete(table, 5, axis=1).astype(np.float32))
        np.testing.assert_array_equal(y, table[:, 5].astype(np.float32))
    assert len(people.train_y) == 200
    assert len(people.test_y) == 40


def test_variables_hold_the_same_as_features(people):
    table = people.to_variables(people.train_x)
    again = to_features(
        table, np.zeros(table.shape, bool), people.recipe.variables, people.groups, [UNSCALED] * 4
    )
    np.testing.assert_array_equal(again, people.train_x)
    assert people.variables == ("sex", "age", "State", "politics")
    # The first training row: female, 24, Michigan, liberal.
    np.testing.assert_array_equal(table[0], np.float32([1, 0.24, 0, 2]))


def test_a_table_of_natural_values_becomes_the_same_features(tmp_path):
    (tmp_path / "encoded").mkdir()
    (tmp_path / "raw").mkdir()
    encoded = load(tmp_path / "encoded", ENCODED)
    raw = load(tmp_path / "raw", RAW, RAW_TEST, raw_recipe())
    np.testing.assert_array_equal(raw.train_x, encoded.train_x)
    np.testing.assert_array_equal(raw.train_y, encoded.train_y)


def test_byte_order_mark_carriage_returns_and_blank_lines_are_harmless(tmp_path):
    messy = "\ufeff" + ENCODED.replace("\n", "\r\n") + "\r\n"
    np.testing.assert_array_equal(load(tmp_path, messy).train_x, load(tmp_path, ENCODED).train_x)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("\n-1", "\n\t\t\t\t\t\t\t\t\n-1", "line 2, column sex: the value is missing; missing = .drop. or .impute."),
        ("0.39\t", "", "line 2: 8 columns where 9 are expected"),
        ("0.39", "old", "line 2, column age: 'old' is not a number"),
        ("0.39", "3_9", "line 2, column age: '3_9' is not a number"),
        ("0.39", "nan", "line 2, column age: the value is missing"),
        ("0.39", "inf", "line 2, column age: 'inf' is not a finite number"),
        ("0.39", "1e300", "line 2, column age: '1e300' is too large"),
        ("0.39", "", "line 2, column age: the value is missing"),
        ("-1\t", "0\t", r"line 2, column sex: unknown level '0': there is -1 \(male\), 1 \(female\)"),
        ("1\t0\t0\t0.2950", "1\t0\t1\t0.2950", "line 1, column State=Michigan: .*one 1 and else 0, not 1, 0, 1"),
        ("0.24", "1_0", "line 1, column age: '1_0' is not a number"),
        ("0.5120", "-inf", "line 2, column income: '-inf' is not a finite number"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_by_line_and_column(tmp_path, before, after, reason):
    assert before in ENCODED
    with pytest.raises(InputError, match=f"people_train.txt(, |: ){reason}"):
        load(tmp_path, ENCODED.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("Oklahoma", "Ohio", "line 3, column State: unknown level 'Ohio': there is Michigan"),
        ("39", "thirty", "line 3, column age: 'thirty' is not a number"),
        ("age", "years", "no column 'age': there is id, sex, income, years"),
        ("id", "sex", "column named twice: sex"),
    ],
)
def test_a_wrong_natural_table_is_named_too(tmp_path, before, after, reason):
    with pytest.raises(InputError, match=reason):
        load(tmp_path, RAW.replace(before, after), RAW_TEST, raw_recipe())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no rows"),
        (b"\n\n", "no rows"),
        (b"\xff\xfe1\t2", "not UTF-8"),
        (b"1\t0.24\x00", "line 1"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, content, reason):
    with pytest.raises(InputError, match=reason):
        load(tmp_path, content)


def test_a_missing_table(tmp_path):
    load(tmp_path, ENCODED)
    (tmp_path / "people_test.txt").unlink()
    found = find_dataset(str(tmp_path / "people.toml"))
    with pytest.raises(InputError, match=r"people_test.txt: No such file"):
        load_dataset(found.recipe, tmp_path)


def test_a_target_that_never_changes_is_refused(tmp_path):
    same = re.sub(
        "0.2950|0.5120|0.6\t", lambda found: found[0].replace(found[0].strip(), "0.3"), ENCODED
    )
    with pytest.raises(InputError, match=r"people_train.txt: every income is the same"):
        load(tmp_path, same)


def test_a_person_in_natural_units(people):
    person = {"sex": "male", "age": "34", "State": "Oklahoma", "politics": "moderate"}
    expected = np.float32([-1, 0.34, 0, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(encode_row(people.recipe, person, people.scales), expected)
    for change, reason in (
        ({"sex": "x"}, "sex: unknown level 'x'"),
        ({"age": "old"}, "age: 'old' is not a number"),
        ({"colour": "red"}, "unknown variable 'colour'"),
    ):
        with pytest.raises(InputError, match=reason):
            encode_row(people.recipe, person | change, people.scales)
    del person["age"]
    with pytest.raises(InputError, match="age is missing"):
        encode_row(people.recipe, person, people.scales)


def test_what_explains_a_feature_is_a_regression_on_all_other_variables(people):
    """By scikit-learn, on columns chosen by hand."""
    sex, age = [1, 2, 3, 4, 5, 6, 7], [0, 2, 3, 4, 5, 6, 7]
    state, politics = [0, 1, 5, 6, 7], [0, 1, 2, 3, 4]
    others = [sex, age, state, state, state, politics, politics, politics]
    x = people.train_x.astype(np.float64)
    expected = [
        LinearRegression().fit(x[:, columns], x[:, column]).score(x[:, columns], x[:, column])
        for column, columns in enumerate(others)
    ]
    np.testing.assert_allclose(explained(people.train_x, people.groups), expected, atol=1e-12)


def test_explained_is_that_of_the_variance_inflation_factor():
    """Read off the inverse of the correlation matrix, whose diagonal holds the factors."""
    x = np.random.default_rng(1).normal(size=(60, 4))
    x[:, 3] += 2 * x[:, 0] - x[:, 1]
    factors = np.diag(np.linalg.inv(np.corrcoef(x.T)))
    found = explained(x, [[0], [1], [2], [3]])
    np.testing.assert_allclose(found, 1 - 1 / factors, atol=1e-12)
    # Units and origins do not count.
    scaled = x * [1e-9, 1e6, 1, 1e3] + [0, 1e6, -5, 1]
    np.testing.assert_allclose(explained(scaled, [[0], [1], [2], [3]]), found, atol=1e-9)


def test_a_duplicate_is_explained_whole_and_independent_features_hardly():
    x = np.random.default_rng(2).normal(size=(4000, 3)).astype(np.float32)
    assert (explained(x, [[0], [1], [2]]) < 0.01).all()
    twice = np.column_stack([x, 5 - 2 * x[:, 0].astype(np.float64)])
    found = explained(twice, [[0], [1], [2], [3]])
    np.testing.assert_allclose(found[[0, 3]], 1, atol=1e-12)
    assert (found[[1, 2]] < 0.01).all()


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e30])
def test_a_constant_feature_explains_nothing_and_is_not_explained(constant):
    x = np.random.default_rng(3).normal(size=(70, 2)).astype(np.float32)
    with_constant = np.column_stack([x, np.full(70, constant, dtype=np.float32)])
    found = explained(with_constant, [[0], [1], [2]])
    np.testing.assert_allclose(found[:2], explained(x, [[0], [1]]), atol=1e-12)
    assert found[2] == 0


def test_of_a_single_variable_nothing_is_explained():
    levels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 1]]
    assert explained(levels, [[0, 1, 2]]).tolist() == [0, 0, 0]
    assert explained(levels[:, :1], [[0]]).tolist() == [0]


def test_what_explains_a_feature_among_columns_that_are_combinations():
    """Copies, sums and a constant column, against scikit-learn, which needs no full rank."""
    draw = np.random.default_rng(2)
    x = draw.normal(size=(80, 6))
    x = np.column_stack(
        [x, 3 * x[:, 0], x[:, 1] - x[:, 2], np.ones(80), np.eye(3)[np.arange(80) % 3]]
    )
    x[:, 3] += x[:, 4]
    groups = [*([column] for column in range(9)), [9, 10, 11]]
    found = explained(x, groups)
    for group in groups:
        others = np.delete(x, group, axis=1)
        for column in group:
            expected = LinearRegression().fit(others, x[:, column]).score(others, x[:, column])
            assert found[column] == pytest.approx(0 if column == 8 else expected, abs=1e-9)
    assert found[[0, 1, 2, 6, 7]].tolist() == [1] * 5
