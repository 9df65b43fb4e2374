"""What `study plan` says, against what the run then is."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import shipped
from torch import nn

from study.execution import forecast, prepare, run
from study.execution.forecast import Forecast
from study.execution.memory import Needs
from study.execution.plan import Plan, in_threads, ordinary
from study.recipes.model import EstimatorRecipe, ModelRecipe, Protocol
from study.store.run_directory import FILE_NAME


class Own(nn.Module):
    """A small network that lanes do not know."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, 8)
        self.output = nn.Linear(8, 1)

    def forward(self, x):
        return self.output(self.hidden(x).atan()).squeeze(-1)


MODELS = {
    "mlp": shipped("mlp"),
    "own": ModelRecipe(
        title="Own",
        network="test_forecast:Own",
        training=Protocol(epochs=30, batch_size=20, learning_rate=0.01),
    ),
    "forest": EstimatorRecipe(
        title="Forest",
        estimator="sklearn.ensemble:RandomForestRegressor",
        arguments={"n_estimators": 20},
    ),
}


@dataclass(frozen=True)
class Both:
    """What was planned, and what came of it: seconds without loading the program, and bytes."""

    planned: Plan
    found: Forecast
    blocks: int
    seconds: float
    size: int


@pytest.fixture(scope="module")
def both(people, tmp_path_factory) -> Both:
    directory = tmp_path_factory.mktemp("planned") / "run"
    wanted = ordinary(range(12))
    planned = prepare.foresee(directory, people, MODELS, wanted, device="cpu")
    needs = Needs(loaded=1, shared=1, own=1, blocks=1, results=1)
    found = forecast.forecast(
        directory, planned, people, MODELS, workers=1, needs=needs, starting=0.0
    )
    assert not directory.exists()
    store, prepared = prepare.prepare(
        directory, "people", people, MODELS, wanted, device="cpu", fresh=False
    )
    with store:
        start = time.perf_counter()
        run.run(store, people, prepared.blocks, workers=1, report=lambda _: None)
        seconds = time.perf_counter() - start
    assert prepared == planned
    size = (directory / FILE_NAME).stat().st_size
    return Both(planned, found, len(prepared.blocks), seconds, size)


def test_a_plan_counts_what_the_run_then_trains(both):
    trainings = {share.title: dict(share.trainings) for share in both.found.shares}
    trained = {"real": 12, "shuffled": 12}
    assert trainings == {
        "MLP": {**trained, "untrained": 12},
        "Own": {**trained, "untrained": 12},
        "Forest": trained,
        "Least squares": {"real": 1},
    }
    assert sum(share.blocks for share in both.found.shares) == both.blocks


def test_a_plan_says_how_large_the_results_become(both):
    assert both.found.disk == pytest.approx(both.size, rel=0.2)


@pytest.mark.alone
def test_a_plan_says_how_long_the_run_takes(both):
    assert both.seconds / 2 < both.found.seconds < both.seconds * 2


def test_a_plan_for_a_cluster_tells_what_each_machine_takes_and_the_network(both):
    needs = Needs(loaded=400_000_000, shared=1, own=600_000_000, blocks=9, results=2_000_000_000)
    there = replace(both.found, workers=64, needs=needs, network=7_500_000)
    _, time_, memory, network, _ = forecast.told(there, cores=2, there=10**9).rsplit("\n", 4)
    assert "by 64 workers of the cluster, if they are as fast as this machine" in time_
    assert memory == "Memory: at most about 2.4 GB here, and 1.0 GB for each worker"
    assert network == "Network: about 7.5 MB, from here and back"


def test_workers_of_a_cluster_take_blocks_of_all_kinds_at_a_time(both):
    blocks, seconds = both.planned.blocks, [2.0] * both.blocks
    threads = sum(block.engine.name in ("lanes-1", "closed-form") for block in blocks)
    apart, together = (
        forecast._elapsed(blocks, seconds, 99, 10.0, together=of) for of in (False, True)
    )
    # The program is loaded once more, by the processes that follow the threads.
    assert 0 < threads < both.blocks
    assert (apart, together) == (10 + 2 + 10 + 2, 10 + 2)


def test_blocks_are_shared_out_over_workers_as_they_come_free(people):
    assert forecast._shared_out([5, 4, 3, 3], 2) == 8
    assert forecast._shared_out([5, 4, 3, 3], 9) == 5


def test_a_plan_leaves_a_run_as_it_is_and_says_what_it_holds(small, command):
    assert command("plan", *small, "--seeds", "2", "--out", "run").status == 0
    assert not Path("run").exists()
    assert command("run", *small, "--seeds", "2", "--out", "run", "--workers", "1").status == 0
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    said = command("plan", *small, "--seeds", "3", "--out", "run", "--workers", "99").out
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == before
    assert "12 stored, 6 to do" in said
    assert "by 99 workers (on paper: there are" in said
    assert "Least squares" not in said
    done = command("plan", *small, "--seeds", "2", "--out", "run").out
    assert done == (
        "run: of the networks asked for, 12 stored, 0 to do (real, shuffled and untrained)\n"
    )


def test_a_plan_refuses_what_a_run_refuses(small, command):
    assert command("run", *small, "--seeds", "1", "--out", "run", "--workers", "1").status == 0
    other = [*small[:2], "--models", "mlp", "--out", "run"]
    refused = [command(name, *other, "--seeds", "1") for name in ("plan", "run")]
    assert refused[0] == refused[1]
    assert (refused[0].status, "made from another recipe" in refused[0].err) == (2, True)
    (Path("run") / FILE_NAME).write_bytes(b"nothing of the kind")
    refused = [command(name, *small, "--out", "run") for name in ("plan", "run")]
    assert refused[0] == refused[1]
    assert refused[0].status == 2


def test_lanes_are_done_in_processes_where_there_is_more_to_do_than_these_take_to_start(people):
    models = {"transformer": shipped("transformer"), "own": MODELS["own"]}

    def engines(seeds: int) -> set[str]:
        nowhere = Path("nowhere")
        blocks = prepare.foresee(
            nowhere, people, models, ordinary(range(seeds)), device="cpu"
        ).blocks
        return {blocks[place].engine.name for place in in_threads(blocks)}

    # About three seconds of a core, and as many minutes.
    assert engines(20) == {"lanes-1", "closed-form"}
    assert engines(1200) == set()
