"""The Word file of a report, read back by python-docx and by an XML parser."""

import io
import shutil
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import docx
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.figures.registry import all_displays
from study.report.tables.registry import make_table
from study.report.text.verdict import answers
from study.report.word import write_word

NAMED = '<b>&amp; "x"\x0b\ufffe\u202e'


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Overview:
    """The reference run, with figures of one colour."""
    directory = tmp_path_factory.mktemp("word") / "people"
    shutil.copytree(ROOT / "reports" / "reference" / "people", directory)
    overview = Overview(Results(directory))
    (directory / "figures").mkdir(exist_ok=True)
    for place, name in enumerate(all_displays(overview)):
        Image.new("L", (40 + place, 20), 255).save(directory / "figures" / f"{name}.png")
    return overview


@pytest.fixture(scope="module")
def written(reference) -> Path:
    return write_word(reference)


def texts(path: Path) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_the_three_verdicts_in_their_order(reference, written):
    found = texts(written)
    places = [
        next(
            place
            for place, text in enumerate(found)
            if text.startswith(answer.question) and answer.sentence in text
        )
        for answer in answers(reference)
    ]
    assert len(places) == 3
    assert places == sorted(places)
    assert found[0] == "Does “age has rank 1” hold?"


def test_tables_hold_the_cells_of_the_report_under_numbered_captions(reference, written):
    found = docx.Document(str(written))
    captions = [text for text in texts(written) if text.startswith("Table ")]
    assert len(captions) == len(found.tables) >= 9
    assert [caption.split(".")[0] for caption in captions] == [
        f"Table {place}" for place in range(1, len(captions) + 1)
    ]
    tables = dict(zip(captions, found.tables, strict=True))
    for name in ("claim", "population", "fit", "importance-variables"):
        table = make_table(reference, name)
        (caption,) = [text for text in tables if text.endswith(f". {table.caption}.")]
        cells = [[cell.text for cell in row.cells] for row in tables[caption].rows]
        assert cells == [[*table.layout.columns], *table.layout.to_numpy().tolist()]
        assert table.notes in texts(written)


def test_figures_are_those_of_the_page_that_answer_the_claim_with_words_in_their_place(
    reference, written
):
    found = docx.Document(str(written))
    shapes = list(found.inline_shapes)
    shown = [shape._inline.docPr.get("descr") for shape in shapes]
    displays = all_displays(reference)
    expected = [displays[name] for name in ("population", "verdict", "claim", "fit")]
    assert {display.alternative for display in expected} <= set(shown)
    assert displays["importance-gradient"].alternative not in shown  # folded on the page
    captions = [text for text in texts(written) if text.startswith("Figure ")]
    assert len(captions) == len(shown)
    widths = {part.rpartition("/")[2]: content for part, content in parts(written).items()}
    sizes = {Image.open(io.BytesIO(of)).width for name, of in widths.items() if "image" in name}
    assert len(sizes) == len(shown)


def test_the_same_run_gives_the_same_bytes_and_no_time_but_its_own(reference, written):
    first = written.read_bytes()
    assert write_word(reference).read_bytes() == first
    with zipfile.ZipFile(written) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    about = docx.Document(str(written)).core_properties
    last = datetime.fromisoformat(reference.results.history["started"].iloc[-1]).astimezone(UTC)
    assert about.created == about.modified == last
    assert about.author == about.last_modified_by == ""


def test_names_of_strangers_are_text_of_well_formed_xml(command, undrawn):
    seeds = np.arange(6)
    rows = pd.DataFrame(
        {"model": f"m{NAMED}", "method": f"by{NAMED}", "seed": np.repeat(seeds, 2)}
    ).assign(feature=[f"a{NAMED}", "b"] * 6, score=[2.0, 1.0] * 6)
    rows.to_parquet("scores.parquet")
    claim = f"a{NAMED} rank 1 in 0.8"
    made = command(
        *("import", "scores.parquet", "--claim", claim, "--out", "run"),
        *("--title", f"title{NAMED}", "--target", f"target{NAMED}"),
    )
    assert made.status == 0, made.err
    answer = command("report", "run", "--docx")
    assert answer.status == 0, answer.err
    assert answer.out.splitlines()[-1] == "run/report.docx"
    path = Path("run/report.docx")
    for name, content in parts(path).items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(content)  # else ParseError
    seen = NAMED.replace("\x0b", "\ufffd").replace("\ufffe", "\ufffd").replace("\u202e", "\ufffd")
    assert texts(path)[0] == f"Does “a{seen} has rank 1” hold?"
    assert docx.Document(str(path)).core_properties.title == f"title{seen}"


def test_a_high_figure_keeps_its_form_and_fits_on_a_page(reference, written):
    path = reference.results.directory / "figures" / "fit.png"
    kept = path.read_bytes()
    Image.new("L", (300, 900), 255).save(path)
    alternative = all_displays(reference)["fit"].alternative
    shapes = docx.Document(str(write_word(reference))).inline_shapes
    path.write_bytes(kept)
    (shape,) = [of for of in shapes if of._inline.docPr.get("descr") == alternative]
    assert shape.height / shape.width == pytest.approx(3, rel=1e-4)
    page = docx.Document(str(written)).sections[0]
    assert shape.height < page.page_height - page.top_margin - page.bottom_margin


def test_a_title_longer_than_a_file_may_have_is_cut_there_alone(command, undrawn):
    rows = pd.DataFrame({"model": "m", "method": "gain", "seed": [0, 0, 1, 1]})
    rows.assign(feature=["a", "b"] * 2, score=[2.0, 1.0, 3.0, 1.0]).to_csv("s.csv", index=False)
    title = "long " * 60
    claim = ("--claim", "a rank 1 in 0.8")
    assert command("import", "s.csv", *claim, "--out", "run", "--title", title).status == 0
    assert command("report", "run", "--docx").status == 0
    path = Path("run/report.docx")
    assert docx.Document(str(path)).core_properties.title == title[:255]
    assert any(text.startswith(title) for text in texts(path))


def test_without_python_docx_it_is_said_how_to_have_it(command, finished, monkeypatch):
    shutil.copytree(finished, "run")
    monkeypatch.delitem(sys.modules, "study.report.word", raising=False)
    monkeypatch.setitem(sys.modules, "docx", None)
    refused = command("report", "run", "--docx")
    assert refused.status == 2
    assert refused.err == "study: --docx needs docx: pip install 'importance-study[docx]'\n"
    assert not Path("run/report.html").exists()


def test_a_file_that_somebody_worked_on_is_kept(command, finished, undrawn):
    shutil.copytree(finished, "run")
    assert command("report", "run", "--docx").status == 0
    path = Path("run/report.docx")
    document = docx.Document(str(path))
    document.add_paragraph("What I make of it")
    document.save(str(path))
    kept = path.read_bytes()
    refused = command("report", "run", "--docx")
    assert refused.status == 2
    assert "not written by this command" in refused.err
    assert path.read_bytes() == kept
