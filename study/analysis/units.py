"""What no split of the rows parts: groups, or blocks in time."""

from study.analysis.results import Results
from study.common.vocabulary import ALL_GROUPS, GROUPS
from study.engines.row_orders import TIME_BLOCKS


def group_counts(results: Results) -> tuple[int, int]:
    """How many groups the training rows and the test rows are of, in a run that groups them."""
    rows = results.parts.set_index("part")["rows"]
    train, test = (int(rows[name]) for name in GROUPS)
    return train, test


def units(results: Results) -> int | None:
    """How many groups, or blocks in time, halves are put together of; None of single rows."""
    if results.recipe.time is not None:
        return TIME_BLOCKS
    if not results.recipe.groups_rows:
        return None
    # Runs that were made before this was stored: none is counted twice, unless a given split
    # parts groups.
    rows = results.parts.set_index("part")["rows"]
    return int(rows.get(ALL_GROUPS, sum(group_counts(results))))
