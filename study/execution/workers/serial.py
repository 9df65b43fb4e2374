"""One block at a time in this process."""

from concurrent.futures import Future

from study.datasets.dataset import Dataset
from study.execution.block import Block
from study.execution.progress_counter import ProgressCounter
from study.execution.train_and_measure import BlockResult, train_and_measure


class Serial:
    """Works on a block while it is handed in; Ctrl-C ends it wherever it is."""

    capacity = 1
    stopped = False

    def __init__(self, dataset: Dataset, counter: ProgressCounter) -> None:
        self._dataset = dataset
        self._counter = counter

    def __enter__(self) -> "Serial":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is at work."""

    def submit(self, index: int, block: Block) -> Future[BlockResult]:
        """Work on a block, and return it finished."""
        self._counter.begin(index)
        future: Future[BlockResult] = Future()
        try:
            future.set_result(
                train_and_measure(block, self._dataset, lambda done: self._counter.add(index, done))
            )
        except Exception as error:
            future.set_exception(error)
        return future
