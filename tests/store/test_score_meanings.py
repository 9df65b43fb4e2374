"""What scores mean: intercepts, absent features, smaller ones that are better, losses, scales."""

import re
import shlex
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

import study
from study.analysis.overview import Overview
from study.common.errors import InputError
from study.store.score_file import read_scores
from study.store.scores.checks import score_warnings
from study.store.scores.table import Origin

HEADER = "model,method,seed,feature,score"
Scores = dict[str, list[float]]


def table(scores: Scores, *, model: str = "m", method: str = "f", condition: str = "real") -> str:
    """Lines of a file: the scores of each feature, one for each seed from 0."""
    return "".join(
        f"{model},{method},{seed},{name},{score!r},{condition}\n"
        for seed in range(len(next(iter(scores.values()))))
        for name, score in [(name, of[seed]) for name, of in scores.items()]
    )


@pytest.fixture
def written(tmp_path):
    def write(*parts: str, header: str = f"{HEADER},condition") -> Path:
        path = tmp_path / "scores.csv"
        path.write_text("\n".join([header, "".join(parts)]), encoding="utf-8")
        return path

    return write


def codes(path: Path, **options: object) -> list[str]:
    return [warning.code for warning in score_warnings(read_scores(path, **options))]


# -- intercepts -------------------------------------------------------------------------------

OF_FEATURES = {"a": [3.0, 4.0], "b": [2.0, 2.5]}


@pytest.mark.parametrize(
    "name",
    ["Intercept", "(Intercept)", "intercept", "<BIAS>", "_cons", "BiasTerm", "_baseline_", "_full_model_"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["coef", "permutation"])
def test_a_row_that_is_named_as_no_features_is_left_out_and_said(written, name, method):
    path = written(table({"a": [3.0], name: [1.0], "b": [2.0]}, method=method))
    found = read_scores(path)
    assert found.features == ["a", "b"]
    [warning] = score_warnings(found)
    assert (warning.code, f"'{name}'" in warning.evidence) == ("I003", True)


@pytest.mark.parametrize("name", ["bias", "BIAS", "const", "Constant"])
@pytest.mark.parametrize(
    ("method", "place", "features"),
    [
        ("coef", "first", 2),
        ("abs(coefficient)", "last", 2),
        ("|t|", "first", 2),
        ("weight", "last", 2),
        ("t value", "first", 2),
        ("coef", "middle", 3),
        ("mean |SHAP|", "first", 3),
        ("permutation", "last", 3),
        ("gain", "first", 3),
    ],
)
def test_bias_is_an_intercept_where_coefficients_begin_or_end_with_it(
    written, name, method, place, features
):
    order = {"first": [name, "a", "b"], "last": ["a", "b", name], "middle": ["a", name, "b"]}
    scores = {feature: [1.0 + len(feature), 2.0] for feature in order[place]}
    found = read_scores(written(table(scores, method=method)))
    assert len(found.features) == features
    [warning] = score_warnings(found)
    assert warning.code == "I003"
    assert ("Left out" in warning.evidence) == (features == 2)


def test_bias_is_an_intercept_where_other_methods_or_models_do_not_have_it(written):
    both = {**OF_FEATURES, "bias": [9.0, 9.0]}
    found = read_scores(written(table(both, method="SHAP"), table(OF_FEATURES, method="loco")))
    assert found.left_out == {"bias": "m by loco has no such row"}
    # A booster leaves out a feature that it does not use.
    found = read_scores(written(table(both, method="SHAP"), table(OF_FEATURES, method="gain")))
    assert (found.features, list(found.kept)) == (["a", "b", "bias"], ["bias"])


def test_an_intercept_of_one_model_alone_does_not_make_the_others_incomplete(written):
    linear = table({"Intercept": [150.0, 151.0], **OF_FEATURES}, model="ols", method="coef")
    found = read_scores(written(linear, table(OF_FEATURES, model="forest", method="impurity")))
    assert found.features == ["a", "b"]
    assert {tuple(vector) for vector in found.vectors.values()} == {("a", "b")}


def test_the_loss_of_the_full_model_is_taken_off_under_any_names_of_columns(written):
    losses = {
        "_full_model_": [1.0, 2.0],
        "a": [1.5, 4.0],
        "b": [0.5, 2.0],
        "_baseline_": [9.0, 9.0],
    }
    found = read_scores(written(table(losses), table(OF_FEATURES, model="n")))
    scores = [[score for score, _ in vector.values()] for vector in found.vectors.values()]
    assert scores == [[0.5, -0.5], [2.0, 0.0], [3.0, 2.0], [4.0, 2.5]]
    lost = table(losses).replace("m,f,1,_full_model_,2.0,real\n", "")
    with pytest.raises(InputError, match="seed 1 has no row '_full_model_', whose loss"):
        read_scores(written(lost))


def test_bias_is_a_feature_where_another_row_is_the_intercept(written):
    scores = {"Intercept": [150.0], "bias": [3.0], "age": [2.0]}
    found = read_scores(written(table(scores, method="coef")))
    assert (found.features, found.kept) == (["bias", "age"], {})


def test_one_feature_beside_an_intercept_is_nothing_to_rank(written):
    with pytest.raises(InputError, match="one feature only, 'a': nothing to rank"):
        read_scores(written(table({"a": [1.0], "Intercept": [2.0]})))


# -- features without a row -------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["gain", "weight", "cover", "total_gain", "total_cover", "Gain", "Frequency"]
)
def test_features_that_a_booster_does_not_use_count_as_0_and_are_said(written, method):
    path = written(
        f"m,{method},0,a,3\nm,{method},0,b,1\nm,{method},1,a,2\nm,{method},2,c,2\nm,{method},2,a,1\n",
        header=HEADER,
    )
    found = read_scores(path)
    scores = [
        [found.vectors[Origin("m", method, "real", seed)][name][0] for name in "abc"]
        for seed in range(3)
    ]
    assert scores == [[3, 1, 0], [2, 0, 0], [1, 0, 2]]
    [warning] = score_warnings(found)
    assert warning.code == "I004"
    assert f"b (m by {method}: 2 of 3) and c (m by {method}: 2 of 3)" in warning.evidence


