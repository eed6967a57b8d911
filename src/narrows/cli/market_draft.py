"""``narrows market draft``: the week as a language model orders it, if its draft passes the check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from narrows.cli.output import emit, say
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

NOT_PUBLISHED = 4
"""Exit code where the draft did not pass."""


def run(arguments: Namespace) -> int:
    """Ask for a draft, check it, and write it or the fixed sentences."""
    from narrows.market.chat import Endpoint
    from narrows.market.library import Library
    from narrows.market.recap import recap
    from narrows.report.drafting import draft, draft_json

    key = _key(arguments.key_env)
    found = recap(arguments.week, data=arguments.data, store=arguments.store)
    if arguments.store is None:
        library = Library(arguments.data)
    else:
        from narrows.market.shelf import Shelf

        library = Shelf(arguments.store, found.week)
    made = draft(found, Endpoint(arguments.endpoint, arguments.model, key), library)
    for finding in made.findings:
        say(finding)
    if not made.published:
        say("the draft is not published; the text is that of the fixed sentences")
    emit(draft_json(made) if arguments.json else made.text, arguments.output)
    return 0 if made.published else NOT_PUBLISHED


def _key(name: str | None) -> str:
    """Return the key that a variable of the environment holds."""
    if name is None:
        return ""
    key = os.environ.get(name, "").strip()
    if not key:
        raise UsageError(
            "The variable that --key-env names is not set or empty",
            "--key-env takes the name of a variable of the environment that holds the key",
            "Set the variable, or leave out --key-env for an endpoint without a key",
        )
    return key
