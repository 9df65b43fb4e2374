"""Two runs side by side: the page, figures and tables of a comparison."""

from pathlib import Path

from study.common.files import beginning, check_replaceable, whole
from study.compare.comparison import Comparison
from study.compare.each_model import model_pages
from study.compare.figures import comparison_displays
from study.compare.pairing import imported
from study.compare.sentences import comparison_sentences
from study.compare.tables import comparison_tables
from study.report.files import Files
from study.report.page import render, sections_of

_TITLES = {"claim": "The claim", "shares": "Shares", "agreement": "Orders", "fit": "Fit"}


def check_place(directory: Path, *, force: bool) -> None:
    """Refuse, but by force, a directory with such files that are not of a comparison.

    Raises InputError.
    """
    page = directory / "compare.html"
    others = (*directory.glob("figures/compare-*"), *directory.glob("tables/compare-*"))
    for path in [page] if page.exists() else others:
        check_replaceable(path, _is_comparison, force=force)


def _is_comparison(path: Path) -> bool:
    return ": two runs side by side</title>" in beginning(path)


def write_comparison(comparison: Comparison, directory: Path) -> Path:
    """Write compare.html, figures/ and tables/ into a directory; return the page."""
    first, second = comparison.results
    displays = comparison_displays(comparison)
    tables = comparison_tables(comparison)
    files = Files(directory)
    files.of_displays(displays.values())
    files.of_tables(tables.values())
    page = directory / "compare.html"
    text = render(
        "compare.html",
        runs={"First": first, "Second": second},
        sentences=comparison_sentences(comparison),
        changes=tables.get("compare-changes"),
        imported=imported(first, second),
        pages=model_pages(comparison),
        sections=sections_of(_TITLES, displays, tables),
        **files.in_page(),
    )
    with whole(page) as new:
        new.write_text(text, encoding="utf-8")
    return page
