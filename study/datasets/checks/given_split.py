"""Checks for columns that say which rows train and which test."""

import re
from collections.abc import Iterator

import numpy as np

from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import Column, RawTable
from study.recipes.table import Split

TRAIN = ("train", "training", "trn", "tr", "learn", "learning")
TEST = ("test", "testing", "tst", "te", "holdout", "hold-out", "hold_out", "out-of-time", "oot")
VALIDATION = ("validation", "valid", "val", "validate", "dev", "eval", "evaluation", "tuning")
_PARTS = {"set", "split", "part", "partition", "subset", "sample"}
_FOLDS = re.compile(
    r"(k_?|cv_?|outer_?|inner_?)?folds?(_?(id|nr|no))?|cv|(cv|split)_?(id|nr|no)", re.I
)
_FOLD = re.compile(r"(fold|part|cv)[\W_]?\d+")
_MOST_FOLDS = 20
# Columns of yes and no, by what yes means.
_OF_TRAIN = re.compile(r"(is|in|for)[\W_]?train(ing)?([\W_]?set)?", re.I)
_OF_TEST = re.compile(r"(is|in|for)[\W_]?(test(ing)?|hold[\W_]?out)([\W_]?set)?", re.I)
_OF_EITHER = re.compile(
    r"train(ing)?|test(ing)?|train[\W_]?test|in[\W_]?sample|hold[\W_]?out|validation|"
    r"is[\W_]?val(id|idation)?",
    re.I,
)
_YES, _NO = ("1", "1.0", "true", "yes", "t", "y"), ("0", "0.0", "false", "no", "f", "n")


def given_splits(table: RawTable) -> Iterator[ColumnFinding]:
    """Columns that divide the rows, whether or not the recipe divides them so."""
    for column in table.columns:
        reason = _reason(column)
        if reason:
            yield ColumnFinding(column.name, reason, leave_out=True)


def _reason(column: Column) -> str:
    words = {text.lower() for text in column.others}
    if words and words <= {*TRAIN, *TEST, *VALIDATION} and words & {*TRAIN}:
        return f"it names training and test rows ({', '.join(sorted(words))})"
    name = column.name.strip()
    flags = [_OF_TRAIN, _OF_TEST, _OF_EITHER]
    if _is_yes_or_no(column) and any(flag.fullmatch(name) for flag in flags):
        return "it seems to say which rows train, and which test"
    if _FOLDS.fullmatch(name) and words and all(map(_FOLD.fullmatch, words)):
        return f"it names the parts of a given division ({len(words)} of them)"
    named = _FOLDS.fullmatch(name) or name.lower() in {"split", "partition"}
    if named and not words and column.whole and len(column.known):
        values = np.unique(column.known)
        if 2 <= len(values) <= _MOST_FOLDS and set(np.diff(values)) == {1} and values[0] in (0, 1):
            return f"it seems to number the parts of a given division ({len(values)} of them)"
    if name.lower() in _PARTS and words & {*TRAIN} and words & {*TEST, *VALIDATION}:
        return "it names training and test rows, but not of all rows"
    return ""


def split_by(column: Column) -> Split | None:
    """The split that a column says beyond doubt; its validation rows train. None if there is none.

    Networks that stop early hold rows of their own out of the training rows, and nothing else is
    chosen, so that there is no other use for validation rows. Without test rows they test.
    """
    if column.missing.any() or np.any(column.codes < 0):
        return None
    by_word = {text.lower(): text for text in column.texts}
    if _is_yes_or_no(column):
        yes, no = (next(by_word[word] for word in of if word in by_word) for of in (_YES, _NO))
        if _OF_TRAIN.fullmatch(column.name.strip()):
            return Split(column=column.name, train=yes, test=no)
        if _OF_TEST.fullmatch(column.name.strip()):
            return Split(column=column.name, train=no, test=yes)
        return None
    if len(by_word) < len(column.texts):
        return None
    train, test, validation = (
        [by_word[word] for word in words if word in by_word] for words in (TRAIN, TEST, VALIDATION)
    )
    if len(train) + len(test) + len(validation) < len(column.texts) or len(train) != 1:
        return None
    if not test:
        test, validation = validation, []
    if len(test) != 1:
        return None
    trains = [*train, *validation]
    return Split(column=column.name, train=trains if validation else trains[0], test=test[0])


def _is_yes_or_no(column: Column) -> bool:
    """Whether a column holds two values, of which one is yes and the other no."""
    if column.others or not column.texts:
        texts = {text.lower() for text in column.texts}
        return len(texts) == 2 and bool(texts & {*_YES}) and bool(texts & {*_NO})
    return len(column.known) > 0 and set(np.unique(column.known)) == {0, 1}


def offered_split(column: Column) -> Split | None:
    """A split that a column may say, for its reader to decide: of folds, the last one tests."""
    if said := split_by(column):
        return said
    texts = [text for text in column.texts if text]
    if len(texts) < 2 or np.any(column.codes < 0):
        return None
    if any(text.lower() in (*TRAIN, *TEST, *VALIDATION) for text in texts):  # and others
        return None
    if _is_yes_or_no(column):
        yes, no = (next(text for text in texts if text.lower() in of) for of in (_YES, _NO))
        trains = column.name.strip().lower().startswith("train")
        return Split(column=column.name, train=yes if trains else no, test=no if trains else yes)
    *train, test = sorted(texts, key=lambda text: (len(text), text))
    return Split(column=column.name, train=train, test=test)
