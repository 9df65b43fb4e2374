"""Checks for numbers that are codes of categories."""

import re
from collections.abc import Iterator

import numpy as np

from study.datasets.checks.table import ColumnFinding
from study.datasets.raw_columns import Column, RawTable

_CODE = re.compile(
    r"(?i:(.*[\W_])?(zip|postal|post|area|country|state|region|county|city|dept|department|"
    r"store|product|item|branch|industry|occupation|job|diagnosis|airport|station)?[\W_]?"
    r"(codes?|cd)|(.*[\W_])?(zip|zip_?4|plz|npa|cap|fips|iso|iso[\W_]?(num|numeric|n3)|m49|sic|naics|"
    r"isic|isco|icd|isbn|ean|upc|gtin|sku|asin)|[a-z]*code\d?|district|hospital|clinic|precinct|ward|"
    r"inst|flight)|.*[a-z]Code"
)
_CALL = re.compile(
    r"(?i:(.*[\W_])?(phone|telephone|tel|fax|mobile|cell)([\W_]?(nr|no|num|number))?)"
)
_MONTH = re.compile(r"(?i:(.*[\W_])?(month|mnth|mon|monat|mois|mes|maand))|.*[a-z]Month")
_WEEKDAY = re.compile(
    r"(?i:(.*[\W_])?(week[\W_]?day|day[\W_]?of[\W_]?(the[\W_]?)?week|dow))|.*[a-z]Weekday"
)
_LEADING_ZERO = re.compile(r"0\d+")
_FEWEST_DATES = 10
_FEWEST = 3  # different numbers; of two, no order can be wrong
_CALLS = 10**5  # the least number to call; smaller ones are amounts


def category_codes(table: RawTable) -> Iterator[ColumnFinding]:
    """Whole numbers whose name says that they are names of categories."""
    for column in table.columns:
        known = column.known
        if column.others or not column.whole or len(np.unique(known[:1000])) < _FEWEST:
            continue
        if _CALL.fullmatch(column.name) and known.min() >= _CALLS:
            yield ColumnFinding(column.name, "numbers to call, which are names", leave_out=True)
        elif reason := _reason(column):
            yield ColumnFinding(column.name, reason)


def _reason(column: Column) -> str:
    low, high = column.known.min(), column.known.max()
    if _MONTH.fullmatch(column.name) and low >= 1 and high <= 12:
        return "months by number, of which December and January are neighbours"
    if _WEEKDAY.fullmatch(column.name) and low >= 0 and high <= 7:
        return "days of the week by number, which have no first and no last"
    if _CODE.fullmatch(column.name):
        return "codes, by its name: names of categories, not amounts"
    if any(map(_LEADING_ZERO.fullmatch, column.texts)):
        return "numbers with zeros before them, as codes have: names of categories, not amounts"
    if _are_dates(np.unique(column.known)):
        return "days or months written as one number, whose distances are not those of time"
    return ""


def _are_dates(numbers: np.ndarray) -> bool:
    """Whether different whole numbers are all dates, as 20190112 or 201901."""
    days = numbers[0] >= 10**7
    months = numbers // 100 if days else numbers
    year, month, day = months // 100, months % 100, numbers % 100 if days else 1
    real = (year >= 1900) & (year <= 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return len(numbers) >= _FEWEST_DATES and bool(real.all())
