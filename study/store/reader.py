"""Reading what is stored of trainings, held against its digests."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from study.common.streams import STREAM_NAMES, StreamSeeds
from study.common.text import printable
from study.store import digests
from study.store.file_check import Damaged, damaged, reading
from study.store.migrations import columns_in
from study.store.records import Key
from study.store.rows import LABELS, NUMBERS, Rows

STREAM_COLUMNS = ", ".join(f'"{name}"' for name in STREAM_NAMES)
_KEY = """t.id, model, condition, engine, {streams}, description
    FROM trainings t LEFT JOIN environments e ON e.id = environment"""
_ORDER = "ORDER BY model, condition, {streams}, engine"


class Training(NamedTuple):
    """One stored training: its number in the file, what it is, and where it was trained."""

    id: int
    model: str
    condition: str
    engine: str
    init: int | None
    order: int | None
    dropout: int | None
    labels: int | None
    rows: int | None
    split: int | None
    environment: str

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """Model, condition, engine and streams."""
        return self[1:-1]

    @property
    def streams(self) -> tuple[Any, ...]:
        """The seeds of its streams."""
        return self[4:-1]

    @property
    def digest(self) -> bytes:
        """That of its key."""
        return digests.key_of(self.key, self.environment)

    @property
    def ordinary(self) -> bool:
        """Whether one seed draws everything on the rows of the data; also of least squares,
        which has none."""
        seeds = streams_of(self.streams)
        return seeds is None or seeds.ordinary

    @property
    def table(self) -> str:
        """Which training and test rows it has, as StreamSeeds tells."""
        seeds = streams_of(self.streams)
        return "data" if seeds is None else seeds.table

    def __str__(self) -> str:
        if self.ordinary:
            seed = "" if self.init is None else f", seed {self.init}"
        else:
            streams = zip(STREAM_NAMES, self.streams, strict=True)
            seed = "".join(f", {name} {value}" for name, value in streams if value is not None)
        return printable(f"{self.model}, {self.condition}{seed}")


@dataclass(frozen=True)
class Measured:
    """Rows of one table, of which trainings they are, and those that differ from their digests.

    trainings : by id, in the order of their keys; unknown : how many have no digest
    """

    rows: Rows
    trainings: dict[int, Training]
    damaged: list[Training]
    unknown: int

    @cached_property
    def _placed(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows in the order of the keys of their trainings, and the place of each one's key."""
        place = {training: index for index, training in enumerate(self.trainings)}
        of_slice = np.array([place[training] for training in self.rows.trainings.tolist()], int)
        of_row = np.repeat(of_slice, np.diff(self.rows.bounds))
        order = np.argsort(of_row, kind="stable")
        return order, of_row[order]

    def frames(self, most: int) -> Iterator[pd.DataFrame]:
        """The rows in the keys' order, some models at a time: with at most so many rows, or one."""
        models = [training.model for training in self.trainings.values()]
        ends = [
            place
            for place in range(1, len(models) + 1)
            if models[place - 1 : place] != models[place : place + 1]
        ]
        if not models:
            return
        start = 0
        for end, later in zip(ends, [*ends[1:], None], strict=True):
            rows = np.searchsorted(self._placed[1], (start, later or end))
            if later is None or rows[1] - rows[0] > most:
                yield self.frame(start, end)
                start = end

    def frame(self, start: int = 0, end: int | None = None) -> pd.DataFrame:
        """The rows with the key of their training, in the keys' order.

        Of all trainings, or of those from one place in that order up to another.
        """
        keys = list(self.trainings.values())[start:end]
        order, of_row = self._placed
        chosen = slice(*np.searchsorted(of_row, (start, start + len(keys))))
        order, of_row = order[chosen], of_row[chosen] - start
        columns: dict[str, Any] = {}
        for name in ("model", "condition", "engine"):
            columns[name] = _texts([getattr(key, name) for key in keys]).take(of_row)
        for name in STREAM_NAMES:
            seeds = pd.array([getattr(key, name) for key in keys], dtype="Int64")
            columns[name] = seeds.take(of_row)
        for index, name in enumerate(LABELS[self.rows.table]):
            names, codes = self.rows.names[index], self.rows.codes[order, index]
            columns[name] = (
                np.array(names, dtype=np.int64)[codes]
                if name == "epoch"
                else _texts(names).take(codes)
            )
        for index, name in enumerate(NUMBERS[self.rows.table]):
            columns[name] = self.rows.numbers[order, index]
        return pd.DataFrame(columns)


