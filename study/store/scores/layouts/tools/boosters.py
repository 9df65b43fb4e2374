"""XGBoost and LightGBM: `xgb.importance` and `lgb.importance` of R give Feature, Gain, Cover and
Frequency; `get_score` of Python gives one of weight, gain, cover, total_gain and total_cover.

Features that no tree splits on have no row: their importance is 0. R plots Gain by default.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
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
