#!/usr/bin/env bash
# xgboost 3.2.0 (scikit-learn 1.9.1, numpy 2.4.6, pandas 2.3.3): importances after early stopping.
#
# A regressor with early_stopping_rounds predicts with the trees up to best_iteration, and keeps the
# others. feature_importances_, get_score, trees_to_dataframe and plot_importance count all trees,
# also those that no prediction uses. Five features, of which a matters, in 100 rows: 62 trees are
# grown and 2 used. By the trees that are used, e has the greatest mean gain; by feature_importances_
# a has. LightGBM counts the trees up to the best round. To score the trees that are used:
# model.get_booster()[: model.best_iteration + 1].get_score(...).
#
# Exit status 0 while this holds, 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
    xgboost==3.2.0 scikit-learn==1.9.1 numpy==2.4.6 pandas==2.3.3
"$work/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import pandas as pd
import xgboost

drawing = np.random.default_rng(0)
X = pd.DataFrame(drawing.normal(size=(200, 5)), columns=list("abcde"))
y = X.a + drawing.normal(size=200) * 2
model = xgboost.XGBRegressor(
    n_estimators=300, early_stopping_rounds=60, random_state=0, n_jobs=1
).fit(X[:100], y[:100], eval_set=[(X[100:], y[100:])], verbose=False)
booster, used = model.get_booster(), model.best_iteration + 1
same = np.array_equal(
    model.predict(X[100:]), model.predict(X[100:], iteration_range=(0, used))
)
of_used = pd.Series(booster[:used].get_score(importance_type="gain")).idxmax()
of_all = pd.Series(model.feature_importances_, index=X.columns).idxmax()
print(f"{booster.num_boosted_rounds()} trees grown, {used} used by predictions: {same}")
print(f"first by the trees that are used: {of_used}; by feature_importances_: {of_all}")
holds = same and booster.num_boosted_rounds() > used and of_used != of_all
print("As described." if holds else "This has changed.")
sys.exit(0 if holds else 1)
PYTHON
