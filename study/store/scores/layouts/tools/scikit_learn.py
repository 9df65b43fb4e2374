"""scikit-learn: `permutation_importance` gives a Bunch of importances_mean, importances_std and
importances; people make a frame of the first two beside the names of the features.

A drop in the model's score: the greater, the more important; about 0 and below 0 is noise.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "scikit-learn, `permutation_importance`",
        "`importances_mean`",
        "permutation importance",
        "scikit-learn 1.9",
    ),
)
LAYOUTS = (
    Layout(
        "scikit-learn's permutation importance", ("importances_mean",), "permutation importance"
    ),
)
