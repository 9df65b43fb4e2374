"""Whether rows of a table come again, or stand in another one, more often than by chance."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, gammaincinv, pdtrc

# A number with this part of as many values as there are distinct rows seldom repeats by chance.
_FINE = 0.5
_FEWEST_FINE = 10
# Where not so many times more rows are possible than there are, as in a designed experiment,
# evenness may be meant.
_POSSIBLE = 4
# Of significance.
LEVEL = 1e-4


@dataclass(frozen=True)
class Shared:
    """Rows of the second table that stand in the first, or of one table that came before.

    shared : (rows,) bool; distinct : all rows, each counted once
    expected : how many were shared if they repeated by chance
    regular : whether rows repeat so evenly that they are no independent draws
    """

    shared: np.ndarray
    distinct: int
    expected: float
    regular: bool

    @property
    def exceeds_chance(self) -> bool:
        """Whether chance cannot have made these rows equal to others."""
        count = int(self.shared.sum())
        more = count >= 2 * self.expected and pdtrc(count - 1, self.expected) < LEVEL
        return count > 0 and bool(self.regular or more)


def shared_rows(first: np.ndarray, second: np.ndarray, numeric: np.ndarray) -> Shared:
    """Compare two tables of the same columns, (rows, columns); `numeric` : (columns,) bool.

    What is expected by chance: numbers of many values repeat independently of each other and of
    the rest, and the other columns repeat together, as often as they do in the first table. So a
    table of few values, however they hang together, shares no more than that; in it, evenness
    alone can tell.
    """
    both = np.concatenate([first, second])
    size = len(first)
    rows = row_codes(both)
    parts = _independent(both, rows, numeric)
    chance = np.prod([_frequency(part[:size], part[size:]) for part in parts], axis=0)
    expected = float((1 - (1 - chance) ** size).sum())
    shared = np.isin(rows[size:], rows[:size])
    return Shared(shared, int(rows.max()) + 1, expected, _regular(both, rows))


def repeated_rows(table: np.ndarray, numeric: np.ndarray) -> Shared:
    """Rows of one table, (rows, columns), that equal one before; `numeric` : (columns,) bool.

    By chance as for `shared_rows`; values are as frequent as they are among all other rows, of
    which half come before.
    """
    rows = row_codes(table)
    others = len(rows) - 1
    parts = _independent(table, rows, numeric)
    chance = np.prod([(np.bincount(part)[part] - 1) / others for part in parts], axis=0)
    expected = float((1 - (1 - chance) ** (others / 2)).sum())
    repeated = ~np.isin(np.arange(len(rows)), np.unique(rows, return_index=True)[1])
    return Shared(repeated, int(rows.max()) + 1, expected, _regular(table, rows))


def _independent(table: np.ndarray, rows: np.ndarray, numeric: np.ndarray) -> list[np.ndarray]:
    """What repeats independently of each other by chance: codes of values, (rows,) each.

    rows : (rows,) codes of the table's rows
    """
    columns = [np.unique(column, return_inverse=True)[1] for column in table.T]
    known = np.array([column.max() + 1 for column in columns])
    fine = numeric & (known > _FEWEST_FINE) & (known >= _FINE * (rows.max() + 1))
    parts = [columns[place] for place in np.flatnonzero(fine)]
    return parts if fine.all() else [*parts, row_codes(table[:, ~fine])]


def _regular(table: np.ndarray, rows: np.ndarray) -> bool:
    """Whether rows come too evenly, in a table in which many more rows are possible."""
    known = np.array([len(np.unique(column)) for column in table.T])
    possible = np.log(known).sum() > np.log(_POSSIBLE * (rows.max() + 1))
    return bool(possible and too_regular(np.bincount(rows)))


def too_regular(counts: np.ndarray) -> bool:
    """Whether too many of some rows come equally often for independent draws of any kind.

    Let f(k) be how many different rows come k times. Of independent draws, however rows are
    distributed, the expected k! f(k) are moments of a positive measure (a mixture of Poisson
    distributions), so that f(k)² is at most f(k-1) f(k+1) (k+1)/k (Cauchy-Schwarz). Forty
    subjects that were measured five times each have f(5) = 40 beside f(4) = f(6) = 0. Exact limits
    of Poisson means (Garwood, 1936) stand for what is expected.

    counts : (different rows,), how often each comes
    """
    found = np.append(np.bincount(counts), 0)
    times = np.arange(2, len(found) - 1)
    greatest = chdtri(2 * (found + 1), LEVEL) / 2
    least = np.where(found > 0, gammaincinv(np.maximum(found, 0.5), LEVEL), 0)
    most = np.sqrt(greatest[times - 1] * greatest[times + 1] * (times + 1) / times)
    return bool((least[times] > most).any())


def row_codes(table: np.ndarray) -> np.ndarray:
    """A number for each different row, from 0 as they come: (rows, columns) -> (rows,)."""
    seen: dict[bytes, int] = {}
    # Zeros of both signs are equal, but not their bytes.
    return np.array([seen.setdefault(row.tobytes(), len(seen)) for row in table + 0.0])


def _frequency(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How frequent the values of the second are in the first."""
    return np.bincount(first, minlength=second.max() + 1)[second] / len(first)
