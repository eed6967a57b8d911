"""``narrows layer``: one layer of the stack, or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import layer, layers
from narrows.catalog import default
from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Show one layer, or list all."""
    found = [layer(arguments.id, arguments.as_of)] if arguments.id else layers(arguments.as_of)
    if arguments.json:
        from narrows.report.tables import layer_json

        emit(layer_json(found, default().sources))
        return 0
    from narrows.report.text import layer_text, layers_text

    emit(layer_text(found[0], width()) if arguments.id else layers_text(found, width()))
    return 0
