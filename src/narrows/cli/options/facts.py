"""Options of figures, facts, layers and checks, and of the shell."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import question, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of figures, facts, layers and checks, and of the shell."""
    for one in (_why, _facts, _layer, _schema, _validate, _completion):
        one(commands)


def _why(commands: Any) -> None:
    why = commands.add_parser("why", help="the formula and the facts behind a number")
    why.add_argument("id", help="a figure such as map.binds.cowos.2026Q4, or the id of a fact")
    question(why)
    why.add_argument("--json", action="store_true", help="print JSON")


def _facts(commands: Any) -> None:
    facts = commands.add_parser("facts", help="what is known, by whom, since when")
    facts.add_argument("query", nargs="*", help="words to look for")
    facts.add_argument("--as-of", metavar="DATE", help="only what was known on that day")
    facts.add_argument("--json", action="store_true", help="print JSON")


def _layer(commands: Any) -> None:
    layer = commands.add_parser("layer", help="one layer of the stack: unit, makers, lead time, facts")
    layer.add_argument("id", nargs="?", help="a layer such as cowos; all layers if left out")
    layer.add_argument("--as-of", metavar="DATE", help="only what was known on that day")
    layer.add_argument("--json", action="store_true", help="print JSON")


def _schema(commands: Any) -> None:
    schema = commands.add_parser("schema", help="the JSON Schema of `narrows map --json`")
    schema.add_argument("--json", action="store_true", help="JSON is the only form")


def _validate(commands: Any) -> None:
    check = commands.add_parser("validate", help="predicted against measured, misses included")
    check.add_argument("room", nargs="?", help="one room, such as bottlenecks; all if left out")
    check.add_argument("--data", metavar="DIR", help="folder with the measurements")
    check.add_argument(
        "--networks", metavar="N", type=whole("--networks", 300), help="random networks compared with the LP"
    )
    check.add_argument("--markdown", action="store_true", help="print the table of docs/validation.md")
    check.add_argument("--json", action="store_true", help="print JSON")


def _completion(commands: Any) -> None:
    completion = commands.add_parser("completion", help="commands and options completed by the shell")
    completion.add_argument("shell", help="the shell: bash")
