"""How far variables, of one column or several, stand in for each other linearly."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Singular values below this part of the greatest are rounding of single precision.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Bases:
    """Each variable's centred columns by an orthonormal basis of what they span, side by side.

    columns : (rows, width); owner : (width,), whose each column is, counted from 0
    signed : (variables,) whether a variable has one column, whose sign means something
    """

    columns: np.ndarray
    owner: np.ndarray
    signed: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, groups: Sequence[Sequence[int]]) -> "Bases":
        """Of (rows, features), where `groups` are the column indices of each variable."""
        centred = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
        bases = [_basis(centred[:, list(group)]) for group in groups]
        return cls(
            np.concatenate(bases, axis=1),
            np.repeat(np.arange(len(groups)), [basis.shape[1] for basis in bases]),
            np.array([len(group) == 1 for group in groups]),
        )

    @property
    def sizes(self) -> np.ndarray:
        """How many columns span each variable: (variables,)."""
        return np.bincount(self.owner, minlength=len(self.signed))

    @cached_property
    def correlations(self) -> np.ndarray:
        """Of each two columns: (width, width)."""
        return self.columns.T @ self.columns

    @property
    def member(self) -> np.ndarray:
        """Which column is whose: (width, variables), 0 or 1."""
        return (self.owner[:, None] == np.arange(len(self.signed))).astype(float)

    def canonical(self) -> np.ndarray:
        """The greatest canonical correlation of each two variables: (variables, variables).

        Of two single columns it is Pearson's correlation, with its sign; of one with several it
        is the multiple correlation, and of a column with levels the correlation ratio.
        """
        member = self.member
        single = np.outer(self.signed, self.signed)
        found = np.where(
            single,
            member.T @ self.correlations @ member,
            np.sqrt(member.T @ self.correlations**2 @ member),  # one row or column: its length
        )
        several = np.flatnonzero(self.sizes > 1)
        for place, first in enumerate(several):
            for second in several[place + 1 :]:
                block = self.correlations[np.ix_(self.owner == first, self.owner == second)]
                found[first, second] = found[second, first] = np.linalg.norm(block, 2)
        return found

    def beyond_chance(self, canonical: np.ndarray) -> np.ndarray:
        """Canonical correlations less what several columns of independent variables would have.

        Squared, the greatest of p and q columns comes to (√p + √q)² / rows by chance (Wachter,
        1980, for few columns); what exceeds that of two single columns is taken off as it is in
        an adjusted R².
        """
        roots = np.sqrt(self.sizes)
        chance = (np.add.outer(roots, roots) ** 2 - 4).clip(0) / (len(self.columns) - 1)
        squares = canonical**2
        return np.sqrt(((squares - chance) / np.maximum(1 - chance, 1e-12)).clip(0))

    def condition(self, most: float) -> tuple[float, np.ndarray]:
        """The condition index, and each variable's part in what exceeds `most`: (variables,).

        Belsley, Kuh and Welsch (1980), of centred variables: neither units nor the coding of
        levels move it. A variable's part is the proportion of the variance of its coefficients
        that lies in directions whose index exceeds `most`.
        """
        values, vectors = np.linalg.eigh(self.correlations)
        values = np.maximum(values, values[-1] * len(values) * np.finfo(float).eps)
        indices = np.sqrt(values[-1] / values)
        variances = self.member.T @ (vectors**2 / values)
        weak, all_of_it = variances[:, indices > most].sum(axis=1), variances.sum(axis=1)
        return float(indices[0]), weak / np.where(all_of_it > 0, all_of_it, 1)

    def fitted(self, y: np.ndarray) -> tuple[float, np.ndarray]:
        """The R² of least squares, and each variable's part of the fit: (variables,).

        A part is the standard deviation of a variable's term over that of y.
        """
        from scipy.linalg import lstsq

        centred = y.astype(np.float64) - y.mean(dtype=np.float64)
        coefficients = lstsq(self.columns, centred, lapack_driver="gelsy")[0]
        left = centred - self.columns @ coefficients
        terms = np.sqrt(self.member.T @ coefficients**2)
        return float(1 - (left @ left) / (centred @ centred)), terms / np.linalg.norm(centred)


def _basis(columns: np.ndarray) -> np.ndarray:
    """An orthonormal basis of what centred columns span; a single one keeps its sign."""
    if columns.shape[1] == 1:
        length = np.linalg.norm(columns)
        return columns / length if length > 0 else columns[:, :0]
    vectors, lengths, _ = np.linalg.svd(columns, full_matrices=False)
    return vectors[:, lengths > _ROUNDING * lengths.max(initial=0)]
