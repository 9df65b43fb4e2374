"""A plan becomes results: what is missing is trained, measured and stored, block by block."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from study.datasets.dataset import Dataset
from study.engines.one_thread import one_thread
from study.execution.block import Block, Broken
from study.execution.plan import in_threads
from study.execution.progress_counter import ProgressCounter, progress_counter
from study.execution.train_and_measure import BlockResult
from study.execution.workers.processes import Processes
from study.execution.workers.serial import Serial
from study.execution.workers.threads import Threads
from study.execution.workers.workers import Workers, reason
from study.store.writer import Writer

if TYPE_CHECKING:
    from distributed import Client

    from study.execution.workers.cluster import Cluster


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


def run(
    store: Writer,
    dataset: Dataset,
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

    def add(block: Block, result: BlockResult) -> None:
        store.add(block.model, block.engine.recipe, result.records, result.environment)
        warned.setdefault(block.model, Counter()).update(result.warned)

    def fail(block: Block, why: str) -> None:
        store.add_failures(block.keys, why)
        failed[block.model, why] = failed.get((block.model, why), 0) + block.size

    with progress_counter(len(blocks)) as done, _reporting(done, report), one_thread():
        for group, places in _groups_of_workers(blocks, workers, dataset, done, tell, cluster):
            with group:
                _finish(group, {place: blocks[place] for place in places}, done, add, fail, tell)
    title = {block.model: block.engine.title for block in blocks}
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


def _groups_of_workers(
    blocks: Sequence[Block],
    workers: int,
    dataset: Dataset,
    done: ProgressCounter,
    tell: Callable[[str], None],
    cluster: "Client | None",
) -> "Iterator[tuple[Serial | Threads | Processes | Cluster, list[int]]]":
    """Groups of workers, one after the other so that at most `workers` work, and their blocks."""
    places = range(len(blocks))
    if cluster is not None:
        from study.execution.workers.cluster import Cluster

        yield Cluster(cluster, dataset, done, tell), list(places)
        return
    if workers == 1:
        yield Serial(dataset, done), list(places)
        return
    threaded = in_threads(blocks)
    if threaded:
        yield Threads(workers, dataset, done), threaded
    if others := sorted(set(places) - set(threaded)):
        yield Processes(workers, dataset, done), others


def _finish(
    group: Workers,
    blocks: Mapping[int, Block],
    done: ProgressCounter,
    add: Callable[[Block, BlockResult], None],
    fail: Callable[[Block, str], None],
    tell: Callable[[str], None],
) -> None:
    """Have workers do blocks, by their cells of the counter, until each is stored or failed."""
    waiting = deque((place, 1) for place in blocks)
    working: dict[Future[BlockResult], tuple[int, int]] = {}

    def hand_out() -> None:
        while waiting and len(working) < group.capacity:
            place, attempt = waiting.popleft()
            working[group.submit(place, blocks[place])] = place, attempt

    while waiting or working:
        if not group.stopped:
            hand_out()  # the workers of a cluster may have become more
        finished, _ = wait(working, timeout=0.1, return_when=FIRST_COMPLETED)
        # Let go of each result once it is stored: those of a long run are large.
        while finished:
            future = finished.pop()
            place, attempt = working.pop(future)
            error = future.exception()
            if error is not None and group.stopped:
                continue
            if isinstance(error, Broken):
                raise error
            if error is not None and attempt < _TRIES:
                tell(f"a block of {blocks[place].model} is done again: {reason(error)}")
                waiting.append((place, attempt + 1))
            if not group.stopped:
                hand_out()  # before storing, so that nobody waits for the disk
            if error is None:
                done.put(place, blocks[place].work)
                add(blocks[place], future.result())
            elif attempt == _TRIES:
                done.put(place, blocks[place].work)
                fail(blocks[place], reason(error))
        if group.stopped:
            raise KeyboardInterrupt


@contextmanager
def _reporting(done: ProgressCounter, report: Callable[[int], None]) -> Iterator[None]:
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
