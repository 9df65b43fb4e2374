"""`study check`: each check finds what it is for, and nothing in a run that is right."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, made_run, without_digests

from study.analysis.results import Results
from study.cli.group import commands
from study.common.findings import FAULT, NOTE, PASSED, Finding
from study.common.methods import METHODS
from study.store import digests, table_digests
from study.store.rows import TABLES
from study.store.run_directory import FILE_NAME
from study.store.store import Store
from study.store.writer import Writer
from study.verify import rebuild, retrain
from study.verify.check import check_run
from study.verify.compare_records import likeness
from study.verify.recompute import stored_records

REFERENCE = ROOT / "reports" / "reference" / "people"
CODES = {f"C{number:03}" for number in range(1, 14)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, small: list[str]) -> Path:
    """Two models of one layout, and least squares; four seeds."""
    directory = tmp_path_factory.mktemp("finished")
    second = directory / "second.toml"
    second.write_text(Path(small[3].split(",")[1]).read_text())
    models = f"{small[3].split(',')[1]},{second}"
    arguments = ["run", *small[:2], "--models", models, "--seeds", "4", "--workers", "1"]
    commands.main([*arguments, "--out", str(directory / "run")], standalone_mode=False)
    return directory / "run"


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A copy, to be changed."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def checked(small) -> Callable[..., dict[str, list[Finding]]]:
    """The findings of a run by code."""

    def check(run: Path, sample: int = 10, retrain: int = 0) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for finding in check_run(run, data=small[1], sample=sample, retrain=retrain):
            found.setdefault(finding.code, []).append(finding)
        return found

    return check


def forge(run: Path, *statements: str, parameters: Sequence[Sequence] = ()) -> None:
    """Change a run, and make its digests anew, as somebody would who knows of them."""
    with closing(sqlite3.connect(run / FILE_NAME)) as connection:
        for statement, values in zip(statements, parameters or [()] * len(statements), strict=True):
            connection.execute(statement, values)
        connection.commit()
    without_digests(run)
    with Writer(run) as store:
        keys = {training.id: training.digest for training in store.reader.trainings().values()}
        rows = [digests.of_rows(store.reader.measured(t).rows, keys) for t in TABLES]
        weights = {
            training.id: digests.of_weights(keys[training.id], content)
            for training, content, _ in store.reader.weights()
        }
        store.add_history("now", "forged", 0)
        values = [(key, weights[key], *(of[key] for of in rows)) for key in keys]
    with closing(sqlite3.connect(run / FILE_NAME)) as connection:
        connection.executemany("INSERT INTO digests VALUES (?, ?, ?, ?, ?, ?)", values)
        number = (table_digests._number(connection), table_digests._ALL)
        connection.execute("UPDATE seals SET digest = ? WHERE name = ?", number)
        connection.commit()


def outcomes(found: dict[str, list[Finding]]) -> dict[str, set[str]]:
    return {code: {finding.outcome for finding in of} for code, of in found.items()}


def said(found: dict[str, list[Finding]], code: str, outcome: str = FAULT) -> str:
    return "; ".join(finding.what for finding in found[code] if finding.outcome == outcome)


def test_a_run_that_is_right_has_no_fault(finished, checked, command, small):
    found = checked(finished, retrain=2)
    assert found.keys() == CODES | {"C014"}
    assert outcomes(found) == {code: {PASSED} for code in found}
    assert "of 24 networks" in said(found, "C011", PASSED)
    assert "bitwise" in said(found, "C014", PASSED)
    outcome = command("check", str(finished), "--data", small[1], "--sample", "1")
    assert outcome.status == 0
    assert outcome.out.splitlines()[-1] == "faults: 0, notes: 0, passed: 13"


def test_a_run_by_every_method_is_checked_by_what_follows_from_its_weights(
    command, checked, small, tmp_path
):
    """Scores that only training tells are trained again, and not measured of the weights."""
    mlp = small[3].split(",")[1]
    run = ["run", *small[:2], "--models", mlp, "--seeds", "1", "--splits", "2", "--shuffles", "2"]
    made = command(*run, "--methods", ",".join(METHODS), "--workers", "1", "--out", "run")
    assert made.status == 0, made.err
    found = checked(tmp_path / "run", retrain=1)
    assert outcomes(found) == {code: {PASSED} for code in CODES | {"C014"}}


SWAP = "UPDATE trainings SET weights = ? WHERE model = ? AND condition = 'real' AND init = ?"


@pytest.mark.parametrize("models", [("mlp", "mlp"), ("mlp", "second")])
def test_swapped_weights_are_found_by_digests_or_by_recomputing(finished, run, checked, models):
    """Of two trainings of one model, and of two models of one layout that are not the same."""
    places = list(zip(models, (0, 1), strict=True))
    with closing(sqlite3.connect(run / FILE_NAME)) as connection:
        query = "SELECT weights FROM trainings WHERE model = ? AND condition = 'real' AND init = ?"
        blobs = [connection.execute(query, place).fetchone()[0] for place in places]
        assert blobs[0] != blobs[1]
        for blob, place in zip(blobs[::-1], places, strict=True):
            connection.execute(SWAP, (blob, *place))
        connection.commit()
    found = checked(run)
    both = "seeds 0-1" if models[0] == models[1] else "seed 0; second, real, seed 1"
    assert said(found, "C003") == f"mlp, real, {both}: weights or key differ from their digest"
    forge(run)
    found = checked(run)
    assert outcomes(found) == {code: {PASSED} for code in CODES} | {"C011": {FAULT}}
    assert f"mlp, real, {both}: not so that fits and scores follow" in said(found, "C011")


FORGED = {
    "UPDATE fits SET within = 1.5 WHERE training = 2": ("C006", "within outside 0 to 1"),
    "UPDATE fits SET r_squared = 1.1 WHERE training = 2": ("C006", "R² above 1"),
    "UPDATE fits SET rmse = -1 WHERE training = 2": ("C006", "rmse below 0"),
    "UPDATE scores SET score = -1 WHERE training = 2 AND method = 'gradient'": (
        "C006",
        "a gradient's score below 0",
    ),
    "UPDATE scores SET signed = 9 WHERE training = 2 AND method = 'gradient'": (
        "C006",
        "below its signed one",
    ),
    "UPDATE scores SET score = NULL WHERE training = 2 AND method = 'permutation'": (
        "C006",
        "not finite, although all its predictions are",
    ),
    "UPDATE losses SET loss = -0.1 WHERE training = 2": ("C006", "a loss below 0"),
    "UPDATE losses SET epoch = 9 WHERE training = 2 AND epoch = 2": (
        "C005",
        "losses: 1 of 3 rows are missing, and 1 belong to nothing",
    ),
    "DELETE FROM fits WHERE training = 2 AND part = 'test'": ("C005", "fits: 2 of 4 rows"),
    "DELETE FROM scores WHERE training = 2 AND item = 'age'": ("C005", "scores: 6 of 44 rows"),
    "UPDATE trainings SET weights = zeroblob(8) WHERE id = 2": ("C005", "another length"),
    "UPDATE occasions SET absolute = absolute * 2 WHERE training = 2": (
        "C007",
        "not the sums over the occasions",
    ),
    "UPDATE scores SET score = score * 1.01 WHERE training = 2 AND method = 'permutation'": (
        "C011",
        "not so that fits and scores follow from the weights",
    ),
    "UPDATE fits SET r_squared = r_squared - 1e-8 WHERE training = 2": ("C011", "not so that"),
}


@pytest.mark.parametrize("change", FORGED)
def test_what_was_never_right_is_found_without_digests(run, checked, change):
    code, words = FORGED[change]
    with closing(sqlite3.connect(run / FILE_NAME)) as connection:
        query = "SELECT model, condition, init FROM trainings WHERE id = 2"
        model, condition, init = connection.execute(query).fetchone()
        assert condition != "untrained"
    forge(run, change)
    found = checked(run, sample=10 if code == "C011" else 0)
    assert words in said(found, code)
    assert f"{model}, {condition}, seed {init}: " in said(found, code)
    assert outcomes(found)["C004"] == {PASSED}


def test_weights_of_untrained_networks_are_those_of_their_seed(run, checked):
    """Two whole trainings in each other's place: all that is theirs follows from their weights."""
    where = "condition = 'untrained' AND model = 'mlp' AND init"
    streams = 'init = {0}, "order" = {0}, dropout = {0}, labels = {0}'
    forge(
        run,
        f"UPDATE trainings SET {streams.format(99)} WHERE {where} = 0",
        f"UPDATE trainings SET {streams.format(0)} WHERE {where} = 1",
        f"UPDATE trainings SET {streams.format(1)} WHERE {where} = 99",
    )
    found = checked(run)
    assert outcomes(found) == {code: {PASSED} for code in CODES} | {"C012": {FAULT}}
    assert said(found, "C012").startswith("mlp, untrained, seeds 0-1: not so that untrained")


