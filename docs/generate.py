"""Writes what the pages say after the program itself: `python docs/generate.py`.

In a page, `<!-- NAME -->` begins such a part, and `<!-- end -->` ends it. The rest of the page is
written by hand.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click

import study.cli.main  # noqa: F401  it adds the commands
from study.analysis.warnings.registry import CHECKS
from study.cli.group import commands
from study.common.conditions import DECLARED as DECLARED_CONDITIONS
from study.common.fit_measures import OF_NUMBERS
from study.common.methods import DECLARED as DECLARED_METHODS
from study.common.task import NUMBER
from study.datasets.checks.registry import CHECKS as DATA_CHECKS
from study.datasets.checks.table_registry import TABLE_CHECKS
from study.store.scores.checks import CHECKS as SCORE_CHECKS
from study.store.scores.layouts.registry import ABOUT

FOLDER = Path(__file__).parent


def methods() -> str:
    """The importance methods by name."""
    of_numbers = {"score": OF_NUMBERS.symbol, "predicted": NUMBER.predicted}
    rows = ((f"`{method.name}`", method.says.format(**of_numbers)) for method in DECLARED_METHODS)
    return table(("method", "what it is"), rows)


def conditions() -> str:
    """The conditions under which models are trained."""
    rows = ((f"`{condition.name}`", condition.reading) for condition in DECLARED_CONDITIONS)
    return table(("condition", "what it is"), rows)


def warnings() -> str:
    """The warnings by code, first those of data and of imported scores."""
    rows = [(check.code, check.says) for check in DATA_CHECKS]
    rows += [(check.code, check.says) for check in TABLE_CHECKS]
    rows += [(check.code, check.says) for check in SCORE_CHECKS]
    return table(("warning", "says"), [*rows, *((check.code, check.says) for check in CHECKS)])


def layouts() -> str:
    """The tables of other tools that are read as they are."""
    header = ("table of", "known by", "method, where none is named", "seen")
    by_name = sorted(ABOUT, key=lambda of: of.table_of.lower())
    return table(header, ((of.table_of, of.columns, of.method, of.seen) for of in by_name))


def command_index() -> str:
    """A line for each command, with a link to its part of the page."""
    rows = []
    for context in each_command():
        path = context.command_path
        says = context.command.get_short_help_str(limit=1000)
        rows.append((f"[`{path}`](#{path.replace(' ', '-')})", plain(says)))
    return table(("command", "what it does"), rows)


def command_reference() -> str:
    """What `--help` says of each command."""
    return "\n\n".join(map(_described, each_command()))


def each_command() -> Iterator[click.Context]:
    """All commands but groups, by their path, each in a context of its own."""
    waiting = [click.Context(commands, info_name="study")]
    while waiting:
        context = waiting.pop()
        command = context.command
        if not isinstance(command, click.Group):
            yield context
            continue
        for name in reversed(command.list_commands(context)):
            inner = command.commands[name]
            waiting.append(click.Context(inner, info_name=name, parent=context))


def _described(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    says = inspect.cleandoc(command.help or "")
    parts = [f"## {context.command_path}", f"    {usage}", plain(says)]
    records = (parameter.get_help_record(context) for parameter in command.params)
    rows = [(f"`{name}`", plain(says)) for name, says in filter(None, records)]
    parts += [table(("argument or option", "what it is"), rows)] if rows else []
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return re.sub(r"[<*_\\`]", r"\\\g<0>", text)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in (header, *rows)]
    lines.insert(1, f"|{'---|' * len(header)}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


PARTS: dict[str, Callable[[], str]] = {
    "commands": command_index,
    "each command": command_reference,
    "conditions": conditions,
    "layouts": layouts,
    "methods": methods,
    "warnings": warnings,
}


def filled(page: str) -> str:
    """A page with its parts as the program has them now. Raises KeyError for an unknown part."""
    return re.sub(
        r"(?<=^<!-- )(?!end)(.+?) -->\n.*?(?=^<!-- end -->$)",
        lambda part: f"{part[1]} -->\n\n{PARTS[part[1]]()}\n\n",
        page,
        flags=re.MULTILINE | re.DOTALL,
    )


if __name__ == "__main__":
    for path in FOLDER.glob("*.md"):
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
