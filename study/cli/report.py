"""The commands that show a stored run: report, table, claim, cite, compare, status."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from study.cli.group import (
    FORCE_OPTION,
    RUN_OPTION,
    commands,
    give,
    one_run,
    run_argument,
    say,
)
from study.common.errors import InputError
from study.common.files import is_folder
from study.common.methods import LEVELS
from study.common.text import printable
from study.common.vocabulary import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.analysis.overview import Overview


@commands.command("report")
@run_argument
@click.option(
    "--docx", is_flag=True, help="Also report.docx: verdicts, key figures and tables for Word."
)
@FORCE_OPTION
def report_command(directory: str | None, docx: bool, force: bool) -> None:
    """Write the page, figures and tables of a run.

    They go into its directory: report.html, one file for desktop, phone and print; figures/ as
    PNG and SVG; tables/ as CSV, Markdown and LaTeX.
    """
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.report.fonts import font_note
    from study.report.page import write_report
    from study.store.run_directory import find_run

    results = Results(find_run(directory))
    overview = Overview(results)
    write_word = _word_writer(results.directory, force=force) if docx else None
    say(write_report(overview))
    if write_word is not None:
        say(write_word(overview))
    titles = map(results.title, results.models)
    note = font_note([*results.features, *titles, *results.methods(), results.recipe.target.name])
    if note:
        say(f"note: {printable(note)}", err=True)


def _word_writer(directory: Path, *, force: bool) -> "Callable[[Overview], Path]":
    """What writes the Word file of a run, once it may be written. Raises InputError."""
    from study.common.files import check_replaceable

    try:
        from study.report.word import is_word, word_path, write_word
    except ModuleNotFoundError as error:
        raise InputError(
            f"--docx needs {error.name}: pip install 'importance-study[docx]'"
        ) from error
    check_replaceable(word_path(directory), is_word, force=force)
    return write_word


@commands.command("table")
@click.argument("name", required=False, help="One of those that --list names.")
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="csv holds every number; the others what is read.",
)
@click.option("--learned", is_flag=True, help="Only over seeds that have learned.")
@click.option("--list", "listed", is_flag=True, help="List the tables there are.")
def table_command(
    name: str | None, directory: str | None, form: str, learned: bool, listed: bool
) -> None:
    """Print one table of a run: study table NAME [RUN]."""
    from study.report.tables.registry import TABLES, make_table

    if listed:
        width = max(map(len, TABLES))
        for key, entry in TABLES.items():
            say(f"{key:{width}}  {entry.tells}")
        return
    if name is None:
        raise InputError("name a table; 'study table --list' names them all")
    if name not in TABLES and directory in TABLES:  # the run stands before it
        name, directory = directory, name
    if name not in TABLES:
        raise InputError(f"no table '{name}': 'study table --list' names them all")
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.store.run_directory import find_run

    table = make_table(Overview(Results(find_run(directory))), name, learned=learned)
    if form == "text" and sys.stdout.isatty():
        say(table.text(shutil.get_terminal_size().columns))
    else:
        (say if form == "text" else give)(table.render(form), nl=form == "html")


@commands.command("claim")
@click.argument(
    "run_and_claim",
    metavar="[RUN] CLAIM",
    nargs=-1,
    help="The claim, in quotation marks; beside it the run's directory, which may be left out.",
)
@RUN_OPTION
@click.option("--model", help="The model that it rests on.  [default: the declared claim's]")
@click.option("--method", help="The method that it rests on.  [default: the declared claim's]")
@click.option("--level", type=click.Choice(LEVELS), help="Of what it speaks.")
def claim_command(
    run_and_claim: tuple[str, ...],
    named: str | None,
    model: str | None,
    method: str | None,
    level: str | None,
) -> None:
    """Test a further claim on a stored run: study claim reports/people "age rank 1 in 0.8".

    One of "NAME rank 1 in 0.8", "NAME top 2 in 0.8", "NAME share 0.5 in 0.8", "NAME above
    OTHER in 0.8". Unless the run keeps a declaration of it ('study claim
    declare'), the answer says that it was not declared before the run.
    """
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.report.text.further_claim import claim_lines, further_claim
    from study.store.run_directory import find_run

    alone = len(run_and_claim) == 1
    if len(run_and_claim) not in (1, 2) or (alone and is_folder(run_and_claim[0])):
        raise InputError('give one claim in quotation marks, such as "age rank 1 in 0.8"')
    *run, words = run_and_claim
    if run and not is_folder(run[0]) and (is_folder(words) or " in " in run[0]):
        # The claim stands before it.
        run, words = [words], run[0]
    overview = Overview(Results(find_run(one_run(run[0] if run else None, named))))
    claim = further_claim(overview, words, model=model, method=method, level=level)
    say("\n".join(claim_lines(overview, claim)), nl=False)


@commands.command("claim declare")
@click.argument("words", metavar="CLAIM", help='In quotation marks: "age rank 1 in 0.8".')
@click.option("--data", default="people", show_default=True, help="Dataset recipe, name or path.")
@click.option("--model", help="The model that it rests on.  [default: the recipe's claim's]")
@click.option("--method", help="The method that it rests on.  [default: the recipe's claim's]")
@click.option("--level", type=click.Choice(LEVELS), help="Of what it speaks.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="[default: declarations/<dataset>-<date>.toml]",
)
def claim_declare_command(
    words: str,
    data: str,
    model: str | None,
    method: str | None,
    level: str | None,
    out: Path | None,
) -> None:
    """Write a claim down before its run, with the date and the SHA-256 of the data.

    Deposit the file where others see when it came, since a date in a file proves nothing; then
    give it to the run: study run --declared FILE. No file is overwritten.
    """
    from datetime import UTC, datetime

    from study.common.files import write_new
    from study.datasets.dataset import load_dataset
    from study.recipes.claim_text import parse_claim
    from study.recipes.find import find_dataset
    from study.store.declarations import declaration, proposed_path
    from study.store.digests import sha256

    found = find_dataset(data)
    claim = parse_claim(words, found.recipe, model=model, method=method, level=level)
    hashes = load_dataset(found.recipe, found.path.parent).hashes
    date = datetime.now(UTC)
    text, path = (
        declaration(claim, found.name, hashes, date),
        out or proposed_path(found.name, date),
    )
    write_new(path, text)
    say(f"{path}: SHA-256 {sha256(text.encode()).hex()}")
    command = shlex.join(["study", "run", "--data", data, "--declared", str(path)])
    say(f"Deposit it now. Then: {command}")


@commands.command("cite")
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "latex"]),
    default="text",
    show_default=True,
    help="latex: the paragraph alone, on macros that are written to a file.",
)
@click.option(
    "--checklist",
    "reforms",
    is_flag=True,
    help="The items of the checklist REFORMS (2024) in Markdown, filled in as far as the run can.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the macros of --format latex go, or the checklist.  [default: RUN/numbers.tex; the "
    "checklist is printed]",
)
@FORCE_OPTION
def cite_command(
    directory: str | None, form: str, reforms: bool, out: Path | None, force: bool
) -> None:
    """Print a paragraph on methods, with its numbers, a BibTeX entry, and what made a run."""
    if form == "text" and out is not None and not reforms:
        raise InputError(f"--out '{out}': only --format latex and --checklist write a file")
    if form == "latex" and reforms:
        raise InputError("--checklist is Markdown: give it or --format latex")
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.common.files import check_replaceable, inside, whole
    from study.report.text.citation import citation, is_macros, latex_paragraph, macros
    from study.store.run_directory import find_run

    overview = Overview(Results(find_run(directory)))
    if reforms:
        _give_checklist(overview, out, force=force)
        return
    if form == "text":
        say(citation(overview))
        return
    path = out or inside(overview.results.directory, "numbers.tex")
    check_replaceable(path, is_macros, force=force)
    with whole(path) as new:
        new.write_text(macros(overview), encoding="utf-8", newline="\n")
    give(latex_paragraph(overview), nl=False)
    say(f"macros: {path}", err=True)


def _give_checklist(overview: "Overview", out: Path | None, *, force: bool) -> None:
    """Print the checklist of a run, or write it. Raises InputError."""
    from study.common.files import check_replaceable, whole
    from study.report.text.checklist import checklist, is_checklist

    if out is not None:
        check_replaceable(out, is_checklist, force=force)
    text = checklist(overview)
    if out is None:
        give(text, nl=False)
        return
    with whole(out) as new:
        new.write_text(text, encoding="utf-8", newline="\n")
    say(out)


@commands.command("compare")
@click.argument("run", metavar="RUN_A", help="The directory of a run.")
@click.argument("other", metavar="RUN_B", help="That of another.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where the page (compare.html), its figures and its tables go; else nowhere.",
)
@FORCE_OPTION
def compare_command(run: str, other: str, out: Path | None, force: bool) -> None:
    """Compare two runs: what changed, and what differs, with intervals.

    Such as runs of two recipes, two data sets or two versions of PyTorch. Differences are RUN_B
    less RUN_A, over the seeds that both have, if there are any.
    """
    from study.analysis.results import Results
    from study.compare.comparison import Comparison
    from study.compare.page import check_place, write_comparison
    from study.compare.pairing import check_comparable
    from study.compare.text import comparison_lines

    if Path(run).resolve() == Path(other).resolve():
        raise InputError(f"{run} and {other} are the same run: give two")
    if out is not None:
        check_place(out, force=force)
    first, second = Results(run), Results(other)
    check_comparable(first, second)
    comparison = Comparison(first, second)
    for line in comparison_lines(comparison):
        say(line)
    if out is not None:
        say(f"\n{write_comparison(comparison, out)}")


@commands.command("status")
@run_argument
def status_command(directory: str | None) -> None:
    """Show what a run holds, and what to be warned of.

    Also how it came about, who is at work on it, and with what it was computed.
    """
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.report.text.terminal import status
    from study.store.run_directory import find_run

    say(status(Overview(Results(find_run(directory), whatever=True))))
