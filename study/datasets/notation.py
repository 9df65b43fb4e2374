"""How numbers are written: decimal sign, thousands, a sign beside them, accounting brackets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from study.recipes.columns import Written
from study.recipes.table import Table

_MINUS = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_SPACES = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
_APOSTROPHES = "\u2019\u02bc\uff07"
# What looks like a sign of ASCII, and means the same before and between digits.
_ALIKE = {
    ord(sign): plain
    for plain, signs in (("-", _MINUS), (" ", _SPACES), ("'", _APOSTROPHES))
    for sign in signs
}
OTHER_MINUS = re.compile(rf"(?<![^\s;,|\"(])[{_MINUS}](?=\d)")
THOUSANDS = (",", ".", " ", "'")

_CURRENCY = (
    r"(?:[A-Za-z]{0,3}[$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0af1\u0bf9\u0e3f\u17db\u20a0-\u20cf"
    r"\ufdfc\ufe69\uff04\uffe0\uffe1\uffe5\uffe6]"
    "|AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES"
    "|KRW|MXN|MYR|NGN|NOK|NZD|PEN|PHP|PKR|PLN|RMB|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
    r"|Rs\.?|kr\.?|z\u0142|Fr\.)"
)
_PER_CENT = "[%\u2030\u066a\uff05]"
_UNIT = r"\u00b0?[^\W\d_][^\W\d_/]{0,11}(?:/[^\W\d_]{1,5})?"  # kg, km/h, \u00b0C
_CERTAIN = f"(?:{_CURRENCY}|{_PER_CENT})"
_AMOUNT = re.compile(
    rf"(?P<bracket>\()? ?[+-]? ?(?P<before>{_CERTAIN})? ?(?P<inner>\()? ?[+-]?"
    r"(?P<digits>[.,]?\d(?:[\d.,' ]*\d)?[.,]?(?:[eE][+-]?\d+)?)"
    rf" ?(?P<after>{_CERTAIN}|{_UNIT})? ?(?P<close>\))? ?(?P<last>{_CERTAIN})?"
)


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written.

    sign : stands before or after each of them, as % or $; brackets : (5) is -5
    """

    decimal: str = "."
    thousands: str | None = None
    sign: str = ""
    brackets: bool = False

    @classmethod
    def of(cls, table: Table, column: Written | None = None) -> "Notation":
        """That of a table; what a column says of its own goes before."""
        if column is None:
            return cls(table.decimal, table.thousands)
        decimal = column.decimal or table.decimal
        thousands = column.thousands or table.thousands
        if decimal == thousands:  # what the column says takes the table's sign for its own use
            decimal, thousands = (
                ("," if thousands == "." else ".", thousands)
                if column.thousands
                else (decimal, None)
            )
        return cls(decimal, thousands, column.sign, column.brackets)

    def plain(self, cell: str) -> str:
        """A cell as Python writes numbers, if it holds one."""
        text, negative = alike(cell), ""
        if self.sign or self.brackets:
            text, negative = self._bare(text)
        if self.thousands and grouped(self.thousands, self.decimal).fullmatch(text):
            text = text.replace(self.thousands, "")
        if self.decimal == ",":
            text = text.replace(".", "_").replace(",", ".")  # a point is not a comma
        return negative + text

    def number(self, cell: str) -> float:
        """The number that a cell holds. Raises ValueError where it holds none."""
        text = self.plain(cell)
        if "_" in text:  # Python alone reads 1_000 as 1000
            raise ValueError
        return float(text)

    def reads(self, cell: str) -> bool:
        """Whether a cell holds a number."""
        try:
            self.number(cell)
        except ValueError:
            return False
        return True

    def is_held(self, cell: str) -> bool:
        """Whether double precision holds the number of a cell, if it is a whole one.

        Two whole numbers that differ never become one; other numbers may be rounded.
        """
        whole = re.fullmatch(r"[+-]?(\d+)(\.0*)?", self.plain(cell))
        return whole is None or Decimal(whole[1]) == float(whole[1])

    def _bare(self, text: str) -> tuple[str, str]:
        """What is left of a number without its sign and brackets, and its minus, if it has one."""
        parts = _around(self.sign).fullmatch(text)
        if parts is None:
            return "", ""
        signs = [parts[name] for name in ("first", "before", "after", "last") if parts[name]]
        negations = [parts[name] for name in ("lead", "open", "minus") if parts[name]]
        closed = bool(parts["open"]) == bool(parts["close"])
        allowed = self.brackets or not parts["open"]
        if len(signs) != bool(self.sign) or len(negations) > 1 or not (closed and allowed):
            return "", ""
        return parts["digits"], "-" if negations in (["-"], ["("]) else ""


PLAIN = Notation()


@lru_cache
def _around(sign: str) -> re.Pattern[str]:
    """A number with all that may stand around it."""
    own = re.escape(sign) if sign else "(?!)"
    return re.compile(
        rf"(?P<first>{own})? ?(?P<lead>[+-])? ?(?P<open>\()? ?(?P<before>{own})? ?(?P<minus>[+-])?"
        rf"(?P<digits>[^\s()+-].*?) ?(?P<after>{own})? ?(?P<close>\))? ?(?P<last>{own})?"
    )


@lru_cache
def grouped(thousands: str, decimal: str) -> re.Pattern[str]:
    """Numbers whose digits stand in groups of three; those that begin with 0 are none."""
    return re.compile(
        rf"[+-]?(?!0)\d{{1,3}}({re.escape(thousands)}\d{{3}})+({re.escape(decimal)}\d*)?(e[+-]?\d+)?",
        re.I,
    )


def alike(cell: str) -> str:
    """A cell whose minus, spaces and apostrophes are those of ASCII."""
    return cell if cell.isascii() else cell.translate(_ALIKE)


@dataclass(frozen=True)
class Amount:
    """The parts of a cell that looks like a number.

    digits : with the signs among them; sign : beside them, or nothing; certain : whether that is a
    currency or per cent; brackets : whether it stands in brackets
    """

    digits: str
    sign: str
    certain: bool
    brackets: bool

    @classmethod
    def of(cls, cell: str) -> "Amount | None":
        """That of a cell, or none."""
        parts = _AMOUNT.fullmatch(alike(cell))
        if parts is None:
            return None
        signs = [parts[name] for name in ("before", "after", "last") if parts[name]]
        opened = [parts[name] for name in ("bracket", "inner") if parts[name]]
        if len(signs) > 1 or len(opened) != bool(parts["close"]):
            return None
        sign = "".join(signs)
        return cls(parts["digits"], sign, bool(re.fullmatch(_CERTAIN, sign)), bool(opened))


@dataclass(frozen=True)
class Writing:
    """How the numbers of a column are written.

    keys : of its variable in the recipe, where it is not written as its table says; unread : why
    it is not read as numbers, though it looks like them; doubt : its decimal sign, where that may
    stand between thousands as well
    """

    keys: Mapping[str, Any]
    unread: str = ""
    doubt: str = ""

    def notation(self, table: Table) -> Notation:
        """The notation that its numbers are read in."""
        return Notation.of(table, Written.model_validate(self.keys))

    @property
    def settled(self) -> "Writing":
        """With the sign in doubt between thousands, as it stands in other columns."""
        others = {key: value for key, value in self.keys.items() if key != "decimal"}
        return Writing({**others, "thousands": self.doubt})


USUAL = Writing({})
