"""CatBoost: `get_feature_importance(prettified=True)` gives `Feature Id` and `Importances`.

By default PredictionValuesChange, or LossFunctionChange of a ranking: the greater, the more
important; the former sums to 100. Every feature has a row.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "CatBoost, prettified",
        "`Feature Id`, `Importances`",
        "CatBoost importance",
        "catboost 1.2",
    ),
)
LAYOUTS = (
    Layout(
        "CatBoost's feature importance",
        ("importances",),
        "CatBoost importance",
        needs="feature id",
    ),
)
