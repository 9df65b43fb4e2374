"""The sentences of the verdict, word by word, their numbers reckoned by scipy or by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from conftest import made_run, shipped
from scipy import stats

from study.analysis.overview import Overview
from study.analysis.warnings.registry import warnings
from study.report.text.verdict import answers, details, headline

ITEMS = 8
AGE, SEX = 1, 0
METHOD = "gradient"


def vectors(met: int, seeds: int, *, first: int = AGE) -> np.ndarray:
    """(seeds, items): in the first `met` of them an item leads, in the others the last one."""
    scores = np.random.default_rng(4).uniform(1, 2, (seeds, ITEMS))
    scores[:, AGE] = 0.9
    scores[:met, first] = 9
    scores[met:, ITEMS - 1] = 9
    return scores


def wilson(met: int, seeds: int) -> str:
    interval = stats.binomtest(met, seeds).proportion_ci(method="wilson")
    return f"95% interval {interval.low:.2f} to {interval.high:.2f}"


CLAIMS = {
    "rank": ({"rank": 1}, "age has rank 1"),
    "top": ({"rank": None, "top": 2}, "age is among the top 2"),
    "share": ({"rank": None, "share": 0.25}, "age has a share of at least 0.25"),
    "above": ({"rank": None, "above": "sex"}, "age ranks above sex"),
}


@pytest.fixture
def run(tmp_path, people):
    """Makes a run of given seeds: met of real, of shuffled if any, by model; and of halves."""
    numbers = itertools.count()

    def make(
        real: dict,
        shuffled: dict | None = None,
        *,
        seeds: int = 20,
        claims=(),
        halves: dict | None = None,
        r_squared: dict | None = None,
        **claim,
    ):
        values = {"method": METHOD, "proportion": 0.8, "from_publication": False} | claim
        recipe = people.recipe.model_copy(
            update={
                "claim": people.recipe.claim.model_copy(update=values),
                "claims": list(claims),
                "published": None,
            }
        )
        scores = {}
        for condition, of in (("real", real), ("shuffled", shuffled or {})):
            for model, met in of.items():
                found = met if isinstance(met, np.ndarray) else vectors(met, seeds)
                scores[model, condition] = {METHOD: found}
        return made_run(
            tmp_path / str(next(numbers)),
            recipe,
            scores,
            halves={model: {METHOD: of} for model, of in (halves or {}).items()},
            r_squared=r_squared,
        )

    return make


def told(results) -> dict[str, tuple[str, str]]:
    """Verdict and sentence by the question."""
    return {of.question: (of.verdict, of.sentence) for of in answers(Overview(results))}


ROWS, CHANCE, SEEDS = (
    "For other rows of the same kind",
    "Above chance",
    "Trained again on these rows",
)


@pytest.mark.parametrize("kind", CLAIMS)
@pytest.mark.parametrize(
    ("met", "verdict", "begins", "settle"),
    [
        (20, "supported", "Supported over seeds", ""),
        # z² 0.8 0.2 / (0.9 - 0.8)² = 61.46
        (18, "inconclusive", "Inconclusive over seeds", " If the proportion stays, about 62 seeds would settle it; fix their number before looking again."),
        (16, "inconclusive", "Inconclusive over seeds", " At exactly this proportion no number of seeds would settle it."),
        (5, "contradicted", "Contradicted over seeds (not stable)", ""),
        (0, "contradicted", "Contradicted over seeds (not stable)", ""),
    ],
)  # fmt: skip
def test_the_verdict_over_seeds(run, kind, met, verdict, begins, settle):
    change, says = CLAIMS[kind]
    assert told(run({"transformer": met}, **change))[SEEDS] == (
        f"{verdict} over seeds",
        f"{begins}: {says} in {met} of 20 seeds ({wilson(met, 20)}) for the Transformer "
        f"(published) by gradient; 80% is required.{settle}",
    )


@pytest.mark.parametrize("kind", ["rank", "top", "above"])
@pytest.mark.parametrize(("met", "where"), [(11, "In 9 more"), (0, "In 20 of them")])
def test_ties_stand_beside_the_verdict_over_seeds(run, kind, met, where):
    change, says = CLAIMS[kind]
    scores = vectors(met, 20)
    scores[met:] = np.linspace(1, 2, 20 - met)[:, None] * [8, 8, 0, 0, 0, 0, 0, 8 * (kind == "top")]
    place = {"rank": "for first", "top": "for place 2", "above": "with sex"}[kind]
    assert told(run({"transformer": scores}, **change))[SEEDS] == (
        "contradicted over seeds",
        f"Contradicted over seeds (not stable): {says} in {met} of 20 seeds ({wilson(met, 20)}) "
        "for the Transformer (published) by gradient; 80% is required. "
        f"{where} age is tied {place}.",
    )


def test_seeds_that_repeat_others_stand_beside_the_verdict_over_seeds(run):
    scores = vectors(20, 20)
    scores[19] = scores[18]
    verdict, sentence = told(run({"transformer": scores}))[SEEDS]
    assert verdict == "supported over seeds"
    assert sentence.endswith(
        "80% is required. The 20 seeds hold 19 different score vectors, so that they are fewer "
        "observations."
    )
    scores[:] = np.repeat(scores[:2], 10, axis=0)
    assert told(run({"transformer": scores}))[SEEDS] == (
        "no verdict over seeds",
        "No verdict over seeds: 20 seeds hold 2 different score vectors. In 20 of 20, age has "
        "rank 1.",
    )


def of_halves(ahead: float, spread: float = 0.0, splits: int = 12) -> np.ndarray:
    """Scores whose sum is 1: age leads by so much, more in one half of a split than the other."""
    scores = np.zeros((2 * splits, ITEMS))
    leads = ahead + np.tile([spread, -spread], splits)
    scores[:, AGE], scores[:, SEX] = 0.5 + leads / 2, 0.5 - leads / 2
    return scores


def test_the_verdict_for_other_rows(run):
    """Halves that differ by 0.04: the standard error is the root of 0.04² / 4, or 0.02."""
    reach = stats.t.ppf(0.975, 12) * 0.02
    results = run({"transformer": 20}, halves={"transformer": of_halves(0.3, 0.02)})
    verdict, sentence = told(results)[ROWS]
    assert verdict == "supported"
    assert sentence == (
        "Over 12 random splits of all rows into halves, models trained and tested in each: the "
        "share of age is 0.30 ahead of that of the nearest, sex, on average for the Transformer "
        f"(published) by gradient (95% interval {0.3 - reach:.2f} to {0.3 + reach:.2f})."
    )


def test_an_inconclusive_verdict_for_other_rows_says_what_would_settle_it(run):
    results = run({"transformer": 20}, halves={"transformer": of_halves(0.03, 0.02)})
    verdict, sentence = told(results)[ROWS]
    times = (stats.t.ppf(0.975, 12) * 0.02 / 0.03) ** 2
    assert verdict == "inconclusive"
    assert sentence.endswith(
        " No number of splits would settle it; about "
        f"{times:.1f} times as many rows would, if means and spreads stay."
    )


def test_a_contradicted_claim_names_what_is_ahead(run):
    results = run({"transformer": 20}, halves={"transformer": of_halves(-0.4, 0.02)})
    verdict, sentence = told(results)[ROWS]
    assert verdict == "contradicted"
    assert "the share of age is 0.40 behind that of sex on average" in sentence


def test_only_the_verdict_for_other_rows_has_a_colour(run):
    for halves in ({}, {"transformer": of_halves(0.3, 0.02)}, {"transformer": of_halves(0, 0.1)}):
        found = answers(Overview(run({"transformer": 20}, {"transformer": 0}, halves=halves)))
        expected = "supported" if found[0].verdict == "supported" else ""
        assert [of.tone for of in found] == [expected, "", ""]


def test_without_splits_other_rows_are_not_tested(run):
    assert told(run({"transformer": 20}))[ROWS] == (
        "not tested",
        "This run has no splits of all rows; 'study run' without --splits 0 makes them.",
    )


def test_a_model_that_the_run_lacks_is_what_leaves_its_claim_untested(run):
    results = run({"transformer": 20}, halves={"transformer": of_halves(0.3, 0.02)})
    claim = results.recipe.claim.model_copy(update={"model": "mlp"})
    for answer in answers(Overview(results), claim)[:2]:
        assert answer.line.endswith(
            ": not tested. This run does not hold the claim's model, 'mlp'."
        )


def test_a_line_says_its_verdict_once(run):
    over_seeds = answers(Overview(run({"transformer": 20})))[2]
    assert over_seeds.line.startswith(
        "Trained again on these rows: supported over seeds: age has rank 1 in 20 of 20 seeds"
    )


def test_chance(run):
    """39 shuffles, of which two are as far ahead as seed 0, by 9 in a sum of some 18."""
    real, shuffled = vectors(20, 20), vectors(0, 39)
    # Only ordinary seeds have a control on the page; all shuffles count here.
    shuffled[5], shuffled[30] = 0.01, 0.01
    shuffled[[5, 30], AGE] = 5
    verdict, sentence = told(run({"transformer": real}, {"transformer": shuffled}))[CHANCE]
    low, high = stats.binomtest(2, 39).proportion_ci(method="exact")
    assert verdict == "not shown to be above chance"
    assert sentence.startswith(
        "Of 39 trainings with income shuffled, in 2 age was as far ahead as with seed 0 on the "
        f"data: p = 0.075 (95% Monte Carlo interval {low:.3f} to {high:.3f}"
    )
    verdict, sentence = told(run({"transformer": real}, {"transformer": vectors(0, 39)}))[CHANCE]
    assert verdict == "above chance"
    assert "in none age was as far ahead as with seed 0 on the data: p = 0.025 (" in sentence


def test_few_shuffles_give_no_verdict(run):
    assert told(run({"transformer": 20}, {"transformer": vectors(0, 18)}))[CHANCE] == (
        "no verdict",
        "18 trainings on shuffles are too few.",
    )
    assert told(run({"transformer": 20}))[CHANCE][0] == "not tested"


def test_a_model_that_does_not_predict_has_no_verdict_at_all(run):
    results = run(
        {"transformer": 20, "mlp": 20},
        {"transformer": 0},
        r_squared={"transformer": [0.3] * 20, "mlp": [0.8] * 20},
    )
    found = told(results)
    why = "the model does not predict (R² 0.30 on the test rows, the best model's 0.90)"
    assert found[SEEDS] == (
        "no verdict over seeds",
        f"No verdict over seeds: {why}. In 20 of 20, age has rank 1.",
    )
    assert found[CHANCE] == ("no verdict", f"T{why[1:]}.")
    # The one that predicts keeps its own.
    table = Overview(results).verdicts(results.recipe.claim).set_index("model")
    assert table["verdict"].to_dict() == {"transformer": "no verdict", "mlp": "supported"}


def test_other_models_that_agree_and_dissent(run):
    real = {"transformer": 20, "mlp": 20, "linear": 10, "transformer-tokens": 20}
    titles = {name: shipped(name).title for name in real}
    assert headline(Overview(run(real))) == [
        f"By the same method the verdict over seeds is the same: {titles['transformer-tokens']}, "
        f"20 of 20; {titles['mlp']}, 20 of 20.",
        f"For the {titles['linear']} the verdict over seeds is another: contradicted, in 10 of 20 "
        "seeds.",
    ]


def test_seeds_that_are_all_the_same_are_one_observation(run):
    results = run({"transformer": np.tile(np.arange(1.0, 9), (20, 1)), "mlp": 20})
    assert told(results)[SEEDS] == (
        "no verdict over seeds",
        "No verdict over seeds: all 20 seeds identical, so the Transformer (published) is one "
        "observation, which does not meet the claim (age has rank 1).",
    )
    assert len(details(Overview(results))) == 1


def test_the_model_of_the_claim_is_not_in_the_run(run):
    results = run({"mlp": 20})
    assert told(results)[SEEDS] == (
        "not tested",
        "The claim ('age has rank 1', model 'transformer' by gradient) is not tested: this run "
        "has no such scores.",
    )
    assert headline(Overview(results)) == []
    assert details(Overview(results)) == [
        "Declared before the run: age has rank 1 among the 8 features in at least 80% of seeds, "
        "for the transformer by gradient."
    ]


def test_one_seed(run):
    """Wilson's interval of one of one reaches from 0.21 to 1."""
    results = run({"transformer": vectors(1, 1)}, {"transformer": vectors(0, 1)})
    assert told(results)[SEEDS] == (
        "inconclusive over seeds",
        "Inconclusive over seeds: age has rank 1 in 1 of 1 seeds (95% interval 0.21 to 1.00) for "
        "the Transformer (published) by gradient; 80% is required. If the proportion stays, about "
        "16 seeds would settle it; fix their number before looking again.",
    )


