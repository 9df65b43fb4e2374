"""The commands that train, or say what training would take: run, plan."""

import time
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from study.cli.ending import ends_by_sigterm
from study.cli.group import FRESH_OPTION, TYPED, commands, hold_lock, say, tell_lines
from study.cli.request import Request, Requesting, asked_of, request_of, request_options
from study.common.errors import InputError, Stopped, StudyError
from study.common.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distributed import Client

    from study.datasets.dataset import Dataset
    from study.execution.memory import Needs
    from study.execution.plan import Plan
    from study.execution.run import Outcome
    from study.store.records import Key
    from study.store.store import Store
    from study.store.writer import Writer


@commands.command("run", cls=Requesting)
@request_options
@FRESH_OPTION
def run_command(*, fresh: bool, **asked: Any) -> None:
    """Train, measure and store what is missing.

    What is stored is never trained again, and a run that was interrupted goes on with the same
    command. A recipe names a class by import path: running a recipe is running code.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    request = request_of(**asked)
    click.get_current_context().with_resource(ends_by_sigterm())
    hold_lock(request.directory)

    from study.execution.prepare import prepare
    from study.execution.run import Outcome

    dataset, replicates = asked_of(request)
    client = None
    if request.cluster is not None:
        client = _connected(request.cluster, request.workers or _cores())
    store, planned = prepare(
        request.directory,
        request.data.name,
        dataset,
        request.models,
        replicates,
        device=request.device,
        fresh=fresh,
        methods=request.methods,
    )
    with store:
        _tell_beginning(store, planned, dataset, request)
        _add_methods(store, dataset, request)
        if client is None:
            workers = _tell_memory(planned, dataset, request)
        else:
            workers = request.workers or _cores()
        outcome = Outcome()
        if planned.blocks:
            outcome = _work(store, planned, request, dataset, workers, client, started)
        for line in outcome.warned:
            say(f"Note: {printable(line)}")
        for line in outcome.failed:
            say(f"Failed: {printable(line)}", err=True)
        keys = store.stored_keys()
        if not outcome.failed or any(key.streams and key.condition == "real" for key in keys):
            _tell_end(store, request)
    if outcome.failed:
        raise StudyError(
            f"{request.directory}: all but what failed is kept; the same command tries that again"
        )


def _tell_beginning(store: "Store", planned: "Plan", dataset: "Dataset", request: Request) -> None:
    """What is stored already, and what else is worth knowing before it starts."""
    from study.common.versions import environment

    _tell_missing(planned, request)
    if planned.blocks:
        _tell_differing(planned, dataset)
        _tell_too_few(store.stored_keys(), request)
        tell_lines(warning.line for warning in store.data_findings())
    known = store.environments()
    if planned.blocks and known and environment() not in known:
        say(
            "Note: this run holds results of other versions or another machine; "
            "'study status' and the report list them all."
        )
    claim = store.recipe.claim
    if claim.model not in request.models:
        near = get_close_matches(claim.model, request.models, n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        say(f"Note: the claim rests on model '{claim.model}', which is not run here.{meant}")


def _tell_too_few(stored: "Iterable[Key]", request: Request) -> None:
    """Say before training that no outcome over so many seeds could support the claim."""
    from study.statistics.claims import fewest_met, fewest_seeds

    claim = request.data.recipe.claim
    if request.vary or claim.model not in request.models:
        return
    seeds = {*request.seeds} | {
        key.streams.init
        for key in stored
        if (key.model, key.condition) == (claim.model, "real")
        and key.streams is not None
        and key.streams.ordinary
    }
    if fewest_met(claim.proportion, len(seeds)) is None:
        say(
            f"Note: {len(seeds)} seeds can support no claim that needs {claim.proportion:.0%} of "
            f"them, as this data set's does: {fewest_seeds(claim.proportion)} are the fewest."
        )


def _add_methods(store: "Writer", dataset: "Dataset", request: Request) -> None:
    """Score stored models by methods that came after the run was made.

    Of models of one's own, all must be asked for: code that the run alone names is not run.
    """
    from study.common.progress import progress
    from study.execution.further_methods import add_further_methods, further_methods
    from study.recipes.trust import foreign_model

    methods, left = further_methods(store, request.methods)
    others = [name for name in store.model_names() if name not in request.models]
    foreign = [name for name in others if foreign_model(store.model_recipe(name))]
    if methods and foreign:
        names = printable(", ".join(foreign))
        say(f"Note: {', '.join(methods)} can be added once --models names {names}, too.")
    elif methods:
        say(f"{', '.join(methods)}: computed of what is stored, without training again")
        with progress("scoring", max(len(store.stored_keys()), 1)) as report:
            add_further_methods(store, methods, dataset, report)
    if left:
        say(
            f"Note: the stored models have no scores by {', '.join(left)}, which only training "
            "tells: --fresh makes the run again."
        )


def _tell_missing(planned: "Plan", request: Request) -> None:
    say(
        f"{request.directory}: of the {request.noun} asked for, {planned.stored} stored, "
        f"{planned.missing} to do ({request.kinds})"
    )
    notes = {block.model: block.engine.note for block in planned.blocks}
    for model, note in notes.items():
        if note:
            say(printable(f"{model}: {note}"))


def _tell_differing(planned: "Plan", dataset: "Dataset") -> None:
    """Which models a seed does not make the same again."""
    engines = {block.model: block.engine for block in planned.blocks}
    for model, engine in engines.items():
        if differs := engine.differs(dataset):
            say(printable(f"{model}: {differs}"))


def _tell_memory(planned: "Plan", dataset: "Dataset", request: Request) -> int:
    """How much memory the work takes; the number of workers, by it and the cores if not given."""
    from study.execution.memory import available, told

    if not planned.blocks:
        return 1
    needs, there = _needs(planned, dataset), available()
    workers = request.workers or needs.fitting(_cores(), there)
    for line in told(needs, workers, there):
        say(line)
    return workers


def _needs(planned: "Plan", dataset: "Dataset") -> "Needs":
    """The memory that a plan needs."""
    from study.execution.memory import Needs

    trainings = planned.stored + planned.missing
    return Needs.of(planned.blocks, dataset, trainings=trainings)


def _cores() -> int:
    import joblib

    return int(joblib.cpu_count())


def _work(
    store: "Writer",
    planned: "Plan",
    request: Request,
    dataset: "Dataset",
    workers: int,
    client: "Client | None",
    started: str,
) -> "Outcome":
    """Do what is missing, and write it into the history of the run. Raises StudyError."""
    from study.common.progress import progress, tell
    from study.execution.block import Broken
    from study.execution.run import run
    from study.store.provenance import circumstances, command_line, now

    if planned.missing:
        store.add_history(
            started,
            request.words,
            planned.missing,
            command=command_line(click.get_current_context().meta[TYPED]),
            workers=f"up to {workers}" if client is None else "of a Dask cluster",
            circumstances=circumstances(request.device),
        )
    try:
        with progress("training", sum(block.work for block in planned.blocks)) as report:
            return run(
                store,
                dataset,
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
    _tell_missing(planned, request)
    if not planned.blocks:
        return
    _tell_differing(planned, dataset)
    _tell_too_few(stored_keys(request.directory), request)
    tell_lines(warning.line for warning in data_warnings(dataset))
    needs = _needs(planned, dataset)
    cores, there = _cores(), available()
    workers = request.workers or needs.fitting(cores, there)
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
    say(told(found, cores=cores, there=there))


def _connected(address: str, workers: int) -> "Client":
    """A client of the cluster at an address, to the end of this command. Raises StudyError."""
    try:
        from study.execution.workers.cluster import connected
    except ModuleNotFoundError as error:
        raise InputError(
            f"--cluster needs {error.name}: pip install 'importance-study[cluster]'"
        ) from error
    return click.get_current_context().with_resource(connected(address, workers))
