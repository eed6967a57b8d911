"""Least-cost supply against the reference optima."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from narrows.facility.renewables import photovoltaic_share, supply_weather_of, wind_share
from narrows.facility.supply_lp import YEAR, Campus, least_cost_supply
from narrows.figure import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["reference_cases", "supply_rows"]

ROOM = "facility"
TABLE = "supply_lp_reference.csv"
PRICES = "electricity_prices_2022_2024.npz"
WEATHER = "weather_tmy3.npz"
FIRST_YEAR = 2022  # none of the years before the last is a leap year
CENTS = 100.0
WEEKS = 13
EXACT, NEAR = 1e-5, 0.015


def reference_cases(folder: Path) -> Iterator[tuple[dict[str, str], Campus]]:
    """Yield the rows of the reference and what each asks.

    Parameters
    ----------
    folder
        Folder with the reference, prices and weather.
    """
    with np.load(folder / PRICES) as file:
        markets = [str(name) for name in file["market"]]
        cents = file["usd_per_mwh_x100"]
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        begin = (int(row["price_year"]) - FIRST_YEAR) * YEAR
        weather = supply_weather_of(row["site"], folder / WEATHER)
        yield (
            row,
            Campus(
                100.0,
                float(row["grid_mw"]),
                cents[markets.index(row["market"])][begin : begin + YEAR] / CENTS,
                {"pv": photovoltaic_share(weather), "wind": wind_share(weather)},
                float(row["co2_usd_per_t"]),
                float(row["gas_usd_per_mmbtu"]),
                shared_inverter=False,
            ),
        )


def supply_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons of the supply.

    Parameters
    ----------
    folder
        Folder of the tables of facilities; None where there is none.
    """
    if folder is None or not all((folder / name).is_file() for name in (TABLE, PRICES, WEATHER)):
        yield Comparison(ROOM, TABLE, "least-cost supply", "not run: data absent", None, "", None, 0, None)
        return
    far: list[float] = []
    for row, campus in reference_cases(folder):
        told = float(row["objective_usd_per_mwh"])
        error = abs(least_cost_supply(campus).cost / told - 1)
        far.append(abs(least_cost_supply(campus, weeks=WEEKS).cost / told - 1))
        yield Comparison(
            ROOM,
            TABLE,
            f"least-cost supply of {row['site']}, {told:.6f} usd/MWh",
            "relative error",
            error,
            f"within {EXACT:g}",
            None,
            1,
            error <= EXACT,
        )
    yield Comparison(
        ROOM,
        TABLE,
        f"the same by {WEEKS} weeks",
        "largest relative error",
        max(far),
        f"within {NEAR:g}",
        None,
        len(far),
        max(far) <= NEAR,
    )
