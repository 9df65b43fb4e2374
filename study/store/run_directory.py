"""The directory of a run: how it is made, found, swept and set aside."""

import json
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from study.common.conditions import CONDITIONS
from study.common.errors import InputError
from study.common.files import unwritable
from study.common.methods import DEFAULT_METHODS
from study.recipes.dataset import DatasetRecipe
from study.store import table_digests
from study.store.file_check import connect
from study.store.migrations import FORM, bring_up_to_date

FILE_NAME = "results.sqlite"


def create(
    directory: Path,
    dataset: str,
    recipe: DatasetRecipe,
    hashes: dict[str, str],
    *,
    methods: Sequence[str] = DEFAULT_METHODS,
    conditions: Sequence[str] = CONDITIONS,
) -> None:
    """Make an empty run in `directory`, unless there is one. Raises InputError.

    methods, conditions : what it is made with
    """
    if (directory / f"{FILE_NAME}-journal").exists() and not (directory / FILE_NAME).exists():
        set_aside(directory)  # else what is left of other results would be put into the new ones
    # The file appears whole or not at all, also when two processes start at once.
    new = directory / f".{FILE_NAME}.{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        new.touch()
        with closing(connect(new)) as connection:
            connection.execute("BEGIN")
            bring_up_to_date(connection, 0)
            connection.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?)",
                (FORM, dataset, recipe.model_dump_json(), json.dumps(hashes, sort_keys=True)),
            )
            for table, names in (("methods", methods), ("conditions", conditions)):
                rows = [(name,) for name in names]
                connection.executemany(f"INSERT INTO {table} VALUES (?)", rows)
            table_digests.renew(connection)
            connection.execute("COMMIT")
        try:
            (directory / FILE_NAME).hardlink_to(new)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            new.rename(directory / FILE_NAME)
    except (OSError, sqlite3.Error) as error:
        raise unwritable(directory, error) from error
    finally:
        for path in (new, new.with_name(f"{new.name}-journal")):
            with suppress(OSError):
                path.unlink()


def sweep(directory: Path) -> None:
    """Remove what killed processes left of runs that they were making. Needs the run's lock."""
    for pattern in (f".{FILE_NAME}.*", ".import.*"):
        for path in directory.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def check_writable(directory: Path) -> None:
    """Raise InputError when results cannot be added to the run in `directory`."""
    for path in (directory, directory / FILE_NAME):
        if path.exists() and not os.access(path, os.W_OK):
            raise InputError(f"cannot write a run to {directory}: Permission denied")


def set_aside(directory: Path) -> None:
    """Rename the results of a run, if any, so that it can start afresh. Raises InputError.

    A journal that a killed process left belongs to the results and goes with them.
    """
    number = 1
    while (aside := directory / f"{FILE_NAME}.old{number}").exists():
        number += 1
    try:
        for ending in ("", "-journal"):  # a journal without results is set aside, too
            path = directory / f"{FILE_NAME}{ending}"
            if path.exists():
                path.replace(f"{aside}{ending}")
    except OSError as error:
        raise unwritable(directory, error) from error


def find_run(directory: str | None) -> Path:
    """The run meant by a command: as named, or reports/people, or the only one there is."""
    if directory is not None:
        return Path(directory)
    runs = sorted(path.parent for path in Path("reports").glob(f"*/{FILE_NAME}"))
    if Path("reports/people") in runs:
        return Path("reports/people")
    if not runs:
        raise InputError("no run under reports/: 'study run' makes one; or name its directory")
    if len(runs) > 1:
        raise InputError(f"which run? name one of {', '.join(map(str, runs))}")
    return runs[0]
