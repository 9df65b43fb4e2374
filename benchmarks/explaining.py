"""What Shapley values and integrated gradients take, beside training, and shap on one network.

python -P benchmarks/explaining.py [--seeds 20] [--rounds 3]

Processor seconds for all seeds of people in lanes (each way in turn in one run, the fastest round),
and what `shap`'s exact explainer takes for the same values of one seed of each model: predicting by
the same kernels, compiled before, and by the network itself in torch, as one calls it there.
Needs shap; with -P, as `coverage.py` beside this is not the module that shap means.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch

from study.common.methods import INTEGRATED_GRADIENT, SHAPLEY
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.engines.engine import Stack
from study.engines.network_engine import NetworkEngine
from study.engines.one_thread import one_thread
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.importance.integrated_gradient import attributions, baseline_of
from study.importance.measure import measure
from study.importance.sample import Sample
from study.importance.shapley import background_of
from study.recipes.find import DEFAULT_MODELS, find_dataset, find_model


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of some rounds, after one that compiles."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def by_shap(predict: Callable[[np.ndarray], np.ndarray], data: Dataset) -> tuple[float, np.ndarray]:
    """Seconds of shap for one network, and its mean absolute values by variable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

    def features(codes: np.ndarray) -> np.ndarray:
        parts = [
            np.eye(len(group))[codes[:, place].astype(int)] if len(group) > 1 else codes[:, [place]]
            for place, group in enumerate(data.groups)
        ]
        return np.concatenate(parts, axis=1).astype(np.float32)

    background, _ = background_of(data, Sample.of(data, ()))
    background = data.to_variables(background)
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.explainers.Exact(lambda codes: predict(features(codes)), masker)
    explainer(data.to_variables(data.test_x[:2]))  # compiles what is shap's own
    start = time.process_time()
    values = explainer(data.to_variables(data.test_x)).values
    return time.process_time() - start, np.abs(values).mean(axis=0)


def by_torch(engine: NetworkEngine, trained: Trained) -> Callable[[np.ndarray], np.ndarray]:
    """Predictions by the network of the first seed, each row alone, as all that is shown."""
    network = engine.network.eval()
    weights = {name: torch.from_numpy(of[0]) for name, of in trained.weights.items()}
    network.load_state_dict(weights, strict=False)
    rows_alone = torch.func.vmap(lambda row: network(row[None])[0])

    def predict(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return rows_alone(torch.from_numpy(x)).numpy()

    return predict


def missed(stack: Stack, data: Dataset) -> float:
    """How far integrated gradients of a row are from adding up, at most, in proportion to the
    largest difference of the same network."""
    baseline = baseline_of(data, Sample.of(data, ()))
    found = np.concatenate([*attributions(stack, data.test_x, baseline)], axis=1).sum(axis=2)
    at_baseline = stack.predict(baseline[None].astype(np.float32))
    difference = stack.predict(data.test_x) - at_baseline
    error = np.abs(found - difference).max(axis=1)
    return float((error / np.abs(difference).max(axis=1)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    found = find_dataset("people")
    data = load_dataset(found.recipe, found.path.parent)
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in range(arguments.seeds)]
    print(
        "model                train  shapley  part  integrated  part  missed  shap, a seed  times  "
        "apart  shap in torch  times  apart"
    )
    x, y, sums = data.train_x, data.train_y, np.zeros(3)
    for name in DEFAULT_MODELS:
        engine = engine_for(find_model(name).recipe, len(data.features))
        assert isinstance(engine, NetworkEngine)
        trained = engine.train(replicates, x, y)
        stack = engine.stack(trained)
        ways = [
            lambda engine=engine: engine.train(replicates, x, y),
            *(
                lambda stack=stack, trained=trained, method=method: measure(
                    stack, data, trained.occasions, methods=[method]
                )
                for method in (SHAPLEY, INTEGRATED_GRADIENT)
            ),
        ]
        train, shapley, integrated = (fastest(way, arguments.rounds) for way in ways)
        sums += train, shapley, integrated
        own = measure(stack, data, trained.occasions, methods=[SHAPLEY]).importances[0].score[0]
        first = engine.stack(trained.only([0]))
        in_shap = [
            by_shap(predict, data)
            for predict in (lambda x, first=first: first.predict(x)[0], by_torch(engine, trained))
        ]
        print(
            f"{name:19} {train:6.3f} {shapley:8.3f} {shapley / train:5.2f} {integrated:11.3f} "
            f"{integrated / train:5.2f} {missed(stack, data):7.0e}"
            + "".join(
                f" {alone:13.3f} {alone / shapley * len(replicates):6.0f} "
                f"{np.abs(own - expected).max():6.0e}"
                for alone, expected in in_shap
            )
        )
    print(f"all: shapley {sums[1] / sums[0]:.2f}, integrated {sums[2] / sums[0]:.2f} of training")


if __name__ == "__main__":
    with one_thread():
        main()
