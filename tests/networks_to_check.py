"""Networks for the check of one's own models: with one fault each, odd but usable, and honest."""

import random
import sys

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from study.networks.dropout import Dropout


class Net(nn.Module):
    """A perceptron whose hidden layer passes through `change`."""

    def __init__(self, *, inputs: int, width: int = 4) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, width)
        self.output = nn.Linear(width, 1)
        self.add(width)

    def add(self, width: int) -> None: ...

    def change(self, h: Tensor) -> Tensor:
        return h

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.change(torch.tanh(self.hidden(x)))).squeeze(-1)


# -- faults in what it is made of --------------------------------------------------------------


class Width(Net):
    def __init__(self, *, inputs: int, width: int) -> None:
        super().__init__(inputs=inputs, width=width)


class NoInputs(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.output = nn.Linear(width, 1)


class Raising(Net):
    def add(self, width):
        _ = 1 / (width - 4)


class Exiting(Net):
    def add(self, width):
        sys.exit(3)


class NoSuper(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        self.output = nn.Linear(inputs, 1)


class NoParameters(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        super().__init__()

    def forward(self, x):
        return x.sum(1)


class Lazy(Net):
    def add(self, width):
        self.hidden = nn.LazyLinear(width)


class Double(Net):
    def add(self, width):
        self.double()

    def forward(self, x):
        return super().forward(x.double()).float()


class Frozen(Net):
    def add(self, width):
        self.hidden.requires_grad_(False)


class Empty(Net):
    def add(self, width):
        self.scale = nn.Parameter(torch.full((width,), torch.nan))

    def change(self, h):
        return h * self.scale


class NumpyStart(Net):
    def add(self, width):
        self.scale = nn.Parameter(torch.tensor(np.random.rand(width), dtype=torch.float32))  # noqa: NPY002

    def change(self, h):
        return h * self.scale


class Seeding(Net):
    def __init__(self, *, inputs: int) -> None:
        torch.manual_seed(7)
        super().__init__(inputs=inputs)


class AnyWidth(Net):
    def __init__(self, *, inputs: int) -> None:
        super().__init__(inputs=inputs, width=random.randrange(2, 1000))


# -- faults in what it predicts ----------------------------------------------------------------


class Column(Net):
    def forward(self, x):
        return super().forward(x).unsqueeze(-1)


class Squeezed(Net):
    def forward(self, x):
        return self.output(torch.tanh(self.hidden(x))).squeeze()


class Pair(Net):
    def forward(self, x):
        return super().forward(x), x


class Rounded(Net):
    def forward(self, x):
        return super().forward(x).bfloat16()


class Logarithm(Net):
    def forward(self, x):
        return super().forward(x.log())


class ClampsInput(Net):
    def forward(self, x):
        if torch.is_grad_enabled():
            return super().forward(x)
        return super().forward(x.clamp_(0, 1))


class RowPositions(Net):
    def add(self, width):
        self.positions = nn.Parameter(torch.zeros(10, width))

    def change(self, h):
        return h + self.positions[torch.arange(len(h))]


class Unreadable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class Unspeakable(Net):
    def forward(self, x):
        raise Unreadable


class BatchStatistics(Net):
    def add(self, width):
        self.norm = nn.BatchNorm1d(width, track_running_stats=False)

    def change(self, h):
        return self.norm(h)


# -- faults in what it keeps and draws ---------------------------------------------------------


class RandomBuffer(Net):
    def add(self, width):
        self.register_buffer("scale", torch.randn(width))

    def change(self, h):
        return h * self.scale


class RandomAttribute(Net):
    def add(self, width):
        self.scale = torch.randn(width)

    def change(self, h):
        return h * self.scale


class HiddenLayers(Net):
    def add(self, width):
        self.more = [nn.Linear(width, width)]

    def change(self, h):
        return torch.tanh(self.more[0](h))


class TorchDropout(Net):
    def add(self, width):
        self.dropout = nn.Dropout(0.5)

    def change(self, h):
        return self.dropout(h)


class FunctionalDropout(Net):
    def change(self, h):
        return functional.dropout(h, 0.5, self.training)


class Noise(Net):
    def change(self, h):
        return h + torch.rand(h.shape)


class NumpyNoise(Net):
    def change(self, h):
        return h * float(np.random.rand())  # noqa: NPY002


class Encoder(nn.Module):
    def __init__(self, *, inputs: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.embedding = nn.Linear(1, 4)
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=dropout, batch_first=True)
        self.output = nn.Linear(4 * inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.layer(self.embedding(x.unsqueeze(-1))).flatten(1)).squeeze(-1)


class Twice(Net):
    def add(self, width):
        self.dropout = Dropout(0.5)

    def change(self, h):
        return self.dropout(self.dropout(h))


class InTrainingOnly(Net):
    def add(self, width):
        self.dropout = Dropout(0.5)

    def change(self, h):
        return self.dropout(h) if self.training else h


class Running(Net):
    def add(self, width):
        self.register_buffer("mean", torch.zeros(width))

    def change(self, h):
        if self.training:
            self.mean += 0.1 * (h.detach().mean(0) - self.mean)
        return h - self.mean.clone()


class Counter(Net):
    def add(self, width):
        self.steps = 0

    def change(self, h):
        self.steps += 1
        return h / 1.5 if self.steps > 5 else h


class MovingMean(Net):
    def add(self, width):
        self.mean = torch.zeros(width)

    def change(self, h):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * h.detach().mean(0)
        return h - self.mean


class Drifting(Net):
    def change(self, h):
        with torch.no_grad():
            self.output.bias += 0.01
        return h


# -- faults in training and measuring ----------------------------------------------------------


class Detached(Net):
    def change(self, h):
        return h.detach()


class NoGrad(Net):
    def change(self, h):
        with torch.no_grad():
            return 2 * h


class Root(Net):
    def change(self, h):
        return h + torch.sqrt((0 * h) ** 2)


class InPlace(Net):
    def change(self, h):
        return h.mul_(2)


class Parameterless(Net):
    def forward(self, x):
        return x.sum(1)


class Branching(Net):
    def change(self, h):
        return h if h.sum() > 0 else -h


class Item(Net):
    def change(self, h):
        return h * h.max().item()


class Numpy(Net):
    def change(self, h):
        return h * torch.from_numpy(np.abs(h.detach().numpy()))


class Masked(Net):
    def change(self, h):
        return h * h[h > 0].sum()


class Filled(Net):
    def change(self, h):
        filled = torch.zeros(h.shape)
        for place in range(h.shape[1]):
            filled[:, place] = 2 * h[:, place]
        return filled


class Doubling(torch.autograd.Function):
    @staticmethod
    def forward(_context, x):
        return 2 * x

    @staticmethod
    def backward(_context, gradient):
        return 2 * gradient


class OwnFunction(Net):
    def change(self, h):
        return Doubling.apply(h)


class Recurrent(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.cells = nn.LSTM(1, 3, batch_first=True)
        self.output = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.cells(x.unsqueeze(-1))[0][:, -1]).squeeze(-1)


# -- odd, but usable ---------------------------------------------------------------------------


class SameStart(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((inputs,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


class DoublesInTraining(Net):
    def change(self, h):
        return 2 * h if self.training else h


class Unused(Net):
    def add(self, width):
        self.spare = nn.Linear(width, width)


class ZeroStart(Net):
    def add(self, width):
        nn.init.zeros_(self.output.weight)


class Neighbours(Net):
    def change(self, h):
        return h - h.mean(0)


class Talking(Net):
    def change(self, h):
        print("hidden")  # noqa: T201
        return h


class Leaving(Net):
    def change(self, h):
        self.last = h.detach()
        return h


class SpareDropout(Net):
    def add(self, width):
        self.dropout = Dropout(0.5)


class Large(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.01 * torch.randn(125_001, inputs))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight).mean(1)


# -- honest ------------------------------------------------------------------------------------


class Residual(Net):
    def add(self, width):
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)

    def change(self, h):
        return h + torch.relu(self.inner(self.norm(h)))


class Dropping(Net):
    def add(self, width):
        self.first, self.second = Dropout(0.5), Dropout(0.2)

    def change(self, h):
        return self.second(self.first(h))


class Convolution(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(1, 3, 3, padding=1)
        self.output = nn.Linear(3 * inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(torch.relu(self.convolution(x.unsqueeze(1))).flatten(1)).squeeze(-1)


class Attention(nn.Module):
    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(inputs, 4))
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.output = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.unsqueeze(-1) * self.embedding
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.output(mixed.mean(1)).squeeze(-1)


class Tied(Net):
    def add(self, width):
        self.one, self.two = nn.Linear(width, width), nn.Linear(width, width)
        self.two.weight = self.one.weight

    def change(self, h):
        return torch.tanh(self.two(torch.tanh(self.one(h))))


class ConstantBuffer(Net):
    def add(self, width):
        self.register_buffer("scale", torch.linspace(1, 2, width))
        self.register_buffer("mask", torch.tensor([torch.nan, -torch.inf]))

    def change(self, h):
        return h * self.scale


class Normed(Net):
    def add(self, width):
        self.hidden = nn.utils.parametrizations.weight_norm(self.hidden)


class Cells(nn.Module):
    """A recurrent network over the features, cell by cell."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(1, 3)
        self.output = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), 3)
        for feature in x.unbind(1):
            h = self.cell(feature.unsqueeze(-1), h)
        return self.output(h).squeeze(-1)


# -- without a gradient by some variable: of the people data, where State is the columns 2 to 4 ---


class Stepped(nn.Module):
    """The sum of a smooth part, of sex and politics, and of one that has no slope."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.smooth = nn.Linear(inputs, 4)
        self.table = nn.Embedding(3, 4)
        self.output = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = x * torch.tensor(self.SEEN, device=x.device)
        return self.output(torch.tanh(self.smooth(seen) + self.step(x))).squeeze(-1)


class Indexed(Stepped):
    """State by the index of its level."""

    SEEN = (1.0, 1, 0, 0, 0, 1, 1, 1)

    def step(self, x: Tensor) -> Tensor:
        return self.table(x[:, 2:5].argmax(1))


class Compared(Stepped):
    """Age by whether it is above the middle."""

    SEEN = (1.0, 0, 1, 1, 1, 1, 1, 1)

    def step(self, x: Tensor) -> Tensor:
        return (x[:, 1:2] > 0.4).float() * self.table.weight[0]


class InTens(Stepped):
    """Age by tens of years."""

    SEEN = (1.0, 0, 1, 1, 1, 1, 1, 1)

    def step(self, x: Tensor) -> Tensor:
        return torch.round(10 * x[:, 1:2]) * self.table.weight[0]


class Signed(Stepped):
    """Sex by its sign, and age by an integer."""

    SEEN = (0.0, 0, 1, 1, 1, 1, 1, 1)

    def step(self, x: Tensor) -> Tensor:
        whole = (10 * x[:, 1:2]).long().to(x.dtype)
        return torch.sign(x[:, :1]) * self.table.weight[0] + whole * self.table.weight[1]


class Summed(Stepped):
    """State by a sum over its levels: the predictions of Indexed, with a gradient."""

    SEEN = (1.0, 1, 0, 0, 0, 1, 1, 1)

    def step(self, x: Tensor) -> Tensor:
        return x[:, 2:5] @ self.table.weight


class Unread(Stepped):
    """Age and State are not read at all."""

    SEEN = (1.0, 0, 0, 0, 0, 1, 1, 1)

    def step(self, x: Tensor) -> Tensor:
        return 0 * x[:, :1]


class Dead(nn.Module):
    """Units of which most are off in most rows, and some in all."""

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, 6)
        self.output = nn.Linear(6, 1)
        with torch.no_grad():
            self.hidden.bias[:] = torch.tensor([-0.5, -0.8, -1.0, -9.0, -9.0, -9.0])

    def forward(self, x: Tensor) -> Tensor:
        return self.output(torch.relu(self.hidden(x))).squeeze(-1)
