"""interpret: terms of an explainable boosting machine, `explain_global().data()` with names and
scores, or `term_names_` beside `term_importances()`.

The mean absolute contribution of each term. A pair of features is a term of its own, named
`age & bmi`, whose importance is in neither feature's. Each fit chooses its pairs (0.7.8: ten
features gave up to 45, other ones in each seed), so that a pair without a row contributes 0.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "interpret, `explain_global().data()`",
        "`names`, `scores`; pairs are named `age & bmi`",
        "term importance",
        "interpret 0.7.8",
    ),
)
LAYOUTS = (Layout("interpret's term importances", ("scores",), "term importance", needs="names"),)


def pair(name: str, features: list[str]) -> bool:
    """Whether a name is that of a pair of features, in the order of either."""
    first, between, second = name.partition(" & ")
    return bool(between) and first in features and second in features
