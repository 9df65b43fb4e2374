import numpy as np
import pytest
import torch

from study import demo
from study.common.errors import InputError


def test_the_demo_tells_its_steps_and_saves_the_published_state(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "LOSS_INTERVAL", 2)
    before = torch.get_rng_state()
    said: list[str] = []
    demo.tell(0, tmp_path / "new" / "weights.pt", said.append, epochs=4)
    text = "\n".join(said)
    for part in (
        "8--32-T-10-1",
        "epoch   0  loss",
        "epoch   2  loss",
        "of the training rows (one by one)",
        "of the test rows (all at once)",
        "Predicted income of a male, 34, Oklahoma, moderate: $",
        "chaotic",
    ):
        assert part in text
    for feature, published in (("age", "0.7684"), ("politics=liberal", "0.0460")):
        line = next(line for line in said if line.strip().startswith(feature))
        assert line.split()[-1] == published
    shares = [
        float(line.split()[1])
        for line in said
        if line.startswith("  ") and line.split()[-1].startswith("0.")
    ]
    assert abs(sum(shares) - 1) < 0.001
    state = torch.load(tmp_path / "new" / "weights.pt", weights_only=True)
    assert "layer.linear1.weight" in state
    assert torch.equal(torch.get_rng_state(), before)


def test_the_demo_overwrites_weights_of_its_own_alone(tmp_path):
    said: list[str] = []
    path = tmp_path / "weights.pt"
    for _ in range(2):
        demo.tell(0, path, said.append, epochs=1)
    path.write_text("notes")
    del said[:]
    with pytest.raises(InputError, match=r"weights\.pt: there already, .* --force"):
        demo.tell(0, path, said.append, epochs=1)
    assert said == []
    assert path.read_text() == "notes"
    demo.tell(0, path, said.append, epochs=1, force=True)
    assert torch.load(path, weights_only=True)


def test_the_loop_is_repeatable_and_its_seed_matters(people):
    one, again, other = (
        demo.train_published(people.train_x, people.train_y, seed, epochs=2) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.losses, again.losses)
    np.testing.assert_array_equal(one.importance, again.importance)
    assert not np.array_equal(one.losses, other.losses)


def test_the_loop_measures_as_published(people):
    """A loop of the test's own, with torch.autograd.grad: the last batch of every epoch of four."""
    found = demo.train_published(people.train_x, people.train_y, 3, epochs=4)
    x, y = torch.from_numpy(people.train_x), torch.from_numpy(people.train_y)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = demo.PublishedTransformer().train()
        parameters = list(network.parameters())
        optimizer = torch.optim.Adam(parameters, lr=0.01)
        importance, losses = torch.zeros(8), []
        for _ in range(4):
            total = 0.0
            # What a DataLoader with shuffle=True draws: a base seed, then the sampler's.
            torch.empty((), dtype=torch.int64).random_()
            sampler = torch.Generator()
            sampler.manual_seed(int(torch.empty((), dtype=torch.int64).random_().item()))
            for rows in torch.randperm(200, generator=sampler).split(10):
                batch = x[rows].requires_grad_(True)
                loss = ((network(batch)[:, 0] - y[rows]) ** 2).mean()
                *gradients, of_inputs = torch.autograd.grad(
                    loss, [*parameters, batch], allow_unused=True
                )
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter.grad = gradient
                optimizer.step()
                total += loss.item()
            losses.append(total)
            importance += of_inputs.abs().sum(dim=0) / 10
    np.testing.assert_allclose(found.losses, losses, rtol=1e-4)
    np.testing.assert_allclose(found.importance, importance, rtol=1e-3)


def test_accuracy_one_by_one_and_all_at_once():
    class Place(torch.nn.Module):
        """Predicts a row's place in its batch."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.arange(len(x), dtype=torch.float32).unsqueeze(1)

    x, y = np.zeros((4, 1), dtype=np.float32), np.float32([0.001, 1, 2.05, 5])
    assert demo.accuracy(Place(), x, y, 0.1, one_by_one=False) == 0.5
    assert demo.accuracy(Place(), x, y, 0.1, one_by_one=True) == 0
