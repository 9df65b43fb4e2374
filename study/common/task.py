"""What models learn of a row: a number, a count, or which of some classes it is of."""

from dataclasses import dataclass
from typing import Literal

# What training makes small, by which all else that differs between kinds of targets is chosen.
Loss = Literal["squared error", "Poisson", "cross-entropy"]


@dataclass(frozen=True)
class Task:
    """What models learn, and how many numbers they give for a row.

    levels : names of the classes, whose numbers are their places; empty where the target is a
        number itself
    counts : whether that is a count, of whose rate the logarithm is learnt
    """

    levels: tuple[str, ...] = ()
    counts: bool = False

    @property
    def loss(self) -> Loss:
        """What training makes small."""
        if self.counts:
            return "Poisson"
        return "cross-entropy" if self.classes else "squared error"

    @property
    def classes(self) -> bool:
        """Whether the target is a class."""
        return bool(self.levels)

    @property
    def outputs(self) -> int:
        """Numbers that a model gives for a row.

        The prediction of a number, the logarithm of a count's rate, or the log-odds of the second
        of two classes: 1. Of more classes, one logit for each.
        """
        return len(self.levels) if len(self.levels) > 2 else 1

    @property
    def predicted(self) -> str:
        """What gradients after training are of, in words."""
        if self.counts:
            return "the logarithm of the predicted rate"
        if not self.classes:
            return "the prediction"
        if self.outputs == 1:
            return "the log-odds of the second class"
        return "each class’s logit less the mean logit, summed over classes,"


NUMBER = Task()
COUNT = Task(counts=True)
