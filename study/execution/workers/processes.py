"""Blocks in processes of their own: for all but what is soon done in lanes."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker

from joblib.externals.loky.backend import resource_tracker as loky_tracker
from joblib.externals.loky.process_executor import ProcessPoolExecutor

from study.common.standard_streams import keep_writing
from study.common.versions import environment
from study.datasets.dataset import Dataset
from study.execution.block import Block
from study.execution.progress_counter import ProgressCounter
from study.execution.train_and_measure import BlockResult, train_and_measure
from study.execution.workers.workers import interrupt_sets

# What the libraries of a worker read when they are loaded: one thread each.
_ONE_THREAD = dict.fromkeys(
    [f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")],
    "1",
)


class Processes:
    """Processes, each the only one of its pool, so that one that dies takes no other along.

    A process that died is replaced when the next block comes.
    """

    def __init__(self, workers: int, dataset: Dataset, counter: ProgressCounter) -> None:
        self.capacity = workers
        self._dataset = dataset
        self._counter = counter
        self._stop = threading.Event()
        self._pools: list[tuple[ProcessPoolExecutor, Future[BlockResult]]] = []
        self._left = ExitStack()

    def __enter__(self) -> "Processes":
        self._left.enter_context(interrupt_sets(self._stop))
        return self

    def __exit__(self, *_: object) -> None:
        with self._left:
            for pool, _last in self._pools:
                pool.shutdown(wait=False, kill_workers=True)

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C came."""
        return self._stop.is_set()

    def submit(self, index: int, block: Block) -> Future[BlockResult]:
        """Begin a block in a process that has nothing to do, or in a new one."""
        # Told, as finding it out imports PyTorch, which not all models need.
        task = (_work, index, block, self._dataset, self._counter, environment())
        pool = self._idle() or _new_pool()
        with interrupts_held():
            try:
                future: Future[BlockResult] = pool.submit(*task)
            except BrokenProcessPool:  # it died while it had nothing to do
                pool.shutdown(wait=False, kill_workers=True)
                pool = _new_pool()
                future = pool.submit(*task)
        self._pools.append((pool, future))
        return future

    def _idle(self) -> ProcessPoolExecutor | None:
        """A pool whose block is finished, no longer among those at work; not a broken one."""
        for place, (pool, last) in enumerate(self._pools):
            if last.done():
                del self._pools[place]
                if not isinstance(last.exception(), BrokenProcessPool):
                    return pool
                pool.shutdown(wait=False, kill_workers=True)
                return None
        return None


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process starts, which inherits that.

    It goes to all processes of a terminal, and one that is still importing would answer it by
    a traceback. The worker is killed by this process, or ends with it.
    """
    # What Python and loky start beside the first process lets Ctrl-C through again.
    resource_tracker.ensure_running()
    loky_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    index: int,
    block: Block,
    dataset: Dataset,
    counter: ProgressCounter,
    computed_with: dict[str, str],
) -> BlockResult:
    """Work on a block in a worker's process, which is of the environment of its driver."""
    counter.begin(index)
    return train_and_measure(block, dataset, lambda done: counter.add(index, done), computed_with)


def _new_pool() -> ProcessPoolExecutor:
    """A pool of one process, which starts with the first block."""
    return ProcessPoolExecutor(1, env=_ONE_THREAD, initializer=_end_with, initargs=(os.getpid(),))


def _end_with(driver: int) -> None:
    """Watch for the death of the process that started this one, and print whoever reads.

    A worker whose driver was killed would otherwise stay, idle, for good.
    """
    keep_writing()

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
