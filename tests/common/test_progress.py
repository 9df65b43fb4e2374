import sys
import time

import pytest

from study.common.progress import progress


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


def test_a_log_of_hours_gets_a_line_every_ten_minutes(clock, capsys):
    with progress("training", 1_000_000) as report:
        for minute in range(0, 41, 5):
            clock[0] = 60 * minute
            report(1000 * minute)
    assert capsys.readouterr().err.splitlines() == [
        "training:   0 %",
        "training:   1 %, 16 h 30 min left",
        "training:   2 %, 16 h 20 min left",
        "training:   3 %, 16 h 10 min left",
        "training:   4 %, 16 h 00 min left",
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
