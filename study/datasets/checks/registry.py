"""What may spoil a study of some data: every check with its code, and what it found."""

from study.common.warning import Check, Warning
from study.datasets.checks.columns import constant, nearly_constant
from study.datasets.checks.pairs import correlated, dependent
from study.datasets.checks.rows import parted, shared, shuffled_nearly
from study.datasets.checks.target import formula, told_by_one
from study.datasets.dataset import Dataset

# In the order of the codes, which stay the same from version to version.
CHECKS: tuple[Check[Dataset], ...] = (
    Check(
        "D001",
        "Test rows that training holds, too",
        "test rows equal training rows, more often than by chance",
        shared,
    ),
    Check(
        "D002",
        "Features that are constant in the test rows",
        "features have one value in all test rows",
        constant,
    ),
    Check(
        "D003",
        "Features that hardly vary in the test rows",
        "features have one value in all but a few test rows",
        nearly_constant,
    ),
    Check(
        "D004",
        "A variable gives the target away",
        "one variable alone tells nearly the whole order of the target",
        told_by_one,
    ),
    Check(
        "D005",
        "The target is a formula",
        "the target is a linear function of some variables",
        formula,
    ),
    Check(
        "D006",
        "Variables that stand in for each other",
        "two variables are strongly correlated",
        correlated,
    ),
    Check(
        "D007",
        "Variables that determine each other",
        "variables together nearly determine each other",
        dependent,
    ),
    Check(
        "D008",
        "Groups on both sides of the split",
        "a given split parts rows that belong together",
        parted,
    ),
    Check(
        "D009",
        "Groups of a size of their own",
        "groups have a number of rows that no other has, so that shuffles of them are not exact",
        shuffled_nearly,
    ),
)


def data_warnings(dataset: Dataset) -> tuple[Warning, ...]:
    """Everything there is to warn of: first of the arrays, then of the table's columns."""
    of_arrays = tuple(warning for check in CHECKS for warning in check.warnings(dataset))
    return of_arrays + dataset.table_warnings
