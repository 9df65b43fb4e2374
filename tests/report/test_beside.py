"""Work beside a process: its answers, and what happens where a copy cannot give one."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pytest

from study.report import beside
from study.report.beside import Beside


def fresh(check: Callable[[], None]) -> None:
    """Run a check in a process of its own: tests before may have left threads in this one.

    As on a machine of three cores; here there may be only one.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        pool.submit(with_three_cores, check).result()


def with_three_cores(check: Callable[[], None]) -> None:
    beside.joblib.cpu_count = lambda: 3
    check()


def answers_in_order() -> None:
    works = Beside()
    known = list(range(100_000))  # a copy knows it, and more than a pipe holds comes back
    for factor in range(7):
        works.begin(lambda factor=factor: [factor * number for number in known])
    assert works.answers() == [[factor * number for number in known] for factor in range(7)]


def work_of_others() -> None:
    works = Beside()
    for _ in range(3):
        works.begin(os.getpid)
    assert os.getpid() not in works.answers()


def failing_work() -> None:
    works = Beside()
    works.begin(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        works.answers()


def killed_copies() -> None:
    here = os.getpid()

    def work() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), 9)
        return "done"

    works = Beside()
    for _ in range(5):  # more than there are places, which the killed ones held
        works.begin(work)
    assert works.answers() == ["done"] * 5


def test_answers_stand_in_the_order_in_which_work_was_handed_over():
    fresh(answers_in_order)


def test_the_work_is_done_by_other_processes():
    fresh(work_of_others)


def test_work_that_fails_fails_here():
    fresh(failing_work)


def test_work_whose_copies_are_killed_is_done_here():
    fresh(killed_copies)


def test_a_process_with_threads_is_not_copied(monkeypatch):
    monkeypatch.setattr(beside.joblib, "cpu_count", lambda: 3)
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        works = Beside()
        works.begin(os.getpid)
        assert works.answers() == [os.getpid()]
    finally:
        over.set()
        thread.join()