def test_a_run_of_other_seeds_is_told_by_training_again(run, checked):
    """Real networks under the numbers of others, consistent in themselves."""
    streams = 'init = {0}, "order" = {0}, dropout = {0}, labels = {0}'
    where = "model = 'mlp' AND condition != 'untrained' AND init"
    forge(
        run,
        *(f"UPDATE trainings SET {streams.format(k + 10)} WHERE {where} = {k}" for k in range(4)),
        *(f"UPDATE trainings SET {streams.format(k)} WHERE {where} = {13 - k}" for k in range(4)),
    )
    found = checked(run, retrain=8)
    assert outcomes(found)["C011"] == {PASSED}
    by_model = {finding.what.split(",")[0]: finding for finding in found["C014"]}
    assert by_model["second"].outcome == PASSED
    assert by_model["mlp"].outcome == FAULT
    assert "only in distribution" in by_model["mlp"].what
    assert "n = 4 real, 4 shuffled" in by_model["mlp"].what


def test_another_machine_is_named_as_the_reason(run, checked):
    here = rebuild.environment()
    forge(
        run,
        "UPDATE environments SET description = ?",
        "UPDATE scores SET score = score * 1.00001",
        parameters=[(json.dumps(here | {"torch": "1.0"}, sort_keys=True),), ()],
    )
    found = checked(run, retrain=1)
    assert outcomes(found)["C011"] == {PASSED}
    for code in ("C011", "C014"):
        assert f"torch 1.0 there, {here['torch']} here" in said(found, code, PASSED)
        assert "relative difference" in said(found, code, PASSED)


