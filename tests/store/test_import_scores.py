"""`study import`: scores that were made elsewhere get the statistics, the claim and the page."""

import os
import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import check_page
from conftest import ROOT, without_digests
from pandas.testing import assert_frame_equal
from scipy.stats import spearmanr
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from statsmodels.stats.proportion import proportion_confint

import study
from study.analysis.claims import proportions
from study.analysis.overview import Overview
from study.common.errors import InputError
from study.common.vocabulary import FORMATS
from study.datasets.dataset import load_dataset
from study.recipes.claim_text import parse_claim
from study.report.figures.importance import importance_names
from study.report.tables.registry import TABLES
from study.store.run_directory import FILE_NAME
from study.store.score_file import read_scores
from study.store.scores.table import Origin

REFERENCE = ROOT / "reports" / "reference" / "people"
HEADER = "model,method,seed,feature,score"


def rows(
    scores: np.ndarray, *, model: str = "m", method: str = "f", condition: str = "real"
) -> pd.DataFrame:
    """Scores (seeds, features) as rows of a file, of features a, b, c, ..."""
    seeds, features = scores.shape
    return pd.DataFrame(
        {
            "model": model,
            "method": method,
            "condition": condition,
            "seed": np.repeat(np.arange(seeds), features),
            "feature": list("abcdefgh"[:features]) * seeds,
            "score": scores.ravel(),
        }
    )


# Eleven of twelve seeds put a first; the last puts b first.
KNOWN = np.array([[5.0, 3.0, 2.0]] * 6 + [[6.0, 1.0, 2.0]] * 5 + [[2.0, 5.0, 3.0]])
OTHER = np.array([[4.0, 3.0, 1.0]] * 12)
SHUFFLED = np.array([[1.0, 2.0, 3.0]] * 9 + [[3.0, 2.0, 1.0]] * 3)


@pytest.fixture
def known() -> pd.DataFrame:
    """Two models and a method more, and a control of one, with answers that can be counted."""
    return pd.concat(
        [
            rows(KNOWN, method="mean |SHAP|"),
            rows(SHUFFLED, method="mean |SHAP|", condition="shuffled"),
            rows(KNOWN[:, ::-1] + 1, method="impurity"),
            rows(OTHER + np.arange(12)[:, None] / 100, model="n", method="mean |SHAP|"),
        ]
    )


CLAIM = ("--claim", "a rank 1 in 0.8", "--model", "m", "--method", "mean |SHAP|")


def test_the_numbers_are_those_counted_by_hand(command, known):
    known.to_csv("known.csv", index=False)
    made = command("import", "known.csv", *CLAIM)
    assert (made.status, made.err) == (0, "")
    assert re.search(r"m +11 of 12 +3 of 12", made.out)
    results = study.load("reports/known")
    row = Overview(results).own_verdict(results.recipe.claim)
    assert (row["met"], row["n"], row["shuffled_met"], row["shuffled_n"]) == (11, 12, 3, 12)
    expected = proportion_confint(11, 12, method="wilson")
    assert (row["low"], row["high"]) == pytest.approx(expected)
    # The mean margin: share of a less that of the greatest other.
    margin = np.mean([0.2] * 6 + [4 / 9] * 5 + [-0.3])
    assert row["margin"] == pytest.approx(margin)

    frequency = (
        Overview(results).rank_frequencies("feature").set_index(["model", "method", "name", "rank"])
    )
    of_a = frequency.loc[("m", "mean |SHAP|", "a")]["proportion"]
    assert of_a.to_dict() == pytest.approx({1: 11 / 12, 2: 0, 3: 1 / 12})

    agreement = Overview(results).model_agreement("feature")
    agreement = agreement[agreement["measure"] == "spearman"]
    expected = np.mean(
        [spearmanr(one, two).statistic for one, two in zip(KNOWN, OTHER, strict=True)]
    )
    assert agreement["mean"].to_list() == pytest.approx([expected])

    printed = command("table", "claim")
    assert re.search(r"m \* +mean \|SHAP\| +11 of 12 \[0\.65, 0\.99\]", printed.out)
    claimed = command("claim", "b above c in 0.5", "--model", "n")
    assert "supported over seeds: b ranks above c in 12 of 12 seeds" in claimed.out


