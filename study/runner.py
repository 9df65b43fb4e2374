"""A plan becomes results: what is missing is trained, measured and stored, block by block."""

import functools
import os
import platform
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from torch import nn

from study import sklearn_models
from study.dataset import Dataset, explained
from study.errors import InputError, Stopped, StudyError, first_line
from study.importance.permutation import rows_predicted
from study.lanes.compiler import host_lanes
from study.lanes.networks import sizes_of
from study.least_squares import least_squares
from study.measure import Measured, measure, measure_regressors
from study.model_check import refuse_unfit
from study.networks import build, seeded, source_digest
from study.networks.linear import Linear
from study.networks.remedies import remedy_for
from study.recipes import Contender, EstimatorRecipe
from study.sklearn_models import SKLEARN
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
# Input gradients that a block keeps at a time, as numbers.
_MOST_KEPT = 2**25
# scikit-learn's regressors in a block: few, for an even share of work.
_REGRESSORS = 4
# What fitting one counts for each row, and predicting: about what a forest of 100 trees takes.
_FIT, _PREDICT = 3000, 100


@dataclass(frozen=True)
class Block:
    """Replicates of one model that are trained and measured at once.

    epochs : 1 for an estimator, which trains itself
    modules : how many modules the network has, for a rough idea of its cost
    rows : training rows
    predicted : rows that are predicted to measure one of them
    """

    model: str
    recipe: Contender
    engine: str
    replicates: tuple[Replicate, ...]
    epochs: int
    modules: int
    rows: int
    predicted: int

    @property
    def work(self) -> int:
        """How long it takes, in predictions of a row by one module; torch takes its time."""
        one = self.epochs * self.epoch_work + self.predicted * self.row_work
        return len(self.replicates) * one

    @property
    def epoch_work(self) -> int:
        """What one epoch of one replicate counts: there and back is thrice a prediction."""
        return 3 * self.rows * (_FIT if self.engine == SKLEARN else self.row_work)

    @property
    def row_work(self) -> int:
        """What one prediction by one replicate counts."""
        if self.engine == SKLEARN:
            return _PREDICT
        return self.modules if self.engine == LANES else 50 * self.modules


@dataclass(frozen=True)
class Plan:
    """What a run asks for: how much is stored, and the blocks that are missing."""

    stored: int
    missing: int
    blocks: tuple[Block, ...]


def ordinary(seeds: Sequence[int]) -> list[Replicate]:
    """The replicates of ordinary seeds, in every condition."""
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
    models: Mapping[str, Contender],
    wanted: Sequence[Replicate],
    *,
    device: str,
    fresh: bool,
) -> tuple[Store, Plan]:
    """Open the run in `directory`, or make it, and plan what is missing.

    `wanted` are the replicates of each model. `device` is where torch trains. Nothing is
    written before the recipes have been checked. With `fresh`, stored results are set aside
    first. Raises InputError.
    """
    if LEAST_SQUARES in models:
        raise InputError(f"'{LEAST_SQUARES}' is always computed: it cannot name a model recipe")
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    check_device(device)
    inputs = len(dataset.features)
    known = [] if fresh else _stored_models(directory)
    networks = {}
    for name, recipe in models.items():
        if isinstance(recipe, EstimatorRecipe):
            sklearn_models.check(recipe, dataset, by_trial=name not in known)
            continue
        networks[name] = build(recipe, inputs=inputs, init=0)
        if sizes_of(networks[name]) is None:  # built-in networks have been checked
            refuse_unfit(recipe, dataset.train_x, dataset.test_x)
    check_writable(directory)
    if fresh:
        set_aside(directory)
    if not (directory / FILE_NAME).exists():
        create(directory, dataset_name, dataset.recipe, dataset.hashes)
    store = Store(directory)
    try:
        store.check_dataset(dataset.recipe, dataset.hashes)
        for name, recipe in models.items():
            if isinstance(recipe, EstimatorRecipe):
                store.check_model(name, recipe, [], SKLEARN)
                store.check_source(name, sklearn_models.source_digest(recipe))
                continue
            engine = engine_of(networks[name], device)
            store.check_model(name, recipe, _layout(networks[name]), engine)
            store.check_source(name, source_digest(networks[name]))
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


