"""One seed and its independent random streams, one for each source of randomness."""

from dataclasses import dataclass, fields, replace

import numpy as np

# Fixed for ever: these numbers are part of what a stored seed means.
PURPOSES = {"init": 0, "order": 1, "dropout": 2, "labels": 3, "rows": 4, "stopping": 5}


@dataclass(frozen=True, order=True)
class StreamSeeds:
    """The seed of each source of randomness of one trained model.

    init : initial weights; order : shuffling of the rows in each epoch, and which of them are
    held out to stop early; dropout : keep masks; labels : permutation of the training labels in
    the shuffled control; rows : bootstrap of the training rows, None for the rows as they are;
    split : which half of all rows, drawn at random, is all that there is: twice the number of the
    split, or one more for its other half; None for the rows as they are.
    """

    init: int
    order: int
    dropout: int
    labels: int
    rows: int | None = None
    split: int | None = None

    @classmethod
    def of(cls, seed: int, split: int | None = None) -> "StreamSeeds":
        """The streams of one ordinary seed, all drawn by `seed`: on the data as they are, or
        on a half of all rows."""
        return cls(init=seed, order=seed, dropout=seed, labels=seed, split=split)

    @property
    def ordinary(self) -> bool:
        """Whether one seed draws everything, on the data as they are."""
        same = self.init == self.order == self.dropout == self.labels
        return same and not self.own_rows

    @property
    def table(self) -> str:
        """Which training and test rows these are: of the data, or the stream that draws others."""
        if self.split is not None:
            return "split"
        return "data" if self.rows is None else "rows"

    @property
    def own_rows(self) -> bool:
        """Whether training and test rows are others than those of the data."""
        return self.table != "data"


STREAM_NAMES = tuple(field.name for field in fields(StreamSeeds))


def varied(source: str, base: int, seed: int) -> StreamSeeds:
    """The streams of the ordinary seed `base`, but for one of SOURCES, drawn by `seed`."""
    return replace(StreamSeeds.of(base), **{source: seed})


def bit_generator(seed: int, purpose: str) -> np.random.SFC64:
    """The raw stream of `seed` for one purpose (SFC64: Doty-Humphrey's small fast generator)."""
    return np.random.SFC64(np.random.SeedSequence([seed, PURPOSES[purpose]]))


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A NumPy generator over the stream of `seed` for one purpose."""
    return np.random.Generator(bit_generator(seed, purpose))


def keep_bits(stream: np.random.SFC64, threshold: np.ndarray) -> np.ndarray:
    """Draw one dropout decision for each threshold: True keeps.

    Four decisions come from each raw 64-bit word, lowest 16 bits first; a decision drops
    where its 16 bits are below the threshold. Whole words are drawn, so what is left of the
    last one is discarded.

    Parameters
    ----------
    stream : SFC64
        Advanced by ceil(len(threshold) / 4) words.
    threshold : uint16 array (decisions,)
        Dropout probability times 65536.

    Returns
    -------
    bool array (decisions,)
    """
    words = stream.random_raw(-(-len(threshold) // 4)).astype("<u8", copy=False)
    return words.view("<u2")[: len(threshold)] >= threshold
