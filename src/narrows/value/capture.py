"""Who keeps a layer's rent: its makers as far as their prices are free, then designers, then operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from narrows.bottlenecks.concentration import designer_shares, stated_shares
from narrows.bottlenecks.supply import QUARTER_S
from narrows.value.ledger import ledger, money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from narrows.bottlenecks.answer import Run
    from narrows.value.ledger import Ledger

    Array = NDArray[np.float64]

__all__ = ["BUYERS", "DESIGNERS", "MAKERS", "OPERATORS", "ROLES", "Captured", "capture", "claims"]

MAKERS, DESIGNERS, OPERATORS, BUYERS = "makers", "designers", "operators", "buyers"
ROLES = (MAKERS, DESIGNERS, OPERATORS, BUYERS)
"""Who may keep a rent: makers of the layer, designers of the chips, operators of the compute, its buyers."""
OTHERS = "others"
"""Companies that no fact names."""
RACK, CAPITAL, DEMAND, DESIGNS = "rack", "capital", "demand", "designs"
FREE, REPRICING = "free_pricing", "repricing_time"
CHUNK = 2048


class Claim(NamedTuple):
    """One way in which a company comes to a layer's rent.

    Parameters
    ----------
    layer
        Id of the layer whose capacity is scarce.
    role
        One of `ROLES`.
    company
        Id of the company, or `OTHERS`.
    """

    layer: str
    role: str
    company: str


@dataclass(frozen=True, eq=False)
class Captured:
    """Rents of some quarters and who keeps them, in every draw.

    Parameters
    ----------
    layers
        Ids of the layers in flow order.
    quarters
        Labels of the quarters counted.
    rent_h100e
        Rent of each layer over these quarters [h100e, each at the worth of its quarter], axes (draw, layer).
    rent
        The same in money [USD], axes (draw, layer).
    by_quarter
        Mean over draws of the rent in each quarter [USD], axes (layer, quarter).
    kept
        What each claim keeps [USD], axis (draw), by claim.
    held
        Quarters, of those that durability looks over, in which the layer earns a rent, axes (draw, layer).
    ledger_gap
        Greatest relative gap of the ledger over all draws.
    """

    layers: tuple[str, ...]
    quarters: tuple[str, ...]
    rent_h100e: Array
    rent: Array
    by_quarter: Array
    kept: dict[Claim, Array]
    held: Array
    ledger_gap: float

    @property
    def total(self) -> Array:
        """All rents [USD], axis (draw)."""
        found: Array = self.rent.sum(axis=1)
        return found

    def of(self, *, layer: str | None = None, role: str | None = None, company: str | None = None) -> Array:
        """Return what the claims that match keep together [USD], axis (draw).

        Parameters
        ----------
        layer, role, company
            What the claims must have; None for any.
        """
        found = np.zeros(len(self.rent))
        for claim, kept in self.kept.items():
            if (
                (layer is None or claim.layer == layer)
                and (role is None or claim.role == role)
                and (company is None or claim.company == company)
            ):
                found = found + kept
        return found

    @property
    def companies(self) -> tuple[str, ...]:
        """Every company with a claim, those that keep most first."""
        names = dict.fromkeys(claim.company for claim in self.kept if claim.company != OTHERS)
        return tuple(sorted(names, key=lambda name: (-float(self.of(company=name).mean()), name)))


def claims(captured: Captured, company: str) -> Iterator[Claim]:
    """Yield the claims of one company, those on the layers first in the flow first."""
    for claim in captured.kept:
        if claim.company == company:
            yield claim


def capture(run: Run, *, ahead: int, progress: Callable[[int, int], None] | None = None) -> Captured:
    """Split the rents of the quarters shown over those who keep them.

    Parameters
    ----------
    run
        A solved map; the quarters that it shows are those counted.
    ahead
        Quarters from the first one shown over which a layer's durability is counted.
    progress
        Called with the draws done and all draws.

    Returns
    -------
    Captured
        What all claims keep adds up to the rents in every draw.

    Notes
    -----
    The spot price of a layer's capacity is P(t) = rent(t) / capacity(t) in money. A contract follows it:
    C(t) = C(t - 1) + (P(t) - C(t - 1)) / max(L, 1), with L the quarters (``<layer>.repricing_time``) in which
    the layer's prices are set anew. Its makers keep f C(t) K(t), with f the part of a rent that their
    prices may take (``<layer>.free_pricing``: little under regulation, little where a maker does not ask
    what the market would bear); a contract that outlasts the shortage keeps more than the rent of its
    last quarters, at the cost of those who signed it. What is left of the layers that make the chips
    goes to their designers, by what their chips take of the layer, as far as ``designs.free_pricing``
    lets them; all else to those who operate the compute, by their share in capital. The rent of demand
    itself is that of the buyers of compute. Makers share by their capacity in the quarter.
    """
    model, reader = run.model, run.reader
    shown, count = run.shown, len(run.quarters)
    stretch = slice(shown.start, min(shown.start + ahead, len(model.quarters)))
    split = _Split(run)
    model.layers[0].recipes.forget()
    sums: list[tuple[Array, Array, Array, Array, float]] = []
    kept: dict[Claim, list[Array]] = {}
    for first in range(0, reader.n, CHUNK):
        rows = slice(first, min(first + CHUNK, reader.n))
        book = ledger(run, rows)
        usd = book.rent * money(run, rows)[:, None]
        shown_usd = usd[:, :, shown]
        sums.append(
            (
                (book.rent / model.worth)[:, :, shown].sum(axis=2),
                shown_usd.sum(axis=2),
                shown_usd.sum(axis=0),
                (book.rent[:, :, stretch] > 0).sum(axis=2).astype(np.float64),
                book.gap,
            )
        )
        paid = split.contracts(book, usd, rows)
        for claim, amount in split.claims(usd[:, :, shown], paid, rows):
            kept.setdefault(claim, []).append(amount)
        del book, usd, paid, shown_usd  # before the next block is made
        if progress:
            progress(rows.stop, reader.n)
    units, rent, by_quarter, held, gaps = zip(*sums, strict=True)
    return Captured(
        layers=tuple(layer.id for layer in model.layers),
        quarters=run.quarters,
        rent_h100e=np.concatenate(units),
        rent=np.concatenate(rent),
        by_quarter=sum(by_quarter, np.zeros((len(model.layers), count))) / reader.n,
        kept={claim: np.concatenate(amounts) for claim, amounts in kept.items()},
        held=np.concatenate(held),
        ledger_gap=max(gaps),
    )


class _Split:
    """Shares and pricing terms of all layers in every draw, read once."""

    def __init__(self, run: Run) -> None:
        self.run, self.model, self.reader = run, run.model, run.reader
        years = self.model.years[run.shown]
        names = [layer.id for layer in self.model.layers]
        self.free = np.stack([self.reader.draws(f"{name}.{FREE}") for name in names], axis=1)
        time = np.stack([self.reader.draws(f"{name}.{REPRICING}") for name in names], axis=1)
        self.pace = 1.0 / np.maximum(time / QUARTER_S, 1.0)
        self.designers_free = self.reader.draws(f"{DESIGNS}.{FREE}")
        self.components = [name for name in names if self._leads_to_rack(name)]
        self.makers = {
            layer.id: stated_shares(self.reader, layer.declared.makers, years)
            for layer in self.model.layers
            if layer.declared.makers
        }
        self.operators = self.makers[CAPITAL]
        self.designers = {}
        for row, layer in enumerate(self.model.layers, 1):
            if layer.id in self.components:
                sold = years + (self.model.path_lag[row] - self.model.sale_lag) / 4
                self.designers[layer.id] = designer_shares(self.model, sold, layer.declared.need)

    def _leads_to_rack(self, name: str) -> bool:
        """Say whether a layer's output goes into the racks: designers of chips buy it."""
        feeds = {layer.id: layer.declared.feeds for layer in self.model.layers}
        at = feeds.get(name, "")
        while at and at != RACK:
            at = feeds.get(at, "")
        return at == RACK

    def contracts(self, book: Ledger, usd: Array, rows: slice) -> Array:
        """Return what contracts pay for capacity in the quarters shown [USD], axes (draw, layer, quarter)."""
        limited = np.isfinite(book.capacity) & (book.capacity > 0)
        capacity = np.where(limited, book.capacity, 1.0)
        spot = np.where(limited, usd / capacity, 0.0)
        pace, price = self.pace[rows], np.zeros(spot.shape[:2])
        shown = self.run.shown
        paid = np.empty((*spot.shape[:2], shown.stop - shown.start))
        for t in range(shown.stop):
            price += pace * (spot[:, :, t] - price)
            if t >= shown.start:
                paid[:, :, t - shown.start] = np.where(limited[:, :, t], price * capacity[:, :, t], 0.0)
        return paid

    def claims(self, usd: Array, paid: Array, rows: slice) -> Iterator[tuple[Claim, Array]]:
        """Yield what every claim keeps of the rents [USD], axis (draw)."""
        for place, layer in enumerate(layer.id for layer in self.model.layers):
            rent = usd[:, place]
            if layer == DEMAND:
                yield Claim(layer, BUYERS, OTHERS), rent.sum(axis=1)
                continue
            kept = self.free[rows, place, None] * paid[:, place]
            if layer not in self.makers:
                kept = np.zeros_like(rent)
            yield from _shared(layer, MAKERS, kept, self.makers.get(layer, {}), rows)
            left = rent - kept
            if layer in self.designers:
                own = self.designers_free[rows, None] * left
                yield from _shared(layer, DESIGNERS, own, self.designers[layer], rows)
                left = left - own
            yield from _shared(layer, OPERATORS, left, self.operators, rows)


def _shared(
    layer: str, role: str, amount: Array, shares: dict[str, Array], rows: slice
) -> Iterable[tuple[Claim, Array]]:
    """Split an amount by shares that add up to 1, axes (draw, quarter) in, axis (draw) out."""
    return [
        (Claim(layer, role, company), np.einsum("dt,dt->d", amount, share[rows]))
        for company, share in shares.items()
    ]
