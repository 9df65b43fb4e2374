"""Notes of a page: what is seen at once, and what is folded."""

import pytest
from conftest import ROOT

import study
from study.analysis.overview import Overview
from study.report.figures.registry import each_display
from study.report.tables.registry import each_table
from study.report.text.notes import brief


@pytest.mark.parametrize("name", ["people", "wine"])
def test_no_note_of_a_reference_page_has_sixty_words_at_once_and_none_is_lost(name):
    overview = Overview(study.load(ROOT / "reports" / "reference" / name))
    notes = {table.name: table.notes for table in each_table(overview)}
    notes |= {display.name: display.reading for display in each_display(overview)}
    folded = 0
    for of, text in notes.items():
        first, rest = brief(text)
        assert 0 < len(first.split()) < 60, of
        assert f"{first} {rest}".split() == text.split(), of
        folded += bool(rest)
    assert folded > 10


def test_a_note_is_parted_between_sentences():
    assert brief("One two. Three (four.) Five 0.5 six. Seven", 6) == (
        "One two. Three (four.)",
        "Five 0.5 six. Seven",
    )
    assert brief("One e.g. two. three four", 3) == ("One e.g. two. three four", "")
    assert brief("Short.") == ("Short.", "")
