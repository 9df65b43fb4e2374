"""How to cite a run: a paragraph on methods, a BibTeX entry, and macros of its numbers."""

import re
import shlex
import string
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.files import beginning
from study.common.package import shipped
from study.common.text import printable, ranges
from study.common.vocabulary import LEAST_SQUARES, SOURCES, UNNAMED_TARGET
from study.recipes.find import DEFAULT_MODELS
from study.report.latex_escape import HEAD, escape
from study.report.tables.cells import provenance
from study.report.text.headline_numbers import facts, letters
from study.report.text.origin import dated_words
from study.report.text.paragraph import sentences

_WRITTEN = "Written by 'study cite --format latex'."
NOT_DATED = "The run keeps no dated declaration of its claim, as 'study claim declare' writes one"
NOT_TOLD = "The paragraph cannot tell how the scores were made: add that."


def paragraph(overview: Overview) -> str:
    """A paragraph on methods and outcome, on one line."""
    texts = {fact.name: fact.text for fact in facts(overview)}
    return printable(_filled(overview, str, texts.__getitem__))


def latex_paragraph(overview: Overview) -> str:
    """The same paragraph in LaTeX, its numbers and names as macros of `macros`."""
    results = overview.results
    start = _prefix(results)
    text = _filled(overview, escape, lambda name: f"\\{start}{name}{{}}")
    filled = textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
    return "\n".join(
        [
            "% needs numbers.tex, which 'study cite --format latex' wrote",
            "\\begin{sloppypar}% names may be long",
            filled,
            "\\end{sloppypar}",
            "",
        ]
    )


def macros(overview: Overview) -> str:
    r"""A LaTeX file with one macro for each headline number.

    They start with \study and the name of the run's directory, so that a document can hold
    the numbers of several runs; two runs of one name are refused by \newcommand.
    """
    results = overview.results
    start = _prefix(results)
    lines = [
        f"\\newcommand{{\\{start}{fact.name}}}{{{escape(fact.text)}}}% {printable(fact.tells)}"
        for fact in facts(overview)
    ]
    head = f"% {printable(provenance(results))} {_WRITTEN}"
    return "\n".join([head, HEAD.rstrip(), *lines, ""])


def is_macros(path: Path) -> bool:
    """Whether a file starts as `macros` does."""
    return beginning(path).split("\n")[0].endswith(_WRITTEN)


