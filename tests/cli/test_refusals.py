"""What is wrong at random is refused in a line, and no file is touched that no command made."""

import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from benchmark_programs import program

from study.cli.group import commands
from study.common.text import message

RECIPES, LINES = 40, 38
DIGITS = "9" * 5000


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    return program("refusals")


def test_mutated_recipes_are_refused_in_a_line_or_taken(fuzz):
    found = fuzz.outcomes(fuzz.recipes, RECIPES, 1)
    assert [(one.fault, one.said) for one in found if one.fault] == []
    assert sum(one.status == 2 for one in found) > RECIPES / 2


def test_mutated_command_lines_are_refused_in_a_line_or_taken(fuzz):
    found = fuzz.outcomes(fuzz.lines, LINES, 1)
    assert [(one.fault, one.arguments, one.said) for one in found if one.fault] == []
    assert sum(one.status == 2 for one in found) > LINES / 2


def planted_fault(name: str):
    """What a command does amiss, and the fault that the fuzz must then find."""

    def writes(*_, **__) -> None:
        Path("t.csv").write_text("gone")

    def makes(*_, **__) -> None:
        Path("left behind").write_text("")
        sys.exit(2)

    def raises(*_, **__) -> None:
        raise ZeroDivisionError

    def tells(*_, **__) -> None:
        click.echo("\n".join("abc"), err=True)
        sys.exit(2)

    return {"a file touched": writes, "a file made": makes, "status 1": raises, "too many lines": tells}[name]  # fmt: skip


@pytest.mark.parametrize("fault", ["a file touched", "a file made", "status 1", "too many lines"])
def test_the_fuzz_finds_what_is_amiss(fuzz, fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("mine")
    monkeypatch.setattr(commands.commands["status"], "callback", planted_fault(fault))
    assert fuzz.tried(("status",)).fault == fault
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("option", ["--seeds", "--splits", "--shuffles", "--workers", "--seeds-per-split"])  # fmt: skip
def test_a_number_of_thousands_of_digits_is_refused(command, option):
    outcome = command("plan", option, DIGITS)
    assert outcome.status == 2
    assert outcome.err.startswith(f"study: {option} '9999")
    assert len(outcome.err) < 200


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 3000 + "]" * 3000, "0x" + "f" * 5000, "{a=" * 200 + "1" + "}" * 200])  # fmt: skip
@pytest.mark.parametrize("key", ["title", "epochs", "arguments"])
def test_a_value_beyond_all_keys_is_refused_in_a_line(command, key, value):
    Path("own.toml").write_text(f"{key} = {value}\n")
    for words in (("model", "check", "own.toml"), ("data", "check", "own.toml")):
        outcome = command(*words)
        assert outcome.status == 2
        assert outcome.err.startswith("study: own.toml: ")
        assert outcome.err.endswith(": no key takes that\n")


def test_a_message_keeps_both_ends_of_a_long_quotation_and_its_remedy():
    said = message(f"--seeds '{'a' * 1000}{'z' * 1000}': give a count")
    assert said.startswith("--seeds 'aaaa")
    assert said.endswith("zzz': give a count")
    assert len(said) == len("--seeds : give a count") + 80


@pytest.mark.parametrize("text", ["x" * 2000, "word " * 400, "'" * 3000, "a'b" * 900, "'é' " * 500])
def test_a_message_is_never_longer_than_a_few_lines(text):
    assert len(message(f"{text}: do this")) < 300
    assert message(f"{text}: do this").endswith(": do this")


def test_an_ordinary_message_stays_as_it_is():
    said = "runs/a/t.csv, line 3: 'Ünï' is not a number; is the comma decimal = \",\"?"
    between = f"model 'Own': the class's {'words ' * 30}'trees' do not fit"
    for ordinary in (said, between):
        assert message(ordinary) == ordinary


@pytest.mark.parametrize(
    ("sign", "seen"),
    [("\n", "\\n"), ("\x1b", "\\x1b"), ("\u202e", "\\u202e"), ("\udcff", "\\udcff"), ("\x85", "\\x85")],
)  # fmt: skip
def test_control_characters_are_seen_in_messages(command, sign, seen):
    outcome = command("table", f"a{sign}b")
    assert outcome.status == 2
    assert f"a{seen}b" in outcome.err
    assert sign not in outcome.err.rstrip("\n")


def test_a_name_that_no_file_can_have_is_bad_input(command):
    outcome = command("status", "x" * 2000)
    assert outcome.status == 2
    assert outcome.err.endswith(": File name too long\n")


@pytest.mark.parametrize("words", [["claim", "b" * 2000], ["predict", "b" * 2000]])
def test_words_that_are_too_long_for_a_folder_are_not_taken_for_one(command, words):
    outcome = command(*words)
    assert outcome.status == 2
    assert "File name too long" not in outcome.err


@pytest.mark.parametrize("name", ["t.csv", "./t.csv", "folder/t.csv"])
def test_a_table_where_a_recipe_is_expected_is_told_how_to_become_one(command, name):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("area,price\n1,2\n")
    outcome = command("plan", "--data", name)
    assert outcome.status == 2
    assert f"'study data init {Path(name)} --target COLUMN' makes a recipe" in outcome.err


def test_a_file_that_is_no_model_s_recipe_is_told_what_one_is(command):
    Path("net.py").write_text("class Net: pass\n")
    for name in ("net.py", "./net.py"):
        outcome = command("plan", "--models", name)
        assert outcome.status == 2
        assert "a recipe is a .toml file, which names the class of the model" in outcome.err
