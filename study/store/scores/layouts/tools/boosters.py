"""XGBoost and LightGBM: `xgb.importance` and `lgb.importance` of R give Feature, Gain, Cover and
Frequency; `get_score` of Python gives one of weight, gain, cover, total_gain and total_cover.

Features that no tree splits on have no row: their importance is 0. R plots Gain by default. XGBoost
counts all trees that were grown (3.2: of 62, predictions used 2), LightGBM those up to the best
(4.7). LightGBM counts splits by default.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "XGBoost, `json.dump` of `get_score`",
        "a file `.json` with an object of a number for each feature, as anybody may write",
        "none: `--method` names it, such as gain",
        "xgboost 3.2",
    ),
    About(
        "XGBoost and LightGBM of R",
        "`Gain`, or else `Cover` or `Frequency`; also `total_gain`, `total_cover`",
        "as the column",
        "documentation",
    ),
)
LAYOUTS = (
    Layout(
        "XGBoost's or LightGBM's importance",
        ("gain", "total_gain", "cover", "total_cover", "frequency"),
    ),
)
# Methods, in lower case, of which a feature without a row has the score 0.
ABSENT_IS_ZERO = ("gain", "weight", "cover", "total_gain", "total_cover", "frequency")
