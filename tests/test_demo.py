import numpy as np
import torch

from study import demo


def test_the_demo_tells_its_steps_and_saves_the_published_state(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "EPOCHS", 4)
    monkeypatch.setattr(demo, "GRADIENT_INTERVAL", 2)
    monkeypatch.setattr(demo, "LOSS_INTERVAL", 2)
    before = torch.get_rng_state()
    said: list[str] = []
    demo.tell(0, tmp_path / "new" / "weights.pt", said.append)
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


def test_the_loop_is_repeatable_and_its_seed_matters(people):
    one, again, other = (
        demo.train_published(people.train_x, people.train_y, seed, epochs=2) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.losses, again.losses)
    np.testing.assert_array_equal(one.importance, again.importance)
    assert not np.array_equal(one.losses, other.losses)


def test_accuracy_one_by_one_and_all_at_once():
    class Place(torch.nn.Module):
        """Predicts a row's place in its batch."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.arange(len(x), dtype=torch.float32).unsqueeze(1)

    x, y = np.zeros((4, 1), dtype=np.float32), np.float32([0.001, 1, 2.05, 5])
    assert demo.accuracy(Place(), x, y, 0.1, one_by_one=False) == 0.5
    assert demo.accuracy(Place(), x, y, 0.1, one_by_one=True) == 0
