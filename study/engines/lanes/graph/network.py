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
    def of(
        cls, network: nn.Module, inputs: int, row: Tensor | None = None, *, outputs: int = 1
    ) -> Sizes:
        """Record a network on a row. Raises UnsupportedError, and whatever the network does."""
        training, evaluation = (
            record(network, inputs, training=mode, outputs=outputs, row=row)
            for mode in (True, False)
        )
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
    def outputs(self) -> int:
        """How many numbers it gives for a row."""
        return self.training.outputs

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

    def forward(
        self, weights: Array, x: Array, y: Array, row: Place, decisions: Decisions | None
    ) -> None:
        """Set y (outputs) to what follows from x (features).

        `row` says where the row stands in its batch. Without decisions nothing is dropped.
        """
        self._row = row
        writer = self._writer(decisions, {"weights": weights, "x": x, "y": y})
        writer.nests(writer.plan.forward)

    def backward(
        self,
        weights: Array,
        gradients: Array | None,
        x: Array,
        d_y: Array,
        d_x: Array,
        decisions: Decisions | None,
    ) -> None:
        """Add to the gradients of the weights, and set those of the inputs, d_x (features).

        d_y (outputs) are those of the outputs. Without gradients, only the latter.
        """
        rooms = {"weights": weights, "x": x, "d_y": d_y, "d_x": d_x}
        if gradients is not None:
            rooms["gradients"] = gradients
        writer = self._writer(decisions, rooms)
        plan = writer.plan
        writer.nests(plan.to_inputs if gradients is None else plan.backward)

    def _writer(self, decisions: Decisions | None, rooms: dict[str, Array]) -> Writer:
        which = 1 if decisions is None else 0
        return Writer(self._plans[which], self._slots[which], rooms, self._row, decisions)
