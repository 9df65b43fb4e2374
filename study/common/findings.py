"""What a check found, and how a terminal shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from study.common.text import printable

PASSED, NOTE, FAULT = "passed", "note", "fault"
_OUTCOMES = (FAULT, NOTE, PASSED)  # in the order in which they are shown


@dataclass(frozen=True)
class Finding:
    """What one check found.

    outcome : PASSED, NOTE or FAULT; remedy : what to do, empty where nothing is to be done
    """

    outcome: str
    what: str
    remedy: str = ""
    code: str = ""


def faults(findings: Sequence[Finding]) -> list[Finding]:
    """Those that are wrong."""
    return [finding for finding in findings if finding.outcome == FAULT]


def listed(findings: Sequence[Finding]) -> Iterator[str]:
    """A line for each finding, faults first."""
    for outcome in _OUTCOMES:
        for finding in findings:
            if finding.outcome == outcome:
                remedy = f"; {finding.remedy}" if finding.remedy else ""
                yield printable(f"{outcome:6}  {finding.code}  {finding.what}{remedy}")


def counted(findings: Sequence[Finding]) -> str:
    """How many there are of each."""
    counts = [sum(finding.outcome == outcome for finding in findings) for outcome in _OUTCOMES]
    return "faults: {}, notes: {}, passed: {}".format(*counts)
