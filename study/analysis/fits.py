"""How well the networks fit, and which of them have learned."""

import numpy as np
import pandas as pd

from study.analysis.results import Results
from study.analysis.selection import all_models
from study.common.conditions import REAL
from study.common.vocabulary import LEAST_SQUARES
from study.statistics.learning import LEAST, has_learned, threshold, typical


def fit_quality(results: Results) -> pd.DataFrame:
    """Fit over the seeds of the real condition, by model, part and way of evaluating.

    Seeds that diverged, whose fit is not finite, are counted as undefined and left out.
    """
    rows = []
    measures = list(results.measures.columns)
    real = results.fits[results.fits["condition"] == "real"]
    found = dict(list(real.groupby(["model", "part", "evaluation"])))
    for model in all_models(results):
        for part in ("train", "test"):
            for evaluation in ("alone", "together"):
                chosen = found.get((model, part, evaluation), real.head(0))
                row = {"model": model, "part": part, "evaluation": evaluation, "n": len(chosen)}
                finite = np.isfinite(chosen[measures].astype(float)).all(axis=1)
                row["undefined"] = int((~finite).sum())
                chosen = chosen[finite]
                for measure in measures:
                    row[f"{measure}_mean"] = chosen[measure].mean()
                    row[f"{measure}_sd"] = chosen[measure].std(ddof=1)
                    row[f"{measure}_min"] = chosen[measure].min()
                    row[f"{measure}_max"] = chosen[measure].max()
                rows.append(row)
    return pd.DataFrame(rows)


def has_fits(results: Results) -> bool:
    """Whether it is known how well the models fit, and whether that is well.

    Not of scores that were made elsewhere, nor of a run that has no least squares yet.
    """
    return bool((_tested(results)["model"] == LEAST_SQUARES).any())


def learning_threshold(results: Results) -> float:
    """The explained share on the test rows from which on a network of this run has learned."""
    return threshold(_best(results), results.recipe.learned)


def learning_words(results: Results) -> str:
    """Where that threshold comes from."""
    share = f"{results.recipe.learned:g}"
    if _best(results) < LEAST:
        return f"{share} of {LEAST:g}, as the best model explains less than that"
    return f"{share} of that of the best model"


def _best(results: Results) -> float:
    """The median explained share on the test rows of the model that has the greatest."""
    tested = _tested(results)
    found = tested[results.measures.explained].to_numpy(dtype=float)
    models = tested["model"].to_numpy()
    return max(typical(found[models == model]) for model in all_models(results))


def learning(results: Results) -> pd.DataFrame:
    """model, seed, r_squared, within, learned: real condition, test rows one by one.

    Of a run that has fits. Of classes, d_squared and accuracy in their place; of counts, d_squared
    and mae.
    """
    best = _best(results)
    explained, beside = results.measures.explained, results.measures.beside
    tested = _tested(results)
    parts = []
    for model in results.models:
        rows = tested[tested["model"] == model].sort_values("seed")
        fits = rows[explained].to_numpy(dtype=float)
        parts.append(
            pd.DataFrame(
                {
                    "model": model,
                    "seed": rows["seed"].array,
                    explained: fits,
                    beside: rows[beside].array,
                    "learned": has_learned(fits, best, results.recipe.learned),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def learned_only(results: Results, found: pd.DataFrame) -> Results:
    """The results without the networks that have not learned, as `learning` found.

    A seed is left out in every condition, and a model without any seed that has learned
    altogether. Networks in which one source varies are judged on their own test rows.
    """
    slow = found[~found["learned"]]
    varied = results.varied_fits
    varied = varied[(varied["part"] == "test") & (varied["evaluation"] == "alone")]
    fits = varied[results.measures.explained].astype(float)
    lost = varied[~(fits >= learning_threshold(results))]
    return results.without(
        {model: [int(seed) for seed in rows["seed"]] for model, rows in slow.groupby("model")},
        lost[["model", "source", "base", "seed"]],
    )


def _tested(results: Results) -> pd.DataFrame:
    """Fits of all models on the test rows one by one, real condition."""
    return _alone(results.fits, "test")


def one_by_one(fits: pd.DataFrame, model: str, part: str) -> pd.DataFrame:
    """Of a frame of fits those of a model on one part, its rows one by one, real condition."""
    return _alone(fits[fits["model"] == model], part)


def _alone(fits: pd.DataFrame, part: str) -> pd.DataFrame:
    real, own = fits["condition"] == REAL, fits["part"] == part
    return fits[real & own & (fits["evaluation"] == "alone")]
