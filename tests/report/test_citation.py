"""`study cite`: sentences, macros and the BibTeX entry."""

import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, drawn_scores, made_run
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.cli.group import commands
from study.cli.main import main
from study.cli.options import parse_seeds
from study.common.methods import DEFAULT_METHODS
from study.recipes.claim import Claim
from study.report.text.citation import bibtex, citation, latex_paragraph, macros, made_by, paragraph
from study.report.text.headline_numbers import facts, letters
from study.report.text.setting import rows_sentences

REFERENCE = ROOT / "reports" / "reference" / "people"


@pytest.fixture(scope="module")
def results() -> Results:
    return study.load(REFERENCE)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


@pytest.fixture(scope="module")
def numbers(overview) -> dict[str, str]:
    """The macros of the reference study, without their common start."""
    lines = macros(overview).splitlines()
    found = [re.fullmatch(r"\\newcommand\{\\studyPeople([A-Za-z]+)\}\{(.*)\}% .+", line) for line in lines]  # fmt: skip
    pairs = [match.groups() for match in found if match]
    assert len(pairs) == len(dict(pairs)) == sum("newcommand" in line for line in lines)
    return dict(pairs)


@pytest.fixture(scope="module")
def ages(results) -> pd.DataFrame:
    """Share of age and whether it is first, by model, condition, method and seed: plain pandas."""
    scores = results.scores
    scores = scores[(scores["level"] == "feature") | (scores["method"] == "permutation-grouped")]
    keys = ["model", "condition", "method", "seed"]
    scores = scores.assign(positive=scores["score"].clip(lower=0))
    groups = scores.groupby(keys, dropna=False)
    scores = scores.assign(
        share=scores["positive"] / groups["positive"].transform("sum"),
        first=groups["score"].rank(ascending=False) == 1,
    )
    others = scores[scores["name"] != "age"].groupby(keys, dropna=False)["share"].max()
    age = scores[scores["name"] == "age"].set_index(keys)[["share", "first"]]
    return age.assign(margin=age["share"] - others)


def test_the_headline_is_that_of_plain_pandas_and_scipy(numbers, ages):
    own = ages.xs("training-gradient", level="method")
    real, shuffled = own.loc[("transformer", "real")], own.loc[("transformer", "shuffled")]
    met, control, count = int(real["first"].sum()), int(shuffled["first"].sum()), len(real)
    low, high = proportion_confint(met, count, method="wilson")
    expected = {
        "Met": met,
        "N": count,
        "Seeds": count,
        "Features": 8,
        "Variables": 4,
        "Required": r"80\%",
        "Verdict": "supported",
        "Proportion": f"{met / count:.2f}",
        "Low": f"{low:.2f}",
        "High": f"{high:.2f}",
        "ControlMet": control,
        "ControlN": count,
        "Splits": 25,
        "Population": "supported",
        "Shuffles": 199,
        "AsLarge": 0,
        "ChanceP": "0.005",
        "Chance": "above chance",
        "Margin": f"{real['margin'].mean():.2f}",
        "PublishedShare": "0.768",
        "Identity": study.load(REFERENCE).identity,
    }
    assert {name: numbers[name] for name in expected} == {k: str(v) for k, v in expected.items()}
    bca = stats.bootstrap((real["margin"],), np.mean, method="BCa", rng=np.random.default_rng(1))
    assert float(numbers["MarginLow"]) == pytest.approx(bca.confidence_interval.low, abs=0.015)
    assert float(numbers["MarginHigh"]) == pytest.approx(bca.confidence_interval.high, abs=0.015)


