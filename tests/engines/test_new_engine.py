"""An engine that the program does not know: one entry in the list of engines is all it takes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from study.common.methods import GRADIENTS, PREDICTIONS
from study.common.task import Task
from study.engines import registry
from study.engines.engine import Cost, Engine, Stack
from study.engines.replicates import Trained
from study.engines.row_orders import assign_rows
from study.recipes.model import EstimatorRecipe
from study.store.store import Store


class Lines(Stack):
    offers = frozenset({GRADIENTS, PREDICTIONS})

    def __init__(self, slopes, mean):
        self.slopes, self.mean, self.size = slopes, mean, len(slopes)

    def predict(self, x):
        # One after another, so that none depends on its companions.
        return np.stack([x @ slopes for slopes in self.slopes]) + self.mean

    def gradient_parts(self, x):
        yield np.repeat(self.slopes[:, None], len(x), axis=1)


@dataclass(frozen=True)
class Covariances(Engine):
    """The covariance of each feature with the target, taken for its slope."""

    family = "covariances"
    threaded = True
    recipe: EstimatorRecipe
    inputs: int
    task: Task

    @classmethod
    def of(cls, recipe, inputs, device, task):
        mine = recipe is not None and recipe.import_path == "mine:Covariances"
        return cls(recipe, inputs, task) if mine else None

    @staticmethod
    def offers(condition):
        return frozenset() if condition == "untrained" else Lines.offers

    @property
    def layout(self):
        return [["slopes", [self.inputs]], ["mean", [1]]]

    def train(
        self, replicates, x, y, on_work=lambda _: None, *, tested=0, groups=None, weights=None
    ):
        pairs = zip(*assign_rows(replicates, len(y) - tested, tested, groups), strict=True)
        slopes = [
            (x[rows] - x[rows].mean(axis=0)).T @ y[labels] / len(rows) for rows, labels in pairs
        ]
        on_work(len(replicates))
        mean = np.full((len(replicates), 1), y[: len(y) - tested].mean())
        return Trained.without_steps({"slopes": np.array(slopes), "mean": mean}, len(replicates))

    def stack(self, trained):
        return Lines(**trained.weights)

    def cost(self, rows):
        return Cost(epoch=rows, row=1)

    def memory(self, replicates, dataset):
        return 8 * dataset.train_x.size

    def held(self, replicates, dataset):
        return 0


@pytest.fixture
def arguments(small, command, monkeypatch):
    """Of `study run`: a model by the new engine, and one by another."""
    monkeypatch.setattr(registry, "ENGINES", [Covariances, *registry.ENGINES])
    Path("mine.toml").write_text('title = "Mine"\nestimator = "mine:Covariances"\n')
    return [*small[:2], "--models", f"mine.toml,{small[3].split(',')[1]}", "--seeds", "3"]


def test_a_new_engine_runs_from_plan_to_report(arguments, command, people, undrawn):
    planned = command("plan", *arguments)
    assert planned.status == 0, planned.err
    counts = [line.split() for line in planned.out.splitlines() if line.split()[0] == "Mine"]
    assert [line[:5] for line in counts] == [["Mine", "3", "3", "-", "6"]]
    ran = command("run", *arguments, "--workers", "2")
    assert ran.status == 0, ran.err
    assert "of the models asked for, 0 stored, 15 to do" in ran.out
    assert "15 stored, 0 to do" in command("run", *arguments).out

    centred = people.train_x.astype(np.float64) - people.train_x.mean(axis=0, dtype=np.float64)
    slopes = (centred * people.train_y[:, None]).mean(axis=0)
    with Store(Path("reports/people")) as store:
        assert {key.engine for key in store.stored_keys() if key.model == "mine"} == {"covariances"}
        scores = store.frame("scores")
    mine = scores[(scores["model"] == "mine") & (scores["condition"] == "real")]
    assert set(mine["method"]) == {
        *("gradient", "contrast-gradient", "scaled-gradient", "permutation", "permutation-grouped")
    }
    signed = mine[mine["method"] == "gradient"].set_index("item")["signed"]
    for feature, slope in zip(people.features, slopes, strict=True):
        assert signed[feature].to_numpy() == pytest.approx([slope] * 3, rel=1e-4, abs=1e-6)

    checked = command("check", "--data", arguments[1], "--retrain", "1", "--trust")
    assert checked.status == 0, checked.out
    assert "C014  mine, 1 trained again (drawn by seed 0): bitwise what is stored" in checked.out

    row = ["sex=male", "age=34", "State=Oklahoma", "politics=moderate"]
    predicted = command("predict", *row, "--trust").out
    x = np.array([-1, 0.34, 0, 0, 1, 0, 1, 0])
    income = 100_000 * (slopes @ x + people.train_y.mean(dtype=np.float64))
    (line,) = (line.split() for line in predicted.splitlines() if line.split()[0] == "Mine")
    assert line[1] == "3"
    assert float(line[2].replace(",", "")) == pytest.approx(income, rel=1e-5)

    assert command("report").status == 0
    assert "Mine" in Path("reports/people/report.html").read_text()


def test_an_engine_that_is_gone_is_a_fault_of_a_run(arguments, command, monkeypatch):
    assert command("run", *arguments, "--workers", "1").status == 0
    monkeypatch.setattr(registry, "ENGINES", registry.ENGINES[1:])
    checked = command("check", "--data", arguments[1], "--trust")
    assert checked.status == 1
    assert (
        "mine, real, seeds 0-2; mine, shuffled, seeds 0-2: what engine 'covariances' leaves is not known"
        in checked.out
    )
