"""Seconds of the processor to train one network of 6000 steps: four ways, and the limit, in one
run on one core.

    python benchmarks/throughput.py

The published loop trains one seed after another with torch's own layers; torch.func, JAX (if
it is installed) and the lanes train many at once. Each is timed in turn, again and again, for
a few epochs, and the time scaled to 300. A block of torch.func or of lanes costs the same
however many of its places are used, so their times for a number of seeds are those of as many
blocks as hold them; JAX is run with each number of seeds. Then 100 seeds are trained from end
to end by an engine's `train`, all epochs, building and unpacking included. Compiling and
starting up are left out: see benchmarks/start.py. The limit is what the additions,
multiplications, divisions and roots of the lanes would take at the rate at which this core
multiplies and adds in registers.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

# One core for everything, also for what JAX starts.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np
import torch
from torch import nn

from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.demo import train_published
from study.engines.lanes import kernels
from study.engines.lanes.compiler import Kernel, aligned, host_lanes
from study.engines.lanes.engine import Lanes
from study.engines.lanes.graph.network import Sizes
from study.engines.lanes.memory import Variable, array
from study.engines.lanes.tracing import Trace, integer, loop, tracing
from study.engines.network_engine import NetworkEngine
from study.engines.replicates import Replicate
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import BLOCK
from study.networks.build import build
from study.recipes.find import find_dataset, find_model
from study.recipes.model import ModelRecipe

SEEDS = (1, 16, 20, 100, 1000)
EPOCHS, BATCHES, ROWS = 300, 20, 200
Timed = Callable[[], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = find_dataset("people")
    dataset = load_dataset(found.recipe, found.path.parent)
    limit = peak(host_lanes())
    print(f"One core multiplies and adds at {limit / 1e9:.0f} GFLOP/s, {host_lanes()} lanes.")
    for name in ("transformer", "mlp", "linear"):
        compare(name, dataset, limit, arguments.rounds)


def compare(name: str, dataset: Dataset, limit: float, rounds: int) -> None:
    """Time all ways in turn, and print seconds a seed and ratios."""
    recipe = find_model(name).recipe
    network = build(recipe, inputs=8, init=0)
    loop_ = plain_loop(name, dataset)
    ways: dict[str, Timed] = {
        "loop": loop_,
        "torch block": block(recipe, dataset, Torch, BLOCK, epochs=4),
        **{
            f"lanes block {count}": block(recipe, dataset, Lanes, count, epochs=160)
            for count in sorted({8, host_lanes()})
        },
        **{f"jax {seeds}": way for seeds, way in jax_ways(network, dataset).items()},
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, timed in ways.items():
            times[way].append(timed())
    seconds = {way: statistics.median(found) for way, found in times.items()}
    spread = max(max(found) / min(found) for found in times.values())
    floor = operations(Sizes.of(network, 8)) / limit
    print(f"\n{recipe.title}: seconds a seed, {rounds} rounds, slowest / fastest {spread:.2f}")
    print(
        "seeds      loop  torch.func       jax     lanes     limit  loop/lanes  jax/lanes"
        "  torch/lanes  lanes/limit"
    )
    for seeds in SEEDS:
        by_torch = -(-seeds // BLOCK) * seconds["torch block"] / seeds
        by_lanes = in_lanes(seeds, seconds) / seeds
        by_jax = seconds.get(f"jax {seeds}", np.nan) / seeds
        print(
            f"{seeds:5d} {seconds['loop']:9.4f} {by_torch:11.4f} {by_jax:9.4f} {by_lanes:9.5f} "
            f"{floor:9.5f} {seconds['loop'] / by_lanes:11.0f} {by_jax / by_lanes:10.1f} "
            f"{by_torch / by_lanes:12.1f} {by_lanes / floor:12.2f}"
        )
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(100)]
    start = time.process_time()
    Lanes(recipe, 8).train(replicates, dataset.train_x, dataset.train_y)
    whole = (time.process_time() - start) / 100
    print(
        f"100 seeds by train(), from end to end: {whole:.5f} s a seed, "
        f"{seconds['loop'] / whole:.0f} times the loop, {whole / floor:.2f} times the limit"
    )


def in_lanes(seeds: int, seconds: dict[str, float]) -> float:
    """Whole blocks, and for the rest the narrowest block that holds it."""
    whole, rest = divmod(seeds, host_lanes())
    last = seconds["lanes block 8"] if rest <= 8 else seconds[f"lanes block {host_lanes()}"]
    return whole * seconds[f"lanes block {host_lanes()}"] + (last if rest else 0)


def plain_loop(name: str, dataset: Dataset) -> Timed:
    """One seed, eager, with torch's own layers and loader."""
    if name == "transformer":

        def timed() -> float:
            ticks: list[float] = []
            train_published(
                dataset.train_x, dataset.train_y, 0, 4, lambda *_: ticks.append(time.process_time())
            )
            return (ticks[-1] - ticks[0]) / (len(ticks) - 1) * EPOCHS

        return timed
    stock: list[nn.Module] = []
    if name == "mlp":
        stock = [nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, 1)]
    model = nn.Sequential(*stock) if stock else nn.Linear(8, 1)
    x, y = torch.from_numpy(dataset.train_x), torch.from_numpy(dataset.train_y)[:, None]
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), batch_size=10, shuffle=True
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def epoch() -> None:
        for inputs, targets in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()

    def timed_epochs() -> float:
        epoch()
        start = time.process_time()
        for _ in range(4):
            epoch()
        return (time.process_time() - start) / 4 * EPOCHS

    return timed_epochs


