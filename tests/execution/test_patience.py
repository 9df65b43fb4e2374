"""Runs whose networks stop early: what is asked for by recipes, stored, checked and shown."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, without_digests

import study
from study.analysis.training import seed_losses
from study.cli.group import commands
from study.common.findings import faults
from study.engines.replicates import loss_epochs, occasion_epochs
from study.store.run_directory import FILE_NAME
from study.store.store import Store
from study.verify.check import check_run

TREE = "sklearn:DecisionTreeRegressor"


@pytest.fixture(scope="module")
def recipes(tmp_path_factory) -> list[str]:
    """Data with a patience of 4, an MLP whose own is 2, another without, a tree; 30 epochs."""
    folder = tmp_path_factory.mktemp("recipes")
    for name in ("people_train.txt", "people_test.txt"):
        (folder / name).write_bytes((ROOT / "data" / name).read_bytes())
    data = (ROOT / "data" / "people.toml").read_text().replace("repeats = 30", "repeats = 2")
    (folder / "people.toml").write_text(f"patience = 4\n{data}")
    mlp = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 30")
    (folder / "plain.toml").write_text(mlp)
    (folder / "own.toml").write_text(mlp.replace("epochs = 30", "epochs = 30\npatience = 2"))
    models = f"{folder / 'plain.toml'},{folder / 'own.toml'},{TREE}"
    return ["--data", str(folder / "people.toml"), "--models", models]


@pytest.fixture(scope="module")
def run(recipes, tmp_path_factory) -> Path:
    """Six seeds, a split, and a few more shuffles."""
    directory = tmp_path_factory.mktemp("stopping") / "run"
    beside = ["--splits", "2", "--shuffles", "8", "--workers", "1", "--out", str(directory)]
    commands.main(["run", *recipes, "--seeds", "6", *beside], standalone_mode=False)
    return directory


def test_the_patience_of_the_data_is_that_of_networks_that_name_none(run):
    with Store(run) as store:
        patience = {
            name: store.model_recipe(name).training and store.model_recipe(name).training.patience
            for name in ("plain", "own", TREE)
        }
    assert patience == {"plain": 4, "own": 2, TREE: None}


def test_there_are_rows_of_the_epochs_that_were_trained_and_no_others(run):
    results = study.load(run)
    ends = set()
    losses, occasions = (
        frame[frame["condition"] == "real"].groupby(["model", "seed"])["epoch"]
        for frame in (results.losses, results.occasions)
    )
    for (network, stored), (_, met) in zip(losses, occasions, strict=True):
        assert stored.tolist() == loss_epochs(30)[: len(stored)].tolist(), network
        assert met.unique().tolist() == [e for e in occasion_epochs(30) if e <= stored.max()]
        ends.add(stored.max())
    assert len(ends) > 3
    assert min(ends) < 29


def test_training_gradient_adds_up_the_occasions_that_were_met(run):
    results = study.load(run)
    own = results.occasions.query("condition == 'real'")
    summed = own.groupby(["model", "seed", "feature"])["absolute"].sum()
    scores = results.scores.query(
        "method == 'training-gradient' and condition == 'real' and level == 'feature'"
    ).set_index(["model", "seed", "name"])["score"]
    np.testing.assert_allclose(scores, summed.reindex(scores.index), rtol=1e-9)


def test_losses_are_means_over_the_batches_of_rows_that_are_not_held_out(run):
    """160 of 200 rows, ten at a time."""
    results = study.load(run)
    stored = results.losses.query("condition == 'real'")["loss"]
    np.testing.assert_allclose(seed_losses(results)["loss"], stored / 16)


def test_a_check_finds_nothing_wrong_and_trains_the_same_again(run, recipes):
    findings = check_run(run, data=recipes[1], sample=3, retrain=4)
    assert faults(findings) == []
    again = [found.what for found in findings if found.code == "C014"]
    assert len(again) == 3
    assert all("bitwise what is stored" in what for what in again)


# Of one that went on after it.
DELETED = """DELETE FROM losses WHERE epoch = 1
    AND training = (SELECT max(training) FROM losses WHERE epoch = 2)"""


def test_an_epoch_that_is_missing_before_the_last_is_found(run, recipes, tmp_path):
    (tmp_path / FILE_NAME).write_bytes((run / FILE_NAME).read_bytes())
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute(DELETED)
        connection.commit()
    without_digests(tmp_path)
    findings = check_run(tmp_path, data=recipes[1], sample=0, retrain=0)
    (missing,) = [found.what for found in findings if found.code == "C005"]
    assert "losses: 1 of" in missing


def test_the_page_says_what_was_done(run, sketched):
    commands.main(["report", str(run)], standalone_mode=False)
    said = " ".join((run / "report.html").read_text().split())
    for patience in (4, 2):
        assert f"stopped after {patience} epochs in a row without a smaller error" in said
    # Below the figure and the table of training.
    assert said.count("A network that stopped early counts up to the epoch it stopped at.") == 2


def test_another_patience_is_another_run(run, recipes, command):
    command("run", *recipes, "--seeds", "6", "--workers", "1", "--out", str(run))
    path = Path(recipes[1])
    before = path.read_text()
    path.write_text(before.replace("patience = 4", "patience = 5"))
    refused = command("run", *recipes, "--seeds", "6", "--workers", "1", "--out", str(run))
    path.write_text(before)
    assert refused.status == 2
    assert "patience: 4 there, 5 now" in refused.err


def test_a_plan_is_made_of_networks_that_may_stop(recipes, command):
    outcome = command("plan", *recipes, "--seeds", "3")
    assert outcome.status == 0
    assert "Time: about" in outcome.out
