"""The group of all commands, and what they share."""

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from study.common.errors import InputError
from study.common.text import folded, printable_lines, without_controls

Result = TypeVar("Result")

TYPED = "study.typed"  # the words of a command, in what click keeps of it
_RUN_ARGUMENT = click.argument(
    "directory",
    metavar="[RUN]",
    required=False,
    help="A run's directory.  [default: reports/people, or the only run there is]",
)
RUN_OPTION = click.option("--run", "named", metavar="RUN", help="The run, in place of RUN.")
FRESH_OPTION = click.option(
    "--fresh", is_flag=True, help="Set results aside (results.sqlite.old1) and start again."
)
FORCE_OPTION = click.option(
    "--force", is_flag=True, help="Overwrite a file that this command did not write."
)
TRUST_OPTION = click.option(
    "--trust", is_flag=True, help="Run the code that the run names: of its models, and its table."
)


def run_argument(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the run that is meant as `directory`: its argument, or --run."""

    @RUN_OPTION
    @_RUN_ARGUMENT
    @functools.wraps(command)
    def with_run(*, directory: str | None, named: str | None, **rest: Any) -> Result:
        return command(directory=one_run(directory, named), **rest)

    return with_run


def one_run(directory: str | None, named: str | None) -> str | None:
    """The run that was named, as an argument or by --run. Raises InputError for two."""
    if directory is not None and named is not None:
        raise InputError(f"'{directory}' and --run '{named}': name one run")
    return named if directory is None else directory


class _Commands(click.Group):
    """Commands that know what was typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[TYPED] = ["study", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named, by two words if there is one. Where only a group holds one,
        say which."""
        if (two := " ".join(args[:2])) in self.commands:
            return two, self.commands[two], args[2:]
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            for name, group in self.commands.items():
                if isinstance(group, click.Group) and args[0] in group.commands:
                    meant = f"Did you mean 'study {name} {args[0]}'?"
                    raise click.UsageError(f"{error.message} {meant}", ctx) from error
            raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="importance-study")
def commands() -> None:
    """Does a feature-importance finding hold?

    Train a model over many seeds beside simpler ones, measure importance by several
    methods, and see how far models, methods and seeds agree.
    """


def say(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Print lines of text, whoever wrote them: all that commands print goes through here."""
    click.echo(printable_lines(str(text)), err=err, nl=nl)


def give(text: str, *, nl: bool = True) -> None:
    """Print lines for another program, which keep the order of their signs."""
    click.echo(without_controls(text), nl=nl)


def tell_lines(lines: Iterable[str]) -> None:
    """Print lines, long ones folded."""
    for line in lines:
        say(folded(line))


def hold_lock(directory: Path) -> None:
    """Hold the lock of a run to the end of this command, and clear up what killed ones left."""
    from study.store.lock import locked
    from study.store.run_directory import sweep

    context = click.get_current_context()
    context.with_resource(locked(directory, f"study {context.info_name}"))
    sweep(directory)
