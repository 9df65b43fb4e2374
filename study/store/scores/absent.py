"""Features that a tool leaves out of a vector because their score is 0."""

import math
from collections import Counter
from dataclasses import replace

from study.store.scores.layouts.tools.boosters import ABSENT_IS_ZERO
from study.store.scores.layouts.tools.interpret import pair
from study.store.scores.table import ScoreTable


def with_absent(table: ScoreTable, *, always: bool) -> ScoreTable:
    """The table with 0 for features without a row, where the method means that, or `always`."""
    vectors, lacking = {}, Counter[tuple[str, str, str]]()
    counts = Counter((origin.model, origin.method) for origin in table.vectors)
    for origin, vector in table.vectors.items():
        absent = [name for name in table.features if name not in vector]
        if not (always or origin.method.lower() in ABSENT_IS_ZERO):
            absent = [name for name in absent if pair(name, table.features)]
        if not absent:
            vectors[origin] = vector
            continue
        scores, signs = zip(*vector.values(), strict=True)
        gone = all(map(math.isnan, scores))  # a seed that failed
        signed = all(not math.isnan(sign) for sign in signs)
        zero = (math.nan, math.nan) if gone else (0.0, 0.0 if signed else math.nan)
        vectors[origin] = {**vector, **dict.fromkeys(absent, zero)}
        lacking.update((origin.model, origin.method, name) for name in absent if not gone)
    found = {
        (model, method, name): (lacking[model, method, name], count)
        for (model, method), count in counts.items()
        for name in table.features
        if lacking[model, method, name]
    }
    return replace(table, vectors=vectors, absent=found)
