"""Every table of a run, by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from study.analysis.overview import Overview
from study.common.errors import InputError
from study.report.tables.agreement import agreement_table, concordance_table, seed_agreement_table
from study.report.tables.cells import network
from study.report.tables.claims import claim_table, declared_table, growth_table, power_table
from study.report.tables.fits import fit_table, seeds_table
from study.report.tables.importance import class_table, difference_table, importance_table
from study.report.tables.own_units import score_table
from study.report.tables.population import chance_table, population_table, rank_table
from study.report.tables.sources import source_table
from study.report.tables.spread import spread_table
from study.report.tables.stability import (
    consensus_table,
    flip_table,
    rank_frequency_table,
    rank_set_table,
    reliability_table,
    steadiness_table,
    top_stability_table,
)
from study.report.tables.table import Table
from study.report.tables.training import training_table
from study.report.tables.variable_tests import variable_test_table
from study.report.tables.warnings import warning_table
from study.statistics.stability import MOST_FOR_CONSENSUS

__all__ = ["TABLES", "Entry", "Table", "all_tables", "make_table"]


@dataclass(frozen=True)
class Entry:
    """A table that can be made: what it tells, where it stands, and the function that makes it.

    `section` is that of the page, by its anchor; empty for a table that has no place there.
    `make` gives None where a run has nothing to put into it, `missing` says what is missing
    then; `of_seeds` is False for what does not depend on the seeds of the run.
    """

    tells: str
    section: str
    make: Callable[[Overview], Table | None]
    missing: str = ""
    of_seeds: bool = True


def _by_level(
    section: str,
    name: str,
    tells: str,
    make: Callable[[Overview, str], Table | None],
    missing: str = "",
) -> dict[str, Entry]:
    return {
        f"{name}-{level}s": Entry(
            f"{tells}, by {level}", section, partial(_at_level, make, level), missing
        )
        for level in ("feature", "variable")
    }


def _at_level(
    make: Callable[[Overview, str], Table | None], level: str, overview: Overview
) -> Table | None:
    return make(overview, level)


def _between(
    make: Callable[[Overview, str, str], Table | None], between: str
) -> Callable[[Overview, str], Table | None]:
    return lambda overview, level: make(overview, between, level)


_ONE = "one item has no order"
_NO_SCORES = "imported scores are by feature alone"
_NO_SPLITS = "'study run' with --splits trains what it needs"
TABLES: dict[str, Entry] = {
    "population": Entry(
        "the declared claim for other rows of the same kind",
        "population",
        population_table,
        _NO_SPLITS,
    ),
    "chance": Entry(
        "a permutation test of the declared claim",
        "population",
        chance_table,
        "'study run' with --shuffles trains what it needs",
    ),
    **_by_level(
        "population",
        "population-ranks",
        "ranks for other rows of the same kind",
        rank_table,
        "'study run' with ten --splits or more trains what it needs",
    ),
    **{
        f"{level}-tests": Entry(
            f"drop in the fit for each {what}, with a test over splits",
            "population",
            partial(_at_level, variable_test_table, level),
            missing,
        )
        for level, what, missing in (
            ("variable", "variable", _NO_SPLITS),
            ("group", "group of variables", f"{_NO_SPLITS}, and [variable_groups] of the recipe"),
        )
    },
    "spread": Entry(
        "what the spread between halves of the rows comes from",
        "population",
        spread_table,
        "'study run' with --seeds-per-split of two or more trains what it needs",
    ),
    "claim": Entry("the declared claim over seeds, by model and method", "claim", claim_table),
    "claims": Entry("every declared claim, with Holm's adjustment", "claim", declared_table),
    "claim-seeds": Entry(
        "the claim among the first n seeds", "growth", growth_table, "it takes two seeds"
    ),
    "claim-power": Entry(
        "what more seeds would buy",
        "growth",
        power_table,
        "the claim needs nearly every seed already",
        of_seeds=False,
    ),
    "warnings": Entry("what to know before believing a number", "", warning_table),
    "fit": Entry("fit quality by model", "fit", fit_table, "how well the models fit is not known"),
    "seeds": Entry("every seed: fit, and the claimed share and rank", "fit", seeds_table),
    "scores": Entry(
        "the claim's model and method: scores in their own units, shares and directions",
        "importance",
        score_table,
        "the run does not hold them",
    ),
    **_by_level("importance", "importance", "mean share and rank", importance_table, _NO_SCORES),
    "importance-groups": Entry(
        "mean share and rank, by group of variables",
        "importance",
        partial(_at_level, importance_table, "group"),
        "the recipe has no [variable_groups]",
    ),
    **_by_level(
        "importance",
        "importance-classes",
        "mean share and rank for each class",
        class_table,
        "each of more than two classes has scores of its own, and no other target",
    ),
    **_by_level(
        "importance",
        "differences-models",
        "difference in share between models",
        _between(difference_table, "models"),
        "it takes two models",
    ),
    **_by_level(
        "importance",
        "differences-methods",
        "difference in share between methods",
        _between(difference_table, "methods"),
        "it takes two methods",
    ),
    **_by_level(
        "agreement",
        "agreement-methods",
        "agreement between methods",
        _between(agreement_table, "methods"),
        "it takes two methods, and two items to order",
    ),
    **_by_level(
        "agreement",
        "agreement-models",
        "agreement between models",
        _between(agreement_table, "models"),
        "it takes two models, and two items to order",
    ),
    **_by_level(
        "agreement", "agreement-seeds", "agreement between seeds", seed_agreement_table, _NO_SCORES
    ),
    **_by_level(
        "agreement", "concordance", "Kendall's W among seeds", concordance_table, _NO_SCORES
    ),
    **_by_level("ranks", "rank-frequency", "how often each rank", rank_frequency_table, _NO_SCORES),
    **_by_level(
        "ranks", "ranks", "rank intervals and groups not told apart", rank_set_table, _NO_SCORES
    ),
    **_by_level("ranks", "flips", "pairs that change places between seeds", flip_table, _ONE),
    **_by_level(
        "ranks",
        "stability",
        "mean share against how steadily the order is kept",
        steadiness_table,
        "it takes ten seeds, and two items to order",
    ),
    **_by_level("ranks", "top-stability", "stability of the top k", top_stability_table, _ONE),
    **_by_level(
        "agreement",
        "consensus",
        "consensus of models and methods, and dissent",
        consensus_table,
        f"it is searched for among at most {MOST_FOR_CONSENSUS} items",
    ),
    **_by_level(
        "ranks",
        "reliability",
        "split-half reliability by number of seeds",
        reliability_table,
        "there are too few seeds to split",
    ),
    "training": Entry(
        "importance and loss through training",
        "training",
        training_table,
        "no gradients are stored",
    ),
    "sources": Entry(
        "which source of randomness moves the finding",
        "sources",
        source_table,
        "'study run --vary init' (or order, dropout, rows) trains what it needs",
    ),
}


def make_table(overview: Overview, name: str, *, learned: bool = False) -> Table:
    """One table; with `learned`, over the seeds that have learned. Raises InputError."""
    if name not in TABLES:
        raise InputError(f"no table '{name}': 'study table --list' names them")
    entry = TABLES[name]
    chosen = _of_learned(overview) if learned else overview
    table = entry.make(chosen)
    if table is None:
        raise InputError(f"this run has nothing for table '{name}': {entry.missing}")
    return _noted(table, overview) if learned and entry.of_seeds else table


def all_tables(overview: Overview) -> list[Table]:
    """Every table that the run has something for, in the order of the page."""
    return list(each_table(overview))


def each_table(overview: Overview) -> Iterator[Table]:
    """Every table that the run has something for, each as soon as its numbers are reckoned."""
    for entry in TABLES.values():
        if (table := entry.make(overview)) is not None:
            yield replace(table, section=entry.section)


def _of_learned(overview: Overview) -> Overview:
    """The overview of seeds that have learned. Raises InputError where there are none."""
    learned = overview.learned
    if learned is None:
        raise InputError("--learned: how well the models fit, and which learned, is not known")
    if not learned.results.models:
        of_run = network(overview.results)
        raise InputError(f"no {of_run} has learned: there is no table without those that have not")
    return learned


def _noted(table: Table, overview: Overview) -> Table:
    """Say in the notes whose seeds a table is of."""
    results = overview.results
    left = _of_learned(overview).results.models
    lost = [results.title(model) for model in results.models if model not in left]
    none = f" No seed of {', '.join(lost)} has." if lost else ""
    return replace(table, notes=f"Only seeds that have learned.{none} {table.notes}")
