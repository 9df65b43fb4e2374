"""Tables, numbers and the paragraph as LaTeX, compiled by both engines."""

import os
import re
import shutil
import string
import subprocess
import unicodedata
from pathlib import Path

import conftest
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, drawn_scores, made_run

import study
from study.analysis.overview import Overview
from study.common.text import printable
from study.report import latex_escape
from study.report.latex_escape import HEAD, escape
from study.report.tables.registry import all_tables
from study.report.tables.table import Table
from study.report.text.citation import latex_paragraph, macros

SEEDS = 12
CLAIMED = '[a] $\\input{x}$ "; drop'
LONG = "".join(f"{number:05}x" for number in range(34))[:200]
LEVELS = {
    "State": ["😀👍🏽", "עברית", "العربية"],
    "politics": ["漢字\u0301", "\u202eevil\u200bwidth", "^^5cinput #1 %& ~ <b>|--`"],
}
NAMES = {"sex": LONG, "age": CLAIMED, "State": "*e\u0301toile", "politics": "} \\end{table} {"}
MODELS = {"mlp": "M", "mlp-2": "} \\\\[9cm] {", "mlp2": "\u202e\\csname", "模型": LONG}
PREAMBLES = {
    "lualatex": "",
    "pdflatex": "\\usepackage{lmodern}\n\\usepackage[T1]{fontenc}\n",
}


@pytest.fixture(scope="module")
def tex() -> None:
    """Needs LaTeX: skipped without, but for continuous integration, which has to have it."""
    missing = [name for name in (*PREAMBLES, "pdftotext") if shutil.which(name) is None]
    if missing:
        reason = f"no {', '.join(missing)}: .ci/run installs what it takes"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, people) -> Overview:
    """A run in which nearly everything is called something hostile."""
    variables = []
    for variable in people.recipe.variables:
        update: dict[str, object] = {"name": NAMES[variable.name]}
        if variable.name in LEVELS:
            update["levels"] = LEVELS[variable.name]
        variables.append(variable.model_copy(update=update))
    claim = people.recipe.claim.model_copy(update={"name": CLAIMED, "model": "mlp-2"})
    target = people.recipe.target.model_copy(
        update={"name": "$\\input{income}$ שכר", "unit": "€_%"}
    )
    recipe = people.recipe.model_copy(
        update={"variables": variables, "claim": claim, "target": target}
    )
    generator = np.random.default_rng(5)
    scores = drawn_scores(MODELS, lambda items: generator.gamma(2, size=(SEEDS, items)))
    shipped = conftest.shipped("mlp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            conftest, "shipped", lambda name: shipped.model_copy(update={"title": MODELS[name]})
        )
        return Overview(made_run(tmp_path_factory.mktemp("תל-2 é"), recipe, scores))


@pytest.fixture(scope="module")
def reference() -> Overview:
    return Overview(study.load(ROOT / "reports" / "reference" / "people"))


def compiled(folder: Path, engine: str, body: str, *, passes: int = 1) -> str:
    """The text of the PDF of a default article with this body, spaces and hyphens left out.

    Fails unless it compiles, and no line is overfull by more than 10 pt.
    """
    packages = f"{PREAMBLES[engine]}\\usepackage{{booktabs,longtable,array}}\n"
    document = f"\\documentclass{{article}}\n{packages}\\pagestyle{{empty}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    (folder / "paper.tex").write_text(document, encoding="utf-8")
    for _ in range(passes):
        done = subprocess.run(
            [engine, "-halt-on-error", "-interaction=nonstopmode", "paper.tex"],
            cwd=folder,
            capture_output=True,
        )
        log = (folder / "paper.log").read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, log[-3000:]
    assert not re.search(r"^! ", log, re.MULTILINE)
    assert "Missing character" not in log
    assert "Float too large" not in log
    overfull = re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)
    assert [width for width in overfull if float(width) > 10] == []
    # In the order of the file, so that what stands in a cell stands together.
    text = subprocess.run(
        ["pdftotext", "-raw", "paper.pdf", "-"], cwd=folder, capture_output=True, check=True
    )
    return bare(text.stdout.decode())


def bare(text: str) -> str:
    """Text without what line breaks change, and with quotation marks as TeX sets them."""
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("'`\"−", "’‘”-"))
    return re.sub(r"[\s\u00ad-]+", "", text)


def in_print(name: str) -> str:
    """A name as it stands in a PDF by a font of no more than Latin letters."""
    return bare(
        "".join(
            sign if unicodedata.normalize("NFD", sign)[0].isascii() else f"[U+{ord(sign):04X}]"
            for sign in printable(name)
        )
    )


def written(folder: Path, overview: Overview) -> str:
    """The tables of a run as files of their own, and a body that inputs them all."""
    tables = all_tables(overview)
    assert len(tables) > 30
    for table in tables:
        (folder / f"{table.name}.tex").write_text(table.latex(), encoding="utf-8")
    inputs = "".join(f"\\input{{{table.name}}}\\clearpage\n" for table in tables)
    return f"\\listoftables\\clearpage\n{inputs}"


@pytest.fixture(scope="module")
def reference_tables(tmp_path_factory, reference) -> tuple[Path, str]:
    """The folder and the body of the reference study's tables."""
    folder = tmp_path_factory.mktemp("tables")
    return folder, written(folder, reference)


