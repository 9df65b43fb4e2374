"""Rankings: `ranking_` of scikit-learn's RFE and of Boruta, of which 1 is the best."""

from study.store.scores.layouts.layout import Layout

LAYOUTS = (Layout("ranks", ("rank", "ranks", "ranking", "ranking_")),)
