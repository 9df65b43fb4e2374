"""One look for all figures: colours that colour-blind readers can tell apart."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito's palette (2008).
MODEL_COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#E69F00")
CONDITION_COLOURS = {"real": "#0072B2", "shuffled": "#D55E00", "untrained": "#777777"}
CONDITION_MARKERS = {"real": "o", "shuffled": "s", "untrained": "^"}
EVALUATION_COLOURS = {"alone": "#0072B2", "together": "#D55E00"}
SOURCE_COLOURS = {
    "all": "#444444",
    "init": "#0072B2",
    "order": "#009E73",
    "dropout": "#CC79A7",
    "rows": "#D55E00",
}
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
    """Write a PNG that depends on the figure alone.

    A palette of 256 colours is as many as a figure needs, at a third of the size.
    """
    drawn = io.BytesIO()
    with style():
        figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    with Image.open(drawn) as image:
        colours = image.convert("RGB").quantize(
            256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    colours.save(path, "PNG", optimize=True)
