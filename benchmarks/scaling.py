"""What a second worker brings, what each block costs beside its work, and what 100 machines would.

    python benchmarks/scaling.py --csv benchmarks/scaling.csv --figure benchmarks/scaling.png

Blocks of the default study are done by one worker and by two, in threads and in processes, and
blocks of PyTorch in processes, in turn, again and again; workers are started before the clock is.
Then blocks with next to no work are done one at a time by workers of each kind, and by one of
a Dask scheduler that is a process of its own: their time from being handed out to being stored,
less the work. At last the whole of 10,000 seeds of 10 models on 100 machines of 2 cores is
reckoned from these numbers. Needs `distributed`.
"""

import argparse
import json
import logging
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from distributed import Client
from matplotlib.figure import Figure

from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.engines.replicates import Replicate
from study.engines.torch.engine import Torch
from study.execution import prepare
from study.execution.block import Block
from study.execution.plan import ordinary
from study.execution.progress_counter import ProgressCounter, progress_counter
from study.execution.train_and_measure import BlockResult, train_and_measure
from study.execution.workers import cluster_worker
from study.execution.workers.cluster import Cluster
from study.execution.workers.processes import Processes
from study.execution.workers.serial import Serial
from study.execution.workers.threads import Threads
from study.recipes.find import DEFAULT_MODELS, find_dataset, find_model
from study.recipes.model import ModelRecipe
from study.report.style import BLUE, MUTED, ORANGE, png, style
from study.store.run_directory import FILE_NAME
from study.store.writer import Writer

WAYS: dict[str, tuple[str, type[Threads] | type[Processes]]] = {
    "lanes, threads": ("lanes", Threads),
    "lanes, processes": ("lanes", Processes),
    "torch, processes": ("torch", Processes),
}
# What is reckoned on paper.
SEEDS, MODELS, CONDITIONS, MACHINES, CORES = 10_000, 10, 3, 100, 2
NETWORKS = SEEDS * MODELS * CONDITIONS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=200, help="blocks whose cost is timed")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    found = find_dataset("people")
    dataset = load_dataset(found.recipe, found.path.parent)
    with tempfile.TemporaryDirectory() as folder:
        store, lanes = planned(Path(folder), dataset)
        with store:
            rates = throughput(
                dataset, {"lanes": lanes, "torch": by_torch(lanes)}, arguments.rounds
            )
            written = writing(store, lanes, dataset)
            costs = overheads(store, lanes[-1], dataset, arguments.blocks)
    table = pd.concat([rates, costs, written], ignore_index=True)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    print(f"\n{paper(table.set_index('what')['value'])}")
    if arguments.csv:
        table.to_csv(arguments.csv, index=False, float_format="%.6g", lineterminator="\n")
    if arguments.figure:
        arguments.figure.write_bytes(drawn(rates))


def planned(folder: Path, dataset: Dataset) -> tuple[Writer, list[Block]]:
    """An empty run, and blocks of each of the default models and conditions for it."""
    models = {name: find_model(name).recipe for name in DEFAULT_MODELS}
    store, plan = prepare.prepare(
        folder, "people", dataset, models, ordinary(range(32)), device="cpu", fresh=False
    )
    return store, [block for block in plan.blocks if block.replicates]


def by_torch(lanes: Sequence[Block]) -> list[Block]:
    """Four blocks of the MLP by PyTorch, for ten epochs."""
    mlp = next(block for block in lanes if block.model == "mlp" and block.epochs)
    recipe = mlp.engine.recipe
    assert isinstance(recipe, ModelRecipe)
    protocol = recipe.training.model_copy(update={"epochs": 10})
    engine = Torch(recipe.model_copy(update={"training": protocol}), inputs=8)
    seeds = np.arange(160).reshape(4, 40)
    return [
        replace(
            mlp, engine=engine,
            replicates=tuple(Replicate("real", StreamSeeds.of(int(seed))) for seed in part),
        )
        for part in seeds
    ]  # fmt: skip


def throughput(dataset: Dataset, blocks: dict[str, list[Block]], rounds: int) -> pd.DataFrame:
    """Networks a second of each way by one worker and by two, in turn; medians over rounds."""
    timed: dict[tuple[str, int], list[float]] = {}
    most = max(map(len, blocks.values()))
    with ExitStack() as left:
        counted = left.enter_context(progress_counter(most))
        groups: dict[tuple[str, int], Threads | Processes] = {}
        for way, (_, group_of) in WAYS.items():
            for workers in (1, 2):
                groups[way, workers] = group_of(workers, dataset, counted)
                left.enter_context(groups[way, workers])
        for key, group in groups.items():
            smallest = min(blocks[WAYS[key[0]][0]], key=lambda block: block.work)
            done(group, [smallest] * key[1])  # starts processes, and loads what they need
        for _ in range(rounds):
            for key, group in groups.items():
                todo = blocks[WAYS[key[0]][0]]
                seconds = done(group, todo)
                timed.setdefault(key, []).append(sum(block.size for block in todo) / seconds)
    rows = [
        (f"{way}: networks/s, {workers} workers", statistics.median(found))
        for (way, workers), found in timed.items()
    ]
    rows += [
        (
            f"{way}: 2 workers / 1",
            statistics.median(np.divide(timed[way, 2], timed[way, 1]).tolist()),
        )
        for way in WAYS
    ]
    return pd.DataFrame(rows, columns=["what", "value"])


