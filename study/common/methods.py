"""The importance methods, each declared once.

What a method computes stands in `study.importance`, in the module that its declaration names.
Everything else that has to know a method (recipes, plans, checks, the report, citations) reads
it here.
"""

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from study.common.task import Task

# What a trained model can offer, and a method can need.
STEPS = "steps"  # gradients of the loss with respect to the inputs, met in training by steps
GRADIENTS = "gradients"  # of predictions with respect to the inputs, after training
PREDICTIONS = "predictions"
WHOLE_VARIABLES = "whole variables"  # predictions, where all columns of a variable move as one
RETRAINING = "retraining"  # training the same again without a variable

# Of what there are scores: features, variables, and groups of variables where a recipe names some.
LEVELS = ("feature", "variable", "group")


@dataclass(frozen=True)
class Method:
    """An importance method.

    name : as recipes, results and the command line have it
    needs : STEPS, GRADIENTS, PREDICTIONS, WHOLE_VARIABLES or RETRAINING
    computed_by : the module of `study.importance` that computes it
    by : the level of its scores
    summed : whether a variable's score is the sum over its features
    signed : whether a signed score stands beside each absolute one
    directed : whether that sign says which way predictions move (the sign of a loss's gradient
        follows the residuals instead)
    raw : whether it has a part of one-hot columns that predictions cannot see
    repeated : whether it draws, as many times as the recipe's repeats
    by_class : whether each of more than two classes has scores of its own, which add up to the
        method's; of two, the method's are those of either
    by_default : whether every run has it, or those alone that ask for it
    comparable : whether scores of different models have one scale, so that those of a model that
        knows nothing are near 0; shares of such a model are noise
    says : what it is, in the words of the documentation; in these and those that follow, {score}
        stands for the score whose drop it is, and {predicted} for what gradients are of
    reading : what a reader of the figures must know
    cited : what it is, for a paragraph on methods
    """

    name: str
    needs: str
    computed_by: str
    says: str
    reading: str
    cited: str
    by: str = "feature"
    summed: bool = False
    signed: bool = False
    directed: bool = False
    raw: bool = False
    repeated: bool = False
    by_default: bool = True
    comparable: bool = False
    by_class: bool = False

    @property
    def of_training(self) -> bool:
        """Whether only training tells its scores: they do not follow from stored weights."""
        return self.needs in (STEPS, RETRAINING)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels at which it has scores."""
        if self.summed:
            return LEVELS
        return ("variable", "group") if self.by == "variable" else (self.by,)


TRAINING_GRADIENT = "training-gradient"
GRADIENT = "gradient"
CONTRAST_GRADIENT = "contrast-gradient"
SCALED_GRADIENT = "scaled-gradient"
INTEGRATED_GRADIENT = "integrated-gradient"
PERMUTATION = "permutation"
GROUPED_PERMUTATION = "permutation-grouped"
CONDITIONAL_PERMUTATION = "conditional-permutation"
LEAVE_OUT = "leave-out"
SHAPLEY = "shapley"

# In the order in which they are shown.
DECLARED = (
    Method(
        TRAINING_GRADIENT,
        STEPS,
        "training_gradient",
        summed=True,
        signed=True,
        raw=True,
        says="as published: gradients of the loss with respect to the inputs, met in ten epochs "
        "of training",
        reading="Gradients of the loss with respect to the inputs, met at even steps through "
        "training.",
        cited="the absolute gradient of the mini-batch loss with respect to the inputs, summed "
        "over epochs at even steps of training",
    ),
    Method(
        GRADIENT,
        GRADIENTS,
        "gradients",
        summed=True,
        signed=True,
        directed=True,
        by_class=True,
        raw=True,
        says="after training: mean absolute gradient of {predicted} over the test rows",
        reading="Mean absolute change of {predicted} per unit of a feature. Units matter: a "
        "feature divided by a large number gets a large gradient.",
        cited="the mean absolute gradient of {predicted} with respect to the inputs, over the "
        "test rows",
    ),
    Method(
        CONTRAST_GRADIENT,
        GRADIENTS,
        "gradients",
        summed=True,
        signed=True,
        directed=True,
        by_class=True,
        says="the same with the mean over each one-hot group taken off, the part that predictions "
        "can see",
        reading="The same with the mean over each one-hot group taken off: only differences "
        "within a group can be seen in predictions.",
        cited="the mean absolute gradient of {predicted} with respect to the inputs, over the "
        "test rows, after the mean of each one-hot group is taken off",
    ),
    Method(
        SCALED_GRADIENT,
        GRADIENTS,
        "gradients",
        summed=True,
        signed=True,
        directed=True,
        by_class=True,
        says="contrast gradient times the feature's standard deviation in training (ddof 0): free "
        "of units",
        reading="The contrast gradient times the feature's standard deviation: the units are gone.",
        cited="the mean absolute gradient of {predicted} with respect to the inputs, over the "
        "test rows, after the mean of each one-hot group is taken off, times the standard "
        "deviation of the feature",
    ),
    Method(
        INTEGRATED_GRADIENT,
        GRADIENTS,
        "integrated_gradient",
        summed=True,
        signed=True,
        by_class=True,
        raw=True,
        by_default=False,
        says="after training: mean absolute part of each feature in the difference between "
        "{predicted} of a test row and of the baseline, by the gradients on the way between them",
        reading="Mean absolute part of a feature in the difference between {predicted} of a test "
        "row and of the baseline, the mean of the training rows unless the recipe names another. "
        "The parts of a row add up to its difference.",
        cited="the mean absolute integrated gradient of {predicted} over the test rows, along the "
        "straight way from a baseline",
    ),
    Method(
        PERMUTATION,
        PREDICTIONS,
        "permutation",
        repeated=True,
        comparable=True,
        says="scikit-learn's permutation importance on the test rows, column by column, drop in "
        "{score}",
        reading="Drop in {score} on the test rows when one column is permuted. Permuting a single "
        "one-hot column makes rows that have no level or two; permutation-grouped does not.",
        cited="the drop in {score} on the test rows when a column is permuted",
    ),
    Method(
        GROUPED_PERMUTATION,
        WHOLE_VARIABLES,
        "permutation",
        by="variable",
        repeated=True,
        comparable=True,
        says="the same by variable: a one-hot group is permuted as one",
        reading="Drop in {score} on the test rows when a whole variable is permuted.",
        cited="the drop in {score} on the test rows when a variable, with all its columns, is "
        "permuted",
    ),
    Method(
        CONDITIONAL_PERMUTATION,
        WHOLE_VARIABLES,
        "conditional_permutation",
        by="variable",
        repeated=True,
        by_default=False,
        comparable=True,
        says="the same by variable given the others: what these tell of a variable stays, and only "
        "the rest of it is permuted",
        reading="Drop in {score} on the test rows when what the other variables do not tell of a "
        "variable is permuted: about 0 for one that adds nothing to the others.",
        cited="the drop in {score} on the test rows when a variable is permuted given all others "
        "(residuals of a model of the variable on these change places)",
    ),
    Method(
        LEAVE_OUT,
        RETRAINING,
        "leave_out",
        by="variable",
        by_default=False,
        comparable=True,
        says="drop in {score} on the test rows of the same training without a variable",
        reading="Drop in {score} on the test rows when the model is trained again, alike in all "
        "else, without a variable: about 0 for one whose place the others can take.",
        cited="the drop in {score} on the test rows when the model is trained without a variable, "
        "with the same seed",
    ),
    Method(
        SHAPLEY,
        WHOLE_VARIABLES,
        "shapley",
        by="variable",
        by_class=True,
        by_default=False,
        says="mean absolute Shapley value of each variable over the test rows: its share in the "
        "difference between {predicted} and the mean over background rows",
        reading="Mean absolute Shapley value of a variable over the test rows: its fair share in "
        "what {predicted} of a row differs by from the mean over background rows. Values outside "
        "a coalition are drawn without regard to those inside, so that correlated variables make "
        "rows that no data hold.",
        cited="the mean absolute Shapley value (interventional, with background rows from "
        "training) of {predicted} over the test rows",
    ),
)


# Stands in no method's name; what follows it may be any text.
_OF_CLASS = ":"
METHODS = tuple(method.name for method in DECLARED)
DEFAULT_METHODS = tuple(method.name for method in DECLARED if method.by_default)
METHODS_BY_CLASS = tuple(method.name for method in DECLARED if method.by_class)
METHODS_OF_LEVEL = {
    level: tuple(method.name for method in DECLARED if level in method.levels) for level in LEVELS
}


def of_class(method: str, level: str) -> str:
    """Under what name the scores of one class by a method are stored."""
    return f"{method}{_OF_CLASS}{level}"


def stored_under(method: Method, task: Task) -> list[str]:
    """The names of all scores by a method: its own, and those of classes that have their own."""
    levels = task.levels if method.by_class and task.outputs > 1 else ()
    return [method.name, *(of_class(method.name, level) for level in levels)]


def method_of(stored: str) -> str:
    """The method under whose name, or that of one of its classes, scores are stored.

    Of scores that the study made: others' methods may have any name.
    """
    return stored.partition(_OF_CLASS)[0]


def find_method(name: str) -> Method | None:
    """The method of a name; None for somebody else's, whose scores were imported."""
    return next((method for method in DECLARED if method.name == name), None)


def chosen_methods(asked: Collection[str]) -> tuple[str, ...]:
    """The methods of every run, and those of `asked` beside them, in the order of DECLARED."""
    return tuple(name for name in METHODS if name in DEFAULT_METHODS or name in asked)


def methods_with(offers: Collection[str]) -> tuple[Method, ...]:
    """The methods that need no more than a model offers."""
    offered = {*offers, WHOLE_VARIABLES} if PREDICTIONS in offers else offers
    return tuple(method for method in DECLARED if method.needs in offered)


def scored_by(name: str) -> str:
    """The level of the scores of a method as they are stored."""
    method = find_method(name)
    return method.by if method else "feature"


def unknown_method(name: str) -> str:
    """That no method of the study has a name, and which one may be meant."""
    near = difflib.get_close_matches(name, METHODS, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else f"there is {', '.join(METHODS)}"
    return f"no method is called '{name}'; {remedy}"
