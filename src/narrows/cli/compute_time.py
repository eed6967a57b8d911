"""``narrows compute time``: how long one product of matrices takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer and show it."""
    from narrows.compute.operator import product_time
    from narrows.report.machine_time import product_json, product_text

    asked = (arguments.chip, arguments.m, arguments.n, arguments.k, arguments.precision)
    show = product_json if arguments.json else product_text
    emit(show(product_time(*asked), asked), arguments.output)
    return 0
