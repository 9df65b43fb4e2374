"""What the page of a comparison says of each model alone, where not all stand in its figures."""

from study.analysis.claims import level_of_claim
from study.compare.comparison import Comparison
from study.compare.tables import claim_cells, share_cell
from study.report.each_model import ModelPage


def model_pages(comparison: Comparison) -> list[ModelPage]:
    """Every model of both runs, those in the figures first; nothing where all stand there."""
    if not comparison.more_models:
        return []
    first = comparison.first
    claim = first.recipe.claim
    of_models = dict(list(comparison.claim_differences.groupby("model", sort=False)))
    shares = _share_differences(comparison)
    pages = []
    for model in [*comparison.foremost_models, *comparison.more_models]:
        if model not in of_models:
            continue
        cells = [
            {**claim_cells(row), "Share": shares.get((model, row["method"]), "–")}
            for row in of_models[model].to_dict("records")
        ]
        own = [of for of in cells if of["Method"] == claim.method]
        in_short = "; ".join(f"first run {of['First']}, second {of['Second']}" for of in own)
        rows = [[*of.values()] for of in cells]
        pages.append(ModelPage(first.title(model), in_short, [*cells[0]], rows))
    return pages


def _share_differences(comparison: Comparison) -> dict[tuple[str, str], str]:
    """How much the claimed share differs, by model and method."""
    claim = comparison.first.recipe.claim
    methods = comparison.first.methods()
    levels = {method: level_of_claim(comparison.first.recipe, claim, method) for method in methods}
    found = {}
    for level in dict.fromkeys(levels.values()):
        data = comparison.share_differences(level)
        for row in data.to_dict("records"):
            if row["name"] == claim.name and levels.get(row["method"]) == level:
                found[row["model"], row["method"]] = share_cell(row)
    return found
