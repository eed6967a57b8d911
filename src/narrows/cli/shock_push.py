"""``narrows shocks push``: changes of commodity prices through industries, sectors and companies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, width, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

PERCENT = 100.0


def run(arguments: Namespace) -> int:
    """Answer the question."""
    from narrows.report.shock_push import push_json, push_svg, push_text
    from narrows.shocks.firms import companies
    from narrows.shocks.reaction import priced
    from narrows.shocks.transmission import DAY, QUARTERS_A_YEAR, sector_table

    changes = _pairs("--commodity", arguments.commodity)
    if arguments.crude is not None:
        if "crude" in changes:
            raise UsageError(
                "Crude is given by --crude and by --commodity",
                "Every price is given once",
                "Leave one of them out",
            )
        changes = {"crude": arguments.crude / PERCENT, **changes}
    if not changes:
        raise UsageError(
            "`narrows shocks push` is given no change of a price",
            "It takes --crude PCT, --commodity NAME=PCT, or both",
            "Write, for instance, --crude 50",
        )
    found = sector_table(
        changes,
        duration=arguments.duration,
        draws=arguments.draws,
        seed=arguments.seed,
        industries=tuple(arguments.industry),
        day=DAY if arguments.usd is None else arguments.usd,
    )
    seen = {
        found.sector(name).name: priced(
            value,
            found.sector(name).draws,
            found.shock.discount,
            arguments.duration / QUARTERS_A_YEAR,
        )
        for name, value in _pairs("--seen", arguments.seen).items()
    }
    firms = companies(found.shock, tuple(arguments.company))
    if arguments.svg is not None or arguments.png is not None:
        drawn = push_svg(found, seen)
        if arguments.svg is not None:
            write(arguments.svg, drawn)
        if arguments.png is not None:
            from narrows.report.chart import png

            write(arguments.png, png(drawn))
        if not arguments.quiet:
            say(f"wrote {', '.join(name for name in (arguments.svg, arguments.png) if name)}")
    text = push_json(found, seen, firms) if arguments.json else push_text(found, width(), seen, firms)
    emit(text, arguments.output)
    return 0


def _pairs(option: str, given: list[str]) -> dict[str, float]:
    """Return NAME=PCT options as shares by name."""
    found = {}
    for text in given:
        name, sign, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value, sign = 0.0, ""
        if not (sign and name):
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes NAME=PCT, a name and a change in percent",
                f"Write, for instance, {option} {'gas=30' if option == '--commodity' else 'energy=-5'}",
            )
        found[name] = value / PERCENT
    return found
