"""`study table` and `study claim`: every table in every form, and claims in words."""

import csv
import io
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import drawn_scores, made_run, shipped, whole_run

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.cli.group import commands
from study.cli.main import main
from study.common.errors import InputError
from study.common.methods import DEFAULT_METHODS
from study.common.vocabulary import FORMATS
from study.recipes.claim import Claim
from study.recipes.claim_text import parse_claim
from study.report.tables.fits import _spread
from study.report.tables.registry import TABLES, all_tables, make_table
from study.report.tables.table import Table
from study.store.dump import dump
from study.store.store import Store

SEEDS = 16
FORMULAS = ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "=cmd|' /C calc'!A0"]
HOSTILE = '<script>alert(1)</script> & "q" $x_1$ \\input{y} | in 0.5 above `'


@pytest.fixture(scope="module")
def hostile(people):
    """The people recipe with a State that is called something hostile."""
    variables = list(people.recipe.variables)
    variables[2] = variables[2].model_copy(update={"name": HOSTILE})
    return people.recipe.model_copy(update={"variables": variables})


@pytest.fixture(scope="module")
def results(tmp_path_factory, hostile) -> Results:
    generator = np.random.default_rng(3)
    models = ("transformer", "mlp")
    scores = drawn_scores(models, lambda items: generator.gamma(2, size=(SEEDS, items)))
    for by_method in scores.values():
        for vectors in by_method.values():
            vectors[:, 1] += 3
    r_squared = {"mlp": [0.1, *[0.9] * (SEEDS - 1)]}
    histories = {
        key: (np.ones((SEEDS, 51)), generator.gamma(2, size=(SEEDS, 10, 8)))
        for key in scores
        if key[1] != "untrained"
    }
    return made_run(
        tmp_path_factory.mktemp("tables"),
        hostile,
        scores,
        r_squared=r_squared,
        histories=histories,
        halves={
            model: {
                method: generator.gamma(2, size=(24, 4 if method == "permutation-grouped" else 8))
                for method in DEFAULT_METHODS
            }
            for model in models
        },
    )


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


def shown(capsys, *arguments: str) -> str:
    capsys.readouterr()
    commands.main(list(arguments), standalone_mode=False)
    return capsys.readouterr().out


def failed(monkeypatch, capsys, *arguments: str) -> str:
    """The message of a command that ends with status 2."""
    monkeypatch.setattr(sys, "argv", ["study", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert len(message.splitlines()) <= 2
    return message


# Made of networks, or of a target, that no ordinary run has, or of groups that the people data do
# not have.
OF_CLASSES = ("importance-classes-features", "importance-classes-variables")
ELSEWHERE = ("sources", "spread", "variable-tests", "group-tests", "importance-groups", *OF_CLASSES)


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ELSEWHERE])
def test_every_table_in_every_form(results, overview, name):
    table = make_table(overview, name)
    printed = {form: table.render(form) for form in FORMATS}
    frame = pd.read_csv(io.StringIO(printed["csv"]))
    assert frame.columns.tolist() == [str(column) for column in table.data.columns]
    assert len(frame) == len(table.data)
    for form in ("text", "markdown", "latex"):
        assert f"Run {results.identity}" in printed[form].replace("\n", " ")
    assert printed["latex"].count("\\\\\n") >= len(table.layout)
    assert r"\input{" not in printed["latex"]
    assert "<script>" not in printed["html"] + printed["markdown"]
    # A line for the heading, and one for each row.
    assert printed["html"].count("<tr") == 1 + len(table.layout)


def test_a_hostile_name_is_shown_as_text(results, capsys):
    text = shown(capsys, "table", "importance-variables", str(results.directory), "--format", "csv")
    assert HOSTILE in set(pd.read_csv(io.StringIO(text))["name"])


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_prints_what_the_table_renders(results, overview, capsys, form):
    printed = shown(capsys, "table", "claim-power", str(results.directory), "--format", form)
    assert printed.rstrip() == make_table(overview, "claim-power").render(form).rstrip()


def test_the_list_names_every_table(capsys):
    lines = shown(capsys, "table", "--list").splitlines()
    assert [line.split()[0] for line in lines] == list(TABLES)


