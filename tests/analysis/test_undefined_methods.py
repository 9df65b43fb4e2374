"""Where a method could not have told what an item is worth, there is no verdict by it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, drawn_scores, made_run

import study
from study.analysis.overview import Overview
from study.analysis.unmoved import unmoved_halves
from study.analysis.warnings.registry import warnings
from study.common.methods import DEFAULT_METHODS
from study.recipes.claim_text import parse_claim
from study.report.text.verdict import answers

CASES = Path(__file__).parents[1] / "cases"
GRADIENT_METHODS = {"training-gradient", "gradient", "contrast-gradient", "scaled-gradient"}
SEX, AGE, STATE = 0, 1, slice(2, 5)


# -- predictions without a gradient ------------------------------------------------------------


@pytest.fixture
def made(tmp_path, people):
    """A run of random scores, in which some are changed."""

    def make(change, **options):
        generator = np.random.default_rng(1)
        scores = drawn_scores(
            ("transformer", "mlp"), lambda items: generator.gamma(8, 1, (9, items))
        )
        change(scores)
        return made_run(tmp_path / "run", people.recipe, scores, **options)

    return make


def without(scores, model, columns, *, methods=GRADIENT_METHODS):
    for (name, _), by_method in scores.items():
        for method in methods & set(by_method):
            if name == model:
                by_method[method][:, columns] = 0


def of_all(variable):
    """Every gradient method, undefined for one variable."""
    return {method: [variable] for method in GRADIENT_METHODS}


def test_gradient_methods_are_undefined_where_an_index_hides_a_group(made):
    def change(scores):
        without(scores, "mlp", STATE)
        scores["mlp", "real"]["permutation"][:, STATE] = 0  # no column by itself, but all at once

    results = made(change)
    assert results.undefined == {"mlp": of_all("State")}
    for level in ("feature", "variable"):
        held = {
            method for method in DEFAULT_METHODS if results.vectors("mlp", "real", method, level)
        }
        assert not held & GRADIENT_METHODS
        assert results.vectors("transformer", "real", "gradient", level)
    for frame in (results.ranks, results.shares, Overview(results).importance("variable")):
        own = frame[frame["model"] == "mlp"]
        assert len(own)
        assert not set(own["method"]) & GRADIENT_METHODS
    (warning,) = [of for of in warnings(Overview(results)) if of.code == "S020"]
    assert warning.evidence.startswith("MLP: predictions depend on State, as permuting shows")
    assert "Transformer" not in warning.evidence


def test_a_claim_by_an_undefined_method_is_not_tested_and_says_why(made):
    results = made(lambda scores: without(scores, "mlp", AGE))
    claim = parse_claim("sex rank 1 in 0.8", results.recipe)
    claim = claim.model_copy(update={"model": "mlp", "method": "gradient"})
    overview = Overview(results)
    assert overview.own_verdict(claim) is None
    for answer in answers(overview, claim):
        assert answer.verdict == "not tested"
        assert (
            "radient is undefined for this model: its predictions depend on age, but have no "
            "gradient there (S020)"
        ) in answer.sentence


@pytest.mark.parametrize(
    ("columns", "methods"),
    [
        (SEX, {"training-gradient"}),
        (STATE, {"gradient", "contrast-gradient", "scaled-gradient"}),
        (SEX, {"gradient", "contrast-gradient", "scaled-gradient"}),
    ],
)
def test_gradients_in_training_and_after_it_are_undefined_each_for_itself(made, columns, methods):
    results = made(lambda scores: without(scores, "mlp", columns, methods=methods))
    assert set(results.undefined["mlp"]) == methods


def test_features_without_effect_and_units_that_are_off_leave_gradients_defined(made):
    def change(scores):
        without(scores, "mlp", AGE)  # of no effect: permuting it does nothing either
        for condition in ("real", "shuffled", "untrained"):
            scores["mlp", condition]["permutation"][:, AGE] = 0
            scores["mlp", condition]["permutation-grouped"][:, 1] = 0
        without(scores, "transformer", SEX)  # off in all seeds but one
        for method in GRADIENT_METHODS:
            scores["transformer", "real"][method][3, SEX] = 1e-6
        # Constant in training: no slope in units of its deviation, but one in its own.
        scores["transformer", "real"]["scaled-gradient"][:, 7] = 0

    results = made(change)
    assert results.undefined == {}
    assert "S020" not in {of.code for of in warnings(Overview(results))}


def test_a_network_with_an_index_is_run_and_warned_of(command, small):
    shutil.copy(ROOT / "tests" / "networks_to_check.py", "networks_to_check.py")
    for name in ("Indexed", "Summed"):
        Path(f"{name}.toml").write_text(
            f'title = "{name}"\nnetwork = "networks_to_check:{name}"\n'
            "[training]\nepochs = 3\nbatch_size = 10\nlearning_rate = 0.01\n"
        )
    run = command(
        *("run", *small[:2], "--models", "Indexed.toml,Summed.toml", "--seeds", "2"),
        *("--splits", "2", "--shuffles", "0", "--workers", "1", "--out", "run"),
    )
    assert run.status == 0, run.err
    results = study.load("run")
    assert results.undefined == {"Indexed": of_all("State")}
    assert results.vectors("Indexed", "real", "permutation-grouped", "variable") is not None
    assert results.on_splits("Indexed", "gradient", "feature") is None
    assert set(results.occasions["model"]) == {"Summed"}


# -- items that permuting leaves unmoved -------------------------------------------------------


@pytest.fixture
def studied(command):
    """Runs a table with two models, few seeds, splits and shuffles, for a claim; its overview."""

    def run(table: Path | str, claim: str, *more: str) -> Overview:
        path = Path("table.csv")
        path.write_text(table if isinstance(table, str) else table.read_text())
        assert command("data", "init", "table.csv", "--target", "price").status == 0
        recipe = Path("data/table.toml")
        text = recipe.read_text().replace("repeats = 30", "repeats = 2")
        recipe.write_text(text)
        Path("m.toml").write_text(
            (ROOT / "models" / "linear.toml").read_text().replace("epochs = 300", "epochs = 30")
        )
        made = command(
            *("run", "--data", "table", "--models", "m.toml", "--seeds", "12", "--splits", "10"),
            *("--shuffles", "19", "--workers", "1", *more),
        )
        assert made.status == 0, made.err
        results = study.load("reports/table")
        parsed = parse_claim(claim, results.recipe)
        results.recipe = results.recipe.model_copy(
            update={
                "claim": parsed.model_copy(update={"model": "m", "method": "permutation-grouped"})
            }
        )
        return Overview(results)

    return run


def rewritten(*words: str) -> str:
    """The given table with others words for no rain, some, and much."""
    header, *lines = (CASES / "tables" / "10-rain.csv").read_text().splitlines()
    cells = [line.split(",", 1) for line in lines]
    rain = [words[min(int(float(of) > 0) + int(float(of) > 4), len(words) - 1)] for of, _ in cells]
    rows = [f"{word},{rest}" for word, (_, rest) in zip(rain, cells, strict=True)]
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    "table",
    [CASES / "tables" / "10-rain.csv", rewritten("dry", "wet"), rewritten("none", "some", "much")],
    ids=["given", "two words", "three words"],
)
def test_no_verdict_by_permutation_on_what_does_not_vary_in_the_test_rows(studied, table):
    overview = studied(table, "rain rank 1 in 0.8")
    results = overview.results
    for answer in answers(overview):
        assert answer.verdict.startswith("no verdict")
        assert "ermuting rain changes no prediction of any model" in answer.sentence
    assert "D002" in {warning.code for warning in warnings(overview)}
    by_gradient = results.recipe.claim.model_copy(update={"method": "scaled-gradient"})
    assert "permuting" not in answers(overview, by_gradient)[2].sentence
    # The other variables are tested as ever; a claim that names rain is not.
    told = {}
    for words in ("rooms rank 1 in 0.8", "rooms above rain in 0.8", "size above rooms in 0.8"):
        claim = parse_claim(words, results.recipe).model_copy(
            update={"model": "m", "method": "permutation-grouped"}
        )
        told[words] = "permuting" in answers(overview, claim)[2].sentence
    assert list(told.values()) == [False, True, False]


def test_halves_in_which_an_item_does_not_vary_say_nothing_of_it(tmp_path, people):
    """Ten splits; sex is 0 by all models in both halves of two of them, age by one model alone."""
    halves = {
        model: {"permutation-grouped": np.random.default_rng(seed).gamma(8, 1, (20, 4))}
        for seed, model in enumerate(("mlp", "linear"))
    }
    for of in halves.values():
        of["permutation-grouped"][[2, 3, 9], 0] = 0
    halves["mlp"]["permutation-grouped"][:, 1] = 0
    results = made_run(
        tmp_path / "run", people.recipe, drawn_scores(("mlp", "linear"), lambda n: np.ones((3, n))),
        halves=halves,
    )  # fmt: skip
    # Without least squares nobody knows whether a model merely leaves an item unread.
    assert unmoved_halves(results, ["sex"], "permutation-grouped", "variable") == set()
    results._on_splits["least-squares", "permutation-grouped", "variable"] = results.on_splits(
        "linear", "permutation-grouped", "variable"
    )
    assert unmoved_halves(results, ["sex"], "permutation-grouped", "variable") == {2, 3, 9}
    assert unmoved_halves(results, ["age"], "permutation-grouped", "variable") == set()
    assert unmoved_halves(results, ["age", "sex"], "permutation-grouped", "variable") == {2, 3, 9}
    assert unmoved_halves(results, ["sex"], "gradient", "variable") == set()
