"""A run is checked, opened or made, and planned, before anything is trained."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from study.common.conditions import CONDITIONS
from study.common.errors import InputError, StudyError
from study.common.fit_measures import fit_measures
from study.common.methods import DEFAULT_METHODS, chosen_methods
from study.common.vocabulary import ALL_GROUPS, GROUPS, LEAST_SQUARES
from study.datasets.checks.registry import data_warnings
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.engines.row_orders import TIME_BLOCKS, half_sizes
from study.execution.plan import Plan, plan
from study.importance.integrated_gradient import baseline_of
from study.importance.sample import Sample
from study.importance.scoring import check_scoring
from study.recipes.model import Contender
from study.statistics.collinearity import explained
from study.statistics.exchanges import in_time
from study.statistics.spread import deviations
from study.store import same_run
from study.store.records import Key
from study.store.run_directory import FILE_NAME, check_writable, create, set_aside
from study.store.store import Store
from study.store.writer import Writer


def prepare(
    directory: Path,
    dataset_name: str,
    dataset: Dataset,
    models: Mapping[str, Contender],
    wanted: Sequence[Replicate],
    *,
    device: str,
    fresh: bool,
    methods: Sequence[str] = DEFAULT_METHODS,
) -> tuple[Writer, Plan]:
    """Open the run in `directory`, or make it, and plan what is missing.

    `wanted` are the replicates of each model, which are scored by `methods`, and by those that
    the run has already. `device` is where torch trains. Nothing is written before the recipes have
    been checked. With `fresh`, stored results are set aside first. Raises InputError, and
    StudyError where what is stored is damaged.
    """
    engines = _checked(directory, dataset, models, wanted, device=device, fresh=fresh)
    check_writable(directory)
    if fresh:
        set_aside(directory)
    if not (directory / FILE_NAME).exists():
        create(directory, dataset_name, dataset.recipe, dataset.hashes, methods=methods)
    store = Writer(directory)
    try:
        store.check_measured()
        for name, digest in _held_against(store, dataset, models, engines).items():
            store.add_source(name, digest)
        store.add_conditions(CONDITIONS)
        if store.traits().empty:
            store.add_traits(_traits(dataset))
        if store.parts().empty:
            store.add_parts(_parts(dataset))
        if store.prepared().empty:
            store.add_prepared(
                [
                    (of.column, of.scale.centre, of.scale.divisor, of.missing, of.imputed)
                    for of in dataset.prepared
                ]
            )
        if not store.data_findings() and (found := data_warnings(dataset)):
            store.add_data_findings(found)
        every = chosen_methods([*store.methods(), *methods])
        stored = store.stored_keys()
        return store, plan(engines, dataset, wanted, stored=stored, methods=every)
    except StudyError:
        store.close()
        raise


def foresee(
    directory: Path,
    dataset: Dataset,
    models: Mapping[str, Contender],
    wanted: Sequence[Replicate],
    *,
    device: str,
    methods: Sequence[str] = DEFAULT_METHODS,
) -> Plan:
    """What `prepare` would plan, with its checks, but nothing is made or written."""
    engines = _checked(directory, dataset, models, wanted, device=device, fresh=False)
    stored: set[Key] = set()
    if (directory / FILE_NAME).exists():
        with Store(directory) as store:
            _held_against(store, dataset, models, engines)
            stored = store.stored_keys()
            methods = chosen_methods([*store.methods(), *methods])
    return plan(engines, dataset, wanted, stored=stored, methods=methods)


def stored_keys(directory: Path) -> set[Key]:
    """What the run in `directory` holds, if there is one."""
    if not (directory / FILE_NAME).exists():
        return set()
    with Store(directory) as store:
        return store.stored_keys()


def _checked(
    directory: Path,
    dataset: Dataset,
    models: Mapping[str, Contender],
    wanted: Sequence[Replicate],
    *,
    device: str,
    fresh: bool,
) -> dict[str, Engine]:
    """The engines of the models. Raises InputError where one cannot be run."""
    if LEAST_SQUARES in models:
        raise InputError(f"'{LEAST_SQUARES}' is always computed: it cannot name a model recipe")
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    check_device(device)
    check_scoring(dataset)
    baseline_of(dataset, Sample.of(dataset, ()))  # which a recipe may name wrongly
    known = {} if fresh else _stored_models(directory)
    engines = {}
    for name, recipe in models.items():
        engines[name] = engine_for(
            recipe,
            len(dataset.features),
            device,
            dataset.task,
            begun=known.get(name),
            gaps=dataset.gaps,
            columns=dataset.columns,
        )
        engines[name].check(dataset, known=name in known)
        if not engines[name].seeded and not any(one.streams.own_rows for one in wanted):
            closed_form = fit_measures(dataset.task).closed_form.lower()
            raise InputError(
                f"model '{name}': {engines[name].import_path}: it has no random_state, so that "
                "all seeds would be the same: let rows vary by --splits or --vary rows, or name "
                f"one that has it ({closed_form} is always computed)"
            )
    return engines


def _held_against(
    store: Store,
    dataset: Dataset,
    models: Mapping[str, Contender],
    engines: Mapping[str, Engine],
) -> dict[str, str | None]:
    """The digest of each model's code. Raises InputError if the run was made in another way."""
    same_run.check_dataset(store, dataset.recipe, dataset.hashes)
    same_run.check_rows(store)
    digests = {}
    for name, engine in engines.items():
        same_run.check_model(store, name, models[name], engine.layout, engine.name)
        code = engine.own_code
        same_run.check_source(store, name, code)
        digests[name] = code.digest
    return digests


