"""The networks that come with the program, and are known to be fit for it."""

from torch import nn

from study.networks.linear import Linear
from study.networks.mlp import MLP
from study.networks.transformer import Transformer

# A subclass may compute something else.
SHIPPED: tuple[type[nn.Module], ...] = (MLP, Linear, Transformer)
