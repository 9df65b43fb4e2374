"""How the rows were divided, filled and scaled before training, in words."""

from study.analysis.results import Results
from study.analysis.units import units
from study.common.text import listed
from study.recipes.columns import Date, is_amount
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Proposal, Split, Table
from study.recipes.target import NumericTarget
from study.report.tables.cells import percent


def preparation(results: Results) -> list[tuple[str, str]]:
    """Pairs of a heading and what is to be said: origin, split, columns, scales."""
    recipe = results.recipe
    table, split, said = recipe.table, recipe.split, []
    if table is not None and table.function is not None:
        said.append(("Rows from", _function(table)))
    if recipe.proposal is not None:
        said.append(("Claim proposed from", _proposal(recipe, recipe.proposal)))
    if split is not None:
        said.append(("Split", _split(recipe, split)))
    if recipe.groups_rows:
        said.append(("Groups", _groups(results)))
    if recipe.time is not None:
        said.append(("Time", _time(results)))
    if recipe.weight is not None:
        said.append(("Weights", _weights(recipe.weight)))
    dates = [of for of in recipe.variables if isinstance(of, Date)]
    if dates:
        said.append(("Dates", "; ".join(map(_date, dates))))
    if recipe.variable_groups:
        groups = [f"{name}: {listed(of)}" for name, of in recipe.variable_groups.items()]
        said.append(("Variables that are measured together", "; ".join(groups)))
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


def _proposal(recipe: DatasetRecipe, proposal: Proposal) -> str:
    """Which rows were left out for the claim."""
    rows = f"{percent(proposal.part)} of the {recipe.proposed_from}"
    before = "before any were dropped or split"
    if recipe.time is not None:
        return f"{rows}, the first by {recipe.time} {before}, left out here"
    state = f"(random_state {proposal.random_state})"
    return f"{rows}, drawn at random {before} {state} and left out here"


def _split(recipe: DatasetRecipe, split: Split) -> str:
    if isinstance(split.test, str):
        trains = listed(f"‘{text}’" for text in split.trains)
        return f"by the column {split.column}: {trains} are training rows, ‘{split.test}’ test rows"
    part = f"{percent(split.test)} of the {recipe.test_of}"
    return f"{part} are test {recipe.test_units}, {recipe.test_by}"


def _groups(results: Results) -> str:
    """Which rows stay together."""
    return (
        f"{results.recipe.kept_together} are on the same side of every split, half and bootstrap "
        "that is drawn"
    )


def _time(results: Results) -> str:
    """What the order of the rows is heeded by."""
    return (
        f"rows are in the order of {results.recipe.time}, and tested are those that come after "
        f"training rows; halves are put together of {units(results)} blocks of rows that follow "
        "each other, bootstraps of shorter ones; shuffled targets and permuted columns are shifted"
    )


def _weights(column: str) -> str:
    """What heeds the weights of the rows."""
    return (
        f"rows count by the column {column} in training, in fits and in scores, those of 0 not at "
        "all; rows are drawn, values filled in and numbers scaled as if all counted the same"
    )


def _date(date: Date) -> str:
    """What became of a date."""
    if date.goes_round:
        return f"{date.name}: sine and cosine of the {date.as_}"
    return f"{date.name}: days since {date.since}"


def _filled(results: Results) -> str:
    """What was done about missing values."""
    kept = [of.name for of in results.recipe.variables if of.keeps_missing]
    becomes = {"impute" if of == "indicator" else of for of in results.recipe.missing} - {"refuse"}
    said = []
    if "drop" in becomes:
        some = "a value" if len(becomes) == 1 else "one that is needed"
        said.append(f"rows without {some} were dropped before the split")
    if "impute" in becomes:
        said.append(
            "filled with the training rows’ median, or their most frequent level; rows without a "
            "target were dropped"
        )
    if kept:
        said.append(f"whether a value is missing is a feature of {listed(kept)}")
    return f": {'; '.join(said)}"


def _scales(results: Results) -> str:
    """Which numbers are standardised, and which divided."""
    target = results.recipe.target
    amounts = filter(is_amount, results.recipe.variables)
    numbers = [*amounts, *([target] if isinstance(target, NumericTarget) else [])]
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
