"""Text that LaTeX prints as it stands, whatever signs it holds.

For LuaLaTeX and pdfLaTeX alike: signs that not every font has are written as their code
points, or left to the macros of HEAD.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from study.common.text import printable

# \studysign prints a sign if the font has it, else its code point; only engines with \Uchar can
# tell. \studybreak lets a long word break if nothing better is near, and \studyhyphen lets the
# parts about a hyphen be hyphenated. Protected, since the start of a row is expanded in search of
# \noalign; \string, since babel makes " active.
HEAD = r"""\ifdefined\studysign\else
  \ifdefined\Uchar
    \protected\def\studysign#1{\iffontchar\font\string"#1 \Uchar\string"#1 \else[U+#1]\fi}%
  \else
    \protected\def\studysign#1{[U+#1]}%
  \fi
  \protected\def\studybreak{\penalty200\hskip0pt plus1pt\relax}%
  \protected\def\studyhyphen{\nobreak-\hskip0pt\relax}%
\fi
"""

# Words longer than this may be broken after punctuation, and between any two signs of a part
# that is longer still.
LONGEST = 12
# What TeX breaks a line at by itself: spaces, and after hyphens.
_RUN = re.compile(r"[^\s-]+-*|-+")
# A hyphen that is a minus: no line may end with it.
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
_LONG_WORD = re.compile(rf"\S{{{LONGEST + 1},}}")
_LONG_PART = re.compile(rf"\w{{{LONGEST + 1},}}")
# Letters that every text encoding of LaTeX has or composes.
_LETTERS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿĀāĂăĆćĈĉĊċČčĎďĒēĔĕĖėĚěĜĝĞğĠġĢģ"
    "ĤĥĨĩĪīĬĭİıĴĵĶķĹĺĻļĽľŁłŃńŅņŇňŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŴŵŶŷŸŹźŻżŽž"
)
_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # Not \{, which BibTeX would count as a brace.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # babel makes the straight one active for some languages, and OT1 has none.
    '"': r"\textquotedblright{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "…": r"\dots{}",
    "\u00a0": "~",
    # From the fonts of mathematics, which are the same in every encoding.
    **{
        sign: f"${command}$"
        for sign, command in {
            "±": r"\pm",
            "×": r"\times",
            "·": r"\cdot",
            "−": "-",
            "≤": r"\leq",
            "≥": r"\geq",
            "≈": r"\approx",
            "²": "^{2}",
            "³": "^{3}",
            "°": r"^{\circ}",
            "µ": r"\mu",
            "τ": r"\tau",
        }.items()
    },
}
# Two of these in a row may make one sign (-- a dash, ?` a turned question mark).
_LIGATURES = frozenset("-'`,!?<>")
# Categories of Unicode without a shape: format controls, odd spaces, what is not assigned.
_SHAPELESS = ("Cf", "Cn", "Co", "Cs", "Zs")


@lru_cache(maxsize=2**14)  # cells repeat
def escape(text: str, *, macros: bool = True) -> str:
    """Text as LaTeX prints it, and never takes it for a command or an option.

    With `macros`, after HEAD; without, it needs nothing, as for a list of tables or BibTeX.
    """
    text = _MINUS.sub("−", printable(text))
    sign_of = _sign if macros else _plain_sign
    breaks = _breaks(text) if macros else set()
    hyphens = _hyphens(text) if macros else set()
    parts = []
    for place, sign in enumerate(text):
        if place in breaks:
            parts.append(r"\studybreak{}")
        elif sign in _LIGATURES and text[place - 1 : place] in _LIGATURES:
            parts.append(r"\kern0pt{}")
        parts.append(r"\studyhyphen{}" if place in hyphens else sign_of(sign))
    escaped = "".join(parts)
    # After \\ and \midrule LaTeX looks for an option, past spaces.
    return ("{}" if escaped.lstrip()[:1] in ("[", "*") else "") + escaped


@lru_cache(maxsize=2**14)
def pieces(text: str) -> tuple[str, ...]:
    """The parts that a text is left in where a line may be broken, hyphenation aside."""
    text = _MINUS.sub("−", text)
    places = [0, *sorted(_breaks(text)), len(text)]
    parts = [text[start:stop] for start, stop in pairwise(places)]
    return tuple(piece for part in parts for piece in _RUN.findall(part)) or ("",)


def _breaks(text: str) -> set[int]:
    """Places that a line may be broken before, in words that TeX would not break."""
    places = set()
    for word in _LONG_WORD.finditer(text):
        inside = range(word.start() + 1, word.end())
        places |= {place for place in inside if not re.match(r"[\w−-]", text[place - 1])}
    for part in _LONG_PART.finditer(text):
        places |= set(range(part.start() + 1, part.end()))
    for place, sign in enumerate(text):
        if _known(sign) is None:  # a code point is long
            places |= {place, place + 1}
    around = {place: text[max(place - 1, 0) : place + 1] for place in places}
    return {place for place, two in around.items() if len(two) == 2 and not re.search(r"\s", two)}


def _hyphens(text: str) -> set[int]:
    """Places of hyphens that parts of long words hang together by."""
    return {
        word.start() + place
        for word in _LONG_WORD.finditer(text)
        for place in range(1, len(word[0]) - 1)
        if re.fullmatch(r"\w-\w", word[0][place - 1 : place + 2])
    }


def _sign(sign: str) -> str:
    known = _known(sign)
    if known is None and unicodedata.category(sign) not in _SHAPELESS:
        return rf"\studysign{{{ord(sign):04X}}}"
    return _plain_sign(sign) if known is None else known


def _plain_sign(sign: str) -> str:
    known = _known(sign)
    return f"[U+{ord(sign):04X}]" if known is None else known


def _known(sign: str) -> str | None:
    """A sign as every engine and encoding prints it; None if one of them may not."""
    if sign in _SIGNS:
        return _SIGNS[sign]
    return sign if sign.isascii() or sign in _LETTERS else None
