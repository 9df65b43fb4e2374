"""Studies of classes from a table to their verdicts, by the shipped models."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from class_tables import LEVELS, flowers
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.metrics import d2_log_loss_score

from study.analysis.results import Results


def iris() -> pd.DataFrame:
    found = load_iris(as_frame=True)
    return found.data.assign(target=found.target_names[found.target])


def cancer() -> pd.DataFrame:
    """Five of its columns, so that it takes no time."""
    found = load_breast_cancer(as_frame=True)
    return found.data.iloc[:, [0, 1, 4, 21, 27]].assign(target=found.target)


TABLES = {"words of three": iris, "numbers of two": cancer}
FEW = ("--models", "mlp,linear", "--seeds", "3", "--splits", "2", "--shuffles", "2")


@pytest.fixture(scope="module", params=TABLES)
def folder(request, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    TABLES[request.param]().to_csv(folder / "t.csv", index=False)
    return folder


def test_a_table_comes_to_its_verdict_in_four_commands(folder, command, monkeypatch, sketched):
    monkeypatch.chdir(folder)
    for words in (
        ["data", "init", "t.csv", "--target", "target"],
        ["data", "check", "t"],
        ["run", "--data", "t", *FEW],
        ["report", "reports/t"],
    ):
        outcome = command(*words)
        assert outcome.status == 0, outcome.err
    results = Results("reports/t")
    assert set(results.fits["model"]) == {"mlp", "linear", "least-squares"}
    tested = results.fits.query("part == 'test' and evaluation == 'alone' and condition == 'real'")
    assert (tested["d_squared"] > 0.5).all()
    assert "training-gradient" in results.methods()
    check = command("check", "reports/t")
    assert check.status == 0, check.out
    assert "faults: 0" in check.out
    page = Path("reports/t/report.html").read_text()
    assert "25% of the rows of each class are test rows, drawn at random" in page


def test_a_classifier_without_random_state_is_taken_where_rows_vary(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    command("data", "init", "t.csv", "--target", "target")  # unless there is a recipe already
    neighbours = ["run", "--data", "t", "--models", "sklearn:KNeighborsClassifier", "--seeds", "2"]
    outcome = command(*neighbours, "--out", "neighbours")
    assert outcome.status == 2
    assert "has no random_state" in outcome.err
    assert "name one that has it (logistic regression is always computed)" in outcome.err
    assert not Path("neighbours").exists()
    outcome = command(*neighbours, "--splits", "2", "--out", "neighbours")
    assert outcome.status == 0, outcome.err


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("sklearn:RandomForestClassifier", "It is a classifier, not a network"),
        ("mlp", "faults: 0, notes: 0"),
    ],
)
def test_a_model_is_checked_by_what_classes_ask_of_it(folder, command, monkeypatch, model, said):
    monkeypatch.chdir(folder)
    if not Path("data/t.toml").exists():
        assert command("data", "init", "t.csv", "--target", "target").status == 0
    outcome = command("model", "check", model, "--data", "t")
    assert outcome.status == 0, outcome.err
    assert said in outcome.out


def test_a_prediction_is_of_each_class_its_probability(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    if not Path("reports/t").exists():
        pytest.skip("nothing was trained")
    table = TABLES["words of three"]() if "virginica" in Path("t.csv").read_text() else cancer()
    row = table.iloc[0].drop("target")
    given = [f"{name}={value}" for name, value in row.items()]
    outcome = command("predict", "--run", "reports/t", *given)
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("Predicted probability of each target:")
    levels = sorted(table["target"].astype(str).unique())
    for title in ("MLP", "Logistic regression"):
        lines = [line for line in outcome.out.splitlines() if line.strip().startswith(title)]
        assert len(lines) == len(levels)


def test_the_same_seeds_give_the_same_results_however_the_work_is_divided(tmp_path, command):
    flowers(100).to_csv("t.csv", index=False)
    assert command("data", "init", "t.csv", "--target", "kind").status == 0
    dumps = []
    for workers in ("1", "2"):
        out = f"run{workers}"
        words = ["run", "--data", "t", "--out", out, "--workers", workers, *FEW]
        outcome = command(*words)
        assert outcome.status == 0, outcome.err
        dumps.append(command("dump", out).out)
    assert dumps[0] == dumps[1]
    rows = [json.loads(line) for line in dumps[0].splitlines()]
    methods = {row[10] for row in rows if row[0] == "scores"}
    assert {f"gradient:{level}" for level in LEVELS} <= methods


def test_a_classifier_of_scikit_learn_joins_and_fits_as_it_does_alone(tmp_path, command):
    from sklearn.ensemble import RandomForestClassifier

    from study.datasets.dataset import load_dataset
    from study.recipes.find import find_dataset

    flowers(100).to_csv("t.csv", index=False)
    assert command("data", "init", "t.csv", "--target", "kind").status == 0
    words = ["--models", "sklearn:RandomForestClassifier", "--seeds", "2", "--splits", "0"]
    outcome = command("run", "--data", "t", "--out", "run", *words, "--shuffles", "0")
    assert outcome.status == 0, outcome.err
    found = find_dataset("t")
    data = load_dataset(found.recipe, found.path.parent)
    fits = Results("run").fits.query(
        "condition == 'real' and part == 'test' and evaluation == 'alone' and seed == 1"
    )
    alone = RandomForestClassifier(random_state=1).fit(data.train_x, data.train_y.astype(int))
    expected = d2_log_loss_score(data.test_y, alone.predict_proba(data.test_x))
    assert fits["d_squared"].to_numpy() == pytest.approx(np.array([expected]), rel=1e-6)
