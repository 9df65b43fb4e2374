"""The lock of a run: one process at a time writes into its directory.

It is a lock of the operating system (flock) on a file in that directory, so that it ends with
the process that holds it, however that ends. A line of JSON in the file tells who holds it.

Network file systems mostly carry such locks from machine to machine; some do not, and then only
the machine of a process can tell whether it lives. So the holder also touches the file now and
then: a file that another machine touched of late counts as held, whatever the system says. Where
there are no such locks at all, that alone decides, and a killed process is waited out; two that
start in the same instant may then both begin, and the transactions of the results keep them apart.
"""

import errno
import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from study.common.errors import InputError, StudyError
from study.common.files import unwritable

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]
LOCK_NAME = "run.lock"
# A link may lead to a file of another kind, whose content would be lost.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# Seconds between touches, and of silence after which a process of another machine is dead.
BEAT, STALE = 15.0, 120.0
# Seconds for which a lock is asked for: whoever only looks has it for an instant.
_PATIENCE = 0.3
_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)


@dataclass(frozen=True)
class Holder:
    """A process that works in a directory.

    command : such as "study run"; boot : the start of the machine, where the system tells it;
    since : ISO 8601, UTC
    """

    command: str
    process: int
    host: str
    boot: str
    since: str

    @classmethod
    def this(cls, command: str) -> "Holder":
        """This process, from now on."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(command, os.getpid(), platform.node(), _boot(), now)

    @property
    def words(self) -> str:
        """Such as: 'study run', process 12 on host kant since 2026-01-02 10:00:00 UTC."""
        since = self.since.replace("T", " ").replace("+00:00", " UTC")
        return f"'{self.command}', process {self.process} on host {self.host} since {since}"

    @property
    def is_here(self) -> bool:
        """Whether it is of this machine, whose system knows if it lives."""
        # Containers have names of their own, and share the start of their machine.
        return self.host == platform.node() or (self.boot != "" and self.boot == _boot())


_UNKNOWN = Holder("study", 0, "unknown", "", "an unknown time")


@contextmanager
def locked(directory: Path, command: str) -> Iterator[None]:
    """Hold the lock of the run in `directory`, which is made if need be.

    `command` is what others are told of it. A directory that was made for the lock and is empty
    at the end is removed. Raises StudyError, at once, where another process holds the lock, and
    InputError where nothing can be written.
    """
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    path = directory / LOCK_NAME
    try:
        with _held(path, command):
            ended = threading.Event()
            beating = threading.Thread(target=_beat, args=(path, ended), daemon=True)
            beating.start()
            try:
                yield
            finally:
                ended.set()
                beating.join()
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def holder(directory: Path) -> Holder | None:
    """The process that works in `directory`, if there is one. Writes nothing."""
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        return _holder(descriptor, directory, free=_flock(descriptor, shared=True))
    finally:
        os.close(descriptor)


@contextmanager
def _held(path: Path, command: str) -> Iterator[None]:
    """Hold the lock on the file at `path`, and remove it at the end."""
    try:
        descriptor = _taken(path)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    try:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(Holder.this(command))).encode(), 0)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        yield
    finally:
        if _is_at(descriptor, path):
            with suppress(OSError):
                path.unlink()
        os.close(descriptor)


def _taken(path: Path) -> int:
    """The descriptor of the file at `path`, locked. Raises StudyError where another has it."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        late = time.monotonic() > deadline
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
        except FileNotFoundError:  # another process has just removed the directory it had made
            if late:
                raise
            continue
        try:
            found = _holder(descriptor, path.parent, free=_flock(descriptor))
            # A file that another process has just removed guards nothing.
            if found is None and _is_at(descriptor, path):
                return descriptor
            if found is not None and late:
                raise StudyError(_refusal(path, found, _silence(descriptor, path.parent)))
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(0.02)


def _refusal(path: Path, found: Holder, silence: float) -> str:
    """That another is at work, and what to do."""
    if found.is_here or silence < 2 * BEAT:
        return (
            f"{path.parent}: {found.words}, is at work there; wait for it ('study status "
            f"{path.parent}' tells what is stored), stop it, or give another directory by --out"
        )
    return (
        f"{path.parent}: {found.words}, was at work there {silence:.0f} s ago, and only its host "
        f"can tell whether it lives; if it does not, remove {path} and try again"
    )


def _holder(descriptor: int, directory: Path, *, free: bool | None) -> Holder | None:
    """Who holds an open lock file that `_flock` found free or not."""
    record = _read(descriptor)
    if free is False:
        return record or _UNKNOWN
    if record is None or (free and record.is_here):
        return None
    return record if _silence(descriptor, directory) < STALE else None


def _flock(descriptor: int, *, shared: bool = False) -> bool | None:
    """Lock an open file; False where another has it, None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _read(descriptor: int) -> Holder | None:
    """What an open lock file tells; None where it is empty, or half written."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (OSError, TypeError, ValueError):
        return None


def _silence(descriptor: int, directory: Path) -> float:
    """Seconds since an open lock file was touched, by the clock of its file system if it tells."""
    try:
        with tempfile.TemporaryFile(dir=directory) as new:
            now = os.fstat(new.fileno()).st_mtime
    except OSError:
        now = time.time()
    return now - os.fstat(descriptor).st_mtime


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one at `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _beat(path: Path, ended: threading.Event) -> None:
    """Touch the lock file now and then."""
    while not ended.wait(BEAT):
        with suppress(OSError):
            os.utime(path)


def _boot() -> str:
    """What tells this start of the machine from others; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
