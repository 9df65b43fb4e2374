"""scikit-learn's regressors in the study, against scikit-learn itself."""

import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest
import threadpoolctl
from browser import check_page
from conftest import ROOT, without_digests
from joblib.externals.loky import get_reusable_executor
from sklearn import svm
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.registry import warnings
from study.cli.main import main
from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.encoding import UNSCALED, to_features
from study.engines.replicates import Replicate
from study.engines.row_orders import Orders
from study.engines.scikit_learn import Estimators, ScikitLearn
from study.execution import prepare, run
from study.execution.plan import ordinary
from study.importance import permutation as permutations
from study.importance.sample import Sample
from study.recipes.find import find_contender, find_dataset
from study.recipes.model import EstimatorRecipe
from study.store.run_directory import FILE_NAME
from study.store.store import Store

TREES = 6
MODELS = {
    "forest": ("sklearn.ensemble:RandomForestRegressor", f"n_estimators = {TREES}\nn_jobs = 2"),
    "extra": ("sklearn.ensemble:ExtraTreesRegressor", "n_estimators = 6\nmax_features = 0.5"),
    "boosting": ("sklearn.ensemble:GradientBoostingRegressor", "n_estimators = 6\nsubsample = 0.5"),
    "hist": (
        "sklearn.ensemble:HistGradientBoostingRegressor", "max_iter = 6\nmax_features = 0.5"
    ),
    "perceptron": (
        "sklearn.neural_network:MLPRegressor", "max_iter = 5\nhidden_layer_sizes = [10, 10]"
    ),
    "sgd": ("sklearn.linear_model:SGDRegressor", ""),
}  # fmt: skip


def recipe_text(estimator: str, arguments: str = "", title: str = "Own") -> str:
    return f'title = "{title}"\nestimator = "{estimator}"\n\n[arguments]\n{arguments}\n'


def write_models(folder: Path) -> None:
    folder.mkdir()
    for name, (estimator, arguments) in MODELS.items():
        text = recipe_text(estimator, arguments, name.capitalize())
        (folder / f"{name}.toml").write_text(text)
    for name in ("mlp", "linear"):
        text = (ROOT / "models" / f"{name}.toml").read_text()
        (folder / f"{name}.toml").write_text(text.replace("epochs = 300", "epochs = 3"))


