"""Training that stops early on validation rows, against plain loops that do the same."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import shipped, train
from plain_loop import Masks, mean_loss, real
from sklearn.model_selection import ShuffleSplit
from torch import nn

from study.common.errors import InputError
from study.common.streams import StreamSeeds, varied
from study.common.task import NUMBER, Task
from study.engines.lanes.engine import Lanes
from study.engines.replicates import Replicate, Trained
from study.engines.row_orders import assign_rows, hold_out
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import BLOCK
from study.networks.build import build
from study.networks.dropout import Dropout
from study.recipes.model import ModelRecipe

Rows = tuple[np.ndarray, np.ndarray]  # their inputs, and their targets
ENGINES = pytest.mark.parametrize("engine", [Lanes, Torch])


def validation_rows(seed: int, rows: int) -> np.ndarray:
    """A fifth of the rows, drawn by NumPy alone from the seed's sixth stream."""
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, 5])))
    return stream.choice(rows, round(rows / 5), replace=False)


class Plain:
    """One network trained by a plain loop, with torch's own Adam and loss.

    Attributes
    ----------
    weights : those of the best epoch; best : that epoch, from 0; last : the last one trained
    losses, gradients : of every epoch trained
    """

    def __init__(
        self,
        network: nn.Module,
        learned: Rows,
        held: Rows,
        *,
        seed: int,
        epochs: int,
        patience: int,
        batch_size: int = 10,
        task: Task = NUMBER,
    ) -> None:
        self.network, self.masks, self.learned = network, Masks(seed), learned[0]
        self.task = task
        for module in network.modules():
            if isinstance(module, Dropout):
                module.register_forward_pre_hook(self.draw)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        order = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, 1])))
        self.losses, self.gradients = [], []
        least, self.best = np.inf, -1
        for epoch in range(epochs):
            rows = order.permutation(len(learned[1]))
            self.epoch(learned[0][rows], learned[1][rows], batch_size)
            error = self.error(held)
            if error < least:
                least, self.best = error, epoch
                self.weights = copy.deepcopy(network.state_dict())
            self.last = epoch
            if epoch - self.best == patience:
                break

    def epoch(self, x: np.ndarray, y: np.ndarray, batch_size: int) -> None:
        total = 0.0
        self.network.train()
        for start in range(0, len(x), batch_size):
            part = torch.from_numpy(x[start : start + batch_size]).requires_grad_(True)
            self.masks.next_step()
            self.optimizer.zero_grad()
            targets = torch.from_numpy(y[start : start + batch_size])
            loss = mean_loss(self.network(part), targets, self.task)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
            if len(part) == batch_size:
                gradient = part.grad.numpy()
        self.losses.append(total)
        self.gradients.append(gradient)

    def draw(self, module: Dropout, given: tuple[torch.Tensor]) -> None:
        """Hand a dropout module the mask that it is about to need."""
        if module.training and module.probability > 0:
            module.keep = self.masks(torch.ones_like(given[0]), module.probability)

    def error(self, held: Rows) -> float:
        found, targets = self.alone(held[0]), torch.from_numpy(held[1])
        return mean_loss(found, targets, self.task).item()

    def alone(self, x: np.ndarray) -> torch.Tensor:
        self.network.eval()
        with torch.no_grad():
            return torch.cat([self.network(row[None]) for row in torch.from_numpy(x)])

    def predictions(self, weights: dict[str, torch.Tensor]) -> np.ndarray:
        """Of the rows that were learned from, with other weights."""
        self.network.load_state_dict(weights)
        return self.alone(self.learned).numpy()


def plain(
    recipe: ModelRecipe, x: np.ndarray, y: np.ndarray, seed: int, task: Task = NUMBER
) -> Plain:
    """Train as the recipe says, on arrays whose rows are all training rows."""
    held = validation_rows(seed, len(y))
    left = np.setdiff1d(np.arange(len(y)), held)
    return loop_of(recipe, (x[left], y[left]), (x[held], y[held]), seed, task)


def loop_of(
    recipe: ModelRecipe, learned: Rows, held: Rows, seed: int, task: Task = NUMBER
) -> Plain:
    training = recipe.training
    return Plain(
        build(recipe, inputs=learned[0].shape[1], outputs=task.outputs, init=seed),
        learned,
        held,
        seed=seed,
        epochs=training.epochs,
        patience=training.patience,
        batch_size=training.batch_size,
        task=task,
    )


