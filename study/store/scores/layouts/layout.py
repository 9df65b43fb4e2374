"""What a layout is, and what it makes of a sheet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from study.store.scores.sheet import Sheet

COLUMNS = ("model", "method", "seed", "feature", "score")
OPTIONAL = ("condition", "signed")
# Other names, in lower case, of what a column of this program's own holds.
ALIASES = {
    "model": ("model_name", "learner", "estimator"),
    "seed": ("random_state", "random_seed", "rng_seed"),
    "feature": (
        *("features", "feature_name", "feature_names", "feature id", "variable", "variables"),
        *("variable_name", "term", "predictor", "attribute", "col_name"),
    ),
}

# (place, cells by the name of their column), as COLUMNS and OPTIONAL have it.
Rows = Iterable[tuple[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Reading:
    """A sheet in this program's own columns.

    rows : to be read once; used : the columns, by place, that mean something; names : those that
        every row has
    said : what was read as what, in words; empty where the columns are the program's own
    method : of all scores, where no column names it
    """

    rows: Rows
    used: set[int]
    names: set[str]
    said: str = ""
    method: str | None = None


@dataclass(frozen=True)
class Layout:
    """A table with a row for each score, whose columns have a tool's own names.

    tool : what writes it; score : names, in lower case, of the column of scores, of which the
        first that is there counts; method : what the scores are; by default as the column says
    needs : another column that must be there
    """

    tool: str
    score: tuple[str, ...]
    method: str = ""
    needs: str | None = None

    def column(self, sheet: Sheet) -> int | None:
        """The column of scores; None where the sheet is none of this layout."""
        if self.needs is not None and self.needs not in sheet.names:
            return None
        return next((sheet.names.index(name) for name in self.score if name in sheet.names), None)


@dataclass(frozen=True)
class About:
    """What the documentation says of a layout: a row of its table.

    table_of : the tool, and the function that gives the table; columns : by which it is known;
    method : what the scores are where nothing names it; seen : the versions whose tables were read
    """

    table_of: str
    columns: str
    method: str
    seen: str


# Of a table of another shape: None where the sheet is none of it. May raise InputError.
Unfold = Callable[[Sheet, Mapping[str, int]], Reading | None]
