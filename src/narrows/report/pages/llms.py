"""What a language model reads first: pages, addresses for programs, and, in full, the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from narrows.figure import number
from narrows.report.pages.other_pages import ROUTES
from narrows.report.pages.registry import PAGES
from narrows.report.words import binding, flow, printable

if TYPE_CHECKING:
    from narrows.report.pages.study import Study

__all__ = ["llms_full", "llms_text"]

SUMMARY = (
    "Where the AI build-out is constrained now, what resolves it, and where the constraint moves next: a "
    "model of the stack from lithography to power and capital, with an interval and dated sources under "
    "every number."
)
PATTERNS = (
    ("map.binds.<layer>.<quarter>", "probability that the layer binds, share of draws"),
    ("map.deployed.<quarter>", "compute deployed in the quarter, H100e a quarter"),
    ("map.deployed_mw.<quarter>", "the same in IT power, MW a quarter"),
    ("map.capacity.<layer>.<quarter>", "what the layer alone could carry, H100e a quarter"),
    ("map.price_usd.<layer>.<quarter>", "worth of one more unit, USD a unit of the layer"),
)
FILES = (
    ("/map.json", "the map as JSON"),
    ("/map.csv", "the map as CSV, one row a quarter and layer"),
    ("/llms-full.txt", "this index, every quarter in words, and every fact that the map is solved from"),
)


def llms_text(study: Study) -> str:
    """Return the index that a language model reads first.

    Parameters
    ----------
    study
        The study.

    Examples
    --------
    >>> from narrows.report.pages import Study
    >>> print(llms_text(Study(draws=64)).splitlines()[0])
    # narrows
    """
    result = study.base
    quarter = result.quarters[0]
    pages = [page for page in PAGES if page.title and (page.written or not study.static)]
    lines = [
        "# narrows",
        "",
        f"> {SUMMARY}",
        "",
        f"Facts of {study.vintage}, model {study.model}, {study.draws:,} draws, seed {study.seed}.",
        f"{binding(result, 0)} {flow(result, 0)}",
        "",
        (
            "Every number has an id and a page of its own with value, interval, formula, facts and sources: "
            f"[map.deployed.{quarter}](/n/map.deployed.{quarter})"
            + ("." if study.static else f", as JSON [the same](/n/map.deployed.{quarter}.json).")
        ),
        "Give the interval with the value, and the date of the facts.",
        "",
        "## Pages",
        "",
        *(f"- [{page.title}]({page.path})" for page in pages),
        "",
        "## Files",
        "",
        *_links(FILES),
        "",
        "## Numbers",
        "",
        *(f"- `{pattern}`: {told}" for pattern, told in PATTERNS),
        f"- quarters: {result.quarters[0]} to {result.quarters[-1]}",
        f"- layers: {', '.join(f'`{row.id}` ({row.name})' for row in result.layers)}",
    ]
    if not study.static:
        lines += ["", "## For programs", ""]
        lines += [f"- `{method} {path}`: {told}" for method, path, told in ROUTES]
        lines += [
            "",
            "A scenario is posted to /api/v1/scenario, or stands in the address: /?cowos.capacity=1.2.",
            "Assistants ask over the model context protocol: `narrows mcp`.",
        ]
    return "\n".join(lines) + "\n"


def llms_full(study: Study) -> str:
    """Return the index with the headlines of every quarter, and every fact the map is solved from.

    Parameters
    ----------
    study
        The study.
    """
    result = study.base
    lines = [llms_text(study).rstrip(), "", "## Every quarter", ""]
    for column, quarter in enumerate(result.quarters):
        told = f"{binding(result, column)} {flow(result, column)}"
        lines.append(f"- [{quarter}](/n/map.deployed.{quarter}): {told}")
    lines += ["", "## Facts", "", "id: value unit (low to high), kind, as of, source", ""]
    for name in sorted(study.reads):
        fact = study.catalog.fact(name)
        source = study.catalog.sources[fact.source]
        ends = f" ({number(fact.low)} to {number(fact.high)})" if fact.low != fact.high else ""
        lines.append(
            f"- [{name}](/fact/{quote(name, safe='')}): {number(fact.value)} {fact.unit}{ends}, {fact.kind}, "
            f"{fact.as_of}, {printable(source.producer)}: {printable(source.title)}"
        )
    return "\n".join(lines) + "\n"


def _links(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"- [{path}]({path}): {told}" for path, told in pairs]