def test_with_learned_only_the_seeds_that_have_learned_count(results, capsys):
    directory = str(results.directory)
    everyone = shown(capsys, "table", "fit", directory)
    learned = shown(capsys, "table", "fit", directory, "--learned")
    assert "Only seeds that have learned." in learned
    assert "Only seeds that have learned." not in everyone
    frames = {
        learned: pd.read_csv(
            io.StringIO(shown(capsys, "table", "seeds", directory, "--format", "csv", *learned))
        )
        for learned in ((), ("--learned",))
    }
    # What more seeds would buy does not depend on those there are.
    assert "Only seeds" not in shown(capsys, "table", "claim-power", directory, "--learned")
    assert len(frames[()]) == 2 * SEEDS
    assert len(frames[("--learned",)]) == 2 * SEEDS - 1
    assert not (
        (frames[("--learned",)]["model"] == "mlp") & (frames[("--learned",)]["seed"] == 0)
    ).any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["table", "nothing"], "no table 'nothing'"),
        (["table"], "study table --list"),
        (["table", "sources", "RUN"], "study run --vary init"),
        (["table", "claim", "nowhere"], "no run there"),
        (["table", "claim", "RUN", "--format", "word"], "--format"),
        (["claim", "RUN"], "age rank 1 in 0.8"),
        (["claim", "RUN", "wage rank 1 in 0.8"], "called 'wage'"),
        (["claim", "RUN", "age above wage in 0.8"], "called 'wage'"),
        (["claim", "RUN", "age rank 2 in 0.8"], "only rank 1 can be claimed"),
        (["claim", "RUN", "age top 8 in 0.8"], "always met"),
        (["claim", "RUN", "age rank 1 in 1.5"], "proportion: "),
        (["claim", "RUN", "age share 2 in 0.5"], "share: "),
        (["claim", "RUN", "age top 1_1 in 0.8"], '"NAME rank 1 in 0.8"'),
        (["claim", "RUN", "age top \u0661 in 0.8"], '"NAME rank 1 in 0.8"'),
        (["claim", "RUN", "age is important"], '"NAME rank 1 in 0.8"'),
        (["claim", "RUN", "age rank 1 in 0.8", "--model", "linear"], "--model 'linear'"),
        (["claim", "RUN", "age rank 1 in 0.8", "--method", "guess"], "method: "),
        (["claim", "RUN", "age rank 1 in 0.8", "--level", "variable", "--method", "permutation"], "no scores by variable"),
        (["claim", "RUN", "age rank 1 in 0.8", "--level", "feature", "--method", "shapley"], "no scores by feature"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong(results, monkeypatch, capsys, arguments, said):
    arguments = [str(results.directory) if part == "RUN" else part for part in arguments]
    assert said in failed(monkeypatch, capsys, *arguments)


# -- claims in words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("age rank 1 in 0.8", {"level": "feature", "name": "age", "rank": 1, "proportion": 0.8}),
        ("politics=liberal top 3 in .5", {"name": "politics=liberal", "top": 3, "proportion": 0.5}),
        ("age share 0.25 in 0.9", {"name": "age", "share": 0.25, "proportion": 0.9}),
        ("age above sex in 0.6", {"name": "age", "above": "sex", "proportion": 0.6}),
        ("politics rank 1 in 0.8", {"level": "variable", "name": "politics"}),
        (f"{HOSTILE} rank 1 in 0.8", {"level": "variable", "name": HOSTILE, "rank": 1}),
        (f"politics above {HOSTILE} in 0.8", {"level": "variable", "above": HOSTILE}),
        # A method that has scores at the other level alone.
        ("age rank 1 in 0.7", {"level": "variable", "method": "permutation-grouped"}),
    ],
)
def test_words_become_a_claim(hostile, words, expected):
    method = expected.get("method", "gradient")
    claim = parse_claim(words, hostile, method=method)
    for key, value in expected.items():
        assert getattr(claim, key) == value
    assert (claim.model, claim.method) == ("transformer", method)


def test_a_further_claim_is_marked_as_not_declared(results, capsys):
    text = shown(capsys, "claim", str(results.directory), "age top 2 in 0.5")
    assert "Not declared before the run" in text
    assert "age is among the top 2" in text
    assert "by training-gradient (*)" in text.replace("\n", " ")
    declared = shown(capsys, "table", "claim", str(results.directory))
    assert "Not declared" not in declared


def test_a_further_claim_counts_the_seeds_that_meet_it(results, capsys):
    text = shown(
        capsys, "claim", str(results.directory), "age above sex in 0.5", "--model", "mlp", "--method", "gradient"
    )  # fmt: skip
    scores = results.vectors("mlp", "real", "gradient", "feature").score
    met = int((scores[:, 1] > scores[:, 0]).sum())
    lines = [line for line in text.splitlines() if line.startswith("MLP *")]
    assert len(lines) == 3  # for other rows, above chance, over seeds
    assert f"{met} of {SEEDS}" in lines[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rank": 1, "top": 2}, "it has rank and top"),
        ({}, "it has none"),
        ({"rank": 2}, "only rank 1 can be claimed"),
        ({"above": "age"}, "above names age itself"),
    ],
)
def test_a_claim_says_one_thing(change, said):
    values = {
        "level": "feature",
        "name": "age",
        "proportion": 0.8,
        "model": "m",
        "method": "gradient",
    }
    with pytest.raises(ValueError, match=said):
        Claim.model_validate({**values, **change})


