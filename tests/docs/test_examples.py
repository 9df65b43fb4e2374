"""The Python sessions of the documentation run, and give what they show."""

import doctest
import re

import pytest
from conftest import ROOT


@pytest.mark.parametrize("page", ["architecture.md", "python.md", "scikit-learn.md"])
def test_the_examples_of_the_pages_run(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(>>> .*?)^```", text, re.DOTALL | re.MULTILINE)
    examples = doctest.DocTestParser().get_examples("".join(blocks))
    results = doctest.DocTestRunner().run(doctest.DocTest(examples, {}, page, page, 0, None))
    assert results.attempted > 5
    assert results.failed == 0
