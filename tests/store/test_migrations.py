"""Runs of every older form are read as they are, and become runs of this version's."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import Command, made_run, shipped
from made_records import record
from processes import dumped, stored

from study.common.errors import InputError, StudyError
from study.common.methods import DEFAULT_METHODS
from study.recipes.dataset import DatasetRecipe
from study.store import migrations, table_digests
from study.store.file_check import connect
from study.store.rows import NUMBERS
from study.store.run_directory import FILE_NAME, create
from study.store.store import Store
from study.store.writer import Writer

SIX = (
    *("training-gradient", "gradient", "contrast-gradient", "scaled-gradient"),
    *("permutation", "permutation-grouped"),
)
# What older files lack, by what was there already: their number, tables, and columns of history.
DATA = ("data_findings",)
NAMES = ("methods", "conditions", *DATA)
SEALED = ("seals", "digests", *NAMES)
LATE = ("ended", "held", "command", "workers", "circumstances")
FORMS = {
    "the first": (1, (*SEALED, "features", "parts", "prepared", "sources", "history", "failures")),
    "with features": (1, (*SEALED, "parts", "prepared", "sources", "history", "failures")),
    "with a short history": (1, (*SEALED, "prepared", "sources", "failures", *LATE)),
    "with prepared and sources": (1, (*SEALED, "failures", "history")),
    "with all but digests": (1, SEALED),
    "sealed": (2, (*NAMES, "sources", "failures", *LATE[1:])),
    "sealed, with all but names": (2, NAMES),
    "with all but what was found in the data": (5, DATA),
}


def age(directory: Path, form: int, lacks: tuple[str, ...]) -> None:
    """Make of a run one of an older form."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        for name in lacks:
            kind = "COLUMN" if name in LATE else "TABLE"
            change = f"ALTER TABLE history DROP COLUMN {name}"
            connection.execute(change if kind == "COLUMN" else f"DROP TABLE {name}")
        connection.execute("UPDATE run SET schema = ?", (form,))
        if "seals" not in lacks:
            table_digests.renew(connection)
        connection.commit()


