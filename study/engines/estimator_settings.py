"""What the study sets of an estimator before it is fitted: seeds, one thread, and silence."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

# What makes a booster the same in any company, and has it write nothing, by its package: where
# its recipe says nothing of it. Other names of the same stand beside each.
_CATBOOST: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "thread_count": (1, ()),
    "allow_writing_files": (False, ("train_dir",)),
    "logging_level": ("Silent", ("verbose", "silent", "verbose_eval")),
}
_LIGHTGBM: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "n_jobs": (1, ("num_threads", "num_thread", "nthread", "nthreads")),
    "verbose": (-1, ("verbosity",)),
    # How histograms are summed is else chosen by the clock.
    "deterministic": (True, ()),
    "force_col_wise": (True, ("force_row_wise",)),
}
_XGBOOST: Mapping[str, tuple[Any, tuple[str, ...]]] = {"n_jobs": (1, ("nthread",))}
_SETTINGS = {"catboost": _CATBOOST, "lightgbm": _LIGHTGBM, "xgboost": _XGBOOST}
# CatBoost knows its parameters without listing them.
_UNLISTED = {"catboost": ("random_state", "random_seed")}
# N018, as the documentation has it.
NOT_THE_SAME_AGAIN = (
    "N018 fitted twice by one seed, it predicts otherwise: something within it is drawn without "
    "a random_state (as by the cv of a search, which has one of its own), so that this run "
    "cannot be made again"
)
UNSEEDED = "no random_state, so that its seeds are one observation; splits and shuffles tell more"


def seed_names(estimator: Any) -> list[str]:
    """The parameters of an estimator and its parts that its seed gives.

    Not by the signature: other packages' classes may pass them on unnamed.
    """
    own = [key for key in estimator.get_params(deep=True) if _last(key) == "random_state"]
    for prefix, part in _parts(estimator):
        names = _UNLISTED.get(package_of(part), ())
        if names:
            given = next((name for name in names if name in part.get_params()), names[0])
            own.append(f"{prefix}{given}")
    return list(dict.fromkeys(own))


def set_seed(estimator: Any, random_state: int) -> None:
    """Set every random_state within an estimator."""
    estimator.set_params(**dict.fromkeys(seed_names(estimator), random_state))


def settle(estimator: Any) -> None:
    """Have boosters use one thread and print nothing, unless they are told otherwise.

    What is of scikit-learn is held to one thread from outside, where it is fitted.
    """
    for _, part in _parts(estimator):
        given, settings = part.get_params(deep=False), {}
        for name, (value, others) in _SETTINGS.get(package_of(part), {}).items():
            if all(given.get(of) is None for of in (name, *others)):
                settings[name] = value
        if settings:
            part.set_params(**settings)


def refused(estimator: Any) -> str | None:
    """Why an estimator cannot be fitted as the study fits it, and what helps."""
    for _, part in _parts(estimator):
        given = part.get_params(deep=False)
        for name in ("early_stopping_rounds", "early_stopping_round"):
            if package_of(part) in ("lightgbm", "xgboost") and given.get(name):
                return f"fit is given no rows by which it could stop early: leave {name} out"
    return None


def without_effect(estimator: Any) -> str | None:
    """What an estimator is told but does not do, so that its seeds may be one."""
    for _, part in _parts(estimator):
        given = part.get_params(deep=False)
        drawn, how_often = (
            next((given[name] for name in names if given.get(name) is not None), usual)
            for names, usual in (
                (("subsample", "bagging_fraction"), 1.0),
                (("bagging_freq", "subsample_freq"), 0),
            )
        )
        if package_of(part) == "lightgbm" and drawn < 1 and how_often <= 0:
            return (
                "LightGBM draws no rows unless subsample_freq is 1 or more: as it is, subsample "
                "does nothing, and seeds may all be the same"
            )
    return None


def package_of(estimator: Any) -> str:
    """The package in which an estimator's class is written, or one that it inherits from."""
    packages = [of.__module__.partition(".")[0] for of in type(estimator).__mro__]
    return next((package for package in packages if package in _SETTINGS), packages[0])


def code_of(estimator: Any, named: Any) -> set[type]:
    """The classes and functions of which an estimator is made; `named` is what a recipe names."""
    found: set[Any] = {named} if inspect.isroutine(named) else set()
    for _, part in _parts(estimator):
        found |= {*type(part).__mro__}
        found |= {of for of in part.get_params(deep=False).values() if inspect.isfunction(of)}
    return found


def _last(parameter: str) -> str:
    return parameter.rpartition("__")[2]


def _parts(estimator: Any) -> Iterator[tuple[str, Any]]:
    """An estimator and all within it, each after what its parameters' names begin with."""
    yield "", estimator
    for key, value in estimator.get_params(deep=True).items():
        if hasattr(value, "set_params") and not isinstance(value, type):
            yield f"{key}__", value
