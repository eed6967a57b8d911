"""The typed claims of a market recap: what a sentence says, before anyone asks whether it is so.

A claim names an entity, what is said of it, over which window, and the number as printed. Its query is one
line of text that says the same without the number; the query's hash names it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import date  # noqa: TC003 - a field of dataclasses that are read at run time
from typing import Any, ClassVar

from narrows.market.window import NO_WINDOW, Window

__all__ = [
    "ALL",
    "TYPES",
    "BestOfYear",
    "BestSince",
    "Breadth",
    "Change",
    "Claim",
    "Concentration",
    "Contribution",
    "Count",
    "CountOfPast",
    "Dispersion",
    "Distance",
    "ExtremeSince",
    "Level",
    "Leveraged",
    "MemberCount",
    "MemberMove",
    "Multiple",
    "Only",
    "Other",
    "Past",
    "Quiet",
    "Rank",
    "Record",
    "Rotation",
    "Share",
    "Signal",
    "Span",
    "Spread",
    "Stated",
    "Streak",
    "StreakEnded",
    "StreakSince",
    "Weight",
    "type_of",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A period that a date in a text names: a day, a month, a year, a quarter.

    Examples
    --------
    >>> from datetime import date
    >>> str(Span(date(2020, 11, 1), date(2020, 11, 30)))
    '2020-11-01..2020-11-30'
    """

    start: date
    end: date
    years: int = 0
    """Above 0 where the text counts back ("in 26 years")."""

    def __str__(self) -> str:
        day = self.start.isoformat()
        return day if self.start == self.end else f"{day}..{self.end.isoformat()}"

    def holds(self, day: date) -> bool:
        """Return whether a day lies in the period."""
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as printed.

    Parameters
    ----------
    value
        With its sign, in its unit.
    unit
        ``%``, ``points``, ``bp``, ``pp``, ``x``, a currency (``USD``), or nothing.
    places
        Decimals printed; below 0 for a number in round hundreds, millions and so on.
    hedge
        ``about``, ``nearly``, ``over``, ``under``, ``within`` or nothing.
    text
        As it stands in the text.

    Examples
    --------
    >>> Stated(0.78, "%", 2, "", "+0.78%").half
    0.005
    """

    value: float
    unit: str
    places: int
    hedge: str = ""
    text: str = ""

    @property
    def half(self) -> float:
        """Half a unit of the last printed digit."""
        return 0.5 * 10.0**-self.places


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What every claim carries.

    Parameters
    ----------
    entity
        Symbol of the instrument or the group; empty where the text names none that is known.
    name
        The entity as the text calls it.
    window
        Over which time.
    stated
        The printed number; None for a claim without one ("a record close").
    direction
        1 up, -1 down, 0 not said.
    text
        The sentence or the cell.
    line, column
        Where it stands in the text, from 1.
    """

    kind: ClassVar[str] = ""
    says: ClassVar[str] = ""
    example: ClassVar[str] = ""

    entity: str
    name: str = ""
    window: Window = NO_WINDOW
    stated: Stated | None = None
    direction: int = 0
    text: str = ""
    line: int = 0
    column: int = 0

    @property
    def query(self) -> str:
        """What is asked of the data, in one line, without the printed number."""
        common = {"entity", "name", "window", "stated", "direction", "text", "line", "column"}
        extra = [f"{f.name}={getattr(self, f.name)}" for f in fields(self) if f.name not in common]
        unit = self.stated.unit if self.stated is not None else ""
        parts = (self.entity, str(self.window), unit, *extra)
        return f"{self.kind}({', '.join(part for part in parts if part)})"

    @property
    def id(self) -> str:
        """The query's hash, of twelve hexadecimal digits."""
        return hashlib.sha256(self.query.encode()).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        """Return the claim as JSON values."""
        common = {"window", "stated"}
        own = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in common}
        stated = self.stated
        window = {f.name: _plain(getattr(self.window, f.name)) for f in fields(self.window)}
        number = None if stated is None else {f.name: getattr(stated, f.name) for f in fields(stated)}
        return {
            "id": self.id,
            "type": type_of(self),
            **own,
            "window": window,
            "stated": number,
            "query": self.query,
        }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Claim):
    """A close, a price or a yield on a day."""

    kind = "level"
    says = "close on a day"
    example = "The S&P 500 closed at 7,230.12 on May 1, 2026."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Claim):
    """A change over a window, in percent, points or basis points."""

    kind = "change"
    says = "change over a window"
    example = "The S&P 500 rose 0.91% in the week ended May 1, 2026."


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Claim):
    """A record close on a day or in a week; with ``first``, the first for so long."""

    kind = "record"
    says = "record close; the first since"
    example = "The S&P 500 closed at a record on May 1, 2026."
    low: bool = False
    first: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtremeSince(Claim):
    """The highest or lowest close since a date."""

    kind = "extreme_since"
    says = "highest or lowest close since"
    example = "The S&P 500 had its highest close since January 27, 2026."
    low: bool = False
    since: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BestSince(Claim):
    """The best or worst day, week, month or run of n weeks since a date."""

    kind = "best_since"
    says = "best or worst day, week, month or n-week run since"
    example = "In the week ended May 27, 2022 the S&P 500 had its best week since November 2020."
    worst: bool = False
    unit: str = "week"
    length: int = 1
    since: Span | None = None
    """None for the best ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfYear(Claim):
    """The best or worst day or week of the year so far."""

    kind = "best_of_year"
    says = "best or worst day or week of the year so far"
    example = "In the week ended April 10, 2026 the S&P 500 had its best week of the year."
    worst: bool = False
    unit: str = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak(Claim):
    """So many days, weeks or months up or down in a row; the number is the count."""

    kind = "streak"
    says = "days, weeks or months up or down in a row"
    example = "The S&P 500 rose for the fifth straight week in the week ended May 1, 2026."
    unit: str = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreakSince(Claim):
    """The longest run up or down since a date."""

    kind = "streak_since"
    says = "longest run up or down since"
    example = "In the week ended May 1, 2026 the S&P 500 had its longest weekly winning streak since 2024."
    unit: str = "week"
    since: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreakEnded(Claim):
    """The end of a run of so many days or weeks."""

    kind = "streak_ended"
    says = "end of a run of days or weeks"
    example = "In the week ended May 31, 2024 the S&P 500 snapped a five-week winning streak."
    unit: str = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOfPast(Claim):
    """Up or down in so many of the past n days, weeks or months."""

    kind = "count_of_past"
    says = "up or down in k of the past n weeks"
    example = "As of May 1, 2026 the S&P 500 has risen in five of the past six weeks."
    unit: str = "week"
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Claim):
    """Share of the weeks or days of the window that went up or down."""

    kind = "share"
    says = "share of the weeks or days of a year that went up or down"
    example = "The S&P 500 rose in 61% of weeks in 2024."
    unit: str = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance(Claim):
    """Distance of the close to the record close."""

    kind = "distance"
    says = "distance to the record close"
    example = "The S&P 500 is 0.6% below its record close as of August 23, 2024."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet(Claim):
    """So many days or weeks without a move of x percent; the number is the count."""

    kind = "quiet"
    says = "weeks or days without a move of x percent"
    example = "As of May 12, 2023 the S&P 500 has gone six straight weeks without a move of 1%."
    unit: str = "week"
    move: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank(Claim):
    """Place in a group over a window, 1 the best; from the worst with ``worst``."""

    kind = "rank"
    says = "place of a sector in its group"
    example = "The Energy sector fund (XLE) ranked 1st of the 11 sector funds in the week ended May 1, 2026."
    group: str = "sector_funds"
    worst: bool = False
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Claim):
    """So many of a group rose, fell, or moved more than x percent."""

    kind = "count"
    says = "how many of a group rose, fell, or moved more than x percent"
    example = "9 of the 11 sector funds rose in the week ended May 1, 2026."
    of: int = 0
    group: str = "sector_funds"
    beyond: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Only(Claim):
    """The only one of a group that rose or fell."""

    kind = "only"
    says = "the only one of a group that rose or fell"
    example = (
        "The Materials sector fund (XLB) was the only sector fund to fall in the week ended May 1, 2026."
    )
    group: str = "sector_funds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiple(Claim):
    """One printed number as a multiple of another."""

    kind = "multiple"
    says = "one printed number as a multiple of another"
    example = "Earnings beat estimates by 21%, almost three times the average of 7.3%."
    left: float = 0.0
    right: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution(Claim):
    """Part of an index's change that a member or sector brings; all others, or what no member brings."""

    kind = "contribution"
    says = "part of an index's change that a member brings"
    example = (
        "Nvidia contributed 0.33 percentage points to the S&P 500's gain in the week ended December 19, 2025."
    )
    whole: str = "SPX"
    part: str = ""
    """``others`` for all but the leader, ``residual`` for what the members do not explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth(Claim):
    """Share of an index's members above their mean of n days."""

    kind = "breadth"
    says = "share of members above their mean of n days"
    example = "As of May 1, 2026 58.6% of S&P 500 stocks stood above their 200-day moving average."
    days: int = 200
    back: int = 0
    """Above 0 for the highest such share of so many weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCount(Claim):
    """How many members rose, fell, stood still, are at a high or a low, or are counted."""

    kind = "member_count"
    says = "how many members rose, fell, are at a high or a low, or are counted"
    example = "300 of the 314 members were counted in the week ended December 19, 2025."
    what: str = "counted"
    """``rose``, ``fell``, ``unchanged``, ``high``, ``low``, ``above``, ``counted`` or ``weighted``."""
    near: str = ""
    """Of ``counted``: what they are counted for."""
    days: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMove(Claim):
    """Change of a member, a sector, or all members, in an account of an index by its members."""

    kind = "member_move"
    says = "change of members in an account of an index"
    example = "The 300 members moved +0.46% by capitalisation in the week ended December 19, 2025."
    weights: str = ""
    """Of all members: ``capitalisation`` or ``equal``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight(Claim):
    """Share of the capitalisation of an index that a member, a sector or the largest members have."""

    kind = "weight"
    says = "share of an index's capitalisation"
    example = "In the week ended December 19, 2025 the weight of the largest ten was 49.1%."
    top: int = 0
    """Above 0 for the largest so many together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration(Claim):
    """How much of an index, or of its change, few members make."""

    kind = "concentration"
    says = "how much few members make"
    example = "As of December 19, 2025 the effective number of members is 29.5 of 300."
    measure: str = "effective"
    """``effective`` number, ``herfindahl`` index, or ``leaders``: what the greatest parts make of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion(Claim):
    """How far apart the members' changes lie."""

    kind = "dispersion"
    says = "how far apart the members' changes lie"
    example = "Dispersion of the members in the week ended December 19, 2025: standard deviation 3.27 pp."
    measure: str = "standard"
    """``standard`` deviation with equal weights, or ``mean`` absolute deviation by weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation(Claim):
    """Ranks of the sectors in this week and the one before."""

    kind = "rotation"
    says = "rank of a sector in this week and the one before; their correlation"
    example = "Energy went from rank 10 to 2 in the week ended December 19, 2025."
    measure: str = "now"
    """``now``, ``before`` or ``correlation``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leveraged(Claim):
    """What a model, or the plain multiple, makes of a leveraged fund's growth."""

    kind = "leveraged"
    says = "a leveraged fund's growth by a model, or the multiple of its index's"
    example = "| Fund | Sessions | Model [%] |\n|---|---|---|\n| TQQQ | 252 | +16.0 |"
    measure: str = "model"
    """``model``, ``low`` or ``high`` end of it, or ``multiple``."""
    sessions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal(Claim):
    """Whether a rule fires in a week."""

    kind = "signal"
    says = "whether a rule fires"
    example = "Long run: the index at a record after 5 or more weeks up in a row: does not fire."
    rule: str = ""
    fires: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(Claim):
    """Earlier cases of a rule, and what came after them."""

    kind = "past"
    says = "earlier cases of a rule, and what came after"
    example = (
        "| Rule | Index after | Cases | Median [%] |\n|---|---|---|---|\n| Long run | one month | 12 | -0.3 |"
    )
    rule: str = ""
    after: str = ""
    measure: str = "cases"
    """``cases``, ``weeks`` held, ``low``, ``middle``, ``high`` quartile, share ``up``, ``usual`` median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread(Claim):
    """By how much one instrument did better or worse than another."""

    kind = "spread"
    says = "lead of one instrument over another"
    example = "The Nasdaq beat the S&P 500 by 0.21 percentage points in the week ended May 1, 2026."
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Claim):
    """A number of which no series can tell: earnings, forecasts, market value, what is not understood."""

    kind = "other"
    says = "a number that no price series can tell"
    example = "Earnings are growing 27%."
    topic: str = ""


ALL: tuple[type[Claim], ...] = (
    Level,
    Change,
    Record,
    ExtremeSince,
    BestSince,
    BestOfYear,
    Streak,
    StreakSince,
    StreakEnded,
    CountOfPast,
    Share,
    Distance,
    Quiet,
    Rank,
    Count,
    Only,
    Multiple,
    Contribution,
    Breadth,
    MemberCount,
    MemberMove,
    Weight,
    Concentration,
    Dispersion,
    Rotation,
    Leveraged,
    Signal,
    Past,
    Spread,
    Other,
)
"""The classes of claims."""

WINDOWS = {
    "day": ("change on a day", "The S&P 500 rose 0.29% on May 1, 2026."),
    "week": ("change over a week", "The S&P 500 rose 0.91% in the week ended May 1, 2026."),
    "mtd": ("change over a month to date", "The S&P 500 has gained 0.29% in the month to May 1, 2026."),
    "qtd": ("change over a quarter to date", "The S&P 500 has gained 10.75% in the quarter to May 1, 2026."),
    "ytd": ("change over a year to date", "The S&P 500 has gained 5.62% in the year to May 1, 2026."),
    "past": ("change over n days, weeks, months", "The S&P 500 has gained 9.8% over the past four weeks."),
    "calendar": ("change over a month, quarter, year", "The S&P 500 fell 4.6% in the first quarter of 2025."),
    "since": ("change since a date", "The S&P 500 has gained 14% since March 30, 2026."),
    "record": ("change from the record close", "The S&P 500 has fallen 8.7% from its record close."),
    "low52": ("change from the 52-week low", "Intel is up 370% from its 52-week low."),
    "high52": ("change from the 52-week high", "Intel is down 5% from its 52-week high."),
}

TYPES: dict[str, tuple[str, str]] = {
    "level": (Level.says, Level.example),
    **{f"change.{name}": told for name, told in WINDOWS.items()},
    **{one.kind: (one.says, one.example) for one in ALL[2:]},
}
"""What each type says and an example, by the type's name."""


def type_of(claim: Claim) -> str:
    """Return the name of a claim's type.

    Examples
    --------
    >>> type_of(Change(entity="SPX", window=Window("week")))
    'change.week'
    """
    return f"{claim.kind}.{claim.window.kind}" if isinstance(claim, Change) else claim.kind
