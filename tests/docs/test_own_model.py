"""The example of docs/own-model.md, as its page shows it, and what happens when code changes."""

import re
import sqlite3
from pathlib import Path

import pytest
from conftest import ROOT, Command, Outcome, without_digests

from study.engines.network_check.check import CHECKS

PAGE = (ROOT / "docs" / "own-model.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_page_do_what_it_shows(command):
    Path("models").mkdir()
    Path("mynets.py").write_text(*blocks("python"))
    Path("models", "residual.toml").write_text(*blocks("toml"))
    check, others = blocks("console")
    asked, _, shown = check.partition("\n")
    assert command(*asked.split()[2:]) == Outcome(0, shown, "")
    run, claim = others.splitlines()
    # Two workers would be two processes more to start; test_workers has them.
    outcome = command(*run.split()[2:], "--workers", "1")
    assert outcome.status == 0
    assert re.search(r"Residual MLP +0\.\d\d ", outcome.out)
    outcome = command("claim", claim.split('"')[1], *claim.split('"')[2].split())
    assert outcome.status == 0
    assert "for the Residual MLP by training-gradient" in outcome.out


def test_the_page_says_all_that_is_asked():
    asked = PAGE.partition("## What is asked of it")[2]
    assert re.findall(r"^\| (N\d{3}) \|", asked, flags=re.MULTILINE) == [
        f"N{number:03}" for number in range(1, CHECKS + 1)
    ]


SMALL = """
import torch
class Small(torch.nn.Module):
    def __init__(self, *, inputs):
        super().__init__()
        self.output = torch.nn.Linear(inputs, 1)
    def forward(self, x):
        return self.output(x).squeeze(-1)
"""


@pytest.fixture
def small_run(command, small) -> Command:
    """Run so many seeds of a network of one's own, as its module is now, for an epoch."""
    recipe = (ROOT / "models" / "linear.toml").read_text().replace("epochs = 300", "epochs = 1")
    own = recipe.replace("study.networks.linear:Linear", "smallnet:Small")
    Path("small.toml").write_text(own)

    def run(code: str, seeds: int, *more: str) -> Outcome:
        Path("smallnet.py").write_text(code)
        models = ["--models", "small.toml", "--workers", "1", "--out", "run"]
        return command("run", *small[:2], *models, "--seeds", str(seeds), *more)

    return run


def test_changed_code_is_refused_until_there_is_a_fresh_start(small_run):
    changed = SMALL.replace("self.output(x)", "self.output(x.abs())")
    assert small_run(SMALL, 1).status == 0
    assert small_run(SMALL, 2).status == 0
    refused = small_run(changed, 3)
    assert refused.status == 2
    assert "run: the code of model 'small' has changed since it was trained" in refused.err
    assert "--fresh" in refused.err
    assert refused.err.count("\n") == 1
    # A run that was made before the code was kept takes the code as it is.
    without_digests(Path("run"))
    connection = sqlite3.connect("run/results.sqlite")
    connection.execute("DROP TABLE sources")
    connection.close()
    assert small_run(changed, 2).status == 0
    assert small_run(SMALL, 2).status == 2
    assert small_run(SMALL, 1, "--fresh").status == 0


def test_a_fault_is_refused_before_a_run_writes_and_mended_code_goes_on(small_run, command):
    outcome = small_run(SMALL.replace(".squeeze(-1)", ""), 1)
    assert (outcome.status, outcome.out) == (2, "")
    assert "N007: 'study model check' lists all" in outcome.err
    assert not Path("run").exists()
    checked = command("model", "check", "small.toml")
    first, second, *_, last = checked.out.splitlines()
    assert checked.status == 2
    assert first == "small.toml: smallnet:Small, tried on people"
    assert second.startswith("fault   N007  must map (rows, features) to (rows,), but 1 row gives")
    assert (
        last == "faults: 1, notes: 0, passed: 6; 10 more checks follow once the faults are mended"
    )
    assert small_run(SMALL, 1).status == 0


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("nothing", "people", "unknown model 'nothing'"),
        ("mlp", "nothing", "unknown dataset 'nothing'"),
    ],
)
def test_what_is_not_there_is_one_line(command, name, data, reason):
    outcome = command("model", "check", name, "--data", data)
    assert (outcome.status, outcome.out) == (2, "")
    assert reason in outcome.err
    assert outcome.err.count("\n") == 1
