"""An estimator that is given as an object becomes a model recipe."""

import hashlib
import inspect
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from study.common.errors import InputError, first_line
from study.common.scikit_learn import scikit_learn
from study.common.shortage import refuse_shortage
from study.recipes.model import EstimatorRecipe, GivenEstimator, Inputs

# Where an object stands in memory is no part of what it is.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
# Longer texts, as of large arrays, are told by their beginning and a digest.
_LONGEST = 200
_DEEPEST = 12
# Which take columns of categories as they are.
_BOOSTERS = {"catboost", "lightgbm", "xgboost"}
_HISTOGRAMS = "HistGradientBoosting"


def given_estimator(name: str, estimator: object) -> EstimatorRecipe:
    """The model recipe of an estimator, which is cloned for each seed and never fitted itself.

    One whose class and arguments say all of it is as if a recipe named it. Of others, such as
    pipelines, the recipe holds the object, and a description that stands for it in what is
    stored: from there it cannot be trained again. Raises InputError.
    """
    try:
        prototype = scikit_learn("base", "clone")(estimator)
        parameters = prototype.get_params(deep=True)
    except Exception as error:  # a stranger's class may raise anything
        refuse_shortage(error)
        raise InputError(
            f"model '{name}': no estimator of scikit-learn that can be cloned: {first_line(error)}"
        ) from error
    kind = type(prototype)
    inputs: Inputs = "columns" if _takes_columns(prototype, parameters) else "features"
    path = f"{kind.__module__}:{kind.__name__}"
    arguments = _plain_arguments(prototype)
    if arguments is not None:
        return EstimatorRecipe(title=name, estimator=path, arguments=arguments, inputs=inputs)
    recipe = GivenEstimator(
        title=name,
        estimator=path,
        inputs=inputs,
        given={key: _told(parameters[key]) for key in sorted(parameters) if not _is_state(key)},
    )
    recipe._prototype = prototype
    return recipe


def _is_state(parameter: str) -> bool:
    """Whether the seed gives a parameter."""
    return parameter.rpartition("__")[2] == "random_state"


def _takes_columns(estimator: Any, parameters: dict[str, Any]) -> bool:
    """Whether an estimator has parts, or takes columns of categories as they are."""
    kind = type(estimator)
    return (
        any(hasattr(of, "get_params") for of in parameters.values())
        or kind.__module__.partition(".")[0] in _BOOSTERS
        or kind.__name__.startswith(_HISTOGRAMS)
    )


def _plain_arguments(estimator: Any) -> dict[str, Any] | None:
    """The arguments with which an import path makes the same estimator; None if there are none."""
    kind = type(estimator)
    if kind.__module__ == "__main__" or kind.__qualname__ != kind.__name__:
        return None
    try:
        usual, own = kind().get_params(deep=False), estimator.get_params(deep=False)
        arguments = {
            key: of
            for key, of in own.items()
            if key != "random_state" and _told(of) != _told(usual.get(key))
        }
        kept = json.loads(json.dumps(arguments, allow_nan=False))
        again = kind(**kept).get_params(deep=False)
    except Exception:  # arguments that JSON cannot hold, or a class that needs some
        return None
    same = all(
        _told(of) == _told(again.get(key)) for key, of in own.items() if key != "random_state"
    )
    return kept if same else None


def _told(value: object, deeper: int = _DEEPEST) -> str:
    """A parameter in words, the same in every process; `deeper` ends what holds itself."""
    if deeper == 0:
        return type(value).__qualname__
    within = partial(_told, deeper=deeper - 1)
    if inspect.isroutine(value):
        return _told_function(value, within)
    if isinstance(value, partial):
        return f"partial{within([value.func, value.args, value.keywords])}"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(within, value)))}}}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{within(key)}: {within(of)}' for key, of in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(within, value))}]"
    if isinstance(value, type) or hasattr(value, "get_params"):
        kind = value if isinstance(value, type) else type(value)
        return f"{kind.__module__}:{kind.__qualname__}"
    if isinstance(value, np.ndarray):
        content = within(value.tolist()).encode() if value.dtype.hasobject else value.tobytes()
        return f"array {value.dtype} {value.shape} {_digest(content)}"
    text = repr(value)
    if _ADDRESS.search(text) and hasattr(value, "__dict__"):
        return f"{type(value).__module__}:{type(value).__qualname__} {within(vars(value))}"
    text = _ADDRESS.sub("", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… {_digest(text.encode())}"


def _told_function(function: Any, within: Callable[[object], str]) -> str:
    """A function by its name, and by all that it does: its code, and what that was made with."""
    named = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
    code = getattr(function, "__code__", None)
    if code is None:
        return named
    held = inspect.getclosurevars(function).nonlocals
    made_with = within([held, function.__defaults__, function.__kwdefaults__]).encode()
    return f"{named} {_digest(code.co_code + _constants(code) + made_with)}"


def _constants(code: Any) -> bytes:
    """The constants of a function's code, those of functions within it by their own code."""
    return b"".join(
        of.co_code + _constants(of) if inspect.iscode(of) else repr(of).encode()
        for of in code.co_consts
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
