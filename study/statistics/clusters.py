"""Clusters of columns that stand for each other."""

import numpy as np


def correlated_clusters(x: np.ndarray, least: float) -> list[list[int]]:
    """Columns in clusters of two or more: (rows, columns) -> their places, each in order.

    Agglomerative clustering with average linkage (Sokal and Michener, 1958) by the distance
    1 - |Spearman's rank correlation|: of clusters that are joined, the mean |correlation| of a
    column of one with a column of the other is at least `least`. Constant columns are alone.
    """
    varied = np.flatnonzero(np.ptp(x, axis=0) > 0)
    if len(varied) < 2:
        return []
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform
    from scipy.stats import rankdata

    distances = 1 - np.abs(np.corrcoef(rankdata(x[:, varied], axis=0), rowvar=False))
    joined = linkage(squareform(distances.clip(0), checks=False), method="average")
    labels = fcluster(joined, 1 - least, criterion="distance")
    found = [varied[labels == label].tolist() for label in np.unique(labels)]
    return sorted(members for members in found if len(members) > 1)
