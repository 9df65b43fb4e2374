"""Warnings about the claim: shown by a control, or not tested."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from study.analysis.claims import method_undefined, why_not_tested
from study.analysis.overview import Overview
from study.analysis.warnings.warning import listed
from study.common.conditions import CONTROLS, find_condition
from study.common.warning import Found
from study.statistics.claims import exceeds
from study.statistics.intervals import CONFIDENCE
from study.statistics.multiplicity import holm


def control_shows_claim(overview: Overview) -> Iterator[Found]:
    """A control shows the claim."""
    results = overview.results
    claim = results.recipe.claim
    found = overview.proportions(claim)
    rows = found[found["condition"].isin(CONTROLS) & found["low"].notna() & found["chance"].notna()]
    # So many controls are looked at that some would exceed chance by chance.
    p_values = holm(
        np.array([exceeds(row.met, row.n, row.chance) for row in rows.itertuples()], dtype=float)
    )
    rows = rows[p_values <= 1 - CONFIDENCE]
    for control in map(find_condition, CONTROLS):
        shown = [
            f"{results.title(row.model)} by {row.method} ({row.met} of {row.n})"
            for row in rows[rows["condition"] == control.name].itertuples()
        ]
        if shown:
            yield Found(
                f"{control.where}, '{claim.words}' is met more often than chance would have it, "
                f"were all alike (Holm over all controls): {listed(shown)}.",
                control.advice,
            )


def not_tested(overview: Overview) -> Iterator[Found]:
    """The claim is not tested in this run."""
    results = overview.results
    claim = results.recipe.claim
    if overview.own_verdict(claim) is None:
        yield Found(
            f"It rests on model '{claim.model}' and {claim.method}: "
            f"{why_not_tested(results, claim)}.",
            f"Run it, too: the same study run with --models {claim.model}."
            if claim.model not in results.models
            else "Declare it on permutation-grouped."
            if method_undefined(results, claim)
            else "Declare a claim that could fail.",
        )


def without_control(overview: Overview) -> Iterator[Found]:
    """Seeds have no control."""
    results = overview.results
    missing = [
        results.title(model)
        for model in results.models
        if set(results.seeds(model, "real")) - set(results.seeds(model, "shuffled"))
    ]
    if missing:
        yield Found(
            f"{listed(missing)}: some seeds have no shuffled control.",
            "What scale and encoding alone would show is then unknown. Train them once more on "
            "shuffled targets, give those scores the condition shuffled, and import the file anew."
            if results.imported
            else "'study run' for the same seeds trains what is missing.",
        )
