"""A run directory from a stranger: it is read without running what it names, within its place."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT, without_digests

import study
import study.cli.main  # it adds the commands
from study.cli.group import commands
from study.common.text import printable

# Each writes a file when it is imported, and another when it is called.
MODULE = """
from pathlib import Path

import pandas as pd

from study.networks.mlp import MLP

MARK = Path("marks")


def mark(what):
    if MARK.exists():
        (MARK / what).touch()


mark("imported")


class Mine(MLP):
    def __init__(self, *, inputs, hidden_widths=(2,)):
        mark("made")
        super().__init__(inputs=inputs, hidden_widths=hidden_widths)


def table():
    mark("called")
    rows = range(60)
    return pd.DataFrame({"a": [i * 7 % 11 for i in rows], "b": [i * 5 % 13 for i in rows],
                         "y": [i * 7 % 11 + 0.1 * (i * 5 % 13) for i in rows]})
"""
DATA = """
title = "Rows"
source = "a function"
[table]
function = "stranger:table"
[split]
test = 0.3
random_state = 0
[[variables]]
name = "a"
type = "numeric"
standardise = true
[[variables]]
name = "b"
type = "numeric"
standardise = true
[target]
name = "y"
tolerance = 0.1
standardise = true
unit = "\\u001b[31mEUR"
[claim]
name = "a"
level = "feature"
rank = 1
proportion = 0.8
model = "mine"
method = "training-gradient"
[permutation]
repeats = 2
"""
READING = [
    ("status",), ("report",), ("table", "claim"), ("table", "importance-features"),
    ("cite",), ("cite", "--format", "latex"), ("dump",), ("check",), ("check", "--retrain", "1"),
    ("weights",), ("weights", "--force"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> Path:
    """A run of a stranger's network and function, and their module."""
    folder = tmp_path_factory.mktemp("sender")
    (folder / "stranger.py").write_text(MODULE)
    (folder / "rows.toml").write_text(DATA)
    recipe = (ROOT / "models" / "mlp.toml").read_text().replace("epochs = 300", "epochs = 2")
    recipe = recipe.replace("study.networks.mlp:MLP", "stranger:Mine")
    recipe = recipe.replace("hidden_widths = [10, 10]", "hidden_widths = [2]")
    (folder / "mine.toml").write_text(recipe.replace('"MLP"', '"Mine"'))
    arguments = ["run", "--data", "rows.toml", "--models", "mine.toml", "--seeds", "3"]
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setattr("sys.dont_write_bytecode", True)
        made = CliRunner().invoke(commands, [*arguments, "--workers", "1", "--out", "run"])
        assert made.exit_code == 0, (made.output, made.exception)
        forget_module()
    return folder


def forget_module() -> None:
    sys.modules.pop("stranger", None)


@pytest.fixture
def received(command, sent, tmp_path) -> Iterator[Path]:
    """The run in the working directory, where what it names lies, and would leave marks."""
    shutil.copytree(sent / "run", "home/run")
    shutil.copy(sent / "stranger.py", "stranger.py")
    shutil.copy(sent / "rows.toml", "rows.toml")
    Path("data").mkdir()
    shutil.copy(sent / "rows.toml", "data/rows.toml")
    Path("marks").mkdir()
    yield Path("home/run")
    forget_module()