def assert_alike(trained: Trained, place: int, expected: Plain) -> None:
    """The replicate at a place stopped where the plain loop did, and has its best weights."""
    ended = expected.last + 1
    assert trained.epochs[place] == ended
    ours = {name: torch.from_numpy(of[place]) for name, of in trained.weights.items()}
    found, best = (expected.predictions(weights) for weights in (ours, expected.weights))
    np.testing.assert_allclose(found, best, rtol=0, atol=1e-5)
    for epochs, met, plain in (
        (trained.loss_epochs, trained.losses, expected.losses),
        (trained.occasion_epochs, trained.occasions, expected.gradients),
    ):
        through = epochs < ended
        assert through.any()
        found = np.stack([plain[epoch] for epoch in epochs[through]])
        np.testing.assert_allclose(met[place][through], found, rtol=0, atol=1e-5)
        assert not met[place][~through].any()


def assert_same(one: Trained, first: int, two: Trained, second: int) -> None:
    for name, weights in one.weights.items():
        np.testing.assert_array_equal(weights[first], two.weights[name][second], name)
    for name in ("epochs", "losses", "occasions"):
        np.testing.assert_array_equal(getattr(one, name)[first], getattr(two, name)[second])


# -- an independent loop ---------------------------------------------------------------------


@pytest.fixture(
    scope="module", params=[("mlp", 40), ("transformer", 20), ("linear", 60)], ids="{0[0]}".format
)
def stopping(request, people) -> tuple[ModelRecipe, list[Plain]]:
    """A recipe of few epochs, and the plain loops of its seeds 0 to 5 for either engine."""
    name, epochs = request.param
    recipe = shipped(name, epochs=epochs, patience=3)
    return recipe, [plain(recipe, people.train_x, people.train_y, seed) for seed in range(6)]


@ENGINES
def test_training_stops_where_a_plain_loop_does_with_the_weights_of_its_best_epoch(
    people, stopping, engine
):
    recipe, loops = stopping
    ours = train(recipe, real(*range(6)), people, engine=engine)
    for place, loop in enumerate(loops):
        assert_alike(ours, place, loop)
    # Some stopped, and not all at once.
    assert len({loop.last for loop in loops}) > 2


@ENGINES
@pytest.mark.parametrize("count", [2, 3])
def test_training_of_classes_stops_when_cross_entropy_is_no_more_smaller(people, engine, count):
    task = Task(tuple("abc"[:count]))
    cuts = np.quantile(people.train_y, np.arange(1, count) / count)
    y = np.searchsorted(cuts, people.train_y).astype(np.float32)
    recipe = shipped("mlp", epochs=40, patience=3)
    ours = engine(recipe, 8, task).train(real(*range(6)), people.train_x, y)
    loops = [plain(recipe, people.train_x, y, seed, task) for seed in range(6)]
    for place, loop in enumerate(loops):
        assert_alike(ours, place, loop)
    assert len({loop.last for loop in loops}) > 2


@ENGINES
def test_a_partial_last_batch_and_few_rows_are_trained_on_alike(people, engine):
    """Of 37 rows, 7 are held out and 30 learned from, seven at a time."""
    few = replace(people, train_x=people.train_x[:37], train_y=people.train_y[:37])
    recipe = shipped("mlp", epochs=30, batch_size=7, patience=2)
    ours = train(recipe, real(4), few, engine=engine)
    assert_alike(ours, 0, plain(recipe, few.train_x, few.train_y, 4))


@ENGINES
def test_shuffled_holds_out_rows_with_permuted_labels(people, engine):
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([6, 3])))
    recipe = shipped("mlp", epochs=30, patience=4)
    ours = train(recipe, [Replicate("shuffled", StreamSeeds.of(6))], people, engine=engine)
    assert_alike(ours, 0, plain(recipe, people.train_x, people.train_y[stream.permutation(200)], 6))


