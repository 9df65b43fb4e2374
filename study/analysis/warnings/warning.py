"""What a warning is, and the words that warnings share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common.methods import scored_by
from study.common.text import ranges


@dataclass(frozen=True)
class Warning:
    """One thing to know before believing a number.

    code : S and three digits, fixed for ever; title, evidence, advice : plain text
    """

    code: str
    title: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class Found:
    """What a check has found: plain text, with a title of its own where the check's is too wide."""

    evidence: str
    advice: str
    title: str = ""


@dataclass(frozen=True)
class Check:
    """A warning that there may be.

    code, title : those of its warnings; says : what it warns of, in one line of a list
    find : looks for it in a run; untrained : makes sense of a run without any seed yet
    """

    code: str
    title: str
    says: str
    find: Callable[[Overview], Iterator[Found]]
    untrained: bool = False

    def warnings(self, overview: Overview) -> Iterator[Warning]:
        """Everything of this kind that there is to warn of."""
        if self.untrained or overview.results.models:
            for found in self.find(overview):
                yield Warning(self.code, found.title or self.title, found.evidence, found.advice)


def scores_by_method(results: Results, condition: str, model: str) -> Iterator[tuple[str, Vectors]]:
    """The scores of a model by every method, at the level that the method scores."""
    for method in results.methods():
        vectors = results.vectors(model, condition, method, scored_by(method))
        if vectors is not None:
            yield method, vectors


def seed_words(seeds: Iterable[int]) -> str:
    """Seeds by name, and how many more there are."""
    found = ranges([int(seed) for seed in seeds]).split(",")
    more = f" and {len(found) - 12} more ranges" if len(found) > 12 else ""
    noun = "seed" if found == [found[0]] and found[0].isdecimal() else "seeds"
    return f"{noun} {','.join(found[:12])}{more}"


def listed(parts: Iterable[str]) -> str:
    """What there is, with commas."""
    return ", ".join(parts)
