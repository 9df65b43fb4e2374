"""What is needed to compute stored results again: the data, the networks, and where we are.

All use that checks make of training and measuring is here.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from study.common.conditions import UNTRAINED
from study.common.errors import InputError, StudyError
from study.common.files import file_name
from study.common.findings import NOTE, PASSED, Finding
from study.common.methods import DECLARED, method_of
from study.common.versions import environment
from study.common.weights import Weights
from study.datasets.dataset import Dataset, load_dataset
from study.engines.engine import Engine
from study.engines.one_thread import one_thread
from study.engines.registry import engine_for
from study.engines.replicates import Trained
from study.execution.block import Block
from study.execution.further_methods import replicates_of
from study.execution.plan import plan
from study.execution.train_and_measure import records, train_and_measure
from study.importance.measure import measure_trained
from study.recipes.base import dotted, fingerprint
from study.recipes.find import find_dataset
from study.recipes.trust import REMEDY, foreign_model, foreign_table
from study.store.reader import Training, key_of
from study.store.records import Key, Record
from study.store.store import Store

Count = Callable[[int], None]


@dataclass(frozen=True)
class Again:
    """The data of a run as they lie now, and the models that can be made again.

    dataset : None where the data are not what they were
    engines : by model, with its weights laid out as they were; on the processor
    methods : those that the run was made with
    here : versions and platform
    findings : on the data, and on what cannot be made again
    """

    dataset: Dataset | None
    engines: dict[str, Engine] = field(default_factory=dict)
    methods: tuple[str, ...] = ()
    here: dict[str, str] = field(default_factory=environment)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, store: Store, data: str | None, *, trust: bool) -> "Again":
        """Find the data of a run, and what trains its models.

        Unless it is to be trusted, no code is run that the run alone names.
        """
        findings: list[Finding] = []
        dataset = _dataset(store, data, findings, trust=trust)
        if dataset is None:
            return cls(None, findings=findings)
        again = cls(dataset, methods=store.methods(), findings=findings)
        known = dict(store.sources().itertuples(index=False, name=None))
        for model, begun in store.engines().items():
            recipe = store.model_recipe(model)
            if not trust and (code := foreign_model(recipe)):
                what = f"{model} is left out below, as it would run {code}, which the run names"
                findings.append(Finding(NOTE, what, REMEDY, "C010"))
                continue
            try:
                engine = engine_for(
                    recipe,
                    len(dataset.features),
                    task=dataset.task,
                    begun=begun,
                    gaps=dataset.gaps,
                    columns=dataset.columns,
                )
                if engine.layout != store.layout(model):
                    raise InputError("its network has other parameters now")
                own = engine.own_code  # of what cannot be made at all there is none
                if model in known and not own.is_of(known[model]):
                    raise InputError("its code has changed since it was trained")
                again.engines[model] = engine
            except StudyError as error:
                what = f"{model} cannot be made again, and is left out below: {error}"
                remedy = "check where its code lies, as it was when it was trained"
                findings.append(Finding(NOTE, what, remedy, "C010"))
        if not any(finding.code == "C010" for finding in findings):
            what = "every model's code is as it was when it was trained"
            findings.append(Finding(PASSED, what, code="C010"))
        return again

    def measured(self, model: str, trainings: Sequence[Training], weights: Weights) -> list[Record]:
        """Fits and after-training scores of stored weights, (networks, ...) by parameter."""
        assert self.dataset is not None
        trained = Trained.without_steps(weights, len(trainings))
        methods = [of.name for of in DECLARED if of.name in self.methods and not of.of_training]
        with one_thread():
            replicates = replicates_of(trainings)
            found = measure_trained(
                self.engines[model], trained, self.dataset, replicates, methods=methods
            )
        keys = [key_of(training) for training in trainings]
        return self._made_then(records(keys, trained, found, self.dataset))

    def initial(self, model: str, trainings: Sequence[Training]) -> Weights:
        """The weights with which networks begin, (networks, ...) by parameter."""
        assert self.dataset is not None
        x, y = self.dataset.train_x, self.dataset.train_y
        untrained = [replace(one, condition=UNTRAINED) for one in replicates_of(trainings)]
        return self.engines[model].train(untrained, x, y).weights

    def least_squares(self, trainings: Sequence[Training]) -> dict[Key, Record]:
        """The closed-form fit, on the rows of the data and on those of some trainings."""
        assert self.dataset is not None
        wanted = replicates_of(trainings)
        planned = plan({}, self.dataset, wanted, stored=set(), methods=self.methods)
        with one_thread():
            made = [train_and_measure(block, self.dataset).records for block in planned.blocks]
        return {record.key: record for records in made for record in self._made_then(records)}

    def blocks(self, model: str, trainings: Sequence[Training]) -> tuple[Block, ...]:
        """What trains some networks of a model again, on this machine's processor."""
        assert self.dataset is not None
        wanted = replicates_of(trainings)
        engines = {model: self.engines[model]}
        planned = plan(engines, self.dataset, wanted, stored=set(), methods=self.methods)
        return tuple(block for block in planned.blocks if block.model == model)

    def trained(self, block: Block, count: Count) -> list[Record]:
        """Train and measure a block as `study run` does."""
        assert self.dataset is not None
        with one_thread():
            return self._made_then(train_and_measure(block, self.dataset, count).records)

    def _made_then(self, made: Sequence[Record]) -> list[Record]:
        """Records without scores by methods that the run was made without."""
        return [with_methods(record, self.methods) for record in made]

    def differs(self, training: Training) -> list[str]:
        """What is another thing here than where a network was trained."""
        there = json.loads(training.environment)
        return [
            f"{name} {there.get(name, 'unknown')} there, {self.here.get(name, 'unknown')} here"
            for name in sorted(there.keys() | self.here.keys())
            if there.get(name) != self.here.get(name)
        ]


