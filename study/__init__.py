"""Does a feature-importance finding hold? Many seeds, several models, several methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study.estimators import (
        MLPClassifier,
        MLPRegressor,
        TransformerClassifier,
        TransformerRegressor,
    )
    from study.report.notebook import Run

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "TransformerClassifier",
    "TransformerRegressor",
    "load",
]


def load(directory: str | Path) -> Run:
    """Read the results of a run, such as "reports/people".

    Returns an object with tidy pandas frames (scores, shares, ranks, fits, losses,
    occasions), the figures of the report (displays) and its tables (table). Raises
    study.common.errors.InputError when there is no run.
    """
    from study.report.notebook import Run

    return Run(directory)


def __getattr__(name: str) -> Any:
    """The estimators, when they are first asked for: torch and scikit-learn are slow to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from study import estimators

    return getattr(estimators, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
