"""A plan becomes results: what is missing is trained, measured and stored, block by block."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from study import sklearn_models
from study.blocks import Block, Plan, in_threads, plan
from study.crews import Broken, Crew, reason
from study.crews.alone import Alone
from study.crews.processes import Processes
from study.crews.threads import Threads
from study.dataset import Dataset, explained
from study.errors import InputError, StudyError
from study.lanes.networks import sizes_of
from study.model_check import refuse_unfit
from study.networks import build, source_digest
from study.recipes import Contender, EstimatorRecipe
from study.sklearn_models import SKLEARN
from study.stacks.torch_stack import one_thread
from study.store import (
    FILE_NAME,
    Key,
    Layout,
    Store,
    check_writable,
    create,
    set_aside,
)
from study.tally import Tally, tally
from study.training import Replicate, engine_of
from study.words import LEAST_SQUARES
from study.work import Worked

if TYPE_CHECKING:
    from distributed import Client

    from study.crews.cluster import Cluster

# A block that fails is worked on once more, last of all.
_TRIES = 2


@dataclass
class Outcome:
    """What became of the blocks.

    warned : what estimators warned of, a line for each model
    failed : what failed, a line for each model and reason
    """

    warned: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def prepare(
    directory: Path,
    dataset_name: str,
    dataset: Dataset,
    models: Mapping[str, Contender],
    wanted: Sequence[Replicate],
    *,
    device: str,
    fresh: bool,
) -> tuple[Store, Plan]:
    """Open the run in `directory`, or make it, and plan what is missing.

    `wanted` are the replicates of each model. `device` is where torch trains. Nothing is
    written before the recipes have been checked. With `fresh`, stored results are set aside
    first. Raises InputError, and StudyError where what is stored is damaged.
    """
    networks = _checked(directory, dataset, models, device=device, fresh=fresh)
    check_writable(directory)
    if fresh:
        set_aside(directory)
    if not (directory / FILE_NAME).exists():
        create(directory, dataset_name, dataset.recipe, dataset.hashes)
    store = Store(directory)
    try:
        store.check_measured()
        for name, digest in _held_against(store, dataset, models, networks, device).items():
            store.add_source(name, digest)
        if store.traits().empty:
            store.add_traits(_traits(dataset))
        if store.parts().empty:
            store.add_parts(_parts(dataset))
        if store.prepared().empty:
            store.add_prepared(
                [
                    (of.column, of.scale.centre, of.scale.divisor, of.missing, of.imputed)
                    for of in dataset.prepared
                ]
            )
        stored = store.stored_keys()
        return store, plan(models, networks, dataset, wanted, device=device, stored=stored)
    except StudyError:
        store.close()
        raise


def foresee(
    directory: Path,
    dataset: Dataset,
    models: Mapping[str, Contender],
    wanted: Sequence[Replicate],
    *,
    device: str,
) -> Plan:
    """What `prepare` would plan, with its checks, but nothing is made or written."""
    networks = _checked(directory, dataset, models, device=device, fresh=False)
    stored: set[Key] = set()
    if (directory / FILE_NAME).exists():
        with Store(directory) as store:
            _held_against(store, dataset, models, networks, device)
            stored = store.stored_keys()
    return plan(models, networks, dataset, wanted, device=device, stored=stored)


def _checked(
    directory: Path,
    dataset: Dataset,
    models: Mapping[str, Contender],
    *,
    device: str,
    fresh: bool,
) -> dict[str, nn.Module]:
    """The networks of models that are no estimators. Raises InputError where one cannot be run."""
    if LEAST_SQUARES in models:
        raise InputError(f"'{LEAST_SQUARES}' is always computed: it cannot name a model recipe")
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    check_device(device)
    known = [] if fresh else _stored_models(directory)
    networks = {}
    for name, recipe in models.items():
        if isinstance(recipe, EstimatorRecipe):
            sklearn_models.check(recipe, dataset, by_trial=name not in known)
            continue
        networks[name] = build(recipe, inputs=len(dataset.features), init=0)
        if sizes_of(networks[name]) is None:  # built-in networks have been checked
            refuse_unfit(recipe, dataset.train_x, dataset.test_x)
    return networks


def _held_against(
    store: Store,
    dataset: Dataset,
    models: Mapping[str, Contender],
    networks: Mapping[str, nn.Module],
    device: str,
) -> dict[str, str | None]:
    """The digest of each model's code. Raises InputError if the run was made in another way."""
    store.check_dataset(dataset.recipe, dataset.hashes)
    digests = {}
    for name, recipe in models.items():
        if isinstance(recipe, EstimatorRecipe):
            store.check_model(name, recipe, [], SKLEARN)
            digests[name] = sklearn_models.source_digest(recipe)
        else:
            engine = engine_of(networks[name], device)
            store.check_model(name, recipe, _layout(networks[name]), engine)
            digests[name] = source_digest(networks[name])
        store.check_source(name, digests[name])
    return digests


def _stored_models(directory: Path) -> list[str]:
    """Names of the models that the run in `directory` holds, if there is one."""
    if not (directory / FILE_NAME).exists():
        return []
    with Store(directory) as store:
        return store.model_names()


