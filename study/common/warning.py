"""What a warning is, and what looks for one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from study.common.text import printable

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Warning:
    """One thing to know before believing a number.

    code : D (of the data), T (of the table's columns), I (of imported scores) or S (of the run),
        and three digits, fixed for ever; title, evidence, advice : plain text
    """

    code: str
    title: str
    evidence: str
    advice: str

    @property
    def line(self) -> str:
        """All of it in one line for a terminal."""
        return printable(f"{self.code} {self.title}. {self.evidence} {self.advice}")


@dataclass(frozen=True)
class Found:
    """What a check has found: plain text, with a title of its own where the check's is too wide."""

    evidence: str
    advice: str
    title: str = ""


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """A warning that there may be.

    code, title : those of its warnings; says : what it warns of, in one line of a list
    find : looks for it
    """

    code: str
    title: str
    says: str
    find: Callable[[Subject], Iterator[Found]]

    def warnings(self, subject: Subject) -> Iterator[Warning]:
        """Everything of this kind that there is to warn of."""
        for found in self.find(subject):
            yield Warning(self.code, found.title or self.title, found.evidence, found.advice)
