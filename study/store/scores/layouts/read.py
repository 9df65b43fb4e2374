"""A sheet in whatever layout becomes rows in this program's own columns, or is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from study.common.errors import InputError
from study.common.text import listed, some
from study.store.scores.cells import is_number
from study.store.scores.layouts import wide
from study.store.scores.layouts.layout import ALIASES, COLUMNS, OPTIONAL, Layout, Reading
from study.store.scores.layouts.registry import LAYOUTS, UNFOLDS
from study.store.scores.sheet import Sheet

# Columns of features where no other is: row names, and what H2O and interpret call them.
_LESS_SURELY = ("", "names")


def read(sheet: Sheet, named: Mapping[str, str]) -> Reading:
    """The rows of a sheet, each with COLUMNS, and OPTIONAL where there are such columns.

    `named` holds the one model and the one method, where they were given; they count where no
    column names them. Raises InputError where the sheet can be read in no way, or in several.
    """
    own = _own_columns(sheet)
    if set(COLUMNS) <= own.keys():
        return Reading(_rows(sheet, own), {*own.values()}, {*own})
    places = _with_aliases(sheet, own)
    unfolded = next(filter(None, (unfold(sheet, places) for unfold in UNFOLDS)), None)
    reading = unfolded or _renamed(sheet, places, named) or _wide(sheet, places)
    if reading is None:
        raise InputError(_lacks(sheet, own, places))
    return _completed(sheet, reading, named)


def _own_columns(sheet: Sheet) -> dict[str, int]:
    """Where this program's own columns are."""
    for name in (*COLUMNS, *OPTIONAL):
        if sheet.names.count(name) > 1:
            raise InputError(f"{sheet.path}: column named twice: {name}")
    return {name: sheet.names.index(name) for name in (*COLUMNS, *OPTIONAL) if name in sheet.names}


def _with_aliases(sheet: Sheet, own: Mapping[str, int]) -> dict[str, int]:
    """The same, and those that others call otherwise; row names are features."""
    places = dict(own)
    for name, others in ALIASES.items():
        found = [
            place
            for place, column in enumerate(sheet.names)
            if column in others and (name != "feature" or _names(sheet, place))
        ]
        if name in places or not found:
            continue
        if len(found) > 1:
            which = listed(f"'{sheet.header[place]}'" for place in found)
            raise InputError(
                f"{sheet.path}: {which} may each be the {name}: rename the one that is to {name}"
            )
        places[name] = found[0]
    for column in _LESS_SURELY:
        if "feature" not in places and sheet.names.count(column) == 1:
            place = sheet.names.index(column)
            if _names(sheet, place):
                places["feature"] = place
    return places


def _names(sheet: Sheet, place: int) -> bool:
    """Whether a column holds names, and not the numbers of a feature of that name."""
    return not all(map(is_number, sheet.cells(place)))


def _renamed(sheet: Sheet, places: Mapping[str, int], named: Mapping[str, str]) -> Reading | None:
    """A table with a row for each score, whose columns are called otherwise."""
    if "feature" not in places:
        return None
    if "score" in places:
        return _as_own(sheet, places, None)
    found = [(of, place) for of in LAYOUTS if (place := of.column(sheet)) is not None]
    several = len({place for _, place in found}) > 1
    if (asked := _asked(sheet, places, named)) is not None:
        of_tool = next((of for of, _ in found if sheet.names[asked] in of.score), None)
        # A table whose one score is another column has that one.
        if several or not found or of_tool:
            return _as_own(sheet, {**places, "score": asked}, of_tool)
    if several:
        which = listed(f"'{sheet.header[place]}'" for _, place in found)
        raise InputError(
            f"{sheet.path}: {which} may each be the score: rename the one that is to score, or "
            "name it by --method"
        )
    if not found:
        return None
    layout, place = found[0]
    if sheet.names.count(sheet.names[place]) > 1:
        raise InputError(f"{sheet.path}: column named twice: {sheet.header[place]}")
    return _as_own(sheet, {**places, "score": place}, layout)


def _asked(sheet: Sheet, places: Mapping[str, int], named: Mapping[str, str]) -> int | None:
    """The one column of numbers that is called as the method is."""
    if "method" not in named or "method" in places:
        return None
    found = [
        at
        for at, name in enumerate(sheet.names)
        if name == named["method"].lower().strip() and at not in places.values()
    ]
    return found[0] if len(found) == 1 and all(map(is_number, sheet.cells(found[0]))) else None


def _wide(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """A table with a column for each feature; not one of scores that has lost its features."""
    scores = {name for layout in LAYOUTS for name in layout.score}
    left = {name for place, name in enumerate(sheet.names) if place not in places.values()}
    return None if left - {""} <= scores else wide.unfold(sheet, places)


def _as_own(sheet: Sheet, places: Mapping[str, int], layout: Layout | None) -> Reading:
    renamed = [
        f"'{sheet.header[place]}' is the {name}" if sheet.header[place] else f"row names: {name}"
        for name, place in places.items()
        if sheet.names[place] != name
    ]
    said = f"{layout.tool}: " if layout else ""
    return Reading(
        _rows(sheet, places),
        {*places.values()},
        {*places},
        f"{said}{'; '.join(renamed)}" if renamed else "",
        None if layout is None else layout.method or sheet.header[places["score"]],
    )


def _rows(sheet: Sheet, places: Mapping[str, int]) -> Iterator[tuple[str, dict[str, str]]]:
    for place, cells in sheet.rows:
        yield place, {name: cells[at] for name, at in places.items()}


def _completed(sheet: Sheet, reading: Reading, named: Mapping[str, str]) -> Reading:
    """A reading of which every row has a model, a method and a seed."""
    known = {"method": reading.method, **named}
    constant = {"seed": "0"}
    for name in ("model", "method"):
        if name not in reading.names:
            given = known.get(name)
            if given is None:
                raise InputError(
                    f"{_without(sheet, name)}; if all scores are of one {name}, name it: "
                    f"--{name} NAME"
                )
            constant[name] = given
    rows = ((place, {**constant, **cells}) for place, cells in reading.rows)
    return replace(reading, rows=rows)


def _lacks(sheet: Sheet, own: Mapping[str, int], places: Mapping[str, int]) -> str:
    """What a sheet that cannot be read lacks, and which column might be it."""
    lacking = next((name for name in ("feature", "score") if name not in places), "seed")
    left = [place for place in range(len(sheet.header)) if place not in places.values()]
    numeric = {place for place in left if all(map(is_number, sheet.cells(place)))}
    may_be = [
        f"'{sheet.header[place]}'"
        for place in left
        if sheet.header[place] and (place in numeric) == (lacking == "score")
    ]
    if places and sheet.rows and may_be:
        which = "" if len(may_be) == 1 else "the right one of "
        return f"{_without(sheet, lacking)}; rename {which}{some(may_be)} to {lacking}"
    first = next(name for name in COLUMNS if name not in own)
    return (
        f"{_without(sheet, first)}; the columns are {', '.join(COLUMNS)}, and if you like "
        f"{' and '.join(OPTIONAL)}"
    )


def _without(sheet: Sheet, name: str) -> str:
    found = ", ".join(name or "(no name)" for name in sheet.header) or "nothing"
    return f"{sheet.path}: no column '{name}' in the first line: there is {found}"
