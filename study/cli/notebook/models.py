"""Models as they are given in Python: names of recipes, recipes, and estimators as objects."""

from collections.abc import Iterator, Mapping

from study.common.errors import InputError
from study.recipes.find import find_contender
from study.recipes.given_estimator import given_estimator
from study.recipes.model import Contender, EstimatorRecipe, ModelRecipe


def contenders(models: object) -> dict[str, Contender]:
    """Model recipes by name, of one model, a list of them, or a dict that names each.

    A model is the name or the path of a recipe, "sklearn:CLASS", a recipe, or an estimator, which
    goes by the name of its class. Raises InputError.
    """
    found: dict[str, Contender] = {}
    for name, recipe in _each(models):
        if name in found:
            raise InputError(f"model '{name}' is named twice: name each by a dict, {{name: model}}")
        found[name] = recipe
    if not found:
        raise InputError("no model is given: give an estimator, or a name, such as 'mlp'")
    return found


def _each(models: object) -> Iterator[tuple[str, Contender]]:
    if isinstance(models, Mapping):
        yield from ((str(name), _contender(model, str(name))) for name, model in models.items())
        return
    for model in models if isinstance(models, list | tuple) else [models]:
        name = _name(model)
        yield name, _contender(model, name)


def _name(model: object) -> str:
    if isinstance(model, str):
        return find_contender(model).name
    if isinstance(model, ModelRecipe | EstimatorRecipe):
        return model.title
    return type(model).__name__


def _contender(model: object, name: str) -> Contender:
    if isinstance(model, str):
        return find_contender(model).recipe
    if isinstance(model, ModelRecipe | EstimatorRecipe):
        return model
    if isinstance(model, type):
        raise InputError(f"model '{model.__name__}': a class: give an object, {model.__name__}()")
    return given_estimator(name, model)
