"""Moves of a universe and their parts: weights, contribution, concentration, dispersion, rotation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from narrows.market.panel import Panel, Week

    Floats = NDArray[np.floating[Any]]

__all__ = [
    "Composition",
    "Concentration",
    "Rotation",
    "SectorPart",
    "compose",
    "concentration",
    "rotation",
    "sector_history",
    "shares_of",
]

TOP = 10
LEADERS = 5
"""How many of the largest stand for the top in print: of the capitalisation, and of the gain."""


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much of a whole few names are.

    Parameters
    ----------
    herfindahl
        Sum of squared weights.
    effective
        Number of equal names with the same sum of squares: its inverse.
    top
        Share of the largest ten.
    n
        Names with a weight.
    """

    herfindahl: float
    effective: float
    top: float
    n: int


@dataclass(frozen=True, slots=True)
class SectorPart:
    """A sector's part of a move.

    Parameters
    ----------
    name
        Of the sector.
    weight
        Share of the capitalisation at the base.
    change
        Weighted change of its members [%].
    points
        Contribution: weight times change [percentage points].
    n
        Members counted.
    """

    name: str
    weight: float
    change: float
    points: float
    n: int


@dataclass(frozen=True, eq=False)
class Composition:
    """A move of a universe between two sessions, and its parts.

    Parameters
    ----------
    capitalised, equal
        Change weighted by capitalisation at the base, and with equal weights [%].
    index
        Change of the published index [%]; None where it is not held.
    tickers, weights, changes, points
        The members counted, the greatest contribution first: share of the capitalisation at the base, change
        [%], contribution [percentage points].
    sectors
        The sectors, the greatest contribution first.
    dispersion
        Sample standard deviation of the members' changes, equal weights [percentage points].
    deviation
        Mean absolute deviation from the weighted change, by capitalisation [percentage points].
    concentration
        Of the capitalisation at the base.
    counted, members
        Members with both closes and a capitalisation, and members that the list names.
    """

    capitalised: float
    equal: float
    index: float | None
    tickers: tuple[str, ...]
    weights: Floats
    changes: Floats
    points: Floats
    sectors: tuple[SectorPart, ...]
    dispersion: float
    deviation: float
    concentration: Concentration
    counted: int
    members: int

    @property
    def residual(self) -> float | None:
        """Change of the published index less that of the panel [percentage points]."""
        return None if self.index is None else self.index - self.capitalised

    @property
    def rose(self) -> float:
        """Share of the counted members that rose."""
        return float(np.mean(self.changes > 0))

    def leaders(self, count: int = LEADERS) -> float | None:
        """Return the share of the change that the largest contributions make; None in a week of loss."""
        if self.capitalised <= 0:
            return None
        return float(self.points[:count].sum() / self.capitalised)


def shares_of(
    caps: Mapping[str, float],
    closes: Mapping[str, float],
    issuers: Mapping[str, str] | None = None,
    *,
    whole_company: bool = True,
) -> dict[str, float]:
    """Return the number that turns a close into a capitalisation, classes of one company shared out.

    Parameters
    ----------
    caps
        Capitalisation by ticker [currency].
    closes
        Close of the day of the capitalisation, or the nearest held, by ticker [currency a share].
    issuers
        Company of each ticker, such as its CIK; a ticker without one is a company of its own.
    whole_company
        Whether the capitalisation of each class is that of the whole company, as vendors give it. It is then
        shared out over the classes in equal parts.

    Raises
    ------
    DataError
        If a capitalisation or a close is not a positive number.

    Notes
    -----
    Without this GOOGL and GOOG each carry the whole of Alphabet, which counts it twice.

    Examples
    --------
    >>> shares_of({"GOOGL": 300.0, "GOOG": 300.0}, {"GOOGL": 3.0, "GOOG": 3.0}, {"GOOGL": "1", "GOOG": "1"})
    {'GOOGL': 50.0, 'GOOG': 50.0}
    """
    owner = issuers or {}
    count = Counter(owner.get(ticker, ticker) for ticker in caps)
    found = {}
    for ticker, cap in caps.items():
        close = closes.get(ticker)
        if close is None:
            continue
        if not (np.isfinite(cap) and cap > 0 and close > 0):
            raise DataError(
                f"The capitalisation of {ticker} is {cap:g} and its close {close:g}",
                "Both are positive numbers",
                "Leave the ticker out where they are not known",
            )
        found[ticker] = cap / close / (count[owner.get(ticker, ticker)] if whole_company else 1)
    return found


