"""``narrows network time``: how long one collective takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

GB = 1e9


def run(arguments: Namespace) -> int:
    """Answer and show it."""
    from narrows.network.collective import collective_time
    from narrows.report.machine_time import collective_json, collective_text

    asked = (arguments.chip, arguments.operation, arguments.bytes, arguments.chips, arguments.nodes)
    link = None if arguments.node_link is None else arguments.node_link * GB
    found = collective_time(*asked, node_link_bytes_per_s=link)
    show = collective_json if arguments.json else collective_text
    emit(show(found, asked), arguments.output)
    return 0
