"""How the numbers of columns are written, where that is not as their table says."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from study.common.text import short, some
from study.datasets.encoding import Reader
from study.datasets.notation import THOUSANDS, USUAL, Amount, Notation, Writing
from study.datasets.read_table import frame_format, read_file
from study.recipes.table import Table

# Different texts of a unit: of fewer, the numbers are rather names of levels (2 doors, 4 doors).
_MANY = 13
_SEVERAL = 3
# Whole numbers that show that nothing stands between thousands; nines may be a missing value.
_LONG = re.compile(r"(?!9+$)\d{4,}")


@lru_cache
def is_decimal(sign: str) -> re.Pattern[str]:
    """What shows, among cells on lines of their own, that a sign is no sign between thousands."""
    own = re.escape(sign)
    return re.compile(
        rf"{own}(?!\d{{3}}(?!\d|e[+-]?\d))|(?<!\d){own}|\d{{4}}{own}|(?<![\d{own}])0\d*{own}", re.I
    )


def find_writings(
    table: Table, paths: Sequence[Path], names: Collection[str], decimals: bool
) -> dict[str, Writing]:
    """How those of the columns `names` are written that are not written as their table says.

    All different cells are looked at, of all rows. decimals : whether other columns show that the
    table's decimal sign is one. Raises InputError.
    """
    texts: dict[str, dict[str, None]] = {name: {} for name in names}
    for path in paths:
        for chunk in read_file(path, table).chunks:
            for name, of in texts.items():
                of.update(dict.fromkeys(chunk.cells[name]))
    # Cells of a frame are no text, so that their points are decimal ones.
    known = decimals or frame_format(paths[0]) is not None
    found = {name: writing_of(list(of), table, known) for name, of in texts.items()}
    shown = {writing.keys.get("thousands") for writing in found.values()}
    return {
        name: writing.settled if writing.doubt in shown and not known else writing
        for name, writing in found.items()
        if writing != USUAL
    }


def writing_of(texts: Sequence[str], table: Table, decimals: bool) -> Writing:
    """How the numbers among the different `texts` of a column are written."""
    reader, usual = Reader(table), Notation.of(table)
    known = [text for text in texts if not reader.is_missing(text, usual)]
    amounts = {text: amount for text in known if (amount := Amount.of(text))}
    if len(amounts) <= len(known) / 2:
        return USUAL
    around, unread = _around(amounts)
    if unread:
        return Writing({}, unread=unread)
    digits = [amount.digits for amount in amounts.values() if amount.sign == around.get("sign", "")]
    keys, doubt = _grouping(digits, table, decimals)
    found = Writing({**keys, **around}, doubt=doubt)
    if twice := _decimal_twice(digits, Writing(keys).notation(table)):
        return Writing({}, unread=twice)
    notation = found.notation(table)
    beyond = [text for text in amounts if notation.reads(text) and not notation.is_held(text)]
    if beyond:
        return Writing(
            {},
            unread="whole numbers of more digits than double precision holds "
            f"({short(beyond[0])}): an identifier?",
        )
    return found


def _around(amounts: Mapping[str, Amount]) -> tuple[dict[str, Any], str]:
    """Sign and brackets as keys of a recipe, or why such numbers are not read."""
    example: dict[str, str] = {}
    for text, amount in amounts.items():
        example.setdefault(amount.sign, text)
    certain = any(amount.certain for amount in amounts.values())
    if len(example) > 1:
        shown = ", ".join(f"'{short(text)}'" for text in list(example.values())[:3])
        differ = f"numbers with different signs beside them, or with none ({shown}): give them one"
        return {}, differ if certain else ""
    bracketed = [text for text, amount in amounts.items() if amount.brackets]
    keys: dict[str, Any] = {}
    [sign] = example
    if sign and (certain or len(amounts) >= _MANY):
        keys["sign"] = sign
    if len(bracketed) == len(amounts) >= _MANY:
        return {}, (
            f"each number stands in brackets ('{short(bracketed[0])}'): if that means minus, write "
            "it so, or take them off"
        )
    if 0 < len(bracketed) < len(amounts):
        keys["brackets"] = True
    return keys, ""


def _grouping(digits: Sequence[str], table: Table, decimals: bool) -> tuple[dict[str, Any], str]:
    """Decimal sign and sign between thousands as keys of a recipe, and the one in doubt."""
    other = "," if table.decimal == "." else "."
    options: list[dict[str, Any]] = [{}, {"decimal": other}]
    options += [{"thousands": sign} for sign in THOUSANDS]
    options += [{"decimal": other, "thousands": sign} for sign in THOUSANDS if sign != other]
    fitting = [keys for keys in options if all(map(Writing(keys).notation(table).reads, digits))]
    if not fitting:
        return {}, ""
    first = fitting[0]
    sign = Writing(first).notation(table).decimal
    between, lines = {"thousands": sign}, "\n".join(digits)
    if between not in fitting or sign not in lines or is_decimal(sign).search(lines):
        return first, ""
    if _are_thousands(digits, sign):
        return between, ""
    # Where commas separate columns, or points are decimal elsewhere, a comma stands between
    # thousands.
    if sign == other and (decimals or table.separator == sign):
        return between, ""
    if any(map(_LONG.fullmatch, digits)):
        return first, ""
    # Three decimals in some cells, and else whole numbers, are odd even where points are decimal.
    whole = sum(number.isdecimal() for number in digits) > len(digits) / 2
    return first, sign if whole or not (sign != other and decimals) else ""


def _are_thousands(digits: Sequence[str], sign: str) -> bool:
    """Whether numbers without the sign are nearer to the others if it is between thousands."""
    grouped = [float(number.replace(sign, "")) for number in digits if sign in number]
    whole = [float(number) for number in digits if number.isdecimal()]
    if len(whole) < _SEVERAL or len(grouped) < _SEVERAL or max(whole) >= 1000:
        return False
    ratio = np.median(grouped) / max(np.median(whole), 1)
    return bool(ratio < 1000 / ratio)  # that of the others, were they decimal, the other way


def _decimal_twice(digits: Sequence[str], notation: Notation) -> str:
    """Why numbers are not read whose signs between thousands are rather decimal ones, or nothing.

    They are where each would be ten times as large as all others, and no larger if they were.
    """
    sign = notation.thousands
    if sign not in (",", ".") or not all(map(notation.reads, digits)):
        return ""
    others = [abs(notation.number(number)) for number in digits if sign not in number]
    either = [number for number in digits if sign in number]
    decimals = [number for number in digits if notation.decimal in number]
    if not (decimals and others) or not all(map(_EITHER[sign].fullmatch, either)):
        return ""
    least = min((abs(notation.number(number)) for number in either), default=0)
    if least <= 10 * max(others) or least / 1000 > max(others):
        return ""
    return (
        f"two signs that may be decimal ones ('{short(decimals[0])}', '{short(either[0])}'): write "
        "all its numbers with one"
    )


_EITHER = {sign: re.compile(rf"[+-]?\d{{1,3}}{re.escape(sign)}\d{{3}}") for sign in (",", ".")}


def in_words(
    writings: Mapping[str, Writing], thousands: str | None, grouped: Sequence[str]
) -> Iterator[str]:
    """How columns are written that are not written as their table says, or have its `thousands`.

    grouped : the names of the latter
    """
    named: dict[str, list[str]] = {}
    if thousands and grouped:
        named[_WORDS["thousands"].format(thousands)] = list(grouped)
    for name, writing in writings.items():
        for key, value in writing.keys.items():
            named.setdefault(_WORDS[key].format(value), []).append(name)
    for words, names in named.items():
        yield f"{words} {some(names)}"


def doubts(writings: Mapping[str, Writing]) -> Iterator[str]:
    """What may be meant otherwise, with the line of the recipe that says so."""
    for name, writing in writings.items():
        if writing.doubt:
            yield (
                f"the {'points' if writing.doubt == '.' else 'commas'} of {short(name)} may stand "
                f'between thousands: thousands = "{writing.doubt}" below its name in the recipe '
                "says so"
            )


_WORDS = {
    "decimal": "'{}' as decimal sign in",
    "thousands": "'{}' between thousands in",
    "sign": "'{}' beside the numbers of",
    "brackets": "brackets for minus in",
}
