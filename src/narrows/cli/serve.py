"""``narrows serve``: the study in a browser, and for programs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from narrows.cli.output import say

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Serve until a signal ends it."""
    from narrows.app import serve
    from narrows.cli.study import asked_study

    study = asked_study(arguments, served=True)
    with suppress(KeyboardInterrupt):
        serve(study, arguments.host, arguments.port, arguments.name or (), say)
    return 0
