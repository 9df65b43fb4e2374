"""Words of a report that depend on where its scores come from."""

from study.analysis.results import Results
from study.report.tables.cells import percent


def how_declared(results: Results) -> tuple[str, str]:
    """How the claim came to stand, to begin a sentence; and a sentence to follow it, or nothing."""
    if results.imported:
        return (
            "Given with the scores",
            " Whether it was declared before they were seen, this run cannot tell.",
        )
    if results.recipe.claim.proposed:
        return "Proposed from the data by linear regression before the networks were trained", ""
    if results.recipe.claim.from_publication:
        return (
            "Taken from a publication on these rows",
            " It was read off the same rows, so that only the verdict for other rows says more "
            "than the publication could know.",
        )
    if (proposal := results.recipe.proposal) is not None:
        part = f"{percent(proposal.part)} of the {results.recipe.proposed_from}"
        return f"Proposed by linear regression from rows that are left out here ({part})", ""
    return "Declared before the run", ""


def reach(results: Results) -> str:
    """What seeds measure, and what they do not."""
    if results.imported:
        return (
            "Seeds measure what varied from seed to seed where the scores were made, and nothing "
            "else; this run does not know what that was."
        )
    return (
        "Seeds measure the noise of training on this data set. They cannot say whether other rows "
        "would show the same."
    )


def lost(results: Results) -> str:
    """What befell seeds whose scores are undefined, to follow their number."""
    return "have no scores" if results.imported else "diverged"