def test_features_without_a_row_are_refused_elsewhere_unless_they_are_said_to_be_0(written):
    path = written("m,SHAP,0,a,3\nm,SHAP,0,b,1\nm,SHAP,1,a,2\n", header=HEADER)
    with pytest.raises(InputError, match=r"no score of 'b'; .* is 0: --absent zero$"):
        read_scores(path)
    found = read_scores(path, absent="zero")
    assert found.vectors[Origin("m", "SHAP", "real", 1)]["b"][0] == 0
    assert codes(path, absent="zero") == ["I004"]


def test_a_seed_that_failed_stays_without_scores(written):
    path = written("m,gain,0,a,3\nm,gain,0,b,1\nm,gain,1,a,\n", header=HEADER)
    found = read_scores(path)
    assert np.isnan(
        [score for score, _ in found.vectors[Origin("m", "gain", "real", 1)].values()]
    ).all()
    assert found.absent == {}


def test_an_absent_feature_has_a_direction_where_the_others_have(written):
    path = written("m,gain,0,a,3,3\nm,gain,0,b,1,-1\nm,gain,1,a,2,2\n", header=f"{HEADER},signed")
    assert read_scores(path).vectors[Origin("m", "gain", "real", 1)]["b"] == (0, 0)


# -- which way scores point -------------------------------------------------------------------

P_VALUES = {"a": [1e-30, 1e-12, 0.0, 1e-300], "b": [0.2, 0.3, 0.2, 0.2], "c": [0.9, 0.8, 0.2, 1.0]}


@pytest.mark.parametrize(
    "method",
    ["p", "P", "p-value", "pvalue", "p_values", "p.value", "pval", "P>|t|", "Pr(>|t|)", "Pr(>F)", "q_value", "anova p-value", "padj"],
)  # fmt: skip
def test_what_looks_like_p_values_is_refused_until_it_is_said_to_be_turned(written, method):
    path = written(table(P_VALUES, method=method))
    with pytest.raises(InputError) as refused:
        read_scores(path)
    option = re.search(r"add (--smaller-is-better .+?); or", str(refused.value))[1]
    assert "p-values (all from 0 to 1)" in str(refused.value)
    _, named = shlex.split(option)
    assert codes(path, smaller_is_better=[named]) == ["I005"]


