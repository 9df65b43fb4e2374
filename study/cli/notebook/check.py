"""One call from a data frame to a verdict: `study.check`."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from study.cli.group import say
from study.cli.notebook.data import data_of
from study.cli.notebook.models import contenders
from study.cli.notebook.run import Run
from study.cli.options import parse_beside, parse_methods, parse_seeds, parse_workers
from study.common.errors import Stopped
from study.common.methods import GROUPED_PERMUTATION, chosen_methods
from study.common.text import folded
from study.datasets.drafting.of_frame import table_of
from study.execution.carry_out import carry_out
from study.execution.request import USUAL, Request
from study.recipes.model import with_patience
from study.report.text.citation import CALL
from study.store.lock import locked
from study.store.provenance import now
from study.store.run_directory import sweep


def check(
    models: object,
    X: Any,  # noqa: N803  as scikit-learn calls it
    y: Any,
    *,
    claim: str | None = None,
    method: str = GROUPED_PERMUTATION,
    methods: Iterable[str] = (),
    seeds: int | Iterable[int] = 20,
    splits: int = USUAL.splits,
    shuffles: int = USUAL.shuffles,
    groups: Any = None,
    task: Literal["number", "count", "class"] | None = None,
    directory: str | Path | None = None,
    name: str = "table",
    workers: int | None = None,
    fresh: bool = False,
) -> Run:
    """Train models on a data frame over many seeds, and say how far a finding holds.

    It does what 'study data init' and 'study run' do; 'study check', the command, is another
    thing, and holds a stored run against its digests.

    Parameters
    ----------
    models : an estimator of scikit-learn's interface, the name or path of a model recipe ("mlp",
        "transformer", "linear"), or a list of them, or a dict that names each; the claim rests on
        the first
    X : (rows, columns) DataFrame; categories are levels, in order where they have one
    y : (rows,) what is predicted; a Series gives it its name
    claim : such as "age rank 1 in 0.8"; without it, one is proposed from the training rows
    method : by which the claim is tested
    methods : further methods beside those of every run
    seeds : how many, or which
    splits, shuffles : random splits of all rows into halves, and trainings on shuffled targets
    groups : (rows,) or the name of a column of X: rows of one value stay on one side of each split
    task : what y is, in place of what it looks like
    directory : of the run, which goes on there when called again; without it, a temporary one
    name : of the data
    workers : how many blocks are trained at a time; as many as cores and memory allow, if not given
    fresh : results that are stored are set aside

    Raises study.common.errors.InputError for what is wrong, StudyError for what failed.
    """
    started = now()
    chosen = parse_seeds(_seeds(seeds), "seeds")
    beside = parse_beside(None, str(splits), None, str(shuffles))
    further = parse_methods(",".join(methods) or None)
    recipes = contenders(models)
    table, target, known = table_of(X, y, groups, task, model=next(iter(recipes)), method=method)
    place = temporary() if directory is None else Path(directory)
    with locked(place, "study.check"):
        sweep(place)
        data = data_of(place, name, table, target, known, claim=claim, fresh=fresh, say=_tell)
        request = Request(
            directory=place,
            data=data,
            models={
                of: with_patience(recipe, data.recipe.patience) for of, recipe in recipes.items()
            },
            methods=chosen_methods([*further, data.recipe.claim.method]),
            seeds=chosen,
            beside=beside,
            vary=None,
            bases=[],
            workers=parse_workers("auto" if workers is None else str(workers)),
            cluster=None,
            device="cpu",
        )
        command = (
            f"{CALL}{[*recipes]}, claim={data.recipe.claim.typed!r}, "
            f"seeds={seeds if isinstance(seeds, int | np.integer) else chosen}, splits={splits}, "
            f"shuffles={shuffles})"
        )
        try:
            outcome = carry_out(request, say=say, started=started, command=command, fresh=fresh)
        except Stopped as error:
            raise Stopped(f"{error}: directory={str(place)!r} names it") from None
    for line in outcome.warned:
        _tell(f"Note: {line}")
    for line in outcome.failed:
        _tell(f"Failed: {line}")
    return Run(place)


def _tell(line: str) -> None:
    say(folded(line))


def _seeds(seeds: int | Iterable[int]) -> str:
    """Seeds as the command line takes them."""
    return str(seeds) if isinstance(seeds, int | np.integer) else f"{','.join(map(str, seeds))},"


def temporary() -> Path:
    """A directory that is there for as long as Python runs."""
    directory = Path(tempfile.mkdtemp(prefix="study-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory
