"""Names in any script: text in SVG and HTML, a font in PNG if there is one, columns in a terminal."""

import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest
import tabulate
from fontTools.ttLib import TTFont
from imported import CASES, imported, run_of_names
from matplotlib.font_manager import findfont
from test_figures import faults

from study.common.text import by_columns, filled
from study.report import fonts
from study.report.fonts import BOX, boxed, fallbacks, font_note, lacking
from study.report.style import style, svg

SCRIPTS = {
    "Chinese and Korean": ["年龄", "收入(元)", "가격", "주택 가격 지수"],
    "right to left": ["العمر", "دخل الأسرة", "גיל", "הכנסה (₪)"],
    "European": ["Возраст", "Ηλικία", "âge révolu", "Größe"],
    "others": ["आयु", "อายุ", "ამინდი", "🙂 mood"],
}


@pytest.fixture(scope="module", params=["given", *SCRIPTS])
def run(request, tmp_path_factory):
    """A run of the given case, or of four features named in other scripts."""
    directory = tmp_path_factory.mktemp("scripts")
    if request.param == "given":
        return imported(directory, CASES / "14-japanese.csv", "年齢 rank 1 in 0.8")
    names = SCRIPTS[request.param]
    return run_of_names(directory, names, seed=6, model=names[1])


@pytest.fixture
def no_fonts(monkeypatch):
    """A machine that has none but the figures' own font."""
    fallbacks.cache_clear()
    monkeypatch.setattr(fonts, "_candidates", list)
    yield
    fallbacks.cache_clear()


def test_drawings_hold_names_as_text_whatever_fonts_there_are(run, no_fonts):
    display = run.displays["importance-shap"]
    alone = {narrow: svg(display.sketch(narrow=narrow)) for narrow in (False, True)}
    for drawing in alone.values():
        texts = [text.text for text in ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]  # fmt: skip
        assert set(run.features) <= set(texts)
        families = set(re.findall(r"font-family: ([^;}]*)", drawing))
        assert families == {"'DejaVu Sans', Verdana, sans-serif"}
    assert "[U+" not in "".join(alone.values())


@pytest.mark.parametrize("narrow", [False, True])
def test_names_of_any_script_keep_apart(run, narrow):
    for name, display in run.displays.items():
        assert faults(display.sketch(narrow=narrow)) == [], name


def test_html_keeps_the_order_around_names_from_right_to_left(run):
    rtl = [name for name in run.features if unicodedata.bidirectional(name[0]) in ("R", "AL")]
    shown = [run._repr_html_(), run.table("importance-features")._repr_html_()]
    shown.append(run.table("importance-features").html())
    for text in shown:
        bare = re.sub(r"<bdi>.*?</bdi>", "", text)
        assert not re.search("[\u0590-\u08ff]", bare)
    for name in rtl:
        assert f"<bdi>{re.match('[^ (]+', name)[0]}" in shown[1]


def test_every_line_of_a_table_in_a_terminal_is_as_wide(run):
    """By the widths of Unicode's own table (UAX 11); marks that take no column are not looked at."""

    def columns(line):
        return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)

    for width in (None, 40):
        lines = run.table("importance-features").text(width).splitlines()
        rule = next(line for line in lines if line.startswith("--"))
        start = lines.index(rule)
        edges = [found.start() for found in re.finditer("(?<= )-", rule)]
        body = lines[start - 1 : lines.index("", start)]
        for line in body:
            assert columns(line) <= len(rule)
            for edge in edges:  # the column before an edge is empty
                place, taken = 0, 0
                while place < len(line) and taken < edge - 1:
                    taken += columns(line[place])
                    place += 1
                assert line[place : place + 1] in ("", " "), (line, edge)


def test_a_table_is_the_same_whether_or_not_wcwidth_is_installed(run, monkeypatch):
    """A module of that name that measures all else but by length, as the true one does of marks."""
    table = run.table("importance-features")
    shown = []
    for module in (None, SimpleNamespace(wcswidth=lambda text: 3 * len(text))):
        monkeypatch.setattr(tabulate, "wcwidth", module)
        monkeypatch.setattr(tabulate, "WIDE_CHARS_MODE", module is not None)
        shown.append((table.text(), table.text(40), table.markdown()))
        assert (module is not None) == tabulate.WIDE_CHARS_MODE  # others keep what they had
    assert shown[0] == shown[1]


def test_the_length_of_a_text_is_what_it_takes_in_a_terminal():
    for text, width in (("age", 3), ("年齢", 4), ("a가b", 4), ("ｱ", 1), ("Ａ", 2), ("é", 1)):
        assert len(by_columns(text)) == width
        assert filled(by_columns(text)) == text


def test_signs_without_a_font_are_boxes_with_numbers(no_fonts):
    signs = lacking("年齢 (age), Größe, العمر 🙂")
    assert signs == set("年齢🙂")
    assert fallbacks(signs) == ((), signs)
    numbers = {}
    assert boxed("年齢 (age)", signs, numbers) == f"{BOX}1 (age)"
    assert boxed("🙂, 年齢", signs, numbers) == f"{BOX}2, {BOX}1"
    assert BOX not in lacking(BOX)
    note = font_note(["age", "年齢", "年齢", "🙂"])
    assert note.startswith("no font here has all signs of 年齢 and 🙂: ")
    assert "install" in note
    assert font_note(["age", "العمر"]) == ""


def test_a_font_that_was_installed_after_matplotlib_looked_is_used(no_fonts, monkeypatch, tmp_path):
    """A copy of the figures' font in which the shape of A stands for the year."""
    font = TTFont(findfont("DejaVu Sans"))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap = {ord("年"): "A"}
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "Made Ideographs"
    path = tmp_path / "made.ttf"
    font.save(path)
    monkeypatch.undo()
    fallbacks.cache_clear()
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(path)])
    known = list(fonts.fontManager.ttflist)
    monkeypatch.setattr(fonts.fontManager, "ttflist", [entry for entry in known if "DejaVu" in entry.name])  # fmt: skip
    assert fallbacks(frozenset("年")) == (("Made Ideographs",), frozenset())
    assert font_note(["年"]) == ""
    with style():
        renderer = fonts._LocalRenderer(60, 30, 100)
        gc = renderer.new_gc()
        for x, text in ((0, "年"), (30, "A")):
            renderer.draw_text(gc, x, 25, text, fonts.FontProperties("DejaVu Sans"), 0)
        pixels = np.asarray(renderer.buffer_rgba())
    np.testing.assert_array_equal(pixels[:, :30], pixels[:, 30:])
    assert pixels[..., 3].any()


def test_the_command_says_what_to_install(command, no_fonts, undrawn, tmp_path):
    case = CASES / "14-japanese.csv"
    assert command("import", str(case), "--claim", "年齢 rank 1 in 0.8", "--out", "r").status == 0
    said = command("report", "r")
    assert said.status == 0
    assert said.out.strip().endswith("report.html")
    assert said.err.startswith("note: no font here has all signs of 年齢, 所得 and 区")
