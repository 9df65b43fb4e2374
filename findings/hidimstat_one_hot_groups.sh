#!/usr/bin/env bash
# hidimstat 0.4.0 (scikit-learn 1.9.1, numpy 2.4.6): conditional importance of a one-hot group.
#
# hidimstat.CFI takes groups of columns (features_groups) and draws a group of levels given the
# other columns (feature_types "categorical"). Of the columns of a one-hot variable, each is drawn
# by a classifier of its own, without regard to the others of the group: many of the rows that the
# estimator is asked to predict have no level, or two or three at once, which no data hold. A town
# of three equally frequent levels, unrelated to all else: 30% of the drawn rows have no level, and
# 25% have several (independent draws would give (2/3)^3 = 0.30 and 1 - 0.30 - 3 (1/3) (2/3)^2
# = 0.26). The numbers of the importance are of such rows. Of the same levels as one column of
# codes, which no one-hot model reads, every drawn row has one level. (It imports packaging, which
# it does not declare.)
#
# Exit status 0 while this holds, 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
    hidimstat==0.4.0 scikit-learn==1.9.1 numpy==2.4.6 packaging==26.3
"$work/env/bin/python" - <<'PYTHON'
import sys
import warnings

import numpy as np
from hidimstat import CFI
from sklearn.linear_model import LinearRegression

warnings.simplefilter("ignore", FutureWarning)  # of scikit-learn's next versions
ROWS = 600
drawing = np.random.default_rng(0)
level = drawing.integers(0, 3, ROWS)
one_hot, age = np.eye(3)[level], drawing.normal(size=(ROWS, 1))
y = one_hot @ [0.0, 1.0, 2.0] + age[:, 0] + drawing.normal(size=ROWS)
met = []


class Recording(LinearRegression):
    """Least squares that keeps the rows which it is asked to predict."""

    def predict(self, X):
        met.append(np.array(X, dtype=float))
        return super().predict(X)


x = np.hstack([one_hot, age])
groups = {"town": [0, 1, 2], "age": [3]}
model = Recording().fit(x, y)
importance = CFI(
    model,
    features_groups=groups,
    feature_types=["categorical", "continuous"],
    n_permutations=20,
    random_state=0,
).fit(x, y)
importance.importance(x, y)
levels = np.concatenate([rows[:, :3] for rows in met if len(rows) > ROWS or (rows != x).any()])
drawn = np.array([row for row in levels.reshape(-1, ROWS, 3) if (row != one_hot).any()])
count = drawn.sum(axis=-1)
none, several = (count == 0).mean(), (count > 1).mean()
print(f"of {count.size} drawn rows, {none:.2f} have no level and {several:.2f} have several")
holds = 0.27 < none < 0.33 and 0.23 < several < 0.29
print("As described." if holds else "This has changed.")
sys.exit(0 if holds else 1)
PYTHON
