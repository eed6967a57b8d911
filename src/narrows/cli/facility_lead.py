"""``narrows facility lead``: from decision to capacity by layer, and how plans slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer and show."""
    from narrows.facility.lead import leads
    from narrows.report.site_need import leads_csv, leads_json, leads_text

    found = leads(draws=arguments.draws, seed=arguments.seed)
    if arguments.json:
        text = leads_json(found)
    else:
        text = leads_csv(found) if arguments.csv else leads_text(found, width())
    emit(text, arguments.output)
    return 0
