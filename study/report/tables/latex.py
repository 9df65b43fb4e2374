"""Tables as LaTeX: booktabs, and no wider or higher than a page."""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from study.common.text import printable
from study.report.latex_escape import HEAD, LONGEST, escape, pieces

# The page of a default article, in points, and how much of it a table may fill.
TEXT_WIDTH, TEXT_HEIGHT, FILLED = 345, 550, 0.9
GAP = 6


@dataclass(frozen=True)
class _Size:
    """A size of type in such an article: its command, an em and a line, in points."""

    command: str
    em: float
    line: float


_FOOTNOTE, _SCRIPT = _Size("footnotesize", 8.5, 9.5), _Size("scriptsize", 8.0, 8.0)
# Words are a little wider in small type than in the sizes that widths are known of.
_SLACK = 1.5
# Sizes to try in turn, each with the most signs of a word that have to stand together: at last
# words have to be divided.
_ATTEMPTS = ((_FOOTNOTE, LONGEST), (_SCRIPT, LONGEST), (_SCRIPT, 7))


def latex_table(label: str, caption: str, notes: str, layout: pd.DataFrame) -> str:
    """A table of strings with caption, label and notes; longtable if it is longer than a page.

    Its columns are as wide as their text where the page is wide enough, and else ragged
    paragraphs.
    """
    caption, notes = printable(caption), printable(notes)
    rows = [list(map(printable, line)) for line in (layout.columns, *layout.to_numpy().tolist())]
    columns = list(map(list, zip(*rows, strict=True)))
    size, widths = _widths(columns)
    long = _height(columns, widths, size, caption, notes) > FILLED * TEXT_HEIGHT
    # Braces keep a name from ending the option; a list of tables is read before HEAD.
    said = rf"\caption[{{{escape(caption, macros=False)}}}]{{{escape(caption)}}}"
    kind = "longtable" if long else "tabular"
    begin = f"\\begin{{{kind}}}{{{_column_format(widths, len(columns))}}}\n"
    head, *lines = [" & ".join(map(escape, row)) + " \\\\\n" for row in rows]
    head = f"\\toprule\n{head if columns else ''}\\midrule\n"
    body, end = "".join(lines), f"\\end{{{kind}}}\n"
    set_up = f"\\{size.command}\\setlength{{\\tabcolsep}}{{{GAP / 2:g}pt}}\n"
    notes = f"\\par\\smallskip\\footnotesize\\raggedright {escape(notes)}\\par\n"
    needs = f"% needs \\usepackage{{booktabs,longtable,array}}\n{HEAD}"
    if long:
        first = f"{said} \\label{{tab:{label}}} \\\\\n{head}\\endfirsthead\n"
        others = f"\\caption[]{{{escape(caption)}}} \\\\\n{head}\\endhead\n"
        foot = (
            f"\\midrule\n\\multicolumn{{{len(columns)}}}{{r}}{{Continued on next page}} \\\\\n"
            "\\midrule\n\\endfoot\n\\bottomrule\n\\endlastfoot\n"
        )
        width = "\\setlength{\\LTcapwidth}{\\linewidth}\n"
        return f"{needs}{{{set_up}{width}{begin}{first}{others}{foot}{body}{end}{notes}}}\n"
    return (
        f"{needs}\\begin{{table}}\n\\centering{set_up}{said}\n\\label{{tab:{label}}}\n"
        f"{begin}{head}{body}\\bottomrule\n{end}{notes}\\end{{table}}\n"
    )


def _widths(columns: list[list[str]]) -> tuple[_Size, list[float] | None]:
    """A size of type, and the widths of the columns in points; None if they need no limit."""
    room = TEXT_WIDTH - GAP * (len(columns) - 1)
    for size, longest in _ATTEMPTS:
        wanted = [size.em * max(map(_ems, column)) for column in columns]
        if sum(wanted) <= room:
            return size, None
        needed = [
            _SLACK
            + size.em * max(_ems(piece[:longest]) for text in column for piece in pieces(text))
            for column in columns
        ]
        if sum(needed) <= room:
            return size, _shared(room, wanted, needed)
    return size, [room * least / sum(needed) for least in needed]


def _shared(room: float, wanted: list[float], needed: list[float]) -> list[float]:
    """The room in proportion to what is wanted, but to each at least what is needed."""
    widths = list(needed)
    # Those that need more than their part keep what they need, and the others share the rest.
    sharing = set(range(len(wanted)))
    while sharing:
        left = room - sum(width for place, width in enumerate(needed) if place not in sharing)
        part = left / sum(wanted[place] for place in sharing)
        short = {place for place in sharing if needed[place] > part * wanted[place]}
        if not short:
            break
        sharing -= short
    for place in sharing:
        widths[place] = part * wanted[place]
    return widths


def _column_format(widths: list[float] | None, count: int) -> str:
    if widths is None:
        # A claim that nothing can test has a table without columns; LaTeX needs one.
        return f"@{{}}{'l' * max(count, 1)}@{{}}"
    # \hspace lets the first word of a paragraph be hyphenated.
    ragged = r">{\raggedright\arraybackslash\hspace{0pt}}"
    parts = [f"{ragged}p{{{width / TEXT_WIDTH:.3f}\\linewidth}}" for width in widths]
    return f"@{{}}{''.join(parts)}@{{}}"


def _height(
    columns: list[list[str]], widths: list[float] | None, size: _Size, caption: str, notes: str
) -> float:
    """About how high a table is, in points."""
    lines = [
        max(
            _lines(text, width, size)
            for text, width in zip(row, widths or [TEXT_WIDTH] * len(row), strict=True)
        )
        for row in zip(*columns, strict=True)
    ]
    around = sum(_lines(text, TEXT_WIDTH, _FOOTNOTE) for text in (caption, notes))
    return size.line * sum(lines) + _FOOTNOTE.line * (around + 4)


def _lines(text: str, width: float, size: _Size) -> int:
    """About how many lines a text fills, ragged."""
    lines, filled = 1, 0.0
    for piece in pieces(text):
        length = size.em * _ems(piece)
        if filled + length > width and filled:
            lines, filled = lines + 1, 0.0
        lines, filled = lines + int(length // width), filled + length % width
        filled += size.em * (0 if piece.endswith("-") else _em(" "))
    return lines


@lru_cache(maxsize=2**14)
def _ems(text: str) -> float:
    """About how wide a text is, in ems of Computer Modern."""
    return sum(map(_em, text))


@cache
def _em(sign: str) -> float:
    from matplotlib import get_data_path  # slow to import
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(Path(get_data_path()) / "fonts" / "ttf" / "cmr10.ttf")
    if not sign.isascii():
        return 4.5 if "U+" in escape(sign) or "studysign" in escape(sign) else 0.8
    return font.load_char(ord(sign), LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM
