"""Seconds per trained Transformer: the plain sequential loop against the harness, in one run.

Both use one thread. The sequential loop costs the same for every seed, so a few short
trainings are timed, between the harness's blocks; times are scaled to 300 epochs.

    python benchmarks/throughput.py
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from study.dataset import load_dataset
from study.demo import EPOCHS, train_published
from study.networks.stack import BLOCK
from study.recipes import find_dataset, find_model
from study.streams import StreamSeeds
from study.training import Replicate, train

WARM_UP = 2


@dataclass
class Clock:
    """Counts the seconds of the epochs after the first few."""

    times: list[float] = field(default_factory=list)

    def tick(self, *_: object) -> None:
        self.times.append(time.perf_counter())

    def seconds_per_training(self) -> float:
        epochs = len(self.times) - WARM_UP
        return (self.times[-1] - self.times[WARM_UP - 1]) / epochs * EPOCHS


def timed(job: Callable[[Callable[..., None]], object]) -> float:
    clock = Clock()
    job(clock.tick)
    return clock.seconds_per_training()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12, help="epochs timed in each training")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = find_dataset("people")
    dataset = load_dataset(found.recipe, found.path.parent)
    recipe = find_model("transformer").recipe
    short = recipe.model_copy(
        update={"training": recipe.training.model_copy(update={"epochs": arguments.epochs})}
    )
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(BLOCK)]
    loop, block = [], []
    for _ in range(arguments.rounds):
        loop.append(
            timed(
                lambda tick: train_published(
                    dataset.train_x, dataset.train_y, 0, arguments.epochs, tick
                )
            )
        )
        block.append(timed(lambda tick: train(short, replicates, dataset, tick)))
    loop_seconds, block_seconds = statistics.median(loop), statistics.median(block)
    print(f"sequential loop: {loop_seconds:.1f} s per seed ({min(loop):.1f} to {max(loop):.1f})")
    spread = f"{min(block):.1f} to {max(block):.1f}"
    print(f"harness: {block_seconds:.1f} s a block of {BLOCK} ({spread})")
    for seeds in (20, 100):
        for conditions, each in (("real alone", 1), ("real and shuffled", 2)):
            trainings = seeds * each
            seconds = -(-trainings // BLOCK) * block_seconds / trainings
            print(
                f"{seeds} seeds, {conditions}: {seconds:.2f} s a training, "
                f"{loop_seconds / seconds:.1f} times the loop"
            )


if __name__ == "__main__":
    main()
