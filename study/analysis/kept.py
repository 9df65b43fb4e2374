"""Answers that an object keeps as long as it lives itself."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeVar, TypeVarTuple

Owner = TypeVar("Owner")
Keys = TypeVarTuple("Keys")
Answer = TypeVar("Answer")


def kept(reckon: Callable[[Owner, *Keys], Answer]) -> Callable[[Owner, *Keys], Answer]:
    """A method, or a function of an object, whose answers the object keeps by the arguments."""
    name = f"kept {reckon.__module__}.{reckon.__name__}"

    @wraps(reckon)
    def ask(owner: Owner, *keys: *Keys) -> Answer:
        answers: dict[Any, Answer] = vars(owner).setdefault(name, {})
        if keys not in answers:
            answers[keys] = reckon(owner, *keys)
        return answers[keys]

    return ask


def cached_names(kind: type) -> set[str]:
    """The names of what objects of a class keep once it has been asked for."""
    return {
        name
        for part in kind.__mro__
        for name, of in vars(part).items()
        if isinstance(of, cached_property)
    }
