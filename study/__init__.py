"""Does a feature-importance finding hold? Many seeds, several models, several methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study.notebook import Run

__all__ = ["load"]


def load(directory: str | Path) -> Run:
    """Read the results of a run, such as "reports/people".

    Returns an object with tidy pandas frames (scores, shares, ranks, fits, losses,
    occasions), the figures of the report (displays) and its tables (table). Raises
    study.errors.InputError when there is no run.
    """
    from study.notebook import Run  # pandas, scipy and matplotlib are slow to import

    return Run(directory)
