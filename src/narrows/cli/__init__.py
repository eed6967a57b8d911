"""The command line: parse, call one public function, show.

stdout is data, stderr is messages. Exit codes: 0 ok, 1 failed, 2 usage, 3 data missing or stale,
4 validation failed, 5 network, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from narrows.errors import NarrowsError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main", "parser"]

OK, INTERRUPTED = 0, 130

EPILOG = """\
examples:
  narrows map                                   the map from this quarter to 2030
  narrows map --as-of 2023-09-30 --quarters 2023Q3
  narrows map --svg map.svg                     the same as a picture
  narrows why map.binds.cowos.2026Q4            the chain behind a number
  narrows facts cowos capacity                  what is known, by whom, since when
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that refuses in three parts."""

    def error(self, message: str) -> NoReturn:
        """Raise the house's error instead of printing argparse's own."""
        known = [option for action in self._actions for option in action.option_strings]
        if message.startswith("unrecognized arguments: "):
            given = message.removeprefix("unrecognized arguments: ").split()[0]
            raise UnknownNameError("option", given, known or ["--help"], remedy=f"See `{self.prog} --help`")
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
        allow_abbrev=False,
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    show = commands.add_parser(
        "map", help="which layer binds in each quarter, at what price, what is deployed"
    )
    show.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2026Q4:2030Q4")
    _question(show)
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON (see `narrows schema`)")
    form.add_argument("--csv", action="store_true", help="print one row a layer and quarter")
    show.add_argument("--svg", metavar="FILE", help="also write the narrows chart")
    show.add_argument("--png", metavar="FILE", help="also write the narrows chart as PNG (extra 'png')")
    show.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of stdout")
    show.add_argument("--quiet", action="store_true", help="no messages on stderr")

    why = commands.add_parser("why", help="the formula and the facts behind a number")
    why.add_argument("id", help="a figure such as map.binds.cowos.2026Q4, or the id of a fact")
    _question(why)
    why.add_argument("--json", action="store_true", help="print JSON")

    facts = commands.add_parser("facts", help="what is known, by whom, since when")
    facts.add_argument("query", nargs="*", help="words to look for")
    facts.add_argument("--as-of", metavar="DATE", help="only what was known on that day")
    facts.add_argument("--json", action="store_true", help="print JSON")

    layer = commands.add_parser("layer", help="one layer of the stack: unit, makers, lead time, facts")
    layer.add_argument("id", nargs="?", help="a layer such as cowos; all layers if left out")
    layer.add_argument("--as-of", metavar="DATE", help="only what was known on that day")
    layer.add_argument("--json", action="store_true", help="print JSON")

    schema = commands.add_parser("schema", help="the JSON Schema of `narrows map --json`")
    schema.add_argument("--json", action="store_true", help="JSON is the only form")

    check = commands.add_parser("validate", help="predicted against measured, misses included")
    check.add_argument("room", nargs="?", help="one room, such as bottlenecks; all if left out")
    check.add_argument("--data", metavar="DIR", help="folder with the measurements")
    check.add_argument("--networks", metavar="N", type=int, help="random networks compared with the LP")
    check.add_argument("--markdown", action="store_true", help="print the table of docs/validation.md")
    check.add_argument("--json", action="store_true", help="print JSON")
    return top


def _question(command: argparse.ArgumentParser) -> None:
    """Add the options that say what is asked of the model."""
    command.add_argument("--draws", type=int, default=10_000, metavar="N", help="number of draws (10000)")
    command.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the draws (1)")
    command.add_argument("--method", default="random", help="random, or sobol")
    command.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    command.add_argument("--scenario", metavar="FILE", help="a scenario (TOML) laid over the facts")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process if left out.
    """
    try:
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
        sys.stdout.flush()
    except NarrowsError as error:
        print(f"narrows: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("narrows: interrupted; nothing was half-written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code