def test_another_protocol_is_not_reproduced_even_in_distribution(run, checked, small, tmp_path):
    """What is stored comes from networks that were trained for longer than the recipe says."""
    longer = Path(small[3].split(",")[1]).read_text().replace("epochs = 3", "epochs = 60")
    recipe = tmp_path / "mlp.toml"
    recipe.write_text(longer)
    other = tmp_path / "longer"
    arguments = ["run", *small[:2], "--models", str(recipe), "--seeds", "16", "--workers", "1"]
    commands.main([*arguments, "--out", str(other)], standalone_mode=False)
    forge(other, "UPDATE models SET recipe = replace(recipe, '\"epochs\":60', '\"epochs\":3')")
    found = checked(other, retrain=16)
    assert "not reproduced, not even in distribution" in said(found, "C014")


def test_a_seed_without_its_control_is_noted(run, checked):
    lost = "SELECT id FROM trainings WHERE condition = 'shuffled' AND init = 3"
    forge(
        run,
        *(f"DELETE FROM {table} WHERE training IN ({lost})" for table in (*TABLES, "digests")),
        f"DELETE FROM trainings WHERE id IN ({lost})",
    )
    checks = checked(run, sample=0)
    assert outcomes(checks)["C008"] == {NOTE}
    assert "mlp: 1 of its seeds have no shuffled control" in said(checks, "C008", NOTE)


def test_data_that_changed_or_are_gone_are_said_and_what_rests_on_them_left_out(
    finished, tmp_path, small
):
    folder = tmp_path / "data"
    shutil.copytree(Path(small[1]).parent, folder)
    recipe = folder / "people.toml"
    text = recipe.read_text()
    recipe.write_text(text.replace("tolerance = 0.10", "tolerance = 0.2"))
    assert recipe.read_text() != text
    found = check_run(finished, data=str(recipe), sample=1, retrain=0)
    notes = [finding.what for finding in found if finding.outcome == NOTE]
    assert notes == [
        f"{recipe} says otherwise now (target.tolerance): its recipe as stored is used"
    ]
    table = folder / "people_test.txt"
    table.write_text(table.read_text().replace("0.35", "0.36", 1))
    for words in ("people_test.txt beside", "no such dataset"):
        where = str(recipe) if "beside" in words else "nowhere"
        found = check_run(finished, data=where, sample=1, retrain=0)
        notes = [finding for finding in found if finding.outcome == NOTE]
        assert [finding.code for finding in notes] == ["C009"]
        assert words in notes[0].what or "unknown dataset 'nowhere'" in notes[0].what
        assert {finding.code for finding in found} == {f"C{n:03}" for n in range(1, 10)}


