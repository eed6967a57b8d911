"""The sentences and number words that text and picture share."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

from narrows.figure import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from narrows.bottlenecks.result import MapResult
    from narrows.catalog import Source

__all__ = [
    "binding",
    "compute",
    "flow",
    "folded",
    "gigawatt",
    "headline",
    "layer_names",
    "likeliest",
    "migration",
    "needs",
    "percent",
    "printable",
    "scenario",
    "sources_or_shipped",
    "within",
]

STOCK = "stock"
STOCK_NAME = "Opening stock"
MW_PER_GW = 1000.0
FAMILIES = {"space_power": "space and power"}
"""Families whose id does not read as words."""
SHOWN_FROM = 0.01
"""A probability below this is not shown in a table."""


def printable(text: str) -> str:
    """Return text on one line, every control character a space.

    Examples
    --------
    >>> printable("a" + chr(9) + "b" + chr(27))
    'a b '
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)


_NO_BREAK = chr(0xA0)
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|[kM]|bn|tn|GW)(?:\W|$))|(?<=\bn) (?==)|(?<==) (?=\d)")


def folded(text: str, width: int) -> list[str]:
    """Return text as lines of at most a width [character]; a number keeps its unit beside it.

    Examples
    --------
    >>> folded("about 19 % of draws", 9)
    ['about', '19 % of', 'draws']
    """
    kept = _BEFORE_UNIT.sub(_NO_BREAK, printable(text))
    wrapped = textwrap.wrap(kept, width, break_on_hyphens=False, break_long_words=False)
    return [line.replace(_NO_BREAK, " ") for line in wrapped]


def sources_or_shipped(sources: Mapping[str, Source] | None) -> Mapping[str, Source]:
    """Return the sources given, or those of the shipped catalogue where none are."""
    if sources is not None:
        return sources
    from narrows.catalog import default

    return default().sources


def percent(share: float) -> str:
    """Return a share in whole percent.

    Examples
    --------
    >>> percent(0.187)
    '19 %'
    """
    return f"{100 * share:.0f} %"


def compute(value: float) -> str:
    """Return compute for people [H100e], with its suffix and at most one decimal.

    Examples
    --------
    >>> compute(7.14e6), compute(10.49e6)
    ('7.1 M', '10.5 M')
    """
    shown = number(value, 3)
    return number(value, 2) if "." in shown and shown.split(".")[1][1:2].isdigit() else shown


def gigawatt(megawatt: float) -> str:
    """Return power in GW from MW.

    Examples
    --------
    >>> gigawatt(4257.5)
    '4.3 GW'
    """
    return f"{number(megawatt / MW_PER_GW, 2)} GW"


def layer_names(result: MapResult) -> dict[str, str]:
    """Return the name of everything that can bind, by id, in flow order; opening stock last."""
    names = {row.id: printable(row.name) for row in result.layers}
    return names | {name: STOCK_NAME for name in result.binds if name not in names}


def within(name: str) -> str:
    """Return a layer's name as it stands within a sentence.

    Examples
    --------
    >>> within("Data halls"), within("CoWoS packaging"), within("EUV exposures")
    ('data halls', 'CoWoS packaging', 'EUV exposures')
    """
    first = name.split(" ", 1)[0]
    return name[:1].lower() + name[1:] if first[1:].islower() or "-" in first else name


def likeliest(result: MapResult, column: int) -> list[tuple[str, float]]:
    """Return pairs (id, probability of binding) of a quarter, the likeliest first.

    Parameters
    ----------
    result
        The map.
    column
        Place of the quarter.
    """
    pairs = [(name, series[column]) for name, series in result.binds.items()]
    return sorted(pairs, key=lambda pair: -pair[1])


def headline(result: MapResult, column: int = 0) -> str:
    """Return what binds in a quarter, and how much is deployed in it, in two sentences.

    Parameters
    ----------
    result
        The map.
    column
        Place of the quarter.
    """
    return f"{binding(result, column)} {flow(result, column)}"


