"""Tell the figures of a price shock (``push``): profit and equity of a sector, prices, the basket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.bottlenecks.answer import asked_of
from narrows.bottlenecks.told import Told
from narrows.errors import UnknownNameError, UsageError
from narrows.shocks.sectors import SECTORS
from narrows.shocks.transmission import DAY, DRAWS, equity_of, sector_table

if TYPE_CHECKING:
    from narrows.bottlenecks.told import Asked
    from narrows.catalog import Catalog, Reader

__all__ = ["tell"]

REMEDY = "Write push.<quantity>.<name>@<commodity>=<percent>,duration=<quarters>"
TEXTS = {
    "profit": (
        "sum over industries of output x (own price - needs x prices of inputs - wages + surplus x volume), "
        "over their operating surplus, mean over the shock"
    ),
    "cyclical": "(1 - exp(-return x duration)) x change of profit",
    "structural": "change of profit while it is passed on, then once all is passed on, discounted",
    "price": "p = phi x (needs from given x their change + needs from the rest x p), passed on with lags",
    "basket": "shares of household spending x price changes, last quarter",
}


@dataclass(frozen=True)
class Reading:
    """The facts that a figure came from."""

    catalog: Catalog
    reader: Reader


def tell(id: str, asked: Asked) -> Told:  # noqa: A002 (the word of the trade)
    """Return a figure of a price shock in every draw; at most a thousand are taken, as the command does.

    Parameters
    ----------
    id
        ``push.profit.<sector>@crude=50,duration=2``, ``push.cyclical...``, ``push.structural...``,
        ``push.price.<industry>@...`` or ``push.basket@...``.
    asked
        The question that it belongs to.

    Raises
    ------
    UnknownNameError
        If there is no such figure, sector or industry.
    UsageError
        If the part behind the @ is no list of changes.
    """
    head, _, tail = id.partition("@")
    parts = head.split(".")
    quantity = parts[1] if len(parts) > 1 else ""
    if quantity not in TEXTS or len(parts) != (2 if quantity == "basket" else 3):
        examples = [
            f"push.{word}.energy@crude=50,duration=2" for word in ("profit", "cyclical", "structural")
        ]
        examples += ["push.price.336111@crude=50,duration=2", "push.basket@crude=50,duration=2"]
        raise UnknownNameError("figure", id, examples, remedy=REMEDY)
    changes, duration, day = _changes(id, tail)
    name = parts[2].replace("_", " ") if quantity != "basket" else ""
    if quantity in {"profit", "cyclical", "structural"} and name not in {row.lower() for row in SECTORS}:
        raise UnknownNameError("sector", parts[2], SECTORS, remedy="Name one of the eleven")
    book = asked_of(asked.catalog, asked.as_of, asked.scenario)
    found = sector_table(
        changes,
        duration=duration,
        day=day,
        draws=min(asked.draws, DRAWS),
        seed=asked.seed,
        industries=(),
        most=0,
        catalog=book,
    )
    shock = found.shock
    base = shock.model.economy
    if quantity == "price":
        values = shock.price[:, -1, base.at(name)]
    elif quantity == "basket":
        values = shock.price[:, -1, :] @ base.basket
    else:
        sector = found.sector(name)
        values = sector.draws
        if quantity != "profit":
            pair = equity_of(sector.draws, sector.settled, shock.discount, duration)
            values = pair[0] if quantity == "cyclical" else pair[1]
    reading = Reading(book, shock.reader)
    return Told(
        reading,
        values,
        "1",
        TEXTS[quantity],
        shock.reads,
        method="price model",
    )


def _changes(id: str, tail: str) -> tuple[dict[str, float], int, str | float]:  # noqa: A002 (the word of the trade)
    """Return the changes, the duration and the price before behind the @ of an id."""
    changes: dict[str, float] = {}
    duration = 2
    day: str | float = DAY
    for pair in tail.split(",") if tail else []:
        name, _, number = pair.partition("=")
        try:
            if name == "duration":
                duration = int(number)
            elif name == "usd":
                day = float(number)
            else:
                changes[name] = float(number) / 100
        except ValueError:
            raise UsageError(
                f"The figure {id!r} has {pair!r} behind the @",
                "There stand changes in percent, and a duration",
                REMEDY,
            ) from None
    return changes or {"crude": 0.1}, duration, day