def forge(run: Path, *statements: str) -> None:
    """Change a run as one that is too old for digests."""
    without_digests(run)
    with closing(sqlite3.connect(run / "results.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def tree(run: Path) -> dict[str, bytes | None]:
    """All that lies around a run, and not in it."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in Path().rglob("*")
        if run not in path.parents
    }


def read_all(command, run: Path) -> list:
    """Put a run through every command that reads one, and through Python."""
    other = run.with_name("other")
    shutil.copytree(run, other)
    outcomes = [command(*words, str(run)) for words in READING]
    outcomes += [
        command("claim", str(run), "b rank 1 in 0.8"),
        command("compare", str(run), str(other)),
        command("predict", "--run", str(run), "a=1", "b=2"),
    ]
    shutil.rmtree(other)
    loaded = study.load(run)
    assert len(loaded.scores)
    assert loaded._repr_html_()
    return outcomes


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "statements",
    [
        (),
        ("UPDATE run SET dataset = 'rows.toml'",),
        ("UPDATE run SET dataset = '../../rows.toml'",),
        *(
            (
                f"UPDATE models SET model = '{name}' WHERE model = 'mine'",
                f"UPDATE trainings SET model = '{name}' WHERE model = 'mine'",
            )
            for name in ("../../mine", "../mine", "/tmp/importance-study-mine", "..\\mine")
        ),
    ],
)
def test_reading_runs_nothing_and_writes_nothing_elsewhere(command, received, statements):
    if statements:
        forge(received, *statements)
    before = tree(received)
    outcomes = read_all(command, received)
    assert tree(received) == before
    assert not any(Path("marks").iterdir())
    assert not Path("/tmp/importance-study-mine.pt").exists()
    for outcome in outcomes:
        assert outcome.status in (0, 1, 2)
        assert "unforeseen" not in outcome.err
    assert outcomes[-1].status == 0
    assert "mine is left out, as it would run stranger:Mine: if you trust" in outcomes[-1].out
    if "model" in str(statements):
        weights = outcomes[READING.index(("weights",))]
        assert weights.status == 2
        assert "no file can have this name" in weights.err


def test_what_the_run_names_runs_where_it_is_trusted(command, received):
    told = command("check", str(received))
    assert "as it would run stranger:table, which the run names" in " ".join(told.out.split())
    assert not any(Path("marks").iterdir())
    # The function that a recipe of one's own names, and no network.
    told = " ".join(command("check", str(received), "--data", "rows.toml").out.split())
    assert "mine is left out below, as it would run stranger:Mine, which the run names" in told
    assert Path("marks/called").exists()
    assert not Path("marks/made").exists()
    told = command("check", str(received), "--data", "rows.toml", "--trust", "--retrain", "1")
    assert told.status == 0, told.out
    assert Path("marks/made").exists()
    assert "Mine" in command("predict", "--run", str(received), "a=1", "b=2", "--trust").out


def test_a_function_with_other_arguments_than_one_s_own_recipe_gives_is_not_called(
    command, received
):
    recipe = json.loads(
        sqlite3.connect(received / "results.sqlite").execute("SELECT recipe FROM run").fetchone()[0]
    )
    recipe["table"]["arguments"] = {"rows": 3}
    text = json.dumps(recipe).replace("'", "''")
    forge(received, f"UPDATE run SET recipe = '{text}'")
    told = command("check", str(received), "--data", "rows.toml").out
    assert "as it would run stranger:table, which the run names" in " ".join(told.split())
    assert not any(Path("marks").iterdir())


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("report.html", ("report",)),
        ("figures", ("report",)),
        ("tables", ("report",)),
        ("tables/claim.csv", ("report",)),
        ("figures/claim.png", ("report",)),
        ("weights", ("weights",)),
        ("numbers.tex", ("cite", "--format", "latex")),
    ],
)
def test_a_link_that_leads_out_of_a_run_is_not_followed(command, received, name, words):
    without_code = [
        """UPDATE models SET recipe = replace(recipe, 'stranger:Mine', 'study.networks.mlp:MLP')"""
    ]
    forge(received, *without_code)
    Path("elsewhere").mkdir()
    link = received / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(Path("elsewhere").absolute() / "file")
    if name in ("figures", "tables", "weights"):
        Path("elsewhere/file").mkdir()
    before = tree(received)
    outcome = command(*words, str(received))
    assert outcome.status == 2
    assert f"{link}: a link to outside of {link.parent}: remove it" in outcome.err
    assert tree(received) == before


def test_a_lock_that_is_a_link_is_not_followed(command, received, sent):
    Path("precious").write_text("mine")
    (received / "run.lock").symlink_to(Path("precious").absolute())
    shutil.copy(sent / "mine.toml", "mine.toml")
    arguments = ["run", "--data", "rows.toml", "--models", "mine.toml", "--seeds", "3"]
    assert command(*arguments, "--out", str(received)).status == 2
    assert Path("precious").read_text() == "mine"


@pytest.mark.usefixtures("undrawn")
def test_no_control_sign_of_a_run_reaches_the_terminal(command, received):
    """Of the target's unit, environments, titles and names."""
    forge(
        received,
        "UPDATE environments SET description = "
        "replace(description, 'Linux', 'Linux' || char(92) || 'u001b[31m')",
        "UPDATE models SET recipe = replace(recipe, '\"Mine\"', '\"Mi\\u001b[2Jne\\u202e\"')",
        "UPDATE run SET recipe = replace(recipe, '\"a\"', '\"a\\u001b]0;x\\u0007\"')",
        "UPDATE scores SET item = 'a' || char(27) || ']0;x' || char(7) WHERE item = 'a'",
        "UPDATE occasions SET feature = 'a' || char(27) || ']0;x' || char(7) WHERE feature = 'a'",
        "DELETE FROM features",
        "DELETE FROM prepared",
    )
    said = [command(*words, str(received)) for words in READING]
    said += [
        command("table", "importance-features", str(received), "--format", form)
        for form in ("csv", "markdown", "latex", "html")
    ]
    said.append(command("predict", "--run", str(received), "a\x1b]0;x\x07=1", "b=2"))
    for outcome in said:
        lines = (outcome.out + outcome.err).splitlines()
        assert not [line for line in lines if set(line) & set("\x1b\x07\x9b\r")]
    for outcome in (said[0], said[-1]):
        assert outcome.status == 0, outcome.err
        for line in outcome.out.splitlines():
            assert line == printable(line)
    assert "EUR" in said[-1].out
    assert "\x1b" not in said[-1].out


def test_all_that_commands_print_goes_through_one_place():
    files = (ROOT / "study" / "cli").glob("*.py")
    assert [of.name for of in files if "click.echo" in of.read_text()] == ["group.py"]