def test_a_document_of_hostile_names_compiles_and_shows_them(tex, tmp_path, hostile, reference):
    body = written(tmp_path, hostile)
    for name, overview in (("hostile", hostile), ("reference", reference)):
        (tmp_path / f"{name}.tex").write_text(macros(overview) + latex_paragraph(overview))
        body += f"\\input{{{name}}}\n\n"
    shown = compiled(tmp_path, "lualatex", body, passes=2)
    names = [*NAMES.values(), *(level for own in LEVELS.values() for level in own)]
    # A combining sign that the font has is printed over its letter.
    combined = [name for name in names if any(map(unicodedata.combining, name))]
    for name in [*set(names) - set(combined), *MODELS.values()]:
        assert in_print(name) in shown, name
    for name in ("[U+6F22][U+5B57]", "[U+1F600][U+1F44D][U+1F3FD]", "[U+FFFD]evil[U+200B]width"):
        assert name in shown
    assert shown.count(f"Run{hostile.results.identity}") > 30
    for overview in (hostile, reference):
        assert f"(run{overview.results.identity})" in shown
    assert bare("20 of 20 seeds (proportion 1.00, 95% Wilson interval 0.84 to 1.00)") in shown


@pytest.mark.parametrize("engine", PREAMBLES)
def test_the_tables_of_the_reference_study_fit_their_pages(tex, tmp_path, reference_tables, engine):
    folder, body = reference_tables
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    shown = compiled(tmp_path, engine, body)
    for text in (
        "0.834 ± 0.036 (1.0)",  # importance
        "R2, mean ± sd",
        "20 of 20 [0.84, 1.00]",
        "0.77 [0.60, 0.94]",
        "above chance",
        "< 0.001",
        "State=Michigan",
        "differences of the halves",
    ):
        assert bare(text) in shown, text


@pytest.mark.parametrize("engine", PREAMBLES)
def test_signs_are_printed_as_they_are(tex, tmp_path, engine):
    """Every letter that is held to be known, and every two signs of ASCII beside each other."""
    letters = " ".join(latex_escape._LETTERS)
    signs = "±×·≤≥≈°τ–—“”…"
    punctuation = string.punctuation
    pairs = " ".join(f"({one}{two})" for one in punctuation for two in punctuation)
    body = "\n\n".join(map(escape, (letters, signs, pairs, "-1 a-1")))
    shown = compiled(tmp_path, engine, f"{HEAD}\\raggedright {body}\n\n")
    # pdfLaTeX composes some letters of an accent and a letter, which are apart in the text.
    assert set("ÀÉîõüçßæøłŞžőůĞ" if engine == "pdflatex" else latex_escape._LETTERS) <= set(shown)
    assert bare(pairs) in shown
    for sign in "±×·≤≥≈τ–—“”":
        assert bare(sign) in shown
    assert "[U+" not in shown


def test_pdflatex_writes_code_points(tex, tmp_path):
    names = ["עב", "漢字😀", "Größe in µm²", "a\u200db", LONG]
    body = "\n\n".join(map(escape, names))
    shown = compiled(tmp_path, "pdflatex", f"{HEAD}{body}\n\n")
    for text in ("[U+05E2][U+05D1]", "[U+6F22][U+5B57][U+1F600]", "a[U+200D]b", "Größe", LONG):
        assert bare(text) in shown


@pytest.mark.parametrize("place", ["cell", "first cell", "heading", "caption", "notes"])
def test_nothing_in_a_name_is_a_command(tex, tmp_path, place):
    """A name that would end the document, jump 9 cm or read a file if LaTeX obeyed it."""
    names = [
        "[9cm]",
        " [9cm] x",
        "*",
        "\\stop",
        "}\\stop",
        "]{x}\\stop",
        "^^5cstop",
        "$\\input{nowhere}$",
        "% & gone",
        "#1",
        "\\\\\\hline",
        "[U+0041]",
        "😀]",
    ]
    body = ""
    for number, name in enumerate(names):
        at = {where: name if where == place else "x" for where in ("cell", "first cell", "heading", "caption", "notes")}  # fmt: skip
        frame = pd.DataFrame({at["heading"]: [at["first cell"], "y"], "b": [at["cell"], "z"]})
        body += Table(f"t{number}", at["caption"], at["notes"], frame, frame).latex()
    shown = compiled(
        tmp_path, "lualatex", f"\\listoftables\\clearpage{body}\\clearpage the end", passes=2
    )
    for name in names:
        assert in_print(name) in shown, name
    assert shown.count("theend") == 1


def test_tables_of_next_to_nothing_compile(tex, tmp_path):
    frames = (
        pd.DataFrame(),
        pd.DataFrame({"A": [], "B": []}),
        pd.DataFrame({"A": ["", "\n"], "": ["x", "y"]}),
        pd.DataFrame([["u", "v"]], columns=["same", "same"]),
    )
    body = "".join(
        Table(f"t{place}", "caption", "notes", frame, frame).latex()
        for place, frame in enumerate(frames)
    )
    shown = compiled(tmp_path, "lualatex", body)
    assert shown.count("notes") == len(frames)
    assert "samesameuv" in shown


def test_bidirectional_controls_are_replaced():
    controls = [
        chr(code) for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    ]
    assert {unicodedata.bidirectional(sign) for sign in controls} >= {"RLO", "LRI", "PDF", "R", "L"}
    for control in [*controls, "\x1b", "\n", "\x85", "\u2028"]:
        assert printable(f"a{control}b") == "a\ufffdb"
    assert printable("עברית é 😀\u200d") == "עברית é 😀\u200d"


def test_a_control_in_a_name_turns_no_table(people):
    frame = pd.DataFrame({"\u202ea": ["\u2066b"]})
    table = Table("t", "\u202ec", "\u200fd", frame, frame)
    for form in ("text", "markdown", "latex", "html"):
        assert not set("\u202e\u2066\u200f") & set(table.render(form))
