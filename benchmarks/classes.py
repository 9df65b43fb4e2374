"""What a training costs that learns classes, in units of one that learns a number.

    python benchmarks/classes.py

The published Transformer and the MLP are trained in lanes on the people data, on incomes and on to
which of two, three and ten parts of the incomes each row belongs. A block of seeds is trained for
each in turn, again and again, on one core, and its time of the processor is taken: what is built,
compiled and unpacked is left out. Three classes or more have a logit for each.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

# One core for everything.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
import torch

from study.common.streams import StreamSeeds
from study.common.task import NUMBER, Task
from study.datasets.dataset import Dataset, load_dataset
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.engine import Lanes
from study.engines.replicates import Replicate
from study.recipes.find import find_dataset, find_model

TASKS = {
    "a number": NUMBER,
    **{f"{count} classes": Task(tuple(map(str, range(count)))) for count in (2, 3, 10)},
}
EPOCHS, SHIPPED_EPOCHS = 100, 300
Timed = Callable[[], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = find_dataset("people")
    dataset = load_dataset(found.recipe, found.path.parent)
    for name in ("transformer", "mlp"):
        compare(name, dataset, arguments.rounds)


def compare(name: str, dataset: Dataset, rounds: int) -> None:
    """Time all tasks in turn, and print seconds a seed and ratios."""
    ways = {what: block(name, dataset, task) for what, task in TASKS.items()}
    for timed in ways.values():
        timed()
    times: dict[str, list[float]] = {what: [] for what in ways}
    for _ in range(rounds):
        for what, timed in ways.items():
            times[what].append(timed())
    one = times["a number"]
    print(
        f"\n{name}: seconds a seed of {SHIPPED_EPOCHS} epochs, and times a number; {rounds} rounds"
    )
    for what, found in times.items():
        ratios = sorted(own / number for own, number in zip(found, one, strict=True))
        print(
            f"{what:11s} {statistics.median(found):8.4f} {statistics.median(ratios):6.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def block(name: str, dataset: Dataset, task: Task) -> Timed:
    """Seconds of the processor for a seed, of a full block of lanes."""
    recipe = find_model(name).recipe
    protocol = recipe.training.model_copy(update={"epochs": EPOCHS})
    engine = Lanes(recipe.model_copy(update={"training": protocol}), 8, task)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(host_lanes())]
    y = dataset.train_y
    if task.classes:
        count = len(task.levels)
        y = np.searchsorted(np.quantile(y, np.arange(1, count) / count), y).astype(np.float32)

    def timed() -> float:
        ticks: list[tuple[float, int]] = []
        engine.train(
            replicates,
            dataset.train_x,
            y,
            lambda work: ticks.append((time.process_time(), work // len(replicates))),
        )
        epochs = sum(done for _, done in ticks[1:])
        return (ticks[-1][0] - ticks[0][0]) / epochs * SHIPPED_EPOCHS / len(replicates)

    return timed


if __name__ == "__main__":
    main()
