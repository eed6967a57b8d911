"""``narrows schema``: the shape of the JSON of the map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from narrows.cli.output import emit
from narrows.report.schema import map_schema

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(_arguments: Namespace) -> int:
    """Print the schema."""
    emit(json.dumps(map_schema(), indent=2))
    return 0
