"""``narrows facility electrical``: the electrical chain of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, width

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer and show."""
    from narrows.facility.site_chain import electrical_site
    from narrows.report.electrical import electrical_json, electrical_text

    site = electrical_site(
        arguments.it_mw,
        arguments.load,
        units=arguments.units,
        rack_kw=arguments.rack_kw,
        feed_kw=arguments.feed_kw,
        place=arguments.place,
        design=arguments.design,
    )
    emit(electrical_json(site) if arguments.json else electrical_text(site, width()), arguments.output)
    return 0
