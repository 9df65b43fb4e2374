"""Trees node by node: `trees_to_dataframe` of XGBoost and of LightGBM, and XGBoost's `dump_model`.

Gains are summed over the nodes of a feature, which gives `get_score(importance_type="total_gain")`
of the former and `feature_importance("gain")` of the latter (seen equal). A leaf of XGBoost is a
node of the feature Leaf, whose Gain is its value; one of LightGBM has no split_feature.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from math import fsum

from study.common.errors import InputError
from study.store.scores.cells import number
from study.store.scores.layouts.layout import About, Reading
from study.store.scores.sheet import Sheet

ABOUT = (
    About(
        "XGBoost, `trees_to_dataframe`",
        "`Tree`, `Node`, `Feature`, `Gain`",
        "total_gain",
        "xgboost 3.2",
    ),
    About(
        "XGBoost, `dump_model(..., with_stats=True)`",
        "`booster[0]:`, as text",
        "total_gain",
        "xgboost 3.2",
    ),
    About(
        "LightGBM, `trees_to_dataframe`",
        "`tree_index`, `split_feature`, `split_gain`",
        "gain",
        "lightgbm 4.7",
    ),
)
# Feature, gain, further columns, the feature of a leaf, and the tool's own name of the sums.
_TOOLS = {
    "XGBoost": ("feature", "gain", {"tree", "node"}, "Leaf", "total_gain"),
    "LightGBM": ("split_feature", "split_gain", {"tree_index"}, "", "gain"),
}

_BOOSTER = re.compile(r"booster\[\d+\]:")
# A node as a line: 0:[age<53.9] yes=1,no=2,missing=2,gain=584.3,cover=83
_NODE = re.compile(r"\s*(\d+):\[([^]<:]+).*\].*")
_GAIN = re.compile(r".*\bgain=([^,]+).*")


def printed(text: str) -> tuple[Iterator[tuple[str, list[str]]], str] | None:
    """A dump of XGBoost's as a table with a header; None of other text. Raises ValueError."""
    if not _BOOSTER.match(text):
        return None
    lines = text.splitlines()
    nodes = [(at, found) for at, line in enumerate(lines, 1) if (found := _NODE.fullmatch(line))]
    if not all(_GAIN.fullmatch(found[0]) for _, found in nodes):
        raise ValueError("a dump of XGBoost without gains: dump it with_stats=True")
    rows = (
        (f"line {at}", ["", found[1], found[2], _GAIN.sub(r"\1", found[0])]) for at, found in nodes
    )
    header = ["Tree", "Node", "Feature", "Gain"]
    return chain([("", header)], rows), "a dump of XGBoost's trees"


def unfold(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """The sums of gains by feature."""
    for tool, (feature, gain, others, leaf, method) in _TOOLS.items():
        if not {feature, gain, *others} <= {*sheet.names}:
            continue
        apart = {name: at for name, at in places.items() if name not in ("feature", "score")}
        at = (sheet.names.index(feature), sheet.names.index(gain))
        return Reading(
            _sums(sheet, apart, *at, leaf),
            {*apart.values(), *at, *(sheet.names.index(name) for name in others)},
            {*apart, "feature", "score"},
            f"{tool}'s trees: the score is the sum of '{sheet.header[at[1]]}' over the nodes of a "
            "feature",
            method,
        )
    return None


def _sums(
    sheet: Sheet, apart: Mapping[str, int], feature: int, gain: int, leaf: str
) -> Iterator[tuple[str, Mapping[str, str]]]:
    gains: dict[tuple[str, ...], tuple[str, list[float]]] = {}
    for place, cells in sheet.rows:
        if cells[feature] == leaf:
            continue
        try:
            found = number(sheet.header[gain], cells[gain])
        except ValueError as error:
            raise InputError(f"{sheet.path}, {place}, column {error}") from error
        of = (*(cells[at] for at in apart.values()), cells[feature])
        gains.setdefault(of, (place, []))[1].append(found)
    for of, (place, parts) in gains.items():
        own = dict(zip((*apart, "feature"), of, strict=True))
        yield place, {**own, "score": repr(fsum(parts))}
