"""The commands, as a user runs them."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, without_digests
from pandas.testing import assert_frame_equal
from processes import STUDY, stored
from sklearn.linear_model import LinearRegression

import study
from study.cli.group import commands
from study.cli.options import parse_seeds
from study.common.errors import InputError
from study.common.vocabulary import LEAST_SQUARES
from study.engines.closed_form import ClosedForm
from study.engines.lanes import engine as lanes_engine
from study.execution.block import Block
from study.execution.train_and_measure import train_and_measure
from study.importance.permutation import rows_predicted
from study.statistics.collinearity import explained
from study.store.run_directory import FILE_NAME
from study.store.store import Store

# -- run -------------------------------------------------------------------------------------


def test_more_seeds_train_only_what_is_missing_and_keep_every_byte(command, small):
    first = command("run", *small, "--seeds", "2", "--workers", "1")
    assert first.status == 0, first.err
    assert "of the networks asked for, 0 stored, 12 to do" in first.out
    assert "100 %" in first.err
    before = {seed: stored(Path("reports/people"), seed) for seed in (0, 1)}
    again = command("run", *small, "--seeds", "2")
    assert "12 stored, 0 to do" in again.out
    more = command("run", *small, "--seeds", "5", "--workers", "1")
    assert "12 stored, 18 to do" in more.out
    for seed, rows in before.items():
        assert stored(Path("reports/people"), seed) == rows
    assert len(stored(Path("reports/people"))["weights"]) == 2 * 3 * 5 + 1


def test_a_seed_is_bitwise_the_same_alone_in_a_range_and_in_any_number_of_processes(command, small):
    for out, seeds, workers in (("a", "7,", "1"), ("b", "5-9", "1"), ("c", "8", "2")):
        outcome = command("run", *small, "--seeds", seeds, "--workers", workers, "--out", out)
        assert outcome.status == 0, outcome.err
    alone = stored(Path("a"), 7)
    assert len(alone["weights"]) == 2 * 3
    assert stored(Path("b"), 7) == alone
    assert stored(Path("c"), 7) == alone


def test_the_summary_shows_fit_and_how_often_the_claimed_feature_came_first(command, small):
    said = command("run", *small, "--seeds", "2", "--workers", "1").out
    for part in ("Transformer (published)", "MLP", "Least squares", "claim met", "of 2", "0.97"):
        assert part in said


def test_own_recipes_in_the_working_directory_are_named(command, small):
    Path("models").mkdir()
    shutil.copy(small[-1].split(",")[1], "models/mlp.toml")
    outcome = command("run", *small[:2], "--models", "mlp", "--seeds", "1", "--workers", "1")
    assert "in place of built-in ones: models/mlp.toml\n" in outcome.out


def test_a_changed_recipe_is_refused_and_fresh_starts_again(command, small):
    path = small[-1].split(",")[1]
    shutil.copy(path, "mlp.toml")
    arguments = ("run", *small[:2], "--models", "mlp.toml", "--seeds", "1", "--workers", "1")
    assert command(*arguments).status == 0
    Path("mlp.toml").write_text(Path(path).read_text().replace("[10, 10]", "[9]"))
    refused = command(*arguments)
    assert refused.status == 2
    assert "arguments.hidden_widths.1: 10 there, 9 now" in refused.err
    assert command(*arguments, "--fresh").status == 0
    assert Path("reports/people", f"{FILE_NAME}.old1").exists()
    line = next(line for line in command("status").out.splitlines() if "MLP" in line)
    assert line.split() == ["MLP", "0", "0", "0"]


@pytest.fixture
def own_model(tmp_path) -> Path:
    """A model recipe that names a network in the working directory."""
    (tmp_path / "mynets.py").write_text(
        "from study.networks.mlp import MLP\n\n\nclass Mine(MLP):\n    pass\n"
    )
    recipe = (ROOT / "models" / "mlp.toml").read_text()
    recipe = recipe.replace("study.networks.mlp:MLP", "mynets:Mine")
    path = tmp_path / "mine.toml"
    path.write_text(recipe.replace("epochs = 300", "epochs = 3"))
    return path


def test_a_killed_run_goes_on_where_it_was(command, small):
    """SIGKILL after the first block; the finished run equals an undisturbed one.

    In the process of the command alone. (Threads and processes, and more kills, are in
    test_nothing_lost.)
    """
    arguments = ["run", *small, "--seeds", "100", "--workers", "1", "--splits", "5"]
    arguments += ["--shuffles", "110"]
    process = subprocess.Popen([STUDY, *arguments, "--out", "killed"], stderr=subprocess.DEVNULL)
    database = Path("killed", FILE_NAME)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if database.exists() and len(stored(Path("killed"))["weights"]) > 1:
            break
    process.kill()
    process.wait()
    kept = len(stored(Path("killed"))["weights"])
    assert 1 < kept < 601
    assert command(*arguments, "--out", "killed").status == 0
    assert command(*arguments, "--out", "undisturbed").status == 0
    assert stored(Path("killed")) == stored(Path("undisturbed"))


@pytest.mark.alone
@pytest.mark.parametrize(("workers", "moment"), [("1", 2), ("2", 0.2), ("2", 0.7), ("2", 2)])
def test_ctrl_c_says_what_is_kept(tmp_path, small, workers, moment):
    """Early on, while libraries are still being imported, and later."""
    process = subprocess.Popen(
        [STUDY, "run", *small, "--seeds", "3000", "--workers", workers],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal, also where these tests run in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr.readline().startswith("training:   0 %")
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - start < (2 if moment == 2 else 6)
    assert process.returncode == 130
    # Nothing but progress and one line.
    *progress, last = said.splitlines()
    assert "trained networks are kept in reports/people, and the same command goes on" in last
    assert all(line.startswith("training: ") for line in progress)


@pytest.mark.alone
def test_ctrl_c_stops_the_measuring_of_least_squares(tmp_path, small):
    """It takes minutes of wide data, and what nobody waited for is not kept."""
    script = (
        "import signal\n"
        "from study.cli.main import main\n"
        "from study.engines import closed_form\n"
        "fitted = closed_form.least_squares\n"
        "def interrupted(*tables):\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    return fitted(*tables)\n"
        "closed_form.least_squares = interrupted\n"
        "main()\n"
    )
    arguments = ["run", *small, "--seeds", "300", "--workers", "2", "--out", "stopped"]
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 130, ended.stderr
    assert "trained networks are kept in stopped" in ended.stderr.splitlines()[-1]
    with Store(tmp_path / "stopped") as store:
        assert LEAST_SQUARES not in store.model_names()


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5"])
def test_a_number_of_workers_that_is_none_is_refused(command, small, workers):
    outcome = command("run", *small, "--workers", workers)
    assert outcome.status == 2
    assert f"--workers '{workers}': give a number from 1, or auto" in outcome.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_named_before_anything_is_written(command, small):
    outcome = command("run", *small, "--device", "cuda")
    assert outcome.status == 2
    assert "--device cuda: PyTorch finds no CUDA device here" in outcome.err
    assert not Path("reports").exists()


def test_other_sizes_and_a_network_of_one_s_own_need_nothing_said(command, small, own_model):
    recipe = (ROOT / "models" / "transformer.toml").read_text()
    for before, after in {
        "token_width = 4": "token_width = 8",
        "heads = 2": "heads = 4",
        "layers = 2": "layers = 3",
        "hidden_width = 10": "hidden_width = 20",
        "epochs = 300": "epochs = 2",
    }.items():
        recipe = recipe.replace(before, after)
    Path("deep.toml").write_text(recipe)
    models = ("--models", f"deep.toml,{own_model}", "--seeds", "2", "--workers", "1")
    outcome = command("run", *small, *models)
    assert outcome.status == 0
    found = sqlite3.connect("reports/people/results.sqlite").execute(
        "SELECT DISTINCT model, engine FROM trainings ORDER BY model"
    )
    assert list(found) == [
        ("deep", "lanes-1"),
        ("least-squares", "closed-form"),
        ("mine", "lanes-1"),
    ]


def test_a_network_that_lanes_do_not_know_is_trained_by_torch_and_said_so(
    command, small, monkeypatch
):
    asked = []
    recorded = lanes_engine.recorded
    monkeypatch.setattr(
        lanes_engine, "recorded", lambda *of: asked.append(of[0].network) or recorded(*of)
    )
    recipe = (ROOT / "models" / "mlp.toml").read_text()
    recipe = recipe.replace("study.networks.mlp:MLP", "networks_to_check:Convolution")
    Path("folded.toml").write_text(recipe.replace("hidden_widths = [10, 10]", ""))
    outcome = command("plan", *small[:2], "--models", "folded.toml,mlp", "--seeds", "1")
    said = [line for line in outcome.out.splitlines() if "PyTorch" in line]
    assert said == ["folded: trained by PyTorch, as lanes do not know this of it: convolution"]
    assert asked.count("networks_to_check:Convolution") == 1  # which takes long


def test_least_squares_draws_nothing_from_torch_s_generator(people):
    """It is computed while threads draw initial weights from that generator."""
    before = torch.get_rng_state()
    rows = (len(people.train_y), rows_predicted(people))
    train_and_measure(Block(LEAST_SQUARES, ClosedForm(inputs=8), (), *rows), people)
    assert torch.equal(torch.get_rng_state(), before)


def test_diverged_seeds_are_named_and_count_for_no_claim(command, small, sketched):
    """At this learning rate some seeds of the MLP overflow, and some do not."""
    Path("wild.toml").write_text(
        (ROOT / "models" / "mlp.toml")
        .read_text()
        .replace("learning_rate = 0.01", "learning_rate = 3e19")
        .replace("epochs = 300", "epochs = 20")
    )
    arguments = ["run", *small, "--models", "wild.toml", "--out", "wild"]
    outcome = command(*arguments, "--seeds", "12")
    assert outcome.status == 0
    results = study.load("wild")
    lost = results.diverged("wild", "real")
    assert 0 < len(lost) < 12
    line = next(line for line in outcome.out.splitlines() if "MLP, real, seeds" in line)
    assert line.startswith("S010")
    assert parse_seeds(line.split("seeds ")[1].split(":")[0] + ",") == lost
    shares = results.shares.query("condition == 'real' and method == 'gradient'")
    assert shares[shares["seed"].isin(lost)]["share"].isna().all()
    assert command("report", "wild").status == 0
    assert "Seeds that diverged" in Path("wild/report.html").read_text()
    # Those that did not diverge are what they are without their neighbours.
    sound = [seed for seed in range(12) if seed not in lost]
    assert command(*arguments[:-1], "sound", "--seeds", f"{sound[0]},").status == 0
    assert stored(Path("sound"), sound[0]) == stored(Path("wild"), sound[0])


# -- the other commands ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory, small) -> Path:
    directory = tmp_path_factory.mktemp("finished") / "reports" / "people"
    arguments = ["run", *small, "--seeds", "3", "--workers", "1", "--out", str(directory)]
    commands.main(arguments, standalone_mode=False)
    return directory


def test_status(command, finished):
    said = command("status", str(finished)).out
    assert "data people" in said
    table = said.split("computed with")[0]
    assert table.count("0-2") == 2 * 3
    # Three seeds of so few epochs: what to be warned of is said with its evidence.
    assert "S008 Too few seeds. " in said
    assert f"torch {torch.__version__}" in said


def test_predict_gives_dollars_over_seeds(command, finished):
    person = ("sex=male", "age=34", "State=Oklahoma", "politics=moderate")
    outcome = command("predict", "--run", str(finished), *person)
    assert outcome.status == 0, outcome.err
    least_squares = next(line for line in outcome.out.splitlines() if "Least squares" in line)
    # From scikit-learn's LinearRegression on the published rows, outside this project.
    assert "44,392" in least_squares
    mlp = next(line for line in outcome.out.splitlines() if line.strip().startswith("MLP"))
    low, high = (float(text.replace(",", "")) for text in mlp.split()[-2:])
    assert 0 < low <= high < 200_000


def test_weights_load_without_pickle(command, finished, tmp_path):
    outcome = command("weights", str(finished), "--out", "exported")
    assert sorted(outcome.out.split()) == [
        "exported/least-squares.pt", "exported/mlp.pt", "exported/transformer.pt"
    ]  # fmt: skip
    content = torch.load("exported/mlp.pt", weights_only=True)
    assert set(content) == {"real", "shuffled", "untrained"}
    assert content["real"]["seeds"].tolist() == [0, 1, 2]
    torch.manual_seed(1)
    stock = torch.nn.ModuleList(
        [torch.nn.Linear(8, 10), torch.nn.Linear(10, 10), torch.nn.Linear(10, 1)]
    )
    untrained = [values[1] for values in content["untrained"]["weights"].values()]
    for stored_values, initial in zip(untrained, stock.parameters(), strict=True):
        assert torch.equal(stored_values, initial)


def test_scores_keep_the_name_they_were_stored_under(finished):
    """Read from the file itself, and against coefficients that scikit-learn fits."""
    results = study.load(finished)
    scores = results.scores.set_index(["model", "condition", "method", "level", "seed", "name"])
    rows = stored(finished)["scores"]
    for model, condition, _, seed, method, item, score, signed in rows:
        level = "variable" if method == "permutation-grouped" else "feature"
        if model != "least-squares":
            found = scores.loc[(model, condition, method, level, seed, item)]
            assert found["score"] == score
            assert found["signed"] == signed or (signed is None and found.isna()["signed"])
    train = np.loadtxt(ROOT / "data" / "people_train.txt")
    x, y = np.delete(train, 5, axis=1), train[:, 5]
    names = ["sex", "age", "State=Michigan", "State=Nebraska", "State=Oklahoma"]
    names += ["politics=conservative", "politics=moderate", "politics=liberal"]
    coefficients = dict(zip(names, LinearRegression().fit(x, y).coef_, strict=True))
    least_squares = results.scores.query(
        "model == 'least-squares' and method == 'gradient' and level == 'feature'"
    )
    assert least_squares["name"].tolist() == names
    for row in least_squares.itertuples():
        assert row.signed == pytest.approx(coefficients[row.name], abs=1e-6)


def test_results_of_two_engines_are_never_mixed(command, finished):
    shutil.copytree(finished, "mixed")
    without_digests(Path("mixed"))
    connection = sqlite3.connect("mixed/results.sqlite")
    connection.execute("UPDATE trainings SET engine = 'other' WHERE init = 2")
    connection.commit()
    connection.close()
    outcome = command("status", "mixed")
    assert outcome.status == 2
    assert "results of model 'mlp' by several engines (lanes-1, other)" in outcome.err


def test_load_gives_tidy_frames(finished):
    results = study.load(finished)
    keys = ["model", "condition", "method", "level", "seed"]
    for frame, value in (
        (results.scores, "score"),
        (results.shares, "share"),
        (results.ranks, "rank"),
    ):
        assert not frame.duplicated([*keys, "name"]).any()
        assert value in frame
    shares = results.shares.dropna(subset="share").groupby(keys, dropna=False)["share"].sum()
    assert shares.round(9).eq(1).all()
    scores = results.scores.set_index([*keys, "name"])["score"]
    key = ("mlp", "real", "gradient")
    state = sum(
        scores[(*key, "feature", 1, f"State={level}")]
        for level in ("Michigan", "Nebraska", "Oklahoma")
    )
    assert scores[(*key, "variable", 1, "State")] == pytest.approx(state)
    assert set(results.fits["part"]) == {"train", "test"}
    assert len(results.occasions) == 2 * 2 * 3 * 3 * 8
    with pytest.raises(InputError, match="no run there"):
        study.load("nowhere")


def test_traits_of_the_data_stand_beside_the_results(command, finished, people, small):
    traits = study.load(finished).traits
    assert traits["feature"].tolist() == list(people.features)
    assert traits["deviation"].tolist() == people.feature_scale.tolist()
    assert traits["explained"].tolist() == explained(people.train_x, people.groups).tolist()
    # A run made before they were kept is read as it is, and the next one adds them.
    shutil.copytree(finished, "old")
    without_digests(Path("old"))
    connection = sqlite3.connect("old/results.sqlite")
    connection.execute("DROP TABLE features")
    connection.commit()
    connection.close()
    assert study.load("old").traits.empty
    assert command("status", "old").status == 0
    before = stored(Path("old"))
    done = command("run", *small, "--seeds", "3", "--out", "old")
    assert "18 stored, 0 to do" in done.out
    assert_frame_equal(study.load("old").traits, traits)
    assert stored(Path("old")) == before


# -- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("3", [0, 1, 2]), ("7,", [7]), ("7-7", [7]), ("5-8", [5, 6, 7, 8]), ("1,5,9", [1, 5, 9]), ("9,1-3,2", [1, 2, 3, 9])],
)  # fmt: skip
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "x",
        "",
        "-3",
        "9-5",
        "1,x",
        "1.5",
        "0-99999999999",
        "999999999999",
        "1,,2",
        "7-",
        ",",
        "4294967296,",
    ],
)
def test_wrong_seeds(text):
    with pytest.raises(InputError, match="--seeds"):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "--seeds", "0"], "--seeds '0'"),
        (["run", "--seeds", "x"], "--seeds 'x'"),
        (["run", "--models", "forest"], "unknown model 'forest': there is linear, mlp"),
        (["run", "--models", "mlp,mlp"], "a model is named twice"),
        (["run", "--models", "nowhere.toml"], "nowhere.toml: No such file"),
        (["run", "--models", ""], "unknown model ''"),
        (
            ["run", "--data", "nothing"],
            "unknown dataset 'nothing': there is diabetes, people, planted",
        ),
        (["run", "--workers", "0"], "--workers"),
        (["run", "--out", "file"], "file: not a directory"),
        (["run", "--out", "file/below"], "cannot write a run to file/below"),
        (["run", "--sedes", "3"], "No such option"),
        (["run", "--vary", "labels"], "'labels' is not one of 'init', 'order', 'dropout', 'rows'"),
        (["run", "--vary", "init", "--bases", "4"], "one base seed alone may hit a bad fit"),
        (["run", "--vary", "rows", "--bases", "7,"], "--bases '7,': give 5 base seeds or more"),
        (["run", "--vary", "rows", "--bases", "x"], "--bases 'x': give a count"),
        (["run", "--vary", "rows", "--bases", "400", "--seeds", "400"], "at most 100000"),
        (["run", "--bases", "5"], "--bases '5': base seeds go with --vary"),
        (["rum"], "No such command 'rum'"),
        (["report"], "no run under reports/"),
        (["report", "nowhere"], "nowhere: no run there"),
        (["status", "file"], "file: no run there"),
        (["predict", "age"], "'age': write NAME=VALUE"),
        (["weights", "nowhere"], "nowhere: no run there"),
        (["demo", "--seed", "-1"], "--seed"),
        (["demo", "--out", "file/below.pt"], "cannot write file/below.pt"),
    ],
)
def test_bad_input_is_one_line_and_status_2(command, arguments, reason):
    Path("file").write_text("")
    outcome = command(*arguments)
    assert outcome.status == 2
    assert reason in outcome.err
    assert outcome.err.startswith("study: ")
    assert outcome.err.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == ["file"]


@pytest.mark.parametrize("group", [(), ("data",), ("model",)], ids=["study", "data", "model"])
def test_a_group_without_a_command_prints_its_help(command, group):
    """On standard error and with status 2, since nothing was done."""
    asked, bare = command(*group, "--help"), command(*group)
    assert (asked.status, bare.status, bare.out) == (0, 2, "")
    assert "Commands:\n" in bare.err
    assert bare.err == asked.out


def test_a_wrong_table_is_one_line_and_writes_nothing(command):
    shutil.copytree(ROOT / "data", "data")
    table = Path("data/people_train.txt")
    table.write_text(table.read_text().replace("0.39", "thirty-nine", 1))
    outcome = command("run", "--seeds", "1")
    assert outcome.status == 2
    assert "data/people_train.txt, line 2, column age: 'thirty-nine' is not a number" in outcome.err
    assert not Path("reports").exists()


BROKEN = {
    "init": ("ZeroDivisionError: division by zero", "1 / 0", "", "return x.sum(1)"),
    "forward": ("KeyError: 'no'", "", "", "return {}['no']"),
    "shape": ("must map (rows, features) to (rows,), but 1 row gives shape (1, 1)", "", "", "return x[:, :1]"),
    "type": ("but 1 row gives str", "", "", "return 'x'"),
    "syntax": ("SyntaxError: ", "", "(", "return x.sum(1)"),
    "buffer": ("buffer 'b' differs between seeds", "self.register_buffer('b', torch.randn(1))", "", "return x.sum(1) * self.w * self.b"),
    "norm": ("buffer 'd.running_mean', 'd.running_var', 'd.num_batches_tracked' changes in training", "self.d = torch.nn.BatchNorm1d(inputs)", "", "return self.d(x).sum(1) * self.w"),
    "dropout": ("for dropout use study.networks.dropout.Dropout", "self.d = torch.nn.Dropout(0.5)", "", "return self.d(x).sum(1) * self.w"),
    "exit": ("it ends the program (sys.exit) (broken_exit.py, line 9)", "", "", "raise SystemExit"),
    "late": ("ZeroDivisionError: division by zero (broken_late.py, line 9)", "", "passes = []", "return x.sum(1).atan() * self.w + 0 * (passes.append(1) or 1 / (len(passes) < 300))"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_network_that_is_unfit_is_named_in_one_line(command, small, fault, tmp_path):
    reason, init, module, forward = BROKEN[fault]
    Path(f"broken_{fault}.py").write_text(
        f"import torch\n{module}\n"
        "class Broken(torch.nn.Module):\n"
        "    def __init__(self, *, inputs):\n"
        "        super().__init__()\n"
        "        self.w = torch.nn.Parameter(torch.ones(1))\n"
        f"        {init}\n"
        "    def forward(self, x):\n"
        f"        {forward}\n"
    )
    recipe = (ROOT / "models" / "linear.toml").read_text()
    own = recipe.replace("study.networks.linear:Linear", f"broken_{fault}:Broken")
    Path("broken.toml").write_text(own)
    outcome = command(
        "run", *small[:2], "--models", "broken.toml", "--seeds", "2", "--workers", "1"
    )
    assert outcome.status == (1 if fault == "late" else 2)
    # One that fails while it is trained is told before what is kept.
    assert reason in outcome.err.splitlines()[-2 if fault == "late" else -1]
    assert outcome.err.splitlines()[-1].startswith("study: ")
    assert "Traceback" not in outcome.err
    assert Path("reports").exists() == (outcome.status == 1)
    if outcome.status == 1:  # a mended recipe goes on in the same directory
        assert "S016" in command("status").out
        Path("broken.toml").write_text(recipe.replace("epochs = 300", "epochs = 1"))
        assert (
            command(
                "run", *small[:2], "--models", "broken.toml", "--seeds", "1", "--workers", "1"
            ).status
            == 0
        )


@pytest.mark.parametrize("what", ["directory", "run", "results"])
def test_what_is_read_only_is_refused(tmp_path, small, finished, what):
    """As root, permission bits count only without the capability to override them."""
    prefix = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("running as root without setpriv, which nothing is read-only for")
        prefix = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    run = tmp_path / "closed" / "run"
    if what == "directory":
        run.parent.mkdir()
        run.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    else:
        shutil.copytree(finished, run)
        closed = run if what == "run" else run / FILE_NAME
        closed.chmod(closed.stat().st_mode & ~0o222)
    arguments = ["run", *small, "--seeds", "4", "--out", str(run)]
    outcome = subprocess.run(
        [*prefix, STUDY, *arguments], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 2
    assert outcome.stderr == f"study: cannot write a run to {run}: Permission denied\n"


@pytest.mark.alone
def test_help_comes_at_once():
    times = []
    for _ in range(3):
        start = time.perf_counter()
        said = subprocess.run([STUDY, "--help"], capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - start)
    assert "Does a feature-importance finding hold?" in said.stdout
    assert min(times) < 0.5
