"""Linear regression, to be trained like the other networks."""

from torch import Tensor, nn


class Linear(nn.Module):
    """One linear layer with torch's default initial weights.

    Parameters
    ----------
    inputs : int
        Number of features.
    """

    def __init__(self, *, inputs: int) -> None:
        super().__init__()
        if inputs < 1:
            raise ValueError(f"inputs must be at least 1, but got {inputs}")
        self.output = nn.Linear(inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, inputs) to (rows,)."""
        return self.output(x).squeeze(-1)
