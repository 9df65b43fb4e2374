"""How long the full statistics of a stored run take: every table that `study table` can print.

study run --seeds 1000 --out reports/thousand
OPENBLAS_NUM_THREADS=1 python benchmarks/tables.py reports/thousand
"""

import argparse
import time

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.tables.registry import TABLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="directory of a run")
    parser.add_argument("--each", action="store_true", help="print the time of every table")
    arguments = parser.parse_args()
    start = time.perf_counter()
    results = Results(arguments.run)
    read = time.perf_counter() - start
    seeds = max(len(results.seeds(model, "real")) for model in results.models)
    print(f"{seeds} seeds of {len(results.models)} models read in {read:.1f} s")
    start = time.perf_counter()
    overview = Overview(results)
    rows = 0
    for name, entry in TABLES.items():
        before = time.perf_counter()
        table = entry.make(overview)
        rows += 0 if table is None else len(table.data)
        if arguments.each:
            print(f"{name:32} {time.perf_counter() - before:6.2f} s")
    print(f"{rows:,} numbers with what goes with them in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