def test_all_tables_are_those_the_run_has_something_for(overview):
    assert [table.name for table in all_tables(overview)] == [
        name for name in TABLES if name not in ELSEWHERE
    ]


def test_no_table_of_seeds_that_have_learned_where_none_has(tmp_path, people):
    scores = {("mlp", "real"): {"gradient": np.ones((3, 8)) + np.eye(3, 8)}}
    results = made_run(tmp_path / "run", people.recipe, scores, r_squared={"mlp": [0.0] * 3})
    with pytest.raises(InputError, match="no network has learned"):
        make_table(Overview(results), "fit", learned=True)


def test_help_stays_quick_and_imports_no_pandas():
    code = (
        "import sys; from study.cli.main import commands\n"
        "try: commands.main(['table', '--help'])\n"
        "except SystemExit: assert not {'pandas', 'torch', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("width", [70, 100])
def test_a_table_for_a_terminal_keeps_to_its_width_and_loses_no_sign(overview, width):
    for name in ("claim", "fit", "flips-features", "ranks-variables"):
        table = make_table(overview, name)
        text = table.text(width)
        assert max(map(len, text.splitlines())) <= width
        wanted = "".join([*table.layout.columns, *table.layout.to_numpy().ravel(), table.notes])
        assert Counter("".join(wanted.split())) <= Counter(text)


def test_an_interval_stands_on_one_line_of_a_narrow_table():
    cells = pd.DataFrame({"What": ["a long text in a cell"], "Difference": ["-0.30 [-0.52, 0.08]"]})
    shown = Table("name", "Caption", "Notes", cells, cells).text(34)
    assert "[-0.52, 0.08]" in shown
    assert "-0.30 [" not in shown


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def test_no_name_opens_as_a_formula_and_numbers_stay_numbers():
    names = [*FORMULAS, "-0.5", "+2", "-", "plain", "a=b", "a\r=1+1", None]
    values = [-1.5 * place for place in range(len(names))]
    data = pd.DataFrame({"name": names, "score": values, "count": [-3] * len(names)})
    table = Table("t", "A table", "", data, pd.DataFrame({"Name": ["x"]}))
    found = cells(table.csv())
    assert [name for name, *_ in found] == [
        *(f"'{name}".replace("\r", "\n") for name in FORMULAS),
        *("-0.5", "+2", "'-", "plain", "a=b", "a\n=1+1", ""),
    ]
    assert [float(score) for _, score, _ in found] == values
    assert {count for *_, count in found} == {"-3"}
    assert table.frame()["name"].tolist()[:-1] == names[:-1]


def test_names_from_strangers_open_as_text_in_every_table_and_the_dump_is_exact(tmp_path, people):
    variables = list(people.recipe.variables)
    hostile, model = "=HYPERLINK(A1)", "@mlp"
    variables[1] = variables[1].model_copy(update={"name": hostile})
    claim = people.recipe.claim.model_copy(update={"name": hostile, "model": model})
    recipe = people.recipe.model_copy(update={"variables": variables, "claim": claim})
    results = whole_run(tmp_path / "run", recipe, {model: shipped("mlp"), "mlp": shipped("mlp")})
    guarded = set()
    for table in all_tables(Overview(results)):
        for cell in (cell for line in cells(table.csv()) for cell in line):
            if cell.startswith(("=", "+", "-", "@")):
                float(cell)
            if cell.startswith("'"):
                guarded.add(cell[1:])
    assert {hostile, model} <= guarded
    with Store(results.directory) as store:
        text = "".join(dump(store))
    assert f'"{hostile}"' in text
    assert f"'{hostile}" not in text


def test_a_spread_of_rounding_alone_is_none():
    """As of the errors of a regressor that is the same for all seeds, added up in other orders."""
    data = pd.DataFrame({"rmse_mean": [3.67, 3.67, np.nan], "rmse_sd": [4.97e-16, 4.97e-8, np.nan]})
    assert [*_spread(data, "rmse", "{:.3g}")] == ["3.67 ± 0", "3.67 ± 4.97e-08", "–"]
