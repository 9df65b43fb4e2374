"""The examples of docs/method.md run, and the program gives the same numbers.

The examples use NumPy and SciPy alone, so that page and program are held to something that is
not our own code.
"""

import ast
import doctest
import re
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from scipy import stats

import study
from study.analysis.stability import FEWEST_SPLITS, HALVES, reliability
from study.analysis.warnings.data import COLLINEAR
from study.analysis.warnings.scores import NEAR_ONE
from study.common.task import NUMBER
from study.engines.row_orders import half_rows
from study.engines.torch.best import Best
from study.engines.torch.losses import loss_of
from study.execution.request import USUAL
from study.importance.gradients import after_training
from study.networks.linear import Linear
from study.recipes.dataset import DatasetRecipe
from study.recipes.model import Protocol
from study.statistics import (
    agreement,
    claims,
    intervals,
    permutation_test,
    population,
    ranking,
    sources,
    stability,
)
from study.statistics.collinearity import explained
from study.statistics.confidence_sequence import confidence_sequence
from study.statistics.fit import r_squared
from study.statistics.learning import LEAST, predicts, threshold, typical
from study.statistics.multiplicity import holm
from study.statistics.rank_intervals import population_rank_intervals, told_apart
from study.statistics.resampled import resampled
from study.statistics.spread import equal_rows
from study.statistics.variance_components import variance_components

PAGE = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """The text under each heading."""
    parts = re.split(r"^## (.+)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(["start", *parts[1::2]], parts[::2], strict=True))


def examples(text: str) -> list[doctest.Example]:
    source = "\n".join(re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))
    return doctest.DocTestParser().get_examples(source)


def results_of(text: str) -> list[Any]:
    """What the page says that its examples give."""
    return [ast.literal_eval(example.want) for example in examples(text) if example.want]


@pytest.fixture(scope="module")
def session() -> SimpleNamespace:
    """The variables that the examples leave, once all of them gave what the page says."""
    test = doctest.DocTest(examples(PAGE), {}, "method.md", str(ROOT / "docs"), 0, None)
    failures: list[str] = []
    doctest.DocTestRunner().run(test, out=failures.append, clear_globs=False)
    assert not failures, "".join(failures)
    return SimpleNamespace(**test.globs)


def ends(interval: intervals.Interval) -> list[float]:
    return [interval.low, interval.high]


