"""Every layout, once."""

from study.store.scores.layouts import (
    boosters,
    catboost,
    dalex,
    eli5,
    h2o,
    importance,
    linear,
    r_forests,
    rankings,
    scikit_learn,
    shap,
    spark,
)
from study.store.scores.layouts.layout import Layout, Unfold

# Tables with a row for each score.
LAYOUTS: tuple[Layout, ...] = (
    *scikit_learn.LAYOUTS,
    *catboost.LAYOUTS,
    *h2o.LAYOUTS,
    *boosters.LAYOUTS,
    *r_forests.LAYOUTS,
    *eli5.LAYOUTS,
    *shap.LAYOUTS,
    *linear.LAYOUTS,
    *rankings.LAYOUTS,
    *importance.LAYOUTS,
)
# Tables of tools with another shape.
UNFOLDS: tuple[Unfold, ...] = (dalex.unfold, spark.unfold)