def test_an_import_is_the_same_run_however_its_rows_are_ordered_and_named(command, known):
    known.to_csv("one.csv", index=False)
    known.iloc[::-1].sort_values("feature", kind="stable").to_csv("two.csv", index=False)
    for name in ("one", "two"):
        assert command("import", f"{name}.csv", *CLAIM).status == 0
    one, two = study.load("reports/one"), study.load("reports/two")
    assert one.features == two.features
    assert_frame_equal(one.scores, two.scores)
    assert one.identity != two.identity  # another file


def test_the_identity_stands_for_every_score(command, known):
    known.to_csv("known.csv", index=False)
    command("import", "known.csv", *CLAIM)
    before = study.load("reports/known").identity
    without_digests(Path("reports/known"))
    with sqlite3.connect(f"reports/known/{FILE_NAME}") as connection:
        connection.execute("UPDATE scores SET score = score + 1e-9 WHERE item = 'c'")
    connection.close()
    assert study.load("reports/known").identity != before


def test_the_reference_study_comes_out_the_same_from_a_file_of_its_scores(command, tmp_path):
    reference = study.load(REFERENCE)
    exported = reference.scores.query("level == 'feature' and model != 'least-squares'")
    exported = exported.rename(columns={"name": "feature"}).drop(columns="level")
    # A gradient of the loss has a sign that nothing is compared by.
    exported.loc[exported["method"] == "training-gradient", "signed"] = np.nan
    exported.to_csv(tmp_path / "people.csv", index=False)
    claim = reference.recipe.claim
    made = command(
        *("import", "people.csv", "--claim", claim.typed),
        *("--model", claim.model, "--method", claim.method, "--target", "income"),
    )
    assert made.status == 0
    results = study.load("reports/people")

    def same(first: pd.DataFrame, second: pd.DataFrame, keys: list[str]) -> None:
        for key, held in (("model", results.models), ("method", results.methods())):
            first = first[first[key].isin(held)] if key in first else first
        frames = [frame.set_index(keys).sort_index() for frame in (first, second)]
        columns = [column for column in frames[1] if not column.startswith("learned_")]
        columns = [column for column in columns if column not in ("survives", "published")]
        assert_frame_equal(frames[0][columns], frames[1][columns], check_dtype=False)

    judged = ["model", "method"]
    same(
        Overview(reference).verdicts(claim),
        Overview(results).verdicts(results.recipe.claim),
        judged,
    )
    same(
        proportions(reference, claim),
        proportions(results, results.recipe.claim),
        [*judged, "condition"],
    )
    for frame, keys in (
        (Overview.importance, [*judged, "condition", "name"]),
        (Overview.rank_frequencies, [*judged, "name", "rank"]),
        (Overview.method_agreement, ["model", "first", "second", "measure"]),
        (Overview.model_agreement, ["method", "first", "second", "measure"]),
        (Overview.seed_agreement, [*judged, "condition", "measure"]),
    ):
        same(frame(Overview(reference), "feature"), frame(Overview(results), "feature"), keys)

    compared = command("compare", str(REFERENCE), "reports/people", "--out", "compared")
    assert compared.status == 0, compared.err
    said = " ".join(compared.out.split())
    assert "Both runs support the claim" in said
    assert "what data they were made on" in said
    assert "All scores of the models and seeds that both runs have are identical" in said


