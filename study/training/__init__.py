"""Training many seeds of one model at once.

One function stands between the study and its engine: `train`. A result names its engine,
since engines agree in distribution and not in digits.
"""

from study.training.torch_engine import ENGINE, train
from study.training.trained import Replicate, Trained

__all__ = ["ENGINE", "Replicate", "Trained", "train"]
