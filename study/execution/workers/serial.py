"""One block at a time in this process."""

from concurrent.futures import Future

from study.datasets.dataset import Dataset
from study.execution.block import Block
from study.execution.progress_counter import Tally
from study.execution.train_and_measure import Worked, work


class Alone:
    """Works on a block while it is handed in; Ctrl-C ends it wherever it is."""

    capacity = 1
    stopped = False

    def __init__(self, dataset: Dataset, tally: Tally) -> None:
        self._dataset = dataset
        self._tally = tally

    def __enter__(self) -> "Alone":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is at work."""

    def submit(self, index: int, block: Block) -> Future[Worked]:
        """Work on a block, and return it finished."""
        self._tally.begin(index)
        future: Future[Worked] = Future()
        try:
            future.set_result(work(block, self._dataset, lambda done: self._tally.add(index, done)))
        except Exception as error:
            future.set_exception(error)
        return future
