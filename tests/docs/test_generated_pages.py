"""What pages say after the program is what the program says."""

import runpy

import pytest
from conftest import ROOT

from study.cli.run import run_command

GENERATE = ROOT / "docs" / "generate.py"
PAGES = {
    path.name: text
    for path in sorted((ROOT / "docs").glob("*.md"))
    if "<!-- " in (text := path.read_text(encoding="utf-8"))
}


@pytest.fixture(scope="module")
def generate() -> dict:
    return runpy.run_path(str(GENERATE))


def test_every_part_stands_in_a_page(generate):
    begun = "".join(PAGES.values())
    assert [part for part in generate["PARTS"] if begun.count(f"<!-- {part} -->\n") != 1] == []
    assert begun.count("<!-- end -->\n") == len(generate["PARTS"])


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_say_what_the_program_says(page, generate):
    if PAGES[page] != generate["filled"](PAGES[page]):
        pytest.fail(f"docs/{page} is out of date: python docs/generate.py renews it")


def test_another_word_of_help_or_a_changed_page_shows(generate, monkeypatch):
    filled, page = generate["filled"], PAGES["commands.md"]
    seeds = run_command.params[0]
    assert filled(page.replace(seeds.help, "so many")) == page
    monkeypatch.setattr(seeds, "help", "How | many, <N>.")
    assert r"| `--seeds TEXT` | How \| many, \<N>. [default: 20] |" in filled(page)


def test_a_part_that_there_is_not_is_refused(generate):
    with pytest.raises(KeyError, match="comands"):
        generate["filled"]("<!-- comands -->\n<!-- end -->\n")
