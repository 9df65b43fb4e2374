"""The command line: parses, prints, calls."""

import atexit
import errno
import gc
import sqlite3
import sys

import click

from study.cli import own_data, report, run, stored  # noqa: F401  they add their commands
from study.cli.group import commands, say
from study.common.errors import InputError, Stopped, StudyError
from study.common.shortage import in_words, short_of
from study.common.standard_streams import keep_writing, unwritten
from study.common.text import LONG, SHORT, message

# More objects are made than deleted before Python looks for garbage; it would after 700.
_ALLOCATIONS = 50_000


def main() -> None:
    """Run the command line; every error is one or two lines and an exit status."""
    # Python would look for garbage a thousand times while modules are loaded, and for a second at
    # the end in all of them.
    gc.set_threshold(_ALLOCATIONS)
    atexit.register(gc.freeze)
    keep_writing()
    try:
        status = commands.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see '{context.command_path} --help'" if context else ""
        _stop(f"{error.format_message().rstrip('.')}{hint}", error.exit_code)
    except StudyError as error:
        _stop(str(error), error.exit_status)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted", Stopped.exit_status)
    except sqlite3.Error as error:
        _stop(f"stored results cannot be read ({in_words(error)}); 'study check' says more", 1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        # A name that no file can have is one that was given.
        status = InputError.exit_status if error.errno == errno.ENAMETOOLONG else 1
        _stop(f"{where}{in_words(error)}", status)
    except Exception as error:
        if short_of(error):
            _stop(in_words(error), 1)
        # What nobody foresaw is a fault of the program, told in a line all the same.
        _stop(f"unforeseen {type(error).__name__}: {error}; please report it", 1)
    status = status if isinstance(status, int) else 0
    if (failure := unwritten()) is not None:
        _stop(
            f"standard output: not all of it could be written ({failure.strerror or failure})",
            status or 1,
        )
    sys.exit(status)


def _stop(said: str, status: int) -> None:
    most = SHORT if status == InputError.exit_status else LONG
    say(f"study: {message(said, most)}", err=True)
    sys.exit(status)
