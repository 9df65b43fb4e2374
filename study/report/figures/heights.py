"""How high figures are that have lines of panels."""

from collections.abc import Iterable

from study.report.figures.parts import legend_height, lines_of, panels_across


def above_rows(narrow: bool) -> float:
    """The inches of a line of panels that are not rows: title, and numbers of the line above."""
    return 0.6 if narrow else 0.45


def method_rows_height(labels: Iterable[str], panels: int, methods: int, narrow: bool) -> float:
    """The inches of panels with a row for each method, below a legend of such labels."""
    panel = above_rows(narrow) + 0.27 * methods
    return 0.8 + legend_height(labels, narrow) + lines_of(panels, panels_across(narrow)) * panel
