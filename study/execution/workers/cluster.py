"""Blocks on the workers of a Dask cluster, whose results come back to this process.

Blocks are tasks of the scheduler, which gives those of a worker that dies to another one.
"""

import asyncio
import logging
import os
import pickle
import signal
import sys
import sysconfig
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from distributed import Client, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.core import rpc
from distributed.security import Security
from distributed.versions import VersionMismatchWarning

from study.common.errors import InputError, StudyError, first_line
from study.common.versions import of_worker
from study.datasets.dataset import Dataset
from study.execution.block import Block, Broken
from study.execution.progress_counter import ProgressCounter
from study.execution.train_and_measure import BlockResult
from study.execution.workers import cluster_worker
from study.execution.workers.processes import interrupts_held
from study.execution.workers.workers import interrupt_sets

Result = TypeVar("Result")
LOCAL = "local"
# Seconds for a scheduler to answer, for all workers to tell their versions, and between two
# looks at who they are.
_ANSWER, _COMPARISON, _LOOK = 8, 60, 1.0
# Seconds without any worker after which that is said.
_PATIENCE = 60
# What Dask and its libraries log: what matters of it is told in words.
_LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")


@contextmanager
def connected(address: str, workers: int) -> Iterator[Client]:
    """A client of the scheduler at `address`, or, at "local", of one made of so many processes.

    Raises StudyError where nobody answers, and when a worker has other versions than this
    process.
    """
    with ExitStack() as left:
        left.enter_context(_silent())
        if address == LOCAL:
            address = left.enter_context(_local(workers))
        client = left.enter_context(_client(address))
        client.sync(_refuse_others, client)
        yield client


@contextmanager
def _local(workers: int) -> Iterator[str]:
    """The address of a scheduler of so many processes of one thread on this machine.

    Nobody else can reach them, and Ctrl-C is for this process alone.
    """
    with interrupts_held():
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL + 1,
        )
    with cluster:
        try:
            yield cluster.scheduler_address
        finally:
            # At once, whatever they are at.
            for nanny in cluster.workers.values():
                nanny.auto_restart = False
                if nanny.pid is not None:
                    os.kill(nanny.pid, signal.SIGKILL)


def _client(address: str) -> Client:
    # A client that finds no scheduler is not easily got rid of.
    try:
        with ThreadPoolExecutor(1) as another:  # here, a notebook may have a loop of its own
            kind = another.submit(asyncio.run, _kind_of(address)).result()
    except Exception as error:  # what else may be there answers in its own way
        raise InputError(
            f"--cluster {address}: no Dask scheduler answers there ({first_line(error)}); "
            "an address is such as tcp://10.0.0.1:8786"
        ) from error
    if kind != "Scheduler":
        raise InputError(f"--cluster {address}: a {kind} is there, and no Dask scheduler")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionMismatchWarning)  # compared in another way
        return Client(address, timeout=_ANSWER, set_as_default=False)


async def _kind_of(address: str) -> str:
    """What answers at an address, such as "Scheduler". Raises whatever happens."""
    security = Security().get_connection_args("client")
    async with rpc(address, timeout=_ANSWER, connection_args=security) as there:
        identity: Any = await asyncio.wait_for(there.identity(), _ANSWER)
    return identity["type"]


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Dask's log off the terminal."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _name(client: Client) -> str:
    return f"cluster {_scheduler(client).address}"


def _scheduler(client: Client) -> Any:
    """Calls the scheduler, by the names of what it offers."""
    return client.scheduler


async def _refuse_others(client: Client) -> None:
    """Raise Broken if a worker has other versions than this process, or does not say."""
    asked: Any = client.run(cluster_worker.difference, of_worker(), on_error="return")
    try:
        answers = await asyncio.wait_for(asked, _COMPARISON)
    except TimeoutError:
        raise Broken(f"{_name(client)}: its workers do not answer") from None
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            answer = f"importance-study is missing there ({first_line(answer)})"
        if answer is not None:
            raise Broken(f"{_name(client)}: worker {worker}: {answer}")


class _Call:
    """Pickled, a call of `cluster_worker.work_on`, which is made where it is unpickled.

    Its last argument is a buffer beside it. So a worker without this program raises an error in
    the task; a task that named `work_on` would end the worker when it is received.
    """

    def __init__(self, *arguments: object) -> None:
        self._arguments = arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return cluster_worker.work_on, (*self._arguments, pickle.PickleBuffer(b""))


