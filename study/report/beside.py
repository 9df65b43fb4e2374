"""Work done by other processes while this one goes on."""

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Semaphore
from typing import Any

import joblib


class Beside:
    """Pieces of work, each begun by a copy of this process when it is handed over.

    A copy has all that this process knows, so that work may be any function; its answer comes
    back pickled. As many work at once as there are cores, this process among them. Where a process
    cannot be copied safely, with threads in it or elsewhere than on Linux, and where a copy fails,
    the work is done here when its answer is asked for, and raises what it raises.
    """

    def __init__(self) -> None:
        self._works: list[Callable[[], Any]] = []
        self._copies: dict[Connection, tuple[int, BaseProcess]] = {}
        self._places: Semaphore | None = None
        others = joblib.cpu_count() - 1
        if others and _may_copy():
            self._places = multiprocessing.get_context("fork").Semaphore(others)

    def begin(self, work: Callable[[], Any]) -> None:
        """Hand over a piece of work."""
        self._works.append(work)
        if self._places is None:
            return
        answer, told = multiprocessing.Pipe(duplex=False)
        copy = multiprocessing.get_context("fork").Process(
            target=_answer, args=(work, told, self._places), daemon=True
        )
        copy.start()
        told.close()
        self._copies[answer] = (len(self._works) - 1, copy)

    def answers(self) -> list[Any]:
        """The answers, in the order in which the work was handed over."""
        found = {} if self._places is None else self._of_copies(self._places)
        return [
            found[place] if place in found else work() for place, work in enumerate(self._works)
        ]

    def _of_copies(self, places: Semaphore) -> dict[int, Any]:
        """The answers of the copies that have one, by the place of their work."""
        found = {}
        places.release()  # this process has nothing to do but wait
        while self._copies:
            for answer in wait(list(self._copies)):
                assert isinstance(answer, Connection)
                place, copy = self._copies.pop(answer)
                with answer:
                    try:
                        found[place] = answer.recv()
                    except EOFError:
                        places.release()  # it may have been killed at its place
                copy.join()
        return found


def _may_copy() -> bool:
    """Whether a copy of this process can go on where this one stands.

    Of threads there is only one in it, and what others hold stays held for ever.
    """
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


def _answer(work: Callable[[], Any], told: Connection, places: Semaphore) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What goes wrong here goes wrong once more where the answer is asked for.
    with suppress(Exception):
        with places:
            answer = work()
        told.send(answer)
