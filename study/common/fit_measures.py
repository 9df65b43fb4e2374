"""By what it is told how well models fit, and what that is called, by what they learn."""

from collections.abc import Mapping
from dataclasses import dataclass

from study.common.task import Loss, Task
from study.common.vocabulary import (
    LEAST_SQUARES_TITLE,
    LOGISTIC_REGRESSION_TITLE,
    POISSON_REGRESSION_TITLE,
)


@dataclass(frozen=True)
class FitMeasures:
    """The measures of fit of models of one kind.

    explained : the column that decides which models have learned, and which predict: the share of
        the error of `constant` predictions that is gone, 1 at best and 0 where nothing is
    symbol : what that is called; one : with its article; spelled : so that a reader knows what it
        is
    constant : what one predicts without inputs, whose `explained` is 0
    closed_form : what is fitted beside the models, without seeds
    loss, losses : what training makes small; of many batches
    scorer : its name among the scorers of scikit-learn; None where it is none of them
    beside : the column that is told beside it: the share of rows that are predicted right, or by
        how much they are missed
    columns : of the table of fits, all that are known of such models
    """

    explained: str
    symbol: str
    one: str
    spelled: str
    constant: str
    closed_form: str
    loss: str
    losses: str
    scorer: str | None
    beside: str
    columns: tuple[str, ...]

    @property
    def others(self) -> list[str]:
        """The columns that are of models of other tasks."""
        every = {column for measures in MEASURES.values() for column in measures.columns}
        return sorted(every - {*self.columns})


OF_NUMBERS = FitMeasures(
    explained="r_squared",
    symbol="R²",
    one="an R²",
    spelled="R²",
    constant="the mean",
    closed_form=LEAST_SQUARES_TITLE,
    loss="mean squared error",
    losses="mean squared errors",
    scorer="r2",
    beside="within",
    columns=("r_squared", "rmse", "within"),
)
OF_CLASSES = FitMeasures(
    explained="d_squared",
    symbol="D²",
    one="a D²",
    spelled="D² (share of log loss explained)",
    constant="the shares of the classes",
    closed_form=LOGISTIC_REGRESSION_TITLE,
    loss="cross-entropy",
    losses="cross-entropies",
    scorer="d2_log_loss_score",
    beside="accuracy",
    columns=(
        *("d_squared", "log_loss", "brier", "auc", "balanced_accuracy", "accuracy", "majority"),
    ),
)
OF_COUNTS = FitMeasures(
    explained="d_squared",
    symbol="D²",
    one="a D²",
    spelled="D² (share of Poisson deviance explained)",
    constant="the mean",
    closed_form=POISSON_REGRESSION_TITLE,
    loss="Poisson loss of log-rates",
    losses="Poisson losses",
    scorer=None,
    beside="mae",
    columns=("d_squared", "deviance", "mae", "mean_count"),
)
MEASURES: Mapping[Loss, FitMeasures] = {
    "squared error": OF_NUMBERS,
    "Poisson": OF_COUNTS,
    "cross-entropy": OF_CLASSES,
}


def fit_measures(task: Task) -> FitMeasures:
    """The measures of models that learn this."""
    return MEASURES[task.loss]
