"""The checklist REFORMS, as far as a run can fill it in.

S. Kapoor et al. (2024), REFORMS: Consensus-based Recommendations for Machine-learning-based
Science, Science Advances 10(18), eadk3452, doi:10.1126/sciadv.adk3452, table 1. Its numbers; the
words are ours.
"""

from collections.abc import Iterator
from pathlib import Path

from study.analysis.overview import Overview
from study.common.files import beginning
from study.report.tables.cells import provenance
from study.report.tables.table import escape_markdown
from study.report.text.reforms import ANSWERS, Told

_TITLE = "# REFORMS checklist"
_SOURCE = (
    "The items of REFORMS (S. Kapoor et al., 2024, Science Advances 10(18), eadk3452, "
    "[doi:10.1126/sciadv.adk3452](https://doi.org/10.1126/sciadv.adk3452)) by their numbers, in "
    "short words of this program: the paper has the items themselves, and what each asks for. "
    "Ticked is what the run answers; for the others it is said what is left to you."
)
_OPEN = "The run cannot tell."
# Modules, each with its items: number, and what is asked.
_MODULES = {
    "Study goals": {
        "1a": "Population or distribution that the claim is about",
        "1b": "Why that population",
        "1c": "Why machine learning",
    },
    "Computational reproducibility": {
        "2a": "Data set, with a link or DOI",
        "2b": "Code, with a link or DOI of its version",
        "2c": "Computing infrastructure",
        "2d": "README: how to get the results from data and code",
        "2e": "Script that reproduces all results",
    },
    "Data quality": {
        "3a": "Source of training and evaluation data: when, how, and who labelled them",
        "3b": "Sampling frame",
        "3c": "Why the data suit the task",
        "3d": "Outcome, with descriptive statistics",
        "3e": "Sample size, and classes",
        "3f": "Percentage of missing values, by class",
        "3g": "Why the data represent the population",
    },
    "Data preprocessing": {
        "4a": "Samples that were excluded, and why",
        "4b": "Impossible or corrupt samples",
        "4c": "Transformations from raw data to the inputs of models",
    },
    "Modelling": {
        "5a": "Models that were trained: inputs, outputs, loss",
        "5b": "Why these kinds of models",
        "5c": "How models were evaluated: splits",
        "5d": "How the reported model was selected",
        "5e": "How its hyperparameters were chosen",
        "5f": "Baselines that it is compared with",
    },
    "Data leakage": {
        "6a": "Training and test kept apart in every step",
        "6b": "Dependences and duplicates between training and test rows",
        "6c": "Why every input is legitimate for the task",
    },
    "Metrics and uncertainty": {
        "7a": "Metrics of fit and of importance, and why these",
        "7b": "Uncertainty of the results, and how it was reckoned",
        "7c": "Statistical tests, and their assumptions",
    },
    "Generalizability and limitations": {
        "8a": "Evidence that it holds elsewhere",
        "8b": "Where it is not expected to hold",
    },
}


def checklist(overview: Overview) -> str:
    """The checklist in Markdown, a line for each item."""
    told = {
        number: answer(overview) if (answer := ANSWERS.get(number)) else None
        for items in _MODULES.values()
        for number in items
    }
    given = [of for of in told.values() if of is not None]
    whole = sum(not of.to_add for of in given)
    results = overview.results
    head = f"{_TITLE}: {escape_markdown(results.recipe.title)}"
    count = (
        f"{escape_markdown(provenance(results))} Of {len(told)} items it answers {whole}, and "
        f"{len(given) - whole} in part; {len(told) - len(given)} are open."
    )
    lines = [head, "", count, "", _SOURCE]
    for place, (module, items) in enumerate(_MODULES.items(), start=1):
        lines += ["", f"## {place}. {module}", ""]
        lines += [line for number in items for line in _item(number, items[number], told[number])]
    return "\n".join([*lines, ""])


def is_checklist(path: Path) -> bool:
    """Whether a file starts as `checklist` does."""
    return beginning(path).startswith(f"{_TITLE}: ")


def _item(number: str, asks: str, told: Told | None) -> Iterator[str]:
    if told is None:
        yield f"- [ ] **{number}. {asks}** (open). {_OPEN}"
        return
    mark, state = (" ", " (in part)") if told.to_add else ("x", "")
    yield f"- [{mark}] **{number}. {asks}**{state}. {escape_markdown(told.text)}"
    if told.to_add:
        yield f"  - To add: {told.to_add}"
