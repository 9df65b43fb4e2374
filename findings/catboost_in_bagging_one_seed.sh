#!/usr/bin/env bash
# catboost 1.2.10 in scikit-learn 1.9.1 (numpy 2.4.6): a bag of boosters that is one booster.
#
# BaggingRegressor gives each of its members a random_state of its own, wherever get_params() lists
# one, as do scikit-learn's other ensembles. CatBoostRegressor knows random_state, but its
# get_params() lists only what was given to it: no member gets a seed, and nothing says so. Of five
# boosters that draw half of the rows for each tree, on the same rows (bootstrap=False), all five
# predict the same to the bit, and the spread over them is 0. With random_state=0 given to the
# booster, whatever the number, all five differ: then it is listed, and replaced. Boosters of
# scikit-learn itself differ either way. Searches and pipelines that are seeded by what
# get_params(deep=True) lists leave CatBoost out likewise.
#
# Exit status 0 while this holds, 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
    catboost==1.2.10 scikit-learn==1.9.1 numpy==2.4.6
"$work/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
from catboost import CatBoostRegressor
from sklearn.ensemble import BaggingRegressor, GradientBoostingRegressor

drawing = np.random.default_rng(0)
x = drawing.normal(size=(300, 5))
y = x[:, 0] + drawing.normal(size=300)


def different(booster):
    """How many of the five members of a bag predict otherwise than all others."""
    bag = BaggingRegressor(booster, n_estimators=5, bootstrap=False, random_state=0).fit(x, y)
    return len(np.unique([member.predict(x) for member in bag.estimators_], axis=0))


def catboost(**given):
    return CatBoostRegressor(
        iterations=20,
        bootstrap_type="Bernoulli",
        subsample=0.5,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
        **given,
    )


found = {
    "CatBoost": different(catboost()),
    "CatBoost with random_state=0": different(catboost(random_state=0)),
    "scikit-learn's boosting": different(GradientBoostingRegressor(n_estimators=20, subsample=0.5)),
}
for name, count in found.items():
    print(f"{name}: {count} different members of 5")
holds = list(found.values()) == [1, 5, 5]
print("As described." if holds else "This has changed.")
sys.exit(0 if holds else 1)
PYTHON
