"""A record of one training with every kind of number."""

import numpy as np

from study.common.streams import StreamSeeds
from study.store.records import Key, Record


def record(seed: int, model: str = "mlp") -> Record:
    return Record(
        key=Key(model, "real", "torch", StreamSeeds.of(seed)),
        weights={"a": np.float32([[1, -0.0]]) + seed, "b": np.float32([np.nan])},
        fits=[("train", "alone", 0.5, 1.5, 0.25), ("test", "alone", -np.inf, 2.0, np.nan)],
        scores=[("permutation", "sex", -0.0, None), ("gradient", "age", 2.0 + seed, -1.0)],
        occasions=[(30, "age", 2.0, 1.0), (0, "sex", 1.0, 0.0), (0, "age", 3.0, 1.0)],
        losses=[(10, float("nan")), (0, 3.5)],
    )
