"""What a table's columns should not be used for: every check with its code."""

from study.common.warning import Warning
from study.datasets.checks.category_codes import category_codes
from study.datasets.checks.given_split import given_splits
from study.datasets.checks.identifiers import identifiers
from study.datasets.checks.missing_codes import missing_codes
from study.datasets.checks.row_labels import row_labels
from study.datasets.checks.table import TableCheck
from study.datasets.checks.target_classes import target_classes
from study.datasets.raw_columns import RawTable

# In the order of the codes, which stay the same from version to version.
TABLE_CHECKS = (
    TableCheck(
        "T001",
        "Row labels",
        "a variable numbers the rows, or may",
        "They tell where a row stands in the file, and a file that was sorted lets them tell the "
        "target: leave them out, unless they measure something.",
        row_labels,
    ),
    TableCheck(
        "T002",
        "Identifiers",
        "a variable names rows or subjects, and measures nothing",
        "Leave them out: a number that names is no amount, and a subject whose rows stand in "
        "training and test is known by its name.",
        identifiers,
    ),
    TableCheck(
        "T003",
        "A given split is a variable",
        "a variable says which rows train and which test",
        "It is no property of a row: leave it out, or name it under [split].",
        given_splits,
    ),
    TableCheck(
        "T004",
        "Numbers that may stand for missing values",
        "numbers of a variable or of the target, such as -999, lie far from all others",
        "If they stand for a missing value, name them in missing_marks under [table]; else they "
        "weigh most in a squared error.",
        missing_codes,
    ),
    TableCheck(
        "T005",
        "Codes of categories that are read as amounts",
        "numbers of a variable are names of categories",
        'Give the variable type = "one-hot" and its levels, or leave it out.',
        category_codes,
    ),
    TableCheck(
        "T006",
        "The target may be a class",
        "the target has few values, as the number of a class has",
        'It is predicted as an amount. If its numbers are those of classes, give it type = "class" '
        "and its levels under [target].",
        target_classes,
    ),
)


def table_warnings(table: RawTable) -> tuple[Warning, ...]:
    """Everything there is to warn of, in the order of the codes."""
    return tuple(warning for check in TABLE_CHECKS for warning in check.warnings(table))
