#!/usr/bin/env bash
# statsmodels 0.15.0: Holm's correction looks for garbage in the whole process at every call.
#
# multipletests(p, method="holm") ends its arithmetic with gc.collect(). Ten p-values take some
# hundredths of a millisecond, and beside it a time that grows with all objects that the process
# holds: with three million lists a tenth of a second or more, each time. No other method does so
# (here "hs", "bonferroni" and "fdr_bh"). A simulation or a test suite that corrects by Holm, in a
# process that has much imported, can spend most of its time there. After gc.freeze(), which
# leaves out what is there already, a call is quick again.
# Exit status 0 while this holds, 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
    statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
"$work/env/bin/python" - <<'PYTHON'
import gc
import sys
import time

import numpy as np
from statsmodels.stats.multitest import multipletests

p_values = np.linspace(0.001, 0.5, 10)
full = []
gc.callbacks.append(
    lambda phase, about: full.append(phase) if phase == "stop" and about["generation"] == 2 else None
)


def measured(method):
    """Seconds of a call, the least of five, and full collections in each."""
    full.clear()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        multipletests(p_values, method=method)
        times.append(time.perf_counter() - begin)
    return min(times), len(full) / 5


gc.disable()  # what happens by itself is not counted
alone = measured("holm")
held = [[number] for number in range(3_000_000)]
beside = measured("holm")
others = {method: measured(method) for method in ("hs", "bonferroni", "fdr_bh")}
gc.freeze()
frozen = measured("holm")
for name, (seconds, collections) in {
    "holm": alone,
    "holm beside 3,000,000 lists": beside,
    **{f"{method} beside them": found for method, found in others.items()},
    "holm after gc.freeze()": frozen,
}.items():
    print(f"{name}: {1000 * seconds:.2f} ms, full collections per call: {collections:g}")

holds = (
    alone[1] == beside[1] == frozen[1] == 1
    and not any(collections for _, collections in others.values())
    and beside[0] > 3 * alone[0]
    and beside[0] > 10 * frozen[0]
)
print("As described." if holds else "This has changed.")
sys.exit(0 if holds else 1)
PYTHON
