"""Seconds of the processor to train one network of one's own, by PyTorch, in lanes and in JAX, and
to compile it.

    python benchmarks/own_networks.py

Networks as strangers write them: the residual network of docs/own-model.md, an MLP with exact
GELU and layer norm, and PyTorch's own encoder layers of the published sizes. Each is trained on the
people data in blocks of either engine in turn, and in JAX where it is installed, again and again,
for a few epochs, and the time scaled to 300, as in throughput.py, which says what the limit is.
Compiling is from the nn.Module to the training kernel, with
nothing in the cache: recording, with what it imports, planning, writing, LLVM.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from throughput import block, in_lanes, jax_ways, operations, peak
from torch import Tensor, nn
from torch.nn import functional

from study.datasets.dataset import load_dataset
from study.engines.lanes.compiler import host_lanes
from study.engines.lanes.engine import Lanes
from study.engines.torch.engine import Torch
from study.engines.torch.prediction import BLOCK
from study.networks.build import build
from study.networks.dropout import Dropout
from study.recipes.find import find_dataset, find_model
from study.recipes.model import ModelRecipe, Protocol

SEEDS = (1, 16, 20, 100, 1000)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand, self.contract = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = Dropout(0.1)

    def forward(self, h: Tensor) -> Tensor:
        return self.contract(self.dropout(torch.relu(self.expand(self.norm(h)))))


class Residual(nn.Module):
    """That of docs/own-model.md."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.first, self.output = nn.Linear(inputs, 8), nn.Linear(8, 1)
        self.blocks = nn.ModuleList(Block(8) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for part in self.blocks:
            h = h + part(h)
        return self.output(h).squeeze(-1)


class GeluMlp(nn.Module):
    """Two hidden layers with exact GELU, the first normalised."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(inputs, 16), nn.LayerNorm(16), nn.GELU()),
            *(nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(-1)


class Encoder(nn.Module):
    """nn.TransformerEncoder over the inputs as tokens."""

    def __init__(
        self, *, inputs: int, width: int = 4, heads: int = 2, middle: int = 10, layers: int = 2
    ) -> None:
        super().__init__()
        self.embedding = nn.Linear(1, width)
        layer = nn.TransformerEncoderLayer(width, heads, middle, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.hidden, self.output = nn.Linear(inputs * width, 10), nn.Linear(10, 1)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.encoder(self.embedding(x.unsqueeze(-1)))
        return self.output(functional.tanh(self.hidden(tokens.flatten(1)))).squeeze(-1)


PROTOCOL = Protocol(epochs=300, batch_size=10, learning_rate=0.01)
LARGE = {"width": 32, "heads": 4, "middle": 64, "layers": 4}


def own(name: str, **arguments: int) -> ModelRecipe:
    network = f"own_networks:{name}"
    return ModelRecipe(title=name, network=network, arguments=arguments, training=PROTOCOL)


RECIPES = {
    "transformer": find_model("transformer").recipe,
    **{name: own(name) for name in ("Residual", "GeluMlp", "Encoder")},
    "4 encoder layers of 32": own("Encoder", **LARGE),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", choices=RECIPES, help="in a process of its own")
    arguments = parser.parse_args()
    if arguments.compile:
        compile_alone(arguments.compile)
        return
    torch.set_num_threads(1)
    limit = peak(host_lanes())
    print(f"One core multiplies and adds at {limit / 1e9:.0f} GFLOP/s, {host_lanes()} lanes.")
    for name in ("Residual", "GeluMlp", "Encoder"):
        compare(name, limit, arguments.rounds)
    print("\nSeconds of the processor to the training kernel, nothing in the cache, and again:")
    for name in RECIPES:
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = (compiling(name, cache) for _ in range(2))
        print(f"{name}: {cold:.1f}, {warm:.2f}")


def compare(name: str, limit: float, rounds: int) -> None:
    """Time both engines and JAX in turn, and print seconds a seed."""
    found = find_dataset("people")
    dataset, recipe = load_dataset(found.recipe, found.path.parent), RECIPES[name]
    network = build(recipe, inputs=8, init=0)
    same_in_jax(network, dataset.test_x)
    ways = {
        "torch block": block(recipe, dataset, Torch, BLOCK, epochs=3),
        **{
            f"lanes block {count}": block(recipe, dataset, Lanes, count, epochs=120)
            for count in sorted({8, host_lanes()})
        },
        **{f"jax {seeds}": way for seeds, way in jax_ways(network, dataset).items()},
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, timed in ways.items():
            times[way].append(timed())
    seconds = {way: statistics.median(found) for way, found in times.items()}
    floor = operations(Lanes(recipe, 8).sizes) / limit
    print(
        f"\n{name}: seconds a seed\nseeds  torch.func       jax     lanes     limit  torch/lanes"
        "  jax/lanes  lanes/limit"
    )
    for seeds in SEEDS:
        by_torch = -(-seeds // BLOCK) * seconds["torch block"] / seeds
        by_lanes = in_lanes(seeds, seconds) / seeds
        by_jax = seconds.get(f"jax {seeds}", np.nan) / seeds
        print(
            f"{seeds:5d} {by_torch:11.4f} {by_jax:9.4f} {by_lanes:9.5f} {floor:9.5f} "
            f"{by_torch / by_lanes:12.0f} {by_jax / by_lanes:10.1f} {by_lanes / floor:12.2f}"
        )


def same_in_jax(network: nn.Module, x: np.ndarray) -> None:
    """Hold what is timed in JAX to what the network computes, where JAX is installed."""
    try:
        from jax_loop import forward_of
    except ModuleNotFoundError:
        return
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(forward_of(network)(weights, x, None), expected, atol=1e-5)


def compiling(name: str, cache: str) -> float:
    """Seconds of the processor in a process of its own, with PyTorch loaded."""
    command = [sys.executable, __file__, "--compile", name]
    found = subprocess.run(
        command,
        env=os.environ | {"XDG_CACHE_HOME": cache},
        cwd=Path(__file__).parent,
        capture_output=True,
        check=True,
        text=True,
    )
    return float(found.stdout)


def compile_alone(name: str) -> None:
    import time

    from study.engines.lanes.packing import kernel

    start = time.process_time()
    kernel("training", Lanes(RECIPES[name], 8).sizes, 8, host_lanes())
    print(time.process_time() - start)


if __name__ == "__main__":
    main()
