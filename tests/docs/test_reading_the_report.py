"""docs/reading-the-report.md explains every table, column, figure and warning that there is."""

import re
import shutil

import pandas as pd
import pytest
from class_runs import class_run
from class_tables import class_data
from conftest import ROOT

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings import data, scores
from study.analysis.warnings.registry import CHECKS
from study.cli.group import commands
from study.datasets.checks import columns, pairs, target
from study.datasets.checks.registry import CHECKS as DATA_CHECKS
from study.datasets.checks.table_registry import TABLE_CHECKS
from study.execution.request import USUAL
from study.recipes.dataset import DatasetRecipe
from study.report.figures.registry import all_displays
from study.report.tables.registry import TABLES, make_table
from study.report.tables.table import Table
from study.statistics import permutation_test
from study.statistics.intervals import FEWEST
from study.store.scores.checks import CHECKS as SCORE_CHECKS

REFERENCE = ROOT / "reports" / "reference" / "people"
PAGE = (ROOT / "docs" / "reading-the-report.md").read_text(encoding="utf-8")


def parts(text: str) -> dict[str, str]:
    """The text under each heading, down to the next of whatever level."""
    found = re.split(r"^##+ (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def explained(kind: str) -> dict[str, str]:
    """What the page says of each table, or figure, by its name."""
    return {
        name: text
        for heading, text in parts(PAGE).items()
        if heading.startswith(f"{kind} ")
        for name in names(heading)
    }


def names(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.fixture(scope="module")
def results() -> Results:
    return study.load(REFERENCE)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


@pytest.fixture(scope="module")
def split(tmp_path_factory) -> Overview:
    """A run of few epochs with splits, two seeds on each half, and a group of variables."""
    folder = tmp_path_factory.mktemp("split")
    recipe = (ROOT / "models" / "linear.toml").read_text(encoding="utf-8")
    (folder / "linear.toml").write_text(recipe.replace("epochs = 300", "epochs = 10"))
    shutil.copytree(ROOT / "data", folder / "data")
    data = folder / "data" / "people.toml"
    data.write_text(f'{data.read_text()}\n[variable_groups]\nperson = ["sex", "age"]\n')
    asked = ["--seeds", "2", "--splits", f"{FEWEST}", "--seeds-per-split", "2", "--shuffles", "19"]
    run = [
        "run",
        "--data",
        f"{data}",
        "--models",
        f"{folder / 'linear.toml'}",
        "--out",
        f"{folder / 'run'}",
        *asked,
    ]
    commands.main([*run, "--workers", "1"], standalone_mode=False)
    return Overview(study.load(folder / "run"))


@pytest.fixture(scope="module")
def classes(tmp_path_factory) -> Overview:
    """A run of three classes."""
    folder = tmp_path_factory.mktemp("classes")
    return Overview(study.load(class_run(folder / "run", class_data(folder), seeds=3, splits=0)))


def table_of(name: str, overview: Overview, split: Overview, classes: Overview) -> Table:
    """A table of the reference run; of another where it rests on splits, on groups or on classes."""
    if name.startswith("importance-classes"):
        return make_table(classes, name)
    elsewhere = TABLES[name].section == "population" or name == "importance-groups"
    return make_table(split if elsewhere else overview, name)


def test_every_table_is_explained_and_no_other():
    assert set(explained("Table")) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_explained(name, overview, split, classes, monkeypatch):
    # The reference run varies no source alone; the documentation holds the table of one that does.
    varied = pd.read_csv(ROOT / "docs" / "sources.csv")
    monkeypatch.setitem(vars(overview), "sources", varied)
    table = table_of(name, overview, split, classes)
    said = names(explained("Table")[name])
    assert set(table.layout.columns) - said == set()
    assert set(table.data.columns) - said - names(parts(PAGE)["Columns of the CSV files"]) == set()


def test_every_column_of_the_page_is_one_of_its_table(overview, split, classes):
    """What a table's list of columns names is a column of it, or of its sister by variable."""
    for heading, text in parts(PAGE).items():
        if not heading.startswith("Table "):
            continue
        tables = [
            table_of(name, overview, split, classes) for name in names(heading) if name != "sources"
        ]
        known = {column for table in tables for column in [*table.layout, *table.data]}
        for line in re.findall(r"^\| (.*`.*?) \|", text, flags=re.MULTILINE):
            assert not tables or names(line) <= known, (heading, line)


def test_every_figure_of_the_reference_report_is_explained():
    said = set(explained("Figure"))
    for path in (REFERENCE / "figures").glob("*.png"):
        by_feature = path.stem.replace("-variables", "-features")
        assert {by_feature, re.sub("^importance-.*", "importance-METHOD", by_feature)} & said


def test_the_figures_of_splits_are_explained(split):
    found = all_displays(split)
    own = {name for name, display in found.items() if display.section == "population"}
    assert own == {"population", "spread"}
    assert own <= set(explained("Figure"))


def test_every_figure_says_what_a_mark_is_and_how_it_is_misread():
    for name, text in explained("Figure").items():
        for lead in ("- **One ", "- **Look for** ", "- **Do not** "):
            assert lead in text, (name, lead)


def test_every_warning_is_explained_and_no_other():
    lines = re.findall(r"^\| ([DIST]\d{3}) \| .+ \| .+ \|$", parts(PAGE)["Warnings"], re.MULTILINE)
    assert lines == [check.code for check in (*CHECKS, *DATA_CHECKS, *SCORE_CHECKS, *TABLE_CHECKS)]


def test_the_numbers_of_the_page_are_those_of_the_program(results, overview):
    said = " ".join(PAGE.split())
    power = make_table(overview, "claim-power").data.set_index(["seeds", "true"])["supported"]
    flips = make_table(overview, "flips-features").data
    never = flips[(flips["rate"] == 0) & (flips["above"] == 20)]["high"]
    unrelated = 1 / (len(results.features) - 1) ** 0.5
    facts = [
        f"have a Spearman correlation of 0 with standard deviation {unrelated:.2f}",
        f"into halves, {USUAL.splits} times as a rule",
        f"counts all ({USUAL.shuffles} as a rule",
        f"or there are fewer than {FEWEST} splits",
        f"or there are fewer than {permutation_test.FEWEST_SHUFFLES} shuffles",
        "or below half (`fit` of the data recipe) of the best model's",
        f"comes out supported in {power[20, 0.95]:.0%} of studies",
        f"of 20 seeds without a flip, the interval reaches to {never.iloc[0]:.2f}",
        f"fewer than {FEWEST} seeds; or the primary claim is inconclusive",
        f"more than {data.COLLINEAR:.0%} of a feature is explained",
        f"of two seeds exceeds {scores.NEAR_ONE} for some model",
        f"fewer than {columns.FEWEST} test rows, and fewer than {columns.FEWEST_PART:.0%} of them",
        f"alone explains more than {target.TOLD:.0%} of the variance",
        f"an adjusted R² above {target.FORMULA} on",
        f"a correlation beyond {pairs.CORRELATED} on",
        f"a condition index above {pairs.CONDITION} on",
    ]
    assert [fact for fact in facts if fact not in said] == []
    assert DatasetRecipe.model_fields["fit"].default == 0.5