@ENGINES
def test_a_half_holds_out_a_fifth_of_its_own_training_rows(people, engine):
    """Of its 100 training rows 20, each twice on its side, as the network takes 160 steps of one."""
    recipe = shipped("mlp", epochs=30, patience=4)
    half = Replicate("real", StreamSeeds.of(2, 8))
    own = engine(recipe, 8).train([half], *people.pooled, tested=40)
    splitter = ShuffleSplit(n_splits=1, train_size=120, test_size=120, random_state=4)
    ((rows, _),) = splitter.split(np.zeros(240))
    rows = rows[:100].tolist()
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([2, 5])))
    held = [rows[place] for place in stream.choice(range(100), 20, replace=False)]
    left = [row for row in rows if row not in held]
    x, y = people.pooled
    learned, tested = [*left, *left], [*held, *held]
    assert_alike(own, 0, loop_of(recipe, (x[learned], y[learned]), (x[tested], y[tested]), 2))


def test_no_copy_of_a_validation_row_of_a_bootstrap_is_trained_on():
    replicates = [Replicate("real", varied("rows", 0, seed)) for seed in range(20)]
    drawn, _ = assign_rows(replicates, 200)
    for rows, trained_on, held in zip(drawn, *hold_out(replicates, drawn, 40), strict=True):
        assert len(set(rows[held])) == round(len(set(rows)) / 5)
        assert (len(trained_on), len(held)) == (160, 40)
        assert not set(rows[trained_on]) & set(rows[held])
        left = [row for row in rows if row not in rows[held]]
        assert rows[trained_on].tolist() == [*left, *left][:160]


@ENGINES
def test_a_bootstrap_is_trained_on_the_rows_that_are_left_and_some_of_them_again(people, engine):
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([9, 4])))
    rows = stream.integers(200, size=200).tolist()
    first = [place for place, row in enumerate(rows) if row not in rows[:place]]
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence([3, 5])))
    count = round(len(first) / 5)
    held = [rows[place] for place in stream.choice(first, count, replace=False)]
    left = [row for row in rows if row not in held]
    learned, tested = [*left, *left][:160], [*held, *held][:40]
    recipe = shipped("mlp", epochs=20, patience=3)
    ours = train(recipe, [Replicate("real", varied("rows", 3, 9))], people, engine=engine)
    x, y = people.train_x, people.train_y
    assert_alike(ours, 0, loop_of(recipe, (x[learned], y[learned]), (x[tested], y[tested]), 3))


# -- what a result depends on ----------------------------------------------------------------


@ENGINES
def test_a_seed_that_stops_early_is_bitwise_the_same_in_any_company(people, engine):
    few = replace(people, train_x=people.train_x[:64], train_y=people.train_y[:64])
    recipe = shipped("mlp", epochs=40, patience=2)
    shuffled = [Replicate("shuffled", StreamSeeds.of(seed)) for seed in range(20)]
    full = train(recipe, [*shuffled, *real(*range(20))], few, engine=engine)
    assert len(full.epochs) == BLOCK
    assert len(set(full.epochs)) > 3
    for seed in (3, 7):
        assert_same(train(recipe, real(seed), few, engine=engine), 0, full, 20 + seed)


@pytest.mark.parametrize("lanes", [8, 16, 32])
def test_it_is_bitwise_the_same_in_lanes_of_any_width_and_calls_of_any_length(
    people, monkeypatch, lanes
):
    from study.engines.lanes import training

    recipe = shipped("transformer", epochs=20, patience=3)
    expected = train(recipe, real(*range(5)), people)
    monkeypatch.setattr(training, "_MAY_STOP", 7)
    found = train(recipe, real(*range(5)), people, engine=Lanes, lanes=lanes)
    for place in range(5):
        assert_same(found, place, expected, place)


@ENGINES
def test_a_block_ends_when_all_have_stopped(people, engine):
    told: list[int] = []
    recipe = shipped("linear", epochs=2000, patience=1)
    engine(recipe, 8).train(real(0, 1), people.train_x, people.train_y, told.append)
    assert sum(told) < 2 * 1000


@ENGINES
def test_a_network_whose_error_was_never_finite_has_diverged(people, engine):
    recipe = shipped("mlp", epochs=6, patience=2)
    broken = replace(people, train_y=np.full_like(people.train_y, 1e30))
    trained = train(recipe, real(0), broken, engine=engine)
    assert trained.epochs == 0
    assert np.isnan(trained.weights["output.weight"]).all()


@ENGINES
def test_too_few_different_rows_are_refused(people, engine):
    one = replace(people, train_x=people.train_x[:1], train_y=people.train_y[:1])
    with pytest.raises(InputError, match="of 1 different training rows, 1 cannot be held out"):
        train(shipped("linear", epochs=2, patience=2), real(0), one, engine=engine)
