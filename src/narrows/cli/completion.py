"""``narrows completion``: commands and options completed by the shell."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from narrows.cli.output import emit
from narrows.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narrows.cli import Parser

__all__ = ["run", "script", "words"]

BASH = """\
# Completion of narrows in bash. Load it with: eval "$(narrows completion bash)"
_narrows() {{
    local at="" words="" place
    COMPREPLY=()
    for ((place = 1; place < COMP_CWORD; place++)); do
        case "$at ${{COMP_WORDS[place]}}" in
            {commands}) at="$at ${{COMP_WORDS[place]}}" ;;
        esac
    done
    case "$at" in
{cases}
    esac
    while IFS= read -r place; do
        COMPREPLY+=("$place")
    done < <(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _narrows narrows
"""
CASE = "        {path}) words={words} ;;"


def run(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    if arguments.shell != "bash":
        raise UnknownNameError(
            "shell", arguments.shell, ["bash"], remedy='Load it with eval "$(narrows completion bash)"'
        )
    from narrows.cli import parser

    emit(script(parser()))
    return 0


def script(top: Parser) -> str:
    """Return the script that completes commands and options in bash; values are left to names of files.

    Parameters
    ----------
    top
        The parser of all commands.

    Examples
    --------
    >>> from narrows.cli import parser
    >>> "complete -o default -F _narrows narrows" in script(parser())
    True
    """
    known = dict(words(top))
    commands = "|".join(shlex.quote(path) for path in known if path)
    cases = "\n".join(
        CASE.format(path=shlex.quote(path), words=shlex.quote(" ".join(found)))
        for path, found in known.items()
    )
    return BASH.format(commands=commands, cases=cases)


def words(one: Parser, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each command by its path, each part after a blank, and the words that may follow it.

    Parameters
    ----------
    one
        The parser of a command.
    path
        Its path; empty for the program.

    Examples
    --------
    >>> from narrows.cli import parser
    >>> dict(words(parser()))[" market"][:4]
    ['recap', 'draft', 'ingest', 'fetch']
    """
    groups = [action for action in one._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 (argparse tells it nowhere else)
    yield path, [*(name for group in groups for name in group.choices), *one.options()]
    for group in groups:
        for name, inner in group.choices.items():
            yield from words(inner, f"{path} {name}")