def plan(
    models: Mapping[str, Contender],
    networks: Mapping[str, nn.Module],
    dataset: Dataset,
    wanted: Sequence[Replicate],
    *,
    device: str,
    stored: set[Key],
) -> Plan:
    """Split what is not stored of the replicates `wanted` of each model, the longest block first.

    Untrained networks do not go into one block with others, and an estimator has none.
    `networks` are those of the models that are not estimators.
    """
    trained = [replicate for replicate in wanted if replicate.condition != "untrained"]
    untrained = [replicate for replicate in wanted if replicate.condition == "untrained"]
    blocks, missing, total = [], 0, 0
    for name, recipe in models.items():
        if isinstance(recipe, EstimatorRecipe):
            engine, modules, batch_size = SKLEARN, 1, 0
            parts = [(trained, 1)]
        else:
            engine = engine_of(networks[name], device)
            modules = len(list(networks[name].modules()))
            batch_size = min(recipe.training.batch_size, len(dataset.train_y))
            parts = [(trained, recipe.training.epochs), (untrained, 0)]
        for replicates, epochs in parts:
            todo = [
                replicate
                for replicate in replicates
                if Key(name, replicate.condition, engine, replicate.streams) not in stored
            ]
            missing += len(todo)
            total += len(replicates)
            kept = epochs and batch_size * len(dataset.features)
            size = _block_size(engine, len(todo), kept, dataset.test_x.size)
            blocks += [
                Block(
                    name,
                    recipe,
                    engine,
                    tuple(todo[start : start + size]),
                    epochs,
                    modules,
                    len(dataset.train_y),
                    rows_predicted(dataset),
                )
                for start in range(0, len(todo), size)
            ]
    blocks.sort(key=lambda block: -block.work)
    return Plan(stored=total - missing, missing=missing, blocks=tuple(blocks))


