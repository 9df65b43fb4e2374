"""The page, figures and tables of a small run."""

import contextlib
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image
from scipy import stats

import study
from study.analysis.agreement import method_agreement
from study.analysis.claims import proportions
from study.analysis.fits import fit_quality
from study.analysis.overview import Overview
from study.cli.group import commands
from study.common.methods import DEFAULT_METHODS
from study.report.page import write_report
from study.report.tables.registry import all_tables
from study.report.tables.table import Table

HOSTILE = '<script>alert(1)</script> & "q" $x_1$ \\input{y} | *z* `'


class Page(HTMLParser):
    """What a browser would load, and the text it would show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[dict[str, str]] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.shown = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append(tag)
        if tag == "img":
            self.images.append(values)
        self.links += [values[name] for name in ("href", "src") if name in values]

    def handle_data(self, data):
        self.shown += data


def ran(folder: Path, *arguments: str) -> None:
    """`study run ARGUMENTS` in a folder."""
    with contextlib.chdir(folder):
        commands.main(["run", *arguments, "--workers", "1"], standalone_mode=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory, small) -> Path:
    """A run whose State is called something hostile, with a level of the same kind."""
    folder = tmp_path_factory.mktemp("hostile")
    data = Path(small[1])
    shutil.copytree(data.parent, folder / "data")
    recipe = data.read_text().replace(
        "State=Michigan", f"State={HOSTILE}".replace("\\", "\\\\").replace('"', '\\"')
    )
    recipe = recipe.replace('"Michigan"', f"'{HOSTILE}'")
    (folder / "data" / "people.toml").write_text(recipe)
    ran(folder, *small[2:], "--seeds", "4", "--data", "data/people.toml")
    directory = folder / "reports" / "people"
    write_report(Overview(study.load(directory)))
    return directory


def test_the_page_stands_alone(run):
    page = Page((run / "report.html").read_text())
    assert len(page.images) >= 10
    for image in page.images:
        assert image["src"].startswith("data:image/svg+xml,")
        assert image["alt"]
    for link in page.links:
        if link.startswith("#"):
            assert f'id="{link[1:]}"' in (run / "report.html").read_text()
        elif not link.startswith("data:"):
            assert (run / link).is_file(), link
    assert page.tags.count("h1") == 1


def test_hostile_names_are_shown_as_text(run):
    page = Page((run / "report.html").read_text())
    assert page.tags.count("script") == 0
    assert HOSTILE in page.shown
    markdown = (run / "tables" / "importance-features.md").read_text()
    assert "<script>" not in markdown
    assert r"<span>\$</span>x\_1<span>\$</span>" in markdown
    latex = (run / "tables" / "importance-features.tex").read_text()
    assert r"\input" not in latex
    assert r"\$x\_1\$ \textbackslash{}input\textbraceleft{}y\textbraceright{}" in latex
    # One cell separator more than there are columns would be a broken row.
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(re.findall(r"\|", rows[1]))}


def test_figures_are_drawn_and_depend_on_the_run_alone(run, monkeypatch):
    """Not on the user's own matplotlib settings either, which are left as they are."""
    figures = sorted((run / "figures").iterdir())
    before = {path: path.read_bytes() for path in figures}
    drawings = [path for path in figures if path.suffix == ".png"]
    names = {path.stem for path in drawings}
    assert {"verdict", "claim", "claim-seeds", "claimed-share", "fit", "seeds", "training"} <= names
    assert {"rank-frequency-features", "flips-features"} <= names
    assert {f"agreement-{of}-features" for of in ("methods", "models", "seeds")} <= names
    assert {f"importance-{method}" for method in DEFAULT_METHODS} <= names
    assert {path.with_suffix(".svg") for path in drawings} == set(figures) - set(drawings)
    for path in drawings:
        with Image.open(path) as image:
            assert image.width == 2000  # 10 inches at 200 dots each
            assert round(image.info["dpi"][0]) == 200
            assert len(set(image.convert("L").get_flattened_data())) > 10, f"{path} is blank"
    page = (run / "report.html").read_bytes()
    monkeypatch.setitem(matplotlib.rcParams, "text.usetex", True)
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "red")
    write_report(Overview(study.load(run)))
    assert {path: path.read_bytes() for path in figures} == before
    assert (run / "report.html").read_bytes() == page
    assert matplotlib.rcParams["text.usetex"]
    assert matplotlib.rcParams["axes.facecolor"] == "red"


def test_every_table_is_written_in_every_form(run):
    results = study.load(run)
    for table in all_tables(Overview(results)):
        frame = pd.read_csv(run / "tables" / f"{table.name}.csv")
        assert len(frame) == len(table.data) > 0
        assert (run / "tables" / f"{table.name}.md").read_text().count("\n|") >= len(
            table.layout
        ) + 1
        latex = (run / "tables" / f"{table.name}.tex").read_text()
        for part in (
            r"\toprule",
            r"\caption[",
            rf"\label{{tab:people-{table.name}}}",
            r"\bottomrule",
        ):
            assert part in latex
        assert results.identity in table.notes


