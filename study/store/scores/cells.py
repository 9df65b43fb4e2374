"""What cells of a table of scores say: numbers and seeds."""

import math
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

# What stands for a number that there is not.
_MISSING = ("", "na", "nan", "none", "null")
# SQLite, pandas and the tools that draw seeds of their own keep 64 bits with a sign.
LEAST_SEED, GREATEST_SEED = -(2**63), 2**63 - 1
_DIGITS = 20
_POINTED = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_SMALL = re.compile(r"[+-]?[1-9]\d{0,2}")


def number(column: str, text: str) -> float:
    """A finite number, or NaN where it is missing. Raises ValueError."""
    if text.lower() in _MISSING:
        return math.nan
    try:
        found = float(text if "_" not in text else "")  # Python alone reads 1_000 as 1000
    except ValueError as error:
        hint = ": write a decimal point" if "," in text else ""
        raise ValueError(f"{column}: '{text}' is not a number{hint}") from error
    if not math.isfinite(found):
        raise ValueError(f"{column}: '{text}' is not a finite number (empty is a missing one)")
    return found


def may_be_thousands(texts: Sequence[str]) -> str:
    """One of some numbers whose points may stand between thousands; empty where none do.

    They may where each point stands before three digits, as in 1.200, and all others are whole
    numbers below 1000. Zeros tell nothing.
    """
    given = [text for text in texts if text.lower() not in _MISSING and text.strip("+-0")]
    pointed = [text for text in given if "." in text]
    others = [text for text in given if "." not in text]
    if not pointed or not others:
        return ""
    either = all(map(_POINTED.fullmatch, pointed)) and all(map(_SMALL.fullmatch, others))
    return pointed[0] if either else ""


def is_number(text: str) -> bool:
    """Whether a cell is a number, or a missing one."""
    try:
        number("", text)
    except ValueError:
        return False
    return True


def seed(text: str) -> int:
    """A whole number, which tells one seed from another; also as 3.0 or 1e+05. Raises ValueError.

    Frames with gaps make 3.0 of 3, and R writes 100000 as 1e+05.
    """
    try:
        found = Decimal(text if text.isascii() and "_" not in text else "")
    except InvalidOperation:
        found = Decimal("NaN")
    # What has more than 20 digits is beyond 64 bits; a billion of them would fill the memory.
    long = found.is_finite() and found.adjusted() >= _DIGITS
    if not long and (not found.is_finite() or found != found.to_integral_value()):
        raise ValueError(f"seed: '{text}' is not a whole number")
    if long or not LEAST_SEED <= found <= GREATEST_SEED:
        raise ValueError(f"seed: '{text}' is beyond 64 bits: number the seeds 0, 1, 2, ...")
    return int(found)
