"""The commands that train, or say what training would take: run, plan."""

import signal
import time
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from study.cli.group import TYPED, commands
from study.cli.options import asked_of, parse_workers, request_of
from study.common.errors import InputError, Stopped, StudyError
from study.common.text import printable
from study.common.vocabulary import SOURCES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from distributed import Client

    from study.cli.request import Request
    from study.datasets.dataset import Dataset
    from study.execution.memory import Needs
    from study.execution.plan import Plan
    from study.execution.run import Outcome
    from study.store.store import Store


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
    request, at_once = request_of(seeds, vary, bases, models, data, out), parse_workers(workers)
    # Schedulers of clusters, and systems that shut down, ask to end by SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    hold_lock(request.directory)

    import joblib

    from study.execution.prepare import prepare
    from study.execution.run import Outcome

    dataset, asked = asked_of(request)
    client = None
    if cluster is not None:
        at_once = at_once or joblib.cpu_count()
        client = click.get_current_context().with_resource(_connected(cluster, at_once))
    store, planned = prepare(
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
        outcome = Outcome()
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
    from study.common.versions import environment

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

    from study.execution.memory import available, told

    if not planned.blocks:
        return 1
    needs, there = _needs(planned, dataset, device), available()
    workers = workers or needs.fitting(joblib.cpu_count(), there)
    for line in told(needs, workers, there):
        click.echo(line)
    return workers


def _needs(planned: "Plan", dataset: "Dataset", device: str) -> "Needs":
    """The memory that a plan needs."""
    from study.execution.memory import Needs

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
    from study.common.progress import progress, tell
    from study.execution.run import run
    from study.execution.workers.workers import Broken
    from study.store.provenance import circumstances, command_line, now

    if planned.missing:
        store.add_history(
            started,
            request.words,
            planned.missing,
            command=command_line(click.get_current_context().meta[TYPED]),
            workers=f"up to {workers}" if client is None else "of a Dask cluster",
            circumstances=circumstances(device),
        )
    try:
        with progress("training", sum(block.work for block in planned.blocks)) as report:
            return run(
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
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.analysis.seeds import by_source
    from study.report.text.terminal import summary, varied_in_short

    directory = request.directory
    if request.vary:
        click.echo(varied_in_short(by_source(store.frame("fits"))))
        click.echo(f"'study table sources {directory}' and 'study report {directory}' show it.")
        return
    click.echo(summary(Overview(Results(directory))))
    click.echo(f"'study report {directory}' makes the page, figures and tables.")


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
    request, at_once = request_of(seeds, vary, bases, models, data, out), parse_workers(workers)

    import joblib

    from study.execution.forecast import forecast, told
    from study.execution.memory import available
    from study.execution.prepare import foresee

    dataset, asked = asked_of(request)
    starting = time.process_time()
    planned = foresee(request.directory, dataset, request.models, asked, device=device)
    _tell_missing(planned, request)
    if not planned.blocks:
        return
    needs = _needs(planned, dataset, device)
    cores, there = joblib.cpu_count(), available()
    at_once = at_once or needs.fitting(cores, there)
    if cluster is not None:
        client = click.get_current_context().with_resource(_connected(cluster, at_once))
        at_once = max(sum(client.nthreads().values()), 1)
    found = forecast(
        request.directory,
        planned,
        dataset,
        request.models,
        workers=at_once,
        needs=needs,
        starting=starting,
        cluster=cluster is not None,
    )
    click.echo(told(found, cores=cores, there=there))


def hold_lock(directory: Path) -> None:
    """Hold the lock of a run to the end of this command, and clear up what killed ones left."""
    from study.store.lock import locked
    from study.store.run_directory import sweep

    context = click.get_current_context()
    context.with_resource(locked(directory, f"study {context.info_name}"))
    sweep(directory)


def _connected(address: str, workers: int) -> "AbstractContextManager[Client]":
    """A client of the cluster at an address. Raises StudyError."""
    try:
        from study.execution.workers.cluster import connected
    except ModuleNotFoundError as error:
        raise InputError(
            f"--cluster needs {error.name}: pip install 'importance-study[cluster]'"
        ) from error
    return connected(address, workers)
