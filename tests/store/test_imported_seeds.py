"""Seeds of imported scores: whole numbers that tell vectors apart, in any notation."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import study
from study.analysis.overview import Overview
from study.common.errors import InputError
from study.common.text import ranges
from study.store.score_file import read_scores

HEADER = "model,method,seed,feature,score"


@pytest.fixture
def written(tmp_path):
    def write(text: str, *, header: str) -> Path:
        path = tmp_path / "scores.csv"
        path.write_text(f"{header}\n{text}", encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("1e+05", 10**5),
        ("1E5", 10**5),
        ("1.5e3", 1500),
        ("3.0", 3),
        ("-1", -1),
        ("-0", 0),
        ("007", 7),
        ("4294967296", 2**32),
        ("-1234567890123456789", -1234567890123456789),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9.007199254740993e15", 2**53 + 1),
    ],
)
def test_a_seed_is_a_whole_number_however_it_is_written(written, text, seed):
    path = written(f"m,f,{text},a,1\nm,f,{text},b,2\n", header=HEADER)
    assert [origin.seed for origin in read_scores(path).vectors] == [seed]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9223372036854775808", "is beyond 64 bits: number the seeds 0, 1, 2"),
        ("-9223372036854775809", "is beyond 64 bits"),
        ("340282366920938463463374607431768211455", "is beyond 64 bits"),
        ("1e999999999", "is beyond 64 bits"),
        ("1e-999999999", "is not a whole number"),
        ("1e-05", "is not a whole number"),
        ("0.5", "is not a whole number"),
        ("1_000", "is not a whole number"),
        ("inf", "is not a whole number"),
        ("nan", "is not a whole number"),
        ("0x10", "is not a whole number"),
        ("٣", "is not a whole number"),
    ],
)
def test_what_is_no_seed_is_refused(written, text, reason):
    path = written(f"m,f,{text},a,1\nm,f,{text},b,2\n", header=HEADER)
    with pytest.raises(InputError, match=f"line 2, column seed: '.+' {reason}"):
        read_scores(path)


def test_the_same_seed_in_two_notations_is_the_same_seed(written):
    path = written("m,f,1e+05,a,1\nm,f,100000,b,2\n", header=HEADER)
    assert len(read_scores(path).vectors) == 1
    path = written("m,f,1e+05,a,1\nm,f,1e+05,b,2\nm,f,100000,a,1\n", header=HEADER)
    with pytest.raises(InputError, match=r"line 4: .* has a score of 'a' already"):
        read_scores(path)


SEEDS = [-(2**63), -(2**53) - 1, -(2**53), -2, -1, 0, 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1]


@pytest.fixture
def of_many_seeds(command, tmp_path) -> list[list[float]]:
    """A run of SEEDS, in another order, with a control; and the scores by seed, in order."""
    rng = np.random.default_rng(6)
    scores = rng.uniform(1, 2, (len(SEEDS), 3)).round(6)
    frame = pd.DataFrame(
        [
            {"model": "m", "method": "f", "condition": condition, "seed": seed, "feature": name, "score": score}
            for place in rng.permutation(len(SEEDS))
            for condition in ("real", "shuffled")
            for seed, row in [(SEEDS[place], scores[place])]
            for name, score in zip("abc", row, strict=True)
        ]
    )  # fmt: skip
    frame.to_csv("seeds.csv", index=False)
    assert command("import", "seeds.csv", "--claim", "a rank 1 in 0.2").status == 0
    return scores.tolist()


def test_seeds_beyond_those_of_a_generator_are_kept_apart_and_in_order(command, of_many_seeds):
    results = study.load("reports/seeds")
    assert results.seeds("m", "real") == SEEDS
    own = results.vectors("m", "real", "f", "feature")
    assert own.seeds.tolist() == SEEDS
    assert own.score.tolist() == of_many_seeds
    stored = results.scores.query("condition == 'real' and name == 'a'")
    assert stored["seed"].tolist() == SEEDS
    row = Overview(results).own_verdict(results.recipe.claim)
    assert row["met"] == sum(a > max(rest) for a, *rest in of_many_seeds)
    assert (row["n"], row["shuffled_n"]) == (len(SEEDS), len(SEEDS))


def test_such_seeds_are_told_as_they_are(command, of_many_seeds, undrawn):
    lines = [json.loads(line) for line in command("dump").out.splitlines()]
    trained = [line for line in lines if line[0] == "trainings" and line[2] == "real"]
    assert [line[4] for line in trained] == SEEDS
    assert command("check").status == 0
    assert ranges(SEEDS) in command("status").out
    assert command("report").status == 0
    assert command("table", "claim").status == 0


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True).map(sorted))
def test_seeds_in_words_are_those_seeds(seeds):
    found = []
    for part in filter(None, ranges(seeds).split(",")):
        first, dash, last = part.partition("-") if not part.startswith("-") else (part, "", "")
        found += range(int(first), int(last or first) + 1) if dash else [int(first)]
    assert found == seeds