def test_runs_of_every_kind_are_checked_as_far_as_they_go(command, tmp_path, small):
    """Made before there were digests; imported; of --vary alone; of scikit-learn."""
    old = check_run(REFERENCE, data=str(ROOT / "data" / "people.toml"), sample=1, retrain=0)
    assert {f.code for f in old if f.outcome == NOTE} <= {"C002", "C003", "C004"}
    assert {f.outcome for f in old} <= {PASSED, NOTE}
    rows = [f"m,shap,{seed},{name},{seed + 1}" for seed in range(3) for name in "ab"]
    Path("scores.csv").write_text("\n".join(["model,method,seed,feature,score", *rows]))
    assert command("import", "scores.csv", "--claim", "a rank 1 in 0.8").status == 0
    checked = command("check", "reports/scores")
    assert checked.status == 0
    assert "scores imported from scores.csv: there is nothing to compute again" in checked.out
    mlp = small[3].split(",")[1]
    for arguments in (
        ["--models", mlp, "--vary", "order", "--seeds", "2"],
        ["--models", "sklearn:Ridge,sklearn:DecisionTreeRegressor", "--seeds", "2"],
    ):
        run = ["run", *small[:2], *arguments, "--workers", "1", "--out", "run", "--fresh"]
        assert command(*run).status == 0
        checked = command("check", "run", "--data", small[1], "--retrain", "1")
        assert checked.status == 0, checked.out
        assert "1 trained again (drawn by seed 0): bitwise what is stored" in checked.out
    assert "nothing to compute again but by --retrain" in checked.out


def test_made_up_scores_are_read_but_do_not_follow_from_weights(tmp_path, people):
    scores = {("mlp", "real"): {"gradient": np.ones((2, 8))}}
    assert made_run(tmp_path, people.recipe, scores, hashes=people.hashes).seeds("mlp", "real")
    found = check_run(tmp_path, data=str(ROOT / "data" / "people.toml"), sample=1, retrain=0)
    faulty = {finding.code for finding in found if finding.outcome == FAULT}
    assert faulty == {"C005"}
    assert {f.code for f in found if f.outcome == NOTE} >= {"C008", "C010"}


def test_the_likeness_of_records_is_relative_to_the_largest_score_of_a_method(finished):
    with Store(finished) as store:
        trainings = [
            training
            for training in store.reader.each_training()
            if training.key[:2] == ("mlp", "real")
        ]
        one, other = stored_records(store, trainings[:2])
    assert likeness(one, one).bitwise
    assert likeness(one, other).difference > 0.01
    (method, item, score, signed), *others = one.scores
    largest = max(abs(row[2]) for row in one.scores if row[0] == method)
    moved = replace(one, scores=[*others, (method, item, score + largest / 1000, signed)])
    like = likeness(one, moved)
    assert not like.bitwise
    assert like.difference == pytest.approx(1e-3)
    assert likeness(one, replace(one, scores=others)).difference == np.inf
    gone = replace(one, scores=[*others, (method, item, float("nan"), signed)])
    assert likeness(one, gone).difference == np.inf
    assert likeness(gone, gone).bitwise


def test_shares_by_which_distributions_are_compared(finished, people):
    results = Results(finished)
    with Store(finished) as store:
        trainings = [t for t in store.reader.each_training() if t.key[:2] == ("mlp", "real")]
        found = [
            retrain._share(record, people.recipe) for record in stored_records(store, trainings)
        ]
    shares = results.shares.query(
        "model == 'mlp' and condition == 'real' and level == 'feature' and name == 'age' "
        "and method == 'training-gradient'"
    )
    assert found == pytest.approx(shares["share"].tolist())