@pytest.mark.parametrize(
    "method", ["rank", "ranks", "Boruta", "ranking_", "mean rank", "RFE_ranking"]
)
def test_what_looks_like_ranks_is_refused_until_it_is_said_to_be_turned(written, method):
    for scores in ([1.0, 2, 3], [1.0, 1, 5], [1.0, 2.5, 2.5]):
        path = written(
            table({name: [rank] for name, rank in zip("abc", scores, strict=True)}, method=method)
        )
        with pytest.raises(InputError, match="looks like ranks"):
            read_scores(path)
        assert codes(path, smaller_is_better=[method]) == ["I005"]


@pytest.mark.parametrize(
    ("method", "scores"),
    [
        ("-log10(p)", [0.5, 0.2, 0.1]),
        ("1 - p-value", [0.5, 0.2, 0.1]),
        ("SHAP", [0.5, 0.2, 0.1]),
        ("permutation", [0.5, 0.2, 0.1]),
        ("p", [1.5, 0.2, 0.1]),
        ("p", [0.5, -0.2, 0.1]),
        ("PageRank", [3.0, 2.0, 1.0]),
        ("counts", [3.0, 2.0, 1.0]),
        ("rank", [300.5, 2.0, 1.0]),
        ("rank", [0.5, 0.3, 0.2]),
        ("Boruta", [12.5, 3.0, -1.0]),
    ],
)
def test_other_scores_are_read_as_they_are(written, method, scores):
    path = written(
        table({name: [score] for name, score in zip("abc", scores, strict=True)}, method=method)
    )
    found = read_scores(path)
    assert [score for score, _ in next(iter(found.vectors.values())).values()] == scores
    assert score_warnings(found) == ()


def test_a_method_that_is_not_there_cannot_be_turned(written):
    with pytest.raises(InputError, match="'q' has no scores here; there is f"):
        read_scores(written(table(OF_FEATURES)), smaller_is_better=["q"])


