"""All commands, in the order of the help; their options stand in `narrows.cli.options`."""

from __future__ import annotations

from typing import Any

from narrows.cli.options import (
    claims,
    facility,
    facts,
    inference,
    machines,
    market,
    shocks,
    site,
    stack,
    training,
    value,
)

__all__ = ["add_commands"]

ROOMS = (stack, machines, facility, shocks, inference, training, value, market, claims, site, facts)


def add_commands(commands: Any) -> None:
    """Add all commands to a parser, in the order of the help.

    Parameters
    ----------
    commands
        The parser's group of commands.
    """
    for room in ROOMS:
        room.add(commands)
