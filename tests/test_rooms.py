"""Each room imports only rooms below it, as the list in docs/architecture.md has them."""

import ast
import re
import shutil
from collections.abc import Container
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest
from conftest import ROOT

LONGEST_CHAIN = 9

Imports = dict[str, set[str]]


def rooms() -> list[str]:
    """The rooms, and the modules that stand beside them, from the top down."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    [listed] = re.findall(r"^    study/\n((?: {6}.+\n)+)", page, re.MULTILINE)
    return re.findall(r"^ {6}(\w+)", listed, re.MULTILINE)


def room(module: str) -> str:
    return "__init__" if module == "study" else module.split(".")[1]


def imports(package: Path) -> Imports:
    """What each module of a package imports of it, wherever in the module that stands."""
    found = {}
    for path in package.rglob("*.py"):
        inner = path.relative_to(package).with_suffix("").parts
        module = ".".join(("study", *inner))
        parent, _, _ = module.rpartition(".")
        text = path.read_text(encoding="utf-8")
        found[module.removesuffix(".__init__")] = set(imported(text, parent))
    return {
        module: {known for name in names if (known := closest(name, found))}
        for module, names in found.items()
    }


@cache
def imported(text: str, parent: str) -> list[str]:
    """All that a module within a package imports, each name in full."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), parent)
            names += [f"{source}.{alias.name}" for alias in node.names]
    return names


def closest(name: str, modules: Container[str]) -> str | None:
    """The module that a name is, or is in."""
    if name in modules:
        return name
    module, _, _ = name.rpartition(".")
    return module if module in modules else None


def faults(package: Path) -> list[str]:
    """What in the imports of a package is not as the rooms ask."""
    graph, order = imports(package), rooms()
    if lost := [module for module in graph if room(module) not in order]:
        return [f"{module}: no room of that name" for module in lost]
    upwards = [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        if order.index(room(target)) < order.index(room(module))
    ]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [*upwards, f"circle: {' '.join(sorted(set(error.args[1])))}"]
    chain = [] if upwards else longest_chain(graph)
    return [*upwards, *([f"chain: {' '.join(chain)}"] if len(chain) > LONGEST_CHAIN else [])]


def longest_chain(graph: Imports) -> list[str]:
    """The most rooms of which each imports the next."""
    below: Imports = {room(module): set() for module in graph}
    for module, targets in graph.items():
        below[room(module)] |= {room(target) for target in targets} - {room(module)}

    @cache
    def chain(start: str) -> list[str]:
        return [start, *max(map(chain, below[start]), key=len, default=[])]

    return max(map(chain, below), key=len)


def test_each_room_imports_only_rooms_below_it():
    assert faults(ROOT / "study") == []


def test_the_list_names_every_room_and_no_other():
    assert sorted(rooms()) == sorted({room(module) for module in imports(ROOT / "study")})


@pytest.fixture
def copied(tmp_path) -> Path:
    """The package in another place, to spoil it there."""
    return shutil.copytree(
        ROOT / "study", tmp_path / "study", ignore=shutil.ignore_patterns("__pycache__")
    )


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        (
            "statistics/wrong.py",
            "from study.store.store import Store",
            "study.statistics.wrong imports study.store.store",
        ),
        (
            "report/wrong.py",
            "def late():\n    from study.execution.run import run\n    from study.verify import check",
            "study.report.wrong imports study.verify.check",
        ),
        (
            "store/wrong.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import study.analysis.results",
            "study.store.wrong imports study.analysis.results",
        ),
        (
            "engines/torch/wrong.py",
            "from ...importance.gradients import gradient_scores",
            "study.engines.torch.wrong imports study.importance.gradients",
        ),
        ("common/wrong.py", "from study import load", "study.common.wrong imports study"),
        (
            "common/errors.py",
            "from study.common.files import local",
            "circle: study.common.errors study.common.files",
        ),
        ("helpers/wrong.py", "", "study.helpers.wrong: no room of that name"),
        ("helpers.py", "import numpy", "study.helpers: no room of that name"),
        (
            "compare/wrong.py",
            "from study.verify.check import check_run",
            "chain: __init__ cli compare verify execution importance engines",
        ),
    ],
)
def test_a_planted_import_is_found(copied, path, code, fault):
    place = copied / path
    place.parent.mkdir(exist_ok=True)
    with place.open("a") as file:
        file.write(f"\n{code}\n")
    [found] = faults(copied)
    assert found.startswith(fault)


def test_a_module_in_the_wrong_room_is_found(copied):
    (copied / "report" / "page.py").rename(copied / "statistics" / "page.py")
    assert any(fault.startswith("study.statistics.page imports ") for fault in faults(copied))
