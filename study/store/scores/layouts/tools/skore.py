"""skore: frames of a report's inspection. `coefficients` is read as of linear models, its row
`Intercept` being left out, and `impurity_decrease` as an importance; `permutation_importance` has
value_mean beside data_source and metric, and `coefficients` of a cross-validation coefficient_mean.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "skore, `permutation_importance().frame()`",
        "`metric`, `value_mean`",
        "permutation importance",
        "skore 0.28",
    ),
    About(
        "skore, `coefficients().frame()` of a cross-validation",
        "`coefficient_mean`",
        "coefficient_mean",
        "skore 0.28",
    ),
)
LAYOUTS = (
    Layout(
        "skore's permutation importance", ("value_mean",), "permutation importance", needs="metric"
    ),
    Layout("skore's coefficients", ("coefficient_mean",)),
)
