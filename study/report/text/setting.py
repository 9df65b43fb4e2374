"""On which rows, and with which networks, a run was made: for a paragraph on methods."""

from collections.abc import Iterator

from study.analysis.kept import kept
from study.analysis.results import Results
from study.recipes.model import Protocol
from study.report.tables.cells import percent


def setting_numbers(results: Results) -> Iterator[tuple[str, str, str]]:
    """Names, texts and meanings of the facts that `rows_sentences` and `network_sentences` hold."""
    rows = _rows(results)
    if "train" in rows:
        yield "TrainRows", str(rows["train"]), "number of training rows"
        yield "TestRows", str(rows["test"]), "number of test rows"
    for part, (name, became) in _left_out(results).items():
        yield name, str(rows[part]), f"rows that {became}"
    split = results.recipe.split
    if split is not None and split.column is not None:
        yield "SplitColumn", split.column, "column that tells training rows from test rows"
    if _protocols(results):
        yield "Networks", _networks(results), "what the networks are"
        yield "Protocols", _training(results), "how the networks were trained"


def rows_sentences(results: Results) -> Iterator[str]:
    """How many rows there are, and how they were divided."""
    rows, split = _rows(results), results.recipe.split
    if "train" in rows:
        if split is None:
            how = "as they were given"
        elif isinstance(split.test, str):
            how = "by the column {SplitColumn}"
        else:
            recipe = results.recipe
            by = recipe.test_by if recipe.time is None else "the last by {Time}"
            how = f"{percent(split.test)} of the {recipe.test_of} for testing, {by}"
        yield f"It was divided into {{TrainRows}} training and {{TestRows}} test rows, {how}."
    for name, became in _left_out(results).values():
        yield f"Of the table's rows {{{name}}} {became}."


def network_sentences(results: Results) -> Iterator[str]:
    """What the networks are, and how they were trained."""
    if _protocols(results):
        yield f"{{Networks}}; training was by {results.measures.loss} and Adam: {{Protocols}}."


def _rows(results: Results) -> dict[str, int]:
    """How many rows each part of the table has; empty where a run has not stored it."""
    return {row.part: int(row.rows) for row in results.parts.itertuples()}


def _left_out(results: Results) -> dict[str, tuple[str, str]]:
    """Parts of the table that are no training or test rows: their names, and what became of them.

    Where all missing values are filled in, rows are dropped for want of a target alone.
    """
    rows, found = _rows(results), {}
    if "dropped" in rows:
        lost = "value somewhere" if "drop" in results.recipe.missing[:-1] else "target"
        found["dropped"] = ("DroppedRows", f"had no {lost} and were dropped")
    if "proposal" in rows:
        became = "had the claim proposed from them and were left out"
        found["proposal"] = ("ProposalRows", became)
    return found


@kept
def _protocols(results: Results) -> dict[str, Protocol]:
    return {
        name: recipe.training
        for name, recipe in results.models.items()
        if recipe is not None and recipe.training is not None
    }


def _networks(results: Results) -> str:
    """Each network's class, arguments and number of weights."""
    told = []
    for name in _protocols(results):
        recipe = results.models[name]
        assert recipe is not None
        arguments = [f"{key} = {value}" for key, value in recipe.arguments.items()]
        about = ", ".join([*arguments, f"{results.sizes[name]} weights"])
        told.append(f"{results.title(name)} is {recipe.import_path.partition(':')[2]} ({about})")
    return "; ".join(told)


def _training(results: Results) -> str:
    """The protocols, each with its networks where there are several."""
    of: dict[Protocol, list[str]] = {}
    for name, protocol in _protocols(results).items():
        of.setdefault(protocol, []).append(results.title(name))
    return "; ".join(
        f"{protocol.epochs} epochs in batches of {protocol.batch_size} at a learning rate of "
        f"{protocol.learning_rate:g}"
        + (f", stopped early after {protocol.patience} without gain" if protocol.patience else "")
        + (f" ({', '.join(titles)})" if len(of) > 1 else "")
        for protocol, titles in of.items()
    )
