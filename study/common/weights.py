"""What the weights of trained models are, in memory and as they are laid out in a file."""

from typing import Any

import numpy as np

# By parameter, (models, ...) of many models, or (...) of one; float32.
Weights = dict[str, np.ndarray]
# [parameter, shape] in the order of a file's bytes.
Layout = list[list[Any]]
