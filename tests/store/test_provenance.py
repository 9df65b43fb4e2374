"""The history of a run: when, by what command, where and with what; and nothing of it elsewhere."""

import os
import platform
import re
import shlex
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import check_page
from conftest import ROOT, made_run, shipped, without_digests

import study
from study.analysis.overview import Overview
from study.common.errors import InputError
from study.common.versions import source_digest
from study.common.vocabulary import LEAST_SQUARES
from study.engines.registry import engine_for
from study.execution import carry_out, run
from study.execution.plan import ordinary, plan
from study.report.figures.display import Display, Drawings
from study.report.page import write_report
from study.report.text.citation import macros
from study.report.text.terminal import status
from study.store import provenance as module
from study.store.lock import locked
from study.store.provenance import circumstances, command_line, commit
from study.store.run_directory import FILE_NAME, create
from study.store.store import Store
from study.store.writer import Writer

START = datetime.fromisoformat("2026-01-02T03:04:05+00:00")


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def block(text: str) -> tuple[str, str]:
    """The provenance block of a page, and the page without it."""
    [found] = re.findall(r'<section id="provenance".*?</section>', text, flags=re.DOTALL)
    return found, text.replace(found, "")


# -- what is recorded --------------------------------------------------------------------------


def test_a_run_in_pieces_differs_from_one_at_once_in_the_block_alone(tmp_path, people):
    """Tables, figures and macros too: by the byte."""
    draw = np.random.default_rng(3).gamma(2, size=(2, 5, 8))
    conditions = ("real", "shuffled")

    def extend(directory: Path, first: int, last: int, day: int, **more: str) -> None:
        create(directory, "people", people.recipe, people.hashes)
        with Writer(directory) as store:
            # The same seeds each time, as of a run that was interrupted.
            store.add_history(at(86400 * day), "transformer; seeds 0-4", 9, **more)
            scores = {
                ("transformer", condition): {"gradient": draw[number, first : last + 1]}
                for number, condition in enumerate(conditions)
            }
            made_run(directory, people.recipe, scores, first_seed=first, environment={"torch": "2"})
            store.end_history(at(86400 * day + 60))

    whole, pieces = tmp_path / "a" / "run", tmp_path / "b" / "run"
    extend(whole, 0, 4, 0, workers="1", command="study run --seeds 5")
    extend(pieces, 2, 3, 1, workers="2", command="study run --seeds 2-3")
    extend(pieces, 0, 1, 2, workers="1", command="study run --seeds 2")
    extend(pieces, 4, 4, 3, command="study run --seeds 5")
    both = [study.load(directory) for directory in (whole, pieces)]
    assert both[0].identity == both[1].identity
    assert macros(Overview(both[0])) == macros(Overview(both[1]))
    for results in both:
        write_report(Overview(results))
    files = [
        {
            path.relative_to(directory): path.read_bytes()
            for path in directory.rglob("*.*")
            if path.name not in (FILE_NAME, "report.html")
        }
        for directory in (whole, pieces)
    ]
    assert files[0] == files[1]
    assert {".png", ".svg", ".csv", ".tex", ".md"} == {path.suffix for path in files[0]}
    blocks, rests = zip(
        *(block((directory / "report.html").read_text()) for directory in (whole, pieces)),
        strict=True,
    )
    assert rests[0] == rests[1]
    assert at(0)[:7] not in rests[0]
    assert [text.count("1 min 00 s") for text in blocks] == [1, 3]
    assert "study run --seeds 2-3" in blocks[1]
    assert "study run --seeds 2-3" not in rests[1]


def test_a_run_of_the_command_line_tells_all_of_it(command, small, monkeypatch):
    """Here the training itself is left out."""
    monkeypatch.setattr(carry_out, "run", lambda *_, **__: run.Outcome())
    outcome = command("run", *small, "--seeds", "2", "--vary", "order", "--out", "my run")
    assert outcome.status == 0, outcome.err
    with Store(Path("my run")) as store:
        [row] = store.history().to_dict("records")
    data, models = small[1], small[3]
    typed = f"study run --data {data} --models {models} --seeds 2 --vary order --out 'my run'"
    assert row["command"] == typed
    assert row["networks"] == 2 * 5 * 2
    assert row["stored"] == 0
    assert row["started"] <= row["ended"]
    assert re.search(r"\d", row["workers"])
    told = row["circumstances"]
    assert f"torch {version('torch')}" in told["libraries"].split(", ")
    assert told["Python"].endswith(platform.python_version())
    assert told["source of importance-study, SHA-256"] == source_digest(ROOT / "study")