def with_methods(record: Record, methods: Collection[str]) -> Record:
    """A record with its scores by some methods alone."""
    return replace(record, scores=[row for row in record.scores if method_of(row[0]) in methods])


def _dataset(
    store: Store, data: str | None, findings: list[Finding], *, trust: bool
) -> Dataset | None:
    """The data of a run, if they lie here unchanged."""
    left_out = "what depends on the data is not checked"
    if store.recipe.scores is not None:
        what = f"scores imported from {store.recipe.scores}: there is nothing to compute again"
        findings.append(Finding(NOTE, what, code="C009"))
        return None
    remedy = "name the dataset recipe with --data"
    try:
        found = find_dataset(data or file_name(store.dataset, ""))
        own = None if data is None else found.recipe
        if not trust and (code := foreign_table(store.recipe, own)):
            what = f"{left_out}, as it would run {code}, which the run names"
            findings.append(Finding(NOTE, what, f"{remedy}; {REMEDY}", "C009"))
            return None
        dataset = load_dataset(store.recipe, found.path.parent)
    except StudyError as error:
        findings.append(Finding(NOTE, f"{left_out}: {error}", remedy, "C009"))
        return None
    changed = [name for name, digest in dataset.hashes.items() if store.hashes.get(name) != digest]
    if changed or store.hashes.keys() - dataset.hashes.keys():
        what = f"{', '.join(changed)} beside {found.path} has changed since the run: {left_out}"
        remedy = "put the table back as it was, or name the recipe it belongs to with --data"
        findings.append(Finding(NOTE, what, remedy, "C009"))
        return None
    if fingerprint(found.recipe) != fingerprint(store.recipe):
        before, now = dotted(store.recipe), dotted(found.recipe)
        key = next(key for key in {**before, **now} if before.get(key) != now.get(key))
        what = f"{found.path} says otherwise now ({key}): its recipe as stored is used"
        findings.append(Finding(NOTE, what, code="C009"))
    else:
        what = f"{', '.join(dataset.hashes)}: as they were when the networks were trained"
        findings.append(Finding(PASSED, what, code="C009"))
    return dataset
