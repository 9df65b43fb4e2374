"""A stored run as it is read: what it was made from, what is known of it, and its trainings."""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pandas as pd

from study.common.conditions import REAL
from study.common.errors import InputError
from study.common.files import lost_link
from study.common.streams import STREAM_NAMES
from study.common.vocabulary import LEAST_SQUARES
from study.common.warning import Warning
from study.common.weights import Layout, Weights
from study.datasets.encoding import Scale
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import DEFAULT_MODELS
from study.recipes.model import Contender, read_model
from study.recipes.target import NumericTarget
from study.store import digests, table_digests
from study.store.file_check import check_file, check_form, connect, damaged, reading
from study.store.migrations import Column, columns_in, tables, unstored_names
from study.store.reader import Reader
from study.store.records import KEY_COLUMNS, Key, unpacked
from study.store.run_directory import FILE_NAME


class Store:
    """The results of one run, held against their digests as they are read.

    Use as a context manager. `reader` reads what is stored of trainings. Runs of older forms are
    read as they are; only a `Writer` changes anything.
    """

    def __init__(self, directory: Path, *, sealed: bool = True) -> None:
        """Open the stored run in `directory`.

        Raises InputError when there is none, and StudyError when it is damaged. Unless `sealed`,
        small tables are not held against their seals.
        """
        self.directory = directory
        self.path = directory / FILE_NAME
        if not self.path.is_file():
            near = Path("reports", directory)
            there = (near / FILE_NAME).is_file()
            remedy = f"did you mean {near}?" if there else "'study run' makes one"
            why = lost_link(self.path) or f"no {FILE_NAME}"
            raise InputError(f"{directory}: no run there ({why}); {remedy}")
        with reading(self.path):
            self._connection = connect(self.path)
        try:
            check_file(self._connection, self.path)
            self.reader = Reader(self._connection, self.path)
            with self.reader.at_once():
                self.form = check_form(self._connection, self.path)
                broken = self.broken_seals() if sealed else []
                if broken:
                    raise damaged(self.path, f"{broken[0]}: not what was stored")
                query = "SELECT dataset, recipe, hashes FROM run"
                [(self.dataset, recipe, hashes)] = self._rows(query)
            with self._parsing("table 'run'"):
                self.recipe = DatasetRecipe.model_validate_json(recipe)
                self.hashes: dict[str, str] = json.loads(hashes)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def broken_seals(self) -> list[str]:
        """Names of the tables that are not what was stored."""
        with self.reader.at_once(), reading(self.path):
            return table_digests.broken(self._connection)

    def check_measured(self) -> None:
        """Raise Damaged where stored fits or scores differ from their digests."""
        for table in ("fits", "scores"):
            self.reader.verified(table)

    def check_weights(self) -> None:
        """Raise InputError where there are no weights, as of scores that were made elsewhere."""
        if self.recipe.scores is not None:
            raise InputError(
                f"{self.directory}: holds scores imported from {self.recipe.scores}, and no "
                "trained networks"
            )

    def check_trained(self) -> None:
        """Raise InputError unless a network of an ordinary seed is trained."""
        networks = [
            key.streams
            for key in self.stored_keys()
            if key.condition == REAL and key.streams and key.model != LEAST_SQUARES
        ]
        if networks and not any(streams.ordinary for streams in networks):
            raise InputError(
                f"{self.directory}: only networks of --vary or of splits are stored; "
                "'study run' without --vary trains the ordinary seeds"
            )
        if not networks:
            raise InputError(
                f"{self.directory}: no network is trained yet; the same 'study run' goes on"
            )

    def stored_keys(self) -> set[Key]:
        """What is stored already."""
        return set(self.reader.keys())

    def model_names(self) -> list[str]:
        """Names of the stored models: the shipped ones first, then by name.

        Not in the order of storing, which depends on which block was finished first.
        """
        names = [name for (name,) in self._rows("SELECT model FROM models")]
        shipped = {name: place for place, name in enumerate(DEFAULT_MODELS)}
        return sorted(names, key=lambda name: (shipped.get(name, len(shipped)), name))

    def engines(self) -> dict[str, str | None]:
        """The engine by which each stored model was trained; None of one without trainings."""
        found = {key.model: key.engine for key in self.stored_keys()}
        return {name: found.get(name) for name in self.model_names()}

    def model_recipe(self, name: str) -> Contender | None:
        """The recipe a stored model was made from; None for least squares or no such model."""
        for (recipe,) in self._rows("SELECT recipe FROM models WHERE model = ?", (name,)):
            if recipe != "null":
                with self._parsing(f"the recipe of model '{name}'"):
                    return read_model(recipe)
        return None

    def layout(self, model: str) -> Layout:
        """Names and shapes of a stored model's parameters, in the order of its weights."""
        for (layout,) in self._rows("SELECT layout FROM models WHERE model = ?", (model,)):
            with self._parsing(f"the layout of model '{model}'"):
                return json.loads(layout)
        raise damaged(self.path, f"nothing is stored of model '{model}'")

    def digest(self) -> str:
        """SHA-256 of all trained weights with their keys, and of where they were trained.

        Of a model without weights, its scores and fits stand for them.
        """
        parts = sorted(
            json.dumps(
                [
                    *digests.told(training.key),
                    training.environment,
                    hashlib.sha256(content or self._measured(training.id)).hexdigest(),
                ]
            )
            for training, content in self.reader.verified_weights()
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _measured(self, training: int) -> bytes:
        """All scores and fits of one training."""
        tables = [
            self._rows(f"SELECT * FROM {table} WHERE training = ? ORDER BY 2, 3", (training,))
            for table in ("scores", "fits")
        ]
        return json.dumps([[row[1:] for row in table] for table in tables]).encode()

    def environments(self) -> list[dict[str, str]]:
        """The versions and platforms that the stored results come from."""
        rows = self._rows("SELECT description FROM environments ORDER BY id")
        with self._parsing("table 'environments'"):
            return [json.loads(description) for (description,) in rows]

    def trainings(self) -> pd.DataFrame:
        """model, condition, engine and streams of every training, in the order of the keys."""
        keys = [training.key for training in self.reader.trainings().values()]
        frame = pd.DataFrame(keys, columns=list(KEY_COLUMNS))
        return frame.astype(dict.fromkeys(STREAM_NAMES, "Int64"))

    def frame(self, table: str) -> pd.DataFrame:
        """One of fits, scores, occasions, losses, each row with the key of its training.

        In the order of the keys, whichever was stored first. Raises Damaged where rows are not
        what was stored.
        """
        return self.reader.verified(table).frame()

    def methods(self) -> tuple[str, ...]:
        """The methods that the run was made with, in their order; see `Writer.add_scores`."""
        return self._names("methods")

    def conditions(self) -> tuple[str, ...]:
        """The conditions that the run was made with, in their order."""
        return self._names("conditions")

    def traits(self) -> pd.DataFrame:
        """feature, deviation, explained, in the order of the features; empty if not stored."""
        return self._known("features")

    def parts(self) -> pd.DataFrame:
        """part, rows, deviation; empty if not stored."""
        return self._known("parts")

    def prepared(self) -> pd.DataFrame:
        """column, centre, divisor, missing, imputed; empty if not stored."""
        return self._known("prepared")

    def data_findings(self) -> tuple[Warning, ...]:
        """What was found in the data before training; empty if not stored."""
        rows = self._known("data_findings").itertuples(index=False, name=None)
        return tuple(Warning(*row) for row in rows)

    def sources(self) -> pd.DataFrame:
        """model, digest of each model whose code is one's own; empty if not stored."""
        return self._known("sources").sort_values("model")

    def source(self, model: str) -> str | None:
        """The digest of one model's code, if it is stored."""
        stored = self.sources()
        return dict(zip(stored["model"], stored["digest"], strict=True)).get(model)

    def scales(self) -> dict[str, Scale]:
        """How each variable, and the target, was scaled."""
        target = self.recipe.target
        log = target.name if isinstance(target, NumericTarget) and target.scale == "log" else None
        stored = {
            row.column: Scale(row.centre, row.divisor, log=row.column == log)
            for row in self.prepared().itertuples()
        }
        columns = [*self.recipe.variables, self.recipe.target]
        # Before scales were stored, all were divisors of the recipe.
        return stored or {
            column.name: Scale(divisor=getattr(column, "divisor", 1.0)) for column in columns
        }

    def failures(self) -> pd.DataFrame:
        """model, condition, engine, streams and reason of all that failed twice."""
        return self._known("failures")

    def history(self) -> pd.DataFrame:
        """One row for each extension of the run, in the order of time; empty if not stored.

        started, ended : ISO 8601, UTC; missing without an end, as of a process that was killed
        asked, networks : what for, in words, and how many networks were missing
        stored : how many came of it, also where it was killed
        command, workers : as typed; how many, and how they work
        circumstances : dict, by headings in words

        The columns after `networks` are missing where an older version wrote the history.
        """
        history = self._known("history")
        [(held,)] = self._rows(COUNT)
        history["stored"] = history["held"].shift(-1, fill_value=held) - history["held"]
        with self._parsing("table 'history'"):
            history["circumstances"] = [
                {} if pd.isna(told) else json.loads(told) for told in history["circumstances"]
            ]
        order = ("started", "asked", "networks", "ended", "stored", "command", "workers")
        return history[[*order, "circumstances"]]

    def _known(self, table: str) -> pd.DataFrame:
        """A small table; what an older file lacks of it is empty."""
        kinds = {column.name: _kind(column) for column in tables()[table]}
        with reading(self.path):
            present = columns_in(self._connection).get(table)
        rows = []
        if present:
            columns = (f'"{column}"' if column in present else "NULL" for column in kinds)
            rows = self._rows(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid")
        with self._parsing(f"table '{table}'"):
            return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)

    def _names(self, table: str) -> tuple[str, ...]:
        with reading(self.path):
            if table not in columns_in(self._connection):
                return tuple(unstored_names(self._connection)[table])
        return tuple(name for (name,) in self._rows(f"SELECT * FROM {table} ORDER BY rowid"))

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self.reader.rows(query, parameters))

    @contextmanager
    def _parsing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (TypeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise damaged(self.path, f"{what} cannot be understood: {reason}") from error

    def without_weights(self) -> list[str]:
        """Names of the stored models of which no weights are kept, as `model_names` has them."""
        return [name for name in self.model_names() if not self.layout(name)]

    def weights(self, model: str, condition: str) -> tuple[list[int | None], Weights]:
        """Weights of a model's ordinary seeds, and those seeds in order.

        Arrays are (networks, ...) by parameter; least squares has the one seed None. Empty
        where nothing is stored, and no weights of a model of which none are kept.
        """
        found = sorted(
            (training.init or 0, training, content)
            for training, content in self.reader.verified_weights(
                "model = ? AND condition = ? AND rows IS NULL", (model, condition)
            )
            if training.ordinary
        )
        if not found:
            return [], {}
        layout = self.layout(model)
        size = sum(math.prod(shape) for _, shape in layout)
        for _, training, content in found:
            if len(content) != 4 * size:
                raise self.reader.differs("weights", [training])
        arrays = unpacked([content for *_, content in found], layout)
        return [training.init for _, training, _ in found], arrays


# Networks that are stored.
COUNT = f"SELECT count(*) FROM trainings WHERE init IS NOT NULL AND model <> '{LEAST_SQUARES}'"


def _kind(column: Column) -> Any:
    """What a column holds, as pandas has it."""
    if column.kind == "INTEGER":
        return int if column.needed else "Int64"
    return {"TEXT": "str", "REAL": float}[column.kind]
