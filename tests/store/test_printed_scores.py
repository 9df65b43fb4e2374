"""Scores that are no table of columns: JSON, rankings and dumps that tools print."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from study.common.errors import InputError
from study.store.score_file import read_scores

FILES = ROOT / "tests" / "cases" / "import" / "tools"
NAMED = {"model": "m", "method": "f"}
FRAME = pd.DataFrame({"feature": ["a", "b"], "gain": [0.1 + 0.2, 1e-20]})
SCORES = {0: {"a": 0.1 + 0.2, "b": 1e-20}}


@pytest.fixture
def written(tmp_path):
    def write(text: str, name: str = "scores.json") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def scores(path: Path, named: dict[str, str] = NAMED) -> dict[int, dict[str, float]]:
    return {
        origin.seed: {name: score for name, (score, _) in vector.items()}
        for origin, vector in read_scores(path, named).vectors.items()
    }


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SCORES[0]),
        json.dumps(SCORES),
        json.dumps([*SCORES[0].items()]),
        json.dumps(FRAME.to_dict("list")),
        json.dumps(FRAME.to_dict("records")),
        json.dumps(FRAME.set_index("feature").to_dict()),
        json.dumps([["a", 0.1 + 0.2, 1.0, 1.0], ["b", 1e-20, 0, 0]]),
    ],
)
def test_json_in_every_form_holds_the_same_scores_to_the_bit(written, text):
    assert scores(written(text)) == SCORES


def test_seeds_of_json_may_have_failed(written):
    found = scores(written('{"1": {"a": NaN, "b": null}, "-2": {"a": 1, "b": 2}}'))
    assert found[-2] == {"a": 1, "b": 2}
    assert np.isnan([*found[1].values()]).all()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON: Expecting property name"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"a": 1, "a": 2}', "not JSON: 'a' stands twice in an object"),
        ("3", "not a table: give an object of a number for each feature"),
        ("[]", "not a table"),
        ("{}", "not a table"),
        ('{"a": [1], "b": [1, 2]}', "not a table"),
        ('{"a": {"b": {"c": 1}}}', "not a table"),
        ('{"1": {"a": "x"}}', "not a table"),
        ('[["a", 1], ["b", "2"]]', "not a table"),
        ('{"a": Infinity, "b": 1}', "'Infinity' is not a finite number"),
        ('{"a": "1", "b": "2"}', "not a table"),
        ('[{"feature": "a", "score": true}]', "'True' is not a number"),
    ],
)
def test_json_that_is_no_table_of_scores_is_refused(written, text, reason):
    with pytest.raises(InputError) as refused:
        scores(written(text))
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_ranking_of_cross_validation_alone_gives_the_mean_merits(written):
    text = (FILES / "weka-cv.txt").read_text(encoding="utf-8")
    both, _, folds = text.partition("=== Attribute selection 3 fold")
    evaluator = both[both.index("Attribute Evaluator") : both.index("Ranked")]
    alone = f"{evaluator}\n=== Attribute selection 3 fold{folds}"
    table = read_scores(written(alone, "weka.txt"), {"model": "m"})
    [vector] = table.vectors.values()
    assert vector["bmi"] == (0.616, -0.616)
    assert vector["body height"] == (0.1, 0.1)
    assert {origin.method for origin in table.vectors} == {"Correlation Ranking Filter"}


def test_a_selection_without_a_ranking_is_refused(written):
    text = (FILES / "weka-infogain.txt").read_text(encoding="utf-8")
    ranked = text[text.index("Ranked") : text.index("Selected")]
    with pytest.raises(InputError, match="use the search method Ranker"):
        scores(written(text.replace(ranked, ""), "weka.txt"))
    with pytest.raises(InputError, match="several rankings of Weka"):
        scores(written(text + text, "weka.txt"))


def test_a_dump_of_trees_without_gains_is_refused(written):
    text = (FILES / "xgboost-dump.txt").read_text(encoding="utf-8")
    bare = "\n".join(line.partition(",gain")[0] for line in text.splitlines())
    with pytest.raises(InputError, match="dump it with_stats=True"):
        scores(written(bare, "dump.txt"))


@pytest.mark.parametrize(
    ("cell", "vector"),
    [
        ("SparseVector(3, {0: 0.75, 2: 0.25})", {"f0": 0.75, "f1": 0, "f2": 0.25}),
        ("SparseVector(2, {})", {"f0": 0, "f1": 0}),
        ("DenseVector([0.5, 0.0])", {"f0": 0.5, "f1": 0}),
    ],
)
def test_vectors_are_read_as_python_shows_them(written, cell, vector):
    path = written(f'seed,importances\n1,"{cell}"\n', "spark.csv")
    assert scores(path) == {1: vector}


def test_values_by_row_are_told_from_scores_by_seed(written):
    rows = "1,0.5,-2\n1,-1.5,4\n2,1,-1\n2,-1,1\n"
    table = read_scores(written(f"seed,a,b\n{rows}", "shap.csv"), NAMED)
    assert [*table.vectors.values()] == [
        {"a": (1.0, -0.5), "b": (3.0, 1.0)},
        {"a": (1.0, 0.0), "b": (1.0, 0.0)},
    ]
    based = read_scores(written("seed,a,b,BIAS\n1,0.5,-2,7\n1,-1.5,4,7\n", "shap.csv"), NAMED)
    assert [*based.vectors.values()] == [{"a": (1.0, -0.5), "b": (3.0, 1.0)}]
    assert based.unused == ["BIAS"]
    # A column of one sign alone may be a score in each seed.
    with pytest.raises(InputError, match="has a score of 'a' already"):
        scores(written("seed,a,b\n1,0.5,-2\n1,1.5,4\n", "wide.csv"))
    with pytest.raises(InputError, match="the columns are model, method, seed"):
        scores(written("a,b\n0.5,-2\n1.5,4\n", "wide.csv"))
    assert scores(written("seed,a,b\n1,0.5,-2\n2,-1.5,4\n", "wide.csv"))[2] == {"a": -1.5, "b": 4}
