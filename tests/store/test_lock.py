"""The lock of a run: one writes, the others are told at once; no lock outlives its process."""

import errno
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from conftest import ROOT
from processes import STUDY

from study.cli.group import commands
from study.common.errors import InputError, StudyError
from study.store import lock
from study.store.lock import BEAT, LOCK_NAME, STALE, Holder, holder, locked

# Says "held" or what it is refused with, and holds until a line comes.
HOLDING = """
import signal, sys
from pathlib import Path
from study.common.errors import StudyError
from study.store.lock import locked
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what runs in the background
for line in sys.stdin:
    try:
        with locked(Path(line.strip()), "study run"):
            print("held", flush=True)
            next(sys.stdin)
    except StudyError as error:
        print(error, flush=True)
        next(sys.stdin)
    print("ended", flush=True)
"""


class Process:
    """Another process that locks the directories it is told."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def tell(self, line: object) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def says(self) -> str:
        return self.process.stdout.readline().rstrip("\n")

    def end(self, sign: int) -> None:
        self.process.send_signal(sign)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def process():
    made = Process()
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGKILL)


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("arguments", [["run"], ["run", "--fresh"], ["import", "a.csv"]])
def test_who_comes_second_is_told_at_once_who_is_at_work(tmp_path, process, arguments):
    """Nothing is written, whatever it is that comes second."""
    (tmp_path / "a.csv").write_text("model,method,seed,feature,score\nm,g,0,a,1\nm,g,0,b,2\n")
    claim = ["--claim", "a rank 1 in 0.8"] if "import" in arguments else []
    directory = tmp_path / "run"
    process.tell(directory)
    assert process.says() == "held"
    before = files(directory)
    begun = time.monotonic()
    second = subprocess.run(
        [STUDY, *arguments, *claim, "--out", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert time.monotonic() - begun < 20  # a wait for the first would have no end
    since = json.loads(before[LOCK_NAME])["since"].replace("T", " ").replace("+00:00", " UTC")
    assert second.stderr == (
        f"study: run: 'study run', process {process.process.pid} on host {platform.node()} since "
        f"{since}, is at work there; wait for it ('study status run' tells what is stored), stop "
        "it, or give another directory by --out\n"
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert files(directory) == before
    found = holder(directory)
    assert (found.process, found.command) == (process.process.pid, "study run")


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_lock_ends_with_its_process(tmp_path, process, sign):
    directory = tmp_path / "new" / "run"
    process.tell(directory)
    assert process.says() == "held"
    process.end(sign)
    # Killed, it leaves its line, of which nobody takes notice.
    assert (directory / LOCK_NAME).exists() == (sign != signal.SIGINT)
    assert holder(directory) is None
    begun = time.monotonic()
    with locked(directory, "study run"):
        assert holder(directory).process == os.getpid()
    assert time.monotonic() - begun < 1
    assert holder(directory) is None
    assert not (directory / LOCK_NAME).exists()


def test_of_those_that_start_at_once_exactly_one_wins(tmp_path):
    processes = [Process() for _ in range(4)]
    try:
        for number in range(12):
            # Sometimes there is a directory, and sometimes what a killed process left in it.
            directory = tmp_path / str(number % 5)
            if number % 3 == 1:
                directory.mkdir(exist_ok=True)
                (directory / LOCK_NAME).write_text(json.dumps(asdict(Holder.this("study run"))))
            for process in processes:
                process.tell(directory)
            said = [process.says() for process in processes]
            assert sorted(line == "held" for line in said) == [False] * 3 + [True], said
            winner = processes[said.index("held")].process.pid
            assert all(f"process {winner} on" in line for line in said if line != "held")
            for process in processes:
                process.tell("end")
            assert [process.says() for process in processes] == ["ended"] * 4
            assert not (directory / LOCK_NAME).exists()
    finally:
        for process in processes:
            process.end(signal.SIGKILL)


def test_those_that_come_one_after_the_other_all_get_it(tmp_path):
    """Each ends while the next is about to begin, and removes the directory that it made."""
    processes = [Process() for _ in range(3)]
    try:
        for _ in range(40):
            for process in processes:
                process.tell(tmp_path / "run")
                process.tell("end")
        for process in processes:
            lines = [process.says() for _ in range(80)]
            # Refused only where others held it for longer than one waits.
            assert lines[1::2] == ["ended"] * 40
            assert all("is at work there" in line for line in lines[::2] if line != "held")
            assert lines.count("held") > 20
    finally:
        for process in processes:
            process.end(signal.SIGKILL)
    # The directory of one stays where the next was in it already.
    assert {path.name for path in tmp_path.rglob("*")} <= {"run"}


def left(directory: Path, *, ago: float, **changes: object) -> Path:
    """A lock file that nobody has locked, last touched so many seconds ago."""
    path = directory / LOCK_NAME
    path.write_text(json.dumps(asdict(replace(Holder.this("study run"), **changes))))
    os.utime(path, (time.time() - ago,) * 2)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"process": os.getppid()},  # a process that lives, but has no lock: its number came again
        {"boot": "before the power went"},
        {"host": "the container before this one"},
        {},
    ],
)
def test_what_a_process_of_this_machine_left_is_taken_over(tmp_path, capsys, changes):
    left(tmp_path, ago=1, **changes)
    assert holder(tmp_path) is None
    with locked(tmp_path, "study import"):
        assert holder(tmp_path).command == "study import"
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"process": 1}', b"\xff\x00"])
def test_a_lock_file_that_tells_nothing_is_no_obstacle(tmp_path, content):
    """The disk was full, or the power went, while it was written."""
    (tmp_path / LOCK_NAME).write_bytes(content)
    with locked(tmp_path, "study run"):
        pass
    assert list(tmp_path.iterdir()) == []


ELSEWHERE = {"host": "elsewhere", "boot": "another"}


def test_a_process_elsewhere_lives_as_long_as_it_gives_signs_of_life(tmp_path):
    """On a file system that carries no locks from machine to machine."""
    path = left(tmp_path, ago=BEAT, **ELSEWHERE)
    assert holder(tmp_path).host == "elsewhere"
    before = path.read_bytes()
    with (
        pytest.raises(StudyError, match=r"process \d+ on host elsewhere since .*, is at work"),
        locked(tmp_path, "study run"),
    ):
        pass
    assert path.read_bytes() == before
    left(tmp_path, ago=STALE - 20, **ELSEWHERE)
    remedy = f"only its host can tell whether it lives; if it does not, remove {path} and try again"
    with pytest.raises(StudyError, match=remedy), locked(tmp_path, "study run"):
        pass
    left(tmp_path, ago=STALE + 1, **ELSEWHERE)
    assert holder(tmp_path) is None
    with locked(tmp_path, "study run"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_process_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.02)
    with locked(tmp_path, "study run"):
        path = tmp_path / LOCK_NAME
        os.utime(path, (1, 1))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert abs(path.stat().st_mtime - time.time()) < 10


def test_without_locks_of_the_system_signs_of_life_decide(tmp_path, monkeypatch):
    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)
    with (
        locked(tmp_path, "study run"),
        pytest.raises(StudyError, match=f"process {os.getpid()} on"),
        locked(tmp_path, "study run"),
    ):
        pass
    left(tmp_path, ago=STALE + 1)
    with locked(tmp_path, "study run"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_removing_the_file_of_a_lock_lets_another_in_and_takes_nothing_from_it(tmp_path):
    with locked(tmp_path, "study run"):
        (tmp_path / LOCK_NAME).unlink()
        second = locked(tmp_path, "study import")
        second.__enter__()
    assert holder(tmp_path).command == "study import"
    second.__exit__(None, None, None)


def test_directories_made_for_a_lock_go_and_others_stay(tmp_path):
    (tmp_path / "mine").mkdir()
    with locked(tmp_path / "mine" / "new" / "run", "study run"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]
    with locked(tmp_path / "mine" / "new" / "run", "study run"):
        (tmp_path / "mine" / "new" / "run" / "results").touch()
    assert (tmp_path / "mine" / "new" / "run" / "results").exists()
    with locked(tmp_path / "mine", "study run"):
        pass
    assert (tmp_path / "mine").exists()


def test_where_nothing_can_be_written_the_message_says_so(tmp_path):
    (tmp_path / "file").touch()
    for name, said in (("file", "file: not a directory"), ("file/below", "its folder is a file")):
        with pytest.raises(InputError, match=said), locked(tmp_path / name, "study run"):
            pass
    (tmp_path / "run" / LOCK_NAME).mkdir(parents=True)
    with (
        pytest.raises(InputError, match=r"cannot write a run to .*/run: Is a directory"),
        locked(tmp_path / "run", "study run"),
    ):
        pass


def test_reading_commands_work_beside_a_run_at_work(tmp_path, process, capsys):
    directory = tmp_path / "run"
    shutil.copytree(ROOT / "reports" / "reference" / "people", directory)
    before = files(directory / "tables")
    process.tell(directory)
    assert process.says() == "held"
    for arguments in (["status"], ["table", "claim"]):
        commands.main([*arguments, str(directory)], standalone_mode=False)
    assert capsys.readouterr().err == ""
    assert files(directory / "tables") == before
