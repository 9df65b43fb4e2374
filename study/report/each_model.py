"""What a page says of each model alone, where only the foremost stand in its figures."""

from dataclasses import dataclass

from study.analysis.claims import level_of_claim
from study.analysis.overview import Overview
from study.analysis.selection import by_claim_and_fit
from study.common.conditions import REAL
from study.report.tables.cells import number
from study.report.tables.claims import verdict_cells

_GREATEST = 3  # items named for each method


@dataclass(frozen=True)
class ModelPage:
    """A model on the page: what it comes to in a line, and a table with a row for each method."""

    title: str
    in_short: str
    columns: list[str]
    rows: list[list[str]]


def model_pages(overview: Overview) -> list[ModelPage]:
    """Every model, those of the claims first; nothing where all stand in the figures."""
    results = overview.results
    claim = results.recipe.claim
    if len(overview.foremost_models) == len(results.models):
        return []
    verdicts = dict(list(overview.verdicts(claim).groupby("model", sort=False)))
    leaders = _leaders(overview)
    fits = overview.held_out.set_index("model")[results.measures.explained]
    pages = []
    for model in by_claim_and_fit(results, overview.held_out):
        own = verdicts.get(model)
        if own is None:
            continue
        cells = [
            {**of, "Greatest shares": leaders.get((model, str(row["method"])), "–")}
            for row, of in verdict_cells(overview, claim, own)
        ]
        told = [f"{results.measures.symbol} {number(fits[model])}"] if model in fits else []
        by_claim = own[own["method"] == claim.method]
        told += [f"{row.met} of {row.n} seeds, {row.verdict}" for row in by_claim.itertuples()]
        rows = [[*row.values()] for row in cells]
        pages.append(ModelPage(results.title(model), "; ".join(told), [*cells[0]], rows))
    return pages


def _leaders(overview: Overview) -> dict[tuple[str, str], str]:
    """The items of the greatest mean shares, by model and method, real condition."""
    results = overview.results
    found: dict[tuple[str, str], list[str]] = {}
    levels = {
        of: level_of_claim(results.recipe, results.recipe.claim, of) for of in results.methods()
    }
    for level in dict.fromkeys(levels.values()):
        table = overview.importance(level)
        own = table["method"].map(levels) == level
        table = table[own & (table["condition"] == REAL) & table["mean_share"].notna()]
        table = table.sort_values("mean_share", ascending=False, kind="stable")
        for row in table.groupby(["model", "method"], sort=False).head(_GREATEST).itertuples():
            said = f"{row.name} {row.mean_share:.2f}"
            found.setdefault((str(row.model), str(row.method)), []).append(said)
    return {key: ", ".join(of) for key, of in found.items()}
