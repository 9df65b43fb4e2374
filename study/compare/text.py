"""Two runs side by side, as text."""

import textwrap
from collections.abc import Iterator

from study.common.text import WIDTH, printable
from study.compare.comparison import Comparison
from study.compare.sentences import comparison_sentences
from study.compare.tables import main_tables


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Which runs they are, what differs in sentences, and the tables to look at first."""
    for results, name in zip(comparison.results, ("First", "Second"), strict=True):
        yield printable(f"{name}: {results.directory}, run {results.identity}")
    for sentence in comparison_sentences(comparison):
        yield f"\n{textwrap.fill(printable(sentence), WIDTH)}"
    for table in main_tables(comparison):
        yield f"\n{table.text(WIDTH)}".removesuffix("\n")
