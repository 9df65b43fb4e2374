"""A plan becomes results: what is missing is trained, measured and stored, block by block."""

import functools
import os
import platform
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from torch import nn

from study.dataset import Dataset, explained
from study.errors import InputError, Stopped, StudyError
from study.lanes.compiler import host_lanes
from study.least_squares import least_squares
from study.measure import Measured, measure
from study.networks import build, check_output, first_line, seeded
from study.networks.linear import Linear
from study.recipes import ModelRecipe
from study.stacks import stack
from study.stacks.torch_stack import BLOCK, one_thread
from study.store import (
    FILE_NAME,
    Key,
    Layout,
    Record,
    Store,
    check_writable,
    create,
    set_aside,
)
from study.streams import StreamSeeds, varied
from study.training import LANES, Replicate, Trained, engine_of, train
from study.training.trained import OCCASIONS
from study.words import CLOSED_FORM, GROUPED_PERMUTATION, LEAST_SQUARES

_LIBRARIES = ("importance-study", "torch", "llvmlite", "numpy", "scipy", "scikit-learn")
# Replicates in a block in lanes: as few as lanes are, for an even share of work, up to so
# many that scikit-learn's own work, which a block pays once, does not show.
_MOST_IN_LANES = 128
# Input gradients that a block keeps, as numbers.
_MOST_KEPT = 2**25


@dataclass(frozen=True)
class Block:
    """Replicates of one model that are trained and measured at once.

    modules : how many modules the network has, for a rough idea of its cost
    """

    model: str
    recipe: ModelRecipe
    engine: str
    replicates: tuple[Replicate, ...]
    epochs: int
    modules: int

    @property
    def work(self) -> int:
        """How long it takes, in units of its own.

        An epoch of a replicate, or its measuring, by modules; torch takes its time.
        """
        return len(self.replicates) * (self.epochs + 1) * self.unit

    @property
    def unit(self) -> int:
        """What one epoch of one replicate counts."""
        return self.modules if self.engine == LANES else 50 * self.modules


@dataclass(frozen=True)
class Plan:
    """What a run asks for: how much is stored, and the blocks that are missing."""

    stored: int
    missing: int
    blocks: tuple[Block, ...]


def ordinary(seeds: Sequence[int]) -> list[Replicate]:
    """The networks of ordinary seeds, in every condition."""
    trained = [
        Replicate(condition, StreamSeeds.of(seed))
        for seed in seeds
        for condition in ("real", "shuffled")
    ]
    return trained + [Replicate("untrained", StreamSeeds.of(seed)) for seed in seeds]


def varying(source: str, bases: Sequence[int], seeds: Sequence[int]) -> list[Replicate]:
    """The real networks in which one source varies over `seeds`, all else held at a base."""
    return [Replicate("real", varied(source, base, seed)) for base in bases for seed in seeds]


def prepare(
    directory: Path,
    dataset_name: str,
    dataset: Dataset,
    models: Mapping[str, ModelRecipe],
    wanted: Sequence[Replicate],
    *,
    device: str,
    fresh: bool,
) -> tuple[Store, Plan]:
    """Open the run in `directory`, or make it, and plan what is missing.

    `wanted` are the networks of each model. `device` is where torch trains. Nothing is
    written before the recipes have been checked. With `fresh`, stored results are set aside
    first. Raises InputError.
    """
    if LEAST_SQUARES in models:
        raise InputError(f"'{LEAST_SQUARES}' is always computed: it cannot name a model recipe")
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    check_device(device)
    inputs = len(dataset.features)
    networks = {name: build(recipe, inputs=inputs, init=0) for name, recipe in models.items()}
    for name, recipe in models.items():
        check_output(recipe, networks[name], inputs=inputs)
    check_writable(directory)
    if fresh:
        set_aside(directory)
    if not (directory / FILE_NAME).exists():
        create(directory, dataset_name, dataset.recipe, dataset.hashes)
    store = Store(directory)
    try:
        store.check_dataset(dataset.recipe, dataset.hashes)
        for name, recipe in models.items():
            store.check_model(
                name, recipe, _layout(networks[name]), engine_of(networks[name], device)
            )
        if store.traits().empty:
            store.add_traits(_traits(dataset))
        if store.parts().empty:
            store.add_parts(
                [
                    (part, len(y), float(y.astype(np.float64).std()))
                    for part, y in (("train", dataset.train_y), ("test", dataset.test_y))
                ]
            )
        stored = store.stored_keys()
        return store, plan(models, networks, inputs, wanted, device=device, stored=stored)
    except StudyError:
        store.close()
        raise


