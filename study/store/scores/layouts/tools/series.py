"""A vector with names: `Series.to_csv` of pandas calls its column 0 where the series has no name,
and `write.csv` of R calls it x.

So are written `pd.Series(model.feature_importances_, index=X.columns)`, `params` of statsmodels and
`variable.importance` of ranger. What the scores are, such a table does not say.
"""

from collections.abc import Mapping

from study.store.scores.layouts.layout import About, Reading
from study.store.scores.sheet import Sheet

ABOUT = (
    About(
        "pandas, `Series.to_csv`; R, `write.csv` of a vector",
        "row names, and one column `0` or `x`",
        "none: `--method` names it",
        "pandas 2.3, ranger 0.14 of R 4.2",
    ),
)
_UNNAMED = ("0", "x")


def unfold(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """The one column beside the row names as the scores."""
    if "feature" not in places or "score" in places or sheet.names[places["feature"]]:
        return None
    left = [at for at in range(len(sheet.header)) if at not in places.values()]
    if [sheet.names[at] for at in left] not in ([name] for name in _UNNAMED):
        return None
    own = {**places, "score": left[0]}
    return Reading(
        ((place, {name: cells[at] for name, at in own.items()}) for place, cells in sheet.rows),
        {*own.values()},
        {*own},
        f"a vector with names: row names: feature; '{sheet.header[left[0]]}' is the score",
    )
