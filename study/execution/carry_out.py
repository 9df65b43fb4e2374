"""A request is carried out: what is missing is trained and stored, and the user told of it."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import joblib

from study.common.errors import InputError, Stopped, StudyError
from study.common.progress import progress, tell
from study.common.text import folded, printable
from study.common.versions import environment
from study.datasets.dataset import Dataset
from study.execution.block import Broken
from study.execution.further_methods import add_further_methods, further_methods
from study.execution.memory import Needs, available, told
from study.execution.plan import Plan
from study.execution.prepare import prepare
from study.execution.request import Request, asked_of
from study.execution.run import Outcome, run
from study.recipes.trust import foreign_model
from study.statistics.claims import fewest_met, fewest_seeds
from study.store.declarations import keep_declaration, read_declaration
from study.store.provenance import circumstances, now
from study.store.records import Key
from study.store.store import Store
from study.store.writer import Writer

if TYPE_CHECKING:
    from distributed import Client

# Where lines for the user go.
Say = Callable[[str], None]


def carry_out(
    request: Request,
    *,
    say: Say,
    started: str,
    command: str,
    fresh: bool = False,
    declared: Path | None = None,
    connect: "Callable[[str, int], Client] | None" = None,
) -> Outcome:
    """Train, measure and store what is missing; the lock of its directory is the caller's.

    started, command : when, and by which words, for the history; fresh : stored results are set
    aside first; declared : a file of a declaration, which the run keeps; connect : gives a client
    of the cluster at an address, with so many workers where that is started here. Raises
    InputError and StudyError.
    """
    dataset, replicates = asked_of(request)
    if declared is not None:
        _check_declared(declared, dataset, say)
    client = None
    if request.cluster is not None and connect is not None:
        client = connect(request.cluster, request.workers or cores())
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
        if declared is not None:
            keep_declaration(request.directory, declared)
        _tell_beginning(store, planned, dataset, request, say)
        _add_methods(store, dataset, request, say)
        if client is None:
            workers = _tell_memory(planned, dataset, request, say)
        else:
            workers = request.workers or cores()
        if not planned.blocks:
            return Outcome()
        return _work(store, planned, request, dataset, workers, client, started, command)


def _check_declared(path: Path, dataset: Dataset, say: Say) -> None:
    """Say where another claim is declared than the run's own. Raises InputError for other data."""
    found, claim = read_declaration(path), dataset.recipe.claim
    if found.hashes != dataset.hashes:
        raise InputError(
            f"--declared {path}: a declaration on other data: their SHA-256 are not those of its "
            "tables"
        )
    if not found.declares(claim, dataset.hashes):
        say(
            f"Note: {path} declares another claim ({found.claim}, {found.model}, {found.method}, "
            f"by {found.level}) than the recipe's ({claim.typed}, {claim.model}, {claim.method}, "
            f"by {claim.level}): 'study claim' tests it."
        )


def _tell_beginning(
    store: Store, planned: Plan, dataset: Dataset, request: Request, say: Say
) -> None:
    """What is stored already, and what else is worth knowing before it starts."""
    tell_missing(planned, request, say)
    if planned.blocks:
        tell_differing(planned, dataset, say)
        tell_too_few(store.stored_keys(), request, say)
        for warning in store.data_findings():
            say(folded(warning.line))
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


def tell_too_few(stored: Iterable[Key], request: Request, say: Say) -> None:
    """Say before training that no outcome over so many seeds could support the claim."""
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


def _add_methods(store: Writer, dataset: Dataset, request: Request, say: Say) -> None:
    """Score stored models by methods that came after the run was made.

    Of models of one's own, all must be asked for: code that the run alone names is not run.
    """
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


def tell_missing(planned: Plan, request: Request, say: Say) -> None:
    """What is stored already and what is to be done, and what is to be known of each model."""
    say(
        f"{request.directory}: of the {request.noun} asked for, {planned.stored} stored, "
        f"{planned.missing} to do ({request.kinds})"
    )
    notes = {block.model: block.engine.note for block in planned.blocks}
    for model, note in notes.items():
        if note:
            say(printable(f"{model}: {note}"))


def tell_differing(planned: Plan, dataset: Dataset, say: Say) -> None:
    """Which models a seed does not make the same again."""
    engines = {block.model: block.engine for block in planned.blocks}
    for model, engine in engines.items():
        if differs := engine.differs(dataset):
            say(printable(f"{model}: {differs}"))


def _tell_memory(planned: Plan, dataset: Dataset, request: Request, say: Say) -> int:
    """How much memory the work takes; the number of workers, by it and the cores if not given."""
    if not planned.blocks:
        return 1
    needs, there = needs_of(planned, dataset), available()
    workers = request.workers or needs.fitting(cores(), there)
    for line in told(needs, workers, there):
        say(line)
    return workers


def needs_of(planned: Plan, dataset: Dataset) -> Needs:
    """The memory that a plan needs."""
    trainings = planned.stored + planned.missing
    return Needs.of(planned.blocks, dataset, trainings=trainings)


def cores() -> int:
    """How many processors this process may use."""
    return int(joblib.cpu_count())


def _work(
    store: Writer,
    planned: Plan,
    request: Request,
    dataset: Dataset,
    workers: int,
    client: "Client | None",
    started: str,
    command: str,
) -> Outcome:
    """Do what is missing, and write it into the history of the run. Raises StudyError."""
    if planned.missing:
        store.add_history(
            started,
            request.words,
            planned.missing,
            command=command,
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
