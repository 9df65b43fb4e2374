"""The command line: parses, prints, calls."""

import atexit
import gc
import os
import shutil
import signal
import sqlite3
import sys
import textwrap
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from study.errors import InputError, Stopped, StudyError
from study.words import FORMATS, SOURCES, printable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from distributed import Client

    from study.blocks import Plan
    from study.dataset import Dataset
    from study.memory import Needs
    from study.request import Request
    from study.runner import Outcome
    from study.store import Store
    from study.training import Replicate

MOST_SEEDS = 100_000
FEWEST_BASES = 5
WIDTH = 100  # columns of a terminal

_TYPED = "study.typed"  # the words of a command, in what click keeps of it
_RUN = click.argument("directory", metavar="[RUN]", required=False)


def main() -> None:
    """Run the command line; every error is one or two lines and an exit status."""
    # Python would take a second to look for garbage in all that is loaded.
    atexit.register(gc.freeze)
    try:
        status = commands.main(standalone_mode=False)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see '{context.command_path} --help'" if context else ""
        _stop(f"{error.format_message().rstrip('.')}{hint}", error.exit_code)
    except StudyError as error:
        _stop(str(error), error.exit_status)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted", Stopped.exit_status)
    except sqlite3.Error as error:
        _stop(f"stored results cannot be read ({error}); 'study check' says more", 1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _stop(f"{where}{error.strerror or error}", 1)
    except Exception as error:
        # What nobody foresaw is a fault of the program, told in a line all the same.
        _stop(f"unforeseen {type(error).__name__}: {error}; please report it", 1)
    sys.exit(status if isinstance(status, int) else 0)


def _stop(message: str, status: int) -> None:
    click.echo(f"study: {printable(message)}", err=True)
    sys.exit(status)


class _Commands(click.Group):
    """Commands that know what was typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_TYPED] = ["study", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="importance-study")
def commands() -> None:
    """Does a feature-importance finding hold?

    Train a model over many seeds beside simpler ones, measure importance by several
    methods, and see how far models, methods and seeds agree.
    """


def parse_seeds(text: str, option: str = "--seeds") -> list[int]:
    """Seeds from "20" (the first twenty), "20-49", or "1,5,9" ("7," is seed 7 alone)."""
    remedy = "give a count (20), a range (20-49) or a list (1,5,9 or 7,)"
    try:
        if text.strip().isdecimal():
            seeds = list(range(min(int(text), MOST_SEEDS + 1)))
        else:
            seeds = []
            for part in text.rstrip(",").split(","):
                first, dash, last = part.strip().partition("-")
                chosen = range(int(first), int(last if dash else first) + 1)
                if not chosen or chosen[-1] >= 2**32 or len(chosen) > MOST_SEEDS:
                    raise ValueError(part)
                seeds += chosen
    except ValueError as error:
        raise InputError(f"{option} '{text}': {remedy}") from error
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise InputError(f"{option} '{text}': 1 to {MOST_SEEDS} seeds; {remedy}")
    return sorted(set(seeds))


def parse_bases(text: str | None, vary: str | None, seeds: int) -> list[int]:
    """Base seeds of --vary over a number of seeds, as `parse_seeds` reads them; none without it."""
    if vary is None:
        if text is not None:
            raise InputError(f"--bases '{text}': base seeds go with --vary")
        return []
    text = str(FEWEST_BASES) if text is None else text
    bases = parse_seeds(text, "--bases")
    if len(bases) < FEWEST_BASES:
        raise InputError(
            f"--bases '{text}': give {FEWEST_BASES} base seeds or more, "
            "since one base seed alone may hit a bad fit"
        )
    if len(bases) * seeds > MOST_SEEDS:
        raise InputError(f"--bases '{text}': base seeds times seeds are at most {MOST_SEEDS}")
    return bases


def parse_workers(text: str) -> int | None:
    """A number from 1, or None for "auto"."""
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) == 0:
        raise InputError(f"--workers '{text}': give a number from 1, or auto")
    return int(text)


@commands.command("run")
@click.option(
    "--seeds", default="20", show_default=True, help="20, 20-49, 1,5,9, or 7, (seed 7 alone)."
)
@click.option(
    "--vary",
    type=click.Choice(SOURCES),
    help="Vary this source of randomness alone over --seeds; rows is a bootstrap of the "
    "training rows.",
)
@click.option(
    "--bases", help="Base seeds that hold all else with --vary, given like --seeds.  [default: 5]"
)
@click.option("--models", help="Model recipes by name or path, with commas.  [default: all four]")
@click.option("--data", default="people", show_default=True, help="Dataset recipe, name or path.")
@click.option("--out", type=click.Path(path_type=Path), help="[default: reports/<dataset>]")
@click.option(
    "--workers",
    default="auto",
    show_default=True,
    help="How many blocks to train at a time; auto: one for each core, fewer where memory "
    "does not suffice.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Hand blocks to the workers of a Dask scheduler, such as tcp://10.0.0.1:8786; local: to "
    "one that is started here with --workers processes.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where to train; cuda trains all models by PyTorch.",
)
@click.option(
    "--fresh", is_flag=True, help="Set results aside (results.sqlite.old1) and start again."
)
def run_command(
    seeds: str,
    vary: str | None,
    bases: str | None,
    models: str | None,
    data: str,
    out: Path | None,
    workers: str,
    cluster: str | None,
    device: str,
    fresh: bool,
) -> None:
    """Train, measure and store what is missing.

    A recipe names a class by import path: running a recipe is running code.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    request, at_once = _request(seeds, vary, bases, models, data, out), parse_workers(workers)
    # Schedulers of clusters, and systems that shut down, ask to end by SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    _lock(request.directory)

    import joblib

    from study import runner

    dataset, asked = _asked(request)
    client = None
    if cluster is not None:
        at_once = at_once or joblib.cpu_count()
        client = click.get_current_context().with_resource(_connected(cluster, at_once))
    store, planned = runner.prepare(
        request.directory,
        request.data.name,
        dataset,
        request.models,
        asked,
        device=device,
        fresh=fresh,
    )
    with store:
        _tell_beginning(store, planned, request)
        if client is None:
            at_once = _tell_memory(planned, dataset, at_once, device)
        outcome = runner.Outcome()
        if planned.blocks:
            outcome = _work(store, planned, request, dataset, at_once or 1, client, device, started)
        for line in outcome.warned:
            click.echo(f"Note: {printable(line)}")
        for line in outcome.failed:
            click.echo(f"Failed: {printable(line)}", err=True)
        keys = store.stored_keys()
        if not outcome.failed or any(key.streams and key.condition == "real" for key in keys):
            _tell_end(store, request)
    if outcome.failed:
        raise StudyError(
            f"{request.directory}: all but what failed is kept; the same command tries that again"
        )


def _tell_beginning(store: "Store", planned: "Plan", request: "Request") -> None:
    """What is stored already, and what else is worth knowing before it starts."""
    from study.work import environment

    _tell_missing(planned, request)
    known = store.environments()
    if planned.blocks and known and environment() not in known:
        click.echo(
            "Note: this run holds results of other versions or another machine; "
            "'study status' and the report list them all."
        )
    claim = store.recipe.claim
    if claim.model not in request.models:
        near = get_close_matches(claim.model, request.models, n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        click.echo(f"Note: the claim rests on model '{claim.model}', which is not run here.{meant}")


def _tell_missing(planned: "Plan", request: "Request") -> None:
    click.echo(
        f"{request.directory}: of the {request.noun} asked for, {planned.stored} stored, "
        f"{planned.missing} to do ({request.kinds})"
    )


def _tell_memory(planned: "Plan", dataset: "Dataset", workers: int | None, device: str) -> int:
    """How much memory the work takes; the number of workers, by it and the cores if not given."""
    import joblib

    from study import memory

    if not planned.blocks:
        return 1
    needs, there = _needs(planned, dataset, device), memory.available()
    workers = workers or needs.fitting(joblib.cpu_count(), there)
    for line in memory.told(needs, workers, there):
        click.echo(line)
    return workers


def _needs(planned: "Plan", dataset: "Dataset", device: str) -> "Needs":
    """The memory that a plan needs."""
    from study.memory import Needs

    trainings = planned.stored + planned.missing
    return Needs.of(planned.blocks, dataset, trainings=trainings, device=device)


def _work(
    store: "Store",
    planned: "Plan",
    request: "Request",
    dataset: "Dataset",
    workers: int,
    client: "Client | None",
    device: str,
    started: str,
) -> "Outcome":
    """Do what is missing, and write it into the history of the run. Raises StudyError."""
    from study import runner
    from study.circumstances import circumstances, command_line, now
    from study.crews import Broken
    from study.progress import progress, tell

    if planned.missing:
        store.add_history(
            started,
            request.words,
            planned.missing,
            command=command_line(click.get_current_context().meta[_TYPED]),
            workers=f"up to {workers}" if client is None else "of a Dask cluster",
            circumstances=circumstances(device),
        )
    try:
        with progress("training", sum(block.work for block in planned.blocks)) as report:
            return runner.run(
                store,
                dataset,
                request.models,
                planned.blocks,
                workers=workers,
                report=report,
                tell=tell,
                cluster=client,
            )
    except (KeyboardInterrupt, Broken) as error:
        kept = sum(key.streams is not None for key in store.stored_keys())
        broken = isinstance(error, Broken)
        raise (StudyError if broken else Stopped)(
            f"{error if broken else 'stopped'}; {kept} trained {request.noun} are kept in "
            f"{request.directory}, and the same command goes on with the rest (unfinished blocks "
            "from their start)"
        ) from None
    finally:
        store.end_history(now())


def _tell_end(store: "Store", request: "Request") -> None:
    """What came of it, and how to see more."""
    from study.report.summary import summary, varied_in_short
    from study.results import Results, by_source

    directory = request.directory
    if request.vary:
        click.echo(varied_in_short(by_source(store.frame("fits"))))
        click.echo(f"'study table sources {directory}' and 'study report {directory}' show it.")
        return
    click.echo(summary(Results(directory)))
    click.echo(f"'study report {directory}' makes the page, figures and tables.")


def _request(
    seeds: str, vary: str | None, bases: str | None, models: str | None, data: str, out: Path | None
) -> "Request":
    """What the options ask for, with recipes found. Raises InputError."""
    from study.recipes import DEFAULT_MODELS, find_contender, find_dataset
    from study.request import Request

    chosen = parse_seeds(seeds)
    base_seeds = parse_bases(bases, vary, len(chosen))
    names = [name.strip() for name in models.split(",")] if models is not None else DEFAULT_MODELS
    found_models = [find_contender(name) for name in names]
    found_dataset = find_dataset(data)
    recipes = {found.name: found.recipe for found in found_models}
    if len(recipes) < len(found_models):
        raise InputError(f"--models: a model is named twice: {', '.join(names)}")
    shadowing = [str(found.path) for found in found_models if found.shadows]
    if found_dataset.shadows:
        shadowing.append(str(found_dataset.path))
    if shadowing:
        click.echo(f"Recipes from here, in place of built-in ones: {', '.join(shadowing)}")
    directory = out or Path("reports") / found_dataset.name
    return Request(directory, found_dataset, recipes, chosen, vary, base_seeds)


def _asked(request: "Request") -> "tuple[Dataset, list[Replicate]]":
    """The data of a request, and its replicates. Raises InputError for either."""
    from study.blocks import wanted
    from study.dataset import load_dataset
    from study.runner import check_source

    dataset = load_dataset(request.data.recipe, request.data.path.parent)
    if request.vary:
        check_source(request.vary, request.models)
    return dataset, wanted(request.seeds, request.vary, request.bases)


@commands.command("plan")
@click.option(
    "--seeds", default="20", show_default=True, help="As for 'study run', like all that follow."
)
@click.option("--vary", type=click.Choice(SOURCES))
@click.option("--bases")
@click.option("--models")
@click.option("--data", default="people", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
@click.option("--workers", default="auto", show_default=True)
@click.option("--cluster", metavar="ADDRESS", help="Reckon with the threads of its workers.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
def plan_command(
    seeds: str,
    vary: str | None,
    bases: str | None,
    models: str | None,
    data: str,
    out: Path | None,
    workers: str,
    cluster: str | None,
    device: str,
) -> None:
    """Say what 'study run' would compute, and its time, memory and disk.

    For each model, its own work is timed for a moment on this machine: that runs its code.
    Nothing is written.
    """
    request, at_once = _request(seeds, vary, bases, models, data, out), parse_workers(workers)

    import joblib

    from study import memory, planning, runner

    dataset, asked = _asked(request)
    starting = time.process_time()
    planned = runner.foresee(request.directory, dataset, request.models, asked, device=device)
    _tell_missing(planned, request)
    if not planned.blocks:
        return
    needs = _needs(planned, dataset, device)
    cores, there = joblib.cpu_count(), memory.available()
    at_once = at_once or needs.fitting(cores, there)
    if cluster is not None:
        client = click.get_current_context().with_resource(_connected(cluster, at_once))
        at_once = max(sum(client.nthreads().values()), 1)
    found = planning.forecast(
        request.directory,
        planned,
        dataset,
        request.models,
        workers=at_once,
        needs=needs,
        starting=starting,
        cluster=cluster is not None,
    )
    click.echo(planning.told(found, cores=cores, there=there))


def _lock(directory: Path) -> None:
    """Hold the lock of a run to the end of this command, and clear up what killed ones left."""
    from study.lock import locked
    from study.store import sweep

    context = click.get_current_context()
    context.with_resource(locked(directory, f"study {context.info_name}"))
    sweep(directory)


def _connected(address: str, workers: int) -> "AbstractContextManager[Client]":
    """A client of the cluster at an address. Raises StudyError."""
    try:
        from study.crews.cluster import connected
    except ModuleNotFoundError as error:
        raise InputError(
            f"--cluster needs {error.name}: pip install 'importance-study[cluster]'"
        ) from error
    return connected(address, workers)


@commands.group("model")
def model_commands() -> None:
    """Your own models."""


@model_commands.command("check")
@click.argument("name_or_path")
@click.option("--data", default="people", show_default=True, help="Dataset recipe, name or path.")
def model_check_command(name_or_path: str, data: str) -> int:
    """Check that a model's network can be trained and measured.

    Faults come first, each with its remedy; with a fault, the exit status is 2. This runs the
    network's code.
    """
    from study.recipes import find_dataset, find_model

    model, found_dataset = find_model(name_or_path), find_dataset(data)

    from study.dataset import load_dataset
    from study.findings import counted, faults, listed
    from study.model_check import CHECKS, check_network

    dataset = load_dataset(found_dataset.recipe, found_dataset.path.parent)
    findings = check_network(model.recipe, dataset.train_x, dataset.test_x)
    click.echo(printable(f"{model.path}: {model.recipe.network}, tried on {found_dataset.name}"))
    for line in listed(findings):
        click.echo(line)
    left = CHECKS - len({finding.code for finding in findings})
    more = f"; {left} more checks follow once the faults are mended" if left else ""
    click.echo(f"{counted(findings)}{more}")
    return InputError.exit_status if faults(findings) else 0


@commands.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--claim", "words", help='What the scores are to show: "age rank 1 in 0.8".')
@click.option("--model", help="The model that the claim rests on.  [default: the only one]")
@click.option("--method", help="The method that it rests on.  [default: the only one]")
@click.option("--out", type=click.Path(path_type=Path), help="[default: reports/<name of FILE>]")
@click.option("--target", help="What the models predict.")
@click.option("--title", help="What the report is called.  [default: the name of FILE]")
@click.option(
    "--fresh", is_flag=True, help="Set results aside (results.sqlite.old1) and start again."
)
def import_command(
    file: Path,
    words: str | None,
    model: str | None,
    method: str | None,
    out: Path | None,
    target: str | None,
    title: str | None,
    fresh: bool,
) -> None:
    """Make a run of scores from elsewhere: SHAP values, a forest's impurities.

    FILE is CSV, or Parquet, with a row for each score and the columns model, method, seed,
    feature and score; also condition (real, shuffled or untrained) and signed.
    """
    from study.circumstances import command_line
    from study.elsewhere import claim_on, import_scores, recipe_of
    from study.score_table import read_scores

    table = read_scores(file)
    claim = claim_on(table, words, model, method)
    recipe = recipe_of(table, file.name, claim, title=title or file.stem, target=target)
    directory = out or Path("reports") / file.stem
    if table.unused:
        names = ", ".join(name or "(no name)" for name in table.unused)
        click.echo(printable(f"Note: columns that are not used: {names}"))
    _lock(directory)
    typed = command_line(click.get_current_context().meta[_TYPED])
    if not import_scores(directory, file.stem, recipe, table, fresh=fresh, command=typed):
        click.echo(f"{directory}: holds these scores and this claim already")

    from study.report.summary import summary
    from study.results import Results

    click.echo(summary(Results(directory)))
    click.echo(f"'study report {directory}' makes the page, figures and tables.")


@commands.command("report")
@_RUN
def report_command(directory: str | None) -> None:
    """Write the page, figures and tables of a run."""
    from study.report.page import write_report
    from study.results import Results
    from study.store import find_run

    click.echo(write_report(Results(find_run(directory))))


@commands.command("table")
@click.argument("name", required=False)
@_RUN
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
    from study.report.tables import TABLES, make_table

    if listed:
        width = max(map(len, TABLES))
        for key, entry in TABLES.items():
            click.echo(f"{key:{width}}  {entry.tells}")
        return
    if name is None:
        raise InputError("name a table; 'study table --list' names them all")
    if name not in TABLES:
        raise InputError(f"no table '{name}': 'study table --list' names them all")
    from study.results import Results
    from study.store import find_run

    table = make_table(Results(find_run(directory)), name, learned=learned)
    if form == "text" and sys.stdout.isatty():
        click.echo(table.text(shutil.get_terminal_size().columns))
    else:
        click.echo(table.render(form), nl=form == "html")


@commands.command("claim")
@click.argument("run_and_claim", metavar="[RUN] CLAIM", nargs=-1)
@click.option("--model", help="The model that it rests on.  [default: the declared claim's]")
@click.option("--method", help="The method that it rests on.  [default: the declared claim's]")
@click.option("--level", type=click.Choice(["feature", "variable"]), help="Of what it speaks.")
def claim_command(
    run_and_claim: tuple[str, ...], model: str | None, method: str | None, level: str | None
) -> None:
    """Test a further claim on a stored run: study claim reports/people "age rank 1 in 0.8".

    One of "NAME rank 1 in 0.8", "NAME top 2 in 0.8", "NAME share 0.5 in 0.8", "NAME above
    OTHER in 0.8". It was not declared before the run, and the answer says so.
    """
    from study.claim_words import parse_claim
    from study.report.sentences import verdict
    from study.report.tables.claims import claim_table
    from study.results import Results
    from study.store import find_run

    alone = len(run_and_claim) == 1
    if len(run_and_claim) not in (1, 2) or (alone and Path(run_and_claim[0]).is_dir()):
        raise InputError('give one claim in quotation marks, such as "age rank 1 in 0.8"')
    *run, words = run_and_claim
    results = Results(find_run(run[0] if run else None))
    claim = parse_claim(words, results.recipe, model=model, method=method, level=level)
    if claim.model not in results.models:
        raise InputError(f"--model '{claim.model}': this run holds {', '.join(results.models)}")
    if results.imported and claim.method not in results.methods():
        held = ", ".join(results.methods())
        raise InputError(f"--method '{claim.method}': this run holds {held}")
    click.echo(f"{printable(verdict(results, claim))}\n")
    click.echo(claim_table(results, claim).text(), nl=False)


@commands.command("cite")
@_RUN
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "latex"]),
    default="text",
    show_default=True,
    help="latex: the paragraph alone, on macros that are written to a file.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the macros of --format latex go.  [default: RUN/numbers.tex]",
)
def cite_command(directory: str | None, form: str, out: Path | None) -> None:
    """Print a paragraph on methods, a BibTeX entry, and what made a run."""
    if form == "text" and out is not None:
        raise InputError(f"--out '{out}': only --format latex writes a file")
    from study.report.cite import citation, latex_paragraph, macros
    from study.results import Results
    from study.store import find_run

    results = Results(find_run(directory))
    if form == "text":
        click.echo(citation(results))
        return
    path = out or results.directory / "numbers.tex"
    path.write_text(macros(results), encoding="utf-8")
    click.echo(latex_paragraph(results), nl=False)
    click.echo(f"macros: {path}", err=True)


@commands.command("compare")
@click.argument("run", metavar="RUN_A")
@click.argument("other", metavar="RUN_B")
@click.option("--out", type=click.Path(path_type=Path), help="Where the page goes; else nowhere.")
def compare_command(run: str, other: str, out: Path | None) -> None:
    """Compare two runs: what changed, and what differs, with intervals.

    Differences are RUN_B less RUN_A, over the seeds that both have, if there are any.
    """
    from study.analysis.comparison import check_comparable
    from study.report.comparison_page import write_comparison
    from study.report.comparison_sentences import comparison_sentences
    from study.report.tables.comparison import main_tables
    from study.results import Results

    if Path(run).resolve() == Path(other).resolve():
        raise InputError(f"{run} and {other} are the same run: give two")
    first, second = Results(run), Results(other)
    check_comparable(first, second)
    for results, name in ((first, "First"), (second, "Second")):
        click.echo(printable(f"{name}: {results.directory}, run {results.identity}"))
    for sentence in comparison_sentences(first, second):
        click.echo(f"\n{textwrap.fill(printable(sentence), WIDTH)}")
    for table in main_tables(first, second):
        click.echo(f"\n{table.text(WIDTH)}", nl=False)
    if out is not None:
        click.echo(f"\n{write_comparison(first, second, out)}")


@commands.command("status")
@_RUN
def status_command(directory: str | None) -> None:
    """Show what a run holds."""
    from study.report.summary import status
    from study.results import Results
    from study.store import find_run

    click.echo(status(Results(find_run(directory), whatever=True)))


@commands.command("check")
@_RUN
@click.option("--data", help="Dataset recipe, name or path.  [default: by the run's name of it]")
@click.option(
    "--sample",
    default=10,
    show_default=True,
    type=click.IntRange(min=0),
    help="Networks of each model and condition whose fits and scores are computed again.",
)
@click.option(
    "--retrain",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Networks of each model that are trained again.",
)
def check_command(directory: str | None, data: str | None, sample: int, retrain: int) -> int:
    """Check that all that is stored of a run is right.

    Faults come first, each with its remedy; with a fault, the exit status is 1. Nothing is
    changed. This runs the networks' code.
    """
    from study.findings import counted, faults, listed
    from study.run_check import check_run
    from study.store import find_run

    found = find_run(directory)
    findings = check_run(found, data=data, sample=sample, retrain=retrain)
    click.echo(printable(str(found)))
    for line in listed(findings):
        click.echo(line)
    click.echo(counted(findings))
    return StudyError.exit_status if faults(findings) else 0


@commands.command("dump")
@_RUN
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file, in place of printing."
)
def dump_command(directory: str | None, out: Path | None) -> None:
    """Print all results of a run, such that equal runs give equal text.

    A line is a JSON array: the name of a table, the key of a training, and what is stored of it;
    weights as SHA-256. Where and when it was computed is left out.
    """
    from study.dump import dump
    from study.files import written
    from study.store import Store, find_run

    with Store(find_run(directory)) as store, closing(dump(store)) as lines:
        if out is not None:
            with written(out) as file:
                file.writelines(lines)
            return
        try:
            sys.stdout.writelines(lines)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads it, such as head, has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@commands.command("demo")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("reports/demo/transformer.pt"),
    show_default=True,
    help="Where the trained weights go.",
)
def demo_command(seed: int, out: Path) -> None:
    """Run the published demo from top to bottom: one Transformer, one seed."""
    from study.demo import tell

    tell(seed, out, click.echo)


