"""What stands where a command is to write: its own file is replaced, others are kept."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
import torch

# Command: its options, and the file that it writes.
WRITERS = {
    "dump": (("dump", "run", "--out", "here/dump.txt"), "here/dump.txt"),
    "cite": (("cite", "run", "--format", "latex", "--out", "here/n.tex"), "here/n.tex"),
    "checklist": (("cite", "run", "--checklist", "--out", "here/c.md"), "here/c.md"),
    "cite as it comes": (("cite", "run", "--format", "latex"), "run/numbers.tex"),
    "weights": (("weights", "run", "--out", "here"), "here/mlp.pt"),
    "weights as it comes": (("weights", "run"), "run/weights/mlp.pt"),
    "report": (("report", "run", "--docx"), "run/report.docx"),
    "compare": (("compare", "run", "other", "--out", "here"), "here/compare.html"),
}
each_writer = pytest.mark.parametrize(("arguments", "file"), WRITERS.values(), ids=WRITERS)


@pytest.fixture
def here(command, finished, tmp_path) -> Path:
    """The folder where the commands are run, with two runs in it."""
    for name in ("run", "other"):
        shutil.copytree(finished, tmp_path / name)
    return tmp_path


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@each_writer
def test_a_file_of_another_s_is_kept_and_force_overwrites_it(
    command, here, undrawn, arguments, file
):
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("my own notes\n")
    before = listing(here)
    refused = command(*arguments)
    assert refused.status == 2
    assert refused.err.startswith(f"study: {file}: there already, and not written by this command")
    assert "--force" in refused.err
    assert refused.err.count("\n") == 1
    assert path.read_text() == "my own notes\n"
    assert listing(here) == before
    assert command(*arguments, "--force").status == 0
    assert path.read_bytes() != b"my own notes\n"


@each_writer
def test_a_command_replaces_the_file_that_it_wrote(command, here, undrawn, arguments, file):
    assert command(*arguments).status == 0
    path = Path(file)
    first, names = path.read_bytes(), listing(here)
    if not file.endswith(".pt"):
        path.write_bytes(first + b"% a line that somebody added\n")
    assert command(*arguments).status == 0
    assert path.read_bytes() == first
    assert listing(here) == names


def test_no_file_of_one_command_passes_for_one_of_another(command, here, undrawn):
    written = {file: arguments for arguments, file in WRITERS.values() if file.startswith("here")}
    for arguments in written.values():
        assert command(*arguments).status == 0
    kept = {file: Path(file).read_bytes() for file in written}
    for file, arguments in written.items():
        for other, content in kept.items():
            Path(file).write_bytes(content)
            assert (command(*arguments).status == 0) == (other == file), (file, other)


def test_weights_of_another_program_are_kept(command, here):
    path = Path("run/weights/mlp.pt")
    path.parent.mkdir()
    torch.save({"real": {"weights": torch.zeros(2)}}, path)
    kept = path.read_bytes()
    assert command("weights", "run").status == 2
    assert path.read_bytes() == kept
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"of somebody else"
    assert command("weights", "run").status == 2


def test_figures_and_tables_of_another_s_are_kept_without_a_page(command, here, undrawn):
    mine = Path("here/tables/compare-claim.csv")
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused = command("compare", "run", "other", "--out", "here")
    assert refused.status == 2
    assert refused.err.startswith(f"study: {mine}: there already")
    assert listing(here / "here") == ["tables", "tables/compare-claim.csv"]


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_what_is_no_ordinary_file_is_refused_even_by_force(command, here, force):
    os.mkfifo("pipe")
    for arguments in (("dump", "run"), ("cite", "run", "--format", "latex")):
        refused = command(*arguments, "--out", "pipe", *force)
        assert refused.status == 2
        assert "pipe: not an ordinary file" in refused.err
    assert Path("pipe").is_fifo()


def test_a_link_to_a_file_stays_a_link(command, here):
    assert command("dump", "run", "--out", "dump.txt").status == 0
    content = Path("dump.txt").read_text()
    Path("dump.txt").write_text(content.splitlines(keepends=True)[0])
    Path("link").symlink_to("dump.txt")
    assert command("dump", "run", "--out", "link").status == 0
    assert Path("link").is_symlink()
    assert Path("dump.txt").read_text() == content


def test_a_recipe_that_is_there_is_overwritten_by_force_alone(command):
    """Its owner may have changed it, whoever wrote it."""
    Path("t.csv").write_text("a,b,price\n" + "".join(f"{i},{i * i % 7},{i}\n" for i in range(30)))
    arguments = ("data", "init", "t.csv", "--target", "price")
    assert command(*arguments).status == 0
    recipe = Path("data/t.toml")
    made = recipe.read_text()
    recipe.write_text(f"{made}# a line of mine\n")
    refused = command(*arguments)
    assert refused.status == 2
    assert "data/t.toml is there already" in refused.err
    assert "--force" in refused.err
    assert recipe.read_text() == f"{made}# a line of mine\n"
    assert command(*arguments, "--force").status == 0
    assert recipe.read_text() == made
    assert listing(Path("data")) == ["t.toml"]


@pytest.mark.parametrize(
    "name", [name for name in WRITERS if name not in ("cite as it comes", "report")]
)
def test_a_file_where_a_folder_is_to_be_is_told_and_kept(command, here, undrawn, name):
    arguments, file = WRITERS[name]
    folder = Path(file).parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("a file\n")
    refused = command(*arguments)
    assert refused.status == 2
    assert refused.err.startswith(f"study: {folder}/")
    assert refused.err.endswith(": its folder is a file\n")
    assert folder.read_text() == "a file\n"
