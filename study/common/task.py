"""What models learn of a row: a number, or which of some classes it is of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """What models learn, and how many numbers they give for a row.

    levels : names of the classes, whose numbers are their places; empty where the target is a
        number itself
    """

    levels: tuple[str, ...] = ()

    @property
    def classes(self) -> bool:
        """Whether the target is a class."""
        return bool(self.levels)

    @property
    def outputs(self) -> int:
        """Numbers that a model gives for a row.

        The prediction of a number, or the log-odds of the second of two classes: 1. Of more
        classes, one logit for each.
        """
        return len(self.levels) if len(self.levels) > 2 else 1

    @property
    def predicted(self) -> str:
        """What gradients after training are of, in words."""
        if not self.classes:
            return "the prediction"
        if self.outputs == 1:
            return "the log-odds of the second class"
        return "each class’s logit less the mean logit, summed over classes,"


NUMBER = Task()
