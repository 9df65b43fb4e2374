"""How to cite a run: a paragraph on methods, a BibTeX entry, and macros of its numbers."""

import re
import shlex
import string
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from study.analysis.claims import method_undefined, one_observation, why_not_tested
from study.analysis.fits import has_fits, learning_words
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.conditions import CONTROLS, find_condition
from study.common.files import beginning
from study.common.methods import DECLARED, METHODS
from study.common.package import shipped
from study.common.text import listed, printable, ranges
from study.common.vocabulary import LEAST_SQUARES, SOURCES, UNNAMED_TARGET
from study.recipes.claim import Claim
from study.recipes.find import DEFAULT_MODELS
from study.report.latex_escape import HEAD, escape
from study.report.tables.cells import provenance
from study.report.text.headline_numbers import PROGRAM, facts, letters
from study.report.text.origin import how_declared, reach
from study.report.text.setting import network_sentences, rows_sentences
from study.report.text.verdict import looked, tied
from study.statistics.claims import CONTRADICTED, INCONCLUSIVE, NO_VERDICT, SUPPORTED
from study.statistics.intervals import PERCENT

_WRITTEN = "Written by 'study cite --format latex'."
NOT_TOLD = "The paragraph cannot tell how the scores were made: add that."
_VERDICTS = {
    SUPPORTED: ", so the claim is supported over seeds: the lower bound reaches the required "
    "{Required}.",
    CONTRADICTED: ", so the claim is contradicted over seeds: the upper bound misses the required "
    "{Required}.",
    INCONCLUSIVE: ", so the verdict over seeds is inconclusive: the interval holds the required "
    "{Required}.",
}


def paragraph(overview: Overview) -> str:
    """A paragraph on methods and outcome, on one line."""
    texts = {fact.name: fact.text for fact in facts(overview)}
    return printable(_filled(overview, str, texts.__getitem__))


def latex_paragraph(overview: Overview) -> str:
    """The same paragraph in LaTeX, its numbers and names as macros of `macros`."""
    results = overview.results
    start = _prefix(results)
    text = _filled(overview, escape, lambda name: f"\\{start}{name}{{}}")
    filled = textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
    return "\n".join(
        [
            "% needs numbers.tex, which 'study cite --format latex' wrote",
            "\\begin{sloppypar}% names may be long",
            filled,
            "\\end{sloppypar}",
            "",
        ]
    )


def macros(overview: Overview) -> str:
    r"""A LaTeX file with one macro for each headline number.

    They start with \study and the name of the run's directory, so that a document can hold
    the numbers of several runs; two runs of one name are refused by \newcommand.
    """
    results = overview.results
    start = _prefix(results)
    lines = [
        f"\\newcommand{{\\{start}{fact.name}}}{{{escape(fact.text)}}}% {printable(fact.tells)}"
        for fact in facts(overview)
    ]
    head = f"% {printable(provenance(results))} {_WRITTEN}"
    return "\n".join([head, HEAD.rstrip(), *lines, ""])


def is_macros(path: Path) -> bool:
    """Whether a file starts as `macros` does."""
    return beginning(path).split("\n")[0].endswith(_WRITTEN)


