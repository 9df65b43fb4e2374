"""Runs of scores that come in a file, as a person imports them."""

from pathlib import Path

import numpy as np
import pandas as pd
from conftest import ROOT

import study
import study.cli.main  # it adds the commands
from study.cli.group import commands
from study.cli.notebook.run import Run

CASES = ROOT / "tests" / "cases" / "tables"


def imported(directory: Path, scores: Path | pd.DataFrame, claim: str, *options: str) -> Run:
    """The run that `study import` makes of scores, or of a file of them, in a folder of its own."""
    if isinstance(scores, pd.DataFrame):
        file = directory / "scores.csv"
        scores.to_csv(file, index=False)
    else:
        file = scores
    run = directory / "run"
    arguments = ["import", str(file), "--claim", claim, "--out", str(run), *options]
    commands.main(args=arguments, standalone_mode=False)
    return study.load(run)


def score_rows(names: list[str], scores: np.ndarray, *, model: str = "forest") -> pd.DataFrame:
    """Scores (seeds, features) of one model as rows of a file."""
    seeds = len(scores)
    return pd.DataFrame(
        {
            "model": model,
            "method": "shap",
            "seed": np.repeat(np.arange(seeds), len(names)),
            "feature": names * seeds,
            "score": scores.ravel(),
        }
    )


def run_of_names(directory: Path, names: list[str], *, seed: int, model: str = "forest") -> Run:
    """A run of twelve seeds of four features with these names, the first one first."""
    scores = np.random.default_rng(seed).gamma(4, size=(12, 4))
    scores[:, 0] += 6
    rows = score_rows(names, scores, model=model)
    return imported(directory, rows, f"{names[0]} rank 1 in 0.8")
