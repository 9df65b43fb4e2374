"""A run's report as a Word file: verdicts, key figures and tables, to be worked on further.

The same run gives the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt
from docx.table import _Row
from docx.text.paragraph import Paragraph

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.files import inside, whole
from study.common.moments import moment
from study.common.text import printable
from study.report.figures.display import Display
from study.report.figures.registry import each_display
from study.report.tables.cells import provenance
from study.report.tables.registry import TABLES
from study.report.tables.table import Table
from study.report.text.citation import paragraph
from study.report.text.in_short import in_short
from study.report.text.verdict import details, headline

# Word leaves it out when it saves a file, which is then somebody's own.
_MARK = b"Written by 'study report --docx'."
# Of the page, what answers whether the claim holds; all else is on it.
_SECTIONS = ("population", "fit", "importance", "claim")
_TABLES = (
    *("population", "chance", "claim", "claims", "warnings", "fit", "scores"),
    *("importance-features", "importance-variables", "importance-groups"),
)
# The head of a table alone stands out, in the form of today and in that of Word 2007.
_LOOK = {"firstColumn": "0", "noHBand": "1", "val": "0620"}
_MOST_ROWS = 40  # of a table; its CSV file has all
_MARGIN, _WIDTH = Cm(2), Cm(17)  # of a page that is 21 cm wide
_LONGEST, _BESIDE = 26, 5  # signs of a column, and as much as its margins take
_HIGHEST = Cm(23)  # of a figure, so that its caption stands on its page
_MOST_SIGNS = 255  # of what a file says of itself
_SMALL = Pt(7.5)  # in cells, of which some tables have twelve in a row
# The first time that a ZIP file can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
# What XML 1.0 has no place for, even escaped; control signs are replaced before.
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def word_path(directory: Path) -> Path:
    """Where the Word file of a run goes. Raises InputError where a link leads out of it."""
    return inside(directory, "report.docx")


def is_word(path: Path) -> bool:
    """Whether a file is as `write_word` wrote it. Raises OSError."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == _MARK
    except zipfile.BadZipFile:
        return False


def write_word(overview: Overview) -> Path:
    """Write report.docx into the run's directory, of figures that `write_report` put there."""
    results = overview.results
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = _MARGIN
    _describe(document, results)
    _begin(document, overview)
    document.add_heading("Figures", 1)
    number = count(1)
    for display in each_display(overview):
        if display.section in _SECTIONS and not display.folded:
            _figure(document, display, next(number), inside(results.directory, "figures"))
    document.add_heading("Tables", 1)
    made = (TABLES[name].make(overview) for name in _TABLES)
    for place, table in enumerate(filter(None, made), start=1):
        _table(document, table, place)
    document.add_heading("Methods", 1)
    document.add_paragraph(_xml(paragraph(overview)))
    path = word_path(results.directory)
    with whole(path) as new:
        new.write_bytes(_bytes(document))
    return path


def _describe(document: WordDocument, results: Results) -> None:
    """What the file says of itself: the run, and when that was last added to."""
    about = document.core_properties
    about.author, about.title = "", _xml(results.recipe.title)[:_MOST_SIGNS]
    about.comments = _xml(provenance(results))[:_MOST_SIGNS]
    times = filter(None, map(moment, results.history["started"]))
    about.created = about.modified = max(times, default=about.created)


def _begin(document: WordDocument, overview: Overview) -> None:
    """The verdicts, and what belongs beside them."""
    results, short = overview.results, in_short(overview)
    document.add_heading(_xml(f"Does “{results.recipe.claim.words}” hold?"), 0)
    document.add_paragraph(_xml(f"{results.recipe.title}. {provenance(results)}"))
    document.add_heading("Verdicts", 1)
    document.add_paragraph(_xml(short.asked))
    for found in short.found:
        answer = document.add_paragraph(style="List Number")
        answer.add_run(_xml(f"{found.answer.question}: "))
        answer.add_run(_xml(found.answer.verdict)).bold = True
        answer.add_run(_xml(f". {found.answer.sentence}"))
    document.add_paragraph(_xml(short.not_said))
    for sentence in (*headline(overview), *details(overview)):
        document.add_paragraph(_xml(sentence), style="List Bullet")


def _figure(document: WordDocument, display: Display, number: int, folder: Path) -> None:
    """A figure as wide as the text, or as high as fits, with words in its place; its caption."""
    picture = document.add_picture(str(inside(folder, f"{display.name}.png")), width=_WIDTH)
    if picture.height > _HIGHEST:
        picture.width, picture.height = Emu(_WIDTH * _HIGHEST // picture.height), _HIGHEST
    picture._inline.docPr.set("descr", _xml(display.alternative))
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    _caption(document, f"Figure {number}. {display.title}.", display.reading)


def _table(document: WordDocument, table: Table, number: int) -> None:
    """A table under its caption, its head repeated on each page, and notes below."""
    caption = _caption(document, f"Table {number}. {table.caption}.", "")
    caption.paragraph_format.keep_with_next = True
    shown = table.layout.head(_MOST_ROWS)
    placed = document.add_table(1 + len(shown), len(shown.columns), style="Light Shading")
    lines = [[*shown.columns], *shown.to_numpy().tolist()]
    look = placed._tbl.tblPr.find(qn("w:tblLook"))
    for part, value in _LOOK.items():
        look.set(qn(f"w:{part}"), value)
    widths = _widths(lines)
    for column, width in zip(placed.columns, widths, strict=True):
        column.width = width
    for row, texts in zip(placed.rows, lines, strict=True):
        _fill(row, texts, widths)
    head = placed.rows[0]._tr.get_or_add_trPr()
    head.append(OxmlElement("w:tblHeader"))
    left = len(table.layout) - len(shown)
    more = f" The first {len(shown)} of {len(table.layout)} rows." if left else ""
    notes = document.add_paragraph()
    notes.add_run(_xml(f"{table.notes}{more}")).font.size = _SMALL


def _widths(lines: Sequence[Sequence[object]]) -> list[Emu]:
    """As wide as the longest text of each column, but for long ones, which are folded."""
    longest = [
        min(max(len(str(text)) for text in column), _LONGEST) + _BESIDE
        for column in zip(*lines, strict=True)
    ]
    return [Emu(_WIDTH * length // sum(longest)) for length in longest]


def _fill(row: _Row, texts: Iterable[object], widths: Iterable[Emu]) -> None:
    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = width
        cell.paragraphs[0].add_run(_xml(str(text))).font.size = _SMALL
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _caption(document: WordDocument, title: str, reading: str) -> Paragraph:
    caption = document.add_paragraph(style="Caption")
    caption.add_run(_xml(title))
    if reading:
        caption.add_run(_xml(f" {reading}")).bold = False
    return caption


def _xml(text: str) -> str:
    """Text on one line that XML can hold."""
    return _NO_XML.sub("\ufffd", printable(text))


def _bytes(document: WordDocument) -> bytes:
    """The file of a document, without the time of its making."""
    made, fixed = io.BytesIO(), io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(fixed, "w") as archive:
        for name in parts.namelist():
            part = zipfile.ZipInfo(name, _NO_TIME)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, parts.read(name))
        archive.comment = _MARK
    return fixed.getvalue()
