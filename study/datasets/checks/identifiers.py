"""Checks for columns that name a row or a subject, and measure nothing."""

import re
from collections.abc import Iterator

import numpy as np

from study.common.text import short
from study.datasets.checks.blocks import subjects_in_blocks
from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import MARK, Column, RawTable

# Who is measured, as the name of a column has it: in the singular, since "patients" is a number of
# them.
_WHO = (
    r"subject|subj|patient|participant|respondent|person|individual|user|customer|client|member|"
    r"student|pupil|employee|household|animal|mouse|rat|pid|sid|uid|ssn"
)
_SUBJECT = re.compile(rf"(^|.*[\W_])({_WHO})([\W_]?(id|nr|no|num|number|code|key))?", re.I)
_ID = re.compile(
    rf"(?i:(.*[\W_])?(id|uuid|guid)\d?|id[\W_]?({_WHO}|nr|no|num|number|code))|.*[a-z]I[Dd]"
)
# Names of identifiers, if the numbers differ in all of many rows: else of how many there are.
_NUMBERED = re.compile(r"(?i:(.*[\W_])?(key|index|nr|no|number|serial))|.*[a-z](No|Nr|Key)")
_WRITTEN = {
    "UUIDs": re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.I),
    "addresses of the web": re.compile(r"(https?|ftp)://\S+|www\.\S+", re.I),
    "addresses of e-mail": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "whole numbers of more digits than double precision holds": re.compile(r"[+-]?\d{16,}"),
    "hexadecimal numbers": re.compile(r"(0x)?(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}|0x[0-9a-f]+", re.I),
}
_EXACT = 2**53  # whole numbers beyond are not all held in double precision,
_DIGITS = 16  # which is seen by so many digits of them
_SAMPLE = 200
_MANY = 20
_FEW_LEVELS = 12  # of a word for subjects, which may be kinds of them
# An abbreviation, which may be another word's: PID is a party's identification, too.
_ABBREVIATED = re.compile(r"[A-Z]ID")
# Names that end as words do, too (paid, unitid): identifiers if the numbers rise from row to row.
_LOWER = re.compile(r"[a-z]{3,}id")


def identifiers(table: RawTable) -> Iterator[ColumnFinding]:
    """Names of rows or of subjects: by the name of the column and by what it holds, or how."""
    blocks = {finding.column: finding for finding in subjects_in_blocks(table)}
    for column in table.columns:
        reason = _reason(column)
        if reason:
            repeats = _distinct(column) < (~column.missing).sum()
            yield ColumnFinding(column.name, reason, leave_out=True, repeats=repeats)
        elif column.name in blocks:
            yield blocks[column.name]


def _reason(column: Column) -> str:
    others = column.others
    if others:
        return _of_texts(column, others)
    known = column.known
    if not column.whole or not len(known):
        return ""
    if np.median([_digits(number) for number in known[:_SAMPLE]]) >= _DIGITS:
        return "whole numbers of more digits than double precision holds, which are names"
    if _LOWER.fullmatch(column.name) and (np.diff(known) > 0).all() and len(known) > _MANY:
        return "an identifier: a whole number of its own in each row"
    subjects = _SUBJECT.fullmatch(column.name) or _ID.fullmatch(column.name)
    if not subjects and not _NUMBERED.fullmatch(column.name):
        return ""
    different = _distinct(column)
    if different == len(known) > (2 if subjects else _MANY):
        return "an identifier: a whole number of its own in each row"
    graded = different <= _FEW_LEVELS and np.ptp(known) == different - 1
    if different > 2 and subjects and not (graded and _ABBREVIATED.fullmatch(column.name)):
        return f"identifiers: {different} different whole numbers in {len(known)} rows"
    return ""


def _of_texts(column: Column, others: list[str]) -> str:
    sample = others[:_SAMPLE]
    for what, pattern in _WRITTEN.items():
        if all(map(pattern.fullmatch, sample)) and len(sample) > 2:
            return f"{what} ('{short(sample[0])}'), which are names"
    subjects = _SUBJECT.fullmatch(column.name)
    different, rows = _distinct(column), int((~column.missing).sum())
    numbered = all(re.search(r"\d", text) for text in sample)
    if (numbered and different > 2 and (subjects or _ID.fullmatch(column.name))) or (
        subjects and different > _FEW_LEVELS
    ):
        return f"identifiers ('{short(sample[0])}'): {different} different in {rows} rows"
    return ""


def _digits(number: float) -> int:
    """Of a whole number that may not be held exactly; 0 of one that is."""
    if abs(number) < _EXACT:
        return 0
    return len(repr(float(number)).partition("e")[0].replace(".", "").strip("-0"))


def _distinct(column: Column) -> int:
    """How many different values there are, each text that is no number for itself."""
    texts = column.codes[np.isnan(column.numbers) & (column.codes > MARK)]
    return len(np.unique(column.known)) + len(np.unique(texts[texts >= 0]))