def concentration(caps: Floats | Sequence[float], top: int = TOP) -> Concentration:
    """Return how concentrated capitalisations are.

    Notes
    -----
    Herfindahl index: sum of squared shares. Its inverse is the number of equal names with the same index.

    Examples
    --------
    >>> concentration([2.0, 1.0, 1.0], 1)
    Concentration(herfindahl=0.375, effective=2.6666666666666665, top=0.5, n=3)
    """
    held = np.asarray(caps, float)
    held = np.sort(held[np.isfinite(held)])[::-1]
    weight = held / held.sum()
    index = float((weight**2).sum())
    return Concentration(index, 1 / index, float(weight[:top].sum()), len(weight))


def compose(panel: Panel, base: int, end: int, index: float | None = None) -> Composition | None:
    """Return the move of a panel's members between two rows, and its parts.

    Parameters
    ----------
    panel
        With shares.
    base, end
        Rows of the two sessions.
    index
        Change of the published index over the same sessions [%].

    Returns
    -------
    Composition or None
        None where no member has both closes and a capitalisation.

    Notes
    -----
    Contribution of a member: its share of the capitalisation at the base times its change. They sum to the
    weighted change; what is left to the published index is its residual: other members, other weights (free
    float), dividends where the closes are adjusted.

    Examples
    --------
    >>> from datetime import date
    >>> from narrows.market.panel import Panel, Spell
    >>> days = date(2026, 4, 24), date(2026, 5, 1)
    >>> sector = Spell("A", "Energy"), Spell("B", "Materials")
    >>> closes = np.array([[10.0, 10.0], [12.0, 9.0]])
    >>> found = compose(Panel(("A", "B"), days, closes, (), sector, np.array([3.0, 1.0])), 0, 1, 13.0)
    >>> round(found.capitalised, 6), round(found.equal, 6), round(found.residual, 6)
    (12.5, 5.0, 0.5)
    >>> [(part.name, round(part.points, 6)) for part in found.sectors]
    [('Energy', 15.0), ('Materials', -2.5)]
    """
    if panel.shares is None:
        return None
    change = 100 * panel.change(base, end)
    caps = np.asarray(panel.closes[base], np.float64) * panel.shares
    use = panel.members_on(base) & np.isfinite(change) & np.isfinite(caps)
    if not use.any():
        return None
    columns = np.flatnonzero(use)
    weight = caps[columns] / caps[columns].sum()
    moved = change[columns]
    points = weight * moved
    total = float(points.sum())
    order = np.lexsort((columns, -points))
    names, sector = panel.sectors_on(base)
    return Composition(
        capitalised=total,
        equal=float(moved.mean()),
        index=index,
        tickers=tuple(panel.tickers[at] for at in columns[order]),
        weights=weight[order],
        changes=moved[order],
        points=points[order],
        sectors=_sectors(names, sector[columns], weight, points),
        dispersion=float(moved.std(ddof=1)) if len(moved) > 1 else 0.0,
        deviation=float((weight * np.abs(moved - total)).sum()),
        concentration=concentration(caps[columns]),
        counted=len(columns),
        members=panel.members_named(base),
    )


def _sectors(
    names: Sequence[str], sector: NDArray[np.int64], weight: Floats, points: Floats
) -> tuple[SectorPart, ...]:
    weights = np.bincount(sector, weight, len(names))
    parts = np.bincount(sector, points, len(names))
    counts = np.bincount(sector, minlength=len(names))
    found = [
        SectorPart(name, float(w), float(p / w), float(p), int(n))
        for name, w, p, n in zip(names, weights, parts, counts, strict=True)
        if n
    ]
    return tuple(sorted(found, key=lambda part: (-part.points, part.name)))


