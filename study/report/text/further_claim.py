"""A further claim on a stored run, which it was not made for: its verdicts, in words and tables."""

from study.analysis.overview import Overview
from study.common.errors import InputError
from study.common.text import printable
from study.recipes.claim import Claim
from study.recipes.claim_text import parse_claim
from study.report.tables.claims import claim_table
from study.report.tables.population import chance_table, population_table
from study.report.text.origin import further_origin
from study.report.text.verdict import answers


def further_claim(
    overview: Overview,
    words: str,
    *,
    model: str | None = None,
    method: str | None = None,
    level: str | None = None,
) -> Claim:
    """The claim that words make about a run, as `parse_claim` reads them. Raises InputError."""
    results = overview.results
    claim = parse_claim(words, results.recipe, model=model, method=method, level=level)
    if claim.model not in results.models:
        raise InputError(f"--model '{claim.model}': this run holds {', '.join(results.models)}")
    if results.imported and claim.method not in results.methods():
        held = ", ".join(results.methods())
        raise InputError(f"--method '{claim.method}': this run holds {held}")
    return claim


def claim_lines(overview: Overview, claim: Claim) -> list[str]:
    """How the claim came to stand, its three verdicts, and the tables that these rest on."""
    lines = [f"{further_origin(overview.results, claim)}.\n"]
    lines += [f"{printable(answer.line)}\n" for answer in answers(overview, claim)]
    makers = (population_table, chance_table, claim_table)
    tables = (make(overview, claim) for make in makers)
    return [*lines, *(table.text() for table in tables if table is not None)]
