"""What a machine ran short of is told as that, with what helps, and is no fault of user's code."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from study.cli.group import commands
from study.cli.main import main
from study.common.errors import InputError
from study.common.files import read_bytes, unwritable, write_new
from study.common.shortage import ShortageError, in_words, refuse_shortage
from study.networks.build import MOST_WEIGHTS, Unfit, build
from study.recipes.model import ModelRecipe


class Demanding(nn.Module):
    """A network that asks for more memory than any machine has."""

    def __init__(self, inputs: int, by: str) -> None:
        super().__init__()
        if by == "torch":
            torch.empty(2**60)
        elif by == "numpy":
            np.empty(2**50)
        raise ValueError(f"nothing of {inputs}")


def recipe(network: str, **arguments: object) -> ModelRecipe:
    return ModelRecipe(
        title="Mine",
        network=network,
        arguments=arguments,
        training={"epochs": 1, "batch_size": 1, "learning_rate": 0.1},
    )


@pytest.mark.parametrize("by", ["torch", "numpy"])
def test_too_little_memory_is_not_blamed_on_the_class_that_asked_for_it(by: str) -> None:
    with pytest.raises(ShortageError, match=r"too little memory .* fewer --workers") as found:
        build(recipe(f"{__name__}:Demanding", by=by), inputs=3, init=0)
    assert found.value.exit_status == 1


def test_another_error_of_the_class_stays_its_own() -> None:
    with pytest.raises(Unfit, match="ValueError: nothing of 3"):
        build(recipe(f"{__name__}:Demanding", by="nothing"), inputs=3, init=0)


def test_memory_is_found_behind_the_error_that_came_of_it() -> None:
    try:
        try:
            raise MemoryError
        except MemoryError as error:
            raise ImportError("NumPy cannot be imported") from error
    except ImportError as error:
        with pytest.raises(ShortageError, match="too little memory"):
            refuse_shortage(error)


def test_a_full_database_says_that_room_is_to_be_made(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "full.sqlite")) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE numbers (number BLOB)")
        with pytest.raises(sqlite3.OperationalError) as found:
            connection.execute("INSERT INTO numbers VALUES (zeroblob(1000000))")
    assert in_words(found.value).startswith("database or disk is full: make room on its disk")


@pytest.mark.parametrize(
    ("number", "help_"),
    [
        (errno.ENOSPC, "make room on its disk"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENOMEM, "ulimit -v"),
    ],
)
def test_what_the_system_lacks_is_told_with_its_place_and_what_helps(
    tmp_path: Path, number: int, help_: str
) -> None:
    said = str(unwritable(tmp_path, OSError(number, "it says so")))
    assert str(tmp_path) in said
    assert help_ in said


def test_what_is_no_shortage_is_told_as_the_system_says_it(tmp_path: Path) -> None:
    error = PermissionError(errno.EACCES, "Permission denied")
    assert in_words(error) == "Permission denied"
    refuse_shortage(error)


def test_a_link_to_nothing_is_called_one(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"link is a link to .*nothing, which is not there"):
        read_bytes(link)
    with pytest.raises(InputError, match=r"link is a link to .*nothing, which is not there"):
        write_new(link, "")
    with pytest.raises(InputError, match=r"link is a link to .*nothing, which is not there"):
        write_new(link / "inside", "")


def test_a_network_of_too_many_weights_is_refused_before_memory_is_taken() -> None:
    much = recipe("study.networks.mlp:MLP", hidden_widths=[10**8, 10**8])
    # Inputs, weights and biases of each layer: 3 x 10^8 + 10^16 + 10^8, and three biases.
    count = 3 * 10**8 + 10**16 + 10**8 + 2 * 10**8 + 1
    with pytest.raises(Unfit, match=f"{count:,} weights, and at most {MOST_WEIGHTS:,}"):
        build(much, inputs=3, init=0)


@pytest.mark.parametrize(
    "error", [MemoryError(), ImportError("x.so: failed to map segment from shared object")]
)
def test_a_command_with_too_little_memory_says_so_in_a_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(commands, "main", fails)
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("study: too little memory")
    assert said.count("\n") == 1
