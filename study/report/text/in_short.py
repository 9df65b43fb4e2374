"""The first screen of a report: what was asked, what was found, and what it does not say."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from study.analysis.claims import level_of_claim
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.vocabulary import UNNAMED_TARGET
from study.report.tables.cells import model_title, number, p_value, percent
from study.report.tables.own_units import direction, leading_first
from study.report.text.needed import together
from study.report.text.origin import how_declared
from study.report.text.verdict import Answer, answers
from study.statistics.claims import NO_VERDICT

_ROWS = 4  # of the table of shares and scores


@dataclass(frozen=True)
class Found:
    """One of the three verdicts, and the number that it rests on; empty where there is none."""

    answer: Answer
    number: str


@dataclass(frozen=True)
class InShort:
    """The first screen.

    asked, not_said : sentences; found : the three verdicts; together : what two variables show
    together that cannot be told apart, in sentences; level : of the items; rows : names, shares,
    scores and, if `directed`, directions of what the claim names and the foremost others,
    none where the run lacks them; count : of all items
    """

    asked: str
    found: list[Found]
    together: str
    not_said: str
    level: str
    directed: bool
    rows: list[list[str]]
    count: int


def in_short(overview: Overview) -> InShort:
    """The first screen of a run."""
    results = overview.results
    claim = results.recipe.claim
    data = leading_first(overview.own_units, claim)
    directed = not data.empty and bool((data["rises"] + data["falls"]).any())
    return InShort(
        _asked(overview),
        [
            Found(answer, rests_on)
            for answer, rests_on in zip(answers(overview), _numbers(overview), strict=True)
        ],
        " ".join(together(overview)),
        " ".join(_not_said(overview)),
        level_of_claim(overview.results.recipe, claim, claim.method),
        directed,
        [_cells(row, directed=directed) for row in data.head(_ROWS).to_dict("records")],
        len(data),
    )


def _cells(row: dict[str, Any], *, directed: bool) -> list[str]:
    """An item's name, share, score, and direction if any item has one."""
    share, score = number(row["mean_share"]), number(row["mean_score"], "{:.2g}")
    return [row["name"], share, score, *([direction(row)] if directed else [])]


def _asked(overview: Overview) -> str:
    results = overview.results
    claim = results.recipe.claim
    declared, _ = how_declared(results)
    return (
        f"Whether {claim.words} among {len(results.items(claim.level))} {claim.level}s, in at "
        f"least {percent(claim.proportion)} of seeds, for the {model_title(results, claim.model)} "
        f"by {claim.method}. {declared}."
    )


def _numbers(overview: Overview) -> tuple[str, str, str]:
    """What each of the three verdicts rests on, in a few words."""
    claim = overview.results.recipe.claim
    population, chance, seeds = (
        row if row is not None and row[verdict] != NO_VERDICT else None
        for row, verdict in (
            (overview.own_population(claim), "verdict"),
            (overview.own_chance(claim), "label"),
            (overview.own_verdict(claim), "verdict"),
        )
    )
    return (
        "" if population is None else f"margin {_estimate(population)}",
        "" if chance is None else f"p {_p(chance['p_value'])}, {chance['shuffles']} shuffles",
        "" if seeds is None else f"{seeds['met']} of {seeds['n']} seeds",
    )


def _estimate(row: dict[str, Any]) -> str:
    if np.isnan(row["low"]):
        return f"{row['margin']:z.2f}"
    return f"{row['margin']:z.2f} [{row['low']:z.2f}, {row['high']:z.2f}]"


def _p(value: float) -> str:
    said = p_value(value)
    return said if said.startswith("<") else f"= {said}"


def _not_said(overview: Overview) -> list[str]:
    """What nobody should read into the verdicts, in sentences."""
    results = overview.results
    claim = results.recipe.claim
    sentences = [
        f"That {claim.name} causes {_target(results)}: importance is what a model uses, not what "
        "would change the world."
    ]
    if overview.own_population(claim) is None:
        sentences.append("What other rows would show: that was not tested.")
    if overview.own_chance(claim) is None:
        sentences.append("Whether chance alone would show it: that was not tested.")
    return sentences


def _target(results: Results) -> str:
    name = results.recipe.target.name
    return "what was predicted" if name == UNNAMED_TARGET else name
