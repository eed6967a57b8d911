"""A small map with made-up numbers, and comparisons: every case a page must show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan

from narrows.bottlenecks.result import Band, LayerRow, MapResult, PriceRow

QUARTERS = tuple(f"{2026 + (3 + step) // 4}Q{(3 + step) % 4 + 1}" for step in range(17))
COUNT = len(QUARTERS)
LEAD = (2.0, 4.0, 7.0)
LAYERS = (
    LayerRow("euv", "EUV exposures", 4, "logic", "layer", "cowos", (("asml", 1.0),), LEAD, 0.6),
    LayerRow("cowos", "CoWoS packaging", 4, "packaging", "wafer", "rack", (("tsmc", 0.9),), LEAD, 0.5),
    LayerRow("rack", "Rack assembly", 5, "racks", "rack", "deployed", (), LEAD, 0.4),
    LayerRow("grid", "Grid connections", 6, "space_power", "MW", "hall", (), (8.0, 14.0, 24.0), 0.3),
    LayerRow("hall", "Data halls", 6, "space_power", "MW", "deployed", (), None, 0.3),
    LayerRow("demand", "Demand", 8, "demand", "h100e", "deployed", (), None, 1.0),
)


def line(first: float, last: float) -> tuple[float, ...]:
    """Return a straight line over the quarters, with values that repeat exactly."""
    return tuple(first + (last - first) * step / (COUNT - 1) for step in range(COUNT))


def band(first: float, last: float, unit: str = "h100e/quarter") -> Band:
    middle = line(first, last)
    low, high = (tuple(value * factor for value in middle) for factor in (0.5, 1.75))
    return Band(unit, low, middle, high, middle)


def price(right: float, usd: float, unit: str, left: float | None = None) -> PriceRow:
    end = right if left is None else left
    return PriceRow(line(right, right / 2), line(end, end / 2), line(usd, usd), unit)


def small_map() -> MapResult:
    """Return seventeen quarters, six layers, one of them unknown and one not needed later on."""
    rack = line(0.5, 0.1)
    grid = line(0.125, 0.25)
    hall = line(0.25, 0.55)
    cowos = (0.0625,) * COUNT
    spent = [sum(column) for column in zip(rack, grid, hall, cowos, strict=True)]
    demand = tuple(1 - total for total in spent)
    later = (*line(9e6, 9e6)[:8], *(inf,) * (COUNT - 8))
    return MapResult(
        quarters=QUARTERS,
        layers=LAYERS,
        binds={
            "euv": (0.0,) * COUNT,
            "cowos": cowos,
            "rack": rack,
            "grid": grid,
            "hall": hall,
            "demand": demand,
            "stock": (0.0,) * COUNT,
        },
        deployed=band(7.1e6, 17e6),
        deployed_mw=band(4250, 7100, "MW/quarter"),
        installed=band(40e6, 250e6, "h100e"),
        capacity={
            "euv": Band("h100e/quarter", *((inf,) * COUNT,) * 4),
            "cowos": Band("h100e/quarter", later, later, later, later),
            "rack": band(8e6, 30e6),
            "grid": band(10e6, 40e6),
            "hall": band(9.5e6, 35e6),
            "demand": band(60e6, 90e6),
        },
        price={
            "euv": PriceRow((0.0,) * COUNT, (0.0,) * COUNT, (nan,) * COUNT, "layer"),
            "cowos": price(0.0625, 85_000, "wafer"),
            "rack": price(0.25, 900_000, "rack", left=0.375),
            "grid": price(0.125, 5_300_000, "MW"),
            "hall": price(0.2, 7_500_000, "MW"),
            "demand": price(0.01, 310, "h100e"),
        },
        tied=line(0.25, 0.0),
        unknown=("euv",),
        meta={
            "seed": 7,
            "draws": 2000,
            "method": "random",
            "vintage": "2026-06",
            "catalog": "0123456789abcdef",
            "scenario": "",
            "model_version": "0.1.0+test",
            "first_quarter": "2020Q3",
            "facts": 600,
            "assumptions": 390,
            "oldest_fact": "2020-05",
            "newest_fact": "2026-06-28",
            "standing": 0,
            "sampling_error": 0.0112,
        },
    )


def renamed(result: MapResult, name: str) -> MapResult:
    """Return the map with one layer called by another name."""
    layers = tuple(replace(row, name=name) if row.id == "hall" else row for row in result.layers)
    return replace(result, layers=layers)


@dataclass(frozen=True)
class Compared:
    """One comparison, as a room would give it."""

    room: str = "bottlenecks"
    dataset: str = "shipments by quarter"
    quantity: str = "units of one chip"
    metric: str = "median of |ln(model / data)|"
    value: float | None = 0.2
    goal: str = "<= 0.3"
    baseline: float | None = 0.5
    n: int = 24
    holds: bool | None = True


ROWS = (
    Compared(),
    Compared(quantity="watts", value=0.61, holds=False),
    Compared(dataset="labels", metric="not run: data absent", value=None, goal="", n=0, holds=None),
)
