"""The sentences of the verdict, word by word, their numbers reckoned by scipy or by hand."""

import itertools

import numpy as np
import pytest
from conftest import made_run, shipped
from scipy import stats

from study.analysis.overview import Overview
from study.report.text.verdict import badge, details, headline

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


def newcombe(real: list[bool], control: list[bool]) -> str:
    """Paired difference with its interval (Newcombe, 1998, method 10), as in his paper."""
    n = len(real)
    both, neither = sum(map(all, zip(real, control, strict=True))), sum(not (a or b) for a, b in zip(real, control, strict=True))  # fmt: skip
    one, two = sum(real), sum(control)
    first, second = (stats.binomtest(k, n).proportion_ci(method="wilson") for k in (one, two))
    p, q = one / n, two / n
    product = one * (n - one) * two * (n - two)
    cross = both * neither - (one - both) * (two - both)
    if cross > n / 2:
        cross -= n / 2
    elif cross >= 0:
        cross = 0
    phi = cross / product**0.5 if product else 0
    low = ((p - first.low) ** 2 - 2 * phi * (p - first.low) * (second.high - q) + (second.high - q) ** 2) ** 0.5  # fmt: skip
    high = ((first.high - p) ** 2 - 2 * phi * (first.high - p) * (q - second.low) + (q - second.low) ** 2) ** 0.5  # fmt: skip
    return (
        f"real less shuffled {p - q:z.2f}, 95% interval {p - q - low:z.2f} to {p - q + high:z.2f}"
    )


CLAIMS = {
    "rank": ({"rank": 1}, "age came first"),
    "top": ({"rank": None, "top": 2}, "age was among the first 2"),
    "share": ({"rank": None, "share": 0.25}, "age had a share of at least 0.25"),
    "above": ({"rank": None, "above": "sex"}, "age came above sex"),
}


@pytest.fixture
def run(tmp_path, people):
    """Makes a run of given seeds: met of real, of shuffled if any, by model."""
    numbers = itertools.count()

    def make(real: dict, shuffled: dict | None = None, *, seeds: int = 20, claims=(), **claim):
        values = {"method": METHOD, "proportion": 0.8} | claim
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
        return made_run(tmp_path / str(next(numbers)), recipe, scores)

    return make


@pytest.mark.parametrize("kind", CLAIMS)
@pytest.mark.parametrize(
    ("met", "verdict", "settle"),
    [
        (20, "supported", ""),
        # z² 0.8 0.2 / (0.9 - 0.8)² = 61.46
        (18, "inconclusive", " If the proportion stays, about 62 seeds would settle it; fix their number before looking again."),
        (16, "inconclusive", " At exactly this proportion no number of seeds would settle it."),
        (5, "contradicted", ""),
        (0, "contradicted", ""),
    ],
)  # fmt: skip
def test_the_first_sentence(run, kind, met, verdict, settle):
    change, came = CLAIMS[kind]
    results = run({"transformer": met}, **change)
    assert badge(Overview(results)) == verdict
    assert headline(Overview(results)) == [
        f"In {met} of 20 seeds {came} for the Transformer (published) by gradient ({wilson(met, 20)}). "
        f"80% was required: the claim is {verdict}.{settle}"
    ]


@pytest.mark.parametrize(
    ("kind", "real", "shuffled", "follows"),
    [
        ("rank", 20, 0, ", so the finding is specific to what the data hold."),
        ("rank", 20, 2, ", so the finding is specific to what the data hold."),
        # Wilson's lower end of 8 of 20 is 0.22, above 1/8.
        ("rank", 20, 8, ", so the finding is weakly specific: it also comes out there, more often than chance would have it."),
        # And below 2/8 and 1/2.
        ("top", 20, 8, ", so the finding is specific to what the data hold."),
        ("above", 20, 8, ", so the finding is specific to what the data hold."),
        ("rank", 20, 20, ", so the finding is not shown to be specific to what the data hold."),
        ("rank", 18, 19, ", so the finding is not shown to be specific to what the data hold."),
        ("share", 20, 8, ", more than there."),
        ("share", 20, 19, ", so the finding is not shown to be specific to what the data hold."),
        # What is contradicted is not called specific or not.
        ("rank", 5, 0, "."),
    ],
)  # fmt: skip
def test_the_sentence_on_the_control(run, kind, real, shuffled, follows):
    results = run({"transformer": real}, {"transformer": shuffled}, **CLAIMS[kind][0])
    said = headline(Overview(results))
    assert len(said) == 2
    pairs = [place < real for place in range(20)], [place < shuffled for place in range(20)]
    assert said[1] == (
        "With the income shuffled, so that there is nothing to find, it did so in "
        f"{shuffled} of 20 ({newcombe(*pairs)}){follows}"
    )


def test_other_models_that_agree_and_dissent(run):
    real = {"transformer": 20, "mlp": 20, "linear": 10, "transformer-tokens": 20}
    shuffled = {"transformer": 0, "mlp": 11, "linear": 0, "transformer-tokens": 0}
    titles = {name: shipped(name).title for name in real}
    said = headline(Overview(run(real, shuffled)))
    assert said[2:] == [
        f"By the same method the verdict is the same: {titles['transformer-tokens']}, 20 of 20.",
        f"For the {titles['mlp']} it did so in 20 of 20, and with the income shuffled too in 11 "
        "of 20: there the finding is weakly specific.",
        f"For the {titles['linear']} the verdict is another: contradicted, in 10 of 20 seeds.",
    ]