def write_data(folder: Path, model: str | None = None) -> None:
    """The people data with two repeats; where a model is given, the claim rests on it."""
    shutil.copytree(ROOT / "data", folder)
    path = folder / "people.toml"
    text = path.read_text().replace("repeats = 30", "repeats = 2")
    if model is not None:
        start, end = text.index("[claim]"), text.index("[permutation]")
        claim = (
            '[claim]\nlevel = "variable"\nname = "age"\nrank = 1\nproportion = 0.8\n'
            f'model = "{model}"\nmethod = "permutation-grouped"\n\n'
        )
        text = text[:start] + claim + text[end:]
    path.write_text(text)


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path, monkeypatch, capsys) -> Iterator[Command]:
    """Run `study ARGUMENTS` in a folder with data and models; status, output and errors."""
    write_data(tmp_path / "data")
    write_models(tmp_path / "models")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["study", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    yield run
    # Worker processes would stay for the next test, in this test's folder.
    get_reusable_executor().shutdown(wait=True)


def stored(directory: str, *seeds: int) -> list[tuple]:
    """Everything stored of some seeds, without internal numbers."""
    connection = sqlite3.connect(Path(directory, FILE_NAME))
    chosen = f"init IN ({','.join(map(str, seeds))})"
    rows = [
        row
        for table in ("scores", "fits")
        for row in connection.execute(
            f"""SELECT model, condition, engine, init, length(weights), x.* FROM {table} x
            JOIN trainings ON id = training WHERE {chosen}"""
        )
    ]
    connection.close()
    return sorted((*row[:5], *row[6:]) for row in rows)


def own(estimator: str, **arguments: object) -> EstimatorRecipe:
    return EstimatorRecipe(title="Own", estimator=estimator, arguments=arguments)


# -- what a seed is ---------------------------------------------------------------------------

REPLICATES = [
    Replicate("real", StreamSeeds.of(3)),
    Replicate("shuffled", StreamSeeds.of(3)),
    Replicate("real", StreamSeeds(init=5, order=3, dropout=3, labels=3, rows=8)),
]


@pytest.fixture(scope="module")
def measured(people, tmp_path_factory) -> tuple[Dataset, dict[Replicate, dict[tuple, float]]]:
    """The stored scores and fits of REPLICATES of a forest, by (method or part, item)."""
    directory = tmp_path_factory.mktemp("measured") / "run"
    forest = own("sklearn.ensemble:RandomForestRegressor", n_estimators=TREES)
    store, plan = prepare.prepare(
        directory, "people", people, {"forest": forest}, REPLICATES, device="cpu", fresh=False
    )
    assert (plan.stored, plan.missing) == (0, 3)
    with store:
        run.run(store, people, plan.blocks, workers=1, report=lambda _: None)
        scores, fits = store.frame("scores"), store.frame("fits")
    found: dict[Replicate, dict[tuple, float]] = {}
    for replicate in REPLICATES:
        streams = replicate.streams
        own_scores, own_fits = (
            frame[
                (frame["condition"] == replicate.condition)
                & (frame["init"] == streams.init)
                & (frame["engine"] == "sklearn")
            ]
            for frame in (scores, fits)
        )
        found[replicate] = {
            **{(row.method, row.item): row.score for row in own_scores.itertuples()},
            **{(row.part, row.evaluation): row.r_squared for row in own_fits.itertuples()},
        }
    return people, found


@pytest.mark.parametrize("replicate", REPLICATES, ids=["real", "shuffled", "rows"])
def test_a_seed_is_a_forest_of_scikit_learn_on_the_rows_that_a_network_meets(measured, replicate):
    people, found = measured
    # The rows and labels that a network of these streams meets in its first epoch.
    rows, labels = (part[0, 0] for part in Orders([replicate], len(people.train_y)).epochs(1))
    # In the table's order, or the bootstrap's: a forest depends on it.
    order = np.argsort(_first_order(replicate, len(rows)))
    rows, labels = rows[order], labels[order]
    assert (rows == labels).all() == (replicate.condition == "real")
    forest = RandomForestRegressor(n_estimators=TREES, random_state=replicate.streams.init)
    forest.fit(people.train_x[rows], people.train_y[labels])
    trained_x, trained_y = people.train_x, people.train_y
    test_x, test_y = people.test_x, people.test_y
    if replicate.streams.rows is not None:
        # Tested on as many of the rows that it left out, drawn after those that it took.
        drawing = np.random.Generator(
            np.random.SFC64(np.random.SeedSequence([replicate.streams.rows, 4]))
        )
        drawn = drawing.integers(200, size=200)
        left = [row for row in range(240) if row not in drawn]
        tested = sorted(drawing.choice(left, 40, replace=False))
        every_x, every_y = people.pooled
        trained_x, trained_y = every_x[rows], every_y[rows]
        test_x, test_y = every_x[tested], every_y[tested]
    y = test_y.astype(np.float64)
    settings = people.recipe.permutation
    by_column = permutation_importance(
        forest,
        test_x,
        y,
        scoring="r2",
        n_repeats=settings.repeats,
        random_state=settings.random_state,
    )

    def encoded(table):
        nowhere = np.zeros(table.shape, dtype=bool)
        return to_features(table, nowhere, people.recipe.variables, people.groups, [UNSCALED] * 4)

    grouped = permutation_importance(
        make_pipeline(
            FunctionTransformer(encoded),
            forest,
        ),
        people.to_variables(test_x),
        y,
        scoring="r2",
        n_repeats=settings.repeats,
        random_state=settings.random_state,
    )
    expected = {
        **{
            ("permutation", name): value
            for name, value in zip(people.features, by_column.importances_mean, strict=True)
        },
        **{
            ("permutation-grouped", name): value
            for name, value in zip(people.variables, grouped.importances_mean, strict=True)
        },
    }
    on_train = r2_score(trained_y.astype(np.float64), forest.predict(trained_x))
    on_test = r2_score(y, forest.predict(test_x))
    for evaluation in ("alone", "together"):
        expected["train", evaluation], expected["test", evaluation] = on_train, on_test
    assert found[replicate] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def _first_order(replicate: Replicate, rows: int) -> np.ndarray:
    """In which order the rows come in the first epoch of a network."""
    plain = Replicate("real", StreamSeeds.of(replicate.streams.order))
    return Orders([plain], rows).epochs(1)[0][0, 0]


def fit(recipe: EstimatorRecipe, replicates: list[Replicate], people: Dataset) -> Estimators:
    engine = ScikitLearn(recipe)
    return engine.stack(engine.train(replicates, people.train_x, people.train_y))


def test_tables_too_large_for_one_call_give_the_same_scores(people):
    regressors = fit(
        own("sklearn.ensemble:ExtraTreesRegressor", n_estimators=3), REPLICATES[:2], people
    )
    calls = []

    def predict(x: np.ndarray) -> np.ndarray:
        calls.append(len(x))
        return regressors.predict(x)

    rows = people, Sample.of(people, ())
    at_once = permutations.grouped_permutation(predict, *rows, at_once=regressors.at_once)
    assert len(calls) == 1
    one_by_one = permutations.grouped_permutation(predict, *rows, at_once=10_000)
    assert calls[1:] == [40] * (1 + 30 * 4)
    assert (at_once.score == one_by_one.score).all()


def test_a_seed_is_bitwise_the_same_alone_in_company_and_in_any_process(command):
    """Also after an interruption: five seeds and then more."""
    models = ("--models", ",".join(MODELS))
    for out, seeds, workers in (("a", "3,", "1"), ("b", "1-3", "2"), ("b", "0-4", "1")):
        status, _, errors = command(
            "run", *models, "--seeds", seeds, "--workers", workers, "--out", out
        )
        assert status == 0, errors
        if seeds == "1-3":
            before = stored("b", 1, 2, 3)
    alone = stored("a", 3)
    # Two conditions, 8 + 4 scores and 4 fits each.
    assert len(alone) == len(MODELS) * 2 * 16
    assert {(row[2], row[4]) for row in alone} == {("sklearn", 0)}
    assert stored("b", 3) == alone
    assert stored("b", 1, 2, 3) == before
    # The seed makes a difference to each of them.
    for model in MODELS:
        one, other = ([row[5:] for row in stored("b", seed) if row[0] == model] for seed in (3, 4))
        assert one != other


def test_one_thread_is_all_that_a_regressor_gets(people, tmp_path, monkeypatch):
    """However many n_jobs asks for, and the libraries are set to."""
    (tmp_path / "counts.py").write_text(
        "import joblib, threadpoolctl\n"
        "from sklearn.base import BaseEstimator, RegressorMixin\n"
        "class Counts(RegressorMixin, BaseEstimator):\n"
        "    def __init__(self, random_state=None):\n"
        "        self.random_state = random_state\n"
        "    def threads(self):\n"
        "        pools = [pool['num_threads'] for pool in threadpoolctl.threadpool_info()]\n"
        "        return max([joblib.effective_n_jobs(-1), *pools])\n"
        "    def fit(self, x, y):\n"
        "        self.in_fit = self.threads()\n"
        "        return self\n"
        "    def predict(self, x):\n"
        "        return [float(max(self.in_fit, self.threads()))] * len(x)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with threadpoolctl.threadpool_limits(2), joblib.parallel_config(n_jobs=2):
        regressors = fit(own("counts:Counts"), REPLICATES[:1], people)
        assert (regressors.predict(people.test_x) == 1).all()
        if joblib.cpu_count() > 1:
            assert joblib.effective_n_jobs(-1) > 1


def test_a_seed_that_a_class_passes_on_unnamed_is_set(people, tmp_path, monkeypatch):
    """As boosters of other packages do: their signatures name few of their parameters."""
    (tmp_path / "boosters.py").write_text(
        "from sklearn.ensemble import RandomForestRegressor\n"
        "class Booster(RandomForestRegressor):\n"
        "    def __init__(self, *, max_depth=3, **others):\n"
        "        super().__init__(n_estimators=5, max_depth=max_depth, **others)\n"
        "    @classmethod\n"
        "    def _get_param_names(cls):\n"
        "        return RandomForestRegressor._get_param_names()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    booster, forest = own("boosters:Booster"), own("sklearn.ensemble:RandomForestRegressor", n_estimators=5, max_depth=3)  # fmt: skip
    ours, theirs = (
        fit(recipe, REPLICATES, people).predict(people.test_x) for recipe in (booster, forest)
    )
    np.testing.assert_array_equal(ours, theirs)
    assert len(np.unique(ours, axis=0)) == len(REPLICATES)


# -- what is refused ---------------------------------------------------------------------------

WRONG_RECIPES = {
    recipe_text("sklearn.svm:SVR", "random_state = 0"): "arguments: random_state is given by the seed",
    recipe_text("sklearn.svm.SVR"): "estimator: should be module:name",
    recipe_text("sklearn.svm:SVR", "C = inf"): "arguments: only texts, finite numbers",
    recipe_text("sklearn.svm:SVR", "[training]\nepochs = 3"): "training: leave it out; an estimator",
    'network = "a:B"\n' + recipe_text("sklearn.svm:SVR"): "network and estimator: give one of them",
    recipe_text("sklearn.svm:SVR").replace("arguments", "argument"): "argument: unknown key; did you mean 'arguments'",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG_RECIPES)
def test_a_wrong_recipe_names_file_key_and_reason(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        find_contender(str(path))
    message = str(caught.value)
    assert re.match(re.escape(f"{path}: ") + WRONG_RECIPES[text], message)
    assert "\n" not in message


UNFIT = {
    ("sklearn.ensemble:RandomForestClassifier", ""): "a classifier, but the target is a number: name a regressor",
    ("sklearn.pipeline:Pipeline", ""): "missing 1 required positional argument: 'steps'; name a function that makes it",
    ("sklearn.ensemble:Forest", ""): "has no attribute 'Forest'",
    ("no_such_module:Forest", ""): "No module named 'no_such_module'",
    ("sklearn.ensemble:RandomForestRegressor", "trees = 3"): "unexpected keyword argument 'trees'",
    ("sklearn.ensemble:RandomForestRegressor", "n_estimators = -3"): "'n_estimators' parameter of RandomForestRegressor must be",
    ("sklearn.linear_model:MultiTaskLasso", ""): "ValueError: For mono-task outputs, use",
}  # fmt: skip


@pytest.mark.parametrize("unfit", UNFIT)
def test_the_check_of_a_model_refuses_an_unfit_estimator_as_a_run_does(command, unfit):
    Path("own.toml").write_text(recipe_text(*unfit))
    status, out, errors = command("model", "check", "own.toml")
    assert (status, out) == (2, "")
    assert errors == command("run", "--models", "own.toml", "--seeds", "2")[2]


@pytest.mark.parametrize("name", ["forest", "sklearn:RandomForestRegressor"])
def test_the_check_of_a_model_says_what_it_tried_of_an_estimator(command, name):
    status, out, _ = command("model", "check", name)
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == f"{name}: sklearn.ensemble:RandomForestRegressor, tried on people"
    assert "a regressor, not a network" in lines[1]
    assert not Path("reports").exists()


@pytest.mark.parametrize("unfit", UNFIT)
def test_an_unfit_estimator_is_named_in_one_line_and_nothing_is_written(command, unfit):
    Path("own.toml").write_text(recipe_text(*unfit))
    status, _, errors = command("run", "--models", "own.toml", "--seeds", "2")
    assert status == 2
    assert errors.startswith("study: ")
    assert UNFIT[unfit] in errors
    assert errors.count("\n") == 1
    assert not Path("reports").exists()


SVR = "sklearn:SVR"


def test_a_regressor_without_random_state_is_taken_where_rows_vary(command):
    """Each half of all rows, against scikit-learn on rows that scikit-learn draws."""
    ordinary = ("run", "--models", SVR, "--seeds", "2", "--workers", "1")
    for beside in ((), ("--shuffles", "3"), ("--vary", "init")):
        status, _, errors = command(*ordinary, *beside)
        assert status == 2
        assert "sklearn.svm:SVR: it has no random_state" in errors
        assert "let rows vary by --splits or --vary rows" in errors
    assert not Path("reports").exists()
    status, said, errors = command(*ordinary, "--splits", "2")
    assert status == 0, errors
    assert f"{SVR}: no random_state, so that its seeds are one observation" in said
    results = Results(Path("reports/people"))
    people = load_dataset(find_dataset("people").recipe, Path("data"))
    x = np.concatenate([people.train_x, people.test_x])
    y = np.concatenate([people.train_y, people.test_y])
    half = len(y) // 2
    found = results.split_fits
    own = (found["model"] == SVR) & (found["part"] == "test") & (found["evaluation"] == "alone")
    found = found[own].sort_values(["split", "half"])["r_squared"].to_numpy()
    wanted = []
    for split in range(2):
        drawn = ShuffleSplit(1, train_size=half, test_size=half, random_state=split).split(x)
        for own in next(drawn):
            train, test = own[:100], own[100:]  # as of all rows, a sixth are test rows
            fitted = svm.SVR().fit(x[train], y[train])
            wanted.append(r2_score(y[test], fitted.predict(x[test])))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    fits = results.fits
    real = fits[(fits["model"] == SVR) & (fits["condition"] == "real") & (fits["part"] == "test")]
    assert len(real) > 1
    assert real.groupby("evaluation")["r_squared"].nunique().eq(1).all()


def test_a_regressor_without_random_state_is_checked_with_a_note(command):
    status, said, _ = command("model", "check", SVR)
    assert status == 0
    assert "with its arguments, fitted" in said
    assert "note: no random_state" in said


def test_a_regressor_that_fails_at_some_seed_is_named_with_it(command):
    Path("fails.py").write_text(
        "from sklearn.linear_model import Ridge\n"
        "class Fails(Ridge):\n"
        "    def __init__(self, random_state=None):\n"
        "        super().__init__(random_state=random_state)\n"
        "    def fit(self, x, y):\n"
        "        if self.random_state == 1:\n"
        "            raise ValueError('overflow\\nand more')\n"
        "        return super().fit(x, y)\n"
    )
    Path("own.toml").write_text(recipe_text("fails:Fails"))
    status, _, errors = command("run", "--models", "own.toml", "--seeds", "2", "--workers", "1")
    assert status == 1
    told = (
        "Failed: Own: 4 failed twice: real, random_state 1: ValueError: overflow (fails.py, line 7)"
    )
    assert told in errors.splitlines()


def test_a_class_of_scikit_learn_is_named_without_a_recipe():
    found = find_contender("sklearn:RandomForestRegressor")
    assert found.name == "sklearn:RandomForestRegressor"
    assert found.recipe == EstimatorRecipe(
        title="RandomForestRegressor", estimator="sklearn.ensemble:RandomForestRegressor"
    )
    boosting = find_contender("sklearn:HistGradientBoostingRegressor").recipe
    assert boosting.estimator == "sklearn.ensemble:HistGradientBoostingRegressor"
    assert find_contender("sklearn:SVC").recipe.estimator == "sklearn.svm:SVC"
    for wrong, near in (
        ("RandomForestRegresor", "RandomForestRegressor"),
        ("ensemble.ExtraTreesRegressor", "ExtraTreesRegressor"),
        ("RandomForestClasifier", "RandomForestClassifier"),
        ("KMeans", None),
    ):
        hint = f"; did you mean sklearn:{near}\\?" if near else "$"
        with pytest.raises(InputError, match=f"no regressor or classifier of this name{hint}"):
            find_contender(f"sklearn:{wrong}")


def test_sources_that_a_regressor_lacks_are_refused_and_the_others_varied(command):
    status, _, errors = command("run", "--models", "mlp,sgd", "--vary", "dropout", "--seeds", "2")
    assert status == 2
    assert "--vary dropout: no source of sgd, where only init (the random_state) and rows" in errors
    for source in ("init", "rows"):
        status, out, errors = command(
            "run", "--models", "sgd", "--vary", source, "--seeds", "5-6", "--workers", "1"
        )
        assert status == 0, errors
    assert "init 10 (base seeds 0-4), rows 10 (base seeds 0-4)" in out
    with Store(Path("reports/people")) as store:
        keys = {(key.streams.init, key.streams.rows) for key in store.stored_keys() if key.streams}
    assert keys == {(init, None) for init in (5, 6)} ^ {(base, row) for base in range(5) for row in (5, 6)}  # fmt: skip


# -- the study of them ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """A run of a forest, on which the claim rests, and of Ridge, whose seeds are all the same."""
    folder = tmp_path_factory.mktemp("alone")
    write_data(folder / "data", model="forest")
    write_models(folder / "models")
    found = find_dataset(str(folder / "data" / "people.toml"))
    dataset = load_dataset(found.recipe, folder / "data")
    models = {
        "forest": find_contender(str(folder / "models" / "forest.toml")).recipe,
        "sklearn:Ridge": find_contender("sklearn:Ridge").recipe,
    }
    store, plan = prepare.prepare(
        folder / "run", "people", dataset, models, ordinary(range(12)), device="cpu",
        fresh=False,
    )  # fmt: skip
    with store:
        run.run(store, dataset, plan.blocks, workers=1, report=lambda _: None)
    return folder / "run"


def test_a_claim_may_rest_on_a_forest(alone, monkeypatch, capsys, sketched):
    results = Results(alone)
    row = Overview(results).own_verdict(results.recipe.claim)
    assert (row["model"], row["met"], row["n"]) == ("forest", 12, 12)
    assert row["shuffled_n"] == 12
    assert np.isnan(row["untrained_n"])
    found = {warning.code: warning for warning in warnings(Overview(results))}
    assert found["S001"].evidence.startswith("Ridge, real: all 12 seeds have the same scores")
    assert not {"S003", "S012", "S013"} & found.keys()
    for words, wanted in (
        (["report", str(alone)], "report.html"),
        (["status", str(alone)], "Forest 0-11     0-11         -"),
        (["table", "fit", str(alone), "--learned"], "Forest"),
    ):
        monkeypatch.setattr(sys, "argv", ["study", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0
        assert wanted in capsys.readouterr().out
    page = (alone / "report.html").read_text()
    text = " ".join(re.sub(r"<[^>]+>|data:[^\"']*", " ", page).split())
    assert "How well the models fit" in text
    assert f"sklearn.ensemble:RandomForestRegressor, n_estimators {TREES}, n_jobs 2; random_state is the seed; 12 seeds" in text  # fmt: skip
    assert "examined with importance-study 0.1.0 and scikit-learn" in text
    assert f"Forest is RandomForestRegressor of scikit-learn (n_estimators = {TREES}, n_jobs = 2); Ridge is Ridge of scikit-learn; there, the seed is the random_state." in text  # fmt: skip
    assert "noise of training on this data set (random_state), and nothing of what" in text
    # Networks are spoken of where it is said what they would do, and nowhere else.
    assert set(re.findall(r"\S+ \S+ networks?\b", text)) == {
        "of a network",
        "weights of networks",
        "Where a network",
    }


def test_predictions_and_weights_leave_regressors_out_and_say_so(alone, monkeypatch, capsys):
    for words in (
        ["predict", "--run", str(alone), "sex=male", "age=34", "State=Oklahoma", "politics=moderate"],
        ["weights", str(alone)],
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["study", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0
        assert capsys.readouterr().out.splitlines()[-2:] == [
            "Forest is left out: no weights of it are kept.",
            "Ridge is left out: no weights of it are kept.",
        ]
    assert [path.name for path in (alone / "weights").iterdir()] == ["least-squares.pt"]


@pytest.mark.parametrize("table", ["scores", "fits"])
def test_the_identity_of_a_run_stands_for_the_scores_and_fits_of_its_regressors(
    alone, tmp_path, table
):
    shutil.copytree(alone, tmp_path / "run")
    assert Results(tmp_path / "run").identity == Results(alone).identity
    without_digests(tmp_path / "run")
    connection = sqlite3.connect(tmp_path / "run" / FILE_NAME)
    column = {"scores": "score", "fits": "rmse"}[table]
    connection.execute(
        f"""UPDATE {table} SET {column} = {column} + 1e-9 WHERE training =
        (SELECT id FROM trainings WHERE model = 'forest' AND init = 3 LIMIT 1)"""
    )
    connection.commit()
    connection.close()
    assert Results(tmp_path / "run").identity != Results(alone).identity


def test_a_forest_stands_beside_networks_on_the_page(command, chromium, sketched):
    status, out, errors = command(
        "run", "--models", "mlp,linear,forest", "--seeds", "3", "--workers", "1"
    )
    assert status == 0, errors
    assert "of the models asked for, 0 stored, 24 to do" in out
    status, out, errors = command("run", "--models", "forest", "--seeds", "3")
    assert "6 stored, 0 to do (real and shuffled)" in out
    assert command("report")[0] == 0
    assert check_page(Path("reports/people/report.html"), chromium, [(390, "light"), (1440, "dark")]) == []  # fmt: skip
    results = Results("reports/people")
    by_method = results.shares.groupby("model")["method"].unique()
    assert set(by_method["forest"]) == {"permutation", "permutation-grouped"}
    page = Path("reports/people/report.html").read_text()
    assert "Untrained networks have no training gradients. Without gradients and untrained form: Forest." in page  # fmt: skip
    status, cited, _ = command("cite")
    cited = " ".join(cited.split())
    assert "the untrained networks were scored as well" in cited
    assert "initial weights, order of the rows, dropout, random_state" in cited
    assert "study run --seeds 3 --splits 0 --shuffles 3 --models mlp,linear,forest" in cited
    # LaTeX knows every name that the paragraph uses.
    command("cite", "--format", "latex")
    assert "PeopleEstimators}" in Path("reports/people/numbers.tex").read_text()


def test_warnings_of_scikit_learn_are_one_note_for_each_model(command):
    status, out, errors = command(
        "run", "--models", "perceptron,forest", "--seeds", "3", "--workers", "1"
    )
    assert status == 0
    notes = [line for line in out.splitlines() if "Warning: " in line]
    assert len(notes) == 1
    assert notes[0].startswith("Note: Perceptron: 6 fits gave a ConvergenceWarning: Stochastic")
    assert "Warning" not in errors


def test_a_claim_whose_model_is_misspelled_is_told_which_was_meant(command):
    shutil.rmtree("data")
    write_data(Path("data"), model="forrest")
    status, out, _ = command("run", "--models", "sgd,forest", "--seeds", "1", "--workers", "1")
    assert status == 0
    assert (
        "the claim rests on model 'forrest', which is not run here. Did you mean 'forest'?" in out
    )


def test_the_recipe_and_the_commands_of_the_documentation_work(command):
    content = (ROOT / "docs" / "scikit-learn.md").read_text()
    section = content.partition("## A scikit-learn regressor in the study")[2].partition("\n## ")[0]
    (recipe,) = re.findall(r"```toml\n(.*?)```", section, flags=re.DOTALL)
    Path("models/forest.toml").write_text(recipe)
    commands = re.findall(r"^    study (.+)$", section, flags=re.MULTILINE)
    assert len(commands) == 2
    for line in commands:
        words = line.replace("--seeds 20", "--seeds 2").split()
        status, _, errors = command(*words, "--workers", "1")
        assert status == 0, (line, errors)


def test_a_regressor_whose_code_changes_is_not_mixed_with_the_old_one(command):
    code = "from sklearn.linear_model import Ridge\n\n\nclass Own(Ridge):\n    pass\n"
    Path("changes.py").write_text(code)
    Path("own.toml").write_text(recipe_text("changes:Own"))
    arguments = ("run", "--models", "own.toml", "--workers", "1", "--out", "run")
    assert command(*arguments, "--seeds", "1")[0] == 0
    Path("changes.py").write_text(code + "# other\n")
    del sys.modules["changes"]  # the next command is a process of its own
    status, _, errors = command(*arguments, "--seeds", "2")
    assert status == 2
    assert "the code of model 'own' has changed since it was trained" in errors
