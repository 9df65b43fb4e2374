"""Dates as text become days; the format that they are written in is found, or refused.

A format is ISO (as `2020-01-31`, with a time or without, or `2020-01`), or one of strptime's. Times
with an offset are told in UTC; years of two digits are those of POSIX: 69 to 99 of 1900, others of
2000.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np

from study.common.text import short

ISO = "iso"
_ISO = re.compile(
    r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(?P<offset>Z|[+-]\d\d(:?\d\d)?)?)?)?"
)
# How many months, days or hours go round.
PERIODS = {"month": 12, "weekday": 7, "hour": 24}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH = datetime(1970, 1, 1)
_DAY = timedelta(days=1)
_ORDERS = ("%d{0}%m{0}{1}", "%m{0}%d{0}{1}", "{1}{0}%m{0}%d")
_DATES = (
    *(order.format(sign, year) for order, sign, year in product(_ORDERS, "/.-", ("%Y", "%y"))),
    *(
        order.format(name, year)
        for order, name, year in product(
            ("%d {0} {1}", "%d-{0}-{1}", "{0} %d, {1}", "{0} %d {1}"), ("%b", "%B"), ("%Y", "%y")
        )
    ),
    *("%b %Y", "%B %Y", "%m/%Y", "%m.%Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
FORMATS = (ISO, *(date + time for date, time in product(_DATES, _TIMES)))
# What pandas and people call dates may hold one of these; no other text is tried.
_LIKE_A_DATE = re.compile(r"(?=.*\d)(?=.*[-/.: ])([\d\s:/.,+\-TZ]|[a-z]{3,9}\b)+", re.I)


def format_of(texts: Sequence[str]) -> str:
    """The one format that all texts, none of them a missing value, are written in.

    Raises ValueError, in words, where there is none, and where days and months, or the year, may
    be either of several: the dates would differ.
    """
    different = list(dict.fromkeys(texts))
    odd = next((text for text in different if not _LIKE_A_DATE.fullmatch(text)), None)
    if odd is not None or not different:
        raise ValueError(f"'{short(odd or '')}' is no date")
    fitting = list(FORMATS)
    for text in different:
        left = [written for written in fitting if is_date(text, written)]
        if not left:
            first = f"'{short(different[0])}', " if text != different[0] else ""
            raise ValueError(
                f"dates that are not all in one format that is known ({first}'{text}')"
            )
        fitting = left
    # %b and %B are the same in May.
    same = {days(different, written).tobytes(): written for written in reversed(fitting)}
    if len(same) > 1:
        either = " or ".join(f'format = "{written}"' for written in reversed(same.values()))
        raise ValueError(
            f"days, months or years may be either ('{different[0]}'): {either} says it"
        )
    return fitting[0]


def days(texts: Sequence[str], written: str) -> np.ndarray:
    """Days from 1970-01-01 to each date, times as parts of a day: (rows,) float64.

    Raises ValueError, in words, for a text that is no date in that format.
    """
    found = {text: day_of(text, written) for text in dict.fromkeys(texts)}
    return np.array([found[text] for text in texts], dtype=np.float64)


def day_of(text: str, written: str) -> float:
    """Days from 1970-01-01 to a date. Raises ValueError, in words."""
    try:
        return (_moment(text, written) - _EPOCH) / _DAY
    except (ValueError, OverflowError):
        shape = "in ISO format (2020-01-31)" if written == ISO else f"written as {written}"
        raise ValueError(f"'{short(text)}' is no date {shape}") from None


def place_of(since_epoch: np.ndarray, part: str) -> np.ndarray:
    """Where dates stand in the year, the week or the day: (rows,) float64.

    since_epoch : days, as `days` gives them; part : a key of PERIODS. January and Monday are 0;
    hours have minutes.
    """
    if part == "hour":
        return np.round(since_epoch % 1 * 24 * 60) % (24 * 60) / 60
    whole = np.floor(since_epoch)
    if part == "weekday":
        return (whole + 3) % 7  # 1970-01-01 was a Thursday
    known = np.isfinite(whole)
    months = whole[known].astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    places = np.full(whole.shape, np.nan)
    places[known] = months
    return places


def in_words(number: float, part: str) -> str:
    """Days since 1970-01-01 as a date, or a place in what goes round as people name it."""
    if part == "month":
        return f"month {int(number) + 1}"
    if part == "weekday":
        return _WEEKDAYS[int(number)]
    if part == "hour":
        return f"{int(number):02}:{round(number % 1 * 60):02}"
    return str((_EPOCH + timedelta(days=round(number))).date())


def is_date(text: str, written: str) -> bool:
    """Whether a text is a date in that format."""
    try:
        day_of(text, written)
    except ValueError:
        return False
    return True


def holds(written: str) -> set[str]:
    """What a format tells of a date: of year, month, day and hour. Raises ValueError if it is none.

    An ISO format may tell all.
    """
    if written == ISO:
        return {"year", "month", "day", "hour"}
    sample = datetime(2001, 2, 3, 4)
    try:
        read = _moment(sample.strftime(written), written)
    except (ValueError, re.error):
        raise ValueError(f"'{short(written)}' is no format of dates, such as %d/%m/%Y") from None
    return {
        part
        for part in ("year", "month", "day", "hour")
        if getattr(read, part) == getattr(sample, part)
    }


def _moment(text: str, written: str) -> datetime:
    """A date without an offset. Raises ValueError."""
    if written == ISO:
        parts = _ISO.fullmatch(text)
        if parts is None:
            raise ValueError
        moment = datetime.fromisoformat(text if len(text) > len("2020-01") else f"{text}-01")
    else:
        moment = datetime.strptime(text, written)
        # Digits that nothing parts stand in full: 2020111 would be of January or November.
        if text.isdecimal() and len(text) != len(moment.strftime(written)):
            raise ValueError
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
