"""Networks of one's own for the lanes: one piece each, and whole ones."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from study.networks.dropout import Dropout

WIDTH = 6


class Around(nn.Module):
    """A piece that maps (rows, WIDTH) to itself, between two linear layers."""

    def __init__(self, inputs: int, *pieces: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, WIDTH)
        self.parts = nn.ModuleList(piece for piece in pieces if isinstance(piece, nn.Module))
        self.pieces = pieces
        self.output = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for piece in self.pieces:
            h = piece(h)
        return self.output(h).squeeze(-1)


class Lookup(nn.Module):
    """An embedding of places that are known beforehand, some of them twice."""

    def __init__(self, places: list[int]) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 1)
        self.register_buffer("places", torch.tensor(places))

    def forward(self, h: Tensor) -> Tensor:
        return h * self.table(self.places).squeeze(-1)


class Cell(nn.Module):
    """A recurrent cell that meets the numbers one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(2, WIDTH)

    def forward(self, h: Tensor) -> Tensor:
        state = torch.zeros_like(h)
        for pair in h.unflatten(1, (3, 2)).unbind(1):
            state = self.cell(pair, state)
        return state


class Attention(nn.Module):
    """Stock attention over two tokens."""

    def __init__(self, *, need_weights: bool = False) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(3, 3, batch_first=True)
        self.need_weights = need_weights

    def forward(self, h: Tensor) -> Tensor:
        tokens = h.unflatten(1, (2, 3))
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=self.need_weights)
        return mixed.flatten(1)


