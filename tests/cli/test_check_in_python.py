"""`study.check` and `study.import_scores` do what the commands do, and a run tells what they tell."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from imported import score_rows
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge

import study
import study.cli.main  # it adds the commands
from study.cli.group import commands
from study.common.errors import InputError, Stopped
from study.datasets.dataset import load_dataset
from study.execution import carry_out
from study.recipes.find import find_dataset
from study.store.dump import dump
from study.store.store import Store

CLAIM = "age rank 1 in 0.8"
FEW = {"seeds": 2, "splits": 2, "shuffles": 0, "workers": 1}
PEOPLE = [f"p{number}" for number in range(30)]


def spoken(*arguments: object) -> None:
    commands.main([str(of) for of in arguments], standalone_mode=False)


def frame(rows: int = 90) -> pd.DataFrame:
    """Columns of each kind, and what they say of a number."""
    generator = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": generator.normal(40, 10, rows),
            "dose": generator.gamma(2, size=rows),
            "smoker": generator.random(rows) < 0.5,
            "ward": pd.Categorical(generator.choice([1, 2, 3], rows)),
            "size": pd.Categorical(
                generator.choice(["S", "L", "wide"], rows), ["L", "wide", "S"], ordered=True
            ),
        }
    )
    table["outcome"] = table["age"] / 5 + table["smoker"] + generator.normal(size=rows)
    return table


@pytest.fixture(scope="module")
def mlp(tmp_path_factory) -> Path:
    """The recipe of an MLP that trains for three epochs."""
    path = tmp_path_factory.mktemp("models") / "quick.toml"
    text = (ROOT / "models" / "mlp.toml").read_text()
    path.write_text(text.replace("epochs = 300", "epochs = 3"))
    return path


def checked(directory: Path, models: object, table: pd.DataFrame | None = None, **options):
    table = frame() if table is None else table
    of_call = {"claim": CLAIM, "directory": directory, **FEW, **options}
    return study.check(models, table.drop(columns="outcome"), table["outcome"], **of_call)


def lines(directory: Path) -> list[str]:
    with Store(directory) as store:
        return [*dump(store)]


def test_a_call_stores_what_the_commands_store(tmp_path, monkeypatch, mlp):
    monkeypatch.chdir(tmp_path)
    table = frame().drop(columns=["ward", "size"])  # whose types a file cannot tell
    checked(Path("called"), str(mlp), table)
    table.to_csv("table.csv", index=False)
    spoken("data", "init", "table.csv", "--target", "outcome", "--claim", CLAIM)
    recipe = Path("data/table.toml")
    recipe.write_text(recipe.read_text().replace('model = "mlp"', 'model = "quick"'))
    spoken(
        *[
            "run",
            "--data",
            "table",
            "--seeds",
            "2",
            "--splits",
            "2",
            "--shuffles",
            "0",
            "--out",
            "spoken",
        ],
        "--models",
        mlp,
    )
    # The table lies beside its recipe in the one, and in a folder above it in the other.
    told = [of.replace("../table.csv", "table.csv") for of in lines(Path("spoken"))]
    assert told == lines(Path("called"))
    assert len(told) > 100


def test_the_types_of_a_frame_tell_what_its_columns_are(tmp_path):
    run = checked(tmp_path / "run", Ridge())
    variables = {of.name: of for of in run.recipe.variables}
    assert {name: of.type for name, of in variables.items()} == {
        "age": "numeric",
        "dose": "numeric",
        "smoker": "binary",
        "ward": "one-hot",
        "size": "ordinal",
    }
    assert variables["ward"].levels == ["1", "2", "3"]
    assert variables["size"].levels == ["L", "wide", "S"]
    assert not [warning for warning in run.warnings if warning.code == "T005"]  # codes as amounts
    assert variables["smoker"].levels == {"False": 0.0, "True": 1.0}
    found = find_dataset(str(tmp_path / "run" / "data" / "table.toml"))
    assert found.recipe == run.recipe
    rows = load_dataset(found.recipe, found.path.parent)
    assert len(rows.train_y) + len(rows.test_y) == 90


@pytest.mark.parametrize("named", [True, False])
def test_rows_of_one_group_stay_on_one_side(tmp_path, named):
    table = frame().assign(subject=[*PEOPLE] * 3)
    groups = "subject" if named else table.pop("subject").to_list()
    checked(tmp_path / "run", Ridge(), table, groups=groups)
    path = tmp_path / "run" / "data" / "table.toml"
    assert tomllib.loads(path.read_text())["groups"] == ("subject" if named else "groups")
    data = load_dataset(find_dataset(str(path)).recipe, path.parent)
    train, test = np.split(data.row_groups, [len(data.train_y)])
    assert not set(train) & set(test)
    assert len({*train, *test}) == 30
    assert np.unique(np.concatenate([train, test]), return_counts=True)[1].tolist() == [3] * 30
    assert "subject" not in data.variables


@pytest.mark.parametrize(
    ("values", "task", "kind"),
    [
        (range(90), None, "numeric"),
        ([0, 1, 2] * 30, None, "class"),
        ([0, 1, 2] * 30, "number", "numeric"),
        ([0, 1, 2] * 30, "count", "count"),
        ([3, 11, 20] * 30, "class", "class"),
        (pd.Categorical([3, 11, 20] * 30), None, "class"),
        (["low", "high"] * 45, None, "class"),
        ([True, False] * 45, None, "class"),
    ],
)
def test_the_task_is_told_or_drafted(tmp_path, values, task, kind):
    table = frame().assign(outcome=values)
    models = {"class": "sklearn:GaussianNB", "count": "sklearn:PoissonRegressor"}
    run = checked(tmp_path / "run", models.get(kind, "sklearn:Ridge"), table, task=task)
    assert run.recipe.target.type == kind
    if kind == "class" and 11 in list(values):
        assert run.recipe.target.levels == ["3", "11", "20"]


def test_a_call_goes_on_where_the_directory_is_named(tmp_path, capsys, mlp):
    first = checked(tmp_path / "run", str(mlp)).scores
    before = lines(tmp_path / "run")
    capsys.readouterr()
    checked(tmp_path / "run", str(mlp))
    assert " stored, 0 to do" in capsys.readouterr().out
    assert lines(tmp_path / "run") == before
    more = checked(tmp_path / "run", str(mlp), seeds=np.array([0, 1, 5]))
    assert "3 to do" in capsys.readouterr().out  # seed 5 in each condition
    assert more.seeds("quick", "real") == [0, 1, 5]
    later = more.scores["seed"].eq(5).fillna(False)  # least squares has no seed
    kept = more.scores[~later].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, first)


def test_an_interrupted_call_keeps_what_was_computed(tmp_path, monkeypatch, mlp):
    whole = checked(tmp_path / "whole", [str(mlp), Ridge()])
    run = carry_out.run

    def stopped(store, dataset, blocks, **options):
        run(store, dataset, blocks[:2], **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(carry_out, "run", stopped)
    with pytest.raises(Stopped, match=r"stopped; \d+ trained models are kept in .*: directory='"):
        checked(tmp_path / "run", [str(mlp), Ridge()])
    monkeypatch.undo()
    kept = len(lines(tmp_path / "run"))
    assert kept > 20
    again = checked(tmp_path / "run", [str(mlp), Ridge()])
    pd.testing.assert_frame_equal(again.scores, whole.scores)
    assert len(again.history) == 2


def test_without_a_directory_a_temporary_one_is_made(mlp):
    run = checked(None, str(mlp))
    assert run.directory.is_absolute()
    assert (run.directory / "data" / "table.csv").exists()


def test_models_are_named_by_class_or_by_whoever_gives_them(tmp_path):
    models = {"weak": Ridge(alpha=0.1), "strong": Ridge(alpha=1000)}
    run = checked(tmp_path / "run", models)
    assert [*run.models] == ["strong", "weak"]
    assert run.recipe.claim.model == "weak"
    both = checked(tmp_path / "both", [Ridge(), "sklearn:LinearRegression"])
    assert {*both.models} == {"Ridge", "sklearn:LinearRegression"}
    shares = run.scores.query("method == 'permutation-grouped' and name == 'age'")
    by_model = shares.groupby("model")["score"].mean()
    assert by_model["weak"] > 2 * by_model["strong"]  # shrunk slopes predict little


WRONG = [
    ({"X": np.zeros((90, 2))}, "X: ndarray, where a data frame is needed"),
    ({"X": frame().drop(columns="outcome").set_axis(list("aabcd"), axis=1)}, "named twice: a"),
    ({"X": frame()}, "y: 'outcome' is a column of X, too"),
    ({"y": frame()["outcome"].to_numpy()[:50]}, "y: 50 values for 90 rows of X"),
    ({"y": frame()["outcome"].sample(frac=1, random_state=0)}, r"y: its index .* y\.loc\[X\.index\]"),
    ({"y": np.zeros((90, 2))}, "y: 2 dimensions, where each row has one value"),
    ({"groups": "subject"}, "groups 'subject': no column of X has this name"),
    ({"groups": [1, 2]}, "groups: 2 values for 90 rows of X"),
    ({"task": "regression"}, "task 'regression': give one of number, count, class"),
    ({"y": pd.Series(["a", "b"] * 45, name="outcome"), "task": "number"}, "task 'number', but row 1"),
    ({"claim": "weight rank 1 in 0.8"}, "'weight': there is age, dose"),
    ({"method": "guess"}, "method 'guess'"),
    ({"method": "permutation", "claim": None}, "method 'permutation': gives no scores of variables"),
    ({"methods": ["guess"]}, "'guess'"),
    ({"seeds": 0}, "seeds '0'"),
    ({"splits": 1}, "no spread over one split"),
    ({"name": "a/b"}, "name 'a/b': give the name of a file"),
    ({"models": []}, "no model is given"),
    ({"models": [Ridge(), Ridge()]}, "'Ridge' is named twice: name each by a dict"),
    ({"models": Ridge}, r"'Ridge': a class: give an object, Ridge\(\)"),
    ({"models": object()}, "model 'object': no estimator"),
    ({"models": "nothing"}, "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_said_in_a_line_or_two(tmp_path, wrong, said):
    table = frame()
    right = {
        "models": DummyRegressor(),
        "X": table.drop(columns="outcome"),
        "y": table["outcome"],
        "claim": CLAIM,
        "directory": tmp_path / "run",
        **FEW,
    }
    call = right | wrong
    with pytest.raises(InputError, match=said) as caught:
        study.check(call.pop("models"), call.pop("X"), call.pop("y"), **call)
    assert len(str(caught.value)) < 400
    assert not (tmp_path / "run" / "results.sqlite").exists()


def test_a_run_of_other_data_or_another_claim_is_left_alone(tmp_path):
    checked(tmp_path / "run", Ridge())
    before = {path: path.read_bytes() for path in tmp_path.rglob("data/*")}
    with pytest.raises(InputError, match="holds a run of other data; name another directory"):
        checked(tmp_path / "run", Ridge(), frame(91))
    with pytest.raises(InputError, match="holds a run of another claim"):
        checked(tmp_path / "run", Ridge(), claim="dose rank 1 in 0.8")
    assert {path: path.read_bytes() for path in tmp_path.rglob("data/*")} == before
    assert len(checked(tmp_path / "run", Ridge(), frame(91), fresh=True).directory.parts) > 1
    assert [*tmp_path.glob("run/*.old1")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, mlp):
    folder = tmp_path_factory.mktemp("runs")
    return [checked(folder / str(seeds), str(mlp), seeds=seeds) for seeds in (2, 3)]


def test_a_run_tells_what_the_commands_tell(runs, capsys):
    first, second = runs
    capsys.readouterr()
    spoken("claim", first.directory, "dose top 2 in 0.8", "--method", "permutation")
    assert first.claim("dose top 2 in 0.8", method="permutation") == capsys.readouterr().out
    spoken("compare", first.directory, second.directory)
    assert f"{first.compare(second)}\n" == capsys.readouterr().out
    assert first.compare(second.directory) == first.compare(second)
    spoken("cite", first.directory)
    assert f"{first.cite()}\n" == capsys.readouterr().out
    assert repr(first.cite()) == first.cite()
    assert re.search("<pre>Feature importance was examined", first.cite()._repr_html_())


def test_a_citation_names_the_call_and_no_command_that_has_no_such_table(runs):
    call = "study.check(['quick'], claim='age rank 1 in 0.8', seeds=2, splits="
    said = runs[0].cite().partition("Made by, as far as the run tells:")[2]
    assert call in said
    assert "study run" not in said


def test_a_run_writes_its_report_where_it_is_asked_to(runs, tmp_path):
    run = runs[0]
    page = run.report(tmp_path / "mine.html")
    assert page.read_bytes() == (run.directory / "report.html").read_bytes()
    assert run.report() == run.directory / "report.html"
    run.report(page)  # its own page is written over
    other = tmp_path / "notes.html"
    other.write_text("mine")
    with pytest.raises(InputError, match="there already"):
        run.report(other)
    assert other.read_text() == "mine"
    run.compare(runs[1], tmp_path / "both")
    assert (tmp_path / "both" / "compare.html").exists()
    with pytest.raises(InputError, match="the same run"):
        run.compare(run)


def test_scores_in_a_frame_are_imported_as_from_a_file(tmp_path):
    rows = score_rows(["age", "dose"], np.random.default_rng(0).gamma(2, size=(20, 2)))
    run = study.import_scores(rows, claim="age rank 1 in 0.5", directory=tmp_path / "frame")
    rows.to_csv(tmp_path / "scores.csv", index=False)
    spoken("import", tmp_path / "scores.csv", "--claim", "age rank 1 in 0.5", "--out", tmp_path / "file")  # fmt: skip
    assert lines(tmp_path / "frame") == lines(tmp_path / "file")
    assert run.identity == study.load(tmp_path / "file").identity
    with pytest.raises(InputError, match="frame: list, where a data frame is needed"):
        study.import_scores([1], claim="age rank 1 in 0.5")
    with pytest.raises(InputError, match="no feature is called 'sex'"):
        study.import_scores(rows, claim="sex rank 1 in 0.5")


def test_rankings_that_others_call_by_rows_keep_their_names(tmp_path):
    rows = pd.DataFrame({"model": "f", "method": "shap", "seed": range(6), "a": 2.0, "b": 1.0})
    run = study.import_scores(rows, claim="a rank 1 in 0.5", directory=tmp_path / "run")
    assert run.features == ["a", "b"]
