"""Words of a report that depend on where its scores come from."""

from datetime import UTC

from study.analysis.declared import before_training, declaration_of
from study.analysis.results import Results
from study.common.moments import told
from study.recipes.claim import Claim
from study.report.tables.cells import percent

_NOT_DECLARED = "Not declared before the run, so no test of it: a reading of stored scores"
_PROOF = "the date holds as far as that file was deposited where others see when it came"


def how_declared(results: Results) -> tuple[str, str]:
    """How the claim came to stand, to begin a sentence; and sentences to follow it, or nothing."""
    declared, remark = _origin(results)
    dated = dated_words(results, results.recipe.claim)
    return declared, f"{remark} {dated}." if dated else remark


def further_origin(results: Results, claim: Claim) -> str:
    """How another claim than the run's own came to stand, without a full stop."""
    return dated_words(results, claim) or _NOT_DECLARED


def dated_words(results: Results, claim: Claim, *, signs: int = 16) -> str:
    """When a claim was declared, without a full stop; empty where the run keeps no declaration.

    signs : how many are shown of the SHA-256 of its file
    """
    declared = declaration_of(results, claim)
    if declared is None:
        return ""
    when = f"dated {told(declared.date.astimezone(UTC))}"
    before = before_training(results, declared)
    if before is None:
        return f"It has a declaration {when}; when the run first trained is not known"
    if not before:
        return f"Its declaration, {when}, came after the run first trained, and is none"
    return (
        f"It has a declaration {when}, before the run first trained (its file has the SHA-256 "
        f"{declared.digest[:signs]}{'…' if signs < 64 else ''}): {_PROOF}"
    )


def _origin(results: Results) -> tuple[str, str]:
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