class Encoder(nn.Module):
    """Stock encoder layers over two tokens."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            3,
            1,
            5,
            dropout=0.0,
            batch_first=True,
            **options,  # type: ignore[arg-type]
        )
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, h: Tensor) -> Tensor:
        return self.layers(h.unflatten(1, (2, 3))).flatten(1)


def attend(h: Tensor, **options: bool) -> Tensor:
    tokens = h.unflatten(1, (1, 3, 2))
    return functional.scaled_dot_product_attention(tokens, tokens.sin(), tokens, **options).flatten(
        1
    )


def written_over(h: Tensor) -> Tensor:
    """A new tensor that is changed in place."""
    return (2 * h).add_(1).relu_()


def chained(h: Tensor) -> Tensor:
    """Longer than any expression may be."""
    for _ in range(40):
        h = h * 0.99 + 0.01
    return h


PIECES: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
    # Place by place.
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "gelu by tanh": lambda: nn.GELU(approximate="tanh"),
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "softplus": lambda: nn.Softplus(beta=2.0, threshold=3.0),
    "hardtanh": nn.ReLU6,
    "exp": lambda: torch.exp,
    "expm1": lambda: torch.expm1,
    "log": lambda: lambda h: torch.log(h * h + 0.1),
    "log1p": lambda: lambda h: torch.log1p(h * h),
    "sqrt": lambda: lambda h: torch.sqrt(h * h + 0.1),
    "rsqrt": lambda: lambda h: torch.rsqrt(h * h + 0.1),
    "erf": lambda: torch.erf,
    "sin": lambda: lambda h: torch.sin(9 * h),
    "cos": lambda: lambda h: torch.cos(9 * h),
    "powers": lambda: lambda h: h**3 - h**2 + h.abs() ** 1.5 + (h.abs() + 1) ** -2,
    "quotients": lambda: lambda h: (1 - h) / (h * h + 1) + 1 / (2 + h * h),
    "clamp": lambda: lambda h: h.clamp(-0.5, 0.5) + h.clamp(min=0.1) - h.clamp(max=0.2),
    "where": lambda: lambda h: torch.where((h > 0.1) & (h <= 1), h * h, 0.5 * h),
    "comparisons": lambda: lambda h: h * (h > 0.1) * (h <= 2) * (h != 0) + h * ~(h >= 0),
    "maximum": lambda: lambda h: torch.maximum(h, h * h) - torch.minimum(h, 0.5 - h),
    "masked fill": lambda: lambda h: h.masked_fill(torch.tensor([True, False] * 3), 0.5),
    "in place": lambda: written_over,
    # Truth values and whole numbers.
    "sums of truths": lambda: (
        lambda h: h * ((h > 0) + (h > 0.5)) + h / (1 + (h > 0).sum(1)[:, None])
    ),
    "logic": lambda: (
        lambda h: h * torch.logical_not((h > 0.2) ^ (h < 0.9)) + torch.logical_or(h, h)
    ),
    "stored truths": lambda: lambda h: h * (h > 9).copy_((h > 0.1) * h.detach()),
    "counts": lambda: lambda h: h * (h > 0).sum(1, keepdim=True).clamp(min=1) / 3,
    "share": lambda: lambda h: h * ((h > 0).float().mean(1, keepdim=True) == 0.5),
    "place of the greatest": lambda: lambda h: h * (1 + h.max(1, keepdim=True)[1]) / 6,
    # Far out.
    "high powers": lambda: lambda h: h / (1 + (h / 2) ** 10) + h * (2 + h.abs()) ** -9,
    "large angles": lambda: lambda h: h * torch.sin(2e6 * h.detach()) + torch.cos(3e4 * h.detach()),
    "masked log sum exp": lambda: (
        lambda h: h * torch.exp(torch.logsumexp(h.masked_fill(h < -0.2, -math.inf), 1))[:, None]
    ),
    "logs of small shares": lambda: lambda h: torch.log(torch.softmax(40 * h.tanh(), 1)) / 40,
    "long chain": lambda: chained,
    # Along axes.
    "sum and mean": lambda: lambda h: h * h.sum(1, keepdim=True) - h.mean(1, keepdim=True),
    "greatest": lambda: lambda h: h * h.amax(1, keepdim=True) + h.amin(1, keepdim=True),
    "greatest with its place": lambda: (
        lambda h: h * h.max(1, keepdim=True)[0] - h.min(1)[0][:, None]
    ),
    "variance": lambda: (
        lambda h: h / (h.var(1, keepdim=True) + h.std(1, correction=0, keepdim=True))
    ),
    "norm": lambda: lambda h: functional.normalize(h, dim=1),
    "layer norm": lambda: nn.LayerNorm(WIDTH),
    "layer norm without weights": lambda: nn.LayerNorm(WIDTH, elementwise_affine=False),
    "rms norm": lambda: nn.RMSNorm(WIDTH),
    "group norm": lambda: nn.GroupNorm(2, WIDTH),
    "softmax": lambda: nn.Softmax(-1),
    "log softmax": lambda: nn.LogSoftmax(-1),
    "log sum exp": lambda: lambda h: h - torch.logsumexp(h, 1, keepdim=True),
    # Products.
    "linear": lambda: nn.Linear(WIDTH, WIDTH),
    "linear, wide": lambda: nn.Sequential(nn.Linear(WIDTH, 20), nn.Linear(20, WIDTH)),
    "outer product": lambda: lambda h: (h[:, :, None] @ h[:, None, :]).sum(1),
    "einsum": lambda: lambda h: torch.einsum("bi,bj,j->bi", h, h, torch.arange(6).to(h)),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(WIDTH, WIDTH)),
    # Places.
    "parts": lambda: lambda h: torch.cat([h[:, ::2], h[:, 1:4] * h[:, :3]], 1),
    "halves": lambda: lambda h: torch.cat(h.chunk(2, 1)[::-1], 1) + h.flip(1) + h.roll(1, 1),
    "stack": lambda: lambda h: torch.stack([h, h * h], 1).sum(1),
    "repeat": lambda: lambda h: h.repeat(1, 2)[:, 3:9],
    "pad": lambda: lambda h: functional.pad(h, (1, -1)),
    "index": lambda: lambda h: h[:, [3, 1, 2, 0, 0, 5]],
    "lookup of all": lambda: Lookup([0, 1, 2, 3, 4, 5]),
    "lookup of some": lambda: Lookup([3, 1, 1, 0, 2, 6]),
    # Whole ones.
    "cell": Cell,
    "attention": Attention,
    "attention with its weights": lambda: Attention(need_weights=True),
    "causal attention": lambda: lambda h: attend(h, is_causal=True),
    "encoder": Encoder,
    "encoder, norm first": lambda: Encoder(norm_first=True, activation="gelu"),
}


class GeluMlp(nn.Module):
    """Exact GELU, layer norm and dropout."""

    def __init__(self, *, inputs: int, width: int = 12) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, width), nn.Linear(width, width)
        self.norm, self.dropout = nn.LayerNorm(width), Dropout(0.2)
        self.output = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.dropout(functional.gelu(self.norm(self.first(x))))
        return self.output(functional.gelu(self.second(h))).squeeze(-1)


class StockTransformer(nn.Module):
    """nn.TransformerEncoder with dropout 0."""

    def __init__(self, *, inputs: int, width: int = 4, heads: int = 2, layers: int = 1) -> None:
        super().__init__()
        self.embedding = nn.Linear(1, width)
        layer = nn.TransformerEncoderLayer(width, heads, 10, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.output = nn.Linear(inputs * width, 1)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.encoder(self.embedding(x.unsqueeze(-1)))
        return self.output(tokens.flatten(1)).squeeze(-1)
