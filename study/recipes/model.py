"""Recipes of models: a network with its training protocol, or an estimator of scikit-learn."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import (
    Field,
    PrivateAttr,
    TypeAdapter,
    field_validator,
    model_validator,
)

from study.common.vocabulary import SOURCES
from study.recipes.base import Arguments, ImportPath, Name, Positive, Recipe

Inputs = Literal["features", "columns"]
# The part of the training rows that is held out of training where it may stop early.
HELD_OUT = 0.2


class Protocol(Recipe):
    """Training protocol: mean squared error and Adam over shuffled mini-batches.

    patience : stop after so many epochs without a smaller error on validation rows, which are
        held out, and keep the weights of the best epoch; None trains all epochs on all rows
    """

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: Positive
    patience: int | None = Field(default=None, ge=1)

    def held_out(self, rows: int) -> int:
        """How many of so many training rows are validation rows."""
        return 0 if self.patience is None else max(round(HELD_OUT * rows), 1)


class ModelRecipe(Recipe):
    """A contender: a network class by import path, its arguments, its training protocol."""

    title: Name
    network: ImportPath
    arguments: Arguments = {}
    training: Protocol

    # The sources of randomness that can vary alone.
    sources: ClassVar[tuple[str, ...]] = SOURCES

    @property
    def import_path(self) -> str:
        """The class that it names."""
        return self.network


class EstimatorRecipe(Recipe):
    """A contender: a scikit-learn regressor or classifier by import path, and its arguments.

    It trains itself, and the seed is its random_state.

    estimator : its class, or a function that makes it of the arguments
    inputs : features as networks have them, or the columns of the table as a data frame; of a
        class features, if not said, and columns of what a function makes
    """

    title: Name
    estimator: ImportPath
    arguments: Arguments = {}
    inputs: Inputs | None = None

    training: ClassVar[None] = None
    sources: ClassVar[tuple[str, ...]] = ("init", "rows")

    @property
    def import_path(self) -> str:
        """The class that it names."""
        return self.estimator

    @model_validator(mode="before")
    @classmethod
    def is_no_network(cls, values: Any) -> Any:
        if isinstance(values, dict) and "network" in values:
            raise ValueError("network and estimator: give one of them")
        if isinstance(values, dict) and "training" in values:
            raise ValueError(
                "training: leave it out; an estimator trains itself, as its arguments say"
            )
        return values

    @field_validator("arguments")
    @classmethod
    def seed_is_free(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        if "random_state" in arguments:
            raise ValueError("random_state is given by the seed: leave it out")
        return arguments


class GivenEstimator(EstimatorRecipe):
    """An estimator that was given as an object, which no import path makes again.

    What is stored of it is a description, and nothing that runs.

    given : its parameters in words, those of its parts by their names
    """

    given: dict[str, str]

    _prototype: Any = PrivateAttr(None)

    @property
    def prototype(self) -> Any:
        """The object, which is cloned and never fitted; None where the recipe was stored."""
        return self._prototype


Contender = ModelRecipe | EstimatorRecipe | GivenEstimator
_CONTENDER: TypeAdapter[Contender] = TypeAdapter(Contender)


def read_model(text: str) -> Contender:
    """The model recipe that was stored as JSON."""
    return _CONTENDER.validate_json(text)


def with_patience(recipe: Contender, patience: int | None) -> Contender:
    """The recipe with this patience, where it is of a network and names none."""
    if patience is None or not isinstance(recipe, ModelRecipe) or recipe.training.patience:
        return recipe
    training = recipe.training.model_copy(update={"patience": patience})
    return recipe.model_copy(update={"training": training})


def estimators(models: Mapping[str, Contender | None]) -> dict[str, EstimatorRecipe]:
    """The models that are estimators of scikit-learn, and no networks, by name."""
    return {name: of for name, of in models.items() if isinstance(of, EstimatorRecipe)}


def kind_of_model(values: dict[str, Any]) -> type[Contender]:
    """The class of a model recipe, by its keys."""
    return EstimatorRecipe if "estimator" in values else ModelRecipe