def done(group: Serial | Threads | Processes, blocks: Sequence[Block]) -> float:
    """Seconds that workers take for blocks, handed out as `study run` does it."""
    start = time.perf_counter()
    waiting = list(enumerate(blocks))[::-1]
    working: set[Future[BlockResult]] = set()
    while waiting or working:
        while waiting and len(working) < group.capacity:
            working.add(group.submit(*waiting.pop()))
        finished, working = wait(working, return_when=FIRST_COMPLETED)
        for future in finished:
            future.result()
    return time.perf_counter() - start


def writing(store: Writer, lanes: Sequence[Block], dataset: Dataset) -> pd.DataFrame:
    """What the writer takes for one Transformer, in blocks of 128, and the bytes of it."""
    block = next(block for block in lanes if block.model == "transformer" and block.epochs)
    result = train_and_measure(block, dataset)
    path = store.directory / FILE_NAME
    pickled = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    before, seconds, rounds = path.stat().st_size, [], 9
    for turn in range(rounds):
        start = time.perf_counter()
        loaded = pickle.loads(pickled)
        loading = (time.perf_counter() - start) * 128 / len(loaded.records)
        records = [
            replace(
                loaded.records[place % len(loaded.records)],
                key=replace(loaded.records[0].key, streams=StreamSeeds.of(1000 * turn + place)),
            )
            for place in range(1000, 1128)
        ]
        start = time.perf_counter()
        store.add(block.model, block.engine.recipe, records, loaded.environment)
        seconds.append(time.perf_counter() - start + loading)
    written = 128 * rounds
    rows = [
        ("writer: ms/network", 1000 * statistics.median(seconds) / 128),
        ("writer: bytes/network", (path.stat().st_size - before) / written),
        ("result: bytes/network", len(pickled) / len(result.records)),
    ]
    return pd.DataFrame(rows, columns=["what", "value"])


def overheads(store: Writer, block: Block, dataset: Dataset, count: int) -> pd.DataFrame:
    """Milliseconds from handing out a block to having it stored, less its work, by workers."""
    small = [
        replace(block, replicates=(replace(block.replicates[0], streams=StreamSeeds.of(seed)),))
        for seed in range(10_000, 10_000 + count)
    ]
    train_and_measure(small[0], dataset)
    rows: list[tuple[str, float]] = []

    def cost(make: Callable[[ProgressCounter], Serial | Threads | Processes | Cluster]) -> float:
        taken = []
        with progress_counter(1) as counted, make(counted) as group:
            group.submit(0, small[0]).result()
            for one in small:
                start = time.perf_counter()
                train_and_measure(one, dataset)
                middle = time.perf_counter()
                result = group.submit(0, one).result()
                store.add(one.model, one.engine.recipe, result.records, result.environment)
                taken.append(time.perf_counter() - middle - (middle - start))
        store_again()
        return 1000 * statistics.median(taken)

    def store_again() -> None:
        """New seeds, as what is stored already would cost nothing."""
        small[:] = [
            replace(
                one,
                replicates=tuple(
                    replace(replicate, streams=StreamSeeds.of(replicate.streams.init + count))
                    for replicate in one.replicates
                ),
            )
            for one in small
        ]

    rows.append(("overhead: ms/block, alone", cost(lambda counted: Serial(dataset, counted))))
    rows.append(("overhead: ms/block, threads", cost(lambda counted: Threads(1, dataset, counted))))
    rows.append(
        ("overhead: ms/block, processes", cost(lambda counted: Processes(1, dataset, counted)))
    )
    with scheduled() as (client, scheduler):
        before = sum(scheduler.cpu_times()[:2])
        start = time.perf_counter()
        through = cost(lambda counted: Cluster(client, dataset, counted, lambda _: None))
        seconds = time.perf_counter() - start
        used = sum(scheduler.cpu_times()[:2]) - before
        idle_before = sum(scheduler.cpu_times()[:2])
        time.sleep(5)
        idle = (sum(scheduler.cpu_times()[:2]) - idle_before) / 5
    rows.append(("overhead: ms/block, Dask", through))
    rows.append(("scheduler: CPU ms/block", 1000 * (used - idle * seconds) / (count + 1)))
    full = replace(
        block, replicates=tuple(Replicate("real", StreamSeeds.of(seed)) for seed in range(128))
    )
    rows.append(
        ("task: bytes of a block of 128", len(pickle.dumps(cluster_worker.Task(full, None))))
    )
    return pd.DataFrame(rows, columns=["what", "value"])


