"""Tables that a page holds whole, to be saved."""

from urllib.parse import unquote

import pandas as pd

from study.report.files import Files
from study.report.tables.table import Table

NAMED = ['<b>"x" & # % \n é 💡', "=1", "plain, with a comma"]


def table(name: str, names: list[str]) -> Table:
    data = pd.DataFrame({"name": names, "share": 0.5})
    return Table(name, "caption", "notes", data, data.astype(str))


def test_an_address_holds_a_short_table_whole_and_breaks_out_of_no_attribute(tmp_path):
    files = Files(tmp_path)
    files.of_tables([table("short", NAMED), table("long", NAMED * 3000)])
    saved = files.in_page()["saved"]
    assert list(saved) == ["short"]
    head, body = str(saved["short"]).split(",", 1)
    assert head == "data:text/csv;charset=utf-8"
    assert unquote(body).encode() == (tmp_path / "tables" / "short.csv").read_bytes()
    assert not set(body) & set('"<>#&\n')
