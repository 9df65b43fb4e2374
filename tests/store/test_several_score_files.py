"""Files of one kind, one for each seed."""

from pathlib import Path

import pytest

from study.common.errors import InputError
from study.store.score_file import read_scores
from study.store.scores.several import found, run_name

NAMED = {"model": "m", "method": "f"}


@pytest.fixture
def files(tmp_path):
    def write(**contents: str) -> list[Path]:
        paths = [tmp_path / f"{name}.csv" for name in contents]
        for path, text in zip(paths, contents.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        return paths

    return write


def scores(paths: list[Path]) -> dict[int, dict[str, float]]:
    table = read_scores(found(paths), NAMED)
    return {
        origin.seed: {name: score for name, (score, _) in vector.items()}
        for origin, vector in table.vectors.items()
    }


def test_the_number_in_a_name_is_the_seed_of_its_scores(files):
    paths = files(rf_seed10="feature,gain\na,1\nb,2\n", rf_seed9="feature,gain\nb,4\na,3\n")
    assert scores(paths) == {9: {"a": 3, "b": 4}, 10: {"a": 1, "b": 2}}
    assert run_name(found(paths)) == "rf"
    assert (
        "2 files, the seed being the number in the name" in read_scores(found(paths), NAMED).read_as
    )


@pytest.mark.parametrize(
    ("first", "second", "run"),
    [
        ("seed1", "seed2", "scores"),
        ("gbm-seed=1", "gbm-seed=2", "gbm"),
        ("gbm-seed-1_v2", "gbm-seed-2_v2", "gbm_v2"),
        ("top10_1", "top10_2", "top10"),
        ("x.Seed.1", "x.Seed.2", "x"),
    ],
)
def test_names_give_the_seed_and_the_name_of_the_run(files, first, second, run):
    text = "feature,gain\na,1\nb,2\n"
    paths = files(**{first: text, second: text})
    assert [*scores(paths)] == [1, 2]
    assert run_name(found(paths)) == run


def test_a_seed_in_the_files_counts_before_that_of_the_names(files):
    text = "random_state,feature,gain\n{0},a,1\n{0},b,2\n"
    assert [*scores(files(x_1=text.format(71), x_2=text.format(72)))] == [71, 72]


def test_a_name_with_a_star_stands_for_all_files(files, tmp_path):
    text = "feature,gain\na,1\nb,2\n"
    paths = files(x_1=text, x_2=text, x_10=text)
    assert [path.name for path in found([tmp_path / "x_*.csv"])] == [
        "x_1.csv",
        "x_2.csv",
        "x_10.csv",
    ]
    assert scores([tmp_path / "x_*.csv"]) == scores(paths)


def test_the_digest_is_of_all_files_and_of_their_seeds(files):
    one, other = "feature,gain\na,1\nb,2\n", "feature,gain\na,2\nb,1\n"
    digests = {
        read_scores(found(files(**of)), NAMED).digest
        for of in (
            {"x_1": one, "x_2": other},
            {"x_1": other, "x_2": one},
            {"x_1": one, "x_3": other},
        )
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        ({"rf": "", "rf_1": ""}, "rf.csv: no seed in the name"),
        ({"rf_1": "", "gbm_2": ""}, "gbm_2.csv: differs from"),
        ({"rf_1": "", "rf_01": ""}, "has the seed 1, too"),
        (
            {"rf_1": "feature,gain\na,1\nb,2\n", "rf_2": "feature,cover\na,1\nb,2\n"},
            "rf_2.csv: its columns are not those of",
        ),
        (
            {"rf_1": "feature,gain\na,1\nb,2\n", "rf_2": "feature,gain\na,1\nb,x\n"},
            "rf_*.csv, line 3 of rf_2.csv, column score: 'x' is not a number",
        ),
    ],
)
def test_files_that_do_not_belong_together_are_refused(files, contents, reason):
    with pytest.raises(InputError) as refused:
        scores(files(**contents))
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_with_a_star_that_no_file_has_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no file of such a name"):
        found([tmp_path / "x_*.csv"])
