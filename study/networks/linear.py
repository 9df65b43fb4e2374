"""Linear and logistic regression, to be trained like the other networks."""

from torch import Tensor, nn


class Linear(nn.Module):
    """One linear layer with torch's default initial weights.

    Parameters
    ----------
    inputs : int
        Number of features.
    outputs : int
        Numbers for a row.
    """

    def __init__(self, *, inputs: int, outputs: int = 1) -> None:
        super().__init__()
        if inputs < 1:
            raise ValueError(f"inputs must be at least 1, but got {inputs}")
        self.output = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, inputs) to (rows,), or to (rows, outputs) of several."""
        return self.output(x).squeeze(-1)
