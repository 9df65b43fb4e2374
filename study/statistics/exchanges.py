"""Rows that depend on each other change places: whole groups, rows of a group, or all in a circle.

`groups` (rows,) says how they do: of integers, rows of one number belong together; floats are
times, in the order of which rows stand. What changes places keeps the dependence that it had.
"""

import numpy as np


def in_time(groups: np.ndarray | None) -> bool:
    """Whether rows stand in the order of their times, in place of belonging to groups."""
    return groups is not None and groups.dtype.kind == "f"


def exchange(groups: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """From which row each takes its target, where nothing relates rows and targets: (rows,) int.

    In time, targets go on by a number of rows that is drawn, none among them, the last to the first
    rows: in a stationary series each shift is as likely, but for where its ends meet (Lancaster,
    Iatsenko, Pidde, Ticcinelli and Stefanovska, Physics Reports 748, 2018: surrogates shifted in
    time). Of groups, whole ones change places with others of as many rows, and rows within them:
    exact where groups, and rows of a group, could come in any order (Winkler, Webster, Vidaurre,
    Nichols and Smith, NeuroImage 123, 2015). Groups whose number of rows no other has change with
    each other, and targets are left out or come again: exact if targets are constant within them,
    else nearly.
    """
    if in_time(groups):
        return np.roll(np.arange(len(groups)), drawing.integers(len(groups)))
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(group_of, kind="stable"), np.cumsum(sizes)[:-1])
    kind = np.where(lone(sizes), 0, sizes)
    taken = np.empty(len(groups), dtype=np.intp)
    for one in np.unique(kind):
        alike = np.flatnonzero(kind == one)
        for group, giver in zip(alike, drawing.permutation(alike), strict=True):
            taken[members[group]] = np.resize(drawing.permutation(members[giver]), sizes[group])
    return taken


def lone(sizes: np.ndarray) -> np.ndarray:
    """Which groups have a number of rows that no other has: (groups,) bool."""
    _, kind, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    return counts[kind] == 1


def shift(permuted: np.ndarray) -> np.ndarray:
    """Each permutation of rows as a shift in a circle, by the number that it begins with.

    (permutations, rows) int, as are those of `within` and `between`: each of the arrangements that
    there are comes as often, of permutations that are drawn at random; of none comes none.
    """
    rows = permuted.shape[-1]
    return (np.arange(rows) + permuted[:, :1]) % rows


def within(permuted: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Each permutation as one of the rows within their groups, in the order that it has them."""
    group_of = np.unique(groups, return_inverse=True)[1]
    arranged = np.empty_like(permuted)
    arranged[:, np.argsort(group_of, kind="stable")] = np.argsort(
        group_of * len(groups) + permuted, axis=1
    )
    return arranged


def between(permuted: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Each permutation as one of whole groups: each takes the values of another, in their order.

    A group of more rows than the other takes its values again, one of fewer the first of them.
    """
    _, first, group_of, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    by_group = np.argsort(group_of, kind="stable")
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(groups), dtype=np.intp)
    place[by_group] = np.arange(len(groups)) - np.repeat(starts, sizes)
    # First rows come in any order, so that groups do.
    ranks = np.argsort(np.argsort(permuted[:, first], axis=1), axis=1)
    giver = np.argsort(first)[ranks][:, group_of]
    return by_group[starts[giver] + place % sizes[giver]]


def part_within(values: np.ndarray, groups: np.ndarray) -> float:
    """Which part of the variance of some columns is within groups, (rows, columns); 0 of none."""
    group_of = np.unique(groups, return_inverse=True)[1]
    sums = np.zeros((group_of.max() + 1, values.shape[1]))
    np.add.at(sums, group_of, values)
    means = sums / np.bincount(group_of)[:, None]
    whole = ((values - values.mean(axis=0)) ** 2).sum()
    return float(((values - means[group_of]) ** 2).sum() / whole) if whole else 0.0
