"""Files that tools wrote, as they wrote them, give the numbers that the tools mean.

What is expected was taken from the tool by another of its functions where it has one, else read off
the file. tests/cases/import/tools/README.md says which call of which version wrote each file.
"""

from pathlib import Path

import pytest
from conftest import ROOT

import study
from study.common.errors import InputError
from study.store.score_file import read_scores
from study.store.scores.checks import score_warnings
from study.store.scores.layouts.registry import ABOUT
from study.store.scores.several import found
from study.store.scores.table import ScoreTable

FILES = ROOT / "tests" / "cases" / "import" / "tools"
FEATURES = ("age", "bmi", "sex", "noise")

# File, method as --method names it, the method and the scores of the first seed, codes of notes.
Case = tuple[str, str | None, str, dict[str, float], str]


def of_all(*scores: float) -> dict[str, float]:
    return dict(zip(FEATURES, scores, strict=True))


READ: list[Case] = [
    (
        "captum-permutation.csv",
        "FeaturePermutation",
        "FeaturePermutation",
        of_all(-13.994215, -9.222631, -0.8775647, -0.22389774),
        "I001 I006",
    ),
    # The mean absolute attributions by torch.
    (
        "captum-integrated-gradients.csv",
        "IG",
        "IG",
        of_all(2.6963, 2.0163, 1.1379, 0.0584),
        "I001 I002",
    ),
    (
        "caret-varimp.csv",
        None,
        "varImp",
        of_all(100, 71.1640946199669, 17.2503030544288, 0),
        "I001 I002 I007",
    ),
    (
        "caret-classes.csv",
        "high",
        "high",
        of_all(100, 65.3139356814702, 0.114854517611033, 0),
        "I001 I002 I007",
    ),
    (
        "catboost-prettified.csv",
        None,
        "CatBoost importance",
        of_all(69.7463, 30.2537, 0, 0),
        "I001 I002",
    ),
    # By model_parts(type="difference").
    (
        "dalex-model-parts.csv",
        None,
        "dropout loss",
        of_all(3.080748, 1.344367, 0, 0),
        "I001 I002 I003",
    ),
    (
        "dalex-permutation.csv",
        None,
        "dropout loss",
        of_all(3.080748, 1.344367, 0, 0),
        "I001 I002 I003",
    ),
    (
        "eli5-weights.csv",
        None,
        "weight",
        of_all(0.299153, -0.484719, 1.038724, -0.054704),
        "I001 I002 I003",
    ),
    # LightGBM's gains, 3139.78830719 and 1017.03359222, by their sum.
    (
        "eli5-lightgbm.csv",
        None,
        "weight",
        of_all(0.755334, 0.244666, 0, 0),
        "I001 I002 I008",
    ),
    (
        "h2o-coef.json",
        "coef",
        "coef",
        {
            **of_all(0.2993004637597293, -0.4847559206289341, 1.04334682660327, -0.049364484250946),
            **{"town.Bonn": 0.07584006889974068, "town.Oslo": 0, "town.Rome": 0},
        },
        "I001 I002 I003 I010",
    ),
    *(
        (
            f"h2o-varimp.{form}",
            None,
            "relative_importance",
            {**of_all(3332.4519, 932.6573, 0, 0), "town": 0},
            "I001 I002",
        )
        for form in ("csv", "json")
    ),
    # By coef_norm, of standardize=False.
    (
        "h2o-glm-penalty.csv",
        None,
        "relative_importance",
        {
            **of_all(2.868993956474047, 2.046008006279729, 0.52378796931547, 0.047509095527106256),
            **{"town.Bonn": 0.07584006889974068, "town.Oslo": 0, "town.Rome": 0},
        },
        "I001 I002 I010",
    ),
    (
        "interpret-global.json",
        None,
        "term importance",
        {
            **of_all(1.596744, 1.177294, 0.424901, 0.138193),
            **{"age & bmi": 0.442743, "age & noise": 0.319895},
        },
        "I001 I002 I011",
    ),
    ("lightgbm-importances.csv", None, "importance", of_all(7, 8, 0, 0), "I001 I009"),
    # By feature_importance("gain").
    (
        "lightgbm-trees.csv",
        None,
        "gain",
        {"age": 3139.78830719, "bmi": 1017.03359222},
        "I001 I002 I008",
    ),
    ("r-notation.csv", None, "gain", {"age": 0.3, "bmi": 0.3}, ""),
    ("r-rank.csv", "importance", "importance", of_all(3, 2, 4, 1), "I001 I009"),
    (
        "randomforest-importance.csv",
        "%IncMSE",
        "%IncMSE",
        of_all(7.20870340072639, 6.62995341830984, 0.422769180890738, -0.778939500039444),
        "I001 I002",
    ),
    (
        "randomforest-classes.csv",
        "MeanDecreaseGini",
        "MeanDecreaseGini",
        of_all(34.5619195160038, 16.3183101957405, 0.721025963636801, 5.02457765795218),
        "I001 I002",
    ),
    (
        "ranger-importance.csv",
        "permutation",
        "permutation",
        of_all(14.13800185, 5.52590261, 0.01995072, -0.09418626),
        "I001 I002",
    ),
    # The mean absolute values by NumPy.
    (
        "shap-values.csv",
        "SHAP",
        "SHAP",
        of_all(1.9707068164765251, 1.053160912998754, 0, 0),
        "I001 I002",
    ),
    (
        "skore-coefficients.csv",
        None,
        "coefficient",
        of_all(0.301849, -0.492557, 1.149482, -0.016657),
        "I001 I002 I003",
    ),
    (
        "skore-permutation.csv",
        None,
        "permutation importance",
        of_all(0.951070, 0.559140, 0.023655, 0.000351),
        "I001 I002",
    ),
    (
        "skore-cv-coefficients.csv",
        None,
        "coefficient_mean",
        of_all(0.299566, -0.487192, 1.021814, -0.049987),
        "I001 I002 I003",
    ),
    (
        "skore-impurity.csv",
        None,
        "importance",
        of_all(0.758202, 0.190119, 0.003701, 0.047978),
        "I001 I002",
    ),
    ("sksurv-coef.csv", "coef", "coef", of_all(0.02359924, 0, 0, 0), "I001 I002 I003"),
    (
        "spark-importances.csv",
        None,
        "featureImportances",
        {"f0": 0.43332, "f1": 0.23122, "f2": 0.002125, "f3": 1 / 3},
        "I001",
    ),
    # By lm of R on the same rows.
    *(
        (
            f"statsmodels-{name}.csv",
            method,
            method,
            of_all(0.299390702606245, -0.484605967911574, 1.07402934725869, -0.0557505908783163),
            "I001 I002 I003",
        )
        for name, method in (("params", "coef"), ("summary2", "Coef."))
    ),
    ("weka-infogain.txt", None, "Information Gain Ranking Filter", of_all(0.457, 0.156, 0, 0) | {"body height": 0}, "I001 I002"),
    *(
        (
            f"weka-{name}.txt",
            None,
            "Correlation Ranking Filter",
            of_all(0.8, 0.6183, 0.0955, 0.0654) | {"body height": 0.1001},
            "I001 I002",
        )
        for name in ("correlation", "cv")
    ),
    (
        "weka-relief.txt",
        None,
        "ReliefF Ranking Filter",
        of_all(0.05568, 0.03711, 0, -0.00723) | {"body height": -0.01983},
        "I001 I002",
    ),
    ("xgboost-series.csv", "gain", "gain", of_all(0.71582115, 0.2841789, 0, 0), "I001 I002 I008"),
    ("xgboost-frame.csv", None, "importance", of_all(0.71582115, 0.2841789, 0, 0), "I001 I002"),
    # By get_score(importance_type="total_gain").
    *(
        (
            f"xgboost-{name}",
            None,
            "total_gain",
            {"age": 1602.49658203125, "bmi": 424.1242980957031},
            "I001 I002 I008",
        )
        for name in ("trees.csv", "dump.txt")
    ),
]  # fmt: skip


