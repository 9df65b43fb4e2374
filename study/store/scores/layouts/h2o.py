"""H2O: `model.varimp(use_pandas=True)` gives variable, relative_importance, scaled_importance and
percentage.

The second is the first divided by its greatest, the third the first divided by its sum. Of linear
models there is a row for each level, named `state.Michigan`.
"""

from study.store.scores.layouts.layout import Layout

LAYOUTS = (Layout("H2O's variable importance", ("relative_importance", "scaled_importance")),)