def test_diverged_seeds_do_not_meet_it(run):
    scores = vectors(20, 20)
    scores[:3] = np.nan
    results = run({"transformer": scores}, {"transformer": 0})
    assert f"in 17 of 20 seeds ({wilson(17, 20)})" in told(results)[SEEDS][1]
    assert headline(Overview(results)) == ["3 diverged and count as not met."]


def test_the_details(run, people):
    others = [people.recipe.claim.model_copy(update={"method": METHOD, "rank": None, "top": 3})]
    real, shuffled = {"transformer": 20, "mlp": 5}, {"transformer": 0, "mlp": 0}
    assert details(Overview(run(real, shuffled, claims=others))) == [
        "Declared before the run: age has rank 1 among the 8 features in at least 80% of seeds, "
        "for the Transformer (published) by gradient.",
        "Declared with it: age is among the top 3, for the Transformer (published) by gradient: "
        "for other rows not tested, above chance, over seeds supported (adjusted by Holm's method).",
        "Of 1 robustness check over seeds by other models and methods on the same rows, it is "
        "contradicted in 1.",
        "Seeds measure the noise of training on this data set. They cannot say whether other rows "
        "would show the same.",
    ]


def test_checks_that_are_the_same_numbers_are_counted_once(run):
    scores = vectors(20, 20)
    other = np.random.default_rng(0).uniform(1, 2, (20, ITEMS)) + 9 * np.eye(ITEMS)[AGE]
    real = {"transformer": 20, "mlp": scores, "linear": 3 * scores, "transformer-tokens": other}
    assert (
        "Of 1 robustness check over seeds by other models and methods on the same rows (2 more "
        "repeat the numbers of another), it is supported in 1."
    ) in details(Overview(run(real)))


