"""A column that says importance: `vip::vi` of R gives Variable and Importance, and frames of
scikit-learn's `feature_importances_` are made like this.

What kind of importance, such a table does not say.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "vip and others",
        "`Importance`, `feature_importance` and the like",
        "as the column",
        "documentation",
    ),
)
LAYOUTS = (
    Layout(
        "importances",
        (
            *(
                "importance",
                "importances",
                "feature_importance",
                "feature_importances",
                "feature_importances_",
            ),
            *("variable_importance", "importance_score"),
        ),
    ),
)
