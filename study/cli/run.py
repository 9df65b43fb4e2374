"""The commands that train, or say what training would take: run, plan."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from study.cli.ending import ends_by_sigterm
from study.cli.group import FRESH_OPTION, TYPED, commands, hold_lock, say, tell_lines
from study.cli.request import Requesting, request_of, request_options
from study.common.errors import InputError, StudyError
from study.common.text import printable
from study.execution.request import Request, asked_of

if TYPE_CHECKING:
    from distributed import Client

    from study.store.store import Store


@commands.command("run", cls=Requesting)
@request_options
@FRESH_OPTION
@click.option(
    "--declared",
    type=click.Path(path_type=Path),
    help="A file of 'study claim declare', which the run then keeps: its report says when the "
    "claim was declared.",
)
def run_command(*, fresh: bool, declared: Path | None, **asked: Any) -> None:
    """Train, measure and store what is missing.

    What is stored is never trained again, and a run that was interrupted goes on with the same
    command. A recipe names a class by import path: running a recipe is running code.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    request = request_of(**asked)
    click.get_current_context().with_resource(ends_by_sigterm())
    hold_lock(request.directory)

    from study.execution.carry_out import carry_out
    from study.store.provenance import command_line
    from study.store.store import Store

    outcome = carry_out(
        request,
        say=say,
        started=started,
        command=command_line(click.get_current_context().meta[TYPED]),
        fresh=fresh,
        declared=declared,
        connect=_connected,
    )
    for line in outcome.warned:
        say(f"Note: {printable(line)}")
    for line in outcome.failed:
        say(f"Failed: {printable(line)}", err=True)
    with Store(request.directory) as store:
        keys = store.stored_keys()
        if not outcome.failed or any(key.streams and key.condition == "real" for key in keys):
            _tell_end(store, request)
    if outcome.failed:
        raise StudyError(
            f"{request.directory}: all but what failed is kept; the same command tries that again"
        )


def _tell_end(store: "Store", request: Request) -> None:
    """What came of it, and how to see more."""
    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.analysis.seeds import by_source
    from study.report.text.terminal import summary, varied_in_short

    directory = request.directory
    if request.vary:
        say(varied_in_short(by_source(store.frame("fits"))))
        say(f"'study table sources {directory}' and 'study report {directory}' show it.")
        return
    say(summary(Overview(Results(directory))))
    say(f"'study report {directory}' makes the page, figures and tables.")


@commands.command("plan", cls=Requesting)
@request_options
def plan_command(**asked: Any) -> None:
    """Say what 'study run' would compute, and its time, memory and disk.

    For each model, its own work is timed for a moment on this machine: that runs its code.
    With --cluster, it reckons with the threads of its workers. Nothing is written.
    """
    request = request_of(**asked)

    from study.datasets.checks.registry import data_warnings
    from study.execution.carry_out import (
        cores,
        needs_of,
        tell_differing,
        tell_missing,
        tell_too_few,
    )
    from study.execution.forecast import forecast, told
    from study.execution.memory import available
    from study.execution.prepare import foresee, stored_keys

    dataset, replicates = asked_of(request)
    starting = time.process_time()
    planned = foresee(
        request.directory,
        dataset,
        request.models,
        replicates,
        device=request.device,
        methods=request.methods,
    )
    tell_missing(planned, request, say)
    if not planned.blocks:
        return
    tell_differing(planned, dataset, say)
    tell_too_few(stored_keys(request.directory), request, say)
    tell_lines(warning.line for warning in data_warnings(dataset))
    needs, there = needs_of(planned, dataset), available()
    workers = request.workers or needs.fitting(cores(), there)
    if request.cluster is not None:
        client = _connected(request.cluster, workers)
        workers = max(sum(client.nthreads().values()), 1)
    found = forecast(
        request.directory,
        planned,
        dataset,
        request.models,
        workers=workers,
        needs=needs,
        starting=starting,
        cluster=request.cluster is not None,
    )
    say(told(found, cores=cores(), there=there))


def _connected(address: str, workers: int) -> "Client":
    """A client of the cluster at an address, to the end of this command. Raises StudyError."""
    try:
        from study.execution.workers.cluster import connected
    except ModuleNotFoundError as error:
        raise InputError(
            f"--cluster needs {error.name}: pip install 'importance-study[cluster]'"
        ) from error
    return click.get_current_context().with_resource(connected(address, workers))