def test_the_numbers_are_those_of_plain_pandas(run):
    """Recomputed from the stored scores with pandas' own groupby, rank and corr."""
    results = study.load(run)
    keys = ["model", "condition", "method", "level", "seed"]
    scores = results.scores.copy()
    scores["share"] = scores["score"].clip(lower=0)
    scores["share"] /= scores.groupby(keys, dropna=False)["share"].transform("sum")
    scores["rank"] = scores.groupby(keys, dropna=False)["score"].rank(ascending=False)
    scores["undefined"] = scores.groupby(keys, dropna=False)["score"].transform("max") <= 0
    scores = scores[(scores["level"] == "feature") & scores["seed"].notna()]

    table = (
        Overview(results).importance("feature").set_index(["model", "condition", "method", "name"])
    )
    groups = scores.groupby(["model", "condition", "method", "name"])
    for key, rows in groups:
        assert table.loc[key, "mean_share"] == pytest.approx(rows["share"].mean(), nan_ok=True)
        assert table.loc[key, "sd_share"] == pytest.approx(rows["share"].std(), nan_ok=True)
        assert table.loc[key, "mean_rank"] == pytest.approx(rows["rank"].mean())

    claim = proportions(results, results.recipe.claim).set_index(["model", "condition", "method"])
    age = scores[scores["name"] == "age"]
    for key, rows in age.groupby(["model", "condition", "method"]):
        met = ((rows["rank"] == 1) & ~rows["undefined"]).sum()
        assert claim.loc[key, "met"] == met
        expected = stats.binomtest(int(met), 4).proportion_ci(method="wilson")
        assert claim.loc[key, "low"] == pytest.approx(expected.low)

    wide = scores[scores["condition"] == "real"].pivot_table(
        index=["model", "seed", "name"], columns="method", values="score"
    )
    agreement = method_agreement(results, "feature").set_index(
        ["model", "first", "second", "measure"]
    )
    for model in ("transformer", "mlp"):
        seeds = [
            wide.loc[model].loc[seed].corr("spearman").loc["gradient", "permutation"]
            for seed in range(4)
        ]
        assert agreement.loc[
            (model, "gradient", "permutation", "spearman"), "mean"
        ] == pytest.approx(np.mean(seeds))


def test_fit_quality_is_in_dollars_and_by_way_of_evaluating(run):
    table = fit_quality(study.load(run)).set_index(["model", "part", "evaluation"])
    # Least squares on the published rows, by scikit-learn outside this project.
    row = table.loc[("least-squares", "test", "alone")]
    assert row["r_squared_mean"] == pytest.approx(0.9706, abs=5e-4)
    assert row["rmse_mean"] == pytest.approx(2620, abs=1)
    assert row["within_mean"] == 0.95
    alone, together = (
        table.loc[("transformer", "test", way), "rmse_mean"] for way in ("alone", "together")
    )
    assert alone != pytest.approx(together, rel=1e-3)


def test_the_page_says_what_came_of_the_claim(run):
    shown = Page((run / "report.html").read_text()).shown
    results = study.load(run)
    ranks = results.ranks.query(
        "model == 'transformer' and method == 'training-gradient' and name == 'age'"
    )
    real = (ranks[ranks["condition"] == "real"]["rank"] == 1).sum()
    assert "age has rank 1 among the 8 features in at least 80% of seeds" in shown
    # Of a model that does not predict after so few epochs there is no verdict.
    assert f"In {real} of 4, age has rank 1." in " ".join(shown.split())
    assert "Wilson" in shown
    # Four seeds can neither support such a claim nor make an interval of a mean.
    assert "the claim is supported" not in shown
    assert "S008" in shown


# -- other data than the people's ------------------------------------------------------------

OTHER = """
title = "Other"
source = "made up"
[table]
train = "train.csv"
test = "test.csv"
{variables}
[target]
name = "y"
divisor = 10
tolerance = 0.125
[claim]
level = "{level}"
name = "a"
rank = 1
proportion = 0.995
model = "absent"
method = "gradient"
[permutation]
repeats = 2
random_state = 0
"""


@pytest.mark.parametrize(
    ("names", "level", "title"),
    [
        (["a"], "feature", "Published"),
        (["a", "b"], "variable", "Method"),
        (["a", "b"], "feature", "name"),
    ],
)
def test_numeric_data_without_published_values_or_the_claimed_model(
    tmp_path, request, names, level, title
):
    # One of them is enough to draw.
    request.getfixturevalue("sketched" if names == ["a"] else "undrawn")
    generator = np.random.default_rng(0)
    for part in ("train", "test"):
        table = pd.DataFrame(generator.normal(size=(30, len(names))), columns=names)
        table["y"] = 3 * table["a"] + 0.1 * generator.normal(size=30)
        table.to_csv(tmp_path / f"{part}.csv", index=False)
    variables = "\n".join(
        f'[[variables]]\nname = "{name}"\ntype = "numeric"\ndivisor = 1' for name in names
    )
    (tmp_path / "other.toml").write_text(OTHER.format(variables=variables, level=level))
    mlp = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 2")
    (tmp_path / "own.toml").write_text(mlp.replace('title = "MLP"', f'title = "{title}"'))
    ran(tmp_path, "--data", "./other.toml", "--models", "./own.toml", "--seeds", "1")
    results = study.load(tmp_path / "reports" / "other")
    shown = Page(write_report(Overview(results)).read_text()).shown
    assert "at least 99.5% of seeds" in shown
    assert "Within 12.5%" in shown
    assert "is not tested: this run has no such scores." in shown
    assert "Transformer" not in shown
    table = next(
        table for table in all_tables(Overview(results)) if table.name == "importance-features"
    )
    share = results.shares.query(
        "model == 'own' and condition == 'real' and method == 'gradient' and level == 'feature' and name == 'a'"
    )
    row = table.layout[(table.layout.iloc[:, 0] == "gradient") & (table.layout.iloc[:, 1] == "a")]
    assert row.iloc[0, 2].startswith(f"{share['share'].iloc[0]:.3f}")


def test_control_characters_and_option_brackets_are_defused():
    frame = pd.DataFrame({"*a": ["[x]", "b\rc\x1b[31m"]})
    table = Table("t", "caption", "notes", frame, frame)
    assert "\r" not in table.markdown() + table.latex()
    assert "\x1b" not in table.markdown() + table.latex()
    assert "{}[x]" in table.latex()
    assert "{}*a" in table.latex()
