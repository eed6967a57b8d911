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

from narrows.cli.output import say
from narrows.errors import NarrowsError, OutputError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main", "parser"]

OK, INTERRUPTED = 0, 130

EPILOG = """\
examples:
  narrows map                                   the map from this quarter to 2030
  narrows map --as-of 2023-09-30 --quarters 2023Q3
  narrows map --svg map.svg                     the same as a picture
  narrows map --relax                           what resolves it: gain, cost and first effect by layer
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
            raise UnknownNameError("option", given, self._known(), remedy=f"See `{self.prog} --help`")
        raise UsageError(
            f"`{self.prog}` is given {given!r}, which is one argument too many",
            f"Its options are {', '.join(self._known())}",
            "Leave it out, or put texts with blanks in quotes",
        )

    def _known(self) -> list[str]:
        return [option for action in self._actions for option in action.option_strings]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the nearest command instead of listing all."""
        if action.choices is not None and value not in action.choices:
            raise UnknownNameError("command", value, action.choices, remedy=f"See `{self.prog} --help`")

    def error(self, message: str) -> NoReturn:
        """Raise the house's error instead of printing argparse's own."""
        known = self._known()
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

    show = commands.add_parser(
        "map", help="which layer binds in each quarter, at what price, what is deployed"
    )
    show.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2026Q4:2030Q4")
    show.add_argument(
        "--relax", action="store_true", help="what more of each layer brings, from --quarters on"
    )
    show.add_argument(
        "--add", metavar="SHARE", type=_number("--add", "0.1"), help="with --relax: 0.1 adds 10 %%"
    )
    show.add_argument(
        "--budget", metavar="USD", type=_number("--budget", "5e9"), help="with --relax: money to split"
    )
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
    check.add_argument(
        "--networks", metavar="N", type=_whole("--networks", 300), help="random networks compared with the LP"
    )
    check.add_argument("--markdown", action="store_true", help="print the table of docs/validation.md")
    check.add_argument("--json", action="store_true", help="print JSON")
    return top


def _question(command: argparse.ArgumentParser) -> None:
    """Add the options that say what is asked of the model."""
    command.add_argument(
        "--draws", type=_whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    command.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    command.add_argument("--method", default="random", help="random, or sobol")
    command.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    command.add_argument("--scenario", metavar="FILE", help="a scenario (TOML) laid over the facts")


def _whole(option: str, usual: int) -> Callable[[str], int]:
    """Return the reader of an option that takes a whole number."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes a whole number",
                f"Write, for instance, {option} {usual}",
            ) from None

    return read


def _number(option: str, usual: str) -> Callable[[str], float]:
    """Return the reader of an option that takes a number."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes a number",
                f"Write, for instance, {option} {usual}",
            ) from None

    return read


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process if left out.
    """
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
