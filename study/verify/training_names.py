"""Trainings in words."""

from collections.abc import Sequence

from study.common.text import ranges
from study.store.reader import Training

_MOST = 5


def in_words(trainings: Sequence[Training]) -> str:
    """Trainings by model, condition and seed: transformer, real, seeds 0-4,7."""
    seeds: dict[tuple[str, str], list[int]] = {}
    others = []
    for training in trainings:
        if training.ordinary and training.init is not None:
            seeds.setdefault((training.model, training.condition), []).append(training.init)
        else:
            others.append(str(training))
    parts = [
        f"{model}, {condition}, {'seeds' if len(of) > 1 else 'seed'} {ranges(sorted(of))}"
        for (model, condition), of in seeds.items()
    ]
    more = [f"{len(others) - _MOST} more"] if len(others) > _MOST else []
    return "; ".join([*parts, *others[:_MOST], *more])
