"""A dataset recipe as commented TOML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from study.common.text import printable, quoted, short
from study.datasets.drafting.orders import may_be_in_order
from study.recipes.base import Recipe
from study.recipes.columns import Numeric, OneHot, Variable
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Split
from study.recipes.target import NumericTarget, Target

_MISSING = {
    "refuse": "no value is missing",
    "drop": "rows with a missing value are dropped, before the split",
    "impute": "the training rows' median, or most frequent level, stands for a missing value",
}
_COMMENTS = {
    "source": "where the rows come from: for those who read it",
    "equal_rows": "rows are equal, more than by chance: no split parts copies, which tell all",
    "patience": "epochs in vain before a network stops; without this line it trains all epochs",
}
# How a column writes its numbers, where that is not as the table says.
_WRITTEN = {
    "decimal": "its decimal sign, which is not that of the table",
    "thousands": "stands between its thousands",
    "sign": "stands beside each number",
    "brackets": "(5) is -5",
}
_ORDINAL = {"type": 'or "ordinal", if the levels have an order: put them in it'}
# What a target may be, where its numbers do not tell.
_KINDS = {
    "numeric": "an amount",
    "class": "the numbers of classes",
    "count": "a count of events",
}
_NO_CLAIM = (
    "# No claim is proposed: of each variable something speaks against it (see above). Claim what",
    "# you believed before you saw these data: name the variable, and take the # away.",
)
# Keys of a dataset recipe that are tables of their own.
_PARTS = (
    *("table", "split", "proposal", "variables", "variable_groups", "target", "claim"),
    "permutation",
)


@dataclass(frozen=True)
class Offers:
    """What a recipe may say otherwise, each as a comment that is ready to be taken.

    variables : those that columns could be which are left out, by name
    splits : by columns; groups : columns whose equal values are one subject; times : columns in
        whose order rows stand; weights : columns by which rows may count
    marks : what may stand for a missing value
    gaps : the names of variables whose missing values may be kept
    alike : variables that may be grouped, by a name of their group
    """

    variables: Mapping[str, Variable]
    splits: Sequence[Split]
    groups: Sequence[str]
    times: Sequence[str]
    weights: Sequence[str]
    marks: Sequence[str]
    gaps: Sequence[str]
    alike: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def to_decide(self) -> Iterator[str]:
        """What of the offers a user has to decide."""
        for name in self.groups:
            yield (
                f"rows with the same {short(name)} stand in training and test: its groups line in "
                "the recipe keeps them together"
            )
        for name in self.times:
            yield (
                f"rows stand in the order of {short(name)}: rows that follow each other may be "
                "alike, so that those drawn to test are known; its time line in the recipe tests "
                "the later ones"
            )
        for name in self.weights:
            yield (
                f"{short(name)} may tell how much each row counts: if so, take its weight line in "
                "the recipe, and no variable of it"
            )
        for split in self.splits:
            yield (
                f"{short(str(split.column))} may divide the rows: lines under [split] have it do so"
            )


def written(
    recipe: DatasetRecipe,
    left_out: Mapping[str, str],
    notes: Mapping[str, str],
    offers: Offers,
    other_targets: Sequence[Mapping[str, Any]],
    *,
    claimed: bool,
) -> str:
    """A recipe, as text that is read back the same; reasons and offers are comments.

    other_targets : keys that have the target as a class in place of a number, as a number, or as a
    count, where it may be that. Where nothing is `claimed`, its claim is a comment as well, without
    a name.
    """
    groups = [
        "# Rows of one subject stand on both sides of the split; this keeps them together:",
        *(f"# groups = {_value(name)}" for name in offers.groups),
    ]
    times = [
        "# Rows stand in the order of a time; this has the later ones tested, and keeps the order:",
        *(f"# time = {_value(name)}" for name in offers.times),
    ]
    weights = [
        "# May tell how much each row counts, which is no variable; this has rows count so:",
        *(f"# weight = {_value(name)}" for name in offers.weights),
    ]
    marks = [*recipe.own_table.missing_marks, *offers.marks]
    lines = [
        "# Written by 'study data init'. Whatever is decided here can be decided otherwise:",
        "# change it, and see what comes of it with 'study data check'.",
        *_keys(recipe, _COMMENTS),
        *(groups if offers.groups else []),
        *(times if offers.times else []),
        *(weights if offers.weights else []),
        "",
        "# Paths start from the folder of this file.",
        "[table]",
        *_keys(recipe.own_table, {"missing": _MISSING[recipe.own_table.missing]}, ["missing"]),
        *([f"# missing_marks = {_value(marks)}"] if offers.marks else []),
    ]
    lines += _division(recipe, offers)
    lines += ["", "# Numbers are standardised: less the training rows' mean, divided by their sd."]
    for variable in recipe.variables:
        note = notes.get(variable.name)
        lines += ["", *([_comment(note)] if note else []), *_variable(variable)]
        if isinstance(variable, Numeric):
            lines.append('# unit = ""')
        if variable.name in offers.gaps:
            lines.append('# missing = "indicator"  # makes it a feature whether a value is missing')
    lines += [*_left_out(left_out, offers), *_together(offers)]
    lines += ["", *_target(recipe.target, other_targets)]
    lines += [
        "",
        *(_origin(recipe) if claimed else _NO_CLAIM),
        '# The MLP is quick at any number of columns; model = "transformer" is the published one.',
    ]
    claim = ["[claim]", *_keys(recipe.claim, {})]
    lines += claim if claimed else [_comment(_unnamed(line)) for line in claim]
    return "\n".join(lines) + "\n"


def _target(target: Target, others: Sequence[Mapping[str, Any]]) -> list[str]:
    """The target, and what it may be in place of that."""
    if isinstance(target, NumericTarget):
        lines = [
            *_keys(target, _WRITTEN, ["tolerance"]),
            '# unit = ""',
            "# A prediction is correct when |prediction - target| < tolerance * |target|.",
        ]
    else:
        lines = [
            "# Which class a row is of is predicted; of two, the log-odds of the last.",
            *_keys(target, {}),
        ]
    for other in others:
        kind = _KINDS[other.get("type", "numeric")]
        lines.append(f"# If it is {kind}, take these lines in place of those but for the name:")
        lines += [f"# {key} = {_value(value)}" for key, value in other.items()]
    return ["[target]", *lines]


def _division(recipe: DatasetRecipe, offers: Offers) -> list[str]:
    """Which rows test, or may, and which a claim was proposed from."""
    lines = []
    if recipe.split is not None:
        how = (
            "which rows are test rows"
            if recipe.split.column
            else f"this part of the {recipe.drawn} are test {recipe.drawn}, drawn by random_state"
        )
        lines += ["", f"# {how[0].upper()}{how[1:]}.", "[split]", *_keys(recipe.split, {})]
    for split in offers.splits:
        lines += ["# Or, in place of these lines:", *map(_comment, _keys(split, {}))]
    if recipe.proposal is not None:
        lines += [
            "",
            f"# The claim was proposed from this part of the {recipe.proposed_from}, drawn by "
            "random_state before all else.",
            "# They are left out, so that the claim is new to the rows that test it. A change here",
            "# leaves out others: have a claim proposed from those.",
            "[proposal]",
            *_keys(recipe.proposal, {}),
        ]
    return lines


def _left_out(left_out: Mapping[str, str], offers: Offers) -> Iterator[str]:
    """Columns that are no variables, why, and what those could be that could be one."""
    if left_out:
        yield from ("", "# Left out:")
    for name, reason in left_out.items():
        yield _comment(f"  {name}: {reason}")
        if name in offers.variables:
            yield from map(_comment, _variable(offers.variables[name]))


def _together(offers: Offers) -> Iterator[str]:
    """Groups of variables that may be measured as one."""
    if offers.alike:
        yield ""
        yield "# Variables that go together; these lines have them permuted and scored as one, too:"
        yield "# [variable_groups]"
    for name, members in offers.alike.items():
        yield _comment(f"{_value(name)} = {_value(list(members))}")


def _variable(variable: Variable) -> list[str]:
    comments = _WRITTEN
    if isinstance(variable, OneHot) and not variable.other and may_be_in_order(variable.levels):
        comments = _WRITTEN | _ORDINAL
    return ["[[variables]]", *_keys(variable, comments, ["type"])]


def _unnamed(line: str) -> str:
    return 'name = ""' if line.startswith("name = ") else line


def _origin(recipe: DatasetRecipe) -> list[str]:
    """Where the claim comes from, and what to do with one of one's own, as comments."""
    if recipe.proposal is not None:
        return [
            "# Proposed from rows that are left out, among which linear regression ranks it first.",
            "# If you held another belief before you saw these data, claim that, and take",
            "# [proposal] away.",
        ]
    if not recipe.claim.proposed:
        return ["# Given to 'study data init', in place of one that is proposed from the data."]
    return [
        "# Proposed from the data: linear regression ranks it first on the training rows. If you",
        "# held another belief before you saw these data, claim that, and take `proposed` away.",
    ]


def _keys(recipe: Recipe, comments: Mapping[str, str], always: Sequence[str] = ()) -> list[str]:
    """The keys of one part that have simple values, each on its line."""
    said = recipe.model_dump(exclude_defaults=True)
    said |= {key: getattr(recipe, key) for key in always}
    first = {key: said[key] for key in ("name", "type") if key in said}
    lines = []
    for key, value in (first | said).items():
        if key in _PARTS:
            continue
        comment = f"  # {comments[key]}" if comments.get(key) else ""
        lines.append(f"{key} = {_value(value)}{comment}")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_value(key)} = {_value(of)}' for key, of in value.items())} }}"
    return repr(value)


def _comment(text: str) -> str:
    return f"# {printable(text)}"
