"""H2O: `model.varimp(use_pandas=True)` gives variable, relative_importance, scaled_importance and
percentage.

The second is the first divided by its greatest, the third the first divided by its sum. Of linear
models there is a row for each level, named `state.Michigan`.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "H2O, `varimp`",
        "`variable`, `relative_importance` or else `scaled_importance`",
        "as the column",
        "h2o 3.46",
    ),
)
LAYOUTS = (Layout("H2O's variable importance", ("relative_importance", "scaled_importance")),)
