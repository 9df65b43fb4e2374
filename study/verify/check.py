"""Whether everything that is stored of a run is right: coded checks, each with a remedy."""

from pathlib import Path

from study.common.findings import FAULT, NOTE, PASSED, Finding
from study.store.file_check import RESTORE, Damaged
from study.store.store import Store
from study.verify.integrity import check_stored
from study.verify.rebuild import Again
from study.verify.recompute import check_recomputed
from study.verify.retrain import check_retrained


def check_run(
    directory: Path, *, data: str | None, sample: int, retrain: int, trust: bool = False
) -> list[Finding]:
    """Check what is stored, and recompute some of it.

    Parameters
    ----------
    data : dataset recipe, by name or path; by the stored name if not given
    sample : networks of each model and condition whose fits and scores are recomputed
    retrain : networks of each model that are trained again
    trust : whether code that the run names may be run that does not come with the program

    Shows progress. Raises InputError where there is no run. Where the file itself is damaged
    there are no further checks.
    """
    try:
        store = Store(directory, sealed=False)
    except Damaged as error:
        return [Finding(FAULT, str(error), code="C001")]
    with store:
        findings = [Finding(PASSED, "the file is whole and has the tables of a run", code="C001")]
        findings += _seals(store)
        try:
            findings += check_stored(store)
            again = Again.of(store, data, trust=trust)
            findings += again.findings
            findings += check_recomputed(store, again, sample)
            if retrain:
                findings += check_retrained(store, again, retrain)
        except Damaged as error:  # so that there is no going on
            findings.append(Finding(FAULT, str(error), code="C004"))
        return findings


def _seals(store: Store) -> list[Finding]:
    broken = [
        Finding(FAULT, f"{name}: not what was stored", RESTORE, "C002")
        for name in store.broken_seals()
    ]
    if not store.reader.has_digests():
        what = "recipes and small tables cannot be verified: stored before there were digests"
        return broken or [Finding(NOTE, what, code="C002")]
    what = "recipes and small tables are what was stored"
    return broken or [Finding(PASSED, what, code="C002")]
