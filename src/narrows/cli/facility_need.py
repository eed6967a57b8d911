"""``narrows facility need``: what one MW of IT takes of the layers of power, cooling and halls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer and show."""
    from narrows.facility.need import need
    from narrows.report.site_need import site_need_csv, site_need_json, site_need_text

    found = need(
        arguments.rack,
        place=arguments.place,
        age=arguments.age,
        redundancy=arguments.redundancy,
        it_mw=arguments.it_mw,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    if arguments.json:
        text = site_need_json(found)
    else:
        text = site_need_csv(found) if arguments.csv else site_need_text(found, width())
    emit(text, arguments.output)
    return 0