def pairs_of(a: int, b: int, c: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Which seeds meet a claim in two conditions: in both, the first, the second, neither."""
    table = np.repeat([[True, True], [True, False], [False, True], [False, False]], [a, b, c, d], 0)
    return table[:, 0], table[:, 1]


def coordinates(measure: str, *vectors: list[float]) -> np.ndarray:
    return agreement.coordinates(measure, np.array(vectors, dtype=float))


def agree(measure: str, first: list[float], second: list[float]) -> float:
    found = coordinates(measure, first, second)
    return float(agreement.within_seeds(found[:1], found[1:])[0])


def verdicts(required: float, seeds: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for met in range(seeds + 1):
        of = (intervals.wilson(met, seeds), intervals.clopper_pearson(met, seeds))
        judged = claims.judge(claims.Proportion(met, seeds, *of, identical=False), required)
        found.setdefault(judged.verdict, []).append(met)
    return found


def of_halves(halves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores by split, half and item as models, with the split and the half of each."""
    splits, sides, items = halves.shape
    split, half = np.indices((splits, sides)).reshape(2, -1)
    return halves.reshape(-1, items), split, half


def added(drops: np.ndarray, tested: float) -> tuple[float, float]:
    """Standard error of the mean over splits, and p."""
    halves = np.repeat(drops, 2)[:, None]
    split, half = np.indices((len(drops), 2)).reshape(2, -1)
    found = resampled(halves, split, half, tested)
    reach = (found.high - found.low)[0] / 2
    return reach / stats.t.ppf(0.975, len(drops) - 1), float(found.p_above[0])


def components(table: np.ndarray) -> list[float]:
    """The variance of numbers by half and seed that comes from rows, seed and both."""
    half, seed = np.indices(table.shape).reshape(2, -1)
    found = variance_components(table.ravel(), half, seed)
    return [found.split, found.seed, found.both]


def consensus(*judges: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    votes = [[[np.sign(j - i) for j in order] for i in order] for order in judges]
    found = stability.consensus(np.array(votes, dtype=int))
    return tuple(found.ranks.tolist()), found.cost


def stopped(errors: list[float], patience: int) -> tuple[int, int]:
    """The epoch whose weights are kept, and the last, of a network with these errors on one row."""
    weights = {"output.weight": torch.zeros(1, 1, 1), "output.bias": torch.zeros(1, 1)}
    x, y = torch.zeros(1, 1, 1), torch.zeros(1, 1)
    best = Best(Linear(inputs=1), weights, x, [y], loss_of(NUMBER), patience)
    for error in errors:
        weights["output.bias"].fill_(error**0.5)
        if best.look():
            break
    kept = best.weights["output.bias"].item() ** 2
    return int(np.abs(np.array(errors) - kept).argmin()), int(best.epochs[0]) - 1


@pytest.fixture(scope="module")
def program(session) -> dict[str, list[Any]]:
    """The program's answer to each example that prints something, by heading.

    None where only the next answer rests on what is printed.
    """
    groups = ((0,), (1, 2, 3))
    contrast = after_training([session.gradients[None]], groups, np.ones(4))[1].score[0]
    share = np.array([session.share])
    wilson = {met: ends(intervals.wilson(met, 20)) for met in (19, 20)}
    four = coordinates("spearman", [4, 3, 2, 1])
    null = agreement.null_within_seeds("spearman", four, four)
    scores = -session.rank.astype(float)
    between = agreement.between_seeds("spearman", agreement.coordinates("spearman", scores))
    flips = [stability.flips(scores, 0, other) for other in (1, 2, 3)]
    never = np.arange(1, 21)[:, None] * [2.0, 1.0]
    apart = stability.orders_told_apart(scores)
    reference = study.load(ROOT / "reports" / "reference" / "people")
    by_base = sources.spread([np.array(shares) for shares in session.bases])
    part = correlated(0.95)
    protocol = Protocol(epochs=9, batch_size=9, learning_rate=0.1, patience=3)
    on_halves = of_halves(session.halves)
    first = population.judge(claims.Statement("rank", 0), *on_halves)
    decides = first.means.intervals()[first.narrowest]
    real = np.array([0.315, 0.28, 0.35])
    chance = [
        permutation_test.permutation_test(real[[place]], session.shuffled) for place in range(3)
    ]
    medians = [
        typical(np.array(r)) for r in ([0.5, 0.7], [0.4, 0.2], [0.1, 0.3, 0.9], [-0.4, -0.1])
    ]
    return {
        "Notation": [
            ranking.shares(session.scores).tolist(),
            ranking.ranks(session.scores).tolist(),
            [bool(np.equal(*ranking.settled(np.array([*two, 0.5]))[:2])) for two in session.near],
        ],
        "Early stopping": [
            tuple(stopped(session.errors, patience) for patience in (3, 4)),
            [protocol.held_out(rows) for rows in (2, 12, 13, 200)],
        ],
        "Importance methods": [
            contrast.tolist(),
            [contrast[list(group)].sum() for group in groups],
            np.mean([1 - r_squared(session.y, session.y[list(o)]) for o in permutations(range(4))]),
        ],
        "Claims": [
            claims.Statement("rank", 0).margin(share)[0],
            claims.Statement("top", 1, top=2).margin(share)[0],
        ],
        "Halves of the rows": [tuple(rows.tolist() for rows in half_rows(0, 8, 4))],
        "Rows that belong together": [
            round(population.Means(np.zeros(1), np.ones(1), 25, units=20).freedom(25), 2),
            [rows.tolist() for rows in half_rows(0, 12, 4, session.subjects)],
        ],
        "Rows in time": [[rows.tolist() for rows in half_rows(0, 12, 4, np.arange(16.0))]],
        "Rows that count more": [equal_rows(session.weights)],
        "For other rows of the same kind": [
            np.stack([first.means.mean, first.means.error], axis=1).tolist(),
            first.means.p_above().tolist(),
            ends(decides),
            (first.settle.rows, bool(np.isfinite(first.settle.splits))),
        ],
        "What a variable adds": [added(session.drops, tested=40 / 160)],
        "Ranks for other rows": [
            # ac, and then the other five
            (told_apart(*on_halves) > 0)[[0, 0, 1, 1, 2, 2], [2, 1, 0, 2, 0, 1]].tolist()
        ],
        "Rows, seed, both": [None, components(session.values_of_halves)],
        "Above chance": [
            ([of.as_large for of in chance], [of.p_value for of in chance]),
            ends(chance[0].interval),
        ],
        "Fit": [[predicts(median, max(medians), 0.5) for median in medians]],
        "Proportions": [wilson[20], wilson[19], intervals.clopper_pearson(20, 20).low],
        "Verdict over seeds": [
            verdicts(0.8, 20)[claims.INCONCLUSIVE],
            verdicts(0.8, 20)[claims.SUPPORTED],
            claims.seeds_to_settle(0.9, 0.8),
            claims.exceeds(20, 20, 0.8),
            claims.power(0.95, 0.8, 20),
            claims.fewest_seeds(0.8),
        ],
        "Seeds added after a look": [
            confidence_sequence(20, 20).low,
            ends(confidence_sequence(18, 20)),
            next(n for n in range(1, 30) if confidence_sequence(n, n).low >= 0.8),
        ],
        "Two runs": [
            ends(intervals.paired_difference(*pairs_of(9, 6, 0, 5))),
            ends(intervals.paired_difference(*pairs_of(0, 20, 0, 0))),
            *ends(intervals.independent_difference(np.ones(20, bool), np.arange(20) < 18)),
        ],
        "Means over seeds": [None, ends(intervals.mean_intervals(session.values[:, None])[0])],
        "Agreement of two vectors": [
            agree("spearman", session.first, session.second),
            agree("kendall", session.first, session.second),
            agree("spearman", [3, 3, 1], [3, 2, 1]),
            agree("top-2", session.first, session.second),
        ],
        "Agreement within seeds, and its null": [
            [agreement.null_deviation(8), agreement.null_deviation(4)],
            null.sd,
            null.p_value,
        ],
        "Agreement between seeds": [
            between.mean,
            ends(between.interval),
            agreement.null_between_seeds("spearman", 4, 10)[1],
        ],
        "Kendall's W": [agreement.concordance(scores).w] * 2,
        "Rank frequencies": [stability.rank_frequency(scores)[0].tolist()],
        "Flip rates": [
            flips[0].rate,
            None,
            ends(flips[0].interval),
            np.mean([1 - found.rate for found in flips]),
            stability.flips(never, 0, 1).interval.high,
        ],
        "Stability of the top k": [stability.set_stability(ranking.in_top(scores, 2)).stability]
        * 2,
        "Rank intervals and tied groups": [
            next(
                seeds
                for seeds in range(1, 20)
                if stability.orders_told_apart(np.tile(np.arange(8.0), (seeds, 1))).any()
            ),
            None,
            None,
            # ac, ad, bd, bc, ab, cd: the smallest p-values first
            (apart[[0, 0, 1, 1, 0, 2], [2, 3, 3, 2, 1, 3]] != 0).tolist(),
        ],
        "Consensus": [
            consensus((1, 2, 3), (1, 2, 3), (2, 1, 3)),
            consensus((1, 2, 3), (3, 2, 1)),
        ],
        "Split-half reliability": [sorted(reliability(reference, "feature")["seeds"].unique())],
        "Spread by source of randomness": [by_base.within, by_base.between],
        "Learned": [[threshold(0.95, 0.8), threshold(0.03, 0.8)]],
        "Several tests at once": [
            holm(session.p_values_of_three).tolist(),
            [holm(np.full(count, claims.exceeds(20, 20, 0.8))).max() for count in (1, 2, 3)],
        ],
        "Warnings that rest on a formula": [(part, 1 / (1 - part)), None],
    }


def correlated(correlation: float) -> float:
    """How much of one of two features with a correlation the other explains."""
    first, second = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1])
    second = correlation * first + np.sqrt(1 - correlation**2) * second
    return float(explained(np.stack([first, second], axis=1), ((0,), (1,)))[0])