@commands.command("predict")
@click.argument("values", metavar="NAME=VALUE...", nargs=-1)
@click.option("--run", "directory", help="Directory of the run.  [default: reports/people]")
def predict_command(values: tuple[str, ...], directory: str | None) -> None:
    """Predict one row with every stored network.

    For people: study predict sex=male age=34 State=Oklahoma politics=moderate
    """
    from study.predict import predict
    from study.store import Store, find_run

    given = {}
    for value in values:
        name, equals, content = value.partition("=")
        if not equals:
            raise InputError(f"'{value}': write NAME=VALUE, such as age=34")
        given[name.strip()] = content.strip()
    with Store(find_run(directory)) as store:
        click.echo(predict(store, given))


@commands.command("weights")
@_RUN
@click.option("--out", type=click.Path(path_type=Path), help="[default: RUN/weights]")
def weights_command(directory: str | None, out: Path | None) -> None:
    """Export trained weights, one file for each model, all seeds.

    Each file loads with torch.load(file, weights_only=True).
    """
    from study.store import Store, find_run
    from study.weights import export, left_out_words

    with Store(find_run(directory)) as store:
        for path in export(store, out or store.directory / "weights"):
            click.echo(path)
        for line in left_out_words(store):
            click.echo(line)


@commands.group("data")
def data_group() -> None:
    """From a table of your own to a dataset recipe."""


