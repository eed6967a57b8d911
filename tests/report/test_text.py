"""Text for a terminal: golden pages, no line too long, nothing told by colour alone.

Set NARROWS_REWRITE_GOLDENS=1 to write the golden pages anew, and read the difference.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from narrows.bottlenecks.chain import Chain, Link
from narrows.catalog import default
from narrows.figure import Figure
from narrows.report.svg import contrast
from narrows.report.text import (
    SHADES,
    chain_text,
    facts_text,
    layer_text,
    layers_text,
    map_text,
    rows_text,
    statements_text,
)
from narrows.report.words import migration

from .made_up import ROWS, renamed, small_map

GOLDENS = Path(__file__).resolve().parents[1] / "goldens"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
LEVELS = (0, 95, 135, 175, 215, 255)


def golden(name: str, text: str) -> None:
    path = GOLDENS / name
    if os.environ.get("NARROWS_REWRITE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def fact_of(name: str):
    book = default()
    return book.fact(name)


def chain(unit: str = "share") -> Chain:
    names = ("cowos.capacity.2023-12", "cowos.lag", "cowos.growth")
    figure = Figure(
        id="map.binds.cowos.2026Q4",
        value=0.25,
        p05=0.25,
        p50=0.25,
        p95=0.25,
        unit=unit,
        formula="share of draws in which cowos binds",
        reads=names,
        vintage="2026-06",
        model="0.1.0+test",
        seed=7,
        draws=2000,
    )
    moves = ((0.5, 0.125), (0.25, 0.2), (0.3, 0.3))
    links = (Link(fact_of(name), *move) for name, move in zip(names, moves, strict=True))
    return Chain(figure, tuple(links))


@pytest.mark.parametrize("width", [80, 120])
def test_the_map_reads_as_the_golden_page(width: int) -> None:
    golden(f"map-{width}.txt", map_text(small_map(), colour=False, width=width))


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
def test_no_line_is_longer_than_the_page(width: int) -> None:
    hostile = renamed(small_map(), "A name that is far longer than any column of any table could be")
    for result in (small_map(), hostile):
        for text in (map_text(result, colour=False, width=width), chain_text(chain(), width)):
            assert max(map(len, text.splitlines())) <= width
    assert max(map(len, rows_text(ROWS, width).splitlines())) <= width


def test_colour_adds_nothing_but_colour() -> None:
    plain = map_text(small_map(), colour=False, width=120)
    shaded = map_text(small_map(), colour=True, width=120)
    assert "\x1b[" not in plain
    assert "\x1b[48;5;" in shaded
    assert [line.rstrip() for line in ESCAPE.sub("", shaded).splitlines()] == plain.splitlines()


def palette(code: int) -> str:
    place = code - 16
    return "#" + "".join(f"{LEVELS[place // step % 6]:02x}" for step in (36, 6, 1))


@pytest.mark.parametrize(("back", "front"), [pair for _, *pair in SHADES])
def test_shaded_cells_stay_legible(back: int, front: int) -> None:
    assert contrast(palette(back), palette(front)) >= 4.5


def test_control_characters_never_reach_the_terminal() -> None:
    text = map_text(renamed(small_map(), "Data\x1b[2Jhalls\x07"), colour=False, width=120)
    assert "\x1b" not in text
    assert "\x07" not in text


def test_one_quarter_and_nothing_else_still_reads() -> None:
    one = replace(
        small_map(),
        quarters=("2026Q4",),
        binds={name: series[:1] for name, series in small_map().binds.items()},
        tied=(0.0,),
        unknown=(),
    )
    text = map_text(one, colour=False, width=80)
    assert "Likeliest layer: rack assembly. Likeliest group: racks, 50 %." in text.replace("\n", " ")
    assert "Nothing was known" not in text


def test_migration_names_the_runs_in_order() -> None:
    assert migration(small_map()).startswith(
        "Likeliest layer: rack assembly to 2028Q1, then data halls to 2030Q4."
    )


def test_opening_stock_can_be_what_binds() -> None:
    result = small_map()
    count = len(result.quarters)
    binds = {**dict.fromkeys(result.binds, (0.0,) * count), "stock": (1.0,) * count}
    text = map_text(replace(result, binds=binds), colour=False, width=120)
    assert text.startswith("In 2026Q4 opening stock binds (100 % of draws). About")
    assert "\nOpening stock  " in text


def test_a_chain_gives_its_facts_with_their_effect() -> None:
    text = chain_text(chain(), 100)
    assert "  25 % of draws\n" in text
    assert "  1. cowos.capacity.2023-12: 50 % -> 12 %\n" in text
    assert "1 more fact of the chain with a smaller effect or none." in text
    assert "Facts of 2026-06, model 0.1.0+test, 2,000 draws, seed 7." in text
    assert "mean 0.25 usd/MW; median 0.25, 0.25 to 0.25 (5 to 95 %)" in chain_text(chain("usd/MW"), 100)


def test_statements_give_the_source_in_full() -> None:
    fact = fact_of("cowos.capacity.2023-12")
    source = default().sources[fact.source]
    text = statements_text([fact, fact], 400)
    assert source.title in text
    assert source.url in text
    assert fact.locator in text
    assert text.count("the statement that is used:") == 1
    assert text.count("another statement:") == 1
    assert statements_text([], 80) == "No statement.\n"


def test_facts_stand_in_a_table_where_it_fits_and_in_two_lines_where_not() -> None:
    facts = [fact_of("cowos.capacity.2023-12"), fact_of("cowos.lag")]
    wide, narrow = facts_text(facts, 160), facts_text(facts, 60)
    assert wide.splitlines()[0].split() == [
        "fact",
        "value",
        "low",
        "to",
        "high",
        "unit",
        "kind",
        "as",
        "of",
        "source",
    ]
    assert narrow.splitlines()[0] == "cowos.capacity.2023-12"
    assert wide.splitlines()[-1].startswith("2 facts, ")


def test_layers_are_told_with_what_is_not_known() -> None:
    info = {
        "id": "hall",
        "name": "Data halls",
        "day": 6,
        "family": "space_power",
        "unit": "MW",
        "feeds": "",
        "makers": {},
        "lead_quarters": None,
        "need": ["it_kw", "/pue"],
        "watch": "",
        "assumed_share": 0.5,
        "facts": [],
    }
    text = layer_text(info, 80)
    assert "  need:      it_kw / pue\n" in text
    assert text.count("not known") == 2
    assert "  hall" not in layers_text([info], 80)
    assert "Data halls" in layers_text([info], 80)


def test_misses_are_seen_and_counted() -> None:
    text = rows_text(ROWS, 100)
    assert "  MISSED  watts (shipments by quarter)\n" in text
    assert text.endswith("1 hold, 1 missed, 1 without a verdict.\n")
