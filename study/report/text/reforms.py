"""What a run answers of the items of REFORMS, by their numbers (see `report.text.checklist`).

An answer says what the run holds, and nothing that nobody stored.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.text import listed
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.target import ClassTarget, NumericTarget
from study.report.tables.cells import method_reading
from study.report.text.citation import made_by
from study.report.text.headline_numbers import facts
from study.report.text.history import extensions
from study.report.text.in_short import in_short
from study.report.text.origin import how_declared, reach
from study.report.text.preparation import preparation
from study.report.text.setting import rows_sentences
from study.report.text.verdict import NOT_TESTED, answers
from study.statistics.claims import NO_VERDICT
from study.statistics.intervals import PERCENT

# What checks of the data look for that an item asks of.
_DEPENDENCE, _LEAKS, _CORRUPT = ("D001", "D008", "T001", "T002"), ("D004", "D005"), ("T004",)


@dataclass(frozen=True)
class Told:
    """What a run says of an item, and what is left to add; nothing where it answers all of it."""

    text: str
    to_add: str = ""


Answer = Callable[[Overview], Told | None]


def _of_training(answer: Answer) -> Answer:
    """An answer that imported scores, of which nobody stored how they were made, have not."""
    return lambda overview: None if overview.results.imported else answer(overview)


def _data(overview: Overview) -> Told:
    results = overview.results
    digests = "; ".join(f"SHA-256 of {name}: {of}" for name, of in results.hashes.items())
    return Told(f"{results.recipe.title}. {digests}.", "a link or DOI of the data.")


def _code(overview: Overview) -> Told:
    results = overview.results
    versions = [
        ", ".join(f"{name} {of}" for name, of in each.items()) for each in results.environments
    ]
    sources = _circumstances(results, ("source", "git commit"))
    text = " ".join([f"Computed with {'; or '.join(versions)}.", *sources])
    return Told(text, "a link or DOI of the program's version, and of code of your own.")


def _infrastructure(overview: Overview) -> Told | None:
    told = _circumstances(
        overview.results, ("operating system", "processor", "cores", "memory", "GPU")
    )
    return Told(" ".join(told)) if told else None


def _commands(overview: Overview) -> Told:
    commands = "; ".join(made_by(overview.results))
    return Told(
        f"As far as the run tells, made by: {commands}. Page, figures and tables: study report.",
        "the commands of what else the paper reports.",
    )


def _source(overview: Overview) -> Told:
    return Told(
        overview.results.recipe.source, "when and how they were collected, and who labelled them."
    )


def _outcome(overview: Overview) -> Told:
    results = overview.results
    target = results.recipe.target
    if isinstance(target, ClassTarget):
        return Told(f"{target.description}.", "how many rows are of each class.")
    spread = [f"{deviation:.4g} in the {part} rows" for part, deviation in _deviations(results)]
    said = f"; standard deviation {listed(spread)}" if spread else ""
    return Told(f"{target.description}{said}.", "its mean, its range and what else describes it.")


def _deviations(results: Results) -> Iterator[tuple[str, float]]:
    """The parts of the table, each with the target's standard deviation in its own unit.

    Of a target whose logarithm is learnt, none are stored.
    """
    target = results.recipe.target
    if isinstance(target, NumericTarget) and target.scale is not None:
        return
    divisors = results.prepared.loc[results.prepared["column"] == target.name, "divisor"]
    for part in results.parts.itertuples():
        if part.part in ("train", "test") and len(divisors):
            yield part.part, part.deviation * divisors.iloc[-1]


def _sizes(overview: Overview) -> Told | None:
    results = overview.results
    names = {"train": "training rows", "test": "test rows", "dropped": "rows dropped"}
    names |= {"proposal": "rows left out, from which the claim was proposed"}
    sizes = [
        f"{int(row.rows)} {names.get(row.part, row.part)}" for row in results.parts.itertuples()
    ]
    if not sizes:
        return None
    classes = isinstance(results.recipe.target, ClassTarget)
    return Told(f"{listed(sizes)}.", "the number of rows of each class." if classes else "")


def _missing(overview: Overview) -> Told | None:
    results = overview.results
    prepared, parts = results.prepared, results.parts
    rows = parts.loc[parts["part"].isin(["train", "test", "dropped"]), "rows"].sum()
    if prepared.empty or not rows:
        return None
    known = [
        f"{of.column} {100 * of.missing / rows:.2g}% ({of.missing})"
        for of in prepared.itertuples()
        if of.missing
    ]
    text = f"Of {int(rows)} rows: {', '.join(known)}." if known else f"None, in {int(rows)} rows."
    by_class = bool(known) and isinstance(results.recipe.target, ClassTarget)
    return Told(text, "the same for each class." if by_class else "")


def _excluded(overview: Overview) -> Told | None:
    parts = overview.results.parts.set_index("part")["rows"]
    if parts.empty:
        return None
    words = {
        "dropped": "had no value somewhere",
        "proposal": "had the claim proposed from them",
    }
    known = [f"{int(parts[part])} rows {why}" for part, why in words.items() if part in parts]
    return Told(
        f"By this program: {listed(known) if known else 'none'}.", "what was excluded before."
    )


def _corrupt(overview: Overview) -> Told | None:
    found = _found(overview.results, _CORRUPT)
    return Told(found, "what became of them, and of others.") if found else None


def _transformed(overview: Overview) -> Told:
    results = overview.results
    said = [f"{heading}: {text}." for heading, text in preparation(results)]
    grouped = len(results.features) > len(results.variables)
    if grouped:
        said.append(
            f"The {len(results.variables)} variables are {len(results.features)} inputs: those of "
            "several levels have one input for each."
        )
    return Told(
        " ".join(said) or "Numbers as they are in the table.", "what was done before this table."
    )


def _models(overview: Overview) -> Told:
    texts = _facts(overview)
    results = overview.results
    loss = f"; loss of networks: {results.measures.loss}" if "Networks" in texts else ""
    told = [texts[name] for name in ("Networks", "Protocols", "Estimators") if name in texts]
    return Told(
        f"{'. '.join(told)}. Inputs: {', '.join(results.features)}; output: "
        f"{results.recipe.target.name}{loss}."
    )


def _evaluated(overview: Overview) -> Told:
    results, texts = overview.results, _facts(overview)
    said = [f"{results.recipe.title}."]
    said += [sentence.format_map(texts) for sentence in rows_sentences(results)]
    if len(results.split_fits):
        count = results.split_fits["split"].nunique()
        said.append(
            f"Beside it, {count} random splits of all {results.recipe.drawn} into halves, with "
            "models trained and tested in each."
        )
    return Told(" ".join([*said, "Fit is that on test rows, each predicted by itself."]))


def _selected(overview: Overview) -> Told:
    results = overview.results
    titles = listed(map(results.title, results.models))
    return Told(
        f"None was selected by its results: all that were trained are reported ({titles}), and the "
        f"claim rests on {results.title(results.recipe.claim.model)}. "
        f"{how_declared(results)[0]}: {results.recipe.claim.words}.",
        "models that were tried and are not in this run.",
    )


def _tuned(overview: Overview) -> Told:
    texts = _facts(overview)
    protocols = f" ({texts['Protocols']})" if "Protocols" in texts else ""
    return Told(
        f"This program searches none: they are as the recipes have them{protocols}.",
        "how the recipes' values were chosen, and what an estimator searches itself.",
    )


def _baselines(overview: Overview) -> Told | None:
    results = overview.results
    measures = results.measures
    if LEAST_SQUARES not in set(results.fits["model"]):
        return None
    others = listed(map(results.title, [*results.models]))
    return Told(
        f"{measures.closed_form}, in closed form, and {measures.constant}, against which "
        f"{measures.symbol} is; the models beside each other: {others}."
    )


def _apart(_: Overview) -> Told:
    return Told(
        "Training sees training rows alone: means, scales and what is filled in come from them, as "
        "do the rows that early stopping holds out, where there is any. Each half of a split has "
        "test rows of its own.",
        "steps before this table, such as a choice of variables by the target.",
    )


def _dependent(overview: Overview) -> Told:
    results = overview.results
    found = _found(results, _DEPENDENCE)
    if not found:
        found = f"Of copies and kin of rows ({', '.join(_DEPENDENCE)}) no warning is stored."
    kept = f" Kept together: {results.recipe.kept_together}." if results.recipe.groups_rows else ""
    return Told(f"{found}{kept}", "dependences that no column tells.")


def _legitimate(overview: Overview) -> Told:
    results = overview.results
    found = _found(results, _LEAKS)
    if not found:
        found = f"Of one that gives the target away ({', '.join(_LEAKS)}) no warning is stored."
    return Told(
        f"Inputs are {', '.join(results.variables)}. {found}",
        "why each is known before the outcome, and no proxy of it.",
    )


def _metrics(overview: Overview) -> Told:
    results = overview.results
    method = results.recipe.claim.method
    importance = f"Importance, {method}: {method_reading(results, method)}"
    fit = "" if results.imported else f"Fit: {results.measures.spelled}, of test rows. "
    return Told(f"{fit}{importance.rstrip('.')}.", "why these.")


def _uncertain(overview: Overview) -> Told:
    return Told(" ".join(of.line for of in answers(overview)))


def _tests(overview: Overview) -> Told | None:
    shuffled = (
        "shuffled targets, for rows that can be exchanged"
        if overview.results.recipe.time is None
        else "shifted targets, for a series that is stationary"
    )
    tests = (
        "over splits, Student's t with the variance from the differences of halves, which share no "
        "rows (Nadeau and Bengio, 2003)",
        f"a permutation test of the whole training by {shuffled}",
        f"over seeds, a {PERCENT} Wilson interval, for seeds that are independent",
    )
    used = [
        test
        for test, answer in zip(tests, answers(overview), strict=True)
        if not answer.verdict.startswith((NOT_TESTED, NO_VERDICT))
    ]
    return Told(f"Of the claim: {'; '.join(used)}.") if used else None


def _limits(overview: Overview) -> Told:
    return Told(
        f"Not said by this run: {in_short(overview).not_said} {reach(overview.results)}",
        "populations and settings where you do not expect it.",
    )


# -- parts -----------------------------------------------------------------------------------
def _facts(overview: Overview) -> dict[str, str]:
    return {fact.name: fact.text for fact in facts(overview)}


def _found(results: Results, codes: Iterable[str]) -> str:
    """What was found in the data of some codes, in sentences."""
    found = [of for of in results.data_findings if of.code in codes]
    return " ".join(f"{of.code}: {of.title}: {of.evidence}" for of in found)


def _circumstances(results: Results, headings: tuple[str, ...]) -> list[str]:
    """What the extensions of a run tell of where and with what, once each, by some headings."""
    told = [
        f"{heading[0].upper()}{heading[1:]}: {text}."
        for extension in extensions(results)
        for heading, text in extension.circumstances.items()
        if heading.startswith(headings)
    ]
    return list(dict.fromkeys(told))


ANSWERS: dict[str, Answer] = {
    "2a": _data,
    "2b": _code,
    "2c": _infrastructure,
    "2e": _commands,
    "3a": _of_training(_source),
    "3d": _of_training(_outcome),
    "3e": _of_training(_sizes),
    "3f": _of_training(_missing),
    "4a": _of_training(_excluded),
    "4b": _of_training(_corrupt),
    "4c": _of_training(_transformed),
    "5a": _of_training(_models),
    "5c": _of_training(_evaluated),
    "5d": _of_training(_selected),
    "5e": _of_training(_tuned),
    "5f": _of_training(_baselines),
    "6a": _of_training(_apart),
    "6b": _of_training(_dependent),
    "6c": _of_training(_legitimate),
    "7a": _metrics,
    "7b": _uncertain,
    "7c": _tests,
    "8b": _limits,
}
