"""A run of classes from its stored results to tables, verdicts, page and checks."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as metrics
from class_runs import class_run, logistic
from class_tables import LEVELS, class_data, flowers, loaded, written

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.vectors import Vectors

SEEDS = 10


@pytest.fixture(scope="module", params=[2, 3])
def classes(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory, classes) -> Path:
    return tmp_path_factory.mktemp(f"classes{classes}")


@pytest.fixture(scope="module")
def data(folder, classes):
    return class_data(folder, classes, rows=200)


@pytest.fixture(scope="module")
def run(folder, data) -> Path:
    return class_run(folder / "run", data, SEEDS)


@pytest.fixture(scope="module")
def results(run) -> Results:
    return Results(run)


def test_fit_quality_is_that_of_classes(results, data):
    quality = Overview(results).fit_quality.set_index(["model", "part", "evaluation"])
    model = logistic(data.train_x, data.train_y)
    row = quality.loc[("least-squares", "test", "alone")]
    predicted = model.predict_proba(data.test_x)
    assert row["d_squared_mean"] == pytest.approx(metrics.d2_log_loss_score(data.test_y, predicted))
    assert row["accuracy_mean"] == pytest.approx(model.score(data.test_x, data.test_y))
    assert not any("r_squared" in column for column in quality.columns)


def test_seeds_have_learned_by_the_share_of_log_loss_explained(results):
    found = Overview(results).learning
    best = max(
        found.loc[found["model"] == "mlp", "d_squared"].median(),
        results.fits.query("model == 'least-squares' and part == 'test' and evaluation == 'alone'")[
            "d_squared"
        ].iloc[0],
    )
    assert found["learned"].tolist() == (found["d_squared"] >= 0.8 * best).tolist()
    assert found["learned"].any()


def test_the_models_predict_and_the_claim_has_its_three_verdicts(results):
    overview = Overview(results)
    assert overview.held_out["predicts"].all()
    claim = results.recipe.claim
    own = overview.own_verdict(claim)
    assert (own["met"], own["n"]) == (SEEDS, SEEDS)
    assert overview.own_population(claim)["verdict"] == "supported"


def sums(found: list[Vectors]) -> np.ndarray:
    return np.sum([of.score for of in found], axis=0)


@pytest.mark.parametrize("level", ["feature", "variable"])
def test_scores_of_classes_are_those_of_two_and_add_up_of_more(results, classes, level):
    for method in ("gradient", "contrast-gradient", "scaled-gradient"):
        whole = results.vectors("mlp", "real", method, level)
        parts = [results.vectors("mlp", "real", method, level, of) for of in LEVELS[:classes]]
        if classes == 2:
            for part in parts:
                np.testing.assert_array_equal(part.score, whole.score)
        else:
            np.testing.assert_allclose(sums(parts), whole.score, rtol=1e-12)
            assert not np.allclose(parts[0].score, parts[1].score)
        assert results.on_splits("mlp", method, level, LEVELS[0]) is not None
        assert results.on_shuffles("mlp", method, level, LEVELS[0]) is not None
    assert results.vectors("mlp", "real", "permutation", "feature", LEVELS[0]) is None
    assert set(results.methods()) == {
        *("gradient", "contrast-gradient", "scaled-gradient", "permutation", "permutation-grouped")
    }
    assert set(results.scores["method"]) == set(results.methods())


def test_a_claim_may_name_a_class(results, run, command, classes):
    words = "width rank 1 for class oak in 0.8"
    outcome = command("claim", str(run), words, "--method", "scaled-gradient")
    assert outcome.status == 0, outcome.err
    assert "width has rank 1 for class oak in 10 of 10 seeds" in outcome.out
    lost = command("claim", str(run), words)
    assert lost.status == 2
    assert lost.err.count("\n") == 1
    assert "method permutation-grouped has no scores by class" in lost.err
    unknown = command("claim", str(run), words.replace("oak", "fir"), "--method", "gradient")
    assert unknown.status == 2
    there = ", ".join(LEVELS[:classes])
    assert f"no class is called 'fir': there is {there}" in unknown.err


def test_what_a_class_claims_is_what_its_own_scores_say(results):
    from study.recipes.claim_text import parse_claim

    claim = parse_claim(
        "height above width for class ash in 0.8", results.recipe, method="scaled-gradient"
    )
    vectors = results.vectors("mlp", "real", "scaled-gradient", "variable", "ash")
    width, height = (vectors.items.index(name) for name in ("width", "height"))
    expected = int((vectors.score[:, height] > vectors.score[:, width]).sum())
    assert Overview(results).own_verdict(claim)["met"] == expected


def test_the_table_of_classes_is_there_for_more_than_two(run, command, classes):
    outcome = command("table", "importance-classes-variables", str(run), "--format", "csv")
    if classes == 2:
        assert outcome.status == 2
        assert "each of more than two classes has scores of its own" in outcome.err
        return
    rows = list(csv.DictReader(outcome.out.splitlines()))
    assert {row["class"] for row in rows} == set(LEVELS)
    for level in LEVELS:
        own = [
            float(row["mean_share"])
            for row in rows
            if (row["model"], row["method"], row["class"]) == ("mlp", "gradient", level)
        ]
        assert sum(own) == pytest.approx(1)


def test_every_word_on_fit_is_of_classes(run, folder, command, sketched):
    for words in (["status"], ["table", "fit"], ["table", "seeds"], ["table", "population"]):
        outcome = command(*words, str(run))
        assert outcome.status == 0, outcome.err
        assert "R²" not in outcome.out
    assert "D²" in command("table", "fit", str(run)).out
    outcome = command("report", str(run))
    assert outcome.status == 0, outcome.err
    [page] = list(run.rglob("*.html"))
    text = re.sub(r"<[^>]*>", " ", page.read_text())
    assert "D² (share of log loss explained)" in text
    assert not re.search(r"(test|mean|median|held-out|in) R²", text), re.findall(
        r".{60}R².{40}", text
    )


def test_the_dump_has_the_fits_of_classes_and_checks_find_no_fault(run, command, classes):
    lines = [json.loads(line) for line in command("dump", str(run)).out.splitlines()]
    fits = [line for line in lines if line[0] == "fits"]
    assert all(line[12:15] == [None] * 3 for line in fits)
    assert all(len(line) == 22 for line in fits)
    methods = {line[10] for line in lines if line[0] == "scores"}
    assert ("gradient:oak" in methods) == (classes == 3)
    outcome = command("check", str(run))
    lines = [line for line in outcome.out.splitlines() if re.search(r"C00[3-7]", line)]
    # Of "mlp", nothing was kept in training, as there was none.
    for line in lines:
        assert not line.startswith("fault") or ("C005" in line and "least-squares" not in line)
    assert any("C006" in line for line in lines)


@pytest.fixture(scope="module")
def claimed_of_elm(tmp_path_factory) -> Path:
    """A run whose claim is on one of three classes."""
    folder = tmp_path_factory.mktemp("elm")
    recipe = written(folder, flowers(200), bottom='for_class = "elm"')
    text = recipe.read_text()
    recipe.write_text(text.replace('"permutation-grouped"', '"scaled-gradient"'))
    return class_run(folder / "run", loaded(recipe), SEEDS)


def dumped_shares(run: Path, command, method: str) -> pd.DataFrame:
    """Share of each variable with each seed on all rows, from the lines of a run's dump."""
    lines = [json.loads(line) for line in command("dump", str(run)).out.splitlines()]
    scores = pd.DataFrame(
        [
            {"seed": seed, "variable": item.split("=")[0], "score": score}
            for table, model, condition, _, seed, *_, split, own, item, score, _ in (
                line for line in lines if line[0] == "scores"
            )
            if (model, condition, own, split) == ("mlp", "real", method, None)
        ]
    )
    by_variable = scores.pivot_table(
        index="seed", columns="variable", values="score", aggfunc="sum"
    )
    return by_variable.div(by_variable.sum(axis=1), axis=0)


def test_the_share_that_is_cited_for_a_class_is_that_of_its_scores_in_the_dump(
    claimed_of_elm, command
):
    outcome = command("cite", str(claimed_of_elm), "--format", "latex")
    assert outcome.status == 0, outcome.err
    cited = (claimed_of_elm / "numbers.tex").read_text()
    mean, sd, met = (
        re.search(rf"MlpScaledGradient{part}}}{{(.*?)}}% (.*)", cited).groups()
        for part in ("ShareMean", "ShareSd", "Met")
    )
    own = dumped_shares(claimed_of_elm, command, "scaled-gradient:elm")
    assert len(own) == SEEDS
    assert mean[0] == f"{own['width'].mean():.3f}"
    assert sd[0] == f"{own['width'].std():.3f}"
    assert met[0] == str((own.idxmax(axis=1) == "width").sum())
    assert mean[1].startswith("share of width for class elm, mean over seeds")
    for other in ("scaled-gradient", "scaled-gradient:oak", "scaled-gradient:ash"):
        assert mean[0] != f"{dumped_shares(claimed_of_elm, command, other)['width'].mean():.3f}"