def test_holm_judges_secondary_claims(run, people):
    """20 of 20 is 0.8²⁰ = 0.012, and five times that is above 0.025."""
    claim = people.recipe.claim
    others = [
        claim.model_copy(update={"method": METHOD, "rank": None, "top": top}) for top in range(2, 7)
    ]
    table = Overview(run({"transformer": 20}, claims=others)).declared
    assert table["verdict"].tolist() == ["supported"] + ["inconclusive"] * 5
    assert table["holm"].iloc[1] == pytest.approx(5 * 0.8**20)
    fewer = Overview(run({"transformer": 20}, claims=others[:2])).declared
    assert fewer["verdict"].tolist() == ["supported"] * 3


@pytest.mark.parametrize(("met", "stays"), [(20, "does not support it"), (40, "supports it still")])
def test_seeds_added_after_a_look_get_a_bound_that_holds_at_any_time(run, met, stays):
    results = run({"transformer": vectors(met, met)})
    words = ["transformer; seeds 0-9", f"transformer; seeds 0-{met - 1}; 25 splits"]
    results.history = pd.DataFrame({"asked": [words[0]]})
    assert "look" not in told(results)[SEEDS][1].replace("before looking again", "")
    results.history = pd.DataFrame({"asked": words})
    # Beta(1/2, 1/2) mixture: the p at which p ** n is 0.05 of its mean.
    mean = stats.beta(0.5, 0.5).expect(lambda p: p**met)
    low = (0.05 * mean) ** (1 / met)
    assert told(results)[SEEDS][1].endswith(
        " Seeds were added after a look; the interval that holds however often one looks is "
        f"{low:.2f} to 1.00, which {stays}."
    )
    assert "S018" in {warning.code for warning in warnings(Overview(results))}


