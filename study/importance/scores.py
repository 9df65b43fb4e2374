"""Importance methods: a score for each feature or variable of each trained network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from study.common.methods import of_class


@dataclass(frozen=True)
class Importance:
    """Scores of one method.

    Attributes
    ----------
    method : str
    score : (networks, items) unnormalised; items are features, or variables for
        permutation-grouped, and after them groups of variables
    signed : (networks, items) mean with signs; None for the permutation methods, whose score has a
        sign itself, and where signs mean nothing
    """

    method: str
    score: np.ndarray
    signed: np.ndarray | None

    @classmethod
    def joined(cls, parts: Sequence["Importance"], order: np.ndarray) -> "Importance":
        """The networks of all parts, of one method; `order` (networks,) are places among them."""
        signed = [part.signed for part in parts if part.signed is not None]
        return cls(
            parts[0].method,
            np.concatenate([part.score for part in parts])[order],
            np.concatenate(signed)[order] if signed else None,
        )

    def where(self, known: np.ndarray) -> "Importance":
        """The same, with NaN for networks that are not `known`: bool (networks,)."""
        score, signed = (
            None if scores is None else np.where(known[:, None], scores, np.nan)
            for scores in (self.score, self.signed)
        )
        assert score is not None
        return Importance(self.method, score, signed)


def of_classes(
    method: str, score: np.ndarray, signed: np.ndarray | None, levels: Sequence[str]
) -> Iterator[Importance]:
    """The scores of a method, and those of each class, which add up to them.

    score, signed : (networks, items), or of more than two classes (networks, classes, items)
    """
    if score.ndim == 2:
        yield Importance(method, score, signed)
        return
    unsigned = None if signed is None else np.full_like(score[:, 0], np.nan)
    yield Importance(method, score.sum(axis=1), unsigned)
    for place, level in enumerate(levels):
        own = None if signed is None else signed[:, place]
        yield Importance(of_class(method, level), score[:, place], own)