@pytest.mark.parametrize(("error", "said"), [(KeyboardInterrupt, 130), (RuntimeError, 1)])
def test_a_run_that_is_stopped_or_fails_has_an_end(command, small, monkeypatch, error, said):
    def stopping(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(carry_out, "run", stopping)
    assert command("run", *small, "--seeds", "2", "--out", "run").status == said
    with Store(Path("run")) as store:
        history = store.history()
    assert history["ended"].notna().tolist() == [True]
    assert history["stored"].tolist() == [0]


def test_what_a_killed_extension_stored_is_known_from_the_next(tmp_path, people):
    scores = {("mlp", "real"): {"gradient": np.random.default_rng(0).gamma(2, size=(2, 8))}}
    create(tmp_path, "people", people.recipe, people.hashes)
    with Writer(tmp_path) as store:
        store.add_history(at(0), "first", 9)  # killed after two
        made_run(tmp_path, people.recipe, scores)
        store.add_history(at(60), "second", 7)
        made_run(tmp_path, people.recipe, scores, first_seed=2)
        made_run(tmp_path, people.recipe, scores, first_seed=4)
        store.end_history(at(125))
        store.add_history(at(200), "third", 3)
        history = store.history()
    assert history["stored"].tolist() == [2, 4, 0]
    assert history["ended"].isna().tolist() == [True, False, True]
    lines = [line.strip() for line in status(Overview(study.load(tmp_path))).splitlines()]
    assert (
        "2026-01-02 03:04:05 UTC, ended without a word: first: 9 networks missing, 2 stored"
        in lines
    )
    assert "2026-01-02 03:05:05 UTC, for 1 min 05 s: second: 7 networks missing, 4 stored" in lines
    last = "2026-01-02 03:07:25 UTC, {}: third: 3 networks missing, 0 stored"
    assert last.format("ended without a word") in lines
    with locked(tmp_path, "study run"):
        lines = [line.strip() for line in status(Overview(study.load(tmp_path))).splitlines()]
    assert last.format("at work still") in lines
    assert lines[0].startswith(f"At work there: 'study run', process {os.getpid()} on host")


def test_a_run_of_an_older_version_is_read_and_goes_on(tmp_path):
    """The reference study as its history was before there were more columns."""
    shutil.copy(ROOT / "reports" / "reference" / "people" / FILE_NAME, tmp_path)
    without_digests(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("DROP TABLE IF EXISTS history")
        connection.execute(
            "CREATE TABLE history (started TEXT NOT NULL, asked TEXT NOT NULL, "
            "networks INTEGER NOT NULL)"
        )
        connection.execute("INSERT INTO history VALUES (?, 'as before', 9)", (at(0),))
        connection.commit()
    before = study.load(tmp_path)
    assert "  2026-01-02 03:04:05 UTC: as before: 9 networks missing\n" in status(Overview(before))
    with Writer(tmp_path) as store:
        store.add_history(at(60), "now", 3, command="study run", circumstances={"cores": "2 of 2"})
        store.end_history(at(62))
    after = study.load(tmp_path)
    assert after.identity == before.identity
    old, new = after.history.to_dict("records")
    assert (old["started"], old["asked"], old["networks"]) == (at(0), "as before", 9)
    assert pd.isna([old["ended"], old["stored"], old["command"], old["workers"]]).all()
    assert old["circumstances"] == {}
    assert (new["ended"], new["stored"], new["circumstances"]) == (at(62), 0, {"cores": "2 of 2"})


def test_status_tells_of_a_run_without_ordinary_seeds(command, people):
    create(Path("run"), "people", people.recipe, people.hashes)
    with Writer(Path("run")) as store:
        store.add_history(at(0), "mlp; seeds 100-103, varying order at base seed 7", 4)
    said = command("status", "run")
    assert said.status == 0, said.err
    assert "seeds:\nnone yet\n" in said.out
    assert "ended without a word: mlp; seeds 100-103" in said.out
    # Networks of --vary alone are no run to the other commands.
    varied = {("mlp", "order", 7): {"gradient": np.random.default_rng(0).gamma(2, size=(4, 8))}}
    with pytest.raises(InputError, match="only networks of --vary or of splits are stored"):
        made_run(Path("run"), people.recipe, {}, varied=varied)
    assert command("report", "run").status == 2
    said = command("status", "run")
    assert said.status == 0, said.err
    header, row = (line for line in said.out.splitlines() if re.match(r" *(model +init|MLP)", line))
    assert header.split() == ["model", "init", "order", "dropout", "rows"]
    assert row.split() == ["MLP", "-", "100-103", "at", "7", "-", "-"]
    assert "4 networks missing, 4 stored" in said.out


def test_what_is_stored_of_a_run_can_be_read_before_least_squares_is(command, people):
    """Which is begun first, and yet may take longer than others, or fail."""
    scores = {("transformer", "real"): {"gradient": np.random.default_rng(0).gamma(2, size=(4, 8))}}
    made_run(Path("run"), people.recipe, scores, least_squares=None)
    for words in (["status"], ["cite"], ["table", "claim"], ["claim", "age rank 1 in 0.5"]):
        said = command(
            words[0], *(["run", *words[1:]] if words[0] == "claim" else [*words[1:], "run"])
        )
        assert said.status == 0, said.err
    wanted = ordinary(range(300))
    found = plan({"mlp": engine_for(shipped("mlp"), 8)}, people, wanted, stored=set())
    assert [block.model == LEAST_SQUARES for block in found.blocks].index(True) == 0


# -- the page ----------------------------------------------------------------------------------


def rendered(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of a run without its figures."""
    none = Drawings(b"", "<svg/>", "<svg/>")
    monkeypatch.setattr(Display, "drawings", lambda _: none)
    return write_report(Overview(study.load(directory)))


def test_thirty_extensions_are_folded_and_what_strangers_wrote_is_escaped(
    tmp_path, people, monkeypatch
):
    scores = {("transformer", "real"): {"gradient": np.random.default_rng(0).gamma(2, size=(4, 8))}}
    made_run(tmp_path, people.recipe, scores)
    hostile = "study run --out '<script>alert(1)</script>'"
    with Writer(tmp_path) as store:
        for number in range(30):
            told = {"operating system": "Linux", "git commit": f"{number // 10:040d}"}
            store.add_history(
                at(number), f"asked {number}.", 5, command=hostile, circumstances=told
            )
            store.end_history(at(number + 1))
    found, rest = block(rendered(tmp_path, monkeypatch).read_text())
    assert [found.count(f"asked {number}.") for number in range(30)] == [1] * 30
    assert "<script>" not in found
    assert found.count("&lt;script&gt;") == 30
    assert "asked" not in rest
    # The last three are seen at once; of each circumstances there is one.
    folded = re.sub(r"<details>.*?</details>", "", found, flags=re.DOTALL)
    assert re.findall(r"asked \d+", folded) == ["asked 27", "asked 28", "asked 29"]
    assert re.findall(r"<summary>(\d+-\d+): ", found) == ["1-10", "11-20", "21-30"]


def test_no_name_of_a_person_a_host_or_a_home_stands_on_the_page(command, tmp_path, monkeypatch):
    home = tmp_path / "home" / "ada-lovelace"
    (home / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "ada-lovelace")
    monkeypatch.setattr(platform, "node", lambda: "lovelace-s-machine")
    monkeypatch.chdir(home / "work")
    git("init", "-q")
    seeds = pd.DataFrame(np.random.default_rng(0).gamma(2, size=(4, 2)), columns=["a", "b"])
    table = seeds.rename_axis("seed").reset_index().melt("seed", var_name="feature")
    table = table.rename(columns={"value": "score"}).assign(model="m", method="g")
    table.to_csv(home / "work" / "scores.csv", index=False)
    git("add", "-A")
    git("commit", "-qm", "x")
    claim = ("--claim", "a rank 1 in 0.8")
    assert command("import", str(home / "work" / "scores.csv"), *claim, "--out", "run").status == 0
    text = rendered(Path("run"), monkeypatch).read_text()
    said = command("status", "run").out + command("cite", "run").out
    assert not re.search(r"lovelace|@example", text + said, re.IGNORECASE)
    found, _ = block(text)
    assert "study import ~/work/scores.csv --claim &#39;a rank 1 in 0.8&#39; --out run" in found
    assert git("rev-parse", "HEAD") in found
    assert "4 seeds of models and conditions missing, 4 stored" in found


def test_the_block_is_sound_in_a_browser(tmp_path, people, monkeypatch, chromium):
    scores = {("transformer", "real"): {"gradient": np.random.default_rng(0).gamma(2, size=(4, 8))}}
    made_run(tmp_path, people.recipe, scores)
    with Writer(tmp_path) as store:
        for number in range(12):
            command = f"study run --data ~/{'a-long-folder/' * 12}people.toml --seeds {number}"
            told = circumstances(None) | {"git commit": f"{number:040d}"}
            store.add_history(at(number), "transformer", 5, command=command, circumstances=told)
    whole = rendered(tmp_path, monkeypatch)
    found, _ = block(whole.read_text())
    head, _, _ = whole.read_text().partition("<body>")
    alone = tmp_path / "block.html"
    alone.write_text(f"{head}<body><h1>A page</h1>{found}</body></html>")
    assert check_page(alone, chromium) == []


# -- circumstances -----------------------------------------------------------------------------


def git(*arguments: str) -> str:
    """Run git in the working directory, as somebody."""
    who = ("-c", "user.name=Ada Lovelace", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commit_is_told_with_whether_there_are_changes(folder, monkeypatch, capfd):
    assert commit(folder) == ""
    git("init", "-q")
    assert commit(folder) == ""  # there is none yet
    (folder / "recipe.toml").write_text("a = 1\n")
    git("add", "-A")
    git("commit", "-qm", "x")
    head = git("rev-parse", "HEAD")
    (folder / "below").mkdir()
    (folder / "below" / "new").touch()
    assert commit(folder) == commit(folder / "below") == head
    (folder / "recipe.toml").write_text("a = 2\n")
    index = (folder / ".git" / "index").read_bytes()
    assert commit(folder) == f"{head} and uncommitted changes"
    assert (folder / ".git" / "index").read_bytes() == index
    # Git's own switch for its tests: as if the folder were another user's.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert commit(folder) == ""
    assert capfd.readouterr() == ("", "")


def test_a_folder_s_configuration_starts_no_program(folder):
    git("init", "-q")
    git("commit", "-qm", "x", "--allow-empty")
    (folder / "hook").write_text(f"#!/bin/sh\ntouch {folder}/started\n")
    (folder / "hook").chmod(0o755)
    git("config", "core.fsmonitor", str(folder / "hook"))
    assert commit(folder) == git("rev-parse", "HEAD")
    assert not (folder / "started").exists()


@pytest.mark.parametrize("what", ["none", "slow", "slow to tell changes", "broken"])
def test_a_git_that_does_not_answer_is_done_without(folder, monkeypatch, what, capfd):
    programs = folder / "bin"
    programs.mkdir()
    fake = {
        "slow": "exec sleep 60",
        "slow to tell changes": '[ "$1" = rev-parse ] && echo abc || exec sleep 60',
        "broken": "echo nonsense >&2; exit 128",
    }
    if what in fake:
        (programs / "git").write_text(f"#!/bin/sh\n{fake[what]}\n")
        (programs / "git").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", str(programs) if what == "none" else path)
    begun = time.monotonic()
    known = "abc (whether there are changes took too long to tell)"
    assert commit(folder) == (known if what == "slow to tell changes" else "")
    assert time.monotonic() - begun < 1.5
    assert capfd.readouterr() == ("", "")


def test_the_digest_of_the_source_tells_two_states_apart(tmp_path):
    digests = set()
    for changes in ({}, {"a.py": "1"}, {"a.py": "2"}, {"a.py": "2", "b/c.py": "1"}, {"d.py": "2"}):
        shutil.rmtree(tmp_path / "package", ignore_errors=True)
        (tmp_path / "package" / "b").mkdir(parents=True)
        for name, content in changes.items():
            (tmp_path / "package" / name).write_text(content)
        digests.add(source_digest(tmp_path / "package"))
        (tmp_path / "package" / "a.pyc").write_text("compiled")
        digests.add(source_digest(tmp_path / "package"))
    assert len(digests) == 5


def test_a_command_can_be_given_again(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    words = ["study", "run", "--out", "my run", "--data", "it's; rm -rf $HOME"]
    assert shlex.split(command_line(words)) == words
    paths = ["/home/ada/x", "/home/adam", "/mnt/home/ada", "--data=/home/ada", "m,/home/ada/n"]
    said = shlex.split(command_line(paths))
    assert said == ["~/x", "/home/adam", "/mnt/home/ada", "--data=~", "m,~/n"]


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="not Linux")
def test_the_machine_is_what_linux_says_it_is():
    told = circumstances("cpu")
    kib = int(re.search(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())[1])
    assert float(told["memory"].removesuffix(" GiB")) == pytest.approx(kib / 2**20, rel=0.01)
    assert told["cores"].endswith(f" of {os.cpu_count()}")
    assert os.uname().release in told["operating system"]
    assert os.uname().machine in told["operating system"]
    assert told["threads that libraries may use"].startswith("torch (")
    # Where nothing is trained, torch is not asked.
    assert "vector instructions" not in circumstances(None)


def test_what_the_system_does_not_tell_is_left_out(monkeypatch):
    read = Path.read_text

    def unreadable(path: Path, **options: str) -> str:
        if path.is_relative_to("/proc"):
            raise FileNotFoundError(path)
        return read(path, **options)

    def missing(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "read_text", unreadable)
    monkeypatch.setattr(platform, "freedesktop_os_release", missing)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(os, "sysconf", missing)
    monkeypatch.setattr(module, "_said", lambda *_, **__: None)
    told = circumstances(None)
    assert {"processor", "memory", "git commit of the working directory"}.isdisjoint(told)
    assert told["operating system"] == f"{platform.system()} {platform.release()} " + (
        platform.machine()
    )