def test_a_forest_goes_from_fit_to_page(command, chromium):
    """The example of docs/import.md, as it stands there."""
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.+?)```", page, re.DOTALL)[1]
    exec(compile(program, "docs/import.md", "exec"), {})
    asked = re.search(r"^ +study (import forest.csv .+)$", page, re.MULTILINE)[1]
    made = command(*shlex.split(asked))
    assert made.status == 0, made.err
    data = load_diabetes(as_frame=True)
    first = RandomForestRegressor(30, random_state=0).fit(data.data, data.target)
    results = study.load("reports/forest")
    own = results.vectors("forest", "real", "impurity", "feature")
    assert own.items == list(data.data.columns)
    assert own.score[0] == pytest.approx(first.feature_importances_)
    assert command("report").out == "reports/forest/report.html\n"
    assert check_page(Path("reports/forest/report.html"), chromium) == []


def hostile(text: str) -> str:
    return f"<script>alert('{text}')</script> & \"q\" $x_1$ ../../{text} \\input{{y}} | שלום"


def test_a_page_of_hostile_names_is_sound_and_stays_in_its_folder(
    command, known, chromium, sketched
):
    for column in ("model", "method", "feature"):
        known[column] = [hostile(name) for name in known[column]]
    known.to_csv("known.csv", index=False)
    made = command(
        *("import", "known.csv", "--claim", f"{hostile('a')} rank 1 in 0.8", "--out", "reports/h"),
        *("--model", hostile("m"), "--method", hostile("mean |SHAP|"), "--title", hostile("t")),
    )
    assert made.status == 0, made.err
    assert command("report").status == 0
    assert check_page(Path("reports/h/report.html"), chromium) == []
    files = {path.name for path in Path("reports/h/figures").iterdir()}
    assert {"importance-script-alert-impurity-script-q-x-1-impur.png"} <= files
    assert all(re.fullmatch(r"[\w.-]+", name) for name in files)
    assert {path.name for path in Path().iterdir()} == {"known.csv", "reports"}


def test_methods_whose_names_differ_in_signs_alone_have_figures_of_their_own(command):
    methods = ["SHAP", "shap!", "|shap|", "影響", "影"]
    parts = [rows(KNOWN, method=method) for method in methods]
    pd.concat(parts).to_csv("known.csv", index=False)
    assert command("import", "known.csv", *CLAIM[:2], "--method", "SHAP").status == 0
    names = importance_names(study.load("reports/known"))
    assert set(names) == set(methods)
    assert set(names.values()) == {
        *("importance-shap", "importance-shap-2", "importance-shap-3"),
        *("importance-method", "importance-method-2"),
    }


# What no text about imported scores may say.
UNTRUE = (
    r"trained by|R²|one by one|all at once|noise of training|least squares|learned|torch|networks?\b|"
    r"gradient|epoch|--vary|diverged|Declared before|variables? |study run"
)


@pytest.mark.parametrize("controlled", [True, False])
def test_no_text_says_what_is_untrue_of_imported_scores(command, undrawn, known, controlled):
    if not controlled:
        known = known[known["condition"] == "real"].drop(columns="condition")
    known.to_csv("known.csv", index=False)
    said = [command("import", "known.csv", *CLAIM).out]
    command("report")
    page = Path("reports/known/report.html").read_text(encoding="utf-8")
    said.append(re.sub(r"<style>.+?</style>|data:image[^\"]+|<[^>]*>", " ", page, flags=re.DOTALL))
    said += [path.read_text(encoding="utf-8") for path in Path("reports/known/tables").iterdir()]
    said += [command(*words).out for words in (["status"], ["cite"], ["cite", "--format", "latex"])]
    said.append(Path("reports/known/numbers.tex").read_text(encoding="utf-8"))
    for text in said:
        # Columns of a CSV file that are empty keep their names.
        text = " ".join(text.split()).replace("learned_met,learned_n,learned_verdict", "")
        found = re.search(UNTRUE, text)
        assert found is None, text[max(found.start() - 60, 0) : found.end() + 60]
    page = " ".join(said[1].split())
    assert "Given with the scores: a has rank 1 among the 3 features" in page
    assert "Whether it was declared before they were seen, this run cannot tell." in page
    assert "Scores as imported from known.csv." in page
    assert ("There is no control on shuffled targets" in page) is not controlled
    assert ("Monte Carlo" in page) is controlled
    assert "S013" in page  # model n has no control in either


def test_what_needs_more_than_scores_is_refused_in_a_line(command, known):
    known.to_csv("known.csv", index=False)
    command("import", "known.csv", *CLAIM)
    held = "reports/known: holds scores imported from known.csv"
    for words, reason in (
        (["predict", "a=1"], f"{held}, and no trained networks"),
        (["weights"], f"{held}, and no trained networks"),
        (["run", "--seeds", "1", "--models", "linear", "--out", "reports/known"], f"{held}; name"),
        (["table", "fit"], "this run has nothing for table 'fit': how well the models fit"),
        (["table", "training"], "this run has nothing for table 'training'"),
        (["table", "sources"], "this run has nothing for table 'sources'"),
        (["table", "ranks-variables"], "nothing for table 'ranks-variables': imported scores are"),
        (["table", "claim", "--learned"], "--learned: how well the models fit"),
        (["claim", "a rank 1 in 0.8", "--method", "gradient"], "this run holds impurity, mean |SHAP|"),
        (["claim", "a rank 1 in 0.8", "--level", "variable"], "imported scores are by feature"),
        (["claim", "z rank 1 in 0.8"], "no feature is called 'z': there is a, b, c"),
    ):  # fmt: skip
        refused = command(*words)
        assert (refused.status, refused.out) == (2, ""), words
        assert reason in refused.err, (words, refused.err)
        assert len(refused.err.splitlines()) == 1


def test_a_recipe_of_scores_is_no_dataset_to_train_on(command, known):
    known.to_csv("known.csv", index=False)
    command("import", "known.csv", *CLAIM)
    with pytest.raises(InputError, match=r"imported from known\.csv, and no table to train on"):
        load_dataset(study.load("reports/known").recipe, Path())


def test_every_table_is_made_in_every_form_or_refused(command, known):
    known.to_csv("known.csv", index=False)
    command("import", "known.csv", *CLAIM)
    run = study.load("reports/known")
    made = {name for name in TABLES if command("table", name).status == 0}
    assert {"claim", "claims", "seeds", "warnings", "importance-features", "ranks-features"} <= made
    assert not {name for name in made if name.endswith("-variables")}
    for name in made:
        for form in FORMATS:
            assert run.table(name).render(form)
    assert list(run.table("seeds").layout) == ["Model", "Seed", "Share of a", "Rank", "Claim met"]
    assert "Given with the scores" in run._repr_html_()
    assert repr(run).endswith("known: m, n>")


def test_the_same_file_again_is_nothing_to_do_and_a_changed_one_needs_fresh(command, known):
    known.to_csv("known.csv", index=False)
    assert command("import", "known.csv", *CLAIM).status == 0
    path = Path("reports/known") / FILE_NAME
    before = path.read_bytes()
    again = command("import", "known.csv", *CLAIM)
    assert again.status == 0
    assert "reports/known: holds these scores and this claim already" in again.out
    assert path.read_bytes() == before

    claim = command("import", "known.csv", "--claim", "a top 2 in 0.8", *CLAIM[2:])
    assert claim.status == 2
    assert "claim.rank: 1 there, null now" in claim.err
    known["score"] += 1
    known.to_csv("known.csv", index=False)
    changed = command("import", "known.csv", *CLAIM)
    assert changed.status == 2
    assert "known.csv has changed since the run" in changed.err
    assert "--fresh" in changed.err
    assert path.read_bytes() == before

    assert command("import", "known.csv", *CLAIM, "--fresh").status == 0
    assert Path(f"{path}.old1").read_bytes() == before
    assert sorted(item.name for item in path.parent.iterdir()) == [FILE_NAME, f"{FILE_NAME}.old1"]


def test_a_study_that_was_run_is_not_written_over(command, known, tmp_path):
    known.to_csv("known.csv", index=False)
    (tmp_path / "people").mkdir()
    shutil.copy(REFERENCE / FILE_NAME, tmp_path / "people")
    refused = command("import", "known.csv", *CLAIM, "--out", "people")
    assert refused.status == 2
    assert "people: holds a study that was run; name another directory with --out" in refused.err


# -- degenerate scores ------------------------------------------------------------------------


def test_one_seed_is_one_observation(command, sketched):
    rows(KNOWN[:1]).to_csv("one.csv", index=False)
    made = command("import", "one.csv", *CLAIM[:2])
    assert "S008" in made.out
    assert command("report").status == 0
    row = Overview(study.load("reports/one")).own_verdict(study.load("reports/one").recipe.claim)
    assert (row["met"], row["n"]) == (1, 1)


def test_seeds_that_are_all_the_same_are_one_observation(command, sketched):
    rows(OTHER).to_csv("same.csv", index=False)
    made = command("import", "same.csv", *CLAIM[:2])
    assert "no verdict over seeds: all 12 seeds identical" in made.out
    assert "S001" in made.out
    assert command("report").status == 0


def test_models_may_have_other_seeds_and_other_methods(command, sketched):
    two = rows(KNOWN[:7], model="n", method="g")
    two["seed"] += 100
    pd.concat([rows(KNOWN), rows(KNOWN[3:9], method="g"), two]).to_csv("some.csv", index=False)
    assert command("import", "some.csv", *CLAIM[:2], "--model", "m", "--method", "f").status == 0
    results = study.load("reports/some")
    assert results.seeds("n", "real") == list(range(100, 107))
    found = proportions(results, results.recipe.claim).set_index(["model", "method"])["n"]
    assert found.to_dict() == {("m", "f"): 12, ("m", "g"): 6, ("n", "g"): 7}
    assert Overview(results).model_agreement("feature").empty  # no seed in common
    assert command("report").status == 0


def test_a_seed_without_scores_does_not_meet_the_claim(command, sketched):
    scores = KNOWN.copy()
    scores[0] = np.nan
    rows(scores).to_csv("gap.csv", index=False)
    made = command("import", "gap.csv", *CLAIM[:2])
    assert made.status == 0
    row = Overview(study.load("reports/gap")).own_verdict(study.load("reports/gap").recipe.claim)
    assert (row["met"], row["n"]) == (10, 12)
    assert "S010 Seeds without scores. m, real, seed 0: gap.csv holds no numbers" in made.out
    command("report")
    page = Path("reports/gap/report.html").read_text(encoding="utf-8")
    assert "1 have no scores and count as not met" in page
    assert "1 of these 12 seeds have no scores: no dot." in page


def test_signed_scores_are_compared_by_their_signs(command):
    """As of SHAP: the mean of absolute values is the score, the mean is signed."""
    values = np.random.default_rng(5).normal([2.0, -1.0, 0.5], 1.0, size=(12, 50, 3))
    shap = rows(np.abs(values).mean(axis=1), method="shap")
    shap["signed"] = values.mean(axis=1).ravel()
    opposite = rows(np.abs(values).mean(axis=1), model="n", method="shap")
    opposite["signed"] = -shap["signed"] * np.where(opposite["feature"] == "a", -1, 1)
    pd.concat([shap, opposite]).to_csv("shap.csv", index=False)
    assert command("import", "shap.csv", *CLAIM[:2], "--model", "m").status == 0
    agreement = (
        Overview(study.load("reports/shap")).model_agreement("feature").set_index("measure")["mean"]
    )
    assert agreement["spearman"] == 1
    assert agreement["sign"] == pytest.approx(1 / 3)


def test_negative_scores_are_warned_of(command):
    rows(KNOWN - 2.5, method="mean SHAP").to_csv("negative.csv", index=False)
    assert "S006" in command("import", "negative.csv", *CLAIM[:2]).out
    (warning,) = [w for w in study.load("reports/negative").warnings if w.code == "S006"]
    below = int((KNOWN - 2.5 < 0).sum())
    assert warning.evidence == f"mean SHAP: {below} of 36 scores are below 0 (a, b, c)."


def test_a_method_of_the_studys_own_name_means_what_the_file_says(command, sketched):
    pd.concat([rows(KNOWN, method=name) for name in ("gradient", "zz", "permutation")]).to_csv(
        "own.csv", index=False
    )
    assert command("import", "own.csv", *CLAIM[:2], "--method", "zz").status == 0
    results = study.load("reports/own")
    assert results.methods() == ("gradient", "permutation", "zz")
    assert results.methods("variable") == ()
    assert command("report").status == 0
    assert "Scores as imported from own.csv." in Path("reports/own/report.html").read_text()


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_text_is_read_however_it_was_written(tmp_path, known, separator, encoding, ending):
    known["model"] += " – ä, ; \t x"
    path = tmp_path / "known.csv"
    known.to_csv(path, index=False, sep=separator, encoding=encoding, lineterminator=ending)
    table = read_scores(path)
    assert table.features == ["a", "b", "c"]
    assert table.models == ["m – ä, ; \t x", "n – ä, ; \t x"]
    assert len(table.vectors) == 48
    assert table.vectors[Origin(table.models[0], "mean |SHAP|", "real", 11)]["b"][0] == 5


def test_parquet_is_read_like_text(tmp_path, known):
    pytest.importorskip("pyarrow")
    known["signed"] = -known["score"]
    known["seed"] = known["seed"].astype(float)
    known.to_csv(tmp_path / "known.csv", index=False)
    known.to_parquet(tmp_path / "known.parquet", index=False)
    one, two = (read_scores(tmp_path / f"known.{form}") for form in ("csv", "parquet"))
    assert (one.features, one.vectors) == (two.features, two.vectors)


def test_parquet_without_pyarrow_says_what_to_install(command, monkeypatch):
    Path("scores.parquet").write_bytes(b"PAR1")

    def missing(*_: object, **__: object) -> None:
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd, "read_parquet", missing)
    refused = command("import", "scores.parquet", *CLAIM[:2])
    assert (refused.status, refused.out) == (2, "")
    assert "reading Parquet needs pyarrow: pip install 'importance-study[parquet]'" in refused.err


def test_columns_that_mean_nothing_here_are_named(command, known):
    known.assign(fold=3).to_csv("known.csv")
    made = command("import", "known.csv", *CLAIM)
    assert made.out.startswith("Note: columns that are not used: (no name), fold\n")


GOOD = "m,f,0,a,1\nm,f,0,b,2\n"
MALFORMED = {
    "empty": ("", "no column 'model' in the first line: there is nothing"),
    "header alone": (f"{HEADER}\n", "the table has no rows"),
    "no header": (GOOD, "no column 'model' in the first line: there is m, f, 0, a, 1"),
    "missing column": ("model,method,seed,score\nm,f,0,1\n", "no column 'feature'"),
    "column twice": (f"{HEADER},score\n", "column named twice: score"),
    "optional twice": (f"{HEADER},signed,Signed\n", "column named twice: signed"),
    "ragged": (f"{HEADER}\nm,f,0,a\n", "line 2: 4 columns where 5 are expected"),
    "long line": (f"{HEADER}\n{GOOD}m,f,1,a,1,1\n", "line 4: 6 columns where 5 are expected"),
    "duplicate": (
        f"{HEADER}\n{GOOD}m,f,0,a,3\n",
        "line 4: model 'm', method 'f', condition real, seed 0 has a score of 'a' already",
    ),
    "feature missing": (
        f"{HEADER}\n{GOOD}m,f,1,a,1\n",
        "model 'm', method 'f', condition real, seed 1 has no score of 'b'",
    ),
    "other features": (
        f"{HEADER}\n{GOOD}n,f,0,a,1\nn,f,0,c,1\n",
        "model 'm' has no score of 'c', which other models have: all need the same features",
    ),
    "one feature": (f"{HEADER}\nm,f,0,a,1\nm,f,1,a,2\n", "one feature only, 'a': nothing to rank"),
    "seed with a part": (f"{HEADER}\nm,f,1.5,a,1\n", "line 2, column seed: '1.5' is not a whole"),
    "seed without end": (f"{HEADER}\nm,f,1e999999999,a,1\n", "seed: '1e999999999' is beyond"),
    "seed too great": (f"{HEADER}\nm,f,{2**63},a,1\n", "column seed: '9223372036854775808' is beyond"),
    "seed in words": (f"{HEADER}\nm,f,one,a,1\n", "column seed: 'one' is not a whole"),
    "seed missing": (f"{HEADER}\nm,f,,a,1\n", "column seed: '' is not a whole number"),
    "score in words": (f"{HEADER}\nm,f,0,a,high\n", "column score: 'high' is not a number"),
    "decimal comma": (
        f"{HEADER.replace(',', ';')}\nm;f;0;a;0,5\n",
        "line 2, column score: '0,5' is not a number: write a decimal point",
    ),
    "underscore": (f"{HEADER}\nm,f,0,a,1_0\n", "column score: '1_0' is not a number"),
    "infinite": (f"{HEADER}\nm,f,0,a,inf\n", "column score: 'inf' is not a finite number"),
    "too great": (f"{HEADER}\nm,f,0,a,1e999\n", "column score: '1e999' is not a finite number"),
    "signed in words": (f"{HEADER},signed\nm,f,0,a,1,up\n", "column signed: 'up' is not a number"),
    "condition": (
        f"{HEADER},condition\nm,f,0,a,1,Real\n",
        "column condition: 'Real' is none of real, shuffled, untrained",
    ),
    "no model": (f"{HEADER}\n,f,0,a,1\n", "line 2, column model: empty"),
    "no method": (f"{HEADER}\nm,,0,a,1\n", "line 2, column method: empty"),
    "no feature": (f"{HEADER}\nm,f,0, ,1\n", "line 2, column feature: empty"),
    "taken model": (f"{HEADER}\nleast-squares,f,0,a,1\n", "column model: 'least-squares' is the"),
    "taken method": (
        f"{HEADER}\nm,permutation-grouped,0,a,1\n",
        "column method: 'permutation-grouped' is scores by variable",
    ),
    "some missing": (
        f"{HEADER}\nm,f,0,a,\nm,f,0,b,2\n",
        "seed 0: the score of 'a' is missing, and others are not",
    ),
    "all missing": (f"{HEADER}\nm,f,0,a,\nm,f,0,b,nan\n", "every score is missing"),
    "control alone": (
        f"{HEADER},condition\nm,f,0,a,1,shuffled\nm,f,0,b,1,shuffled\n",
        "model 'm' has no rows of condition real",
    ),
    "open quotation": (f'{HEADER}\n"m,f,0,a,1\n', "a quotation mark is not closed"),
}  # fmt: skip
BINARY = {
    "utf-16": (HEADER.encode("utf-16"), "not UTF-8 text (byte 0)"),
    "latin-1": (f"{HEADER}\nmä,f,0,a,1\n".encode("latin-1"), "not UTF-8 text (byte 33)"),
    "spreadsheet": (b"PK\x03\x04\xff\xfe\x00", "not UTF-8 text"),
}


@pytest.mark.parametrize("fault", [*MALFORMED, *BINARY])
def test_a_malformed_file_is_refused_in_a_line_and_nothing_is_written(command, fault):
    content, reason = {**MALFORMED, **BINARY}[fault]
    Path("bad.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    refused = command("import", "bad.csv", "--claim", "a rank 1 in 0.8")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith("study: bad.csv")
    assert reason in refused.err
    assert len(refused.err.splitlines()) == 1
    assert [path.name for path in Path().iterdir()] == ["bad.csv"]


def test_a_file_that_cannot_be_read_is_refused_in_a_line(command, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    Path("table.parquet").write_text("no parquet")
    for name, reason in (("none.csv", "No such file"), ("folder.csv", "Is a directory")):
        refused = command("import", name, "--claim", "a rank 1 in 0.8")
        assert (refused.status, len(refused.err.splitlines())) == (2, 1)
        assert reason in refused.err


def test_what_is_asked_of_the_scores_is_checked(command, known):
    known.to_csv("known.csv", index=False)
    for words, reason in (
        ([], '--claim: missing; write "NAME rank 1 in 0.8"'),
        ([], "where NAME is one of a, b, c"),
        (["--claim", "a rank 1 in 0.8"], "--model: missing; there is m, n"),
        ([*CLAIM[:2], "--model", "m"], "--method: missing; there is mean |SHAP|, impurity"),
        ([*CLAIM[:2], "--model", "x"], "--model: 'x' has no scores here; there is m, n"),
        ([*CLAIM[:2], "--model", "n", "--method", "impurity"], "--method: 'impurity' has no scores"),
        (["--claim", "z rank 1 in 0.8", *CLAIM[2:]], "no feature is called 'z': there is a, b, c"),
        (["--claim", "a top 3 in 0.8", *CLAIM[2:]], "top 3 of 3 features is always met"),
        (["--claim", "a first", *CLAIM[2:]], 'write "NAME rank 1 in 0.8"'),
        ([*CLAIM, "--target", "b"], "--target 'b': a feature has this name"),
        ([*CLAIM, "--out", "known.csv"], "known.csv: not a directory"),
    ):  # fmt: skip
        refused = command("import", "known.csv", *words)
        assert (refused.status, refused.out) == (2, ""), words
        assert reason in refused.err, (words, refused.err)
    assert [path.name for path in Path().iterdir()] == ["known.csv"]


def test_a_claim_in_words_is_read_as_it_was_told():
    recipe = study.load(REFERENCE).recipe
    for words in (
        "age rank 1 in 0.8",
        "age top 2 in 0.75",
        "age share 0.5 in 0.9",
        "age above sex in 0.6",
    ):
        assert parse_claim(words, recipe).typed == words


def test_the_command_that_made_a_run_makes_it_again(command, known):
    known.to_csv("known.csv", index=False)
    command("import", "known.csv", *CLAIM, "--target", "price of a house", "--title", "Houses")
    said = command("cite").out
    asked = re.search(r"^ +study (import .+)$", said, re.MULTILINE)[1]
    identity = study.load("reports/known").identity
    shutil.rmtree("reports")
    assert command(*shlex.split(asked)).status == 0
    assert study.load("reports/known").identity == identity
    assert "with price of a house as the target" in " ".join(said.split())


def test_scores_of_two_files_are_compared(command, known, chromium):
    known.to_csv("one.csv", index=False)
    command("import", "one.csv", *CLAIM)
    known["score"] += np.random.default_rng(2).uniform(0, 1, len(known))
    known.to_csv("two.csv", index=False)
    command("import", "two.csv", *CLAIM)
    compared = command("compare", "reports/one", "reports/two", "--out", "both")
    assert compared.status == 0, compared.err
    assert "other scores" in compared.out
    said = " ".join(compared.out.split())
    assert not re.search(r"random streams|R²|of training|bit for bit, in all pairs of net", said)
    assert check_page(Path("both/compare.html"), chromium) == []


def test_what_cannot_be_read_is_refused(command):
    Path("quote.csv").write_text('model,method,seed,feature,score\nm,x,0,a,1\nm,x,0,b,"2\n')
    os.mkfifo("pipe.csv")
    for name, reason in (("quote", "a quotation mark is not closed"), ("pipe", "not an ordinary")):
        refused = command("import", f"{name}.csv", "--claim", "a rank 1 in 0.8")
        assert (refused.status, reason in refused.err) == (2, True), refused.err


def test_scores_of_features_may_be_of_a_method_that_the_study_has_by_variable(tmp_path, command):
    table = rows(KNOWN, method="shapley")
    table.to_csv("known.csv", index=False)
    claimed = ("--claim", "a rank 1 in 0.8", "--model", "m", "--method", "shapley")
    assert command("import", "known.csv", *claimed, "--out", "named").status == 0
    rows(KNOWN, method="mine").to_csv("other.csv", index=False)
    other = ("--claim", "a rank 1 in 0.8", "--model", "m", "--method", "mine")
    assert command("import", "other.csv", *other, "--out", "other").status == 0
    for name in ("claim", "importance-features"):
        printed = [command("table", name, run, "--format", "csv") for run in ("named", "other")]
        assert [of.status for of in printed] == [0, 0]
        assert printed[0].out.replace("shapley", "mine") == printed[1].out
