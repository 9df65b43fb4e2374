"""How much memory a run takes at most, told before it starts.

An upper estimate, in bytes: what everybody holds who has the program loaded, what a worker holds
beyond that for the largest block, as its engine tells, and what the driver reads at the end.
"""

import os
import resource
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.common.methods import METHODS
from study.datasets.dataset import Dataset
from study.execution.block import Block
from study.execution.plan import in_threads

# What scikit-learn and pandas load when they are first needed, and what the allocator keeps.
_LATER = 160 * 2**20
# What reading one stored training takes for the summary, for each of its numbers: names and keys
# stand beside it.
_READ = 500


@dataclass(frozen=True)
class Needs:
    """What a run takes at most, in bytes.

    loaded : everybody who has the program loaded
    shared, own : the largest block worked on in the driver's process, or in one of its own
    blocks : how many there are
    results : what the driver reads at the end
    """

    loaded: int
    shared: int
    own: int
    blocks: int
    results: int

    @classmethod
    def of(cls, blocks: Sequence[Block], dataset: Dataset, *, trainings: int) -> "Needs":
        """Of a plan; `trainings` are all that will be stored. What lies on a GPU does not count."""
        shared, own = [0], [0]
        threaded = set(in_threads(blocks))
        for place in _largest(blocks):
            where = shared if place in threaded else own
            block = blocks[place]
            taken = block.engine.memory(block.replicates, dataset)
            if block.left_out:  # what was trained first stays, and its rows are copied
                taken += block.engine.held(block.replicates, dataset)
                taken += 2 * 4 * (dataset.train_x.size + dataset.test_x.size)
            where.append(taken)
        return cls(
            loaded=held_now() + _LATER,
            shared=max(shared),
            own=max(own),
            blocks=len(blocks),
            results=trainings * len(METHODS) * len(dataset.features) * _READ,
        )

    @property
    def here(self) -> int:
        """What the driver of a cluster takes."""
        return self.loaded + self.results

    @property
    def each(self) -> int:
        """What a worker of a cluster takes."""
        return self.loaded + max(self.shared, self.own)

    def by(self, workers: int) -> int:
        """All that the driver and so many workers take."""
        if workers == 1:  # the driver itself
            return self.loaded + max(self.shared, self.own, self.results)
        at_once = min(workers, max(self.blocks, 1))
        elsewhere = at_once * (self.loaded + self.own) if self.own else 0
        return self.loaded + max(at_once * self.shared, self.results) + elsewhere

    def fitting(self, most: int, there: int | None) -> int:
        """As many workers, of at most so many, as memory `there` suffices for; one in any case."""
        fits = (n for n in range(most, 1, -1) if there is None or self.by(n) <= there)
        return next(fits, 1)


def told(needs: Needs, workers: int, there: int | None) -> list[str]:
    """How much memory a run takes, and a warning where that is more than there is."""
    taken = needs.by(workers)
    people = f"{workers} worker{'s' if workers > 1 else ''}"
    lines = [f"{people}, at most about {in_words(taken)} of memory"]
    if there is not None and taken > there:
        fitting = needs.fitting(workers, there)
        remedy = (
            f"--workers {fitting} would fit"
            if needs.by(fitting) <= there
            else "one worker alone takes that: a smaller batch_size, fewer rows or smaller models "
            "would help"
        )
        lines.append(f"Warning: there is {in_words(there)} of memory here; {remedy}.")
    return lines


def available() -> int | None:
    """Memory that this process may use: the machine's, or its control group's; None if unknown."""
    try:
        limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, OSError, ValueError):
        limits = []
    for path in _limit_files():
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return min(limits, default=None)


def held_now() -> int:
    """The most that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def in_words(size: int) -> str:
    """A size in GB, as precisely as an estimate is."""
    return f"{size / 1e9:.1f} GB" if size < 10e9 else f"{size / 1e9:.0f} GB"


def _limit_files() -> Iterable[Path]:
    """Where Linux says how much memory a control group may use, of this process and those above."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, group = line.split(":", 2)
        if kinds == "":
            root, name = Path("/sys/fs/cgroup"), "memory.max"
        elif "memory" in kinds.split(","):
            root, name = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
        else:
            continue
        place = root / group.lstrip("/")
        for folder in (place, *place.parents):
            if folder.is_relative_to(root):
                yield folder / name


def _largest(blocks: Sequence[Block]) -> Iterable[int]:
    """The place of the largest block of each model, trained and untrained."""
    found: dict[tuple[str, bool], int] = {}
    for place, block in enumerate(blocks):
        key = block.model, block.epochs > 0
        if key not in found or block.size > blocks[found[key]].size:
            found[key] = place
    return found.values()
