"""Which code a run may name without being trusted: what comes with the program.

A run may have been sent by a stranger, and names the code that its models and its table are made
by. To read it runs none of that, unless whoever reads it says that it is to be trusted.
"""

from study.recipes.dataset import DatasetRecipe
from study.recipes.find import builtin_names, find_shipped
from study.recipes.model import Contender

# Packages of this program and of scikit-learn, by the beginning of an import path.
_NETWORKS, _ESTIMATORS = "study.networks.", "sklearn."
REMEDY = "if you trust whoever made this run, --trust runs it"


def foreign_model(recipe: Contender | None) -> str | None:
    """The code that a stored model is made by, if it is not known; least squares has no recipe."""
    if recipe is None or recipe.import_path.startswith((_NETWORKS, _ESTIMATORS)):
        return None
    return recipe.import_path


def foreign_table(stored: DatasetRecipe, own: DatasetRecipe | None) -> str | None:
    """The function that gives a stored table, if none of one's own gives it with these arguments.

    `own` is a recipe that whoever reads the run has named; shipped ones count, too.
    """
    table = stored.table
    if table is None or table.function is None:
        return None
    known = [find_shipped(name).table for name in builtin_names("data")]
    known += [] if own is None else [own.table]
    call = table.function, table.arguments
    same = any(of is not None and (of.function, of.arguments) == call for of in known)
    return None if same else table.function
