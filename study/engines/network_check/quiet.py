"""Running a stranger's network so that nobody else notices."""

import io
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import numpy as np

from study.engines.one_thread import one_thread
from study.networks.build import seeded


@contextmanager
def quietly() -> Iterator[io.StringIO]:
    """Gather what is printed, warn of nothing, and leave all random generators as they were."""
    said = io.StringIO()
    with (
        _generators_kept(),
        one_thread(),
        redirect_stdout(said),
        warnings.catch_warnings(action="ignore"),
    ):
        yield said


@contextmanager
def _generators_kept() -> Iterator[None]:
    """Leave the global generators of Python, NumPy and torch as they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with seeded(0):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
