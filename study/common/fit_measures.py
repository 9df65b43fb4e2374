"""By what it is told how well models fit, and what that is called, by what they learn."""

from dataclasses import dataclass

from study.common.task import Task
from study.common.vocabulary import LEAST_SQUARES_TITLE, LOGISTIC_REGRESSION_TITLE


@dataclass(frozen=True)
class FitMeasures:
    """The measures of fit of models of one kind.

    explained : the column that decides which models have learned, and which predict: the share of
        the error of `constant` predictions that is gone, 1 at best and 0 where nothing is
    symbol : what that is called; one : with its article; spelled : so that a reader knows what it
        is
    constant : what one predicts without inputs, whose `explained` is 0
    closed_form : what is fitted beside the models, without seeds
    losses : what training makes small, of many batches
    scorer : its name among the scorers of scikit-learn
    correct : the column that holds the share of rows that are predicted right
    columns : of the table of fits, all that are known of such models
    """

    explained: str
    symbol: str
    one: str
    spelled: str
    constant: str
    closed_form: str
    losses: str
    scorer: str
    correct: str
    columns: tuple[str, ...]

    @property
    def others(self) -> list[str]:
        """The columns that are of models of other tasks."""
        return sorted({*OF_NUMBERS.columns, *OF_CLASSES.columns} - {*self.columns})


OF_NUMBERS = FitMeasures(
    explained="r_squared",
    symbol="R²",
    one="an R²",
    spelled="R²",
    constant="the mean",
    closed_form=LEAST_SQUARES_TITLE,
    losses="mean squared errors",
    scorer="r2",
    correct="within",
    columns=("r_squared", "rmse", "within"),
)
OF_CLASSES = FitMeasures(
    explained="d_squared",
    symbol="D²",
    one="a D²",
    spelled="D² (share of log loss explained)",
    constant="the shares of the classes",
    closed_form=LOGISTIC_REGRESSION_TITLE,
    losses="cross-entropies",
    scorer="d2_log_loss_score",
    correct="accuracy",
    columns=(
        *("d_squared", "log_loss", "brier", "auc", "balanced_accuracy", "accuracy", "majority"),
    ),
)


def fit_measures(task: Task) -> FitMeasures:
    """The measures of models that learn this."""
    return OF_CLASSES if task.classes else OF_NUMBERS
