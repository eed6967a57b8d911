"""What companies report of their segments, and which layers' sales each segment books.

Facts are ``company.<id>.segment_margin.<segment>.<year>``, ``company.<id>.segment_revenue.<segment>.<year>``
and ``company.<id>.segment_part.<segment>.<layer>``, the part of what the company earns from the layer that
the segment books. The segment ``whole`` is a company that reports one segment: its gross margins count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from narrows.errors import DataError
from narrows.value.companies import FAMILY, GROSS_MARGIN

if TYPE_CHECKING:
    from collections.abc import Collection

    from narrows.catalog import Catalog

__all__ = ["Segment", "SegmentLine", "segment_lines", "segments"]

SEGMENT_MARGIN, SEGMENT_REVENUE, SEGMENT_PART = "segment_margin", "segment_revenue", "segment_part"
WHOLE = "whole"


class Segment(NamedTuple):
    """One segment of a company.

    Parameters
    ----------
    company, id
        Ids of the company and of the segment.
    margins
        Margin in the segment's own measure, by fiscal year.
    parts
        Part of what the company earns from a layer that the segment books, by layer.
    """

    company: str
    id: str
    margins: dict[int, float]
    parts: dict[str, float]


class SegmentLine(NamedTuple):
    """One segment in one year, as reported.

    Parameters
    ----------
    segment, year
        Id of the segment, and the fiscal year.
    of
        What the margin is of.
    margin
        The margin, a part of the segment's revenue.
    revenue
        Revenue of the segment [USD/year]; None where no fact states it.
    fact, source
        Id of the fact of the margin, and the key of its source.
    revenue_fact
        Id of the fact of the revenue; empty where there is none.
    """

    segment: str
    year: int
    of: str
    margin: float
    revenue: float | None
    fact: str
    source: str
    revenue_fact: str = ""


def segments(catalog: Catalog, places: Collection[str]) -> tuple[Segment, ...]:
    """Return every segment that books what a layer brings.

    Parameters
    ----------
    catalog
        The facts.
    places
        Ids of the layers.

    Raises
    ------
    DataError
        If a fact names a layer that the map lacks.

    Examples
    --------
    >>> from narrows.catalog import default
    >>> book = default()
    >>> found = segments(book, {layer.id for layer in book.layers})
    >>> sorted(next(one for one in found if one.company == "sk_hynix").parts)
    ['hbm_stack', 'hbm_wafer']
    """
    margins: dict[tuple[str, str], dict[int, float]] = {}
    parts: dict[tuple[str, str], dict[str, float]] = {}
    for fact in catalog.under(FAMILY):
        words = fact.id.split(".")
        company, quantity = words[1], words[2]
        if quantity == SEGMENT_MARGIN:
            margins.setdefault((company, words[3]), {})[int(words[4])] = catalog.fact(fact.id).value
        elif quantity == GROSS_MARGIN and words[3].isdecimal():
            margins.setdefault((company, WHOLE), {})[int(words[3])] = catalog.fact(fact.id).value
        elif quantity == SEGMENT_PART:
            if words[4] not in places:
                raise DataError(
                    f"The fact {fact.id} names the layer {words[4]!r}",
                    f"Layers are {', '.join(sorted(places))}",
                    "Mend the id",
                )
            parts.setdefault((company, words[3]), {})[words[4]] = catalog.fact(fact.id).value
    return tuple(
        Segment(company, name, margins.get((company, name), {}), parts[company, name])
        for company, name in sorted(parts)
    )


def segment_lines(catalog: Catalog, company: str) -> tuple[SegmentLine, ...]:
    """Return what a company reports of its segments, by segment and year.

    Parameters
    ----------
    catalog
        The facts.
    company
        Id of the company.

    Examples
    --------
    >>> from narrows.catalog import default
    >>> last = segment_lines(default(), "nvidia")[-1]
    >>> last.segment, last.year, round(last.margin, 2)
    ('compute_networking', 2024, 0.71)
    """
    lines = []
    for known in catalog.under(f"{FAMILY}.{company}.{SEGMENT_MARGIN}"):
        fact = catalog.fact(known.id)
        segment, year = fact.id.split(".")[3:5]
        revenue = f"{FAMILY}.{company}.{SEGMENT_REVENUE}.{segment}.{year}"
        lines.append(
            SegmentLine(
                segment=segment,
                year=int(year),
                of=fact.of,
                margin=fact.value,
                revenue=catalog.fact(revenue).value if catalog.has(revenue) else None,
                fact=fact.id,
                source=fact.source,
                revenue_fact=revenue if catalog.has(revenue) else "",
            )
        )
    return tuple(sorted(set(lines)))
