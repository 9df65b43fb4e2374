"""Table of what each variable adds to the fit, with its test."""

from study.analysis.overview import Overview
from study.report.tables.cells import closing, estimate, foremost, p_value, wide
from study.report.tables.table import Table
from study.statistics.intervals import PERCENT
from study.statistics.resampled import CORRECTED


def variable_test_table(overview: Overview, level: str) -> Table | None:
    """Mean drop in the score over splits by variable, with interval and test."""
    results = overview.results
    data = overview.variable_tests(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    cells = [
        f"{estimate(row, expected=CORRECTED)}, p {_of_sign(p_value(row['p_adjusted']))}"
        for row in shown.to_dict("records")
    ]
    names = [results.items(level)[place] for place in overview.listed_items(level)]
    what = "group of variables" if level == "group" else "variable"
    return Table(
        f"{level}-tests",
        f"Drop in {results.recipe.score} by {what}, for other rows of the same kind",
        f"Mean over random splits of all {results.recipe.drawn} into halves, with models of "
        f"their own; {PERCENT} interval and one-sided p by Student's t, corrected for splits "
        "that share rows (Nadeau and Bengio, 2003); p by Holm's method over the line. "
        f"{foremost(overview, level)}{closing(overview)}",
        data,
        wide(results, shown, cells, "name", {name: name for name in names}),
    )


def _of_sign(text: str) -> str:
    return text if text.startswith("<") else f"= {text}"