def block(
    recipe: ModelRecipe, dataset: Dataset, kind: type[NetworkEngine], count: int, epochs: int
) -> Timed:
    """Seconds for 300 epochs of one block, reckoned from its first report of work to the last."""
    protocol = recipe.training.model_copy(update={"epochs": epochs})
    engine = kind(recipe.model_copy(update={"training": protocol}), 8)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(count)]

    def timed() -> float:
        ticks: list[tuple[float, int]] = []
        engine.train(
            replicates,
            dataset.train_x,
            dataset.train_y,
            lambda work: ticks.append((time.process_time(), work // count)),
        )
        worked = sum(work for _, work in ticks[1:])
        return (ticks[-1][0] - ticks[0][0]) / worked * EPOCHS

    return timed


def jax_ways(network: nn.Module, dataset: Dataset) -> dict[int, Timed]:
    """Each number of seeds at once; none where JAX is not installed."""
    try:
        from jax_loop import epochs_of, forward_of
    except ModuleNotFoundError:
        return {}

    def timed(train_epochs: Callable[[int], object], epochs: int) -> Timed:
        train_epochs(epochs)  # compiles

        def once() -> float:
            start = time.process_time()
            train_epochs(epochs)
            return (time.process_time() - start) / epochs * EPOCHS

        return once

    return {
        seeds: timed(
            epochs_of(network, forward_of(network), dataset.train_x, dataset.train_y, seeds),
            max(2, 200 // seeds),
        )
        for seeds in SEEDS
    }


def operations(sizes: Sizes) -> float:
    """Additions, multiplications, divisions and roots of one whole training of one seed."""
    counted = kernels.training(sizes, 8, 8).operations
    steps = EPOCHS * BATCHES
    return counted["epoch", "batch", "row"] * EPOCHS * ROWS + counted["epoch", "batch"] * steps


def peak(lanes: int) -> float:
    """Multiplications and additions a second, in registers: twelve chains beside each other."""
    chains, turns = 12, 1_000_000
    kernel = Kernel(chain, lanes, chains)
    x = aligned((chains, lanes))
    best = np.inf
    for _ in range(9):
        start = time.process_time()
        kernel(x=x, turns=turns)
        best = min(best, time.process_time() - start)
    return 2 * chains * turns * lanes / best


def chain(lanes: int, chains: int) -> Trace:
    """x = 0.999 x + 0.5, again and again."""
    with tracing(lanes, ("x",), ("turns",)) as trace:
        x = array("x", chains)
        values = [Variable(x[place]) for place in range(chains)]
        for _ in loop(integer("turns")):
            for value in values:
                value.set(value.get() * 0.999 + 0.5)
        for place, value in enumerate(values):
            x[place] = value.get()
    return trace


if __name__ == "__main__":
    main()
