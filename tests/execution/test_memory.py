"""What a run is said to take in memory, against what processes of its shapes did take."""

import json
import os
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, made_run
from torch import nn

from study.analysis.results import Results
from study.common.methods import DEFAULT_METHODS, GROUPED_PERMUTATION, LEAVE_OUT
from study.datasets.dataset import Dataset
from study.engines.registry import engine_for
from study.execution import memory
from study.execution.block import Block
from study.execution.memory import Needs, told
from study.execution.plan import ordinary, plan
from study.execution.train_and_measure import train_and_measure
from study.recipes.dataset import DatasetRecipe
from study.recipes.model import Contender, EstimatorRecipe, ModelRecipe, Protocol


class Wide(nn.Module):
    """A plain network: in lanes, unless it has too many weights."""

    def __init__(self, inputs: int, width: int, depth: int) -> None:
        super().__init__()
        layers = [nn.Linear(inputs, width)]
        layers += [nn.Linear(width, width) for _ in range(depth - 1)]
        self.layers = nn.ModuleList(layers)
        self.output = nn.Linear(width, 1)

    def forward(self, x):
        for layer in self.layers:
            x = self.bent(layer(x))
        return self.output(x).squeeze(-1)

    def bent(self, x):
        return x.relu()


class Odd(Wide):
    """The same with a function that lanes do not know."""

    def bent(self, x):
        return x.atan()


@dataclass(frozen=True)
class Shape:
    """Rows of training and of the test, features, and a model with its size of batches."""

    train: int
    test: int
    features: int
    model: str
    arguments: dict[str, object]
    batch: int = 10
    seeds: int = 48
    left_out: bool = False

    @property
    def recipe(self) -> Contender:
        if "sklearn" in self.model:
            return EstimatorRecipe(title="m", estimator=self.model, arguments=self.arguments)
        training = Protocol(epochs=1, batch_size=self.batch, learning_rate=0.001)
        return ModelRecipe(
            title="m", network=self.model, arguments=self.arguments, training=training
        )

    @property
    def dataset(self) -> Dataset:
        names = tuple(f"x{place}" for place in range(self.features))
        recipe = DatasetRecipe.model_validate(
            {
                "title": "t",
                "source": "s",
                "table": {"train": "train.csv", "test": "test.csv"},
                "variables": [{"name": name, "type": "numeric"} for name in names],
                "target": {"name": "y", "tolerance": 0.1},
                "claim": {"level": "feature", "name": "x0", "rank": 1, "proportion": 0.8}
                | {"model": "m", "method": "gradient"},
                "permutation": {"repeats": 1},
            }
        )
        x = np.random.default_rng(0).normal(size=(self.train + self.test, self.features))
        x = x.astype(np.float32)
        groups = tuple((place,) for place in range(self.features))
        parts = x[: self.train], x[: self.train, 0], x[self.train :], x[self.train :, 0]
        return Dataset(recipe, names, names, groups, *parts, hashes={})

    def block(self, dataset: Dataset) -> Block:
        engine = engine_for(self.recipe, self.features)
        methods = (*DEFAULT_METHODS, *([LEAVE_OUT] if self.left_out else []))
        wanted = ordinary(range(self.seeds))
        planned = plan({"m": engine}, dataset, wanted, stored=set(), methods=methods)
        return next(block for block in planned.blocks if block.model == "m")


