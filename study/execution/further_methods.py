"""Methods that there were not when a run was made: its models are scored by them afterwards."""

from collections.abc import Callable, Sequence

from study.common.methods import PREDICTIONS, WHOLE_VARIABLES, find_method
from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.one_thread import one_thread
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained
from study.execution.train_and_measure import score_rows
from study.importance.measure import measure_trained
from study.store.reader import Training, among, key_of, streams_of
from study.store.records import Key, Row, unpacked
from study.store.same_run import lacking
from study.store.store import Store
from study.store.writer import Writer


def further_methods(store: Store, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """The methods that a run was made without: those to be had of its stored weights, and others.

    The others need what only training tells, or models of which no weights are kept.
    """
    further = lacking(store, wanted)
    left = [name for name in further if _needs_training(store, name)]
    return [name for name in further if name not in left], left


def add_further_methods(
    store: Writer,
    methods: Sequence[str],
    dataset: Dataset,
    report: Callable[[int], None] = lambda _: None,
) -> None:
    """Score all stored models by methods of `further_methods`, and store that in one go.

    `report` is called with the number of models that are done. Raises StudyError.
    """
    scores: dict[Key, list[Row]] = {}
    for model, begun in store.engines().items():
        engine = engine_for(
            store.model_recipe(model), len(dataset.features), task=dataset.task, begun=begun
        )
        every = _with_weights(store, model)
        for table in dict.fromkeys(training.table for training in every):
            trainings = [training for training in every if training.table == table]
            own_rows = table != "data"
            size = engine.block_size(len(trainings), dataset, trained=False, own_rows=own_rows)
            for start in range(0, len(trainings), size):
                some = trainings[start : start + size]
                scores |= _scored(store, engine, methods, some, dataset)
                report(len(scores))
    store.add_scores(methods, scores)


def replicates_of(trainings: Sequence[Training]) -> list[Replicate]:
    """What was trained; least squares on the rows of the data is no replicate."""
    return [
        Replicate(training.condition, streams)
        for training in trainings
        if (streams := streams_of(training.streams)) is not None
    ]


def _needs_training(store: Store, name: str) -> bool:
    """Whether stored weights cannot tell the scores of a method, of some model that has any."""
    method = find_method(name)
    assert method is not None
    if method.of_training:
        return True
    return method.needs in (PREDICTIONS, WHOLE_VARIABLES) and bool(store.without_weights())


def _with_weights(store: Store, model: str) -> list[Training]:
    """The trainings of a model; none where no weights of it are kept."""
    if not store.layout(model):
        return []
    return [training for training in store.reader.each_training() if training.model == model]


def _scored(
    store: Store,
    engine: Engine,
    methods: Sequence[str],
    trainings: Sequence[Training],
    dataset: Dataset,
) -> dict[Key, list[Row]]:
    contents = {
        training.id: content
        for training, content in store.reader.verified_weights(among(trainings))
    }
    weights = unpacked(
        [contents[training.id] for training in trainings], store.layout(trainings[0].model)
    )
    with one_thread():
        trained = Trained.without_steps(weights, len(trainings))
        replicates = replicates_of(trainings)
        found = measure_trained(engine, trained, dataset, replicates, methods=methods)
    return {
        key_of(training): score_rows(found.importances, place, dataset)
        for place, training in enumerate(trainings)
    }
