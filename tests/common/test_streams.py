import numpy as np
import pytest
from scipy import stats

from study.common.streams import (
    PURPOSES,
    StreamSeeds,
    bit_generator,
    generator,
    keep_bits,
    varied,
)
from study.common.vocabulary import SOURCES


def test_a_seed_is_its_own_streams():
    assert StreamSeeds.of(7) == StreamSeeds(7, 7, 7, 7, None)


def test_one_source_varies_and_a_base_holds_all_others():
    assert {source: varied(source, 3, 8) for source in SOURCES} == {
        "init": StreamSeeds(8, 3, 3, 3, None),
        "order": StreamSeeds(3, 8, 3, 3, None),
        "dropout": StreamSeeds(3, 3, 8, 3, None),
        "rows": StreamSeeds(3, 3, 3, 3, 8),
    }
    for source in ("init", "order", "dropout"):
        assert varied(source, 3, 3) == StreamSeeds.of(3)


def test_streams_of_all_seeds_and_purposes_differ():
    words = {
        tuple(bit_generator(seed, purpose).random_raw(4))
        for seed in range(50)
        for purpose in PURPOSES
    }
    assert len(words) == 50 * len(PURPOSES)


def test_the_streams_are_those_of_numpy_s_seed_sequence():
    # The numbers of the purposes are part of what a stored seed means.
    expected = np.random.Generator(np.random.SFC64(np.random.SeedSequence([3, 1])))
    np.testing.assert_array_equal(generator(3, "order").permutation(9), expected.permutation(9))
    expected = np.random.SFC64(np.random.SeedSequence([3, 2])).random_raw(5)
    np.testing.assert_array_equal(bit_generator(3, "dropout").random_raw(5), expected)


@pytest.mark.parametrize("count", [1, 4, 7, 1000])
def test_keep_bits_are_sixteen_bits_of_each_word_lowest_first(count):
    threshold = np.full(count, 6554, dtype=np.uint16)
    stream, again = bit_generator(0, "dropout"), bit_generator(0, "dropout")
    drawn = keep_bits(stream, threshold)
    words = [int(word) for word in again.random_raw((count + 3) // 4)]
    pieces = [word >> shift & 0xFFFF for word in words for shift in (0, 16, 32, 48)]
    assert drawn.tolist() == [piece >= 6554 for piece in pieces[:count]]
    # Whole words are drawn: both streams stand at the same place.
    assert stream.random_raw() == again.random_raw()


@pytest.mark.parametrize("probability", [0.1, 0.2, 0.5])
def test_keep_bits_drop_as_often_as_they_should(probability):
    count = 400_000
    threshold = np.full(count, round(probability * 65536), dtype=np.uint16)
    dropped = count - int(keep_bits(bit_generator(1, "dropout"), threshold).sum())
    assert stats.binomtest(dropped, count, probability).pvalue > 0.001
