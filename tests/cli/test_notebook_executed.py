"""A notebook is run by a kernel, as a person runs it: from a table to a verdict in one cell."""

import re
import resource
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from nbconvert.preprocessors import ExecutePreprocessor

# That of the page on Python: the first of its examples.
CELL = re.search(
    "^```python\n(.*?)^```",
    (ROOT / "docs" / "python.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)[1]


@pytest.fixture
def patients(tmp_path) -> Path:
    """500 rows in which age says most of the pressure."""
    generator = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": generator.normal(50, 10, 500).round(1),
            "dose": generator.gamma(2, size=500).round(3),
            "arm": generator.choice(["first", "second", "third"], 500),
            "smoker": generator.random(500) < 0.4,
        }
    )
    frame["pressure"] = 100 + frame["age"] + 5 * frame["smoker"] + generator.normal(0, 3, 500)
    frame.to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path


def test_a_cell_goes_from_a_table_to_a_verdict_in_under_30_seconds(patients):
    """Of a processor, the start of the kernel and imports included: other work here is not its."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    executed, _ = ExecutePreprocessor(timeout=300, kernel_name="python3").preprocess(
        notebook, {"metadata": {"path": str(patients)}}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 30
    outputs = executed.cells[0].outputs
    # One bar that was kept up to date, and no stream of errors, which notebooks show in red.
    [bar] = [of.data for of in outputs if of.output_type == "display_data"]
    assert bar["text/plain"].startswith("training: 100 %")
    assert bar["text/html"].startswith('<progress value="1.000" max="1"></progress>')
    assert [of.name for of in outputs if of.output_type == "stream" and of.name != "stdout"] == []
    [run] = [of.data for of in outputs if of.output_type == "execute_result"]
    assert "does “age has rank 1” hold?" in run["text/html"]
    assert "For other rows of the same kind: <strong>supported</strong>" in run["text/html"]
    assert "(5 of 5 seeds)" in run["text/html"]
    assert run["text/plain"].endswith(": mlp, RandomForestRegressor>")
    assert sorted(path.name for path in patients.iterdir()) == ["patients.csv"]
