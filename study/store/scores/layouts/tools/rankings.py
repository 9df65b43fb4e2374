"""Rankings: `ranking_` of scikit-learn's RFE and of Boruta, of which 1 is the best."""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "rankings",
        "`rank`, `ranking`",
        "as the column",
        "Boruta 0.4",
    ),
)
LAYOUTS = (Layout("ranks", ("rank", "ranks", "ranking", "ranking_")),)
