"""The program as a process of its own, and what it leaves."""

import sqlite3
import sys
from pathlib import Path

from study.store.dump import dump
from study.store.run_directory import FILE_NAME
from study.store.store import Store

STUDY = str(Path(sys.executable).with_name("study"))


def stored(directory: Path, seed: int | None = None) -> dict[str, list[tuple]]:
    """Everything stored, or of one seed, with weights as bytes and without internal numbers."""
    # Never made where it is not: a run would begin with an empty file, and call it damaged.
    file = (directory / FILE_NAME).absolute().as_uri()
    connection = sqlite3.connect(f"{file}?mode=rw", uri=True)
    where = "" if seed is None else f" WHERE t.init = {seed}"
    keys = "t.model, t.condition, t.engine, t.init"
    rows = {
        "weights": connection.execute(f"SELECT {keys}, weights FROM trainings t{where}").fetchall()
    }
    for table, columns in (
        ("fits", "part, evaluation, r_squared, rmse, within"),
        ("scores", "method, item, score, signed"),
        ("occasions", "epoch, feature, absolute, signed"),
        ("losses", "epoch, loss"),
    ):
        query = f"SELECT {keys}, {columns} FROM {table} x JOIN trainings t ON x.training = t.id"
        rows[table] = connection.execute(query + where).fetchall()
    connection.close()
    return {table: sorted(found, key=repr) for table, found in rows.items()}


def dumped(directory: Path) -> list[str]:
    """The lines of the canonical dump."""
    with Store(directory) as store:
        return list(dump(store))


def children(process: int) -> list[str]:
    """Process numbers of the processes that one has started, where the system tells."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [child for path in lists for child in path.read_text().split()]