def _block_size(engine: str, replicates: int, kept: int, tested: int) -> int:
    """How many replicates make a block. It changes no result.

    `kept` is the size of the input gradients that one keeps at each occasion; 0 if it is not
    trained, and then only the measuring counts. `tested` is the size of those on the test rows.
    """
    if engine == SKLEARN:
        return _REGRESSORS
    if engine != LANES:
        return BLOCK
    lanes = host_lanes()
    most = min(_MOST_IN_LANES, _MOST_KEPT // max(kept * OCCASIONS, tested))
    share = replicates // 8 if kept else most
    return lanes * max(min(share, most) // lanes, 1)


def run(
    store: Store,
    dataset: Dataset,
    models: Mapping[str, Contender],
    blocks: Sequence[Block],
    *,
    workers: int,
    report: Callable[[int], None],
) -> list[str]:
    """Train, measure and store `blocks`; each lands in the store as it finishes.

    `report` is called now and then with the work done so far, in the units of Block.work.
    Returns what estimators warned of, a line for each model. Raises StudyError when a model
    fails or a worker process dies.
    """
    here = environment()
    warned: dict[str, Counter[str]] = {}

    def add_least_squares(stop: threading.Event) -> None:
        if not any(key.model == LEAST_SQUARES for key in store.stored_keys()):
            store.add(LEAST_SQUARES, None, _least_squares(dataset, stop), here)

    def add(worked: Worked) -> None:
        model = worked.records[0].key.model
        store.add(model, models[model], worked.records, here)
        warned.setdefault(model, Counter()).update(worked.warned)

    with tempfile.TemporaryDirectory() as folder:
        # Each block counts its work in a cell of its own, so that no lock is needed.
        done = np.memmap(Path(folder) / "done", dtype=np.int64, mode="w+", shape=len(blocks) + 1)
        tasks = [(block, dataset, done, index) for index, block in enumerate(blocks)]
        in_lanes = [task for task in tasks if task[0].engine == LANES]
        others = [task for task in tasks if task[0].engine != LANES]
        with _reporting(done, report), one_thread():
            if workers == 1:
                add_least_squares(threading.Event())
                for task in [*in_lanes, *others]:
                    add(_work(*task))
            else:
                # Lanes work in threads, since their kernels let go of Python's lock; torch and
                # scikit-learn in processes, after them, so that no more than `workers` are at
                # work.
                _in_threads(in_lanes, workers, meanwhile=add_least_squares, add=add)
                for worked in _in_processes(others, workers):
                    add(worked)
    return [
        f"{models[model].title}: {count} fits gave a {text}"
        for model, texts in warned.items()
        for text, count in texts.most_common(1)
    ]


def environment() -> dict[str, str]:
    """Versions and platform on which results may depend."""
    return {
        **{library: version(library) for library in _LIBRARIES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


Task = tuple[Block, Dataset, np.ndarray, int]


@dataclass(frozen=True)
class Worked:
    """What comes of a block: its records, and how many fits gave each warning, by its text."""

    records: list[Record]
    warned: Counter[str]


def _in_threads(
    tasks: Sequence[Task],
    workers: int,
    *,
    meanwhile: Callable[[threading.Event], None],
    add: Callable[[Worked], None],
) -> None:
    """Work on blocks in threads, and add the records of each as soon as it is finished.

    `meanwhile` is done in this thread first, and raises Stopped when Ctrl-C sets its event. Ends
    with the threads, whatever ends it.
    """
    stop = threading.Event()
    executor = ThreadPoolExecutor(workers)
    with _interrupt_sets(stop):
        working = {executor.submit(_work, *task, stop) for task in tasks}
        try:
            with suppress(Stopped):
                meanwhile(stop)
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


def _in_processes(tasks: Sequence[Task], workers: int) -> Iterator[Worked]:
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
) -> Worked:
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
) -> Worked:
    """Train and measure one block, counting its work in done[index]; give up on `stop`."""

    def count(work: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped("stopped")
        done[index] += work

    def trained_on(epochs: int) -> None:
        count(epochs * block.epoch_work)

    def predicted(rows: int) -> None:
        count(rows * len(block.replicates) * block.row_work)

    count(0)
    warned: Counter[str] = Counter()
    try:
        if isinstance(block.recipe, EstimatorRecipe):
            regressors = sklearn_models.fit(
                block.recipe, block.replicates, dataset, lambda: trained_on(1)
            )
            warned = regressors.warned
            trained = Trained.without_steps({}, len(block.replicates))
            measured = measure_regressors(regressors, dataset, predicted)
        else:
            network = build(block.recipe, inputs=len(dataset.features), init=0)
            trained = train(
                block.recipe,
                block.replicates,
                dataset.train_x,
                dataset.train_y,
                engine=block.engine,
                on_work=trained_on,
            )
            measured = measure(
                stack(network, trained.weights), dataset, trained.occasions, predicted
            )
    except StudyError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's network may raise anything
        remedy = remedy_for(error, "")
        reason = f"{first_line(error)}; {remedy}" if remedy else first_line(error)
        raise StudyError(f"model '{block.model}': {reason}") from error
    done[index] = block.work
    keys = [
        Key(block.model, replicate.condition, block.engine, replicate.streams)
        for replicate in block.replicates
    ]
    return Worked(_records(keys, trained, measured, dataset), warned)


def _least_squares(dataset: Dataset, stop: threading.Event) -> list[Record]:
    """The one record of the closed-form fit. Raises Stopped on `stop`: wide data take minutes."""

    def go_on(_: int) -> None:
        if stop.is_set():
            raise Stopped("stopped")

    trained = Trained.without_steps(least_squares(dataset), 1)
    with seeded(0):
        network = Linear(inputs=len(dataset.features))
    measured = measure(stack(network, trained.weights), dataset, trained.occasions, go_on)
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
