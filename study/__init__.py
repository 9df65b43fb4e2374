"""Does a feature-importance finding hold? Many seeds, several models, several methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study.cli.notebook.check import check
    from study.cli.notebook.import_scores import import_scores
    from study.cli.notebook.run import Run
    from study.estimators import (
        MLPClassifier,
        MLPRegressor,
        TransformerClassifier,
        TransformerRegressor,
    )

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "TransformerClassifier",
    "TransformerRegressor",
    "check",
    "import_scores",
    "load",
]


def load(directory: str | Path) -> Run:
    """Read the results of a run, such as "reports/people".

    Returns an object with tidy pandas frames (scores, shares, ranks, fits, losses,
    occasions), the figures of the report (displays) and its tables (table). Raises
    study.common.errors.InputError when there is no run.
    """
    from study.cli.notebook.run import Run

    return Run(directory)


def __getattr__(name: str) -> Any:
    """What is offered, when it is first asked for: torch and scikit-learn are slow to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "check":
        from study.cli.notebook.check import check

        return check
    if name == "import_scores":
        from study.cli.notebook.import_scores import import_scores

        return import_scores
    from study import estimators

    return getattr(estimators, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
