"""Mutated tables of scores: read right, noted or refused, and never with a traceback."""

from types import ModuleType

import pytest
from benchmark_programs import program

from study.store.scores import cells, checks, table

TABLES = 90


@pytest.fixture(scope="module")
def mutations() -> ModuleType:
    return program("score_mutations")


def test_mutated_tables_are_read_right_noted_or_refused(mutations, tmp_path):
    found = mutations.faults(TABLES, 1, tmp_path)
    assert [(kind, wrong) for kind, wrong in found if wrong] == []
    assert len({kind for kind, _ in found}) == len(mutations.KINDS) <= TABLES / 5


PLANTED = {
    "a decimal comma taken for thousands": (
        lambda patch: patch.setattr(
            table.cell, "number", lambda _, text: float(text.replace(",", "") or "nan")
        ),
        "silent: read what has to be refused",
    ),
    "a number that loses a digit": (
        lambda patch: patch.setattr(
            table.cell, "number", lambda of, text, own=cells.number: float(f"{own(of, text):.12g}")
        ),
        "silent: other scores",
    ),
    "notes that are not made": (
        lambda patch: patch.setattr(checks, "CHECKS", ()),
        "silent: I001 is not noted",
    ),
    "another error": (
        lambda patch: patch.setattr(table.cell, "seed", lambda text: [][int(float(text))]),
        "traceback: IndexError",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(mutations, tmp_path, monkeypatch, name):
    plant, expected = PLANTED[name]
    plant(monkeypatch)
    found = [wrong for _, wrong in mutations.faults(TABLES, 1, tmp_path)]
    assert any(wrong.startswith(expected) for wrong in found)
