"""What looks for a warning in a run, and the words that warnings share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common import warning
from study.common.text import ranges
from study.common.warning import Warning

_MOST_NAMED = 24  # in one sentence


@dataclass(frozen=True)
class Check(warning.Check[Overview]):
    """A warning of a run that there may be; `untrained` makes sense without any seed yet."""

    untrained: bool = False

    def warnings(self, subject: Overview) -> Iterator[Warning]:
        """Everything of this kind that there is to warn of."""
        if self.untrained or subject.results.models:
            yield from super().warnings(subject)


def scores_by_method(results: Results, condition: str, model: str) -> Iterator[tuple[str, Vectors]]:
    """The scores of a model by every method, at the level that the method scores."""
    for method in results.methods():
        vectors = results.vectors(model, condition, method, results.recipe.scored_by(method))
        if vectors is not None:
            yield method, vectors


def seed_words(seeds: Iterable[int]) -> str:
    """Seeds by name, and how many more there are."""
    found = ranges([int(seed) for seed in seeds]).split(",")
    more = f" and {len(found) - 12} more ranges" if len(found) > 12 else ""
    noun = "seed" if found == [found[0]] and found[0].removeprefix("-").isdecimal() else "seeds"
    return f"{noun} {','.join(found[:12])}{more}"


def listed(parts: Iterable[str]) -> str:
    """What there is, with commas; of much the first, and how much more there is."""
    found = [*parts]
    more = [f"and {len(found) - _MOST_NAMED} more"] if len(found) > _MOST_NAMED else []
    return ", ".join([*found[:_MOST_NAMED], *more])