@data_group.command("init")
@click.argument("table", metavar="TABLE")
@click.option("--target", required=True, help="The column to be predicted.")
@click.option("--test-file", help="A table of test rows; without it, rows are drawn from TABLE.")
@click.option("--out", type=click.Path(path_type=Path), help="[default: data/<table>.toml]")
@click.option("--separator", help="One sign, or tab.  [default: inferred]")
@click.option("--encoding", help="Such as cp1252.  [default: inferred]")
def data_init_command(
    table: str,
    target: str,
    test_file: str | None,
    out: Path | None,
    separator: str | None,
    encoding: str | None,
) -> None:
    """Write a recipe for a table: study data init mytable.csv --target price.

    Reads CSV (any separator) or Parquet, infers what each column is, and says so.
    """
    from study.files import local, write_new

    path, test_path = local(table), local(test_file) if test_file is not None else None
    recipe_path = out or Path("data") / f"{path.stem}.toml"
    if recipe_path.suffix != ".toml":
        raise InputError(f"--out '{recipe_path}': let the name end in .toml")
    if recipe_path.exists():
        raise InputError(f"{recipe_path} is there already: remove it, or name another by --out")
    if separator in ("tab", "\\t"):
        separator = "\t"
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise InputError(f"--separator '{separator}': give one sign, or tab")

    from study.drafting.draft import draft
    from study.drafting.telling import told

    made = draft(
        path, target, recipe_path, test_path=test_path, separator=separator, encoding=encoding
    )
    write_new(recipe_path, made.text)
    _tell(told(made, recipe_path, path))


@data_group.command("check")
@click.argument("data", metavar="RECIPE")
def data_check_command(data: str) -> None:
    """Load a dataset recipe, by name or path, and say what it makes of its table."""
    from study.dataset import load_dataset
    from study.drafting.telling import checked
    from study.recipes import find_dataset

    found = find_dataset(data)
    _tell(checked(load_dataset(found.recipe, found.path.parent)))


def _tell(lines: Iterable[str]) -> None:
    """Print lines, long ones folded."""
    for line in map(printable, lines):
        indent = " " * (len(line) - len(line.lstrip()) + 2) if line.startswith(" ") else ""
        click.echo(textwrap.fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False))
