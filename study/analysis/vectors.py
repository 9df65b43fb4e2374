"""Which score vectors of a run are looked at together."""

from collections.abc import Iterator
from itertools import combinations

from study.results import Results, Vectors
from study.words import LEAST_SQUARES, METHODS_OF_LEVEL

Pair = tuple[dict[str, str], Vectors, Vectors]


def all_models(results: Results) -> list[str]:
    """The models of a run, least squares last."""
    return [*results.models, LEAST_SQUARES]


def judges(
    results: Results, level: str, condition: str = "real"
) -> Iterator[tuple[dict[str, str], Vectors]]:
    """Every model and method with scores: its keys, and its observations."""
    for model in results.models:
        for method in METHODS_OF_LEVEL[level]:
            vectors = results.vectors(model, condition, method, level)
            if vectors is not None:
                yield {"model": model, "method": method}, vectors.observations


def method_pairs(results: Results, level: str) -> Iterator[Pair]:
    """Every two methods of a model, on the seeds that both have, real condition.

    With the keys model, first and second.
    """
    for model in results.models:
        for one, two in combinations(METHODS_OF_LEVEL[level], 2):
            keys = {"model": model, "first": one, "second": two}
            yield from _on_common_seeds(results, level, keys, (model, one), (model, two))


def model_pairs(results: Results, level: str) -> Iterator[Pair]:
    """Every two models by a method, on the seeds that both have, real condition.

    With the keys method, first and second.
    """
    for method in METHODS_OF_LEVEL[level]:
        for one, two in combinations(results.models, 2):
            keys = {"method": method, "first": one, "second": two}
            yield from _on_common_seeds(results, level, keys, (one, method), (two, method))


def _on_common_seeds(
    results: Results,
    level: str,
    keys: dict[str, str],
    first: tuple[str, str],
    second: tuple[str, str],
) -> Iterator[Pair]:
    """The vectors of two (model, method) on the seeds that both have, if there are any."""
    one, two = (results.vectors(model, "real", method, level) for model, method in (first, second))
    if one is not None and two is not None:
        in_one = one.seeds.isin(two.seeds).to_numpy(bool)
        in_two = two.seeds.isin(one.seeds).to_numpy(bool)
        if in_one.any():
            yield keys, one.only(in_one), two.only(in_two)