@given(
    st.lists(
        st.lists(
            st.floats(0, allow_infinity=False) | st.sampled_from([0.0, 0.5, 1e-300]),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_turning_keeps_order_and_ties_exactly_and_nothing_is_negative(tmp_path_factory, vectors):
    path = tmp_path_factory.mktemp("turned") / "scores.csv"
    scores = {name: [vector[place] for vector in vectors] for place, name in enumerate("abc")}
    path.write_text(f"{HEADER},condition\n{table(scores)}")
    found = read_scores(path, smaller_is_better=["f"])
    for seed, vector in enumerate(vectors):
        made = [score for score, _ in found.vectors[Origin("m", "f", "real", seed)].values()]
        assert rankdata(made).tolist() == rankdata([-Fraction(score) for score in vector]).tolist()
        assert min(made) >= 1


def test_scores_of_both_signs_change_their_sign_alone(written):
    found = read_scores(
        written(table({"a": [-4.5, -4.0], "b": [0.25, -0.5]})), smaller_is_better=["f"]
    )
    assert [[score for score, _ in vector.values()] for vector in found.vectors.values()] == [
        [4.5, -0.25],
        [4.0, 0.5],
    ]


def test_other_methods_of_the_file_stay_as_they_are(written):
    path = written(table(P_VALUES, method="p"), table(P_VALUES, method="SHAP"))
    found = read_scores(path, smaller_is_better=["p"])
    kept = [vector["b"][0] for origin, vector in found.vectors.items() if origin.method == "SHAP"]
    assert kept == P_VALUES["b"]


def test_claims_and_agreement_of_turned_scores_are_those_of_the_smaller_ones(command, written):
    rng = np.random.default_rng(8)
    one, two = (rng.uniform(0, 1, (12, 4)) ** 3 for _ in range(2))
    named = [
        {name: of[:, place].tolist() for place, name in enumerate("abcd")} for of in (one, two)
    ]
    written(table(named[0], method="p"), table(named[1], model="n", method="p"))
    words = ("import", "scores.csv", "--claim", "a rank 1 in 0.5", "--model", "m")
    assert command(*words).status == 2
    assert command(*words, "--smaller-is-better", "p").status == 0
    results = study.load("reports/scores")
    row = Overview(results).own_verdict(results.recipe.claim)
    assert (row["met"], row["n"]) == ((one.argmin(axis=1) == 0).sum(), 12)
    agreement = Overview(results).model_agreement("feature").set_index("measure")["mean"]
    expected = np.mean([spearmanr(p, q).statistic for p, q in zip(one, two, strict=True)])
    assert agreement["spearman"] == pytest.approx(expected)


def test_scores_of_which_the_order_alone_is_left_have_no_share_to_claim(command, written):
    written(table(P_VALUES, method="p"))
    words = ("import", "scores.csv", "--smaller-is-better", "p", "--claim")
    refused = command(*words, "a share 0.5 in 0.8")
    assert (refused.status, "p has no shares" in refused.err) == (2, True)
    assert command(*words, "a rank 1 in 0.8").status == 0


def test_options_belong_to_the_run_and_to_the_command_that_makes_it_again(command, written):
    lost = {"a": [-4.5, -4.0, -4.25], "b": [-0.25, -0.5, -0.125], "c": [-0.5, -1, -2]}
    text = table(lost, method="ablation of loss").replace("m,ablation of loss,1,c,-1,real\n", "")
    written(text)
    words = ("import", "scores.csv", "--claim", "a rank 1 in 0.8", "--absent", "zero")
    assert command(*words).status == 0
    turned = (*words, "--smaller-is-better", "ablation of loss")
    refused = command(*turned)
    assert (refused.status, "made from another recipe" in refused.err) == (2, True)
    assert command(*turned, "--fresh").status == 0
    identity = study.load("reports/scores").identity
    asked = re.search(r"^ +study (import .+)$", command("cite").out, re.MULTILINE)[1]
    shutil.rmtree("reports")
    assert command(*shlex.split(asked)).status == 0
    assert study.load("reports/scores").identity == identity


# -- losses and scales ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "shift", "noted"),
    [
        ("FeaturePermutation", 5.0, True),
        ("Ablation", 5.0, True),
        ("drop-out loss", 5.0, True),
        ("LOCO", 5.0, True),
        ("FeaturePermutation", 0.0, False),
        ("SHAP", 5.0, False),
        ("gradient", 5.0, False),
    ],
)
def test_losses_with_the_sign_turned_are_noted_of_methods_that_take_features_away(
    written, method, shift, noted
):
    noise = np.random.default_rng(3).normal(size=(3, 20)) - shift
    path = written(table(dict(zip("abc", noise.tolist(), strict=True)), method=method))
    assert codes(path) == (["I006"] if noted else [])
    if noted:
        assert codes(path, smaller_is_better=[method]) == ["I005"]


def test_noise_about_zero_beside_a_feature_that_matters_is_no_loss(written):
    rng = np.random.default_rng(4)
    scores = {
        "a": rng.normal(1, 0.1, 20),
        **{name: rng.normal(-0.01, 0.02, 20) for name in "bcdef"},
    }
    path = written(table({name: of.tolist() for name, of in scores.items()}, method="permutation"))
    assert codes(path) == []


SCALES = {
    "0 to 100 in every vector": ({"a": [100.0, 100, 0], "b": [12.5, 12.6, 100], "c": [0.0, 0, 3]}, "shares and margins mean nothing"),
    "0 to 1 in every vector": ({"a": [1.0, 1], "b": [0.5, 0.6], "c": [0.0, 0]}, "shares and margins mean nothing"),
    "divided by the greatest": ({"a": [1.0, 1], "b": [0.5, 1], "c": [0.1, 0]}, "ranks and shares are as they were"),
    "one vector of 0 to 100": ({"a": [100.0], "b": [12.5], "c": [0.0]}, "shares and margins mean nothing"),
    "a greatest of 100 once": ({"a": [100.0, 99], "b": [12.5, 12.6], "c": [0.0, 0]}, None),
    "percentages of a sum": ({"a": [60.0, 70], "b": [30.0, 20], "c": [10.0, 10]}, None),
    "shares that all lie on one": ({"a": [1.0, 1], "b": [0.0, 0], "c": [0.0, 0]}, None),
    "correlations of both signs": ({"a": [1.0, 1], "b": [-0.5, 0.6], "c": [0.1, 0]}, None),
    "another scale": ({"a": [5.0, 5], "b": [2.0, 3], "c": [0.0, 0]}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", SCALES)
def test_scores_that_were_scaled_in_every_vector_are_noted(written, name):
    scores, said = SCALES[name]
    found = score_warnings(read_scores(written(table(scores))))
    assert [warning.code for warning in found] == ([] if said is None else ["I007"])
    assert said is None or said in found[0].advice


def test_scaling_by_the_greatest_changes_no_share_and_stretching_does():
    """What the two notes say, by the definition of a share."""
    scores = np.array([5.0, 3.0, 2.0])
    whole = scores / scores.sum()
    divided = scores / scores.max()
    stretched = (scores - scores.min()) / np.ptp(scores)
    assert divided / divided.sum() == pytest.approx(whole)
    assert stretched[2] / stretched.sum() == 0 != whole[2]


def test_seeds_that_failed_do_not_hide_the_scale(written):
    path = written(
        "m,f,0,a,\nm,f,0,b,\nm,f,1,a,100\nm,f,1,b,7\nm,f,2,a,\nm,f,2,b,\n", header=HEADER
    )
    assert codes(path) == ["I007"]


@pytest.mark.parametrize(
    "method",
    ["ANOVA Pr(>F)", "wald p", "significance", "Sig.", "BH", "efp", "E-value", "p_wert"],
)
def test_p_values_are_refused_under_the_names_that_tools_give_them(tmp_path, method):
    with pytest.raises(InputError, match="looks like p-values"):
        read_scores(two_seeds(tmp_path, method, {"a": 0.001, "b": 0.2, "c": 0.9}))
    read_scores(two_seeds(tmp_path, method, {"a": 12.5, "b": 3.0, "c": 0.9}))


@pytest.mark.parametrize("method", ["RFE", "position", "place", "Rang", "ranking (1 = best)"])
@pytest.mark.parametrize("first", [0, 1])
def test_ranks_are_refused_under_other_names_and_counted_from_0(tmp_path, method, first):
    with pytest.raises(InputError, match="looks like ranks"):
        read_scores(two_seeds(tmp_path, method, {"a": first, "b": first + 1, "c": first + 2}))


@pytest.mark.parametrize("name", ["expected_value", "E[f(X)]", "Residuals"])
def test_rows_that_are_no_features_are_left_out(tmp_path, name):
    table = read_scores(two_seeds(tmp_path, "shap", {"a": 2.5, name: 90.1, "c": 1.5}))
    assert table.features == ["a", "c"]
    assert name in table.left_out


@pytest.mark.parametrize(
    ("scores", "refused"),
    [
        (["1.200", "900", "80"], True),
        (["-1.200", "0", "80"], True),
        (["1.200", "900.5", "80"], False),
        (["1.200", "0", "0.000"], False),
        (["0.120", "900", "80"], False),
        (["1.200", "1500", "80"], False),
    ],
)
def test_points_that_may_stand_between_thousands_are_refused(tmp_path, scores, refused):
    path = two_seeds(tmp_path, "gain", dict(zip("abc", scores, strict=True)))
    if refused:
        with pytest.raises(InputError, match="stands between thousands"):
            read_scores(path)
    else:
        assert len(read_scores(path).features) == 3


def test_names_that_differ_in_capitals_alone_are_refused_unless_they_stand_together(tmp_path):
    path = tmp_path / "scores.csv"
    header = "model,method,seed,feature,score\n"
    path.write_text(header + "m,gain,0,age,2\nm,gain,0,b,1\nm,gain,1,Age,2\nm,gain,1,b,1\n")
    with pytest.raises(InputError, match="differ in capitals alone"):
        read_scores(path)
    path.write_text(header + "m,gain,0,age,2\nm,gain,0,Age,1\nm,gain,1,Age,2\nm,gain,1,age,1\n")
    assert read_scores(path).features == ["age", "Age"]


def two_seeds(folder, method, scores):
    """A file of two seeds with these scores."""
    path = folder / "scores.csv"
    lines = [
        f"m,{method},{seed},{name},{score}" for seed in (0, 1) for name, score in scores.items()
    ]
    path.write_text("\n".join(["model,method,seed,feature,score", *lines]))
    return path
