"""How the rows were divided, filled and scaled before training, in words."""

from study.analysis.results import Results
from study.common.text import listed
from study.recipes.columns import Numeric
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Proposal, Split, Table
from study.recipes.target import NumericTarget
from study.report.tables.cells import percent


def preparation(results: Results) -> list[tuple[str, str]]:
    """Pairs of a heading and what is to be said: origin, split, missing values, scales."""
    recipe = results.recipe
    table, split, said = recipe.table, recipe.split, []
    if table is not None and table.function is not None:
        said.append(("Rows from", _function(table)))
    if recipe.proposal is not None:
        said.append(("Claim proposed from", _proposal(recipe.proposal, recipe.proposed_from)))
    if split is not None:
        said.append(("Split", _split(split, recipe)))
    if recipe.groups_rows:
        said.append(("Groups", _groups(results)))
    missing = [
        f"{row.column} in {row.missing} of all {'row' if row.missing == 1 else 'rows'}"
        + (f" ({row.imputed} stands there)" if row.imputed else "")
        for row in results.prepared[results.prepared["missing"] > 0].itertuples()
    ]
    if missing:
        said.append(("Missing values", "; ".join(missing) + _filled(results)))
    scales = _scales(results)
    return said + ([("Scales", scales)] if scales else [])


def _function(table: Table) -> str:
    """The function that gives the rows, and its arguments."""
    given = [f"{key} {value}" for key, value in table.arguments.items()]
    return ", ".join([str(table.function), *given])


def _proposal(proposal: Proposal, rows: str) -> str:
    """Which rows were left out for the claim."""
    return (
        f"{percent(proposal.part)} of the {rows}, drawn at random before any were dropped or split "
        f"(random_state {proposal.random_state}) and left out here"
    )


def _split(split: Split, recipe: DatasetRecipe) -> str:
    if isinstance(split.test, str):
        trains = listed(f"‘{text}’" for text in split.trains)
        return f"by the column {split.column}: {trains} are training rows, ‘{split.test}’ test rows"
    drawn = recipe.drawn
    each = " of each class" if recipe.task.classes and not recipe.groups_rows else ""
    return (
        f"{percent(split.test)} of the {drawn}{each} are test {drawn}, drawn at random "
        f"(random_state {split.random_state})"
    )


def _groups(results: Results) -> str:
    """Which rows stay together."""
    return (
        f"{results.recipe.kept_together} are on the same side of every split, half and bootstrap "
        "that is drawn"
    )


def _filled(results: Results) -> str:
    """What was done about missing values."""
    if results.recipe.own_table.missing == "drop":
        return ": rows without a value were dropped before the split"
    return (
        ": filled with the training rows’ median, or their most frequent level; rows without a "
        "target were dropped"
    )


def _scales(results: Results) -> str:
    """Which numbers are standardised, and which divided."""
    variables = (v for v in results.recipe.variables if isinstance(v, Numeric))
    target = results.recipe.target
    numbers = [*variables, *([target] if isinstance(target, NumericTarget) else [])]
    standardised = [number.name for number in numbers if number.standardise]
    divided = [f"{number.name} by {number.divisor:g}" for number in numbers if number.divisor != 1]
    said = []
    if standardised:
        names = "all numbers" if len(standardised) == len(numbers) else listed(standardised)
        said.append(
            f"{names}: the training rows’ mean taken off, then divided by their standard deviation"
        )
    if divided:
        said.append(f"divided: {listed(divided)}")
    if isinstance(target, NumericTarget) and target.scale:
        said.append(f"{target.name} by its logarithm, which is what models learn")
    return "; ".join(said)
