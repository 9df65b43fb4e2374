"""Whether a claim was declared with a date before a run."""

from study.analysis.results import Results
from study.common.moments import moment
from study.recipes.claim import Claim
from study.store.declarations import Declaration, kept_declarations


def declaration_of(results: Results, claim: Claim) -> Declaration | None:
    """The earliest declaration of a claim on the data of a run that it keeps, if there is one."""
    kept = kept_declarations(results.directory)
    return next((one for one in kept if one.declares(claim, results.hashes)), None)


def before_training(results: Results, declared: Declaration) -> bool | None:
    """Whether a declaration is dated before the run first trained; None where that is not known."""
    times = [moment(started) for started in results.history["started"]]
    known = [time for time in times if time is not None]
    return declared.date <= min(known) if known and len(known) == len(times) else None
