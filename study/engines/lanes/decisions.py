"""What is dropped of a row in a training step."""

from collections.abc import Callable
from dataclasses import dataclass

from study.engines.lanes.memory import Masks
from study.engines.lanes.tracing import Place
from study.engines.lanes.vectors import Vector, select

# What dropout makes of one number that meets a module: (which number of the row, value).
Drop = Callable[[Place, Vector], Vector]


@dataclass(frozen=True)
class Decisions:
    """What is dropped of one row in one training step.

    The decisions of a step come module by module, and within a module row by row.
    """

    masks: Masks
    rows: Place
    row: Place

    def of(self, before: Place, count: int, probability: float) -> Drop:
        """Dropout in a module that meets `count` numbers of a row, after `before` in others."""
        start = self.rows * before + self.row * count
        kept = 1 / (1 - probability)

        def drop(number: Place, value: Vector) -> Vector:
            # A product, so that NaN stays NaN.
            return value * select(self.masks[start + number], kept, 0.0)

        return drop
