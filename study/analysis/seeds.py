"""The seeds of stored networks: ordinary ones, and those that vary one source."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from study.common.conditions import REAL
from study.common.streams import STREAM_NAMES
from study.common.vocabulary import SOURCES


def by_seed(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the networks of one ordinary seed, and replace their streams by that seed."""
    own = frame.drop(columns=[*STREAM_NAMES[1:]]).rename(columns={"init": "seed"})
    return own[_ordinary(frame)].reset_index(drop=True)


def by_split(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the models of splits, with split, half (0 or 1) and seed in place of their streams."""
    frame = frame[frame["split"].notna()].rename(columns={"init": "seed"})
    frame = frame.assign(split=frame["split"] // 2, half=frame["split"] % 2)
    return frame.drop(columns=["order", "dropout", "labels", "rows"]).reset_index(drop=True)


def failures_by_seed(frame: pd.DataFrame) -> pd.DataFrame:
    """What failed, with the seed of what is of one ordinary seed."""
    seed = frame["init"].where(_ordinary(frame))
    found = frame[["model", "condition", "engine", "reason"]].assign(seed=seed)
    return found.sort_values(["model", "condition", "seed"]).reset_index(drop=True)


def _ordinary(frame: pd.DataFrame) -> pd.Series:
    """Whether each row of a stored frame is of one ordinary seed, or of least squares."""
    streams = frame[["order", "dropout", "labels"]].fillna(-1)
    same = streams.eq(frame["init"].fillna(-1), axis=0).all(axis=1)
    return same & frame["rows"].isna() & frame["split"].isna()


def by_source(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the networks of --vary in a stored frame: their streams become source, base, seed.

    A real network belongs to a source and a base when all streams but that source's are
    drawn by the base; rows are drawn for source `rows` alone. So an ordinary seed belongs to
    init, order and dropout at the base of its own number, but a base counts only if it holds
    a network of the same model that is not ordinary.
    """
    whole = frame["labels"].notna() & frame["split"].isna()
    frame = frame[(frame["condition"] == "real") & whole]
    other = ~_ordinary(frame)
    # Without this, each ordinary seed would be looked at for every source.
    frame = frame[frame["labels"].isin(frame.loc[other, "labels"].unique())]
    first = ["source", "base", "seed"]
    rest = frame.columns.drop(list(STREAM_NAMES))
    if frame.empty:  # as in most runs, which need not wait for the rest
        none = frame.assign(source="", base=frame["labels"], seed=frame["labels"])
        return none[[*first, *rest]].reset_index(drop=True)
    parts = []
    for source in SOURCES:
        held = [name for name in ("init", "order", "dropout") if name != source]
        same = frame[held].eq(frame["labels"], axis=0).all(axis=1)
        part = frame[same & (frame["rows"].notna() == (source == "rows"))]
        counts = other[part.index].groupby([part["model"], part["labels"]]).transform("any")
        names = {"base": part["labels"], "seed": part[source]}
        part = part.assign(source=source, **names)[counts]
        parts.append(part.sort_values(["base", "seed"]))  # among equals, as they were
    return pd.concat(parts)[[*first, *rest]].reset_index(drop=True)


def diverged_seeds(fits: pd.DataFrame, explained: str) -> dict[tuple[str, str], list[int]]:
    """The seeds whose fit is not finite in a frame by seed, by model and condition.

    explained : the column that tells
    """
    lost = fits[~np.isfinite(fits[explained].astype(float))].dropna(subset="seed")
    return {
        (str(model), str(condition)): sorted({int(seed) for seed in of})
        for (model, condition), of in lost.groupby(["model", "condition"])["seed"]
    }


def seeds_by_condition(frame: pd.DataFrame) -> dict[tuple[str, str], list[int | None]]:
    """The seeds of a frame by seed, by model and condition; None for least squares."""
    found: dict[tuple[str, str], list[int | None]] = {}
    keys = (frame[name].tolist() for name in ("model", "condition", "seed"))
    for model, condition, seed in zip(*keys, strict=True):
        found.setdefault((model, condition), []).append(None if pd.isna(seed) else seed)
    return found


def paired(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame by seed without controls of seeds that are not trained in earnest."""
    keys = pd.MultiIndex.from_frame(frame[["model", "seed"]])
    earnest = frame["condition"] == REAL
    return frame[earnest | keys.isin(keys[earnest])].reset_index(drop=True)


def without_seeds(frame: pd.DataFrame, left_out: Mapping[str, Collection[int]]) -> pd.DataFrame:
    """The rows of a frame but for some seeds of each model."""
    lost = {(model, seed) for model, seeds in left_out.items() for seed in seeds}
    keys = zip(frame["model"].tolist(), frame["seed"].tolist(), strict=True)
    kept = np.array([key not in lost for key in keys], dtype=bool)
    return frame if kept.all() else frame[kept].reset_index(drop=True)
