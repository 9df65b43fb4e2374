"""The table of warnings."""

from study.analysis.results import Results
from study.analysis.warnings.registry import as_frame, warnings
from study.report.tables.cells import provenance
from study.report.tables.table import Table


def warning_table(results: Results) -> Table:
    """Everything there is to be warned of."""
    data = as_frame(warnings(results))
    layout = data.rename(columns=str.capitalize)
    return Table(
        "warnings",
        "What to know before believing a number",
        f"Codes stay the same from version to version. {provenance(results)}",
        data,
        layout,
    )
