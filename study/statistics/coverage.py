"""How often the intervals held the truth in simulations, at a nominal 0.95.

Lowest and highest over the worlds of benchmarks/coverage.csv, by the number of seeds; a test
holds these numbers against that table.
"""

COVERAGE = {
    "mean over seeds": {10: (0.79, 0.95), 20: (0.92, 0.96), 50: (0.94, 0.96)},
    "agreement within seeds": {10: (0.87, 1.00), 20: (0.93, 0.98), 50: (0.93, 0.96)},
    "agreement between seeds": {10: (0.83, 1.00), 20: (0.87, 0.99), 50: (0.92, 1.00)},
    "proportion": {10: (0.90, 0.98), 20: (0.92, 0.98), 50: (0.91, 0.96)},
    "difference of proportions": {10: (0.94, 1.00), 20: (0.95, 1.00), 50: (0.95, 0.98)},
    "difference of means of two runs": {10: (0.80, 0.98), 20: (0.93, 0.98), 50: (0.95, 0.96)},
    "difference of proportions of two runs": {10: (0.92, 0.99), 20: (0.95, 0.99), 50: (0.94, 0.97)},
    "flip rate": {10: (0.89, 1.00), 20: (0.94, 1.00), 50: (0.93, 1.00)},
}


def coverage(interval: str, seeds: int) -> str:
    """A sentence on how often an interval of COVERAGE holds the truth; empty below 10 seeds."""
    simulated = [count for count in COVERAGE[interval] if count <= seeds]
    if not simulated:
        return ""
    low, high = COVERAGE[interval][max(simulated)]
    return (
        f"In simulations of {max(simulated)} seeds (10, 20 and 50 were simulated) such intervals "
        f"held the truth in {low:.2f} to {high:.2f} of cases. "
    )
