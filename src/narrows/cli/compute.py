"""``narrows compute``: what is held, and an audit of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.machines import audited, run_room, shown

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    return run_room(arguments, {"show": _show, "audit": _audit, "prices": _prices})


def _show(arguments: Namespace) -> tuple[str, int]:
    from narrows.compute.figures import chip, chips

    return shown("compute", arguments, lambda: [chips()], chip)


def _prices(arguments: Namespace) -> tuple[str, int]:
    from narrows.compute.prices import prices
    from narrows.report.chip_prices import prices_csv, prices_json, prices_text

    found = prices(arguments.chip)
    return (prices_json if arguments.json else prices_csv if arguments.csv else prices_text)(found), 0


def _audit(arguments: Namespace) -> tuple[str, int]:
    return audited("compute", arguments)
