"""What a warning is, and the words that warnings share."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


def score_words(results: Results, condition: str, model: str) -> Iterator[tuple[str, Vectors]]:
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
