"""One look for all figures: colours that colour-blind readers can tell apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito's palette (2008).
MODEL_COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#E69F00")
CONDITION_COLOURS = {"real": "#0072B2", "shuffled": "#D55E00", "untrained": "#777777"}
CONDITION_MARKERS = {"real": "o", "shuffled": "s", "untrained": "^"}
EVALUATION_COLOURS = {"alone": "#0072B2", "together": "#D55E00"}
LEAST_SQUARES_COLOUR = "#444444"
PUBLISHED = "#000000"
DOTS_PER_INCH = 110

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
    # Names come from strangers' files: a dollar sign is a dollar sign.
    "text.parse_math": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw within this: no setting of the user's counts, and none is changed."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a PNG that depends on the figure alone."""
    with style():
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