def test_another_verdict_does_not_hide_a_bad_control(run):
    said = headline(Overview(run({"transformer": 17, "mlp": 20}, {"transformer": 0, "mlp": 20})))
    assert said[2:] == [
        f"For the {shipped('mlp').title} the verdict is another: supported, in 20 of 20 seeds, and "
        "with the income shuffled too in 20 of 20: there the finding is not shown to be specific."
    ]


def test_a_control_of_few_seeds_is_no_fault_of_another_model(run):
    few = {"transformer": vectors(3, 3), "mlp": vectors(3, 3)}
    none = {"transformer": vectors(0, 3), "mlp": vectors(0, 3)}
    said = headline(Overview(run(few, none)))
    assert "too in" not in " ".join(said)
    assert "3 pairs of seeds are too few" in said[1]
    assert said[2].startswith("By the same method the verdict is the same: ")


def test_models_that_agree_stand_in_one_sentence(run):
    real = dict.fromkeys(("transformer", "transformer-tokens", "mlp", "linear"), 20)
    titles = [shipped(name).title for name in real]
    assert headline(Overview(run(real)))[1:] == [
        f"By the same method the verdict is the same: {titles[1]}, 20 of 20; {titles[2]}, 20 of "
        f"20; {titles[3]}, 20 of 20."
    ]


def test_seeds_that_are_all_the_same_are_one_observation(run):
    results = run({"transformer": np.tile(np.arange(1.0, 9), (20, 1)), "mlp": 20})
    assert badge(Overview(results)) == "no verdict"
    assert headline(Overview(results)) == [
        "No verdict: all 20 seeds identical, so the Transformer (published) is one observation, "
        "which does not meet the claim (age has rank 1)."
    ]
    assert len(details(Overview(results))) == 1


def test_the_model_of_the_claim_is_not_in_the_run(run):
    results = run({"mlp": 20})
    assert badge(Overview(results)) == "not tested"
    assert headline(Overview(results)) == [
        "The claim ('age has rank 1', model 'transformer' by gradient) is not tested: this run "
        "has no such scores."
    ]
    assert details(Overview(results)) == [
        "Declared before the run: age has rank 1 among the 8 features in at least 80% of seeds, "
        "for the transformer by gradient."
    ]


def test_one_seed(run):
    """Wilson's interval of one of one reaches from 0.21 to 1."""
    results = run({"transformer": vectors(1, 1)}, {"transformer": vectors(0, 1)})
    said = headline(Overview(results))
    assert badge(Overview(results)) == "inconclusive"
    assert said[0] == (
        "In 1 of 1 seeds age came first for the Transformer (published) by gradient (95% interval 0.21 to "
        "1.00). 80% was required: the claim is inconclusive. If the proportion stays, about 16 "
        "seeds would settle it; fix their number before looking again."
    )
    assert said[1].endswith(
        ", but 1 pair of seeds is too few to show that the finding is specific."
    )


def test_diverged_seeds_do_not_meet_it(run):
    scores = vectors(20, 20)
    scores[:3] = np.nan
    said = headline(Overview(run({"transformer": scores}, {"transformer": 0})))
    assert said[0].startswith(f"In 17 of 20 seeds age came first for the Transformer (published) by gradient ({wilson(17, 20)}). 3 diverged and count as not met. 80%")  # fmt: skip


def test_the_details(run, people):
    others = [people.recipe.claim.model_copy(update={"method": METHOD, "rank": None, "top": 3})]
    real, shuffled = {"transformer": 20, "mlp": 5}, {"transformer": 0, "mlp": 0}
    assert details(Overview(run(real, shuffled, claims=others))) == [
        "Declared before the run: age has rank 1 among the 8 features in at least 80% of seeds, "
        "for the Transformer (published) by gradient.",
        "Declared with it: Supported: age is among the top 3 in 20 of 20 seeds "
        f"({wilson(20, 20)}) for the Transformer (published) by gradient; 80% is required.",
        "Of 1 robustness check by other models and methods it is contradicted in 1.",
        "Seeds measure the noise of training on this data set. They cannot say whether other rows "
        "would show the same.",
        "To see what resampling the rows does to it: the same 'study run' with --vary rows.",
    ]


def test_names_are_left_as_they_are(tmp_path, people):
    """Escaping belongs to what shows the sentences."""
    name, title, target = "<b>גיל $x$ 👩🏽‍🔬 {0}", "<script>{{ 7 }}</script>", 'a "q" & %s'
    variables = list(people.recipe.variables)
    variables[1] = variables[1].model_copy(update={"name": name})
    recipe = people.recipe.model_copy(
        update={
            "variables": variables,
            "target": people.recipe.target.model_copy(update={"name": target}),
            "claim": people.recipe.claim.model_copy(update={"name": name, "method": METHOD}),
        }
    )
    scores = {
        ("transformer", "real"): {METHOD: vectors(20, 20)},
        ("transformer", "shuffled"): {METHOD: vectors(3, 20)},
    }
    models = {"transformer": shipped("mlp").model_copy(update={"title": title})}
    results = made_run(tmp_path, recipe, scores, models=models)
    said = headline(Overview(results))
    assert said[0].startswith(f"In 20 of 20 seeds {name} came first for the {title} by gradient (")
    assert said[1].startswith(f"With the {target} shuffled, so that")
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
        for sentence in [*headline(Overview(results)), *details(Overview(results))]:
            assert "nan" not in sentence.split()
            assert "(nan" not in sentence
            assert sentence.endswith(".")