@contextmanager
def scheduled() -> Iterator[tuple[Client, psutil.Process]]:
    """A client of a scheduler with one worker of one thread, and the scheduler's process."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask = [sys.executable, "-m", "dask"]
    quiet = subprocess.DEVNULL
    with tempfile.TemporaryDirectory() as folder, ExitStack() as left:
        file = Path(folder) / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
        scheduler = subprocess.Popen(
            [*dask, "scheduler", *options, "--scheduler-file", str(file)],
            stdout=quiet,
            stderr=quiet,
        )
        left.callback(scheduler.kill)
        while not (file.exists() and file.read_text()):
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        worker = subprocess.Popen(
            [*dask, "worker", address, "--nthreads", "1", "--no-nanny"], stdout=quiet, stderr=quiet
        )
        left.callback(worker.kill)
        client = left.enter_context(Client(address, set_as_default=False))
        client.wait_for_workers(1)
        yield client, psutil.Process(scheduler.pid)


def paper(of: pd.Series) -> str:
    """10,000 seeds of 10 models on 100 machines of 2 cores, from the numbers of one."""
    blocks = NETWORKS / 128
    rate = of["lanes, processes: networks/s, 1 workers"] * MACHINES * CORES
    slow = of["torch, processes: networks/s, 1 workers"] / 30 * MACHINES * CORES
    writer = NETWORKS * of["writer: ms/network"] / 1000
    lines = [
        f"{NETWORKS:,} networks ({SEEDS:,} seeds, {MODELS} models, {CONDITIONS} conditions) on "
        f"{MACHINES} machines of {CORES} cores, in {blocks:,.0f} blocks of 128:",
        f"computing, in lanes      {NETWORKS / rate:,.0f} s ({rate:,.0f} networks/s)",
        f"by PyTorch, were all MLP {NETWORKS / slow / 60:,.0f} min ({slow:,.0f} networks/s)",
        f"writer                   {writer:,.0f} s ({NETWORKS / writer:,.0f} networks/s)",
        f"scheduler                {blocks * of['scheduler: CPU ms/block'] / 1000:,.0f} s of CPU",
        f"network                  {NETWORKS * of['result: bytes/network'] / 1e9:,.1f} GB of "
        f"results, {blocks * of['task: bytes of a block of 128'] / 1e9:,.2f} GB of tasks",
        f"disk                     {NETWORKS * of['writer: bytes/network'] / 1e9:,.1f} GB",
        f"results under way        at most {2 * MACHINES * CORES * 128:,} networks, "
        f"{2 * MACHINES * CORES * 128 * of['result: bytes/network'] / 1e9:,.2f} GB",
        f"the writer keeps up with {1000 / of['writer: ms/network'] / rate * MACHINES:,.0f} "
        "machines in lanes",
    ]
    return "\n".join(lines)


def drawn(rates: pd.DataFrame) -> bytes:
    """Networks a second relative to one worker, as a PNG."""
    values = rates.set_index("what")["value"]
    ratios = [values[f"{way}: 2 workers / 1"] for way in WAYS]
    with style():
        figure = Figure(figsize=(7.0, 2.6), layout="constrained")
        axes = figure.add_subplot()
        places = np.arange(len(WAYS))
        axes.barh(places - 0.2, 1.0, 0.36, color=BLUE, label="1 worker")
        axes.barh(places + 0.2, ratios, 0.36, color=ORANGE, label="2 workers")
        for place, way in enumerate(WAYS):
            one, two = (values[f"{way}: networks/s, {workers} workers"] for workers in (1, 2))
            for end, shift, rate in ((1, -0.2, one), (ratios[place], 0.2, two)):
                text = axes.text(end + 0.02, place + shift, f"{rate:.3g} networks/s", va="center")
                text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
        axes.set_yticks(places, list(WAYS))
        axes.invert_yaxis()
        axes.set_xlim(0, 3.2)
        axes.set_xlabel("throughput, one worker = 1 (median of ratios within a round)")
        axes.axvline(2, color=MUTED, linewidth=0.8, linestyle="--", zorder=0)
        axes.legend(loc="upper right")
        axes.grid(visible=False)
    return png(figure)


if __name__ == "__main__":
    main()
