"""Fonts for signs that the figures' own font lacks, such as those of Japanese.

An SVG names none of them: it holds text, and who shows it finds a font. A PNG is drawn here, with
the fonts that this machine has.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import get_data_path
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.font_manager import (
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
)
from matplotlib.ft2font import FaceFlags

from study.common.text import some

FONT = "DejaVu Sans"
# What stands for a word of signs that no font here has, before its number in the figure.
BOX = "□"
_PLACEHOLDERS = "Last Resort"  # draws a box for every sign
_ORDINARY = range(300, 501)  # weights of type


@lru_cache(maxsize=2**12)  # names repeat
def lacking(text: str) -> frozenset[str]:
    """The signs of a text that the figures' own font lacks; of joiners and spaces, none."""
    known = signs_of(findfont(FONT))
    return frozenset(
        sign
        for sign in text
        if ord(sign) not in known and unicodedata.category(sign) not in ("Cf", "Zs")
    )


@cache
def fallbacks(signs: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Families of fonts of this machine that have such signs, and the signs that none has."""
    families: list[str] = []
    left = signs
    for family, path in _candidates():
        if not left:
            break
        found = frozenset(sign for sign in left if ord(sign) in signs_of(path))
        if found:
            families.append(family)
            left -= found
    return tuple(families), left


def boxed(text: str, left: frozenset[str], numbers: dict[str, int]) -> str:
    """A text whose parts without a font are boxes, each part with a number of its own."""
    parts: list[str] = []
    part = ""
    for sign in [*text, ""]:
        if sign and sign in left:
            part += sign
            continue
        if part:
            parts.append(f"{BOX}{numbers.setdefault(part, len(numbers) + 1)}")
        part = ""
        parts.append(sign)
    return "".join(parts)


class _LocalRenderer(RendererAgg):
    """Draws signs that the figures' own font lacks with other fonts, or as boxes."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)
        self._numbers: dict[str, int] = {}

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        if angle or lacking(s):
            super().draw_text(gc, x, y, *self._local(s, prop), angle, ismath, mtext)
            return
        # A line at once: a sign at a time, Agg takes five times as long.
        cover, left, descent = _line(s, prop.get_size_in_points(), self.dpi)
        ink = np.empty((*cover.shape, 4), dtype=np.uint8)
        ink[:, :, :3] = np.round(np.multiply(gc.get_rgb()[:3], 255))
        ink[:, :, 3] = cover
        bottom = round(self.height - y - descent) - 1  # a pixel below the lowest row
        self.draw_image(gc, round(x + left), bottom, ink)

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        return super().get_text_width_height_descent(*self._local(s, prop), ismath)

    def _local(self, text: str, own: FontProperties) -> tuple[str, FontProperties]:
        signs = lacking(text)
        if not signs:
            return text, own
        families, left = fallbacks(signs)
        local = own.copy()
        local.set_family([FONT, *families])
        return boxed(text, left, self._numbers), local


@lru_cache(maxsize=2**10)  # numbers and names repeat
def _line(text: str, size: float, dpi: float) -> tuple[np.ndarray, float, float]:
    """A line of text in the figures' own font, in pixels.

    How far each is covered, (rows, columns) of 0 to 255, from the lowest row up; how far the left
    edge lies from where the line starts, and how far it reaches below its base.
    """
    font = get_font(findfont(FONT))
    font.set_size(size, dpi)
    font.set_text(text, 0.0, flags=get_hinting_flag())
    font.draw_glyphs_to_bitmap(antialiased=True)
    left, _ = font.get_bitmap_offset()
    return np.asarray(font.get_image())[::-1], left / 64, font.get_descent() / 64


class LocalCanvas(FigureCanvasAgg):
    """A canvas for pictures of which all signs can be read that this machine has a font for."""

    def get_renderer(self) -> RendererAgg:
        if not isinstance(getattr(self, "renderer", None), _LocalRenderer):
            width, height = self.get_width_height(physical=True)
            self.renderer = _LocalRenderer(width, height, self.figure.dpi)
        return self.renderer


def font_note(names: Iterable[str]) -> str:
    """Which names PNG figures show as boxes, and what helps; nothing where they show them all."""
    known = list(dict.fromkeys(names))
    _, left = fallbacks(frozenset().union(*map(lacking, known)))
    without = [name for name in known if left & set(name)]
    if not without:
        return ""
    return (
        f"no font here has all signs of {some(without)}: PNG figures show {BOX} and a number; "
        "install a font that has them, such as Noto Sans, or take the SVG figures"
    )


@cache
def signs_of(path: str) -> frozenset[int]:
    """The code points of the signs in a font; none of one that cannot be drawn at every size."""
    try:
        font = get_font(path)
    except (OSError, RuntimeError):
        return frozenset()
    return frozenset(font.get_charmap()) if FaceFlags.SCALABLE in font.face_flags else frozenset()


def _candidates() -> Iterable[tuple[str, str]]:
    """Families of ordinary upright type, sans serif first, each with its file.

    Those that matplotlib knows, and then what was installed since it looked.
    """
    ordinary = [
        font
        for font in fontManager.ttflist
        if font.style == "normal"
        and (font.weight in _ORDINARY if isinstance(font.weight, int) else font.weight == "normal")
        and not font.name.startswith(_PLACEHOLDERS)
    ]
    ordinary.sort(key=lambda font: ("sans" not in font.name.lower(), font.name))
    yield from {font.name: font.fname for font in ordinary}.items()
    known = {font.fname for font in fontManager.ttflist}
    for path in sorted(findSystemFonts()):
        if path not in known and Path(get_data_path()) not in Path(path).parents:
            fontManager.addfont(path)
            yield fontManager.ttflist[-1].name, path