def bibtex(results: Results) -> str:
    """A BibTeX entry for the program, with the run in its note."""
    about = _citation()
    fields = {
        # Doubled braces keep the author from being parted into names, and capitals as they are.
        "author": " and ".join(f"{{{escape(name, macros=False)}}}" for name in about["authors"]),
        "title": f"{{{escape(about['title'], macros=False)}}}",
        "year": about["date-released"][:4],
        "version": about["version"],
        "note": escape(f"Version {about['version']}. {provenance(results)}", macros=False),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{study-{results.identity},", *lines, "}"])


CALL = "study.check("  # how a call in Python begins, in the history of a run


def made_by(results: Results) -> list[str]:
    """Commands that make such a run, as far as what is stored tells.

    Of a run that was called in Python, what was called and typed: a call has a data frame, and may
    have models, that no command names.
    """
    if results.imported:
        return [_import_command(results)]
    typed = results.history["command"].dropna().astype(str)
    if typed.str.startswith(CALL).any():
        return [*dict.fromkeys(typed)]
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for model in results.models:
        by_seeds.setdefault(tuple(results.seeds(model, "real")), []).append(model)
    beside = _beside(results)
    commands = [_command(results, models, [*seeds], *beside) for seeds, models in by_seeds.items()]
    varied: dict[tuple[str, tuple[int, ...], tuple[int, ...]], list[str]] = {}
    fits = results.varied_fits
    for source in SOURCES:
        for model in results.varied_models:
            own = fits[(fits["source"] == source) & (fits["model"] == model)]
            if len(own):
                bases, seeds = (tuple(sorted(set(own[name]))) for name in ("base", "seed"))
                varied.setdefault((source, bases, seeds), []).append(model)
    for (source, bases, seeds), models in varied.items():
        more = ["--vary", source, "--bases", _as_option([*bases])]
        commands.append(_command(results, models, [*seeds], *more))
    return commands


def citation(overview: Overview) -> str:
    """Paragraph, BibTeX entry, identity and commands, for a terminal."""
    results = overview.results
    computed = [
        ", ".join(f"{name} {version}" for name, version in environment.items())
        for environment in results.environments
    ]
    return "\n\n".join(
        [
            textwrap.fill(paragraph(overview), 100),
            bibtex(results),
            "\n".join(
                [
                    printable(provenance(results)),
                    f"{dated_words(results, results.recipe.claim, signs=64) or NOT_DATED}.",
                    *(f"Computed with {printable(versions)}." for versions in computed if versions),
                    "Made by, as far as the run tells:",
                    *(f"    {printable(command)}" for command in made_by(results)),
                    *([NOT_TOLD] if results.imported else []),
                ]
            ),
        ]
    )


# -- the paragraph ---------------------------------------------------------------------------
def _filled(overview: Overview, text: Callable[[str], str], value: Callable[[str], str]) -> str:
    """The sentences, with `text` of what stands between facts, and `value` of their names."""
    parts = string.Formatter().parse(" ".join(sentences(overview)))
    return "".join(text(between) + (value(name) if name else "") for between, name, _, _ in parts)


# -- parts -----------------------------------------------------------------------------------
def _prefix(results: Results) -> str:
    return f"study{letters(results.directory.resolve().name) or letters(results.dataset)}"


def _import_command(results: Results) -> str:
    recipe = results.recipe
    words = ["study", "import", str(recipe.scores), "--claim", recipe.claim.typed]
    words += ["--model", recipe.claim.model, "--method", recipe.claim.method]
    for method in recipe.smaller_is_better:
        words += ["--smaller-is-better", method]
    if recipe.absent is not None:
        words += ["--absent", recipe.absent]
    if recipe.target.name != UNNAMED_TARGET:
        words += ["--target", recipe.target.name]
    if recipe.title != results.dataset:
        words += ["--title", recipe.title]
    return shlex.join(words + _out(results))


def _out(results: Results) -> list[str]:
    if results.directory == Path("reports") / results.dataset:
        return []
    return ["--out", str(results.directory)]


def _command(results: Results, models: list[str], seeds: list[int], *more: str) -> str:
    words = ["study", "run", "--seeds", _as_option(seeds), *more]
    if models != [*DEFAULT_MODELS]:
        words += ["--models", ",".join(models)]
    if results.dataset != "people":
        words += ["--data", results.dataset]
    words += _out(results)
    if any("cuda" in results.engines()[model] for model in models):
        words += ["--device", "cuda"]
    return shlex.join(words)


def _beside(results: Results) -> list[str]:
    """The options of splits and shuffles that made a run."""
    fits = results.split_fits
    own = fits[fits["model"] != LEAST_SQUARES]
    splits = own["split"].nunique()
    seeds = own.groupby(["model", "split", "half"])["seed"].nunique().max() if splits else 1
    shuffles = max((results.shuffles(model) for model in results.models), default=0)
    return [
        *["--splits", str(splits)],
        *(["--seeds-per-split", str(seeds)] if seeds > 1 else []),
        *["--shuffles", str(shuffles)],
    ]


def _as_option(seeds: list[int]) -> str:
    """Seeds as --seeds takes them; a number alone would be how many."""
    if seeds == [*range(len(seeds))]:
        return str(len(seeds))
    text = ranges(seeds)
    return f"{text}," if text.isdecimal() else text


def _citation() -> dict[str, Any]:
    """CITATION.cff, as far as it is needed."""
    text = shipped("CITATION.cff").read_text(encoding="utf-8")
    about: dict[str, Any] = dict(re.findall(r'^([a-z-]+): *"?(.+?)"?$', text, re.MULTILINE))
    about["authors"] = re.findall(r'^ +- name: *"?(.+?)"?$', text, re.MULTILINE)
    return about