def read(name: str, method: str | None = None, **options) -> ScoreTable:
    named = {"model": "m"} | ({} if method is None else {"method": method})
    return read_scores(found([FILES / name]), named, **options)


def first(table: ScoreTable) -> dict[str, float]:
    return {name: score for name, (score, _) in next(iter(table.vectors.values())).items()}


@pytest.mark.parametrize(("name", "named", "method", "scores", "codes"), READ, ids=lambda of: of)
def test_a_tools_file_gives_the_numbers_that_the_tool_means(name, named, method, scores, codes):
    table = read(name, named)
    assert next(iter(table.vectors)).method == method
    assert first(table) == pytest.approx(scores, abs=6e-5 * max(map(abs, scores.values())))
    assert " ".join(warning.code for warning in score_warnings(table)) == codes


REFUSED = {
    "boruta-ranking.csv": "method 'ranking_' looks like ranks (all from 1 to 3), of which the smaller",
    "catboost-ranker.csv": "every score is missing (CatBoost has none of a ranking",
    "eli5-classes.csv": "line 7: another score of 'bmi'",
    "h2o-coefficients.csv": "'standardized_coefficients' and 'coefficients' may each be the score",
    "h2o-glm-*.csv": "has no score of 'town.Bonn'",
    "randomforest-importance.csv": "'%IncMSE' and 'IncNodePurity' may each be the score",
    "randomforest-without.csv": "unless it was fitted with importance=TRUE",
    "skore-cv-coefficients-each.csv": "another score of 'Intercept'",
    "sksurv-importances.csv": "scikit-survival's feature_importances_ of boosting are the rounds",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_read_wrongly_is_refused_with_what_to_do(tmp_path, name):
    paths = sorted(FILES.glob(name))
    if len(paths) > 1:  # of one model, with and without a penalty
        for seed, path in enumerate(paths):
            (tmp_path / f"glm_seed{seed}.csv").write_bytes(path.read_bytes())
        paths = found([tmp_path / "glm_seed*.csv"])
    with pytest.raises(InputError) as refused:
        read_scores(paths, {"model": "m"})
    assert REFUSED[name] in str(refused.value)


def test_p_values_of_statsmodels_are_refused_until_they_are_turned():
    with pytest.raises(InputError, match="looks like p-values"):
        read("statsmodels-pvalues.csv", "p")
    turned = first(read("statsmodels-pvalues.csv", "p", smaller_is_better=["p"]))
    assert sorted(turned, key=turned.get) == ["noise", "sex", "bmi", "age"]


def test_files_of_one_booster_by_seed_count_0_where_a_feature_was_not_used():
    table = read("xgboost-get-score_seed*.json", "gain")
    assert [origin.seed for origin in table.vectors] == [1, 2, 3]
    assert [vector["noise"][0] for vector in table.vectors.values()] == [0, 9.032371520996094, 0]
    codes = [warning.code for warning in score_warnings(table)]
    assert codes == ["I001", "I004", "I008"]


def test_a_correlation_of_weka_counts_by_its_size_and_keeps_its_sign():
    table = read("weka-correlation.txt")
    [vector] = table.vectors.values()
    assert vector["bmi"] == (0.6183, -0.6183)
    assert max(vector, key=lambda name: vector[name][0]) == "age"
    assert sorted(vector, key=lambda name: -vector[name][0])[1] == "bmi"


def test_a_missing_score_has_the_greatest_rank_of_r_and_the_note_says_so():
    # The third feature of the first vector, and the second of the other, were NA.
    table = read("r-rank.csv", "importance")
    assert [max(of, key=of.get) for of in table.vectors.values()] == ["sex", "bmi"]
    [note] = [of for of in score_warnings(table) if of.code == "I009"]
    assert "R's rank() gives a missing score the greatest place" in note.advice


def test_pairs_that_another_fit_of_a_boosting_machine_chose_contribute_0(tmp_path):
    for seed in (1, 2):
        lines = (FILES / f"interpret-terms_seed{seed}.csv").read_text(encoding="utf-8").splitlines()
        chosen = [line for line in lines if seed == 2 or not line.startswith("age & noise")]
        (tmp_path / f"ebm_seed{seed}.csv").write_text("\n".join(chosen), encoding="utf-8")
    table = read_scores(found([tmp_path / "ebm_seed*.csv"]), {"model": "m"})
    assert [round(of["age & noise"][0], 3) for of in table.vectors.values()] == [0, 0.329]
    assert [of.code for of in score_warnings(table)] == ["I001", "I004", "I011"]


@pytest.mark.parametrize("name", ["lightgbm-importances.csv", "spark-unseeded.csv"])
def test_seeds_that_a_tool_did_not_use_are_told(command, name):
    claim = f"{'f0' if name.startswith('spark') else 'age'} rank 1 in 0.8"
    made = command("import", str(FILES / name), "--model", "m", "--claim", claim)
    assert made.status == 0, made.err
    assert "S001" in {of.code for of in study.load(f"reports/{Path(name).stem}").warnings}


def test_every_file_is_read_or_refused_by_a_test():
    names = {case[0] for case in READ} | {*REFUSED, "statsmodels-pvalues.csv", "spark-unseeded.csv"}
    names |= {"xgboost-get-score_seed*.json", "interpret-terms_seed*.csv", "README.md"}
    assert {path for name in names for path in FILES.glob(name)} == {*FILES.iterdir()}


def test_the_table_of_the_documentation_has_a_row_for_each_way_to_know_a_table():
    assert len({of.columns for of in ABOUT}) == len(ABOUT)
    assert all(of.table_of and of.method and of.seen for of in ABOUT)


def test_files_by_seed_are_one_run_that_is_cited_by_a_name_with_a_star(command):
    claim = ["--model", "xgb", "--method", "gain", "--claim", "age rank 1 in 0.8"]
    paths = sorted(map(str, FILES.glob("xgboost-get-score_seed*.json")))
    made = command("import", *paths, *claim)
    assert made.status == 0, made.err
    assert len(study.load("reports/xgboost-get-score").scores) == 3 * 3
    again = command("import", str(FILES / "xgboost-get-score_seed*.json"), *claim)
    assert "holds these scores and this claim already" in again.out
    assert "study import 'xgboost-get-score_seed*.json'" in " ".join(command("cite").out.split())
    fewer = command("import", *paths[:2], *claim)
    assert (fewer.status, "has changed since the run" in fewer.err) == (2, True)
