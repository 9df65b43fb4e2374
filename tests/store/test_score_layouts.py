"""Tables in the layouts that tools write: each with the scores that it holds, reckoned by hand."""

from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

import study
from study.analysis.overview import Overview
from study.common.errors import InputError
from study.store.score_file import read_scores
from study.store.scores.checks import score_warnings
from study.store.scores.layouts.layout import COLUMNS, OPTIONAL
from study.store.scores.layouts.registry import LAYOUTS
from study.store.scores.table import ScoreTable

CASES = ROOT / "tests" / "cases" / "import"
NAMED = {"model": "m", "method": "f"}
# What each method is when it is not named, and the scores by (model, seed).
Expected = tuple[str, dict[tuple[str, int], dict[str, float]]]

HAND: dict[str, tuple[str, str, Expected]] = {
    "scikit-learn, names in a column": (
        ",feature,importances_mean,importances_std\n0,bmi,0.15,0.03\n1,age,-0.001,0.002\n",
        "'importances_mean' is the score",
        ("permutation importance", {("m", 0): {"bmi": 0.15, "age": -0.001}}),
    ),
    "scikit-learn, names of rows": (
        "seed,,importances_mean\n1,bmi,0.15\n1,age,0\n2,bmi,0.25\n2,age,0.5\n",
        "row names: feature",
        ("permutation importance", {("m", 1): {"bmi": 0.15, "age": 0}, ("m", 2): {"bmi": 0.25, "age": 0.5}}),
    ),
    "CatBoost": (
        "seed,Feature Id,Importances\n7,s5,34.5\n7,sex,2\n",
        "CatBoost's feature importance: 'Feature Id' is the feature; 'Importances' is the score",
        ("CatBoost importance", {("m", 7): {"s5": 34.5, "sex": 2}}),
    ),
    "H2O": (
        "seed,variable,relative_importance,scaled_importance,percentage\n"
        "-5,age,1000.0,1.0,0.8\n-5,state.Ohio,250.0,0.25,0.2\n",
        "H2O's variable importance: 'variable' is the feature; 'relative_importance' is the score",
        ("relative_importance", {("m", -5): {"age": 1000, "state.Ohio": 250}}),
    ),
    "XGBoost in R": (
        '"model","seed","Feature","Gain","Cover","Frequency"\n'
        '"x",1,"a",0.7,0.5,0.4\n"x",1,"b",0.3,0.5,0.6\n"x",2,"a",1,1,1\n',
        "XGBoost's or LightGBM's importance: 'Gain' is the score",
        ("Gain", {("x", 1): {"a": 0.7, "b": 0.3}, ("x", 2): {"a": 1, "b": 0}}),
    ),
    "caret": (
        '"","Overall"\n"age",100\n"sex",12.5\n"noise",0\n',
        "caret's varImp: row names: feature; 'Overall' is the score",
        ("varImp", {("m", 0): {"age": 100, "sex": 12.5, "noise": 0}}),
    ),
    "randomForest": (
        '"";"IncNodePurity"\n"a";5\n"b";4\n',
        "randomForest's importance",
        ("IncNodePurity", {("m", 0): {"a": 5, "b": 4}}),
    ),
    "vip": (
        "Variable,Importance,Sign\nwt,6.5,NEG\nhp,3.5,NEG\n",
        "importances: 'Variable' is the feature; 'Importance' is the score",
        ("Importance", {("m", 0): {"wt": 6.5, "hp": 3.5}}),
    ),
    "eli5": (
        "feature,weight,std\nbmi,0.5,0.1\n<BIAS>,150,0\nage,0.25,0.1\n",
        "eli5's or XGBoost's weights: 'weight' is the score",
        ("weight", {("m", 0): {"bmi": 0.5, "age": 0.25}}),
    ),
    "SHAP": (
        "random_state\tcol_name\tfeature_importance_vals\n3\tLSTAT\t2.5\n3\tRM\t1.5\n",
        "SHAP's mean absolute values: 'random_state' is the seed; 'col_name' is the feature",
        ("mean |SHAP|", {("m", 3): {"LSTAT": 2.5, "RM": 1.5}}),
    ),
    "statsmodels": (
        ",coef\nconst,150\nbmi,25\ns5,-20\n",
        "coefficients: row names: feature; 'coef' is the score",
        ("coef", {("m", 0): {"bmi": 25, "s5": -20}}),
    ),
    "skore": (
        "estimator,feature,coefficient\nridge,Intercept,150\nridge,bmi,25\nridge,s5,20\n",
        "coefficients: 'estimator' is the model; 'coefficient' is the score",
        ("coefficient", {("ridge", 0): {"bmi": 25, "s5": 20}}),
    ),
    # 1.5 and 2.5 less 1, 3 and 4 less 2, in permutations whose rows are in no order.
    "DALEX": (
        "variable,permutation,dropout_loss,label\n"
        "b,1,1.5,rf\n_full_model_,1,1,rf\na,1,2.5,rf\n_baseline_,1,9,rf\n"
        "_baseline_,2,9,rf\na,2,4,rf\nb,2,3,rf\n_full_model_,2,2,rf\n",
        "the score is the loss less that of the full model, averaged over permutations",
        ("dropout loss", {("rf", 0): {"b": 0.75, "a": 1.75}}),
    ),
    "DALEX, of two models and seeds": (
        "seed,variable,dropout_loss,label\n"
        "1,a,0.75,rf\n1,b,0.5,rf\n1,_full_model_,0.5,rf\n"
        "1,_full_model_,1,lm\n1,a,1,lm\n1,b,3,lm\n2,b,1,lm\n2,a,2,lm\n2,_full_model_,0.5,lm\n",
        "DALEX's dropout loss",
        (
            "dropout loss",
            {
                ("rf", 1): {"a": 0.25, "b": 0},
                ("lm", 1): {"a": 0, "b": 2},
                ("lm", 2): {"a": 1.5, "b": 0.5},
            },
        ),
    ),
    "Spark, sparse and dense": (
        'seed,featureImportances\n1,"(3,[0,2],[0.75,0.25])"\n2,"[0.5,0.0,0.5]"\n3,"(3,[],[])"\n',
        "vectors as Spark writes them, column 'featureImportances'",
        (
            "featureImportances",
            {
                ("m", 1): {"f0": 0.75, "f1": 0, "f2": 0.25},
                ("m", 2): {"f0": 0.5, "f1": 0, "f2": 0.5},
                ("m", 3): {"f0": 0, "f1": 0, "f2": 0},
            },
        ),
    ),
    "wide": (
        ",model,method,seed,term,age,weight\n0,x,f,1,0.5,2,1\n1,x,f,2,0.25,1,3\n",
        "a table with a column for each of 3 features: term, age and weight",
        (
            "f",
            {
                ("x", 1): {"term": 0.5, "age": 2, "weight": 1},
                ("x", 2): {"term": 0.25, "age": 1, "weight": 3},
            },
        ),
    ),
    "own names but for the model": (
        "method,seed,feature,score\nf,1,a,2\nf,1,b,1\n",
        "",
        ("f", {("m", 1): {"a": 2, "b": 1}}),
    ),
}  # fmt: skip


