"""The published Transformer, and its corrected form."""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from study.networks.dropout import Dropout

# Attention weighs every pair of tokens: of more, a block of seeds takes gigabytes and days.
MOST_INPUTS = 512


class Transformer(nn.Module):
    """Transformer in which every input is a token.

    Each input feeds a token of its own; a sinusoidal encoding is added; encoder layers that
    start as copies of one layer mix the tokens; they are flattened into a tanh layer and
    one linear layer. Modules are built, and so draw their initial weights, in the order of
    the published demo (J. D. McCaffrey, 2023): embeddings, encoder layer, head.

    Parameters
    ----------
    inputs : int
        Number of features; also the number of tokens, at most MOST_INPUTS.
    token_width : int
        Width of a token, a multiple of `heads`.
    heads, layers : int
        Attention heads in a layer, and encoder layers.
    feedforward_width : int
        Width of the ReLU layer inside an encoder layer.
    hidden_width : int
        Width of the tanh layer of the head.
    position_dropout, layer_dropout : float
        Dropout after the positional encoding, and everywhere inside the encoder layers.
    positions : {"batch", "tokens"}
        "batch" is the published form: row i of a batch gets position i, so that a
        prediction depends on where its row stands. "tokens" is the correction: token t of
        every row gets position t.
    outputs : int
        Numbers for a row; the published form has one.
    """

    def __init__(
        self,
        *,
        inputs: int,
        token_width: int,
        heads: int,
        layers: int,
        feedforward_width: int,
        hidden_width: int,
        position_dropout: float,
        layer_dropout: float,
        positions: str,
        outputs: int = 1,
    ) -> None:
        super().__init__()
        sizes = {
            "inputs": inputs,
            "token_width": token_width,
            "heads": heads,
            "layers": layers,
            "feedforward_width": feedforward_width,
            "hidden_width": hidden_width,
        }
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, but got {size}")
        if inputs > MOST_INPUTS:
            raise ValueError(
                f"inputs must be at most {MOST_INPUTS}, since attention costs their square, but "
                f"got {inputs}: leave columns out, or name models without attention"
            )
        if token_width % heads:
            raise ValueError(
                f"token_width must be a multiple of heads, but got {token_width} and {heads}"
            )
        if positions not in ("batch", "tokens"):
            raise ValueError(f'positions must be "batch" or "tokens", but got "{positions}"')
        self.positions = positions
        self.embedding = Embedding(inputs, token_width)
        self.encoding = Encoding(positions)
        self.position_dropout = Dropout(position_dropout)
        first = EncoderLayer(token_width, heads, feedforward_width, layer_dropout)
        self.layers = nn.ModuleList([first, *(copy.deepcopy(first) for _ in range(layers - 1))])
        self.hidden = nn.Linear(inputs * token_width, hidden_width)
        self.output = nn.Linear(hidden_width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, inputs) to (rows,), or to (rows, outputs) of several."""
        tokens = self.embedding(x)
        tokens = self.position_dropout(tokens + self.encoding(tokens))
        for layer in self.layers:
            tokens = layer(tokens)
        hidden = torch.tanh(self.hidden(tokens.flatten(1)))
        return self.output(hidden).squeeze(-1)


class Embedding(nn.Module):
    """One token from each input: its own weights, and one scalar bias, as published.

    Maps (rows, inputs) to (rows, inputs, width). Weights start uniform in ±0.01, biases 0.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, width).uniform_(-0.01, 0.01))
        self.bias = nn.Parameter(torch.zeros(inputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1) * self.weight + self.bias


class Encoding(nn.Module):
    """What is added to tokens for their position, along the batch or along the tokens."""

    def __init__(self, along: str) -> None:
        super().__init__()
        self.along = along

    def forward(self, tokens: Tensor) -> Tensor:
        """Of tokens (rows, tokens, width) what broadcasts to their shape."""
        rows, count, width = tokens.shape
        if self.along == "batch":
            encoding = sinusoids(rows, width, tokens.dtype).unsqueeze(1)
        else:
            encoding = sinusoids(count, width, tokens.dtype)
        return encoding.to(tokens.device)


class EncoderLayer(nn.Module):
    """Post-norm encoder layer with ReLU (Vaswani et al., 2017), as torch's own computes it."""

    def __init__(self, width: int, heads: int, feedforward_width: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads, dropout)
        self.attention_dropout = Dropout(dropout)
        self.expand = nn.Linear(width, feedforward_width)
        self.expand_dropout = Dropout(dropout)
        self.contract = nn.Linear(feedforward_width, width)
        self.contract_dropout = Dropout(dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.feedforward_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.attention_norm(x + self.attention_dropout(self.attention(x)))
        feedforward = self.contract(self.expand_dropout(torch.relu(self.expand(x))))
        return self.feedforward_norm(x + self.contract_dropout(feedforward))


class Attention(nn.Module):
    """Multi-head self-attention over the tokens of a row, written out.

    The output layer is built before the joint query, key and value weights, which keeps
    torch's order of initial draws.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.output = nn.Linear(width, width)
        nn.init.zeros_(self.output.bias)
        self.query_key_value = nn.Parameter(torch.empty(3 * width, width))
        nn.init.xavier_uniform_(self.query_key_value)
        self.query_key_value_bias = nn.Parameter(torch.zeros(3 * width))
        self.weights_dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        joint = functional.linear(x, self.query_key_value, self.query_key_value_bias)
        # (rows, tokens, 3 * width) -> three of (rows, heads, tokens, width / heads)
        query, key, value = joint.unflatten(-1, (3, self.heads, -1)).movedim(1, 3).unbind(1)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        weights = self.weights_dropout(torch.softmax(scores, dim=-1))
        return self.output((weights @ value).transpose(1, 2).flatten(-2))


def sinusoids(count: int, width: int, dtype: torch.dtype) -> Tensor:
    """Sinusoidal encoding of positions 0 … count - 1 (Vaswani et al., 2017): (count, width)."""
    position = torch.arange(count, dtype=dtype).unsqueeze(1)
    frequency = torch.exp(torch.arange(0, width, 2, dtype=dtype) * (-math.log(10000.0) / width))
    encoding = torch.zeros(count, width, dtype=dtype)
    encoding[:, 0::2] = torch.sin(position * frequency)
    encoding[:, 1::2] = torch.cos(position * frequency[: width // 2])
    return encoding
