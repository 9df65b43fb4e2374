"""The stored results of a run as tidy pandas frames."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from study.analysis.kept import cached_names
from study.analysis.seeds import (
    by_seed,
    by_source,
    by_split,
    diverged_seeds,
    failures_by_seed,
    paired,
    seeds_by_condition,
    without_seeds,
)
from study.analysis.undefined import without_gradient
from study.analysis.vectors import (
    OnSplits,
    Vectors,
    methods_by_level,
    stored_name,
    stored_on_splits,
    stored_varied,
    stored_vectors,
    tidy,
)
from study.common.conditions import SHUFFLED
from study.common.errors import InputError
from study.common.fit_measures import fit_measures
from study.common.methods import TRAINING_GRADIENT, method_of
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.base import fingerprint
from study.recipes.dataset import DatasetRecipe
from study.recipes.model import Contender, EstimatorRecipe, estimators
from study.statistics.ranking import ranks, shares
from study.store.reader import Measured
from study.store.store import Store

_ROWS_AT_ONCE = 100_000  # of scores in a frame: one of all would be large


class Results:
    """A run's results. Frames are tidy: one row for each number.

    Everything is of ordinary seeds on the rows of the data, but for `varied` and `varied_fits`,
    `split_fits`, `on_splits` and `on_shuffles`. Of controls, only seeds count here that the real
    condition has: further shuffles are for `on_shuffles`.

    Attributes
    ----------
    directory : Path
    dataset : name of the dataset
    recipe : DatasetRecipe
    models : dict of Contender by name, of those with ordinary seeds; None in place of the
        recipe of one whose scores were made elsewhere
    sizes : dict of int, weights of a network by model; 0 of what is none
    environments : list of dict, versions and platforms
    features, variables : lists of str
    measures : FitMeasures, of what the models learn
    fits : model, condition, engine, seed, part, evaluation, and the columns of `measures`
    varied_fits : source, base, seed, model, part, evaluation, and these columns; as `by_source`
        puts networks to sources
    split_fits : model, condition, engine, seed, split, half, part, evaluation, and these columns
    traits : feature, deviation, explained; of the training rows, as `study.dataset.explained`
        has it; empty in a run whose last `study run` did not store them yet
    parts : part, rows, deviation; training and test rows with the deviation of the scaled
        target, and rows dropped for a missing value, or left out (proposal), if any; of GROUPS
        and ALL_GROUPS, how many groups these, and all, are of, if rows are grouped
    prepared : column, centre, divisor, missing, imputed; of each variable and last the target:
        it was scaled as (value - centre) / divisor; `imputed` stands in `missing` rows
    history : as Store.history has it; of each `study run` that had to train. These three are
        empty in a run that no `study run` has stored them in.
    data_findings : tuple of Warning, what was found in the data before training
    failures : model, condition, engine, seed, reason; of each trained model that is missing,
        since it failed twice; the seed is missing for networks of --vary and least squares
    varied_models : list of str, the models that `varied_fits` holds
    undefined : variables by model and method, of methods that are undefined for a model
        (`without_gradient`); the rest is as if they had not been measured
    """

    def __init__(self, directory: str | Path, *, whatever: bool = False) -> None:
        """Read the run in `directory`. Raises InputError when it holds none, or nothing yet.

        With `whatever`, there need be no network of an ordinary seed; most that is made of
        results then makes no sense.
        """
        with Store(Path(directory)) as store, store.reader.at_once():
            if not whatever:
                store.check_trained()
            self.directory = store.directory
            self.dataset = store.dataset
            self.recipe: DatasetRecipe = store.recipe
            self.hashes = store.hashes
            recipes = {name: store.model_recipe(name) for name in store.model_names()}
            self.sizes = {
                name: sum(math.prod(shape) for _, shape in store.layout(name)) for name in recipes
            }
            self.environments = store.environments()
            self.traits, self.parts = store.traits(), store.parts()
            self.prepared = store.prepared()
            self.history = store.history()
            self.data_findings = store.data_findings()
            failures = store.failures()
            self._digest = store.digest()
            trainings = store.trainings()
            fits, scores = store.frame("fits"), store.reader.verified("scores")
        self.measures = fit_measures(self.recipe.task)
        fits = fits.drop(columns=self.measures.others)
        self._trainings = self._paired(by_seed(trainings))
        self.failures = failures_by_seed(failures)
        self.fits = self._paired(by_seed(fits))
        self.split_fits = by_split(fits)
        varying = set(by_source(trainings)["model"])
        self.varied_fits = by_source(fits[fits["model"].isin(varying)]).drop(
            columns=["condition", "engine"]
        )
        self.varied_models = [name for name in recipes if name in set(self.varied_fits["model"])]
        self._titles = {name: of.title if of else name for name, of in recipes.items()}
        real = self._trainings[self._trainings["condition"] == "real"]
        trained = set(real.loc[real["seed"].notna(), "model"])
        self.models: dict[str, Contender | None] = {
            name: recipe for name, recipe in recipes.items() if name in trained
        }
        for model, engines in trainings.groupby("model")["engine"].unique().items():
            if len(engines) > 1:
                raise InputError(
                    f"{self.directory}: holds results of model '{model}' by several engines "
                    f"({', '.join(sorted(engines))}), whose digits do not mix"
                )
        self.features = self.recipe.features
        self.variables = [variable.name for variable in self.recipe.variables]
        self.undefined: dict[str, dict[str, list[str]]] = {}
        self._vectors: dict[tuple[str, str, str, str], Vectors] = {}
        self._shuffled: dict[tuple[str, str, str], Vectors] = {}
        self._on_splits: dict[tuple[str, str, str], OnSplits] = {}
        self._varied_scores = self._keep_vectors(scores, varying)
        self._left_out: dict[str, Collection[int]] = {}

    def _keep_vectors(self, scores: Measured, varying: Collection[str]) -> pd.DataFrame:
        """Keep the scores of models as vectors; return those of networks of --vary, as stored."""
        varied = [by_source(scores.frame(end=0))]  # without rows: nothing may be stored yet
        for stored in scores.frames(_ROWS_AT_ONCE):
            found = dict(stored_vectors(by_seed(stored), self.recipe))
            for model in () if self.imported else stored["model"].unique():
                if undefined := without_gradient(found, model, self.recipe):
                    self.undefined[model] = undefined
                    own = stored["method"].map(method_of)
                    lost = (stored["model"] == model) & own.isin(list(undefined))
                    stored = stored[~lost]
            for key, vectors in found.items():
                model, condition, method, level = key
                if method_of(method) in self.undefined.get(model, ()):
                    continue
                if condition == SHUFFLED:
                    self._shuffled[model, method, level] = vectors
                self._vectors[key] = self._of_paired(model, condition, vectors)
            for _, of_model in by_split(stored).groupby("model"):
                self._on_splits.update(stored_on_splits(of_model, self.recipe))
            varied.append(by_source(stored[stored["model"].isin(varying)]))
        return pd.concat(varied, ignore_index=True)

    @cached_property
    def losses(self) -> pd.DataFrame:
        """model, condition, engine, seed, epoch, loss; read when first asked for."""
        return self._read("losses")

    @cached_property
    def occasions(self) -> pd.DataFrame:
        """model, condition, engine, seed, epoch, feature, absolute, signed.

        Mean gradients of the mini-batch loss, as met in training; read when first asked for.
        """
        found = self._read("occasions")
        lost = [model for model, of in self.undefined.items() if TRAINING_GRADIENT in of]
        return found[~found["model"].isin(lost)].reset_index(drop=True) if lost else found

    @property
    def scores(self) -> pd.DataFrame:
        """model, condition, method, level, seed, name, score, signed.

        Scores by variable are sums over the columns of a one-hot group, which has no sign of
        its own; permutation-grouped is scored by variable to begin with.
        """
        return tidy(
            self._vectors, self.recipe, score=lambda of: of.score, signed=lambda of: of.signed
        )

    @property
    def shares(self) -> pd.DataFrame:
        """model, condition, method, level, seed, name, share."""
        return tidy(self._vectors, self.recipe, share=lambda of: shares(of.score))

    @property
    def ranks(self) -> pd.DataFrame:
        """model, condition, method, level, seed, name, rank; rank 1 is the greatest."""
        return tidy(self._vectors, self.recipe, rank=lambda of: ranks(of.score))

    def vectors(
        self, model: str, condition: str, method: str, level: str, for_class: str | None = None
    ) -> Vectors | None:
        """The scores of one model and method, one vector for each seed; None if not stored.

        With `for_class` those of one class, which not all methods have.
        """
        stored = stored_name(self.recipe, method, for_class)
        return self._vectors.get((model, condition, stored, level))

    def on_splits(
        self, model: str, method: str, level: str, for_class: str | None = None
    ) -> OnSplits | None:
        """The scores of a model on halves of all rows, as `vectors`; None if not stored."""
        return self._on_splits.get((model, stored_name(self.recipe, method, for_class), level))

    def on_shuffles(
        self, model: str, method: str, level: str, for_class: str | None = None
    ) -> Vectors | None:
        """The scores of a model on every shuffle of the targets, as `vectors`."""
        return self._shuffled.get((model, stored_name(self.recipe, method, for_class), level))

    def shuffles(self, model: str) -> int:
        """How many shuffles of the targets a model is trained on."""
        return max(
            (len(of.seeds) for (name, *_), of in self._shuffled.items() if name == model), default=0
        )

    def varied(
        self, model: str, method: str, level: str, for_class: str | None = None
    ) -> dict[str, dict[int, Vectors]]:
        """The scores of a model's networks of --vary, by source and then by base seed.

        One vector for each seed of the varied source, as `by_source` puts them. Sources and
        bases of which nothing is stored are left out.
        """
        return self._varied.get((model, stored_name(self.recipe, method, for_class), level), {})

    @cached_property
    def _varied(self) -> dict[tuple[str, str, str], dict[str, dict[int, Vectors]]]:
        """What `varied` gives, by (model, method, level)."""
        return stored_varied(self._varied_scores, self.recipe)

    @property
    def imported(self) -> str | None:
        """The file that the scores were imported from; None where the study made them."""
        return self.recipe.scores

    def methods(self, level: str | None = None) -> tuple[str, ...]:
        """The methods with scores at a level, or at any: the study's own, then others by name."""
        return self._methods.get(level, ())

    @cached_property
    def _methods(self) -> dict[str | None, tuple[str, ...]]:
        """What `methods` gives, by level."""
        return methods_by_level(self._vectors, imported=bool(self.imported))

    def items(self, level: str) -> list[str]:
        """The features, the variables, or the groups of variables."""
        return self.recipe.items(level)

    def published(self, model: str, method: str, level: str = "feature") -> dict[str, float]:
        """Published shares by feature; empty where none were published for these."""
        known = self.recipe.published
        if known is None or (model, method, level) != (known.model, known.method, "feature"):
            return {}
        return dict(zip(self.features, known.shares, strict=True))

    def title(self, model: str) -> str:
        """What a model is called in tables and figures."""
        if model == LEAST_SQUARES:
            return self.measures.closed_form
        return self._titles.get(model, model)  # of one that failed altogether nothing is known

    @property
    def begun(self) -> list[str]:
        """The models of which anything is stored by ordinary seeds, in any condition."""
        held = set(self._trainings.loc[self._trainings["seed"].notna(), "model"])
        return [model for model in self._titles if model in held]

    @property
    def estimators(self) -> dict[str, EstimatorRecipe]:
        """The models that are estimators of scikit-learn, and no networks, by name."""
        return estimators(self.models)

    def seeds(self, model: str, condition: str) -> list[int]:
        """The stored seeds of a model in one condition."""
        return sorted(
            {seed for seed in self._seeds.get((model, condition), ()) if seed is not None}
        )

    @cached_property
    def _seeds(self) -> dict[tuple[str, str], list[int | None]]:
        return seeds_by_condition(self._trainings)

    def engines(self) -> dict[str, str]:
        """The engine that trained each model."""
        return dict(self._trainings.groupby("model")["engine"].first())

    @property
    def identity(self) -> str:
        """Twelve hexadecimal digits of what was run, and of what came of it.

        They stand for data, recipes, engines, seeds, versions and trained weights.
        """
        parts = {
            "dataset": fingerprint(self.recipe),
            "tables": self.hashes,
            "models": {name: fingerprint(of) if of else "" for name, of in self.models.items()},
            "trained": self._digest,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]

    def diverged(self, model: str, condition: str) -> list[int]:
        """The seeds whose trained network predicts no number: NaN or infinity.

        Where nothing is known of predictions, the seeds that a method has no scores of.
        """
        if self.fits.empty:
            lost = [
                vectors.seeds[~np.isfinite(vectors.score).all(axis=1)]
                for (of_model, of_condition, _, _), vectors in self._vectors.items()
                if (of_model, of_condition) == (model, condition)
            ]
            return sorted({int(seed) for seeds in lost for seed in seeds})
        return self._diverged.get((model, condition), [])

    @cached_property
    def _diverged(self) -> dict[tuple[str, str], list[int]]:
        """Such seeds where predictions are known, by model and condition."""
        return diverged_seeds(self.fits, self.measures.explained)

    def without(
        self, left_out: Mapping[str, Collection[int]], varied: pd.DataFrame | None = None
    ) -> Results:
        """These results without some seeds of some models, in every condition.

        `varied` names networks in which one source varies, by model, source, base and seed,
        that are left out as well. A model without any seed left is left out itself.
        """
        result = copy.copy(self)
        for name in self.__dict__.keys() & cached_names(type(self)):
            del result.__dict__[name]  # it is of all seeds
        models = self._left_out.keys() | left_out.keys()
        result._left_out = {
            model: {*self._left_out.get(model, ()), *left_out.get(model, ())} for model in models
        }
        result.fits = without_seeds(self.fits, result._left_out)
        result._trainings = without_seeds(self._trainings, result._left_out)
        result._vectors = {
            key: vectors.only(~vectors.seeds.isin(list(left_out[key[0]])).to_numpy(bool))
            if left_out.get(key[0])
            else vectors
            for key, vectors in self._vectors.items()
        }
        result.models = {
            model: recipe for model, recipe in self.models.items() if result.seeds(model, "real")
        }
        if varied is not None:
            lost = pd.MultiIndex.from_frame(varied)

            def kept(frame: pd.DataFrame) -> pd.DataFrame:
                return frame[~pd.MultiIndex.from_frame(frame[lost.names]).isin(lost)]

            result.varied_fits = kept(self.varied_fits)
            result._varied_scores = kept(self._varied_scores)
        return result

    def _paired(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What `paired` keeps; of imported scores, whose controls may have own seeds, all."""
        return frame if self.imported else paired(frame)

    def _of_paired(self, model: str, condition: str, vectors: Vectors) -> Vectors:
        """The vectors of the seeds that `_paired` keeps."""
        kept = self._seeds.get((model, condition), ())
        if len(kept) == len(vectors.seeds):  # also least squares, which has no seed
            return vectors
        return vectors.only(vectors.seeds.isin(kept).to_numpy(bool))

    def _read(self, table: str) -> pd.DataFrame:
        with Store(self.directory) as store:
            found = self._paired(by_seed(store.frame(table)))
        # What a run at work has stored since the rest was read does not count.
        known, keys = (
            pd.MultiIndex.from_frame(frame[["model", "condition", "seed"]])
            for frame in (self._trainings, found)
        )
        return found[keys.isin(known)].reset_index(drop=True)