def form_of(directory: Path) -> set[tuple]:
    """Every table and index, and every column with its type."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        return {
            *connection.execute("SELECT type, name, tbl_name FROM sqlite_master"),
            *connection.execute(
                'SELECT m.name, x.cid, x.name, x.type, x."notnull", x.pk '
                "FROM sqlite_master m JOIN pragma_table_info(m.name) x WHERE m.type = 'table'"
            ),
            *connection.execute("SELECT schema FROM run"),
        }


@pytest.fixture
def run(people, tmp_path) -> Path:
    """A run with something in most tables."""
    scores = {("mlp", "real"): {"gradient": np.arange(16.0).reshape(2, 8)}}
    made_run(tmp_path / "run", people.recipe, scores, traits=[("age", 0.5, 0.1)])
    with Writer(tmp_path / "run") as store:
        store.add_history("2026-01-01T00:00:00+00:00", "as before", 2)
    return tmp_path / "run"


@pytest.mark.parametrize("name", FORMS)
def test_an_older_run_is_read_as_it_is_and_becomes_like_a_new_one(run, command: Command, name):
    new = form_of(run)
    form, lacks = FORMS[name]
    age(run, form, lacks)
    before, dump = (run / FILE_NAME).read_bytes(), dumped(run)
    for words in (["status"], ["dump"], ["table", "claim"], ["check"]):
        said = command(*words, str(run))
        assert "Traceback" not in said.err
        assert said.status == 0 or words == ["check"]  # made-up scores follow from nothing
    assert (run / FILE_NAME).read_bytes() == before
    assert form_of(run) != new
    with Store(run) as store:
        assert (store.methods(), store.conditions()) == (SIX, ("real", "shuffled", "untrained"))
        history = store.history()["asked"].tolist()
    results = stored(run)
    with Writer(run) as store:
        store.add_history("2026-01-02T00:00:00+00:00", "and on", 0)
    assert form_of(run) == new
    assert dumped(run) == dump
    assert stored(run) == results
    with Store(run) as store:
        assert (store.methods(), store.conditions()) == (SIX, ("real", "shuffled", "untrained"))
        assert store.history()["asked"].tolist() == [*history, "and on"]
        assert store.failures().empty


def test_all_steps_are_taken_or_none(run):
    form, lacks = FORMS["the first"]
    age(run, form, lacks)
    old = form_of(run)
    twice = record(9)
    twice.losses.append(twice.losses[0])
    with Writer(run) as store, pytest.raises(StudyError, match="could not store a block"):
        store.add("mlp", None, [record(8), twice], {})
    assert form_of(run) == old


def test_steps_are_numbered_in_their_order():
    assert [step.form for step in migrations.STEPS] == list(range(1, migrations.FORM + 1))


def test_digests_cannot_be_lost_together_from_a_run_that_must_have_them(run):
    with closing(sqlite3.connect(run / FILE_NAME)) as connection:
        connection.executescript("DROP TABLE digests; DROP TABLE seals")
    with pytest.raises(StudyError, match=r"damaged \(digests: not what was stored\)"):
        Store(run)


def test_a_run_tells_with_what_it_was_made(tmp_path, people, command):
    create(tmp_path / "few", "people", people.recipe, {}, methods=["b", "a"], conditions=["real"])
    with Store(tmp_path / "few") as store:
        assert (store.methods(), store.conditions()) == (("b", "a"), ("real",))
    rows = [f"m,{method},{seed},{name},1" for method in "zy" for seed in (0, 1) for name in "ab"]
    Path("scores.csv").write_text("\n".join(["model,method,seed,feature,score", *rows]))
    assert (
        command("import", "scores.csv", "--claim", "a rank 1 in 0.8", "--method", "z").status == 0
    )
    directory = Path("reports/scores")
    with Store(directory) as store:
        assert (store.methods(), store.conditions()) == (("z", "y"), ("real",))
    age(directory, 2, NAMES)  # then it holds no more than the scores themselves
    with Store(directory) as store:
        assert (store.methods(), store.conditions()) == (("y", "z"), ("real",))


def add(directory: Path, recipe: DatasetRecipe) -> list:
    create(directory, "people", recipe, {})
    records = [record(0), record(7)]
    with Writer(directory) as store:
        store.add("mlp", shipped("mlp"), records, {"torch": "2"})
    return [of.key for of in records]


FURTHER = [("new", "sex", 1.5, -0.0), ("new", "age", 2.5, None)]


@pytest.mark.parametrize("digests", [True, False])
def test_scores_of_a_further_method_are_stored_with_their_digests(tmp_path, people, digests):
    """As if the method had been there when the trainings were stored."""
    keys = add(tmp_path / "run", people.recipe)
    create(tmp_path / "at once", "people", people.recipe, {}, methods=[*DEFAULT_METHODS, "new"])
    records = [record(seed) for seed in (0, 7)]
    with Writer(tmp_path / "at once") as store:
        for of in records:
            of.scores.extend(FURTHER)
        store.add("mlp", shipped("mlp"), records, {"torch": "2"})
    if not digests:
        age(tmp_path / "run", 1, SEALED)
    with Writer(tmp_path / "run") as store:
        store.add_scores(["new"], dict.fromkeys(keys, FURTHER))
    with Store(tmp_path / "run") as store:
        assert store.methods() == (*(DEFAULT_METHODS if digests else SIX), "new")
        assert store.reader.measured("scores").unknown == (0 if digests else 2)
        assert store.broken_seals() == []
    assert dumped(tmp_path / "run") == dumped(tmp_path / "at once")
    if digests:
        sums = []
        for name in ("run", "at once"):
            with closing(sqlite3.connect(tmp_path / name / FILE_NAME)) as connection:
                sums.append(connection.execute("SELECT * FROM digests").fetchall())
                sums[-1] += connection.execute("SELECT * FROM seals WHERE name LIKE 'train%'")
        assert sums[0] == sums[1]


def test_further_scores_land_whole_or_not_at_all(tmp_path, people):
    keys = add(tmp_path, people.recipe)
    before = dumped(tmp_path)
    with Writer(tmp_path) as store:
        twice = {keys[0]: FURTHER, keys[1]: [FURTHER[0], FURTHER[0]]}
        with pytest.raises(StudyError, match="could not store scores of further methods"):
            store.add_scores(["new"], twice)
        with pytest.raises(KeyError):
            store.add_scores(["new"], {keys[0]: FURTHER, record(9).key: FURTHER})
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            connection.execute("UPDATE scores SET score = 9 WHERE training = 2")
            connection.commit()
        with pytest.raises(StudyError, match="scores of mlp, real, seed 7: not what was stored"):
            store.add_scores(["new"], dict.fromkeys(keys, FURTHER))
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            undo = "UPDATE scores SET score = ? WHERE training = 2 AND method = ?"
            connection.executemany(undo, [(0.0, "permutation"), (9.0, "gradient")])
            connection.commit()
        assert store.methods() == DEFAULT_METHODS
    assert dumped(tmp_path) == before


def test_a_column_of_numbers_that_came_later_is_empty_in_older_runs(tmp_path, people, monkeypatch):
    """And leaves their digests as they are, also when the file gets it."""
    add(tmp_path, people.recipe)
    monkeypatch.setitem(NUMBERS, "fits", (*NUMBERS["fits"], "further"))
    for _ in range(2):
        with Store(tmp_path, sealed=False) as store:
            fits = store.frame("fits")
        assert fits["further"].isna().all()
        assert fits["within"].notna().any()
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            if "further" not in migrations.columns_in(connection)["fits"]:
                connection.execute("ALTER TABLE fits ADD COLUMN further REAL")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("UPDATE fits SET further = 1 WHERE training = 2")
        connection.commit()
    with Store(tmp_path, sealed=False) as store, pytest.raises(StudyError, match="seed 7: not"):
        store.frame("fits")


def test_reading_makes_no_file(tmp_path):
    with pytest.raises(InputError, match="no run there"):
        Store(tmp_path)
    with pytest.raises(sqlite3.OperationalError):
        connect(tmp_path / FILE_NAME)
    assert list(tmp_path.iterdir()) == []