def test_a_proposed_claim_says_at_each_verdict_what_that_costs(run):
    parts = {"transformer": 20}, {"transformer": vectors(0, 39)}
    halves = {"transformer": of_halves(0.3, 0.02)}
    for of in told(run(*parts, halves=halves, proposed=True)).values():
        assert " The claim was proposed from these rows: " in of[1]
    for of in told(run(*parts, halves=halves)).values():
        assert "proposed" not in of[1]
    # There is nothing to cost where there is no verdict.
    assert "proposed" not in told(run({"transformer": 20}, proposed=True))[ROWS][1]


def test_a_claim_of_a_publication_says_so(run):
    said = details(Overview(run({"transformer": 20}, from_publication=True)))
    assert said[0].startswith("Taken from a publication on these rows: age has rank 1 among")


def test_names_are_left_as_they_are(tmp_path, people):
    """Escaping belongs to what shows the sentences."""
    name, title, target = "<b>גיל $x$ 👩🏽‍🔬 {0}", "<script>{{ 7 }}</script>", 'a "q" & %s'
    variables = list(people.recipe.variables)
    variables[1] = variables[1].model_copy(update={"name": name})
    recipe = people.recipe.model_copy(
        update={
            "variables": variables,
            "target": people.recipe.target.model_copy(update={"name": target}),
            "claim": people.recipe.claim.model_copy(
                update={"name": name, "method": METHOD, "from_publication": False}
            ),
        }
    )
    scores = {
        ("transformer", "real"): {METHOD: vectors(20, 20)},
        ("transformer", "shuffled"): {METHOD: vectors(3, 20)},
    }
    halves = {"transformer": {METHOD: of_halves(0.3, 0.02)}}
    models = {"transformer": shipped("mlp").model_copy(update={"title": title})}
    results = made_run(tmp_path, recipe, scores, models=models, halves=halves)
    found = told(results)
    assert f"the share of {name} is 0.30 ahead" in found[ROWS][1]
    assert f"for the {title} by gradient (" in found[ROWS][1]
    assert found[CHANCE][1].startswith(f"Of 20 trainings with {target} shuffled, in ")
    assert found[SEEDS][1].startswith(f"Supported over seeds: {name} has rank 1 in 20 of 20 seeds")
    assert details(Overview(results))[0].startswith(
        f"Declared before the run: {name} has rank 1 among"
    )


def test_no_sentence_says_nan(run):
    for real, shuffled in itertools.product((0, 1, 3), (0, 2)):
        results = run(
            {"transformer": vectors(real, 3), "mlp": vectors(1, 3)},
            {"transformer": vectors(shuffled, 3)},
            seeds=3,
        )
        said = [of.sentence for of in answers(Overview(results))]
        for sentence in [*said, *headline(Overview(results)), *details(Overview(results))]:
            assert "nan" not in sentence.split()
            assert "(nan" not in sentence
            assert sentence.endswith(".")