def test_every_model_and_method_has_its_numbers(results, numbers, ages):
    names = {"transformer": "Transformer", "transformer-tokens": "TransformerTokens", "mlp": "Mlp", "linear": "Linear"}  # fmt: skip
    real = ages.xs("real", level="condition")
    checked = 0
    for (model, method), own in real.groupby(["model", "method"]):
        name = names.get(model, "LeastSquares") + method.title().replace("-", "")
        assert numbers[f"{name}ShareMean"] == f"{own['share'].mean():.3f}"
        assert numbers[f"{name}Met"] == str(own["first"].sum())
        assert numbers[f"{name}N"] == str(len(own))
        if len(own) > 1:
            assert numbers[f"{name}ShareSd"] == f"{own['share'].std():.3f}"
            low, mean, high = (float(numbers[f"{name}Share{part}"]) for part in ("Low", "Mean", "High"))  # fmt: skip
            error = own["share"].std() / np.sqrt(len(own))
            assert low < mean < high
            assert (high - low) / (4 * error) == pytest.approx(1, abs=0.35)
        checked += 1
    assert checked == 4 * 6 + 5  # least squares is not trained
    fits = results.fits.query("condition == 'real' and evaluation == 'alone'")
    test = fits[fits["part"] == "test"].groupby("model")["r_squared"].mean()
    for model, name in {**names, "least-squares": "LeastSquares"}.items():
        assert numbers[f"{name}TestRSquared"] == f"{test[model]:.3f}"
    fit = fits[fits["part"] == "test"].set_index("model")["r_squared"]
    limit = 0.8 * fit.groupby("model").median().max()
    assert numbers["Learned"] == str((fit["transformer"] >= limit).sum())
    assert numbers["LearnedFrom"] == f"{limit:.3f}"


def test_the_sentences_hold_the_numbers(results, overview, numbers):
    said = paragraph(overview)
    for text in (
        f"run {results.identity}",
        "20 of 20 seeds (proportion 1.00, 95% Wilson interval 0.84 to 1.00), so the claim is supported over seeds",
        "With shuffled targets, where there is nothing to find, it was met in 0 of 20 seeds",
        "For other rows of the same kind the claim is supported: over 25 random splits of all rows into halves",
        "age was as far ahead as with the first seed on the data in 0 of 199 trainings on shuffled targets (p = 0.005): above chance",
        f"is {numbers['Margin']} on average over seeds (95% BCa bootstrap interval",
        f"a mean test R² of {numbers['Fit']}",
        "19 of 20 seeds reached",
        "PyTorch 2.13.0",
        "of the 8 features, age has rank 1 in at least 80% of seeds",
        "and nothing of what another sample of rows would show",
    ):
        assert text in said, text
    # With its macros replaced, the LaTeX says the same.
    latex = latex_paragraph(overview)
    for name in sorted(numbers, key=len, reverse=True):
        latex = latex.replace(f"\\studyPeople{name}{{}}", numbers[name])
    body = latex.split("}% names may be long\n")[1].split("\n\\end{sloppypar}")[0]
    plain = body.replace("\n", " ").replace(r"\studyhyphen{}", "-").replace(r"\%", "%")
    plain = plain.replace(r"\studybreak{}", "").replace(r"\_", "_")
    assert plain.replace("$^{2}$", "²") == said


def test_no_two_runs_share_a_macro_by_chance(results, tmp_path):
    """Macros start with the name of the run's directory."""
    other = tmp_path / "people-2"
    shutil.copytree(REFERENCE, other, ignore=shutil.ignore_patterns("figures", "tables"))
    first, second = (
        set(re.findall(r"\\newcommand\{(\\[a-zA-Z]+)\}", macros(Overview(of))))
        for of in (results, study.load(other))
    )
    assert first
    assert not first & second


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("transformer-tokens", "TransformerTokens"),
        ("mlp2", "MlpTwo"),
        ("MLP 10x", "MLPOneZeroX"),
        ("Größe", "Gro"),
        ("模型", None),
        ("😀", ""),
        ("%\\}", ""),
    ],
)
def test_names_become_letters(name, expected):
    found = letters(name)
    assert re.fullmatch("[A-Za-z]*", found)
    if expected is not None:
        assert found.startswith(expected)
    assert letters("模型") != letters("模式")