def scores_of(table: ScoreTable) -> dict[tuple[str, int], dict[str, float]]:
    return {
        (origin.model, origin.seed): {name: score for name, (score, _) in vector.items()}
        for origin, vector in table.vectors.items()
    }


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "scores.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", HAND)
def test_a_tools_table_holds_what_it_says_and_says_what_it_was_read_as(written, name):
    text, said, (method, scores) = HAND[name]
    named = {} if "label" in text or "estimator" in text else {"model": "m"}
    table = read_scores(written(text), named)
    assert said in table.read_as
    assert bool(table.read_as) == any(of.code == "I001" for of in score_warnings(table))
    assert {origin.method for origin in table.vectors} == {method}
    assert scores_of(table) == scores


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda of: of.score[0])
def test_every_name_of_every_layout_is_read_and_said(written, layout):
    needs, cell = ("", "") if layout.needs is None else (f",{layout.needs}", ",n")
    for name in layout.score:
        rows = f"m,f,1,a,3{cell}\nm,f,1,b,2{cell}\n"
        table = read_scores(written(f"model,method,seed,feature,{name}{needs}\n{rows}"))
        assert scores_of(table) == {("m", 1): {"a": 3, "b": 2}}
        assert f"'{name}' is the score" in table.read_as


def test_no_name_of_a_column_means_two_things():
    names = [(layout.needs, name) for layout in LAYOUTS for name in layout.score]
    assert len(names) == len(set(names))
    assert not {name for _, name in names} & {*COLUMNS, *OPTIONAL}
    assert all(name == name.lower().strip() for _, name in names)


