"""H2O: `model.varimp(use_pandas=True)` gives variable, relative_importance, scaled_importance and
percentage.

The second is the first divided by its greatest, the third the first divided by its sum. Of linear
models there is a row for each level, named `state.Michigan`, of standardised coefficients even with
`standardize=False`. Without a penalty a level is left out, and the rest are coefficients beside it;
with one, or with a missing value, the rows are others, and in another order.
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
LAYOUTS = (
    Layout("H2O's variable importance", ("relative_importance", "scaled_importance")),
    Layout("H2O's coefficients", ("standardized_coefficients",), needs="names"),
)
