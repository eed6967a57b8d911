"""The command line: parse, call one public function, show.

stdout is data, stderr is messages. Exit codes: 0 ok, 1 failed, 2 usage, 3 data missing or stale,
4 validation failed, 5 network, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from narrows.cli.commands import add_commands
from narrows.cli.output import say
from narrows.errors import NarrowsError, OutputError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main", "parser"]

OK, INTERRUPTED = 0, 130
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""Settings of NumPy's algebra: one thread does products of this size as soon and at half the work."""

EPILOG = """\
examples:
  narrows map                                   the map from this quarter to 2030
  narrows map --as-of 2023-09-30 --quarters 2023Q3
  narrows map --svg map.svg                     the same as a picture
  narrows map --relax                           what resolves it: gain, cost and first effect by layer
  narrows cascade                               what binds after each relief, and when
  narrows time                                  when each layer stops being short
  narrows makers nvidia                         one company through all layers
  narrows compute show h100                     a chip, every figure with its source
  narrows systems audit                         figures of machines that cannot be
  narrows sites --on 2026-03-31                 power at tracked sites, plans slipped
  narrows why map.binds.cowos.2026Q4            the chain behind a number
  narrows facts cowos capacity                  what is known, by whom, since when
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that refuses in three parts."""

    def __init__(self, **options: Any) -> None:
        options["allow_abbrev"] = False
        super().__init__(**options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Refuse what this command does not know, rather than pass it up to a parser that knows less."""
        found, unknown = super().parse_known_args(args, namespace)
        if not unknown:
            return found, unknown
        given = unknown[0].partition("=")[0]
        if given.startswith("-"):
            raise UnknownNameError("option", given, self.options(), remedy=f"See `{self.prog} --help`")
        raise UsageError(
            f"`{self.prog}` is given {given!r}, which is one argument too many",
            f"Its options are {', '.join(self.options())}",
            "Leave it out, or put texts with blanks in quotes",
        )

    def options(self) -> list[str]:
        """Return the options of this command, short and long."""
        return [option for action in self._actions for option in action.option_strings]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the nearest command instead of listing all."""
        if action.choices is not None and value not in action.choices:
            raise UnknownNameError("command", value, action.choices, remedy=f"See `{self.prog} --help`")

    def error(self, message: str) -> NoReturn:
        """Raise the house's error instead of printing argparse's own."""
        known = self.options()
        raise UsageError(
            f"The command line of `{self.prog}` cannot be read: {message}",
            f"The options are {', '.join(known)}",
            f"See `{self.prog} --help`",
        )


def parser() -> Parser:
    """Return the parser of all commands.

    Examples
    --------
    >>> parser().parse_args(["why", "map.deployed.2027Q1"]).command
    'why'
    """
    top = Parser(
        prog="narrows",
        description="Where the AI build-out is constrained now, what resolves it, and where it moves next.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process if left out.
    """
    for setting in ONE_THREAD:
        os.environ.setdefault(setting, "1")
    try:
        code = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except NarrowsError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted; nothing was half-written")
        return INTERRUPTED
    except BrokenPipeError:
        _silence()
        return OK
    except OSError as error:
        _silence()
        refusal = OutputError(
            f"The output cannot be written: {error.strerror or error}",
            "An output needs room on its disk",
            "Name a file with -o, or make room",
        )
        say(str(refusal))
        return refusal.exit_code
    return code


def _run(argv: Sequence[str] | None) -> int:
    """Parse, and run the command; return the exit code."""
    arguments = parser().parse_args(argv)
    if arguments.version:
        from narrows import __version__

        print(f"narrows {__version__}")
        return OK
    if arguments.command is None:
        parser().print_help()
        return OK
    command = importlib.import_module(f"narrows.cli.{arguments.command}")
    code: int = command.run(arguments)
    return code


def _silence() -> None:
    """Send what is left for stdout nowhere, so that the interpreter does not fail on it when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file of the system
        return