def test_the_programs_own_columns_count_before_those_of_tools(written):
    text = "model,method,seed,feature,score,importance,variable,estimator,random_state,Gain\n"
    table = read_scores(written(f"{text}m,f,1,a,3,9,x,y,8,7\nm,f,1,b,2,9,x,y,8,7\n"))
    assert scores_of(table) == {("m", 1): {"a": 3, "b": 2}}
    assert table.unused == ["importance", "variable", "estimator", "random_state", "Gain"]
    assert (table.read_as, score_warnings(table)) == ("", ())


REFUSED = {
    "two measures": (
        '"","%IncMSE","IncNodePurity"\n"a",5,6\n"b",4,7\n',
        "'%IncMSE' and 'IncNodePurity' may each be the score: rename the one that is to score",
    ),
    "coefficients with p-values": (
        "term,estimate,p.value\na,5,0.1\nb,4,0.2\n",
        "'estimate' and 'p.value' may each be the score",
    ),
    "two columns of features": (
        "seed,variable,term,gain\n1,a,b,3\n",
        "'variable' and 'term' may each be the feature: rename the one that is to feature",
    ),
    "the same column twice": (
        "seed,feature,gain,Gain\n1,a,1,2\n1,b,2,1\n",
        "column named twice: gain",
    ),
    "an unknown column of scores": (
        "seed,feature,Shapley\n1,a,1\n1,b,2\n",
        "no column 'score' in the first line: there is seed, feature, Shapley; rename 'Shapley' to score",
    ),
    "unknown columns of scores": (
        "seed,feature,one,two\n1,a,1,2\n1,b,2,1\n",
        "rename the right one of 'one' and 'two' to score",
    ),
    "an unknown column of features": (
        "seed,name,score\n1,a,1\n1,b,2\n",
        "no column 'feature' in the first line: there is seed, name, score; rename 'name' to feature",
    ),
    "features by number alone": (
        ",gain\n0,0.5\n1,0.25\n",
        "no column 'model' in the first line: there is (no name), gain; the columns are model",
    ),
    "repeats without seeds": (
        "feature,importances_mean,fold\na,1,1\nb,2,1\na,2,2\n",
        "line 4: another score of 'a', and no column 'seed' to tell them apart",
    ),
    "no full model": (
        "variable,dropout_loss,label\na,1,rf\nb,2,rf\n",
        "no row '_full_model_', whose loss is to be taken off",
    ),
    "a permutation without a variable": (
        "variable,permutation,dropout_loss\na,1,1\nb,1,1\n_full_model_,1,1\na,2,1\n_full_model_,2,1\n",
        "not every permutation has a loss of 'b'",
    ),
    "repeats without permutations": (
        "variable,dropout_loss\na,1\n_full_model_,1\na,2\n",
        "line 4: 'a' has a loss already",
    ),
    "a loss in words": ("variable,dropout_loss\na,high\n", "column dropout_loss: 'high' is not"),
    "a vector whose places are beyond it": (
        'seed,score\n1,"(2,[0,2],[0.5,0.5])"\n',
        "line 2, column score: '(2,[0,2],[0.5,0.5])': place 2 of 2, which count from 0",
    ),
    "a vector that lacks an entry": ('seed,score\n1,"(2,[0,1],[0.5])"\n', "an entry for each place"),
    "vectors of two lengths": (
        'seed,score\n1,"[0.5,0.5]"\n2,"[0.5,0.25,0.25]"\n',
        "model 'm', method 'f', condition real, seed 1 has no score of 'f2'",
    ),
    "a wide table with a fit": (
        "seed,age,sex,R2\n1,2,3,0.9\n",
        "and R2 looks like none: take the column out",
    ),
    "a wide table with a column twice": ("seed,a,b,a\n1,2,3,4\n", "column named twice: a"),
    "a wide table of rows": ("seed,a,b\n1,2,3\n1,3,4\n", "seed 1 has a score of 'a' already"),
    "a wide table without seeds": ("model,a,b\nm,2,3\n", "the columns are model, method, seed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_read_in_two_ways_or_in_none_is_refused_with_what_to_rename(written, name):
    text, reason = REFUSED[name]
    with pytest.raises(InputError) as refused:
        read_scores(written(text), NAMED)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("seed,Feature Id,Importances\n1,a,1\n1,b,2\n", "--model NAME"),
        ("feature,importance\na,1\nb,2\n", "--model NAME"),
        ("model,seed,a,b\nm,1,1,2\n", "--method NAME"),
        ("model,seed,feature,score\nm,1,a,1\nm,1,b,2\n", "--method NAME"),
    ],
)
def test_a_name_that_is_nowhere_is_asked_for_by_its_option(written, text, lacks):
    with pytest.raises(InputError, match=lacks):
        read_scores(written(text))
    assert read_scores(written(text), NAMED).models == ["m"]


