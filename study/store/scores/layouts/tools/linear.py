"""Tables of linear models: coef, std err, t and P>|t| of statsmodels, Estimate and the like of R,
estimate and p.value of broom, coefficient of skore.

Which of the columns is meant, a table of several cannot say. Coefficients are signed and have
units; of p-values the smaller matter more.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "linear models",
        "one of `coef`, `coefficient`, `Estimate`, or of p-values",
        "as the column",
        "statsmodels 0.15, skore 0.28, R 4.2",
    ),
)
LAYOUTS = (
    Layout("coefficients", ("coef", "coef.", "coefs", "coefficient", "coefficients", "estimate")),
    Layout("p-values", ("p", "pval", "pvalue", "p_value", "p-value", "p.value", "p value")),
    Layout("p-values", ("p>|t|", "p>|z|", "pr(>|t|)", "pr(>|z|)", "pr(>f)")),
)
