"""Options of the local site and of the study as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.cli.options.common import draws, whole

if TYPE_CHECKING:
    import argparse

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of the local site."""
    serve = commands.add_parser("serve", help="the study in a browser, and as JSON for programs")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    serve.add_argument(
        "--port",
        type=whole("--port", 8000),
        default=8000,
        metavar="N",
        help="port (8000); 0 takes a free one",
    )
    serve.add_argument(
        "--name", action="append", metavar="HOST", help="another name under which it may be asked; repeatable"
    )
    _studied(serve)
    study = commands.add_parser("study", help="the study as files for any web server, or none")
    questions = study.add_subparsers(dest="question", metavar="QUESTION", required=True)
    ask = questions.add_parser("build", help="write every page into a folder, whole or not at all")
    ask.add_argument("folder", help="a new or empty folder, or one written by this command")
    _studied(ask)
    ask.add_argument("--json", action="store_true", help="print JSON")
    ask.add_argument("--quiet", action="store_true", help="no messages on stderr")
    sheet = questions.add_parser("pdf", help="set one page on paper (extra 'report')")
    sheet.add_argument(
        "page", nargs="?", default="/", help="path of a page, or id of a number; the map if left out"
    )
    sheet.add_argument(
        "-o", "--output", metavar="FILE", help="where to: a .pdf, or a .png of its first sheet"
    )
    sheet.add_argument("--site", metavar="URL", help="where its links lead; as `narrows serve` if left out")
    _studied(sheet)
    sheet.add_argument("--json", action="store_true", help="print JSON")
    sheet.add_argument("--quiet", action="store_true", help="no messages on stderr")
    assistants = commands.add_parser(
        "mcp", help="the study for assistants, over stdin and stdout (extra 'mcp')"
    )
    assistants.add_argument("--tools", action="store_true", help="print the list of tools as JSON, and stop")
    _studied(assistants)


def _studied(command: argparse.ArgumentParser) -> None:
    """Add what is asked of a whole study."""
    draws(command)
    command.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    command.add_argument(
        "--validation", metavar="FILE", help="table of `narrows validate --markdown` to show"
    )
