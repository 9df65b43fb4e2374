"""Weka 3.9: the ranking that attribute selection with the search method Ranker prints.

Each line has a merit, the number of the attribute and its name, which may hold spaces, the greatest
merit first. `CorrelationAttributeEval` gives correlations with a numeric class their sign (seen:
0.8 first, -0.6183 last of five), so that the strongest may come last. Cross-validation prints the
mean merit over its folds, after the merits on all data, which count. Merits have up to five digits.
"""

import re
from collections.abc import Iterator

from study.store.scores.layouts.layout import About

ABOUT = (
    About(
        "Weka, attribute selection with Ranker",
        "`Ranked attributes:`, as it is printed",
        "the evaluator, such as Correlation Ranking Filter",
        "Weka 3.9.7",
    ),
)
_BEGINS = re.compile(r"^=== Attribute [Ss]election ", re.MULTILINE)
_EVALUATOR = re.compile(r"^Attribute Evaluator .*:\s*\n\s*(.+?)\s*$", re.MULTILINE)
_NUMBER = r"-?[\d.]+(?:[eE][-+]?\d+)?"
_RANKED = re.compile(rf"^\s*({_NUMBER})\s+\d+\s(.+?)\s*$")
_MEAN = re.compile(
    rf"^\s*({_NUMBER})\s*\+-\s*{_NUMBER}\s+{_NUMBER}\s*\+-\s*{_NUMBER}\s+\d+\s(.+?)\s*$"
)
# The line above a ranking, and how its lines look.
_HEADS = (("Ranked attributes:", _RANKED), ("average merit", _MEAN))


def printed(text: str) -> tuple[Iterator[tuple[str, list[str]]], str] | None:
    """A ranking as a table with a header; None of other text. Raises ValueError."""
    if not _BEGINS.search(text):
        return None
    evaluator = _EVALUATOR.search(text)
    method = evaluator[1] if evaluator else "merit"
    lines = text.splitlines()
    for head, form in _HEADS:
        starts = [at for at, line in enumerate(lines) if line.strip().startswith(head)]
        if len(starts) > 1:
            raise ValueError("several rankings of Weka: give each a file")
        if starts:
            return _table(lines, starts[0] + 1, form, method), _said(method)
    raise ValueError("Weka selected attributes, and ranked none: use the search method Ranker")


def _table(
    lines: list[str], start: int, form: re.Pattern[str], method: str
) -> Iterator[tuple[str, list[str]]]:
    signed = _is_signed(method)
    yield "", ["method", "feature", "score", *(["signed"] if signed else [])]
    for at, line in enumerate(lines[start:], start=start + 1):
        found = form.match(line)
        if found is None and line.strip():
            break
        if found:
            size = found[1].removeprefix("-") if signed else found[1]
            yield f"line {at}", [method, found[2], size, *([found[1]] if signed else [])]


def _is_signed(method: str) -> bool:
    return method.startswith("Correlation")


def _said(method: str) -> str:
    how = "; the size of a correlation is the score, its sign the direction"
    return f"Weka's ranking of attributes by {method}" + (how if _is_signed(method) else "")