def check_device(device: str) -> None:
    """Raise InputError unless torch finds the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: PyTorch finds no CUDA device here")


def _traits(dataset: Dataset) -> list[tuple[str, float, float]]:
    """Each feature with its deviation and how much of it the other variables explain."""
    known = explained(dataset.train_x, dataset.groups)
    return [
        (feature, float(deviation), float(share))
        for feature, deviation, share in zip(
            dataset.features, dataset.feature_scale, known, strict=True
        )
    ]


def _layout(network: nn.Module) -> Layout:
    """Names and shapes of a network's parameters."""
    return [[name, list(value.shape)] for name, value in network.named_parameters()]


def plan(
    models: Mapping[str, ModelRecipe],
    networks: Mapping[str, nn.Module],
    inputs: int,
    wanted: Sequence[Replicate],
    *,
    device: str,
    stored: set[Key],
) -> Plan:
    """Split what is not stored of the networks `wanted` of each model, the longest block first.

    Untrained networks do not go into one block with others.
    """
    trained = [replicate for replicate in wanted if replicate.condition != "untrained"]
    untrained = [replicate for replicate in wanted if replicate.condition == "untrained"]
    blocks, missing = [], 0
    for name, recipe in models.items():
        engine = engine_of(networks[name], device)
        modules = len(list(networks[name].modules()))
        for replicates, epochs in ((trained, recipe.training.epochs), (untrained, 0)):
            todo = [
                replicate
                for replicate in replicates
                if Key(name, replicate.condition, engine, replicate.streams) not in stored
            ]
            missing += len(todo)
            kept = epochs and recipe.training.batch_size * inputs
            size = _block_size(engine, len(todo), kept)
            blocks += [
                Block(name, recipe, engine, tuple(todo[start : start + size]), epochs, modules)
                for start in range(0, len(todo), size)
            ]
    blocks.sort(key=lambda block: -block.work)
    total = len(models) * len(wanted)
    return Plan(stored=total - missing, missing=missing, blocks=tuple(blocks))


