"""What the benchmarks' page says of the drafts of real tables is what was decided and judged."""

import pandas as pd
import pytest
from benchmark_programs import BENCHMARKS, program


@pytest.fixture(scope="module")
def drafts():
    return program("drafts")


@pytest.mark.parametrize("name", sorted(path.name for path in BENCHMARKS.glob("drafts_*.csv")))
def test_every_decision_that_is_kept_is_on_the_page(drafts, name):
    if name in ("drafts_tables.csv", "drafts_right.csv"):
        return
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith("|") and f"]({name})" in line)
    told = [cell.strip() for cell in row.strip("|").split("|")][1:]
    assert told == list(drafts.shares(drafts.judge(BENCHMARKS / name)).values())


@pytest.mark.parametrize(
    ("right", "decided", "claim", "note", "said", "verdict", "claim_verdict"),
    [
        ("number", "number", "proposed", "", "", "right", "right"),
        ("number", "left out", "", "", "", "wrong", ""),
        ("levels", "levels", "", "swallowed north; ", "", "wrong", ""),
        ("row", "number", "proposed", "", "", "wrong", "wrong"),
        ("leak", "number", "proposed", "", "wage is logwage in another form", "said", "wrong"),
        ("leak", "number", "", "", "logwage is skewed", "wrong", ""),
        ("code", "number", "", "4 different whole numbers", "", "said", ""),
        ("code", "number", "proposed", "", "", "wrong", "wrong"),
        ("code", "levels", "proposed", "", "", "right", "right"),
        ("marks", "number", "", "", "logwage: is 99 a missing value?", "said", ""),
        ("marks", "number", "", "99 in 7 rows, far from all others", "", "said", ""),
        ("marks", "number", "", "8 different whole numbers", "", "wrong", ""),
        ("split", "binary", "", "", "", "wrong", ""),
        ("trend", "left out", "", "", "", "right", ""),
        ("row", "refused", "", "", "", "refused", ""),
    ],
)
def test_a_decision_is_judged_by_what_is_right(
    drafts, tmp_path, monkeypatch, right, decided, claim, note, said, verdict, claim_verdict
):
    known = tmp_path / "right.csv"
    known.write_text(f"table,column,right\nwage,logwage,{right}\n")
    monkeypatch.setattr(drafts, "RIGHT", known)
    row = {"table": "wage", "column": "logwage", "decided": decided}
    row |= {"claim": claim, "note": note, "said": said}
    pd.DataFrame([row]).to_csv(tmp_path / "out.csv", index=False)
    judged = drafts.judge(tmp_path / "out.csv").iloc[0]
    assert (judged.verdict, judged.claim_verdict) == (verdict, claim_verdict)
    assert drafts.wrongly(judged.to_frame().T).item() is (
        verdict in ("wrong", "refused") or claim_verdict == "wrong"
    )