# -- every verdict, every kind of claim ---------------------------------------------------------


def made(
    folder: Path, people, claim: dict, real: np.ndarray, shuffled: np.ndarray | None
) -> Results:
    """A run of one model, whose claim rests on its gradient: scores (seeds, 8)."""
    values = {
        "level": "feature",
        "name": "age",
        "proportion": 0.8,
        "model": "mlp",
        "method": "gradient",
    }
    recipe = people.recipe.model_copy(
        update={"claim": Claim.model_validate({**values, **claim}), "published": None}
    )
    scores = {("mlp", "real"): {"gradient": real}}
    if shuffled is not None:
        scores["mlp", "shuffled"] = {"gradient": shuffled}
    return made_run(folder / "run", recipe, scores)


def vectors(met: int, seeds: int, column: int = 1) -> np.ndarray:
    """Scores in which one column is first in `met` of the seeds and last in the others."""
    scores = np.random.default_rng(2).uniform(1, 2, size=(seeds, 8))
    scores[:met, column], scores[met:, column] = 9, 0.5
    return scores


RANK = {"rank": 1}


@pytest.mark.parametrize(
    ("claim", "real", "shuffled", "said"),
    [
        (RANK, vectors(20, 20), vectors(0, 20), ["20 of 20 seeds", "claim is supported over seeds", "above chance"]),
        (RANK, vectors(20, 20), vectors(12, 20), ["supported", "12 of 20 seeds", "p = 0."]),
        (RANK, vectors(20, 20), vectors(19, 20), ["supported", "19 of 20 seeds", "not shown to be above chance"]),
        (RANK, vectors(5, 20), vectors(0, 20), ["5 of 20 seeds", "contradicted over seeds: the upper bound misses the required 80%", "0 of 20"]),
        (RANK, vectors(18, 20), vectors(0, 20), ["inconclusive", "about 62 seeds would settle it"]),
        (RANK, vectors(16, 20), vectors(0, 20), ["inconclusive", "no number of seeds would settle it"]),
        (RANK, vectors(20, 20), None, ["supported", "nothing was trained on shuffles"]),
        (RANK, vectors(1, 1), None, ["from 1 seed.", "1 of 1 seed (", "inconclusive", "n = 1: no interval"]),
        (RANK, vectors(1, 1), vectors(0, 1), ["0 of 1 seed.", "Whether it is above chance has no verdict: 1 trainings on shuffles are too few"]),
        (RANK, np.tile(vectors(1, 1), (6, 1)), None, ["All 6 seeds gave the same", "claim was met: there is no interval, and no verdict"]),
        ({**RANK, "model": "linear"}, vectors(20, 20), None, ["for the model linear by gradient", "not tested: this run has no such scores"]),
        ({"top": 2}, vectors(20, 20), vectors(0, 20), ["of the 8 features, age is among the top 2 in", "less the greatest but 1"]),
        ({"share": 0.3}, vectors(20, 20), vectors(0, 20), ["a share of at least 0.3", "share of age less 0.3", "above chance"]),
        ({"above": "sex"}, vectors(20, 20), vectors(0, 20), ["age ranks above sex", "share of age less that of sex"]),
        ({"level": "variable", "name": "politics", "rank": 1}, vectors(20, 20, 6), vectors(0, 20, 6), ["of the 4 variables, politics has rank 1 in"]),
    ],
)  # fmt: skip
def test_the_paragraph_reads_well(tmp_path, people, claim, real, shuffled, said):
    results = made(tmp_path, people, claim, real, shuffled)
    text = paragraph(Overview(results))
    for part in said:
        assert part in text, part
    assert not re.search(r"nan|inf\b|None|[{}]|  |\.\.|,,|\b1 (seeds|features)|–", text)
    assert text.endswith("show.")
    # What the LaTeX names is in numbers.tex.
    defined = set(re.findall(r"\\newcommand\{(\\\w+)\}", macros(Overview(results))))
    assert set(re.findall(r"\\studyRun\w+", latex_paragraph(Overview(results)))) <= defined


