"""A run whose directory is taken away while a command writes is not said to be kept."""

import shutil

import pytest

from study.common.errors import InputError, StudyError
from study.store.run_directory import create
from study.store.store import Store
from study.store.writer import Writer


def test_a_run_that_is_gone_is_not_said_to_be_kept(tmp_path, people):
    directory = tmp_path / "run"
    create(directory, "people", people.recipe, people.hashes)
    with Writer(directory) as store:
        shutil.rmtree(directory)
        with pytest.raises(StudyError, match="gone while this command ran") as found:
            store.add_source("linear", "0")
    assert "kept" not in str(found.value)


def test_a_run_that_a_link_leads_to_no_more_is_said_to_be_so(tmp_path):
    link = tmp_path / "run"
    link.symlink_to(tmp_path / "moved")
    with pytest.raises(InputError, match=f"{link} is a link to {tmp_path / 'moved'}, which is not"):
        Store(link)
