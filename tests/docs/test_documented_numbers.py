"""Numbers in the documentation are those of the committed reference study."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.datasets.dataset import load_dataset
from study.datasets.drafting import draft, making, variables
from study.recipes.dataset import DatasetRecipe
from study.recipes.explain import recipe_keys
from study.recipes.find import find_dataset

REFERENCE = ROOT / "reports" / "reference" / "people"


def text(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def results() -> Results:
    return study.load(REFERENCE)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


@pytest.fixture(scope="module")
def shares(overview) -> pd.Series:
    table = overview.importance("feature")
    table = table[(table["condition"] == "real") & (table["name"] == "age")]
    return table.set_index(["method", "model"])["mean_share"]


@pytest.fixture(scope="module")
def claim(results, overview) -> pd.DataFrame:
    return overview.verdicts(results.recipe.claim).set_index(["method", "model"])


def test_the_facts_about_people_have_their_numbers(results, overview, shares, claim):
    said = text(ROOT / "docs" / "people.md")
    seeds = overview.learning.set_index(["model", "seed"])
    training = results.vectors("transformer", "real", "training-gradient", "feature").score
    age = training[:, 1] / training.sum(axis=1)
    worst, other = seeds.loc[("transformer", 6)], seeds.loc[("transformer-tokens", 5)]
    tokens = results.vectors("transformer-tokens", "real", "training-gradient", "feature").score
    quality = overview.fit_quality.set_index(["model", "part", "evaluation"])
    fit = quality["within_mean"]
    explained = quality["r_squared_mean"].xs(("test", "alone"), level=["part", "evaluation"])
    first = results.ranks.query(
        "model == 'transformer' and condition == 'real' and seed == 6 and name == 'age'"
    )
    difference = overview.model_differences("feature").set_index(
        ["method", "first", "second", "name"]
    )["mean"]
    permutation = overview.importance("feature").set_index(["condition", "method", "model", "name"])
    by_variable = overview.importance("variable").set_index(
        ["condition", "method", "model", "name"]
    )["mean_share"]
    column = permutation.loc[("real", "permutation", "linear", "age")]
    mlp = permutation.loc[("real", "permutation", "mlp", "age")]
    grouped = [
        by_variable["real", "permutation-grouped", model, "age"]
        for model in ("linear", "mlp", "least-squares")
    ]
    population, chance = (
        overview.population(results.recipe.claim),
        overview.chance(results.recipe.claim).set_index(["model", "method"]),
    )
    met = overview.verdicts(results.recipe.claim).set_index(["model", "method"])
    held = overview.held_out.set_index("model")["r_squared"]
    control = claim.loc[("training-gradient", "mlp")]
    plain = claim.loc[("gradient", "mlp")]
    facts = [
        f"gives {age[0]:.2f} at seed 0, and {age.min():.2f} to {age.max():.2f} over 20 seeds",
        f"(mean {age.mean():.3f}, sd {age.std(ddof=1):.3f};",
        f"test R² of {worst['r_squared']:.3f} and {round(40 * worst['within'])} of 40",
        f"({worst['within']:.2f}), and still puts {age[6]:.2f} on age",
        "By every other method, too, seed 6 puts age first"
        if (first["rank"] == 1).all() and first["method"].nunique() == 6
        else "seed 6 puts something else first by some method",
        "better than any of the networks on average"
        if explained.idxmax() == "least-squares"
        else "least squares is not the best",
        f"test R² {explained['least-squares']:.2f}, and "
        f"{fit['least-squares', 'train', 'alone']:.2f} and "
        f"{fit['least-squares', 'test', 'alone']:.2f} of the training and test rows within 10%; the "
        f"published Transformer has a test R² of {explained['transformer']:.2f}, and "
        f"{fit['transformer', 'test', 'alone']:.2f} of the test rows",
        f"has {other['r_squared']:.3f}, {other['within']:.2f} and "
        f"{tokens[5, 1] / tokens[5].sum():.2f}",
        f"They are the only ones of {len(seeds)} networks"
        if (~seeds["learned"]).sum() == 2
        else "another number of seeds has not learned",
        f"in {control['shuffled_met']:.0f} of 20 seeds by the published measure",
        f"in {plain['shuffled_met']:.0f} by the plain gradient and in "
        f"{claim.loc[('contrast-gradient', 'mlp'), 'shuffled_met']:.0f} by the contrast gradient",
        *(
            f"| {results.title(row.model)} | {row.method} | {row.margin:.2f} [{row.low:.2f}, "
            f"{row.high:.2f}] | {chance.loc[(row.model, row.method), 'p_value']:.3f} | "
            f"{met.loc[(row.model, row.method), 'met']} of 20 |"
            for row in population[population["model"] != "least-squares"].itertuples()
        ),
        "all lie above 0, so that the claim is supported"
        if (population["low"] > 0).all() and (population["verdict"] == "supported").all()
        else "some verdict for other rows is another",
        "of the 199 trainings on shuffled incomes none puts age as far ahead".capitalize()
        if (chance["as_large"] == 0).all() and (chance["shuffles"] == 199).all()
        else "some shuffle puts age as far ahead",
        f"had p up to {chance.loc[('linear', 'permutation'), 'p_highest']:.3f}",
        f"is {held['transformer']:.2f} for the published Transformer, "
        f"{held['transformer-tokens']:.2f} for the corrected one, {held['mlp']:.2f} for the MLP "
        f"and {held['linear']:.2f} for the linear model and for least squares"
        if f"{held['linear']:.2f}" == f"{held['least-squares']:.2f}"
        else "least squares has another held-out R²",
        *(
            f"from {shares['contrast-gradient', model]:.2f} to "
            f"{shares['scaled-gradient', model]:.2f} for the {title}"
            for model, title in (
                ("transformer", "Transformer"),
                ("transformer-tokens", "corrected one"),
                ("mlp", "MLP"),
                ("linear", "linear model, as for least squares"),
                ("least-squares", "linear model, as for least squares"),
            )
        ),
        f"{shares['gradient', 'linear']:.2f} (linear), {shares['gradient', 'mlp']:.2f} (MLP) and "
        f"{shares['gradient', 'transformer']:.2f} (Transformer)",
        f"{shares['contrast-gradient', 'linear']:.2f}, {shares['contrast-gradient', 'mlp']:.2f} "
        f"and {shares['contrast-gradient', 'transformer']:.2f} (least squares: "
        f"{shares['contrast-gradient', 'least-squares']:.2f}; the corrected Transformer: "
        f"{shares['contrast-gradient', 'transformer-tokens']:.2f})",
        f"is {difference['gradient', 'transformer', 'mlp', 'age']:.2f} by raw gradients and "
        f"{difference['contrast-gradient', 'transformer', 'mlp', 'age']:.2f} by contrast",
        f"in {claim.loc[('contrast-gradient', 'linear'), 'shuffled_met']:.0f} of 20 seeds (raw: "
        f"{claim.loc[('gradient', 'linear'), 'shuffled_met']:.0f}), until the units are taken out "
        f"too ({claim.loc[('scaled-gradient', 'linear'), 'shuffled_met']:.0f})",
        f"{column['mean_share']:.2f} ± {column['sd_share']:.2f} for linear regression trained by "
        f"Adam, first in {claim.loc[('permutation', 'linear'), 'met']} of 20 seeds, "
        f"{mlp['mean_share']:.2f} ± {mlp['sd_share']:.2f} for the MLP, and "
        f"{shares['permutation', 'least-squares']:.2f} for least",
        "it is {:.2f}, {:.2f} and {:.2f}.".format(*grouped),
        f"predicts {fit['transformer', 'test', 'together']:.2f} of the test rows within 10% when "
        f"they are evaluated all at once, and {fit['transformer', 'test', 'alone']:.2f} one by one",
        f"no difference: {fit['transformer-tokens', 'test', 'alone']:.2f} either way",
    ]
    assert [fact for fact in facts if fact not in said] == []


def test_the_readme_says_what_was_found(results, overview, shares, claim):
    said = text(ROOT / "README.md").partition("## What was found")[2].partition(" ## ")[0]
    primary = claim.loc[("training-gradient", "transformer")]
    mlp = claim.xs("mlp", level="model")["shuffled_met"]
    column = overview.importance("feature").set_index(["condition", "method", "model", "name"])
    column = column.loc["real", "permutation", "linear", "age"]
    grouped = overview.importance("variable").set_index(["condition", "method", "model", "name"])
    badly = overview.learning.set_index(["model", "seed"]).loc[("transformer", 6)]
    share = results.shares.query(
        "model == 'transformer' and condition == 'real' and method == 'training-gradient' "
        "and level == 'feature' and seed == 6 and name == 'age'"
    )["share"].item()
    population = overview.population(results.recipe.claim).set_index(["method", "model"])
    own = population.loc[("training-gradient", "transformer")]
    least = population.loc[population["margin"].idxmin()]
    chance = overview.chance(results.recipe.claim)
    assert population["margin"].idxmin() == ("training-gradient", "linear")
    assert (population["verdict"] == "supported").all()
    assert (chance["as_large"] == 0).all()
    others = claim.drop(("training-gradient", "transformer"))
    assert (others["verdict"] == "supported").sum() == len(others) - 1 == 22
    facts = [
        f"share is {own['margin']:.2f} ahead of the nearest other ({own['low']:.2f} to "
        f"{own['high']:.2f})",
        f"{least['margin']:.2f} ({least['low']:.2f} to {least['high']:.2f})",
        f"In none of {chance['shuffles'].min()} trainings on shuffled incomes was age as far ahead "
        f"(p = {chance['p_value'].max():.3f})",
        f"Age came first in {primary['met']} of {primary['n']} seeds ({primary['low']:.2f} to "
        f"{primary['high']:.2f}; {primary['required']:.0%} was required)",
        f"{claim.loc[('permutation', 'linear'), 'met']} of 20 for the linear model by permuted",
        f"incomes in {mlp['training-gradient']:.0f} of 20 seeds; by scaled gradients, which are "
        f"free of units, in {mlp['scaled-gradient']:.0f} of 20.",
        f"it is {shares['training-gradient', 'transformer']:.2f} for that Transformer, "
        f"{shares['training-gradient', 'mlp']:.2f} for the MLP and "
        f"{shares['training-gradient', 'linear']:.2f} for the trained linear model",
        "can see, {:.2f}, {:.2f} and {:.2f}.".format(
            *(shares["contrast-gradient", model] for model in ("transformer", "mlp", "linear"))
        ),
        f"{column['mean_share']:.2f} ± {column['sd_share']:.2f} by column and "
        f"{grouped.loc[('real', 'permutation-grouped', 'linear', 'age'), 'mean_share']:.2f} by whole",
        f"predicts {round(40 * badly['within'])} of 40 test rows within 10% and still puts "
        f"{share:.2f} on age",
    ]
    assert [fact for fact in facts if fact not in said] == []
    for fact in facts:
        said = said.replace(fact, "")
    assert re.findall(r"\d+\.\d+|\d+ of \d+", said) == []
    assert primary["verdict"] == own["verdict"] == "supported"


def test_the_sources_on_the_page_are_those_of_the_table():
    table = pd.read_csv(ROOT / "docs" / "sources.csv").set_index(["model", "method", "source"])
    said = text(ROOT / "docs" / "people.md")

    def sd(model: str, *kinds: str) -> list[str]:
        return [f"{table.loc[(model, 'training-gradient', kind), 'sd']:.3f}" for kind in kinds]

    moved = sd("transformer", "init", "order", "dropout")
    assert "(standard deviations {}, {} and {} within".format(*moved) in said
    assert "({})".format(*sd("transformer", "rows")) in said
    by_init = [*sd("mlp", "init"), *sd("linear", "init")]
    by_order = [*sd("mlp", "order"), *sd("linear", "order")]
    assert "({} and {}; order of rows {} and {})".format(*by_init, *by_order) in said
    assert "({} and {})".format(*sd("mlp", "rows"), *sd("linear", "rows")) in said
    claimed = table.xs("training-gradient", level="method").drop(index="all", level="source")
    missed = (claimed["n"] - claimed["met"]).to_dict()
    assert {key: count for key, count in missed.items() if count} == {("linear", "init"): 3}
    few = claimed[claimed["n"] != 100]["n"].to_dict()
    assert few == {("mlp", "dropout"): 5, ("linear", "dropout"): 5}


def test_the_recipe_of_the_documentation_loads_with_every_key_explained(tmp_path):
    page = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    recipe, *parts = re.findall(r"```toml\n(.+?)```", page, flags=re.DOTALL)
    for part in parts:  # keys that a recipe may have beside these
        assert tomllib.loads(part).keys() <= DatasetRecipe.model_fields.keys()
    draw = np.random.default_rng(0)
    pd.DataFrame(
        {
            "area": draw.normal(120, 30, 60),
            "garden": draw.choice(["no", "yes"], 60),
            "town": draw.choice(["Bruges", "Ghent", "Ostend"], 60),
            "price": draw.normal(300_000, 50_000, 60),
        }
    ).to_csv(tmp_path / "houses.csv", index=False)
    path = tmp_path / "data" / "houses.toml"
    path.parent.mkdir()
    path.write_text(recipe)
    data = load_dataset(find_dataset(str(path)).recipe, path.parent)
    assert (len(data.train_y), len(data.test_y)) == (45, 15)
    said = set(re.findall(r"`\[*(\w+)(?: = 1)?\]*`", page))
    assert recipe_keys(DatasetRecipe) - said == set()


def test_the_rules_of_the_documentation_are_those_of_init():
    page = text(ROOT / "docs" / "own-data.md")
    facts = [
        f"up to {variables.MOST_LEVELS} levels; levels in fewer than {variables.FEWEST_ROWS} training "
        "rows",
        f"at most {making.MOST_DROPPED:.0%} of the rows",
        f"else {making.TEST_FRACTION:.0%}, drawn",
        f"networks stop after {draft.PATIENCE} epochs in vain",
        f"With `patience = {draft.PATIENCE}`, which `study data init` writes",
    ]
    assert [fact for fact in facts if fact not in page] == []


def test_the_page_of_the_reference_study_names_the_run_that_lies_beside_it(results):
    page = (REFERENCE / "report.html").read_text(encoding="utf-8")
    assert f"run {results.identity}" in page
