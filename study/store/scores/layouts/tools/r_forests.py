"""R: `randomForest::importance` gives %IncMSE and IncNodePurity of a regression, row names being
the features; `varImp` of caret gives Overall, scaled to 0 to 100 unless `scale = FALSE`.

The two columns of randomForest are two methods: which is meant, the table cannot say.
"""

from study.store.scores.layouts.layout import About, Layout

ABOUT = (
    About(
        "R's randomForest, `importance`",
        "`%IncMSE` or `IncNodePurity`, not both",
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
    Layout("caret's varImp", ("overall",), "varImp"),
)
