import sys
import time

import pytest

from study.progress import progress


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_at_each_tenth_with_the_time_left(clock, capsys):
    with progress("training", 1000) as report:
        for second, done in ((50, 10), (60, 110), (61, 120), (90, 410), (149, 1000)):
            clock[0] = second
            report(done)
    # A hundred each ten seconds from second 50 on, so 89 s are left at second 60.
    assert capsys.readouterr().err.splitlines() == [
        "training:   0 %",
        "training:  11 %, 1 min 29 s left",
        "training:  41 %, 59 s left",
        "training: 100 %, 0 s left",
    ]


def test_a_terminal_keeps_one_line(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("training", 10_000_000) as report:
        for second, done in ((1, 1000), (2, 2000)):
            clock[0] = second
            report(done)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.split("\r")[-1].strip() == "training:   0 %, 2 h 46 min left"
