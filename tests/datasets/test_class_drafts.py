"""What 'study data init' makes of targets that are classes, or may be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from class_tables import flowers
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting.draft import Draft, draft
from study.recipes.find import find_dataset
from study.recipes.target import ClassTarget, NumericTarget

ROWS = 240
PLACES = np.arange(ROWS)


def drafted(folder: Path, kind: object, **columns: object) -> Draft:
    """The draft of flowers of some kinds, and the recipe beside the table."""
    flowers(ROWS).assign(kind=kind, **columns).to_csv(folder / "t.csv", index=False)
    made = draft(folder / "t.csv", "kind", folder / "t.toml")
    (folder / "t.toml").write_text(made.text)
    return made


def reloaded(folder: Path, text: str) -> Dataset:
    (folder / "t.toml").write_text(text)
    return load_dataset(find_dataset(str(folder / "t.toml")).recipe, folder)


CLASSES = {
    "words": (np.array(["b", "a", "c"])[PLACES % 3], ["a", "b", "c"]),
    "two words": (np.array(["yes", "no"])[PLACES % 2], ["no", "yes"]),
    "booleans": (PLACES % 2 == 0, ["False", "True"]),
    "zeros and ones": (PLACES % 2, ["0", "1"]),
    "few ones": ((PLACES < 9).astype(int), ["0", "1"]),
    "two other numbers": (np.where(PLACES % 2, 6.5, 2), ["2.0", "6.5"]),
    "numbers from 1": (PLACES % 3 + 1, ["1", "2", "3"]),
    "ten digits": (PLACES % 10, [str(digit) for digit in range(10)]),
}


@pytest.mark.parametrize("what", CLASSES)
def test_classes_are_drafted_with_their_levels_in_order(tmp_path, what):
    kind, levels = CLASSES[what]
    made = drafted(tmp_path, kind)
    assert made.recipe.target == ClassTarget(name="kind", type="class", levels=levels)
    data = reloaded(tmp_path, made.text)
    np.testing.assert_array_equal(data.train_y, made.dataset.train_y)
    assert set(np.unique(data.pooled[1])) == set(range(len(levels)))
    said = any("is predicted as a class" in line for line in made.decide)
    assert said == ("words" not in what and what != "booleans")


ASKED = {
    "counts": np.random.default_rng(0).poisson(1.5, ROWS),
    "steps of ten": PLACES % 3 * 10,
    "grades from 3": PLACES % 6 + 3,
}
AMOUNTS = {
    "whole numbers of many sizes": PLACES % 40,
    "numbers": np.random.default_rng(0).normal(size=ROWS),
    "halves": PLACES % 4 / 2,
}


@pytest.mark.parametrize("what", [*ASKED, *AMOUNTS])
def test_other_numbers_are_amounts_and_few_whole_ones_are_asked_about(tmp_path, what):
    kind = {**ASKED, **AMOUNTS}[what]
    values, counts = np.unique(kind, return_counts=True)
    if what == "counts" and counts.min() < 2:
        kind = np.where(np.isin(kind, values[counts < 2]), 0, kind)
    made = drafted(tmp_path, kind)
    assert isinstance(made.recipe.target, NumericTarget)
    offered = '# type = "class"' in made.text
    assert offered == (what in ASKED)
    assert any("lines under [target]" in line for line in made.decide) == offered
    if offered:
        kept = [
            row.removeprefix("# ") if row.startswith(('# type = "class"', "# levels = ")) else row
            for row in made.text.splitlines()
            if not row.startswith("tolerance")
        ]
        place = kept.index("[target]")
        target = [row for row in kept[place:] if row != "standardise = true"]
        data = reloaded(tmp_path, "\n".join([*kept[:place], *target]))
        assert data.task.levels == tuple(map(str, np.unique(kind)))


def test_a_class_of_numbers_may_be_read_as_an_amount_by_the_lines_that_offer_it(tmp_path):
    made = drafted(tmp_path, PLACES % 3)
    before, target = made.text.split("[target]\n")
    kept = [
        row.removeprefix("# ") if row in ("# standardise = true", "# tolerance = 0.1") else row
        for row in target.splitlines()
        if not row.startswith(("type =", "levels ="))
    ]
    data = reloaded(tmp_path, "\n".join([before, "[target]", *kept]))
    assert isinstance(data.recipe.target, NumericTarget)


def test_a_column_that_names_the_class_otherwise_is_left_out(tmp_path):
    kind = flowers(ROWS)["kind"]
    made = drafted(tmp_path, kind, code=kind.map({"oak": 7, "ash": 3, "elm": 5}), word=kind.str[0])
    assert {name: made.left_out[name] for name in ("code", "word")} == dict.fromkeys(
        ("code", "word"), "kind by another name (D004)"
    )
    assert set(made.dataset.variables) == {"width", "height", "soil"}


def test_a_column_that_follows_the_class_stays_and_may_be_claimed(tmp_path):
    made = drafted(tmp_path, flowers(ROWS)["kind"])
    assert not made.left_out
    assert made.recipe.claim.name == "width"


def test_variables_are_ranked_by_what_they_explain_of_all_classes(tmp_path):
    """Drops in R² of a regression of all indicators, weighted by variance, as multi-output R² is."""
    made = drafted(tmp_path, flowers(ROWS)["kind"])
    x, y = made.dataset.train_x.astype(np.float64), made.dataset.train_y
    members = (y[:, None] == np.arange(3)).astype(np.float64)
    model = LinearRegression().fit(x, members)
    generator = np.random.default_rng(0)
    for place in (0, 1):
        drops = []
        for _ in range(300):
            moved = x.copy()
            moved[:, place] = generator.permutation(moved[:, place])
            scores = [
                r2_score(members, model.predict(table), multioutput="variance_weighted")
                for table in (x, moved)
            ]
            drops.append(scores[0] - scores[1])
        assert made.scores[place] == pytest.approx(np.mean(drops), abs=4 * np.std(drops) / 300**0.5)


REFUSED = {
    "one word": (["a"] * ROWS, "column kind: the target is 'a' in every row"),
    "a word in one row": (["a", "b"] * (ROWS // 2 - 1) + ["a", "c"], "a single row holds 'c'"),
    "too many words": ([f"w{place % 60}" for place in PLACES], "60 different words are too many classes"),
    "words among numbers": (["1", "2", "x"] * (ROWS // 3), "row 3 below the header holds 'x' and others numbers"),
    "dates": ([f"2020-01-{place % 25 + 1:02}" for place in PLACES], "of a date, add a column of numbers"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_target_that_is_neither_is_refused_in_a_line(tmp_path, command, what):
    kind, said = REFUSED[what]
    pd.DataFrame({"x": PLACES, "z": PLACES % 7, "kind": kind}).to_csv("t.csv", index=False)
    outcome = command("data", "init", "t.csv", "--target", "kind")
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert not Path("data").exists()
