"""Networks whose rows, or dropout decisions, are not on their own, and others that are."""

import time

import torch
from networks_to_check import Net
from torch import Tensor, nn
from torch.autograd.function import Function

from study.networks.dropout import Dropout

# -- rows that depend on each other in the prediction -------------------------------------------


class InLargeBatches(Net):
    """From nine rows on."""

    def change(self, h):
        return h - h.mean(0) if len(h) > 8 else h


class InTheLastBatch(Net):
    """In a batch of three rows, such as the last one of an epoch."""

    def change(self, h):
        return h.flip(0) if len(h) == 3 else h


class AloneOrNot(Net):
    """A row alone is taken for something else."""

    def change(self, h):
        return h if len(h) > 1 else 2 * h


class InFives(Net):
    """The first five rows of a batch share a bias, and the next five."""

    def add(self, width):
        self.biases = nn.Parameter(torch.zeros(2000, width))

    def change(self, h):
        return h + self.biases[torch.arange(len(h)) // 5]


class Counted(Net):
    def change(self, h):
        return h * (1 + 0.05 * len(h))


class ByTheLargest(Net):
    """Rows of ordinary size do not show it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x / x.abs().amax(0).clamp(min=9.0))


class ByTheHuge(Net):
    """Nor do those of a thousand times that."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x / x.abs().amax(0).clamp(min=9000.0))


class Outliers(Net):
    """A large row is replaced by the batch's mean."""

    def change(self, h):
        return torch.where(h.abs() > 0.9999, h.mean(0), h)


class InEvaluation(Net):
    def change(self, h):
        return h if self.training else h - h.mean(0)


class InTables(Net):
    """Where more rows are predicted than a batch has."""

    def change(self, h):
        return h - h.mean(0) if len(h) > 100 else h


class OnceTrained(Net):
    """A weight decides whether rows mind each other: at the start it is 0."""

    def add(self, width):
        self.gate = nn.Parameter(torch.zeros(()))

    def change(self, h):
        return torch.where(self.gate < -2, h - h.mean(0), h)


class NormalisedInTraining(Net):
    """Batch normalisation by constants in eval mode; a row alone is refused in training."""

    def add(self, width):
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def change(self, h):
        if self.training:
            return nn.functional.batch_norm(h, None, None, training=True)
        return nn.functional.batch_norm(h, self.mean, self.variance)


# -- on the way back alone ----------------------------------------------------------------------


class OfOneLength(Net):
    """The gradient of a batch is given the length 1."""

    def change(self, h):
        if h.requires_grad:
            h.register_hook(lambda gradient: gradient / (gradient.norm() + 1e-6))
        return h


class ClippedWeights(Net):
    """What all rows add to is clipped: a sum of clipped parts is something else."""

    def forward(self, x: Tensor) -> Tensor:
        weight = 1 * self.hidden.weight
        if weight.requires_grad:
            weight.register_hook(lambda gradient: gradient.clamp(-1, 1))
        h = torch.tanh(nn.functional.linear(x, weight, self.hidden.bias))
        return self.output(h).squeeze(-1)


class _Sharpened(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output): ...

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient / (gradient.abs().max() + 1e-6)


class OwnBackward(Net):
    """An operation of one's own that scales the gradient by the largest of the batch."""

    def change(self, h):
        return _Sharpened.apply(h)


class ScaledForTheLargest(Net):
    """Gradients are scaled by those of the batch where they are large."""

    def change(self, h):
        if h.requires_grad:
            h.register_hook(lambda gradient: gradient / gradient.abs().max().clamp(min=50.0))
        return h


# -- dropout decisions that do not come row by row ----------------------------------------------


class TokensFirst(Net):
    """Rows are folded into tokens, all rows of the first token before those of the second."""

    def add(self, width):
        self.honest, self.folded = Dropout(0.2), Dropout(0.5)

    def change(self, h):
        tokens = self.honest(h).unflatten(1, (2, 2)).transpose(0, 1)
        dropped = self.folded(tokens.reshape(-1, 2)).reshape(2, -1, 2)
        return dropped.transpose(0, 1).flatten(1)


class Backwards(Net):
    """The last row meets the first decisions."""

    def add(self, width):
        self.folded = Dropout(0.5)

    def change(self, h):
        return self.folded(h.flip(0)).flip(0)


class SequenceFirst(Net):
    """Tokens, rows, width."""

    def add(self, width):
        self.folded = Dropout(0.5)

    def change(self, h):
        return self.folded(h.unflatten(1, (2, 2)).transpose(0, 1)).transpose(0, 1).flatten(1)


# -- what is seen out of PyTorch's sight, or only now and then ----------------------------------


class WhenAsked(Net):
    """It predicts otherwise where nobody asks for gradients."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y if torch.is_grad_enabled() else y.clamp(-0.2, 0.2)


class BranchOnWeights(Net):
    """Which way it goes may change as it is trained."""

    def change(self, h):
        return h if self.output.bias.sum() > -100 else -h


class BranchOnRows(Net):
    def change(self, h):
        return h if (h > -2).all() else -h


# -- honest ones --------------------------------------------------------------------------------


class Folded(Net):
    """Dropout decisions of a row that is folded into tokens: row by row, as it should be."""

    def add(self, width):
        self.of_tokens, self.of_copies, self.of_sums = Dropout(0.5), Dropout(0.2), Dropout(0.3)

    def change(self, h):
        tokens = self.of_tokens(h.reshape(-1, 2)).reshape(-1, 4)
        copies = self.of_copies(tokens[:, None, :].expand(-1, 2, -1)).sum(1)
        return copies + self.of_sums(h.sum(1))[:, None]


class ClippedRows(Net):
    """Each number of a gradient is clipped, whatever the others are."""

    def change(self, h):
        if h.requires_grad:
            h.register_hook(lambda gradient: gradient.clamp(-0.01, 0.01))
        return h


class HookOnWeights(Net):
    """A hook on a parameter, which torch.func gives other tensors in place of: never called."""

    def add(self, width):
        self.hidden.weight.register_hook(lambda gradient: gradient.clamp(-0.001, 0.001))


class Hooked(Net):
    """Module hooks."""

    def add(self, width):
        self.hidden.register_forward_pre_hook(lambda _, given: (given[0] * 0.5,))
        self.hidden.register_forward_hook(lambda _, given, h: 2 * h + given[0][:, :1])


class InParts(Net):
    """A part without gradients, a detached one, and one in vmap."""

    def change(self, h):
        with torch.no_grad():
            size = h.std(1, keepdim=True)
        squares = torch.vmap(lambda row: row * row.sum())(h)
        return h / (size + 0.5) + h.detach().amax(1, keepdim=True) + squares


class Modes(Net):
    """Something else in training than in eval mode."""

    def change(self, h):
        return 2 * h if self.training else h.abs()


class Magnifying(Net):
    """Sines of large numbers, twice: small differences grow, as in sinusoidal networks."""

    def add(self, width):
        self.middle = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.sin(30 * self.hidden(x))
        return self.output(torch.sin(30 * self.middle(h))).squeeze(-1)


class Overflowing(Net):
    """Large rows give what is not finite."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(super().forward(x)) + torch.exp(x).sum(1).log()


class Saturating(Net):
    """Where a row is large, its gradient is rounding alone."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + torch.softmax(x, 1)[:, 0] + torch.sigmoid(x[:, 1])


class Normalised(Net):
    """Weights that follow from parameters."""

    def add(self, width):
        self.middle = nn.utils.parametrizations.weight_norm(nn.Linear(width, width))

    def change(self, h):
        return self.middle(torch.sin(self.middle(h)))


# -- what the check of a network refuses, whatever lanes would make of it -----------------------


class PeekAtWeights(Net):
    """A branch on weights that PyTorch does not see."""

    def change(self, h):
        return h if self.output.bias.detach().numpy().sum() > -100 else -h


class PeekAtRows(Net):
    def change(self, h):
        return h if max(h.flatten().tolist()) < 100 else -h


class OwnGenerator(Net):
    """The same draws each time."""

    def change(self, h):
        return h * torch.rand(4, generator=torch.Generator().manual_seed(3))


class Clock(Net):
    def change(self, h):
        return h * (1 + time.perf_counter_ns() % 1009)


class Late(Net):
    """A layer that is built when it is first met."""

    def change(self, h):
        if not hasattr(self, "late"):
            self.late = nn.Linear(4, 4)
        return self.late(h)


class Spectral(Net):
    """It keeps a vector that moves in each step."""

    def add(self, width):
        self.middle = nn.utils.parametrizations.spectral_norm(nn.Linear(width, width))

    def change(self, h):
        return self.middle(h)


class HookedOnTheWayBack(Net):
    def add(self, width):
        self.hidden.register_full_backward_hook(lambda *gradients: (2 * gradients[1][0],))


class FrozenLater(Net):
    def change(self, h):
        self.output.weight.requires_grad_(False)
        return h


class Renormalised(Net):
    """Its weights are kept in bounds in each step."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.output.weight.clamp_(min=0)
        return super().forward(x)
