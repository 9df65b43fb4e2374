"""A recorded network as the kernels ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from study.engines.lanes.decisions import Decisions
from study.engines.lanes.graph.graph import Graph, Shapes
from study.engines.lanes.graph.plan import Plan, plan
from study.engines.lanes.graph.record import record
from study.engines.lanes.graph.write import Writer
from study.engines.lanes.memory import Array, scratch
from study.engines.lanes.tracing import Place
from study.engines.lanes.vectors import Vector


@dataclass(frozen=True)
class Sizes:
    """All that the code of a network depends on.

    digests : of the graphs, in training and in eval mode
    """

    shapes: Shapes
    digests: tuple[str, str]
    training: Graph = field(repr=False, compare=False)
    evaluation: Graph = field(repr=False, compare=False)

    @classmethod
    def of(cls, network: nn.Module, inputs: int, row: Tensor | None = None) -> Sizes:
        """Record a network on a row. Raises UnsupportedError, and whatever the network does."""
        training = record(network, inputs, training=True, row=row)
        evaluation = record(network, inputs, training=False, row=row)
        digests = training.digest, evaluation.digest
        return cls(training.parameters, digests, training, evaluation)

    def __getstate__(self) -> dict[str, Any]:
        """It travels without what follows from it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def plans(self) -> tuple[Plan, Plan]:
        """How to compute it in training, and in eval mode. Raises UnsupportedError."""
        return plan(self.training), plan(self.evaluation)

    @property
    def decisions(self) -> int:
        """How many dropout decisions a row takes in a training step."""
        return self.training.decisions

    @property
    def room(self) -> int:
        """Numbers in the scratch memory of a kernel, for the network alone."""
        return sum(sum(plan.slots) for plan in self.plans)


class InLanes:
    """A network in the active trace. It works on one row of data.

    `forward` predicts it, and `backward`, traced after it, gives the gradients.
    """

    def __init__(self, sizes: Sizes) -> None:
        self._plans = sizes.plans
        self._slots = [[scratch(size) for size in plan.slots] for plan in self._plans]
        self._row: Place = 0
        self.decisions = sizes.decisions

    def forward(self, weights: Array, x: Array, row: Place, decisions: Decisions | None) -> Vector:
        """Predict from inputs x (features); `row` says where the row stands in its batch.

        Without decisions nothing is dropped.
        """
        self._row = row
        writer = self._writer(decisions, {"weights": weights, "x": x})
        writer.nests(writer.plan.forward)
        return writer.number(writer.plan.y)

    def backward(
        self,
        weights: Array,
        gradients: Array | None,
        x: Array,
        d_y: Vector,
        d_x: Array,
        decisions: Decisions | None,
    ) -> None:
        """Add to the gradients of the weights, and set those of the inputs, d_x (features).

        Without gradients, only the latter.
        """
        rooms = {"weights": weights, "x": x, "d_x": d_x}
        if gradients is not None:
            rooms["gradients"] = gradients
        writer = self._writer(decisions, rooms)
        writer.d_y = d_y
        plan = writer.plan
        writer.nests(plan.to_inputs if gradients is None else plan.backward)

    def _writer(self, decisions: Decisions | None, rooms: dict[str, Array]) -> Writer:
        which = 1 if decisions is None else 0
        return Writer(self._plans[which], self._slots[which], rooms, self._row, decisions)
