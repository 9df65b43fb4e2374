"""A run whose directory is taken away while a command writes is not said to be kept."""

import shutil

import pytest

from study.common.errors import StudyError
from study.store.run_directory import create
from study.store.writer import Writer


def test_a_run_that_is_gone_is_not_said_to_be_kept(tmp_path, people):
    directory = tmp_path / "run"
    create(directory, "people", people.recipe, people.hashes)
    with Writer(directory) as store:
        shutil.rmtree(directory)
        with pytest.raises(StudyError, match="gone while this command ran") as found:
            store.add_source("linear", "0")
    assert "kept" not in str(found.value)
