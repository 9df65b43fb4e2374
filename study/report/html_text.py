"""Text in HTML that is shown as it stands, whatever signs it holds."""

import html
import re
from functools import lru_cache

from markupsafe import Markup, escape

from study.common.text import printable

# Letters that are written from right to left, and what joins them.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff][\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff ]*"
)


def plain(text: str) -> Markup:
    """Text for an attribute or an element, on one line and without control characters."""
    return escape(printable(re.sub(r"[\t\n\r]+", " ", text)))


def isolated(text: str) -> Markup:
    """Text for an element; its right-to-left parts leave the order of what is around them alone."""
    return _isolated(plain(text))


def without_formulas(markup: str) -> str:
    """HTML whose texts are no formulas where $...$ and \\(...\\) are typeset, as in notebooks.

    Such signs stand alone in elements, which no formula reaches into. No attribute may hold any.
    """
    return re.sub(r"[$\\]", r"<span>\g<0></span>", str(markup))


@lru_cache(maxsize=2**14)  # cells repeat
def cell(text: str) -> Markup:
    """Text of a table's cell or header: as `isolated`, and every interval is on one line."""
    bounds = r"\[[-\d][-\d., ]*\]"
    unbroken = re.sub(bounds, lambda found: found[0].replace(" ", "\u00a0"), printable(text))
    return _isolated(html.escape(unbroken, quote=False))


def _isolated(escaped: str) -> Markup:
    # As a plain string: parts of a Markup would be escaped once more.
    return Markup(_RIGHT_TO_LEFT.sub(r"<bdi>\g<0></bdi>", str(escaped)))
