"""The page of the wines, and the table and the run that it tells of."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from sklearn.datasets import load_wine

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.datasets.dataset import load_dataset
from study.recipes.find import find_dataset

REFERENCE = ROOT / "reports" / "reference" / "wine"


@pytest.fixture(scope="module")
def results() -> Results:
    return study.load(REFERENCE)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


@pytest.fixture(scope="module")
def said() -> str:
    return " ".join((ROOT / "docs" / "wine.md").read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / "wine.csv")


def test_the_table_is_that_of_scikit_learn(table):
    expected = load_wine(as_frame=True).frame
    classes = table["cultivar"].str.removeprefix("cultivar ").astype(int) - 1
    assert classes.tolist() == expected.pop("target").tolist()
    pd.testing.assert_frame_equal(table.drop(columns="cultivar"), expected, check_exact=True)


def test_the_run_is_of_the_recipe_and_the_table_that_are_shipped(results):
    found = find_dataset(str(ROOT / "data" / "wine.toml"))
    assert results.recipe == found.recipe
    assert results.hashes == load_dataset(found.recipe, found.path.parent).hashes


def test_the_snippet_prints_what_the_page_and_the_recipe_say(said, monkeypatch, capsys):
    page = (ROOT / "docs" / "wine.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.+?)```", page, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(snippet, {})
    printed = capsys.readouterr().out.strip()
    assert printed in said
    recipe = (ROOT / "data" / "wine.toml").read_text(encoding="utf-8").replace("\n# ", " ")
    forest = re.sub(r"[{}':]", "", printed.rsplit(" ", 1)[0])
    assert f"impurity importances of {forest}." in recipe


def test_the_page_has_the_numbers_of_the_run(said, results, overview, table):
    claim = results.recipe.claim
    seeds, halves, chance = (
        read(claim) for read in (overview.own_verdict, overview.own_population, overview.own_chance)
    )
    assert [seeds["verdict"], halves["verdict"]] == ["contradicted", "inconclusive"]
    assert chance["label"] == "not shown to be above chance"
    fit = overview.fit_quality.set_index(["model", "part", "evaluation"]).loc[
        "mlp", "test", "alone"
    ]
    scores = results.vectors("mlp", "real", "permutation-grouped", "variable")
    first = pd.Series([scores.items[place] for place in scores.score.argmax(axis=1)]).value_counts()
    others = overview.verdicts(claim).set_index(["model", "method"])
    kin = results.recipe.variable_groups["phenols"]
    alike = table[kin].corr().to_numpy()[np.triu_indices(3, 1)]
    shares = overview.importance("variable").query("condition == 'real' and model == 'mlp'")
    shares = shares.set_index(["method", "name"])["mean_share"].loc["permutation-grouped"]
    grouped = overview.importance("group").query("condition == 'real' and model == 'mlp'")
    grouped = grouped.set_index(["method", "name"])["mean_share"].loc["permutation-grouped"]
    assert grouped["phenols"] == grouped.max()
    met = [overview.own_verdict(of)["met"] for of in results.recipe.claims]
    facts = [
        f"explains {fit['d_squared_mean']:.2f} of the log loss of the test rows",
        f"finds the class of {fit['accuracy_mean']:.2f} of them",
        f"right for {fit['majority_mean']:.2f}",
        f"first in {seeds['met']} of 20 seeds (95% interval {seeds['low']:.2f} to {seeds['high']:.2f}), "
        f"alcohol in {first['alcohol']} and color_intensity in {first['color_intensity']}",
        f"proline first in {others.loc[('linear', claim.method), 'met']} of 20, and its",
        f"in {chance['as_large']} of {chance['shuffles']} trainings",
        f"(p = {chance['p_value']:.3f})",
        f"over both halves of {halves['splits']} random splits of all {len(table)} wines",
        f"share is {halves['margin']:.2f} ahead of that of {halves['against']} "
        f"({halves['low']:.2f} to {halves['high']:.2f})",
        f"correlations are {alike.min():.2f} to {alike.max():.2f}",
        f"the largest of the three has a share of {shares[kin].max():.2f}",
        f"a share of {grouped['phenols']:.2f}, twice that of proline, {grouped['proline']:.2f}",
        f"comes first in {met[3]} of 20 seeds",
        f"is so in {met[0]} of 20 seeds of the MLP, the second in {met[1]} and the third in {met[2]}",
    ]
    assert [fact for fact in facts if fact not in said] == []
    assert first["proline"] == seeds["met"]


def test_the_page_says_by_what_each_class_stands_farthest_from_the_others(said, table):
    z = table.drop(columns="cultivar")
    z = (z - z.mean()) / z.std()
    apart = []
    for place, name in enumerate(["proline", "alcohol", "od280/od315_of_diluted_wines"], 1):
        own = table["cultivar"] == f"cultivar {place}"
        distance = (z[own].mean() - z[~own].mean()).abs()
        assert distance.idxmax() == name
        apart.append(f"{distance.max():.2f}")
    assert f"{apart[0]}, {apart[1]} and {apart[2]})" in said