class Cluster:
    """The threads of all workers of a cluster, which may come and go.

    tell : called with a line for the user, at the start and when no worker is left
    """

    def __init__(
        self,
        client: Client,
        dataset: Dataset,
        counter: ProgressCounter,
        tell: Callable[[str], None],
    ) -> None:
        self._client = client
        self._dataset = dataset
        self._counter = counter
        self._tell = tell
        self._run = uuid.uuid4().hex
        self._stop = threading.Event()
        self._left = ExitStack()
        self._threads: dict[str, int] = {}
        self._out: set[Future[BlockResult]] = set()
        self._begun: set[int] = set()
        self._files: dict[str, cluster_worker.OwnFile | None] = {}

    def __enter__(self) -> "Cluster":
        with ExitStack() as left:
            left.enter_context(interrupt_sets(self._stop))
            self._threads = self._client.nthreads()
            self._tell(
                f"{_name(self._client)}: {_counted(len(self._threads), 'worker')}, "
                f"{_counted(sum(self._threads.values()), 'thread')}"
                + ("" if self._threads else "; waiting for the first")
            )
            self._client.subscribe_topic(cluster_worker.TOPIC, self._hear)
            left.callback(self._client.unsubscribe_topic, cluster_worker.TOPIC)
            # Made by a task, so that it is made again when a worker dies that alone had it.
            pickled = pickle.dumps(self._dataset, pickle.HIGHEST_PROTOCOL)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sending large graph")  # it is sent once
                self._data = self._client.submit(bytes, pickled, key=f"study-data-{self._run}")
            left.callback(self._data.release)
            watching = self._in_loop(self._watch())
            left.callback(watching.cancel)
            left.callback(self._give_up)
            self._left = left.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.close()

    @property
    def capacity(self) -> int:
        """Twice the threads, so that none waits for its next block."""
        return max(2 * sum(self._threads.values()), 1)

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C came."""
        return self._stop.is_set()

    def submit(self, index: int, block: Block) -> Future[BlockResult]:
        """Hand a block to the scheduler."""
        task = pickle.dumps(cluster_worker.Task(block, self._sent_with(block)))
        call = pickle.dumps(
            _Call(of_worker(), self._run, index, task),
            5,
            buffer_callback=lambda _: None,
        )
        future = self._in_loop(self._worked(index, call))
        self._out.add(future)
        future.add_done_callback(self._out.discard)
        return future

    async def _worked(self, index: int, call: bytes) -> BlockResult:
        """What comes of a block. Raises StudyError, and Broken where no block would fare better."""
        name = _name(self._client)
        while True:
            self._begun.discard(index)
            working = self._client.submit(
                pickle.loads, call, buffers=[self._data], key=f"study-block-{uuid.uuid4().hex}"
            )
            try:
                kind, content = await working
            except KilledWorker as error:
                if self._data.status == "error":
                    raise Broken(
                        f"{name}: its workers die of the data alone; give them more memory"
                    ) from error
                if index not in self._begun:
                    continue  # it stood in line there, behind another
                raise StudyError(
                    f"its workers died, {error.allowed_failures + 1} in turn, perhaps for want of "
                    "memory"
                ) from error
            except FutureCancelledError as error:
                raise Broken(f"{name}: the scheduler is gone, or was started again") from error
            except Exception as error:
                await _refuse_others(self._client)
                raise StudyError(first_line(error)) from error
            finally:
                working.release()
            if kind == cluster_worker.REFUSED:
                raise Broken(f"{name}: {content}")
            if kind == cluster_worker.FAILED:
                raise StudyError(content)
            return pickle.loads(content)

    def _sent_with(self, block: Block) -> cluster_worker.OwnFile | None:
        """What is sent of the code of a block's model."""
        if block.model not in self._files:
            path = block.engine.import_path
            self._files[block.model] = _own_file(path) if block.code and path else None
        return self._files[block.model]

    def _in_loop(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Do work in the client's loop, which has a thread of its own."""
        loop: Any = self._client.loop
        return asyncio.run_coroutine_threadsafe(work, loop.asyncio_loop)

    def _hear(self, event: tuple[float, Any]) -> None:
        """Count what a worker tells of a block, which starts over by telling 0."""
        run, index, done = event[1]
        if run == self._run:
            self._begun.add(index)
            self._counter.put(index, done)

    async def _watch(self) -> None:
        """Keep up with who the workers are."""
        without_since = time.monotonic()
        told = not self._threads
        while True:
            await asyncio.sleep(_LOOK)
            with suppress(OSError):  # a scheduler that is gone takes its blocks along
                self._threads = await _scheduler(self._client).ncores()
            if self._threads:
                without_since, told = time.monotonic(), False
            elif not told and time.monotonic() - without_since > _PATIENCE:
                self._tell(f"{_name(self._client)}: no worker is there; waiting for one")
                told = True

    def _give_up(self) -> None:
        """Want no block any more, so that no worker goes on with it."""
        for future in tuple(self._out):
            future.cancel()


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _own_file(import_path: str) -> cluster_worker.OwnFile | None:
    """The file of the module that a recipe names, unless it is one of a package, or installed."""
    module = import_path.partition(":")[0]
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or Path(file).name != f"{module}.py":
        return None
    installed = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib"))
    if file.startswith(installed):
        return None
    return cluster_worker.OwnFile(module, Path(file).read_bytes())
