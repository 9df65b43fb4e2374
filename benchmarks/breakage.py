"""Is anything lost or read otherwise when runs are killed, and when their files are damaged?

A run is killed (SIGKILL) at random moments and started again until it is through: it has to hold
what the undisturbed one holds. Copies of its file are damaged at random: bits turned, bytes
overwritten, pieces cut off or exchanged: each is refused in a line, or read as it was.

    python benchmarks/breakage.py --kills 110 --damaged 270
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from study.common.errors import StudyError
from study.store.dump import dump
from study.store.run_directory import FILE_NAME
from study.store.store import Store

STUDY = str(Path(sys.executable).with_name("study"))
RUN = [STUDY, "run", "--models", "linear", "--seeds", "6", "--splits", "4", "--shuffles", "20"]


def dumped(directory: Path) -> str:
    """What a run holds. Raises StudyError."""
    with Store(directory) as store:
        return "".join(dump(store))


def started(directory: Path) -> subprocess.Popen[bytes]:
    """A run that goes on in a directory."""
    return subprocess.Popen(
        [*RUN, "--workers", "1", "--out", str(directory)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def killed(folder: Path, kills: int, generator: np.random.Generator) -> Counter[str]:
    """What came of so many kills; finished runs are held to the undisturbed one in `folder`."""
    found: Counter[str] = Counter()
    begun = time.monotonic()
    if started(folder / "whole").wait():
        raise SystemExit("the undisturbed run failed")
    lasts = time.monotonic() - begun
    number = 0
    while found["kills"] < kills:
        directory = folder / f"killed{number}"
        for _ in range(4):
            process = started(directory)
            try:
                process.wait(generator.uniform(0, lasts))
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                found["kills"] += 1
        else:
            process = started(directory)
        said = process.communicate()[1]
        found["tracebacks"] += b"Traceback" in said
        same = process.returncode == 0 and dumped(directory) == dumped(folder / "whole")
        found["the same" if same else "lost"] += 1
        number += 1
        print(dict(found), flush=True)
    return found


def damaged(content: bytes, generator: np.random.Generator) -> bytes:
    """A file's content, damaged in one of six ways."""
    changed = bytearray(content)
    first, second = sorted(int(place) for place in generator.integers(len(content), size=2))
    length = int(generator.integers(1, 4096))
    kind = generator.integers(6)
    if kind == 0:
        changed[first] ^= 1 << int(generator.integers(8))
    elif kind == 1:
        changed[first : first + length] = generator.bytes(length)
    elif kind == 2:
        changed[first : first + length] = bytes(length)
    elif kind == 3:
        del changed[first:]
    elif kind == 4:
        del changed[first : first + length]
    else:
        page = slice(first // 4096 * 4096, first // 4096 * 4096 + 4096)
        other = slice(second // 4096 * 4096, second // 4096 * 4096 + 4096)
        changed[page], changed[other] = changed[other], changed[page]
    return bytes(changed)


def read(folder: Path, whole: Path, files: int, generator: np.random.Generator) -> Counter[str]:
    """What came of reading so many damaged copies of a run."""
    content, expected = (whole / FILE_NAME).read_bytes(), dumped(whole)
    found: Counter[str] = Counter()
    copy = folder / "damaged"
    copy.mkdir()
    for _ in range(files):
        (copy / FILE_NAME).write_bytes(damaged(content, generator))
        try:
            found["the same" if dumped(copy) == expected else "read otherwise"] += 1
        except StudyError as error:
            found["refused" if "\n" not in str(error) else "refused at length"] += 1
        except Exception as error:  # what is counted here
            found[f"traceback: {type(error).__name__}"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=110)
    parser.add_argument("--damaged", type=int, default=270)
    asked = parser.parse_args()
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if started(folder / "read").wait():
            raise SystemExit("the run failed")
        print("damaged", dict(read(folder, folder / "read", asked.damaged, generator)), flush=True)
        print("killed", dict(killed(folder, asked.kills, generator)))


if __name__ == "__main__":
    main()