def _block_size(engine: str, replicates: int, kept: int) -> int:
    """How many replicates make a block. It changes no result.

    `kept` is the size of the input gradients that one keeps at each occasion; 0 if it is not
    trained, and then only the measuring counts.
    """
    if engine != LANES:
        return BLOCK
    lanes = host_lanes()
    most = min(_MOST_IN_LANES, _MOST_KEPT // (kept * OCCASIONS)) if kept else _MOST_IN_LANES
    share = replicates // 8 if kept else most
    return lanes * max(min(share, most) // lanes, 1)


def run(
    store: Store,
    dataset: Dataset,
    models: Mapping[str, ModelRecipe],
    blocks: Sequence[Block],
    *,
    workers: int,
    report: Callable[[int], None],
) -> None:
    """Train, measure and store `blocks`; each lands in the store as it finishes.

    `report` is called now and then with the work done so far, in the units of Block.work.
    Raises StudyError when a network fails or a worker process dies.
    """
    here = environment()

    def add_least_squares() -> None:
        if not any(key.model == LEAST_SQUARES for key in store.stored_keys()):
            store.add(LEAST_SQUARES, None, _least_squares(dataset), here)

    def add(records: list[Record]) -> None:
        model = records[0].key.model
        store.add(model, models[model], records, here)

    with tempfile.TemporaryDirectory() as folder:
        # Each block counts its work in a cell of its own, so that no lock is needed.
        done = np.memmap(Path(folder) / "done", dtype=np.int64, mode="w+", shape=len(blocks) + 1)
        tasks = [(block, dataset, done, index) for index, block in enumerate(blocks)]
        in_lanes = [task for task in tasks if task[0].engine == LANES]
        others = [task for task in tasks if task[0].engine != LANES]
        with _reporting(done, report), one_thread():
            if workers == 1:
                add_least_squares()
                for task in [*in_lanes, *others]:
                    add(_work(*task))
                return
            # Lanes work in threads, since their kernels let go of Python's lock; torch in
            # processes, after them, so that no more than `workers` are at work.
            _in_threads(in_lanes, workers, meanwhile=add_least_squares, add=add)
            for records in _in_processes(others, workers):
                add(records)


def environment() -> dict[str, str]:
    """Versions and platform on which results may depend."""
    return {
        **{library: version(library) for library in _LIBRARIES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


Task = tuple[Block, Dataset, np.ndarray, int]


def _in_threads(
    tasks: Sequence[Task],
    workers: int,
    *,
    meanwhile: Callable[[], None],
    add: Callable[[list[Record]], None],
) -> None:
    """Work on blocks in threads, and add the records of each as soon as it is finished.

    `meanwhile` is done in this thread first. Ends with the threads, whatever ends it.
    """
    stop = threading.Event()
    executor = ThreadPoolExecutor(workers)
    with _interrupt_sets(stop):
        working = {executor.submit(_work, *task, stop) for task in tasks}
        try:
            meanwhile()
            while working and not stop.is_set():
                finished, working = wait(working, timeout=0.1, return_when=FIRST_COMPLETED)
                # Let go of each result once it is added: those of a long run are large.
                while finished:
                    future = finished.pop()
                    if not isinstance(future.exception(), Stopped):
                        add(future.result())
            if stop.is_set():
                raise KeyboardInterrupt
        finally:
            stop.set()
            executor.shutdown(cancel_futures=True)


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C set `stop`, and do nothing else, while threads are at work.

    An exception out of nowhere may leave the lock of Python's imports held for good, and a
    thread that imports would then never end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _in_processes(tasks: Sequence[Task], workers: int) -> Iterator[list[Record]]:
    # max_nbytes: arrays travel as copies, since torch wants to write to what it wraps.
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", max_nbytes=None)
    try:
        yield from parallel(joblib.delayed(_work_in_process)(os.getpid(), *task) for task in tasks)
    except TerminatedWorkerError as error:
        raise StudyError(
            "a worker process was killed, perhaps for want of memory; what is stored is kept: "
            "run the same command again, with fewer --workers"
        ) from error


def _work_in_process(
    driver: int, block: Block, dataset: Dataset, done: np.ndarray, index: int
) -> list[Record]:
    """`_work` in a process of its own, which ends when the process `driver` dies.

    A worker whose driver was killed would otherwise stay, idle, for good.
    """
    _end_with(driver)
    return _work(block, dataset, done, index)


@functools.cache
def _end_with(driver: int) -> None:
    """Watch, once in a process, for the death of the process that started it."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(
    block: Block,
    dataset: Dataset,
    done: np.ndarray,
    index: int,
    stop: threading.Event | None = None,
) -> list[Record]:
    """Train and measure one block, counting its work in done[index]; give up on `stop`."""

    def count(epochs: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped("stopped")
        done[index] += epochs * block.unit

    count(0)
    network = build(block.recipe, inputs=len(dataset.features), init=0)
    try:
        trained = train(block.recipe, block.replicates, dataset, engine=block.engine, on_work=count)
        measured = measure(stack(network, trained.weights), dataset, trained.occasions)
    except StudyError:
        raise
    except Exception as error:  # a stranger's network may raise anything
        reason = first_line(error)
        if "randomness" in reason:
            reason = (
                "it draws random numbers itself; for dropout use study.networks.dropout.Dropout"
            )
        raise StudyError(f"model '{block.model}': {reason}") from error
    done[index] = block.work
    keys = [
        Key(block.model, replicate.condition, block.engine, replicate.streams)
        for replicate in block.replicates
    ]
    return _records(keys, trained, measured, dataset)


def _least_squares(dataset: Dataset) -> list[Record]:
    """The one record of the closed-form fit."""
    trained = Trained.without_steps(least_squares(dataset))
    with seeded(0):
        network = Linear(inputs=len(dataset.features))
    measured = measure(stack(network, trained.weights), dataset, trained.occasions)
    key = Key(LEAST_SQUARES, "real", CLOSED_FORM, streams=None)
    return _records([key], trained, measured, dataset)


def _records(
    keys: Sequence[Key], trained: Trained, measured: Measured, dataset: Dataset
) -> list[Record]:
    """What is measured of a block, taken apart by network."""
    items = {
        importance.method: dataset.variables
        if importance.method == GROUPED_PERMUTATION
        else dataset.features
        for importance in measured.importances
    }
    absolute = np.abs(trained.occasions).mean(axis=2, dtype=np.float64)
    signed = trained.occasions.mean(axis=2, dtype=np.float64)
    return [
        Record(
            key=key,
            weights={name: array[index] for name, array in trained.weights.items()},
            fits=[
                (
                    fit.part,
                    fit.evaluation,
                    float(fit.r_squared[index]),
                    float(fit.rmse[index]),
                    float(fit.within[index]),
                )
                for fit in measured.fits
            ],
            scores=[
                (
                    importance.method,
                    item,
                    float(importance.score[index, column]),
                    None if importance.signed is None else float(importance.signed[index, column]),
                )
                for importance in measured.importances
                for column, item in enumerate(items[importance.method])
            ],
            occasions=[
                (
                    int(epoch),
                    feature,
                    float(absolute[index, occasion, column]),
                    float(signed[index, occasion, column]),
                )
                for occasion, epoch in enumerate(trained.occasion_epochs)
                for column, feature in enumerate(dataset.features)
            ],
            losses=[
                (int(epoch), float(trained.losses[index, point]))
                for point, epoch in enumerate(trained.loss_epochs)
            ],
        )
        for index, key in enumerate(keys)
    ]


@contextmanager
def _reporting(done: np.ndarray, report: Callable[[int], None]) -> Iterator[None]:
    """Report the sum of `done` twice a second while the block runs, and once at its end."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.5):
            report(int(done.sum()))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    report(int(done.sum()))