def alike(said: Any, found: Any) -> bool:
    """Whether a number, or numbers in lists, are said as they are, to the digits that are said."""
    if isinstance(said, list | tuple):
        return len(said) == len(found) and all(map(alike, said, found))
    if isinstance(said, float):
        digits = len(str(said).split(".")[1])
        return abs(said - found) <= 0.51 * 10**-digits
    return bool(said == found)


def test_every_example_is_one_that_the_program_answers(program):
    assert {title for title, text in sections().items() if results_of(text)} == set(program)


@pytest.mark.parametrize("title", [title for title, text in sections().items() if results_of(text)])
def test_the_program_gives_the_numbers_of_the_page(title, program):
    said, found = results_of(sections()[title]), program[title]
    for one, other in zip(said, found, strict=True):
        assert other is None or alike(one, other), (one, other)


def test_the_words_beside_the_ten_seeds_are_those_of_the_program(session):
    apart = stability.orders_told_apart(-session.rank)
    bounds = [f"{low} to {high}" for low, high in stability.rank_intervals(apart)]
    order = stability.mean_order(-session.rank)
    groups = ["".join("abcd"[item] for item in own) for own in stability.tied_groups(apart, order)]
    said = " ".join(sections()["Rank intervals and tied groups"].split())
    assert f"which leaves the rank intervals {', '.join(bounds[:3])} and {bounds[3]}" in said
    assert f"and the groups {groups[0]}, {groups[1]} and {groups[2]}:" in said


