"""Clusters of columns, held against what is known of made-up ones, and against scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.cluster import AgglomerativeClustering

from study.statistics.clusters import correlated_clusters


def drawn(seed: int) -> np.ndarray:
    """Two hidden quantities, of which columns are noisy, turned or bent copies."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(80, 3))
    copies = hidden[:, draw.integers(0, 3, 9)] + draw.uniform(0, 1.2, 9) * draw.normal(size=(80, 9))
    return np.column_stack([copies[:, :5], -copies[:, 5:7], np.exp(copies[:, 7:])])


@given(st.integers(0, 10_000))
def test_clusters_are_those_of_scikit_learn(seed):
    x = drawn(seed)
    distances = 1 - np.abs(spearmanr(x).statistic)
    other = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=0.3
    ).fit(distances)
    expected = [
        np.flatnonzero(other.labels_ == label).tolist() for label in range(other.n_clusters_)
    ]
    assert correlated_clusters(x, 0.7) == sorted(of for of in expected if len(of) > 1)


def test_turned_and_bent_copies_are_of_one_cluster_and_noise_is_of_none():
    draw = np.random.default_rng(0)
    first, second, noise = draw.normal(size=(3, 200))
    x = np.column_stack([first, noise, second, -first, np.exp(second), np.ones(200)])
    assert correlated_clusters(x, 0.7) == [[0, 3], [2, 4]]


@pytest.mark.parametrize("columns", [0, 1])
def test_too_few_columns_make_no_cluster(columns):
    assert correlated_clusters(np.random.default_rng(0).normal(size=(9, columns)), 0.7) == []