def test_names_given_do_not_count_where_columns_name_them(written):
    table = read_scores(
        written("model,seed,feature,Gain\nx,1,a,1\ny,1,a,3\nx,1,b,2\ny,1,b,4\n"), NAMED
    )
    assert table.models == ["x", "y"]
    assert table.methods("x") == ["f"]


def test_of_several_columns_the_one_called_as_the_method_is_the_score(written):
    table = "Feature,Gain,Cover,Frequency\na,3,30,300\nb,2,20,200\n"
    for method, scores in (("Cover", {"a": 30, "b": 20}), ("other", {"a": 3, "b": 2})):
        found = read_scores(written(table), {"model": "m", "method": method})
        assert scores_of(found) == {("m", 0): scores}
        assert {origin.method for origin in found.vectors} == {method}
    lm = ",Coef.,P>|t|\na,3,0.01\nb,2,0.5\n"
    found = read_scores(written(lm), {"model": "m", "method": "coef."})
    assert scores_of(found) == {("m", 0): {"a": 3, "b": 2}}
    with pytest.raises(InputError, match="may each be the score"):
        read_scores(written(lm), NAMED)
    # A column that is no score counts for none, where one that is one stands beside it.
    found = read_scores(
        written("feature,importance,n\na,3,1\nb,2,2\n"), {"model": "m", "method": "n"}
    )
    assert scores_of(found) == {("m", 0): {"a": 3, "b": 2}}


def test_parquet_is_read_in_the_same_layouts(tmp_path, written):
    pytest.importorskip("pyarrow")
    path = written(HAND["H2O"][0])
    pd.read_csv(path).to_parquet(tmp_path / "scores.parquet")
    one, two = (read_scores(of, NAMED) for of in (path, tmp_path / "scores.parquet"))
    assert (one.vectors, one.read_as) == (two.vectors, two.read_as)


def test_a_list_in_a_cell_of_parquet_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"model": "m", "method": "f", "seed": [1], "feature": "a", "score": [[1]]})
    frame.to_parquet(tmp_path / "scores.parquet")
    with pytest.raises(InputError, match="is not a number"):
        read_scores(tmp_path / "scores.parquet")


GIVEN = {
    "catboost-prettified": (["--model", "cb"], "s5 rank 1", (10, 10), "I001"),
    "dalex": ([], "a rank 1", (1, 1), "I001 I002 I003"),
    "h2o-varimp": (["--model", "glm"], "age rank 1", (10, 10), "I001 I010"),
    "sklearn-permutation-importance": (["--model", "f"], "bmi rank 1", (1, 1), "I001 I002"),
    "spark-vector": ([], "f0 rank 1", (1, 1), "I001"),
    "xgboost-gain-without-unused": ([], "s5 rank 1", (10, 10), "I004"),
    "seed-in-r-notation": ([], "a rank 1", (3, 3), ""),
    "intercept-row": ([], "bmi rank 1", (20, 20), "I003"),
    "caret-scaled-0-100": ([], "age rank 1", (10, 10), "I007"),
    "loss-changes-negative": ([], "age rank 1", (0, 12), "I006"),
    "p-values": (["--smaller-is-better", "p"], "age rank 1", (20, 20), "I005"),
    "ranks": (["--smaller-is-better", "rank"], "s5 top 3", (10, 10), "I005"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_given_tables_come_out_right_and_the_report_repeats_what_was_noted(command, name):
    options, claim, counts, codes = GIVEN[name]
    made = command("import", str(CASES / f"{name}.csv"), "--claim", f"{claim} in 0.8", *options)
    assert made.status == 0, made.err
    results = study.load(f"reports/{name}")
    row = Overview(results).own_verdict(results.recipe.claim)
    assert (row["met"], row["n"]) == counts
    noted = [warning for warning in results.warnings if warning.code.startswith("I")]
    assert " ".join(warning.code for warning in noted) == codes
    said = " ".join(made.out.split())
    assert all(warning.evidence in said for warning in noted)
    assert all(warning.evidence in command("status").out for warning in noted)