def test_the_words_beside_the_halves_are_those_of_the_program(session):
    on_halves = of_halves(session.halves)
    bounds = [f"{low} to {high}" for low, high in population_rank_intervals(*on_halves)]
    said = " ".join(sections()["Ranks for other rows"].split())
    assert f"only a and c are told apart: ranks {bounds[0]}, {bounds[1]} and {bounds[2]}." in said
    assert population.judge(claims.Statement("rank", 0), *on_halves).narrowest == 0


def test_the_fixed_numbers_of_the_page_are_those_of_the_program():
    said = " ".join(PAGE.split())
    facts = [
        f"All intervals are of {intervals.CONFIDENCE:.0%}.",
        f"Below {intervals.FEWEST} seeds there is no interval",
        f"with fewer than {intervals.FEWEST} splits, and on a model",
        f"From {intervals.FEWEST} splits on.",
        f"all differences have $p \\le {population.LEVEL:g}$",
        f"$J'$ (up to {population._MOST_SPLITS:,})",
        f"the training targets ({USUAL.shuffles} as a rule)",
        f"Below {permutation_test.FEWEST_SHUFFLES} shuffles there is no test",
        f"(`fit`, {DatasetRecipe.model_fields['fit'].default} if not given)",
        f"(`learned`, {DatasetRecipe.model_fields['learned'].default} if not given)",
        f"There is none below {intervals.FEWEST} seeds",
        f"of $B = {intervals.RESAMPLES}$ resamples",
        f"where $p! \\le {agreement.RELABELLINGS}$",
        f"For $h$ = {', '.join(map(str, HALVES))} seeds",
        f"are drawn {stability.SPLITS} times",
        f"at least {FEWEST_SPLITS} different splits",
        f"for at most {stability.MOST_FOR_CONSENSUS} items",
        f"\\max(R^2_{{\\text{{best}}}}, {LEAST})",
        f"$R_j^2 > {COLLINEAR}$",
        f"exceeds {NEAR_ONE}, and there is an interval",
        f"differs from the first seed's by at most $10^{{{int(np.log10(ranking.ROUNDING))}}}$ of it",
    ]
    assert [fact for fact in facts if fact not in said] == []
