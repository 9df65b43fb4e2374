"""How a run came about, in words."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.analysis.results import Results
from study.common.moments import moment, told
from study.common.progress import duration
from study.common.text import ranges, short
from study.report.tables.cells import network
from study.store.lock import holder


@dataclass(frozen=True)
class Extension:
    """A `study run`, or `study import`, that had something to store.

    number : from 1; when : start and end; asked : what for; came : what was missing, and what
    was stored; command, workers : as stored, or empty; circumstances : by headings in words
    """

    number: int
    when: str
    asked: str
    came: str
    command: str
    workers: str
    circumstances: dict[str, str]


def extensions(results: Results) -> list[Extension]:
    """The extensions of a run, in the order of time."""
    rows = results.history.to_dict("records")
    at_work = bool(rows) and holder(results.directory) is not None
    noun = "seeds of models and conditions" if results.imported else f"{network(results)}s"
    return [
        Extension(
            number,
            _when(row, at_work=at_work and number == len(rows)),
            row["asked"],
            f"{row['networks']} {noun} missing"
            + ("" if pd.isna(row["stored"]) else f", {row['stored']} stored"),
            "" if pd.isna(row["command"]) else row["command"],
            "" if pd.isna(row["workers"]) else row["workers"],
            row["circumstances"],
        )
        for number, row in enumerate(rows, start=1)
    ]


@dataclass(frozen=True)
class Place:
    """Where and with what extensions were made: their numbers, and what is told, by heading."""

    extensions: str
    told: dict[str, str]

    @property
    def short(self) -> str:
        """The system, the processor and the like."""
        return "; ".join([*self.told.values()][:_IN_SHORT])


_IN_SHORT = 2


def places(found: list[Extension]) -> list[Place]:
    """The different circumstances of extensions, in their order."""
    known: list[tuple[dict[str, str], list[int]]] = []
    for extension in found:
        numbers = next((of for told, of in known if told == extension.circumstances), None)
        if numbers is None:
            known.append((extension.circumstances, [extension.number]))
        else:
            numbers.append(extension.number)
    return [Place(ranges(numbers), told) for told, numbers in known if told]


def _when(row: dict[str, Any], *, at_work: bool) -> str:
    """Start and end of an extension."""
    started = moment(row["started"])
    if started is None:
        return f"{short(str(row['started']))}, which is no time"
    said = told(started)
    if pd.isna(row["stored"]):  # an older version kept no end
        return said
    if pd.isna(row["ended"]):
        return f"{said}, {'at work still' if at_work else 'ended without a word'}"
    ended = moment(row["ended"])
    if ended is None:
        return f"{said}, to {short(str(row['ended']))}, which is no time"
    return f"{said}, for {duration(max((ended - started).total_seconds(), 0))}"
