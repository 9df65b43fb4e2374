"""A file in which text is no UTF-8, of which Python's own SQLite module trips, is called damaged."""

from pathlib import Path

import pytest

from study.common.errors import StudyError
from study.store.file_check import reading


def test_text_that_is_no_utf_8_is_told_as_damage():
    with (
        pytest.raises(StudyError, match=r"run/results\.sqlite: damaged"),
        reading(Path("run/results.sqlite")),
    ):
        b"\xff".decode()
