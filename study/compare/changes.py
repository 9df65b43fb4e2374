"""What was changed from one run to another."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from study.analysis.results import Results
from study.common.conditions import CONDITIONS
from study.common.text import ranges
from study.common.vocabulary import SOURCES
from study.compare.pairing import (
    DATASET,
    DATASET_RECIPE,
    ENGINE,
    ENVIRONMENT,
    MODEL,
    MODELS,
    ROWS,
    RUN,
    RUNS,
    SCORES,
    SEEDS,
    VARIED,
    rows_of,
    scores_of,
)
from study.recipes.base import dotted


# -- what changed --------------------------------------------------------------------------
def changes(first: Results, second: Results) -> pd.DataFrame:
    """What differs in recipes, seeds and environment: what, key, first, second.

    Values are text; None where a run has no such thing.
    """
    both = (first, second)
    common = [model for model in first.models if model in second.models]
    rows = [
        *_differing(RUN, *({"identity": results.identity} for results in both)),
        *_differing(DATASET, *({"name": results.dataset} for results in both)),
        *_differing(DATASET_RECIPE, *(dotted(results.recipe) for results in both)),
        *_differing(ROWS, *(rows_of(results) for results in both)),
        *_differing(SCORES, *(scores_of(results) for results in both)),
        *_differing(MODELS, *(_titles(results, without=common) for results in both)),
    ]
    for model in common:
        rows += _differing(f"{MODEL} {model}", *(_recipe(of, model) for of in both))
    for what, found in ((ENGINE, _engines), (SEEDS, _seeds), (VARIED, _varied)):
        rows += _differing(what, *(found(results, common) for results in both))
    rows += _differing(ENVIRONMENT, *(_environment(results) for results in both))
    return pd.DataFrame(rows, columns=["what", "key", *RUNS])


def _differing(
    what: str, first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The keys under which two mappings hold different values, or one of them none."""
    for key in {**first, **second}:
        # 1, 1.0 and true are not the same to a recipe, but none and nothing are.
        exact = [
            None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
            for value in (first.get(key), second.get(key))
        ]
        if exact[0] == exact[1]:
            continue
        texts = [
            value if isinstance(value, str) else text
            for value, text in zip((first.get(key), second.get(key)), exact, strict=True)
        ]
        shown = exact if texts[0] == texts[1] else texts
        yield {"what": what, "key": key, **dict(zip(RUNS, shown, strict=True))}


def _titles(results: Results, without: list[str]) -> dict[str, str]:
    """The titles of the models that only this run holds."""
    return {name: results.title(name) for name in results.models if name not in without}


def _recipe(results: Results, model: str) -> dict[str, Any]:
    """What a model's recipe says; nothing of a model that was trained elsewhere."""
    recipe = results.models[model]
    return {} if recipe is None else dotted(recipe)


def _seeds(results: Results, models: list[str]) -> dict[str, str]:
    return {
        f"{model}, {condition}": ranges(seeds)
        for model in models
        for condition in CONDITIONS
        if (seeds := results.seeds(model, condition))
    }


def _varied(results: Results, models: list[str]) -> dict[str, int]:
    fits = results.varied_fits.drop_duplicates(["model", "source", "base", "seed"])
    counts = fits.groupby(["model", "source"]).size()
    return {
        f"{model}, {source}": int(counts[model, source])
        for model in models
        for source in SOURCES
        if (model, source) in counts.index
    }


def _engines(results: Results, models: list[str]) -> dict[str, str]:
    engines = results.engines()
    return {model: engines[model] for model in models}


def _environment(results: Results) -> dict[str, str]:
    """Versions and platforms; where a run comes from several, all of them."""
    keys = dict.fromkeys(key for found in results.environments for key in found)
    return {
        key: ", ".join(sorted({found[key] for found in results.environments if key in found}))
        for key in keys
    }