class Reader:
    """Reads trainings and what was measured of them. Raises StudyError for whatever hinders it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """What a query finds, row by row."""
        with reading(self.path):
            # Not `yield from`, which would close the cursor after its connection is closed.
            for row in self._connection.execute(query, parameters):  # noqa: UP028
                yield row

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is read within is of one moment, whatever another process writes."""
        if self._connection.in_transaction:
            yield
            return
        with reading(self.path):
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    def each_training(self) -> Iterator[Training]:
        """All trainings, one by one, in the order of their keys."""
        query = f"SELECT {_KEY} {_ORDER}".format(streams=self._streams)
        return (Training(*row) for row in self.rows(query))

    def keys(self) -> list[Key]:
        """The keys of all trainings, in no order."""
        query = f"SELECT model, condition, engine, {self._streams} FROM trainings"
        return [
            Key(model, condition, engine, streams_of(seeds))
            for model, condition, engine, *seeds in self.rows(query)
        ]

    def trainings(self) -> dict[int, Training]:
        """All trainings by id, in the order of their keys."""
        return {training.id: training for training in self.each_training()}

    def has_digests(self) -> bool:
        """Whether some trainings have digests."""
        query = "SELECT 1 FROM sqlite_master WHERE name = 'digests'"
        return bool(list(self.rows(query)))

    def measured(self, table: str, some: Sequence[Training] | None = None) -> Measured:
        """The rows of one table, of all trainings or of some, held against their digests."""
        where = "" if some is None else f"WHERE {among(some, 'training')}"
        with self.at_once():
            trainings = self.trainings() if some is None else {one.id: one for one in some}
            present = self._columns(table)
            # A column that the file is too old for holds nothing.
            numbers = [name if name in present else "NULL" for name in NUMBERS[table]]
            columns = ", ".join(("training", *LABELS[table], *numbers))
            keys = ", ".join(("training", *LABELS[table]))
            query = f"SELECT {columns} FROM {table} {where} ORDER BY {keys}"
            try:
                with reading(self.path):
                    rows = Rows.of(table, self._connection.execute(query))
            except (TypeError, ValueError) as error:
                raise damaged(self.path, f"table '{table}': {error}") from error
            known = self._digests(table, where)
        if not set(rows.trainings.tolist()) <= trainings.keys():
            raise damaged(self.path, f"table '{table}' has rows of no training")
        keyed = {number: trainings[number].digest for number in known if number in trainings}
        found = digests.of_rows(rows, keyed)
        return Measured(
            rows,
            trainings,
            [trainings[number] for number in found if found[number] != known[number]],
            len(trainings.keys() - known.keys()),
        )

    def verified(self, table: str, some: Sequence[Training] | None = None) -> Measured:
        """The same. Raises Damaged where a digest differs."""
        measured = self.measured(table, some)
        if measured.damaged:
            raise self.differs(table, measured.damaged)
        return measured

    def weights(
        self, where: str = "1", parameters: Sequence[Any] = ()
    ) -> Iterator[tuple[Training, bytes, bool | None]]:
        """Trainings with their weights, in no order, and whether these are as their digest says.

        None where there is no digest.
        """
        digest = "NULL"
        if self.has_digests():
            digest = "(SELECT weights FROM digests WHERE training = t.id)"
        key = _KEY.format(streams=self._streams)
        query = f"SELECT weights, {digest}, {key} WHERE {where}"
        for content, known, *parts in self.rows(query, parameters):
            training = Training(*parts)
            if not isinstance(content, bytes):
                raise self.differs("weights", [training])
            same = known is None or digests.of_weights(training.digest, content) == known
            yield training, content, None if known is None else same

    def verified_weights(
        self, where: str = "1", parameters: Sequence[Any] = ()
    ) -> Iterator[tuple[Training, bytes]]:
        """The same without the last. Raises Damaged where a digest differs."""
        for training, content, same in self.weights(where, parameters):
            if same is False:
                raise self.differs("weights", [training])
            yield training, content

    def differs(self, table: str, trainings: Sequence[Training]) -> Damaged:
        """The error that rows are not what was stored."""
        more = f" and {len(trainings) - 1} more" if len(trainings) > 1 else ""
        return damaged(
            self.path,
            f"{table} of {trainings[0]}{more}: not what was stored, as 'study check "
            f"{self.path.parent}' tells in full",
        )

    @property
    def _streams(self) -> str:
        """The columns of the streams; one that the file is too old for holds nothing."""
        present = self._columns("trainings")
        return ", ".join(f'"{name}"' if name in present else "NULL" for name in STREAM_NAMES)

    def _columns(self, table: str) -> list[str]:
        with reading(self.path):
            return columns_in(self._connection).get(table, [])

    def _digests(self, table: str, where: str) -> Mapping[int, bytes]:
        if not self.has_digests():
            return {}
        return dict(self.rows(f"SELECT training, {table} FROM digests {where}"))


def among(trainings: Sequence[Training], column: str = "t.id") -> str:
    """The condition that a column holds one of some trainings."""
    return f"{column} IN ({', '.join(str(int(training.id)) for training in trainings)})"


def _texts(names: Sequence[str]) -> Any:
    return pd.array(list(names), dtype="str")


def key_of(training: Training) -> Key:
    """The identity of a stored training."""
    streams = streams_of(training.streams)
    return Key(training.model, training.condition, training.engine, streams)


def streams_of(seeds: Sequence[Any]) -> StreamSeeds | None:
    """The streams of stored seeds; least squares on the rows of the data has none."""
    return None if seeds[0] is None else StreamSeeds(*seeds)
