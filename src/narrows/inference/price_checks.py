"""Cost of a million tokens against the table derived from MLPerf results and costs of chips."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.figure import Comparison
from narrows.inference.prices import usd_per_million
from narrows.transformer.registry import chip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["price_rows"]

ROOM, TABLE = "inference", "mlperf_cost_per_mtok_derived.csv"
COLUMNS = {
    "tco_hyperscaler": "tco_hyperscaler_usd_per_Mout",
    "tco_neocloud": "tco_neocloud_usd_per_Mout",
    "rental_3yr": "rental_3yr_usd_per_Mout",
}
ROUNDING = 0.5e-4
SECONDS = 3600.0


def price_rows(folder: Path | None) -> Iterator[Comparison]:
    """Yield the comparison of costs with the derived table.

    Parameters
    ----------
    folder
        Folder with the table; None where there is none.
    """
    table = None if folder is None else folder / TABLE
    if table is None or not table.is_file():
        yield Comparison(ROOM, TABLE, "cost of tokens", "not run: data absent", None, "", None, 0, None)
        return
    catalog, errors = default(), []
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            card = chip(row["gpu_tco_key"]).id
            for quantity, column in COLUMNS.items():
                hour = catalog.fact(f"chip.{card}.{quantity}").canonical_value * SECONDS
                found = usd_per_million(hour, float(row["result_per_accel"]))
                errors.append(abs(found - float(row[column])))
    worst = max(errors)
    yield Comparison(
        ROOM,
        TABLE,
        "usd per million output tokens at full load, MLPerf v5.1 results",
        "largest error in usd",
        worst,
        "to 4 decimals",
        None,
        len(errors),
        worst <= ROUNDING * (1 + 1e-9),
    )