def sector_history(
    panel: Panel, weeks: Sequence[Week] | None = None
) -> tuple[tuple[str, ...], Floats, Floats]:
    """Return the contributions of the sectors in every week of the panel.

    Parameters
    ----------
    panel
        With shares.
    weeks
        Those asked for; all of the panel if left out.

    Returns
    -------
    tuple
        Names of the sectors; contributions, axes (week, sector) [percentage points]; weighted change, by week
        [%]. Sectors are those of the panel's last session; a member counts where both closes are held.

    Raises
    ------
    DataError
        If the panel holds no shares.

    Notes
    -----
    As `compose`, for all weeks at once.
    """
    if panel.shares is None:
        raise DataError(
            "The panel holds no capitalisations",
            "Contributions need the shares or the capitalisation of the tickers",
            "Add a table of capitalisations to the store",
        )
    names, sector = panel.sectors_on(len(panel.days) - 1)
    onto = np.zeros((len(panel.tickers), len(names)))
    onto[np.arange(len(sector)), sector] = 1.0
    asked = panel.weeks if weeks is None else weeks
    parts = np.zeros((len(asked), len(names)))
    for at, week in enumerate(asked):
        base, end = panel.closes[week.base], panel.closes[week.end]
        caps = np.asarray(base, np.float64) * panel.shares
        gain = np.asarray(end, np.float64) * panel.shares - caps
        use = np.isfinite(gain)
        if panel.members:
            use &= panel.members_on(week.base)
        if use.any():
            parts[at] = 100 * (np.where(use, gain, 0.0) @ onto) / caps[use].sum()
    return names, parts, parts.sum(axis=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """How the order of the sectors changed from one week to the next.

    Parameters
    ----------
    moved
        Sector, rank in this week and in the one before, the widest change first; equal changes share the
        better rank.
    likeness
        Rank correlation of the sectors' changes in the two weeks, from -1 to 1.
    leader
        Sector with the greatest contribution.
    others
        Sum of the contributions of all other sectors [percentage points].
    funded
        Whether the leader rose while the others, together, fell: money moved rather than came.
    """

    moved: tuple[tuple[str, int, int], ...]
    likeness: float
    leader: str
    others: float
    funded: bool


def rotation(now: Sequence[SectorPart], before: Sequence[SectorPart]) -> Rotation | None:
    """Return how the order of sectors changed; None where fewer than two are held in both weeks.

    Examples
    --------
    >>> now = [SectorPart("A", 0.5, 2.0, 1.0, 3), SectorPart("B", 0.5, -3.0, -1.5, 3)]
    >>> before = [SectorPart("B", 0.5, 1.0, 0.5, 3), SectorPart("A", 0.5, -1.0, -0.5, 3)]
    >>> found = rotation(now, before)
    >>> found.moved, found.likeness, found.funded
    ((('A', 1, 2), ('B', 2, 1)), -1.0, True)
    """
    one, other = ({part.name: part for part in parts} for parts in (now, before))
    shared = sorted(set(one) & set(other))
    if len(shared) < 2:  # noqa: PLR2004 (an order needs two)
        return None
    new, old = (np.array([parts[name].change for name in shared]) for parts in (one, other))
    ranks, earlier = _ranks(new), _ranks(old)
    moved = sorted(
        zip(shared, ranks.tolist(), earlier.tolist(), strict=True),
        key=lambda row: (-abs(row[1] - row[2]), row[1], row[0]),
    )
    lead = max((part for part in now), key=lambda part: part.points)
    rest = float(sum(part.points for part in now if part.name != lead.name))
    spread = ranks.std() * earlier.std()
    likeness = float(np.mean((ranks - ranks.mean()) * (earlier - earlier.mean())) / spread) if spread else 0.0
    return Rotation(tuple(moved), round(likeness, 12), lead.name, rest, lead.points > 0 > rest)


def _ranks(changes: Floats) -> NDArray[np.int64]:
    """Return ranks from the greatest; equal changes share the better one."""
    return np.array([1 + int(np.count_nonzero(changes > value)) for value in changes], np.int64)
