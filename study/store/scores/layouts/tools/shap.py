"""SHAP writes no table of its own; these are names that people give the mean absolute value."""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "SHAP, as people write it",
        "`mean_abs_shap`, `feature_importance_vals` and the like",
        "mean |SHAP|",
        "shap 0.51",
    ),
)
LAYOUTS = (
    Layout(
        "SHAP's mean absolute values",
        (
            *("mean_abs_shap", "mean_abs_shap_value", "mean_abs_shap_values", "mean_shap_abs"),
            *("mean(|shap value|)", "mean(|shap|)", "mean |shap|"),
            *("feature_importance_vals", "shap_importance"),
        ),
        "mean |SHAP|",
    ),
)
