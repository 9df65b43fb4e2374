"""Does a feature-importance finding hold? Many seeds, several models, several methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study.results import Results

__all__ = ["load"]


def load(directory: str | Path) -> Results:
    """Read the results of a run, such as "reports/people".

    Returns an object with tidy pandas frames: scores, shares, ranks, fits, losses,
    occasions. Raises study.errors.InputError when there is no run.
    """
    from study.results import Results  # pandas and scipy are slow to import

    return Results(directory)
