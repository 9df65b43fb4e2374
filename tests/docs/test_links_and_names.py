"""What the documentation names is there: pages, files, modules, commands, options, tables."""

import re
import shlex
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest
from conftest import ROOT

from study.cli.main import commands
from study.report.tables.registry import TABLES

DOCS = ROOT / "docs"
PAGES = (*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "benchmarks" / "README.md")
EACH_PAGE = pytest.mark.parametrize(
    "path", sorted(PAGES), ids=lambda path: path.relative_to(ROOT).as_posix()
)


def links(path: Path) -> list[str]:
    """Links to what lies in this project."""
    found = re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link]


def anchors(path: Path) -> set[str]:
    """The headings of a page as GitHub makes them targets of links."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def shown_commands(path: Path) -> list[str]:
    """Commands of `study` in a page: lines that are indented or begin with $, and code in text."""
    text = path.read_text(encoding="utf-8")
    lines = re.findall(r"^(?:    |\$ )(study [a-z-].*)$", text, re.MULTILINE)
    return lines + re.findall(r"`(study [a-z-][^`]*)`", text)


def named(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words call, and what it is given. Raises KeyError."""
    command: click.Command = commands
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        count = 2 if " ".join(words[:2]) in command.commands else 1
        command, words = command.commands[" ".join(words[:count])], words[count:]
    return command, words


@EACH_PAGE
def test_links_lead_somewhere(path):
    for link in links(path):
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_leads_to_every_page():
    led_to = {(DOCS / link).resolve() for link in links(DOCS / "index.md")}
    assert {path.resolve() for path in PAGES} - led_to == {DOCS / "index.md"}


@EACH_PAGE
def test_commands_options_and_tables_exist(path):
    for line in shown_commands(path):
        command, given = named(shlex.split(line, comments=True)[1:])
        known = {name for parameter in command.params for name in parameter.opts}
        options = {word.partition("=")[0] for word in given if word.startswith("--")}
        assert options - known <= {"--help", "--version"}, line
        if command.name == "table" and given and re.fullmatch("[a-z][a-z-]+", given[0]):
            assert given[0] in TABLES, line


@EACH_PAGE
def test_files_modules_and_what_is_in_them_exist(path):
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for name in re.findall(r"\b((?:study|tests|benchmarks|docs)/[\w./-]*[\w/])", prose):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(study\.[\w.]+)[`:(]", prose):
        resolve_name(name)
    for module, names in re.findall(r"^(?:>>> )?from (study[\w.]*) import (.+)$", text, re.M):
        for name in names.split(", "):
            resolve_name(f"{module}:{name}")


@pytest.mark.parametrize(
    ("wrong", "test", "error"),
    [
        ("`study report --paper`", test_commands_options_and_tables_exist, AssertionError),
        ("    study rum --seeds 3", test_commands_options_and_tables_exist, KeyError),
        ("`study table fits`", test_commands_options_and_tables_exist, AssertionError),
        ("in study/blocks.py", test_files_modules_and_what_is_in_them_exist, AssertionError),
        ("`study.blocks.Block`", test_files_modules_and_what_is_in_them_exist, AttributeError),
        ("from study import save", test_files_modules_and_what_is_in_them_exist, AttributeError),
        ("[here](there.md)", test_links_lead_somewhere, AssertionError),
        ("# Here\n[here](#there)", test_links_lead_somewhere, AssertionError),
    ],
)
def test_a_wrong_name_is_found(tmp_path, wrong, test, error):
    page = tmp_path / "page.md"
    page.write_text(f"{wrong}\n")
    with pytest.raises(error):
        test(page)
