"""One look for all figures: colours that colour-blind readers can tell apart, light and dark."""

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font
from PIL import Image

from study.common.text import printable
from study.report.fonts import FONT, LocalCanvas, signs_of

INK = "#1a1a1a"
MUTED = "#595959"
RULE = "#cccccc"
GRID = "#e6e6e6"
PLAIN = "#4d4d4d"  # what has no colour of its own: least squares, all sources together
# Okabe and Ito's palette (2008).
BLUE, GREEN, VERMILION, PINK, SKY, ORANGE = (
    "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#e69f00",
)  # fmt: skip
PALETTE = (BLUE, GREEN, VERMILION, PINK, SKY, ORANGE)
PAGE = "#ffffff"
# What stands on the page itself changes with its background; the colours of data stay.
IN_THE_DARK = {
    PAGE: "#15181c",
    INK: "#ececec",
    MUTED: "#b4b8bd",
    RULE: "#5c6168",
    GRID: "#33383e",
    PLAIN: "#bdbdbd",
}
WIDE, NARROW = 10.0, 4.2  # inches; at 100 and 90 pixels each, text is at least 11 pixels high
DOTS_PER_INCH = 200
SIGN = 0.6  # the width of a middling sign, such as an x, as a part of the size of its font
FOREIGN = 1.15  # that of the box that holds the place of a sign which the font lacks
_SHAPELESS = ("Cn", "Co", "Cs")  # categories of Unicode: not assigned, private, surrogate
_SETTINGS: Any = {
    "font.family": FONT,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titley": 1.0,  # nothing stands above a panel that its title must keep clear of
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "legend.frameon": False,
    "axes.unicode_minus": False,
    # Names come from strangers' files: a dollar sign is a dollar sign.
    "text.parse_math": False,
    # Text stays text: it can be searched, and shown in the reader's fonts.
    "svg.fonttype": "none",
    "svg.hashsalt": "study",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw within this: no setting of the user's counts, and none is changed."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Of signs that a font lacks, boxes of about their size hold the place.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def png(figure: Figure) -> bytes:
    """The figure as a PNG that depends on it alone.

    A palette of 256 colours is as many as a figure needs, at a third of the size; a fast one,
    whose page is made white again.
    """
    with style():
        figure.patch.set_facecolor(PAGE)
        figure.set_dpi(DOTS_PER_INCH)
        # Not by savefig, which draws twice.
        canvas = LocalCanvas(figure)
        canvas.draw()
    pixels = canvas.buffer_rgba()
    image = Image.frombuffer("RGBA", pixels.shape[1::-1], pixels).convert("RGB")
    colours = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(colours.getpalette()).reshape(-1, 3)
    palette[np.asarray(colours)[0, 0]] = 255
    colours.putpalette(palette.ravel().tolist())
    written = io.BytesIO()
    colours.save(written, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return written.getvalue()


def svg(figure: Figure) -> str:
    """The figure as an SVG that depends on it alone, and that suits a light or a dark page."""
    drawn = io.StringIO()
    with style():
        for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
            patch.set_facecolor("none")
        figure.set_dpi(DOTS_PER_INCH)
        FigureCanvasSVG(figure).print_svg(drawn, metadata={"Date": None, "Creator": None})
    return _compact(drawn.getvalue())


def legible(text: str) -> str:
    """Text that figures can show: signs that have no shape are written as code points."""
    return "".join(
        f"[U+{ord(sign):04X}]" if unicodedata.category(sign) in _SHAPELESS else sign
        for sign in printable(text)
    )


def label(text: str, most: int = 28) -> str:
    """A name as it stands in a figure: legible, and cut in the middle if it is long.

    Long is wider than so many signs of middling width.
    """
    text = legible(text)
    if width(text) <= most:
        return text
    first, last = _fitting(text, most - most // 3 - 1), _fitting(text[::-1], most // 3)
    return f"{text[:first]}…{text[len(text) - last :]}"


def width(text: str) -> float:
    """How wide a text is drawn, in signs of middling width."""
    return sum(map(_width, text))


def luminance(colour: Any) -> float:
    """Relative luminance of a colour, by which WCAG 2.2 reckons contrast.

    Black stands out better from what has more than 0.18, and white from the rest.
    """
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _fitting(text: str, most: int) -> int:
    """How many of the first signs are together no wider than so many of middling width."""
    return sum(total <= most for total in accumulate(map(_width, text)))


def _compact(text: str) -> str:
    """Matplotlib's SVG at half the length, its styles as classes that know light and dark."""
    text = re.sub(r"<metadata>.*?</metadata>|<!DOCTYPE[^>]*>", "", text, flags=re.DOTALL)
    text = re.sub(r">\s+<", "><", text)
    names: dict[str, str] = {}
    classes: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return found[1] + names.setdefault(found[2], f"{found[2][0]}{len(names)}")

    def classed(found: re.Match[str]) -> str:
        return f' class="{classes.setdefault(found[1], f"s{len(classes)}")}"'

    def compact(tag: re.Match[str]) -> str:
        # A tenth of a point is a pixel's seventh.
        short = re.sub(r"(\d\.\d)\d+", r"\1", tag[0])
        short = re.sub(r' transform="rotate\(-0 [^"]*"', "", short)
        short = re.sub(r' id="[\w.]+_\d+"', "", short)  # names of parts, to which nothing points
        short = re.sub(r'(?<= d=")[^"]*', lambda path: " ".join(path[0].split()), short)
        short = re.sub(r'((?:id="|href="#|url\(#))([mp][0-9a-f]{10})\b', renamed, short)
        # Quotation marks that an address need not write as three signs.
        return re.sub(r' style="([^"]*)"', classed, short).replace('"', "'")

    # Tags alone: what stands between them are names and numbers to be read.
    text = re.sub("<[^<>]*>", compact, text)
    light = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    dark = "".join(
        f".{name}{{{other}}}"
        for style, name in classes.items()
        if (other := _in_the_dark(style)) != style
    )
    # Opened by itself, its canvas follows the reader's scheme as its inks do.
    rules = f"svg{{color-scheme: light dark}}{light}@media (prefers-color-scheme: dark){{{dark}}}"
    rules = rules.replace(f"'{FONT}'", f"'{FONT}', Verdana, sans-serif")
    return text.replace("</style>", f"{rules}</style>", 1)


def _in_the_dark(style: str) -> str:
    for ink, other in IN_THE_DARK.items():
        style = style.replace(ink, other)
    return style


@cache
def _width(sign: str) -> float:
    """How wide a sign is drawn, in signs of middling width."""
    if ord(sign) not in signs_of(findfont(FONT)):
        return FOREIGN / SIGN
    font = FT2Font(findfont(FONT))
    font.set_size(1, 72)
    return font.load_char(ord(sign)).linearHoriAdvance / 65536 / SIGN