def check_device(device: str) -> None:
    """Raise InputError unless torch finds the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: PyTorch finds no CUDA device here")


def check_source(source: str, models: Mapping[str, Contender]) -> None:
    """Raise InputError unless every model has this source of randomness."""
    without = [name for name, recipe in models.items() if isinstance(recipe, EstimatorRecipe)]
    if without and source not in ("init", "rows"):
        raise InputError(
            f"--vary {source}: no source of {', '.join(without)}, where only init (the "
            "random_state) and rows vary: name the other models with --models"
        )


def _traits(dataset: Dataset) -> list[tuple[str, float, float]]:
    """Each feature with its deviation and how much of it the other variables explain."""
    known = explained(dataset.train_x, dataset.groups)
    return [
        (feature, float(deviation), float(share))
        for feature, deviation, share in zip(
            dataset.features, dataset.feature_scale, known, strict=True
        )
    ]


def _parts(dataset: Dataset) -> list[tuple[str, int, float | None]]:
    """Training and test rows, with the deviation of their targets, and rows left out, if any."""
    parts: list[tuple[str, int, float | None]] = [
        (part, len(y), float(y.astype(np.float64).std()))
        for part, y in (("train", dataset.train_y), ("test", dataset.test_y))
    ]
    return parts + ([("dropped", dataset.dropped, None)] if dataset.dropped else [])


def _layout(network: nn.Module) -> Layout:
    """Names and shapes of a network's parameters."""
    return [[name, list(value.shape)] for name, value in network.named_parameters()]


def run(
    store: Store,
    dataset: Dataset,
    models: Mapping[str, Contender],
    blocks: Sequence[Block],
    *,
    workers: int,
    report: Callable[[int], None],
    tell: Callable[[str], None] = lambda _: None,
    cluster: "Client | None" = None,
) -> Outcome:
    """Train, measure and store `blocks`; each lands in the store as it finishes.

    One worker is this process itself. With `cluster`, its workers do it, whatever `workers`.
    `report` is called now and then with the work done so far, in the units of Block.work, and
    `tell` with lines for the user. A block that fails twice is stored as failed, and the others
    go on. Raises StudyError when a result cannot be stored, or a cluster is lost.
    """
    warned: dict[str, Counter[str]] = {}
    failed: dict[tuple[str, str], int] = {}

    def add(block: Block, worked: Worked) -> None:
        store.add(block.model, block.recipe, worked.records, worked.environment)
        warned.setdefault(block.model, Counter()).update(worked.warned)

    def fail(block: Block, why: str) -> None:
        store.add_failures(block.keys, why)
        failed[block.model, why] = failed.get((block.model, why), 0) + block.size

    with tally(len(blocks)) as done, _reporting(done, report), one_thread():
        for crew, places in _crews(blocks, workers, dataset, done, tell, cluster):
            with crew:
                _finish(crew, {place: blocks[place] for place in places}, done, add, fail, tell)
    title = {LEAST_SQUARES: "Least squares"} | {name: of.title for name, of in models.items()}
    return Outcome(
        warned=[
            f"{title[model]}: {count} fits gave a {text}"
            for model, texts in warned.items()
            for text, count in texts.most_common(1)
        ],
        failed=[
            f"{title[model]}: {count} failed twice: {why}" for (model, why), count in failed.items()
        ],
    )


def _crews(
    blocks: Sequence[Block],
    workers: int,
    dataset: Dataset,
    done: Tally,
    tell: Callable[[str], None],
    cluster: "Client | None",
) -> "Iterator[tuple[Alone | Threads | Processes | Cluster, list[int]]]":
    """One crew after the other, so that no more than `workers` are at work, and their blocks."""
    places = range(len(blocks))
    if cluster is not None:
        from study.crews.cluster import Cluster  # needs distributed

        yield Cluster(cluster, dataset, done, tell), list(places)
        return
    if workers == 1:
        yield Alone(dataset, done), list(places)
        return
    threaded = in_threads(blocks)
    if threaded:
        yield Threads(workers, dataset, done), threaded
    if others := sorted(set(places) - set(threaded)):
        yield Processes(workers, dataset, done), others


def _finish(
    crew: Crew,
    blocks: Mapping[int, Block],
    done: Tally,
    add: Callable[[Block, Worked], None],
    fail: Callable[[Block, str], None],
    tell: Callable[[str], None],
) -> None:
    """Have a crew work on blocks, by their cells of the tally, until each is stored or failed."""
    waiting = deque((place, 1) for place in blocks)
    working: dict[Future[Worked], tuple[int, int]] = {}

    def hand_out() -> None:
        while waiting and len(working) < crew.capacity:
            place, attempt = waiting.popleft()
            working[crew.submit(place, blocks[place])] = place, attempt

    while waiting or working:
        if not crew.stopped:
            hand_out()  # the workers of a cluster may have become more
        finished, _ = wait(working, timeout=0.1, return_when=FIRST_COMPLETED)
        # Let go of each result once it is stored: those of a long run are large.
        while finished:
            future = finished.pop()
            place, attempt = working.pop(future)
            error = future.exception()
            if error is not None and crew.stopped:
                continue
            if isinstance(error, Broken):
                raise error
            if error is not None and attempt < _TRIES:
                tell(f"a block of {blocks[place].model} is done again: {reason(error)}")
                waiting.append((place, attempt + 1))
            if not crew.stopped:
                hand_out()  # before storing, so that nobody waits for the disk
            if error is None:
                done.put(place, blocks[place].work)
                add(blocks[place], future.result())
            elif attempt == _TRIES:
                done.put(place, blocks[place].work)
                fail(blocks[place], reason(error))
        if crew.stopped:
            raise KeyboardInterrupt


@contextmanager
def _reporting(done: Tally, report: Callable[[int], None]) -> Iterator[None]:
    """Report what is done twice a second while work goes on, and once at its end."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.5):
            report(done.total)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    report(done.total)