def test_control_networks_that_diverged_are_told_of(tmp_path, people):
    shuffled = vectors(0, 20)
    shuffled[3] = np.nan
    text = paragraph(Overview(made(tmp_path, people, RANK, vectors(20, 20), shuffled)))
    assert "0 of 19 seeds (1 diverged, and is left out)" in text


# -- the entry and the command ------------------------------------------------------------------


def test_the_entry_is_that_of_the_package(results):
    entry = bibtex(results)
    about = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert f"\nversion: {version}\n" in about
    assert f"version = {{{version}}}" in entry
    authors = re.search(r"^authors:\n((?: .*\n)+)", about, re.MULTILINE)[1]
    names = re.findall(r'^  - name: "(.*)"$', authors, re.MULTILINE)
    assert len(names) == authors.count("  - ")  # a person's name would be read in parts
    assert f"author = {{{' and '.join(f'{{{name}}}' for name in names)}}}" in entry
    title = re.search(r'^title: "(.*)"$', about, re.MULTILINE)[1]
    assert f"title = {{{{{title}}}}}" in entry
    year = re.search(r"^date-released: (\d{4})", about, re.MULTILINE)[1]
    assert f"year = {{{year}}}" in entry
    assert f"@misc{{study-{results.identity}," in entry
    assert f"Run {results.identity}, data people, 20 seeds." in entry
    force = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert force["CITATION.cff"] == "study/CITATION.cff"


def test_the_entry_has_no_brace_too_many(results, monkeypatch):
    monkeypatch.setattr(results, "dataset", "a}b{{%_\\")
    entry = bibtex(results)
    assert entry.count("{") == entry.count("}")
    assert r"a\textbraceright{}b\textbraceleft{}\textbraceleft{}\%\_\textbackslash{}" in entry


def test_the_commands_make_what_the_run_holds(tmp_path, people, results):
    beside = "--splits 25 --shuffles 199"
    assert made_by(results) == [
        f"study run --seeds 20 {beside} --out {shlex.quote(str(REFERENCE))}"
    ]
    own = made(tmp_path, people, RANK, vectors(7, 7), None)
    words = shlex.split(made_by(own)[0])
    assert words[:2] == ["study", "run"]
    assert parse_seeds(words[words.index("--seeds") + 1]) == own.seeds("mlp", "real")
    assert words[words.index("--models") + 1] == "mlp"
    lone = own.without({"mlp": range(6)})
    words = shlex.split(made_by(lone)[0])
    assert parse_seeds(words[words.index("--seeds") + 1]) == [6]


def shown(capsys, *arguments: str) -> tuple[str, str]:
    capsys.readouterr()
    commands.main(["cite", *arguments], standalone_mode=False)
    return tuple(capsys.readouterr())


def test_the_command_prints_paragraph_entry_and_identity(tmp_path, people, capsys):
    results = made(tmp_path, people, RANK, vectors(20, 20), None)
    out, err = shown(capsys, str(results.directory))
    assert err == ""
    assert out == citation(Overview(results)) + "\n"
    assert " ".join(out.split()).startswith(paragraph(Overview(results)))
    assert bibtex(results) in out
    assert "study run --seeds 20 --splits 0 --shuffles 0 --models mlp" in out
    assert not (results.directory / "numbers.tex").exists()


def test_latex_goes_to_stdout_and_the_macros_to_a_file(tmp_path, people, capsys):
    results = made(tmp_path, people, RANK, vectors(20, 20), None)
    out, err = shown(capsys, str(results.directory), "--format", "latex")
    path = results.directory / "numbers.tex"
    assert out == latex_paragraph(Overview(results))
    assert str(path) in err
    first = path.read_bytes()
    other = tmp_path / "other.tex"
    assert str(other) in shown(capsys, str(results.directory), "--format", "latex", "--out", str(other))[1]  # fmt: skip
    assert other.read_bytes() == first == macros(Overview(study.load(results.directory))).encode()