def binding(result: MapResult, column: int) -> str:
    """Return which layers most likely bind in a quarter, in one sentence."""
    names = layer_names(result)
    (first, share), *others = likeliest(result, column)
    verb = "bind" if _plural(names[first]) else "binds"
    told = f"In {result.quarters[column]} {within(names[first])} {verb} ({percent(share)} of draws)"
    rest = [(names[name], share) for name, share in others[:2] if share >= SHOWN_FROM]
    if rest:
        told += ", then " + " and ".join(f"{within(name)} ({percent(share)})" for name, share in rest)
    return f"{told}."


def flow(result: MapResult, column: int) -> str:
    """Return how much is deployed in a quarter, in one sentence."""
    band = result.deployed
    low, middle, high = (compute(series[column]) for series in (band.p05, band.p50, band.p95))
    return (
        f"About {middle} H100e go in that quarter ({low} to {high}, 5 to 95 %), "
        f"{gigawatt(result.deployed_mw.p50[column])} of IT."
    )


def migration(result: MapResult) -> str:
    """Return where the constraint moves over the quarters: the likeliest layer, then the likeliest family."""
    names = layer_names(result)
    columns = range(len(result.quarters))
    layers = [within(names[likeliest(result, column)[0][0]]) for column in columns]
    told = f"Likeliest layer: {_runs(layers, result.quarters)}."
    families = [_family(result, column) for column in columns]
    leading = [name for name, _ in families]
    told += f" Likeliest group: {_runs(leading, result.quarters)}"
    (first, start), (last, end) = families[0], families[-1]
    if len(families) == 1:
        return f"{told}, {percent(start)}."
    ends = f"{percent(start)} in {result.quarters[0]}, {percent(end)} in {result.quarters[-1]}"
    return f"{told} ({ends})." if first == last else f"{told} ({first} {ends.replace(', ', f', {last} ')})."


def needs(result: MapResult) -> str:
    """Return which layers each layer needs, in one sentence: the tree that flow order does not show."""
    names = layer_names(result)
    takers: dict[str, list[str]] = {}
    for row in result.layers:
        takers.setdefault(row.feeds, []).append(within(printable(row.name)))
    told = [
        f"{names[taker]} {'need' if _plural(names[taker]) else 'needs'} {_joined(makers)}"
        for taker, makers in takers.items()
        if taker in names
    ]
    rest = [name for taker, makers in takers.items() if taker not in names for name in makers]
    return "; ".join([*told, f"what is deployed needs {_joined(rest)}"]) + "."


def _joined(names: list[str]) -> str:
    *first, last = names or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def scenario(result: MapResult) -> str:
    """Return that the map is of a scenario, with its name and id; nothing where it is not."""
    meta = result.meta
    if not meta.get("scenario"):
        return ""
    return (
        f"Scenario, not the facts as they stand: {printable(str(meta.get('scenario_name')))} "
        f"({meta['scenario']})."
    )


def _family(result: MapResult, column: int) -> tuple[str, float]:
    """Return the family most likely to hold the binding layer, in words, and its probability."""
    total: dict[str, float] = {}
    groups = {row.id: row.family for row in result.layers}
    for name, series in result.binds.items():
        family = groups.get(name, STOCK_NAME.lower())
        total[family] = total.get(family, 0.0) + series[column]
    family = max(total, key=lambda name: total[name])
    return FAMILIES.get(family, family.replace("_", " ")), total[family]


def _runs(values: list[str], quarters: tuple[str, ...]) -> str:
    """Return values in words, equal neighbours together: 'racks to 2027Q1, then data halls to 2030Q4'."""
    pairs = zip(values, quarters, strict=True)
    runs = [
        (value, [quarter for _, quarter in run][-1]) for value, run in groupby(pairs, lambda pair: pair[0])
    ]
    if len(values) == 1:
        return values[0]
    if len(runs) == 1:
        return f"{values[0]} throughout"
    return ", then ".join(f"{value} to {last}" for value, last in runs)


def _plural(name: str) -> bool:
    bare = name.split(" (", maxsplit=1)[0]
    return bare.endswith("s") or " and " in bare
