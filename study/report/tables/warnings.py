"""The table of warnings."""

from study.analysis.overview import Overview
from study.analysis.warnings.registry import as_frame, warnings
from study.report.tables.cells import provenance
from study.report.tables.table import Table


def warning_table(overview: Overview) -> Table:
    """Everything there is to be warned of."""
    results = overview.results
    data = as_frame(warnings(overview))
    layout = data.rename(columns=str.capitalize)
    return Table(
        "warnings",
        "What to know before believing a number",
        f"Codes stay the same from version to version. {provenance(results)}",
        data,
        layout,
    )
