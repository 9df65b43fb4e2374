"""scikit-learn, imported when it is needed: that takes a second, in which others can train."""

import threading
from importlib import import_module
from typing import Any

# Threads that begin to import parts of it at once would find each other's parts half made.
_importing = threading.Lock()


def scikit_learn(module: str, name: str) -> Any:
    """What a module of scikit-learn calls `name`: scikit_learn("inspection", "...")."""
    with _importing:
        return getattr(import_module(f"sklearn.{module}"), name)