def _stored_models(directory: Path) -> dict[str, str | None]:
    """The models that the run in `directory` holds, if there is one, each with its engine."""
    if not (directory / FILE_NAME).exists():
        return {}
    with Store(directory) as store:
        return store.engines()


def check_device(device: str) -> None:
    """Raise InputError unless torch finds the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: PyTorch finds no CUDA device here")


def check_source(source: str, models: Mapping[str, Contender]) -> None:
    """Raise InputError unless every model has this source of randomness."""
    without = [name for name, recipe in models.items() if source not in recipe.sources]
    if without:
        raise InputError(
            f"--vary {source}: no source of {', '.join(without)}, where only init (the "
            "random_state) and rows vary: name the other models with --models"
        )


def check_splits(dataset: Dataset) -> None:
    """Raise InputError where halves of all rows would be too small to train and to test on."""
    rows, tested, groups = len(dataset.train_y), len(dataset.test_y), dataset.row_groups
    size, held = half_sizes(rows, tested, groups)
    if size - held < 2 or (in_time(groups) and size < TIME_BLOCKS // 2):
        drawn = f"{rows + tested} rows"
        if groups is not None:
            drawn = f"{len(np.unique(groups))} {'times' if in_time(groups) else 'groups'}"
        raise InputError(
            f"--splits: a half of {drawn} is too small to train and test on: --splits 0 "
            "leaves them out"
        )


def _traits(dataset: Dataset) -> list[tuple[str, float, float]]:
    """Each feature with its deviation and how much of it the other variables explain."""
    known = explained(dataset.train_x, dataset.groups)
    return [
        (feature, float(deviation), float(share))
        for feature, deviation, share in zip(
            dataset.features, dataset.feature_scale, known, strict=True
        )
    ]


def _parts(dataset: Dataset) -> list[tuple[str, int, float | None]]:
    """Training and test rows, with the deviation of their targets, rows left out, and groups."""
    classes, sample = dataset.task.classes, Sample.of(dataset, ())
    parts: list[tuple[str, int, float | None]] = [
        (part, len(y), None if classes else float(deviations(y, weights)))
        for part, y, weights in (
            ("train", sample.train_y, sample.train_weights),
            ("test", sample.test_y, sample.test_weights),
        )
    ]
    others = {"dropped": dataset.dropped, "proposal": dataset.left_out}
    if dataset.group_counts is not None and dataset.row_groups is not None:
        others |= dict(zip(GROUPS, dataset.group_counts, strict=True))
        others[ALL_GROUPS] = len(np.unique(dataset.row_groups))
    return parts + [(part, rows, None) for part, rows in others.items() if rows]
