"""How much of each block is done, counted by whoever works on it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np


class ProgressCounter:
    """Work done, a cell for each block, in a file that all processes of one machine see.

    A cell has one writer at a time, so that no lock is needed. It travels to other processes
    by the name of its file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cells = np.memmap(path, dtype=np.int64, mode="r+")

    def __reduce__(self) -> tuple[type["ProgressCounter"], tuple[Path]]:
        return ProgressCounter, (self.path,)

    def begin(self, block: int) -> None:
        """A block starts, perhaps over again."""
        self._cells[block] = 0

    def add(self, block: int, work: int) -> None:
        """More of a block is done."""
        self._cells[block] += work

    def put(self, block: int, work: int) -> None:
        """So much of a block is done."""
        self._cells[block] = work

    @property
    def total(self) -> int:
        """What is done of all blocks."""
        return int(self._cells.sum())


@contextmanager
def progress_counter(blocks: int) -> Iterator[ProgressCounter]:
    """A counter for so many blocks, nothing of which is done. Raises OSError on a full disk."""
    with tempfile.TemporaryDirectory(prefix="study-") as folder:
        path = Path(folder) / "done"
        # Written out: a hole in a file on a full disk would end the process when it is filled.
        path.write_bytes(bytes(8 * max(blocks, 1)))
        yield ProgressCounter(path)
