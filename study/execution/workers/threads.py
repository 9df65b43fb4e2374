"""Blocks in threads: for engines that suit them, where there is little to do."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

from study.common.errors import Stopped
from study.datasets.dataset import Dataset
from study.execution.block import Block
from study.execution.progress_counter import ProgressCounter
from study.execution.train_and_measure import BlockResult, train_and_measure
from study.execution.workers.workers import interrupt_sets


class Threads:
    """Threads that give up their blocks when `stop` is set, as Ctrl-C does."""

    def __init__(self, workers: int, dataset: Dataset, counter: ProgressCounter) -> None:
        self.capacity = workers
        self._dataset = dataset
        self._counter = counter
        self._stop = threading.Event()
        self._left = ExitStack()

    def __enter__(self) -> "Threads":
        self._left.enter_context(interrupt_sets(self._stop))
        self._executor = ThreadPoolExecutor(self.capacity)
        return self

    def __exit__(self, *_: object) -> None:
        with self._left:
            self._stop.set()
            self._executor.shutdown(cancel_futures=True)

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C came."""
        return self._stop.is_set()

    def submit(self, index: int, block: Block) -> Future[BlockResult]:
        """Begin a block in a thread."""
        return self._executor.submit(self._work, index, block)

    def _work(self, index: int, block: Block) -> BlockResult:
        def count(done: int) -> None:
            if self._stop.is_set():
                raise Stopped("stopped")
            self._counter.add(index, done)

        self._counter.begin(index)
        count(0)
        return train_and_measure(block, self._dataset, count)
