"""What a check of a table's columns, as they are read, looks at, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from study.common.text import short
from study.common.warning import Warning
from study.datasets.raw_columns import RawTable

_MOST = 5


@dataclass(frozen=True)
class ColumnFinding:
    """What was found of one column.

    reason : in plain words, to follow the name of the column
    leave_out : whether no study should use the column; else only no claim about it is proposed
    repeats : whether it names subjects, each of several rows
    codes : what seems to stand for a missing value in it, if anything does
    """

    column: str
    reason: str
    leave_out: bool = False
    repeats: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableCheck:
    """A check of the columns of a table.

    code, title : those of its warning; says : what it warns of, in one line of a list
    advice : what to do; find : looks for it
    """

    code: str
    title: str
    says: str
    advice: str
    find: Callable[[RawTable], Iterator[ColumnFinding]]

    def warnings(self, table: RawTable) -> Iterator[Warning]:
        """One warning of all columns in which something was found."""
        found = [f"{short(finding.column)}: {finding.reason}" for finding in self.find(table)]
        if found:
            more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
            evidence = f"{'; '.join(found[:_MOST])}{more}."
            yield Warning(self.code, self.title, evidence, self.advice)
