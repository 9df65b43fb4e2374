"""Where the run stands in a command, and other doors that open or say how."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from study.statistics.claims import fewest_seeds
from study.statistics.intervals import wilson
from study.store import table_digests

ROW = ("sex=male", "age=34", "State=Oklahoma", "politics=moderate")


@pytest.fixture
def here(command, finished, tmp_path) -> Path:
    """The folder where the commands are run, with a run that no default finds."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("dump",),
        ("cite",),
        ("table", "fit"),
        ("claim", "age rank 1 in 0.8", "--model", "mlp", "--method", "gradient"),
        ("predict", *ROW),
    ],
    ids=lambda words: words[0],
)
def test_a_run_is_named_before_after_or_by_an_option(command, here, words):
    name, *rest = words
    forms = (
        [name, "run", *rest],
        [name, *rest, "run"],
        [name, *rest, "--run", "run"],
        [name, "--run", "run", *rest],
    )
    said = [command(*form) for form in forms]
    assert [one.err for one in said if one.status] == []
    assert said[0].out
    assert {one.out for one in said} == {said[0].out}


@pytest.mark.parametrize(
    "words",
    [("status",), ("table", "fit"), ("claim", "age rank 1 in 0.8"), ("predict", *ROW)],
    ids=lambda words: words[0],
)
def test_a_run_that_is_named_twice_is_refused(command, here, words):
    outcome = command(*words, "run", "--run", "run")
    assert outcome.status == 2
    assert "name one run" in outcome.err


@pytest.mark.parametrize("words", [("report", "own"), ("compare", "own", "run")])
def test_a_run_under_reports_is_offered_for_its_name(command, here, words):
    shutil.copytree("run", "reports/own")
    outcome = command(*words)
    assert outcome.status == 2
    assert "own: no run there (no results.sqlite); did you mean reports/own?" in outcome.err


@pytest.mark.parametrize("name", ["run", "plan"])
@pytest.mark.parametrize("words", [("--models", "linear", "mlp"), ("reports/people",)])
def test_a_word_too_many_is_told_where_it_goes(command, name, words):
    outcome = command(name, *words)
    assert outcome.status == 2
    assert words[-1] in outcome.err
    assert "several models go with commas (--models linear,mlp)" in outcome.err
    assert "data are named by --data" in outcome.err
    assert "a run's directory is --out" in outcome.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("age rank 1 in 80%", "age rank 1 in 0.8"),
        ("age share 62.5 % in 95%", "age share 0.625 in 0.95"),
        ("age top 2 in 5%", "age top 2 in 0.05"),
    ],
)
def test_percentages_in_claims_are_told_as_decimals(command, here, words, meant):
    outcome = command("claim", "run", words)
    assert outcome.status == 2
    assert outcome.err.endswith(f'write percentages as decimals: "{meant}"\n')
    assert command("claim", "run", meant, "--model", "mlp", "--method", "gradient").status == 0


def test_a_further_claim_is_told_to_be_no_test_before_its_verdicts(command, here):
    words = ("claim", "run", "age rank 1 in 0.8", "--model", "mlp", "--method", "gradient")
    said = command(*words).out
    assert said.startswith("Not declared before the run, so no test of it")
    assert said.index("no test of it") < said.lower().index("supported")


@pytest.mark.parametrize(
    "moment", ["yesterday", "9" * 5000, "", "2020-13-99", "2020-01-01", "0001-01-01T00:00+23:59"]
)
@pytest.mark.parametrize("column", ["started", "ended"])
def test_a_forged_time_in_the_history_is_shown_and_stops_nothing(command, here, column, moment):
    file = here / "run" / "results.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE history SET {column} = ?", (moment,))
        table_digests.renew(connection)
    outcome = command("status", "run")
    assert outcome.status == 0, outcome.err
    assert "mlp" in outcome.out.lower()
    assert max(map(len, outcome.out.splitlines())) < 1000


def test_too_few_seeds_for_the_claim_are_told_before_training(command, small):
    data = (*small[:2], "--models", small[-1], "--workers", "1", "--out", "own")
    for name in ("plan", "run"):
        said = command(name, *data, "--seeds", "5").out
        line = "Note: 5 seeds can support no claim that needs 80% of them"
        assert line in said
        assert said.index(line) < said.index("memory" if name == "run" else "Time:")
        assert f"{fewest_seeds(0.8)} are the fewest" in said
    # By Wilson's interval of all of them.
    assert wilson(15, 15).low < 0.8 <= wilson(16, 16).low
    assert "can support no claim" in command("plan", *data, "--seeds", "15").out
    assert "can support no claim" not in command("plan", *data, "--seeds", "16").out
    # Those that are stored count.
    assert "can support no claim" not in command("plan", *data, "--seeds", "5-15").out
    assert "can support no claim" in command("plan", *data, "--seeds", "5-14").out
    # Those of shuffled targets alone do not.
    command("run", *data, "--seeds", "5", "--shuffles", "19")
    assert "Note: 6 seeds can support no claim" in command("plan", *data, "--seeds", "6").out


def test_a_claim_before_a_run_that_is_not_there_is_not_taken_for_the_run(command, here):
    outcome = command("claim", "age rank 1 in 0.8", "nowhere")
    assert outcome.status == 2
    assert outcome.err.startswith("study: nowhere: no run there")


def test_a_command_of_a_group_is_offered_for_its_name(command):
    outcome = command("init", "table.csv")
    assert outcome.status == 2
    assert "No such command 'init'. Did you mean 'study data init'?" in outcome.err


def test_a_recipe_is_offered_where_its_name_lacks_the_folder(command, here):
    Path("models").mkdir(exist_ok=True)
    Path("models/mine.toml").write_text("")
    outcome = command("model", "check", "mine.toml")
    assert outcome.status == 2
    assert "mine.toml: no such file; did you mean models/mine.toml?" in outcome.err


@pytest.mark.parametrize("words", [("model", "check"), ("run", "--models")])
def test_a_class_in_place_of_a_model_is_told_where_it_is_named(command, here, words):
    outcome = command(*words, "mynets:Residual")
    assert outcome.status == 2
    assert 'network = "mynets:Residual"' in outcome.err