def bibtex(results: Results) -> str:
    """A BibTeX entry for the program, with the run in its note."""
    about = _citation()
    fields = {
        # Doubled braces keep the author from being parted into names, and capitals as they are.
        "author": " and ".join(f"{{{escape(name, macros=False)}}}" for name in about["authors"]),
        "title": f"{{{escape(about['title'], macros=False)}}}",
        "year": about["date-released"][:4],
        "version": about["version"],
        "note": escape(f"Version {about['version']}. {provenance(results)}", macros=False),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{study-{results.identity},", *lines, "}"])


def made_by(results: Results) -> list[str]:
    """Commands that make such a run, as far as what is stored tells."""
    if results.imported:
        return [_import_command(results)]
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for model in results.models:
        by_seeds.setdefault(tuple(results.seeds(model, "real")), []).append(model)
    beside = _beside(results)
    commands = [_command(results, models, [*seeds], *beside) for seeds, models in by_seeds.items()]
    varied: dict[tuple[str, tuple[int, ...], tuple[int, ...]], list[str]] = {}
    fits = results.varied_fits
    for source in SOURCES:
        for model in results.varied_models:
            own = fits[(fits["source"] == source) & (fits["model"] == model)]
            if len(own):
                bases, seeds = (tuple(sorted(set(own[name]))) for name in ("base", "seed"))
                varied.setdefault((source, bases, seeds), []).append(model)
    for (source, bases, seeds), models in varied.items():
        more = ["--vary", source, "--bases", _as_option([*bases])]
        commands.append(_command(results, models, [*seeds], *more))
    return commands


def citation(overview: Overview) -> str:
    """Paragraph, BibTeX entry, identity and commands, for a terminal."""
    results = overview.results
    computed = [
        ", ".join(f"{name} {version}" for name, version in environment.items())
        for environment in results.environments
    ]
    return "\n\n".join(
        [
            textwrap.fill(paragraph(overview), 100),
            bibtex(results),
            "\n".join(
                [
                    printable(provenance(results)),
                    *(f"Computed with {printable(versions)}." for versions in computed if versions),
                    "Made by, as far as the run tells:",
                    *(f"    {printable(command)}" for command in made_by(results)),
                    *([NOT_TOLD] if results.imported else []),
                ]
            ),
        ]
    )


# -- the paragraph ---------------------------------------------------------------------------
def _filled(overview: Overview, text: Callable[[str], str], value: Callable[[str], str]) -> str:
    """The sentences, with `text` of what stands between facts, and `value` of their names."""
    parts = string.Formatter().parse(" ".join(_sentences(overview)))
    return "".join(text(between) + (value(name) if name else "") for between, name, _, _ in parts)


def _sentences(overview: Overview) -> Iterator[str]:
    """Sentences with names of facts in braces. No name of a stranger stands in them."""
    results = overview.results
    claim = results.recipe.claim
    items = {"feature": "Features", "variable": "Variables"}[claim.level]
    many = {"Features": len(results.features), "Variables": len(results.variables)}
    yield from _imported(results) if results.imported else _studied(results, many)
    yield (
        f"{_method(results)}; a share is a score "
        "divided by the sum of all scores, where negative ones count as 0."
    )
    declared, remark = how_declared(results)
    yield (
        f"{declared} was the claim that, of the {{{items}}} "
        f"{_plural(claim.level, many[items])}, {{Claim}} in at least {{Required}} of seeds, for "
        f"the model {{Model}} by {{Method}}.{remark}"
    )
    yield from _for_other_rows(overview, claim)
    yield from _chance(overview, claim)
    row = overview.own_verdict(claim)
    if row is None:
        yield f"It was not tested: {why_not_tested(results, claim)}."
    else:
        yield from _outcome(results, row)
        if row["verdict"] != NO_VERDICT and (said := looked(results, claim, row).strip()):
            yield said
    if claim.model in results.models and has_fits(results):
        yield from _fit(results)
    yield reach(results) if results.imported else _noise(results)


def _noise(results: Results) -> str:
    """What seeds measure, and what they do not."""
    sources = [
        *(
            ["initial weights, order of the rows, dropout"]
            if len(results.models) > len(results.estimators)
            else []
        ),
        *(["random_state"] if results.estimators else []),
    ]
    return (
        f"Seeds measure the noise of training on this data set ({', '.join(sources)}), and nothing "
        "of what another sample of rows would show."
    )


def _imported(results: Results) -> Iterator[str]:
    """Where imported scores come from."""
    most = max(len(results.seeds(model, "real")) for model in results.models)
    named = results.recipe.target.name != UNNAMED_TARGET
    yield (
        f"Scores of feature importance that were made elsewhere ({{File}}) were examined with "
        f"{PROGRAM} {{Program}} (run {{Identity}}): of {{Features}} features, for {{Models}}"
        f"{', with {Target} as the target' if named else ''}, from {{Seeds}} "
        f"{_plural('seed', most)}{' each' if len(results.models) > 1 else ''}."
    )


def _method(results: Results) -> str:
    """What the claim's method is."""
    if results.imported:
        return "Importance by {Method} is as it was imported"
    method = DECLARED[METHODS.index(results.recipe.claim.method)]
    count = results.recipe.permutation.repeats
    repeats = f", mean over {count} {_plural('repeat', count)}" if method.repeated else ""
    return f"Importance by {{Method}} is {method.cited}{repeats}"


def _studied(results: Results, many: dict[str, int]) -> Iterator[str]:
    """What was run, on which data."""
    tools = [f"{PROGRAM} {{Program}}"]
    if len(results.models) > len(results.estimators):
        tools.append("PyTorch {Torch}")
    if results.estimators:
        tools.append("scikit-learn {Sklearn}")
    yield (
        f"Feature importance was examined with {listed(tools)} (run "
        f"{{Identity}}) on the data set {{Data}}, of {{Features}} "
        f"{_plural('feature', many['Features'])} from {{Variables}} "
        f"{_plural('variable', many['Variables'])}, with {{Target}} as the target."
    )
    yield from rows_sentences(results)
    yield from _together(results)
    yield from _training(results)
    yield from network_sentences(results)
    if results.estimators:
        yield "{Estimators}; there, the seed is the random_state."


def _together(results: Results) -> Iterator[str]:
    """Which rows were kept together, if any."""
    recipe = results.recipe
    by_column = [] if recipe.groups is None else ["with the same {Groups}"]
    by_value = [] if recipe.equal_rows is None else ["that are equal in all variables"]
    if recipe.groups_rows:
        yield (
            f"Rows {' or '.join([*by_column, *by_value])} were kept together wherever rows were "
            "drawn: the training rows are of {TrainGroups} groups, the test rows of {TestGroups}."
        )


def _training(results: Results) -> Iterator[str]:
    several = len(results.models) > 1
    most = max(len(results.seeds(model, "real")) for model in results.models)
    held = [
        control
        for control in map(find_condition, CONTROLS)
        if any(results.seeds(model, control.name) for model in results.models)
    ]
    again = "".join(
        f", and {'' if _every(results, control.name) else 'some of them '}again {control.cited}"
        for control in held
        if control.trained
    )
    also = "".join(f"; {control.cited}" for control in held if not control.trained)
    yield (
        f"{{Models}} {'were' if several else 'was'} trained from {{Seeds}} "
        f"{_plural('seed', most)}{' each' if several else ''}{again}{also}."
    )


def _every(results: Results, control: str) -> bool:
    """Whether all seeds of all models have a control."""
    return all(
        results.seeds(model, "real") == results.seeds(model, control) for model in results.models
    )


def _for_other_rows(overview: Overview, claim: Claim) -> Iterator[str]:
    """What splits say of other rows of the same kind."""
    row = overview.own_population(claim)
    if row is None:
        if not overview.results.imported and not method_undefined(overview.results, claim):
            yield "What other rows of the same kind would show was not measured."
        return
    if row["verdict"] == NO_VERDICT:
        yield f"For other rows of the same kind there is no verdict: {row['reason']}."
        return
    bounds = (
        row["interval"]
        if np.isnan(row["low"])
        else f"{PERCENT} interval {{SplitLow}} to {{SplitHigh}}"
    )
    against = " over {SplitAgainst}" if row["against"] else ""
    drawn = overview.results.recipe.drawn
    yield (
        "For other rows of the same kind the claim is {Population}: over {Splits} random splits "
        f"of all {drawn} into halves, with models trained and tested in each from fresh seeds, "
        f"its margin{against} is {{SplitMargin}} ({bounds}; Student's t, with the variance "
        "estimated from the differences of the halves, which share no "
        f"{drawn.removesuffix('s')}: Nadeau and Bengio, 2003)."
    )


def _chance(overview: Overview, claim: Claim) -> Iterator[str]:
    """What the permutation test says."""
    row = overview.own_chance(claim)
    if row is None:
        if not method_undefined(overview.results, claim):
            said = "nothing was trained on shuffles"
            yield f"Whether the claim is above chance was not tested: {said}."
        return
    if row["label"] == NO_VERDICT:
        yield f"Whether it is above chance has no verdict: {row['reason']}."
        return
    equals = "" if row["p_value"] < 0.001 else "= "
    yield (
        "In a permutation test of the whole training, {Item} was as far ahead as with the first "
        "seed on the data in {AsLarge} of {Shuffles} trainings on shuffled targets "
        f"(p {equals}{{ChanceP}}): {{Chance}}."
    )


def _outcome(results: Results, row: dict[str, Any]) -> Iterator[str]:
    if row["verdict"] == NO_VERDICT and not one_observation(row):
        yield f"Over seeds there is no verdict: {row['reason']}."
        return
    if row["verdict"] == NO_VERDICT:
        count = len(results.seeds(results.recipe.claim.model, "real"))
        yield (
            f"All {count} seeds gave the same importances and count as one observation, in which "
            f"the claim was {'met' if row['met'] else 'not met'}: there is no interval, and no "
            "verdict."
        )
        return
    settle = row["seeds_to_settle"]
    yield (
        f"Trained again on these rows, it was met in {{Met}} of {{N}} {_plural('seed', row['n'])} "
        f"(proportion {{Proportion}}, {PERCENT} Wilson interval {{Low}} to {{High}})"
        f"{_VERDICTS[row['verdict']]}"
    )
    if said := tied(results.recipe.claim, row).strip():
        yield said
    if np.isinf(settle):
        yield "At exactly this proportion no number of seeds would settle it."
    elif not np.isnan(settle):
        yield "If the proportion stays, about {Settle} seeds would settle it."
    if not np.isnan(row["shuffled_n"]):
        yield _control(row, imported=bool(results.imported))
    yield _margin(row)


def _control(row: dict[str, Any], *, imported: bool) -> str:
    """What the shuffled control shows."""
    lost = row["shuffled_undefined"]
    befell = "without scores" if imported else "diverged"
    diverged = f" ({lost:.0f} {befell}, and {_plural('is', lost)} left out)" if lost else ""
    return (
        "With shuffled targets, where there is nothing to find, it was met in {ControlMet} of "
        f"{{ControlN}} {_plural('seed', row['shuffled_n'])}{diverged}."
    )


def _margin(row: dict[str, Any]) -> str:
    if np.isnan(row["margin"]):
        return "The margin ({MarginIs}) is undefined."
    kind = row["margin_interval"]
    bounds = (
        kind
        if np.isnan(row["margin_low"])
        else f"{PERCENT} {kind} bootstrap interval {{MarginLow}} to {{MarginHigh}}"
    )
    lost = row["margin_undefined"]
    but = f" but {lost:.0f} without shares" if lost else ""
    return f"The margin ({{MarginIs}}) is {{Margin}} on average over seeds{but} ({bounds})."


def _fit(results: Results) -> Iterator[str]:
    model = results.recipe.claim.model
    count = len(results.seeds(model, "real"))
    spread = ", standard deviation {FitSd}" if count > 1 else ""
    diverged = len(results.diverged(model, "real"))
    lost = f"; {diverged} diverged, and {_plural('is', diverged)} left out" if diverged else ""
    yield (
        f"The {{Model}} has a mean test R² of {{Fit}} (rows one by one{spread}{lost}), and "
        f"{{Learned}} of {{LearnedN}} {_plural('seed', count)} reached the test R² that counts "
        f"as having learned ({{LearnedFrom}}, {learning_words(results)})."
    )


def _plural(word: str, count: float) -> str:
    if word == "is":
        return "is" if count == 1 else "are"
    return word if count == 1 else f"{word}s"


# -- parts -----------------------------------------------------------------------------------
def _prefix(results: Results) -> str:
    return f"study{letters(results.directory.resolve().name) or letters(results.dataset)}"


def _import_command(results: Results) -> str:
    recipe = results.recipe
    words = ["study", "import", str(recipe.scores), "--claim", recipe.claim.typed]
    words += ["--model", recipe.claim.model, "--method", recipe.claim.method]
    for method in recipe.smaller_is_better:
        words += ["--smaller-is-better", method]
    if recipe.absent is not None:
        words += ["--absent", recipe.absent]
    if recipe.target.name != UNNAMED_TARGET:
        words += ["--target", recipe.target.name]
    if recipe.title != results.dataset:
        words += ["--title", recipe.title]
    return shlex.join(words + _out(results))


def _out(results: Results) -> list[str]:
    if results.directory == Path("reports") / results.dataset:
        return []
    return ["--out", str(results.directory)]


def _command(results: Results, models: list[str], seeds: list[int], *more: str) -> str:
    words = ["study", "run", "--seeds", _as_option(seeds), *more]
    if models != [*DEFAULT_MODELS]:
        words += ["--models", ",".join(models)]
    if results.dataset != "people":
        words += ["--data", results.dataset]
    words += _out(results)
    if any("cuda" in results.engines()[model] for model in models):
        words += ["--device", "cuda"]
    return shlex.join(words)


def _beside(results: Results) -> list[str]:
    """The options of splits and shuffles that made a run."""
    fits = results.split_fits
    own = fits[fits["model"] != LEAST_SQUARES]
    splits = own["split"].nunique()
    seeds = own.groupby(["model", "split", "half"])["seed"].nunique().max() if splits else 1
    shuffles = max((results.shuffles(model) for model in results.models), default=0)
    return [
        *["--splits", str(splits)],
        *(["--seeds-per-split", str(seeds)] if seeds > 1 else []),
        *["--shuffles", str(shuffles)],
    ]


def _as_option(seeds: list[int]) -> str:
    """Seeds as --seeds takes them; a number alone would be how many."""
    if seeds == [*range(len(seeds))]:
        return str(len(seeds))
    text = ranges(seeds)
    return f"{text}," if text.isdecimal() else text


def _citation() -> dict[str, Any]:
    """CITATION.cff, as far as it is needed."""
    text = shipped("CITATION.cff").read_text(encoding="utf-8")
    about: dict[str, Any] = dict(re.findall(r'^([a-z-]+): *"?(.+?)"?$', text, re.MULTILINE))
    about["authors"] = re.findall(r'^ +- name: *"?(.+?)"?$', text, re.MULTILINE)
    return about