def test_out_without_latex_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["study", "cite", "--out", str(tmp_path / "x.tex")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--format latex" in capsys.readouterr().err


def test_macros_of_like_names_are_told_apart(tmp_path, people, monkeypatch):
    import conftest

    mlp = conftest.shipped("mlp")
    monkeypatch.setattr(conftest, "shipped", lambda name: mlp)
    scores = {(name, "real"): {method: np.ones((2, 4 if "grouped" in method else 8)) + np.eye(2, 4 if "grouped" in method else 8) for method in DEFAULT_METHODS} for name in ("mlp-2", "mlp2", "mlp 2", "met", "模", "-")}  # fmt: skip
    names = [
        fact.name for fact in facts(Overview(made_run(tmp_path / "run", people.recipe, scores)))
    ]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[A-Za-z]+", name) for name in names)
    assert {"MlpTwoTestRSquared", "MlpTwoTestRSquaredB", "MlpTwoTestRSquaredBB"} <= set(names)


def test_the_paragraph_tells_rows_networks_and_training(overview, numbers):
    said = paragraph(overview)
    rows = {
        name: len((ROOT / "data" / f"people_{name}.txt").read_text().splitlines())
        for name in ("train", "test")
    }
    assert (
        f"divided into {rows['train']} training and {rows['test']} test rows, as they were given."
        in said
    )
    # Two layers of ten and one of one, each with its biases; one weight for each of 8 inputs.
    wide = 8 * 10 + 10 + 10 * 10 + 10 + 10 + 1
    assert f"MLP is MLP (hidden_widths = [10, 10], {wide} weights)" in said
    assert f"Linear (trained) is Linear ({8 + 1} weights)" in said
    assert said.count("300 epochs in batches of 10 at a learning rate of 0.01") == 1
    assert (numbers["TrainRows"], numbers["TestRows"]) == (str(rows["train"]), str(rows["test"]))


def test_the_paragraph_tells_rows_that_were_dropped_and_drawn(command):
    Path("t.csv").write_text(
        "a,b,price\n" + "".join(f"{i * i % 11 if i % 10 else ''},{i % 7},{i}\n" for i in range(80))
    )
    assert command("data", "init", "t.csv", "--target", "price").status == 0
    recipe = Path("data/t.toml")
    text = re.sub(r'missing = "\w+"', 'missing = "drop"', recipe.read_text())
    assert 'missing = "drop"' in text
    recipe.write_text(text)
    test = tomllib.loads(text)["split"]["test"]
    model = (ROOT / "models" / "linear.toml").read_text().replace("epochs = 300", "epochs = 3")
    Path("own.toml").write_text(model)
    ran = command("run", "--data", "t", "--models", "own.toml", "--seeds", "2", "--workers", "1")
    assert ran.status == 0
    said = " ".join(command("cite").out.split())
    held = round(72 * test)
    assert f"divided into {72 - held} training and {held} test rows, {test:.0%} of the rows for testing, drawn at random" in said  # fmt: skip
    assert "Of the table's rows 8 had no value somewhere and were dropped." in said
    assert "3 epochs in batches of 10" in said


def test_where_gaps_are_filled_rows_are_dropped_for_want_of_a_target(tmp_path, people):
    def said(missing: str) -> str:
        table = people.recipe.own_table.model_copy(update={"missing": missing})
        recipe = people.recipe.model_copy(update={"table": table})
        scores = drawn_scores(["mlp"], lambda items: np.ones((2, items)))
        rows = [("train", 60, 1.0), ("test", 20, 1.0), ("dropped", 8, None)]
        results = made_run(tmp_path / missing, recipe, scores, parts=rows)
        return " ".join(rows_sentences(results))

    assert "{DroppedRows} had no target and were dropped." in said("impute")
    assert "{DroppedRows} had no value somewhere and were dropped." in said("drop")
