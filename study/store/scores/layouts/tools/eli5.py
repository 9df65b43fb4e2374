"""eli5: `explain_weights_df` gives feature, weight and std, and a row `<BIAS>` of a linear model.

Weights of linear models are signed, those of trees are not. Only those that are not 0 have a row,
and only the 20 largest unless `top=None`. Those of LightGBM are gains by their sum, where LightGBM
itself counts splits (seen with 4.7). `Weight` is also XGBoost's for linear boosters.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "eli5, `explain_weights_df`",
        "`feature`, `weight`",
        "weight",
        "eli5 0.16",
    ),
)
LAYOUTS = (Layout("eli5's or XGBoost's weights", ("weight",)),)
