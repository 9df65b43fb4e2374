#!/usr/bin/env bash
# scikit-survival 0.28.0 (scikit-learn 1.9.1, numpy 2.4.6, pandas 2.3.3): importances that are rounds.
#
# feature_importances_ of ComponentwiseGradientBoostingSurvivalAnalysis is the round in which a
# feature was first chosen: 1 is the first, so that the smaller matter more, and a feature that was
# never chosen is missing. It has an entry more than there are features, the first being of the
# intercept, so that entry 0 is not of feature 0. Ranked as importances of other estimators are, the
# feature that matters least of those that were chosen comes first. The sizes of coef_, in the same
# places, rank as one expects. Three features of which each matters half as much as the one before,
# and two that do not matter: the rounds are 1, 4 and 13.
#
# Exit status 0 while this holds, 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
    scikit-survival==0.28.0 scikit-learn==1.9.1 numpy==2.4.6 pandas==2.3.3
"$work/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
from sksurv.ensemble import ComponentwiseGradientBoostingSurvivalAnalysis
from sksurv.util import Surv

ROWS = 300
drawing = np.random.default_rng(0)
X = drawing.normal(size=(ROWS, 5))
time = np.exp(X @ [1.0, 0.5, 0.2, 0.0, 0.0] + drawing.normal(size=ROWS) * 0.3)
model = ComponentwiseGradientBoostingSurvivalAnalysis(
    n_estimators=50, learning_rate=0.3, random_state=0
).fit(X, Surv.from_arrays(np.ones(ROWS, bool), time))
rounds, sizes = model.feature_importances_, np.abs(model.coef_)
print(f"feature_importances_ of {X.shape[1]} features: {rounds}")
print(f"sizes of coef_: {sizes.round(2)}")
holds = (
    len(rounds) == X.shape[1] + 1
    and list(rounds[1:4]) == sorted(rounds[1:4])
    and rounds[1] == 1
    and np.isnan(rounds[[0, 4, 5]]).all()
    and list(np.argsort(-sizes)[:3]) == [1, 2, 3]
)
print("As described." if holds else "This has changed.")
sys.exit(0 if holds else 1)
PYTHON
