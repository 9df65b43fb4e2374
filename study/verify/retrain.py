"""Some networks trained again: whether this machine gives what is stored."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.stats import ks_2samp

from study.common.conditions import TRAINED
from study.common.errors import StudyError
from study.common.findings import FAULT, NOTE, PASSED, Finding
from study.common.fit_measures import fit_measures
from study.common.methods import GROUPED_PERMUTATION, PERMUTATION, of_class
from study.common.progress import progress
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.recipes.dataset import DatasetRecipe
from study.statistics.ranking import shares
from study.store.file_check import RESTORE
from study.store.reader import Training
from study.store.records import Record
from study.store.rows import NUMBERS
from study.store.same_run import measured_as_now
from study.store.store import Store
from study.verify.compare_records import likeness
from study.verify.rebuild import Again
from study.verify.recompute import ROUNDING, TOLERANCE, drawn, stored_records

# A two-sided test below this, divided by the number of tests, tells two distributions apart.
_LEVEL = 0.01
# Stored networks of a condition with which those trained again are compared in distribution.
_MOST = 500


def check_retrained(store: Store, again: Again, count: int) -> list[Finding]:
    """Train some networks of each model again; nothing without the data."""
    if again.dataset is None:
        return []
    candidates: dict[str, list[Training]] = {}
    for training in measured_as_now(store):
        if (
            training.model in again.engines
            and training.condition in TRAINED
            and training.model != LEAST_SQUARES
        ):
            candidates.setdefault(training.model, []).append(training)
    chosen = {model: drawn(trainings, count) for model, trainings in candidates.items()}
    planned = {model: again.blocks(model, trainings) for model, trainings in chosen.items()}
    total = sum(block.work for blocks in planned.values() for block in blocks)
    findings, done = [], 0
    with progress("training again", max(total, 1)) as report:

        def counted(work: int) -> None:
            nonlocal done
            done += work
            report(done)

        for model, blocks in planned.items():
            try:
                records = [record for block in blocks for record in again.trained(block, counted)]
            except StudyError as error:
                what = f"{model} could not be trained again: {error}"
                findings.append(
                    Finding(FAULT, what, "its code, or this machine, is at fault", "C014")
                )
                continue
            findings.append(_judged(store, again, chosen[model], candidates[model], records))
    return findings


def _judged(
    store: Store,
    again: Again,
    chosen: Sequence[Training],
    candidates: Sequence[Training],
    records: Sequence[Record],
) -> Finding:
    """What the networks of one model say that were trained again."""
    model = chosen[0].model
    computed = {(record.key.condition, record.key.streams): record for record in records}
    pairs = [
        (training, before, computed[before.key.condition, before.key.streams])
        for training, before in zip(chosen, stored_records(store, chosen), strict=True)
    ]
    alike = [likeness(before, after) for _, before, after in pairs]
    engines = {(training.engine, after.key.engine) for training, _, after in pairs}
    reasons = [
        *sorted({text for training, *_ in pairs for text in again.differs(training)}),
        *(f"engine {there} there, {here} here" for there, here in sorted(engines) if there != here),
    ]
    why = ", ".join(reasons) or "though versions and kind of processor are the same"
    same = sum(like.bitwise for like in alike)
    what = f"{model}, {len(pairs)} trained again (drawn by seed 0)"
    if same == len(pairs):
        return Finding(PASSED, f"{what}: bitwise what is stored", code="C014")
    difference = max(like.difference for like in alike)
    odd = not reasons and difference > ROUNDING  # then nothing explains it
    remedy = "another processor may be the cause; else the results are not of these seeds"
    if difference <= TOLERANCE:
        text = f"{what}: close to what is stored (relative difference of scores up to "
        text += f"{difference:.1g}), not bitwise: {why}"
        outcome = FAULT if odd else PASSED if reasons else NOTE
        return Finding(outcome, text, remedy if odd else "", "C014")
    tests = _tests(store, pairs, candidates)
    shown = "; ".join(f"{name} p = {p:.2g}" for name, p in tests) or "no others to compare with"
    sizes = Counter(training.condition for training, *_ in pairs)
    numbers = ", ".join(f"{n} {condition}" for condition, n in sizes.items())
    shown = f"Kolmogorov-Smirnov against the stored, n = {numbers}: {shown}"
    if any(p < _LEVEL / len(tests) for _, p in tests):
        return Finding(
            FAULT,
            f"{what}: not reproduced, not even in distribution ({shown}): {why}",
            f"take the versions that the run was made with; if they are the same, {RESTORE}",
            "C014",
        )
    text = f"{what}: only in distribution, as far as so few can tell ({shown}): {why}"
    return Finding(FAULT if odd else NOTE, text, remedy if odd else "", "C014")


def _tests(
    store: Store,
    pairs: Sequence[tuple[Training, Record, Record]],
    candidates: Sequence[Training],
) -> list[tuple[str, float]]:
    """By condition, whether fit and the claimed share have the stored distribution (two-sided)."""
    found = []
    for condition in sorted({training.condition for training, *_ in pairs}):
        new = [after for training, _, after in pairs if training.condition == condition]
        of_condition = [one for one in candidates if one.condition == condition]
        # Others than those trained again: the same seeds would not be independent samples.
        again = {training.id for training, *_ in pairs}
        others = [one for one in of_condition if one.id not in again]
        if not others:
            continue
        old = stored_records(store, drawn(others, _MOST))
        recipe = store.recipe
        symbol = fit_measures(recipe.task).symbol
        for name, value in ((symbol, _fit), ("share", _share)):
            one, other = (
                np.nan_to_num([value(record, recipe) for record in records], nan=-1e300)
                for records in (new, old)
            )
            found.append((f"{condition} {name}", float(ks_2samp(one, other).pvalue)))
    return found


def _fit(record: Record, recipe: DatasetRecipe) -> float:
    """How much is explained of the training rows, one by one."""
    column = 2 + NUMBERS["fits"].index(fit_measures(recipe.task).explained)
    return next((row[column] for row in record.fits if row[:2] == ("train", "alone")), np.nan)


def _share(record: Record, recipe: DatasetRecipe) -> float:
    """The share of what is claimed, by the claim's method or else by permutation."""
    claim: Claim = recipe.claim
    held = {row[0] for row in record.scores}
    grouped = PERMUTATION if claim.level == "feature" else GROUPED_PERMUTATION
    method = claim.method if claim.method in held else grouped
    if claim.for_class is not None and of_class(method, claim.for_class) in held:
        method = of_class(method, claim.for_class)
    scores = {row[1]: row[2] for row in record.scores if row[0] == method}
    members = recipe.blocks.get(claim.name, [claim.name])
    columns = {claim.name} | {
        feature
        for variable in recipe.variables
        if variable.name in members and claim.name not in scores
        for feature in variable.features
    }
    vector = shares(np.array(list(scores.values())))
    return float(sum(share for item, share in zip(scores, vector, strict=True) if item in columns))
