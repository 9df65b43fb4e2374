"""Answers that an object keeps as long as it lives itself."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeVar

Owner = TypeVar("Owner")
Key = TypeVar("Key")
Answer = TypeVar("Answer")


def kept(reckon: Callable[[Owner, Key], Answer]) -> Callable[[Owner, Key], Answer]:
    """A method of one argument whose answers its object keeps: cached_property, with a key."""

    @wraps(reckon)
    def ask(owner: Owner, key: Key) -> Answer:
        answers: dict[Any, Answer] = vars(owner).setdefault(f"kept {reckon.__name__}", {})
        if key not in answers:
            answers[key] = reckon(owner, key)
        return answers[key]

    return ask


def cached(kind: type) -> set[str]:
    """The names of what objects of a class keep once it has been asked for."""
    return {
        name
        for part in kind.__mro__
        for name, of in vars(part).items()
        if isinstance(of, cached_property)
    }
