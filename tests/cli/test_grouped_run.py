"""A run whose rows are in groups of unequal size says so everywhere, and can be checked."""

from pathlib import Path

import numpy as np
import pandas as pd
from conftest import Command
from visits_recipe import NAME, RECIPE

ASKED = ("run", "--data", "visits.toml", "--models", "linear", "--workers", "1", "--seeds", "2")


def write(subjects: int) -> None:
    draw = np.random.default_rng(0)
    who = draw.permutation(np.repeat(np.arange(subjects), draw.integers(1, 6, subjects)))
    table = pd.DataFrame(draw.normal(size=(len(who), 2)), columns=["dose", "age"])
    table["y"] = table["dose"] + 0.3 * draw.normal(size=len(who))
    table.assign(**{NAME: who}).to_csv("visits.csv", index=False)
    Path("visits.toml").write_text(RECIPE)


def test_a_run_by_groups_says_so_and_is_found_as_it_is_stored(command: Command, undrawn):
    write(subjects=40)
    said = " ".join(command("data", "check", "visits.toml").out.split())
    assert "25% of the groups, drawn at random" in said
    assert (
        f"rows with the same {NAME}: the training rows are of 30 groups, the test rows of 10"
    ) in said
    halves, bootstraps = (
        command(*ASKED, *more)
        for more in (
            ("--splits", "10", "--shuffles", "0"),
            ("--vary", "rows", "--bases", "5", "--splits", "0", "--shuffles", "0"),
        )
    )
    assert (halves.status, bootstraps.status) == (0, 0)
    assert "D009 " not in halves.out
    assert "D008 " not in halves.out
    cited = " ".join(command("cite", "reports/visits").out.split())
    assert (
        f"Rows with the same {NAME} were kept together wherever rows were drawn: the training rows "
        "are of 30 groups, the test rows of 10."
    ) in cited
    assert "random splits of all groups into halves, with" in cited
    assert "the halves, which share no group: Nadeau" in cited
    assert command("cite", "reports/visits", "--format", "latex").status == 0
    (macros,) = Path().rglob("numbers.tex")
    assert r"Groups}{pa\textless{}b\textgreater{}t\_\%\&}" in macros.read_text()
    assert command("report", "reports/visits").status == 0
    page = Path("reports/visits/report.html").read_text()
    assert "<dt>Groups of training rows</dt>\n<dd>30</dd>" in page
    assert "<dt>Groups of test rows</dt>\n<dd>10</dd>" in page
    assert "rows with the same pa&lt;b&gt;t_%&amp; are on the same side of every split" in page
    assert NAME not in page
    checked = command("check", "reports/visits", "--data", "visits.toml", "--retrain", "2").out
    assert "faults: 0" in checked
    for code in ("C011", "C013", "C014"):
        assert f"passed  {code}" in checked


def test_too_few_groups_for_halves_are_refused_in_one_line(command: Command):
    write(subjects=6)
    refused = command(*ASKED, "--splits", "10")
    assert refused.status == 2
    assert refused.err.strip() == (
        "study: --splits: a half of 6 groups is too small to train and test on: --splits 0 leaves "
        "them out"
    )
