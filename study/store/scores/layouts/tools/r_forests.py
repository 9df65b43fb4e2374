"""R: `randomForest::importance` gives %IncMSE and IncNodePurity of a regression, row names being
the features; `varImp` of caret gives Overall, scaled to 0 to 100 unless `scale = FALSE`.

The columns of randomForest are methods: which is meant, `--method` says. A classification has
MeanDecreaseAccuracy and MeanDecreaseGini, and a column for each class. Without importance=TRUE
`importance(type = 1)` has no column at all, and is refused.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "R's randomForest, `importance`",
        "one of `%IncMSE`, `IncNodePurity`, `MeanDecreaseAccuracy` and `MeanDecreaseGini`",
        "as the column",
        "randomForest 4.7",
    ),
    About(
        "caret, `varImp`",
        "`Overall`",
        "varImp",
        "caret 6.0",
    ),
)
LAYOUTS = (
    Layout("randomForest's importance", ("%incmse",)),
    Layout("randomForest's importance", ("incnodepurity",)),
    Layout("randomForest's importance", ("meandecreaseaccuracy",)),
    Layout("randomForest's importance", ("meandecreasegini",)),
    Layout("caret's varImp", ("overall",), "varImp"),
)
