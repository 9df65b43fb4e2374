"""Time and memory of tall and wide tables, from a CSV file to a page.

    python benchmarks/sizes.py          # 100,000 rows x 20 columns, and 5,000 x 2,000

Each command runs in a process of its own; its peak memory is that of the process (Linux). The
wide table is measured with one permutation repeat in place of 30, and the MLP on it with 30
epochs in place of 300: the rest of its hours is more of the same.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from processes import taken

from study.recipes.find import shipped_path

STUDY = str(Path(sys.executable).with_name("study"))
SEEDS = "4"


def make(path: Path, rows: int, columns: int) -> None:
    """A linear target of three columns, all columns normal."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, columns)).astype(np.float32)
    frame = pd.DataFrame(x, columns=[f"x{place}" for place in range(columns)])
    noise = draw.normal(scale=0.5, size=rows)
    frame["y"] = 2 * x[:, 0] + x[:, 1] + 0.5 * x[:, 2] + noise
    frame.to_csv(path, index=False, float_format="%.5g")


def run(folder: Path, *arguments: str) -> None:
    """Run a command of the study; print its time and peak memory."""
    found = taken([STUDY, *arguments], folder)
    seconds, memory = found.wall, found.memory / 2**30
    failed = f"  status {found.status}" if found.status else ""
    print(f"{' '.join(arguments):75} {seconds:7.1f} s {memory:6.2f} GiB{failed}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for table, rows, columns in (("tall", 100_000, 20), ("wide", 5_000, 2_000)):
            make(folder / f"{table}.csv", rows, columns)
            run(folder, "data", "init", f"{table}.csv", "--target", "y")
            run(folder, "data", "check", table)
            recipe = folder / "data" / f"{table}.toml"
            models = ["linear", "mlp"]
            if table == "wide":
                recipe.write_text(recipe.read_text() + "\n[permutation]\nrepeats = 1\n")
                (folder / "models").mkdir()
                short = (
                    shipped_path("models", "mlp").read_text().replace("epochs = 300", "epochs = 30")
                )
                (folder / "models" / "short.toml").write_text(short)
                models = ["linear", "short"]
            for model in models:
                run(folder, "run", "--data", table, "--models", model, "--seeds", SEEDS)
            run(folder, "report", f"reports/{table}")


if __name__ == "__main__":
    main()
