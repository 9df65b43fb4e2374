"""A run that was made before a method or a control existed is whole, and gets it afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Command
from processes import dumped

from study.common.conditions import CONDITIONS
from study.common.methods import DEFAULT_METHODS
from study.store.run_directory import create
from study.store.store import Store
from study.store.writer import Writer
from study.verify.recompute import stored_records


@pytest.fixture
def run(command: Command, small: list[str]) -> list[str]:
    """The arguments of a small run that is made, in reports/people."""
    arguments = ["run", *small, "--seeds", "2", "--workers", "1"]
    assert command(*arguments).status == 0
    return arguments


def made_without(name: str, old: Path) -> None:
    """A run like that in reports/people, by a program that did not know a method or condition."""
    with Store(Path("reports/people")) as store:
        methods = [method for method in DEFAULT_METHODS if method != name]
        conditions = [condition for condition in CONDITIONS if condition != name]
        names = {"methods": methods, "conditions": conditions}
        create(old, store.dataset, store.recipe, store.hashes, **names)
        with Writer(old) as writer:
            for training in store.reader.each_training():
                if training.condition == name:
                    continue
                [record] = stored_records(store, [training])
                scores = [row for row in record.scores if row[0] != name]
                recipe = store.model_recipe(training.model)
                records = [replace(record, scores=scores)]
                writer.add(training.model, recipe, records, store.environments()[0])


def test_it_checks_clean_and_says_what_it_has(run, command):
    made_without("scaled-gradient", Path("old"))
    found = command("check", "old", "--data", run[2])
    assert found.status == 0, found.out
    assert "faults: 0" in found.out
    [note] = [line for line in found.out.splitlines() if "made before" in line]
    held = ", ".join(method for method in DEFAULT_METHODS if method != "scaled-gradient")
    assert " ".join(note.split()) == (
        f"note C005 made before there was scaled-gradient: it has {held}, and nothing is missing; "
        "'study run' adds what stored weights can tell"
    )


@pytest.mark.parametrize("method", ["scaled-gradient", "permutation-grouped"])
def test_the_next_run_scores_it_without_training_and_it_is_like_a_new_one(run, command, method):
    made_without(method, Path("old"))
    assert dumped(Path("old")) != dumped(Path("reports/people"))
    again = command(*run, "--out", "old")
    assert again.status == 0, again.err
    assert "0 to do" in again.out
    assert f"{method}: computed of what is stored, without training again" in again.out
    assert dumped(Path("old")) == dumped(Path("reports/people"))
    assert "made before" not in command("check", "old", "--data", run[2]).out
    assert "computed of" not in command(*run, "--out", "old").out


def test_a_run_made_before_a_control_lacks_nothing_until_it_is_asked_for_again(run, command):
    made_without("untrained", Path("old"))
    found = command("check", "old", "--data", run[2])
    assert found.status == 0, found.out
    assert "every seed has its controls" in found.out
    again = command(*run, "--out", "old")
    assert again.status == 0, again.err
    assert dumped(Path("old")) == dumped(Path("reports/people"))
    fewer = command(*run[:-4], "--seeds", "3", "--workers", "1", "--out", "old")
    assert fewer.status == 0, fewer.err
    assert "every seed has its controls" in command("check", "old", "--data", run[2]).out


def test_what_only_training_tells_is_not_made_up(run, command):
    made_without("training-gradient", Path("old"))
    before = scores(Path("old"))
    again = command(*run, "--out", "old")
    assert again.status == 0, again.err
    assert "have no scores by training-gradient, which only training tells" in again.out
    assert scores(Path("old")) == before
    assert command("check", "old", "--data", run[2]).status == 0


def test_models_that_are_trained_later_have_it_all_the_same(run, command):
    made_without("training-gradient", Path("old"))
    more = [*run[:-4], "--seeds", "3", "--workers", "1", "--out", "old"]
    assert command(*more).status == 0
    checked = command("check", "old", "--data", run[2])
    assert checked.status == 0, checked.out
    with Store(Path("old")) as store:
        seeds = [
            {row[0] for row in stored_scores(store, training)}
            for training in store.reader.each_training()
            if training.condition == "real" and training.init is not None
        ]
    assert ["training-gradient" in held for held in seeds] == [False, False, True] * 2


def scores(directory: Path) -> list[str]:
    return [line for line in dumped(directory) if line.startswith('["scores"')]


def stored_scores(store: Store, training) -> list[list]:
    rows = store.reader.measured("scores", [training]).rows
    return rows.labels(rows.of_training(training.id))


@pytest.mark.parametrize("method", ["integrated-gradient", "shapley"])
def test_a_method_that_is_asked_for_later_is_as_if_it_had_been_from_the_first(run, command, method):
    new = command(*run, "--methods", method, "--out", "new")
    assert new.status == 0, new.err
    assert method not in " ".join(scores(Path("reports/people")))
    again = command(*run, "--methods", method)
    assert f"{method}: computed of what is stored, without training again" in again.out
    assert scores(Path("reports/people")) == scores(Path("new"))
    more = [*run[:-4], "--seeds", "3", "--workers", "1"]
    assert command(*more).status == 0  # and has it of all from then on
    checked = command("check", "reports/people", "--data", run[2], "--retrain", "1")
    assert checked.status == 0, checked.out


def test_a_method_that_is_none_is_refused(run, command):
    refused = command(*run, "--methods", "integrated-gradients")
    assert refused.status == 2
    assert "--methods 'integrated-gradients': no method is called" in refused.err
    assert "did you mean 'integrated-gradient'?" in refused.err
