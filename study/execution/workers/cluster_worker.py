"""A worker of a cluster: what it does with a block.

Workers are told `work_on` and `difference` by import path, and those with another state of this
program must be able to answer: what these two take and give must stay as it is.
"""

import functools
import hashlib
import importlib.util
import pickle
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.common.own_code import differing
from study.common.standard_streams import keep_writing
from study.common.versions import of_worker

if TYPE_CHECKING:
    from distributed import Worker

    from study.datasets.dataset import Dataset
    from study.execution.block import Block


# What workers tell of blocks: [run, block, work done].
TOPIC = "importance-study"
# What comes of a block: its pickled BlockResult; why it failed; why the worker is refused.
WORKED, FAILED, REFUSED = "worked", "failed", "refused"
# Seconds between two reports of one block.
_BETWEEN = 1.0
# The number of torch's threads, and what own code does, belong to the whole process.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class OwnFile:
    """The file of a module that only the client is sure to have."""

    module: str
    source: bytes


@dataclass(frozen=True)
class Task:
    """A block and the code of one's own that its model needs, if that is one file."""

    block: "Block"
    own: OwnFile | None


def difference(expected: dict[str, str]) -> str | None:
    """What this process has otherwise than `expected` by `of_worker`; None if nothing."""
    found = of_worker()
    for name, version in expected.items():
        if found.get(name) != version:
            return (
                f"{name} is {found.get(name)} there and {version} here: install the same there, "
                "and start it again"
            )
    return None


def work_on(
    expected: dict[str, str], run: str, index: int, task: bytes, dataset: bytes
) -> tuple[str, Any]:
    """Work on a block, in a thread of a worker, and give WORKED, FAILED or REFUSED with the rest.

    expected : what the client has, as `of_worker` tells it
    run, index : how the client knows the block again
    task, dataset : pickled
    """
    from distributed import get_worker
    from distributed.utils import sync

    keep_writing()
    worker = get_worker()
    # The scheduler has heard of it before anything can kill this process.
    sync(worker.loop, worker.scheduler.log_event, topic=TOPIC, msg=[run, index, 0])
    differs = difference(expected)
    if differs:
        return REFUSED, f"worker {worker.address}: {differs}"
    kind, content = _work(pickle.loads(task), _unpickled(dataset), _reporter(worker, run, index))
    return kind, f"worker {worker.address}: {content}" if kind == REFUSED else content


@functools.lru_cache(maxsize=1)
def _unpickled(dataset: bytes) -> "Dataset":
    return pickle.loads(dataset)


def _reporter(worker: "Worker", run: str, index: int) -> Callable[[int], None]:
    """Tell the client now and then of work done, and give up what it no longer wants."""
    from study.common.errors import Stopped

    key = worker.get_current_task()
    done, told = 0, time.monotonic()

    def count(more: int) -> None:
        nonlocal done, told
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise Stopped("stopped")
        done += more
        if time.monotonic() - told >= _BETWEEN:
            told = time.monotonic()
            worker.log_event(TOPIC, [run, index, done])

    return count


def _work(task: Task, dataset: "Dataset", count: Callable[[int], None]) -> tuple[str, Any]:
    import torch

    from study.execution.train_and_measure import train_and_measure
    from study.execution.workers.workers import reason

    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    try:
        if task.block.engine.threaded:
            result = train_and_measure(task.block, dataset, count)
        else:
            with _one_at_a_time:
                refused = _provide(task)
                if refused:
                    return REFUSED, refused
                result = train_and_measure(task.block, dataset, count)
    except Exception as error:
        # In words: whoever reads them need not have the classes of a stranger's exception.
        return FAILED, reason(error)
    return WORKED, pickle.dumps(result, pickle.HIGHEST_PROTOCOL)


def _provide(task: Task) -> str | None:
    """Import the code of one's own that a block needs; why that cannot be, or None."""
    code = task.block.code
    if not code:
        return None
    try:
        if task.own:
            _import(task.own)
        _ = task.block.engine.own_code  # imported with it
    except (Exception, SystemExit) as error:  # importing runs a stranger's module
        from study.common.errors import StudyError, first_line

        what = str(error) if isinstance(error, StudyError) else first_line(error)
        sent = f"only {task.own.module}.py is sent there" if task.own else "it is not sent there"
        return (
            f"model '{task.block.model}': {what} ({sent}: put what it needs into one file that "
            "lies here, or install it there)"
        )
    if differing(code):
        return (
            f"the code of model '{task.block.model}' is another there than here: put it into one "
            "file that lies here, or install the same there"
        )
    return None


def _import(own: OwnFile) -> None:
    """Make a module of the file that was sent, in place of another of its name."""
    from distributed import get_worker

    digest = hashlib.sha256(own.source).hexdigest()[:16]
    path = Path(get_worker().local_directory) / f"importance-study-{digest}" / f"{own.module}.py"
    loaded = sys.modules.get(own.module)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(own.source)
    specification = importlib.util.spec_from_file_location(own.module, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[own.module] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[own.module]
        raise