TRANSFORMER = {
    **{"token_width": 4, "heads": 2, "layers": 2, "feedforward_width": 10, "hidden_width": 10},
    **{"position_dropout": 0.2, "layer_dropout": 0.1, "positions": "batch"},
}
MLP, OWN = "study.networks.mlp:MLP", "test_memory:Wide"
FOREST = "sklearn.ensemble:RandomForestRegressor"
TREES = "sklearn.ensemble:ExtraTreesRegressor"
SHAPES = {
    "people": Shape(200, 40, 8, "study.networks.transformer:Transformer", TRANSFORMER),
    "5,000 rows of 50": Shape(4000, 1000, 50, MLP, {"hidden_widths": [10, 10]}),
    "100,000 rows of 20": Shape(80_000, 20_000, 20, MLP, {"hidden_widths": [4]}, batch=1000),
    "2,000 features": Shape(300, 10, 2000, MLP, {"hidden_widths": [4]}, seeds=8),
    "one batch of all rows": Shape(4000, 100, 50, MLP, {"hidden_widths": [4]}, batch=4000),
    "10^5 weights": Shape(60, 10, 8, OWN, {"width": 300, "depth": 2}, batch=50),
    "10^6 weights": Shape(20, 4, 3, OWN, {"width": 1000, "depth": 2}, batch=20),
    "many rows by torch": Shape(
        20_000, 4500, 4, "test_memory:Odd", {"width": 16, "depth": 3}, batch=5000
    ),
    "100 trees": Shape(3000, 40, 4, FOREST, {"n_estimators": 100, "max_features": 1}, seeds=1),
    "500 trees, and as many without each variable": Shape(
        3000, 40, 2, TREES, {"n_estimators": 500, "max_features": 1}, seeds=1, left_out=True
    ),
    "10^6 weights, and as many without each variable": Shape(
        20, 4, 2, OWN, {"width": 1000, "depth": 2}, batch=20, left_out=True
    ),
}


def measure(name: str) -> None:
    """Work on a block in a process of its own; write what was said before, and what it took."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            shape = SHAPES[name]
            dataset = shape.dataset
            block = shape.block(dataset)
            said = Needs.of([block], dataset, trainings=0).by(1)
            train_and_measure(block, dataset)
            os.write(writing, json.dumps([said, memory.held_now()]).encode())
        finally:
            os._exit(0)
    os.wait()
    os.close(writing)
    print(json.dumps([name, *json.loads(os.read(reading, 1000))]))  # noqa: T201


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[int, int]]:
    """Bytes that were said, and bytes that were taken, by the name of a shape."""
    code = "import test_memory\nfor name in test_memory.SHAPES: test_memory.measure(name)"
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = map(json.loads, done.stdout.splitlines())
    return {name: (said, taken) for name, said, taken in lines}


@pytest.mark.parametrize("name", SHAPES)
def test_a_run_takes_no_more_memory_than_it_says_and_not_far_less(name, measured):
    said, taken = measured[name]
    assert taken <= said <= 2.5 * taken


def test_workers_are_as_many_as_memory_suffices_for():
    needs = Needs(loaded=300, shared=0, own=200, blocks=10, results=0)
    # The driver, and a process of 500 for each of several workers; one worker is the driver.
    assert [needs.by(workers) for workers in (1, 2, 4)] == [500, 1300, 2300]
    assert [needs.fitting(4, there) for there in (None, 2300, 2299, 1300, 1299, 100)] == [
        *(4, 4, 3, 2, 1, 1)
    ]
    threads = Needs(loaded=300, shared=50, own=0, blocks=3, results=90)
    assert [threads.by(workers) for workers in (1, 2, 16)] == [390, 400, 450]


def test_too_little_memory_is_told_with_the_workers_that_would_fit():
    needs = Needs(loaded=300_000_000, shared=0, own=2_000_000_000, blocks=10, results=0)
    assert told(needs, 2, 16_000_000_000) == ["2 workers, at most about 4.9 GB of memory"]
    _, warning = told(needs, 2, 4_000_000_000)
    assert warning == "Warning: there is 4.0 GB of memory here; --workers 1 would fit."
    assert "one worker alone takes that" in told(needs, 1, 1_000_000_000)[1]


def test_reading_results_takes_no_more_than_is_said_and_not_far_less(tmp_path, people):
    seeds, inputs = 600, len(people.features)
    scores = {
        ("mlp", "real"): {
            method: np.random.default_rng(0).gamma(2, size=(seeds, items))
            for method in DEFAULT_METHODS
            for items in [len(people.variables) if method == GROUPED_PERMUTATION else inputs]
        }
    }
    made_run(tmp_path, people.recipe, scores)
    blocks = [SHAPES["people"].block(people)]
    said = [Needs.of(blocks, people, trainings=count).results for count in (0, seeds)]
    Results(tmp_path)  # imports what it needs
    tracemalloc.start()
    Results(tmp_path)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said[0] == 0
    assert taken <= said[1] <= 2.5 * taken
