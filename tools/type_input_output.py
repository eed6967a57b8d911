"""Write the United States tables that are shipped: python tools/type_input_output.py FOLDER_OF_BEA_FILES.

The files are CSV (or CSV.gz) exports of the tables of the Bureau of Economic Analysis, named as in
``docs/shocks_push.md``. BEA data are in the public domain of the United States.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path
from typing import Any

import numpy as np

HOME = Path(__file__).parents[1] / "src/narrows/shocks/us_tables.npz"
YEARS = tuple(range(2012, 2020))
PRICE_YEARS = tuple(range(1997, 2020))
ROWS = {
    "summary": ("V001", "V002", "V003", "Total Industry Output"),
    "detail": ("V00100", "V00200", "V00300", "T008"),
}
HOUSEHOLDS = {"summary": "F010", "detail": "F01000"}
PROVENANCE = (
    "US Bureau of Economic Analysis, input-output accounts and gross output by industry, as repackaged by "
    "USEPA/useeior v1.7.2, commit 1565a70 (28 Jul 2025): tables after redefinitions at producer prices, "
    "2017 benchmark schema; million USD; price indices 2017 = 100. Public domain."
)


def table(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Return the row labels, column labels and numbers of a file; missing is zero, or NaN in prices."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    empty = np.nan if "price_index" in path.name else 0.0
    numbers = [[float(cell) if cell not in {"", "NA"} else empty for cell in row[1:]] for row in rows]
    return [row[0] for row in rows], head[1:], np.array(numbers)


def picked(
    loaded: tuple[list[str], list[str], np.ndarray], rows: list[str], columns: list[str]
) -> np.ndarray:
    """Return the numbers of some rows and columns, by label."""
    row_names, column_names, numbers = loaded
    across = [column_names.index(name) for name in columns]
    return numbers[np.ix_([row_names.index(name) for name in rows], across)]


def main(folder: str) -> None:
    """Keep use, make, value added, household demand and prices, as whole numbers where they are."""
    bea = Path(folder)
    kept: dict[str, Any] = {"provenance": np.array(PROVENANCE)}
    for level, years in (("summary", YEARS), ("detail", (2017,))):
        names = dict(csv.reader(_lines(bea / f"{level}_names.csv")))
        for year in years:
            make = table(bea / f"{level}_make_{year}_after.csv.gz")
            use = table(bea / f"{level}_use_{year}_after.csv.gz")
            codes = [code for code in make[0] if code in use[1] and not code.startswith(("T0", "Total"))]
            goods = [code for code in make[1] if code in use[0] and not code.startswith(("T0", "Total"))]
            kept[f"{level}_codes"], kept[f"{level}_goods"] = np.array(codes), np.array(goods)
            kept[f"{level}_names"] = np.array([names[code] for code in codes])
            kept[f"{level}_make_{year}"] = _whole(picked(make, codes, goods))
            kept[f"{level}_use_{year}"] = _whole(picked(use, goods, codes))
            kept[f"{level}_added_{year}"] = _whole(picked(use, list(ROWS[level]), codes))
            kept[f"{level}_households_{year}"] = _whole(picked(use, goods, [HOUSEHOLDS[level]])[:, 0])
        for name in ("price_index", "gross_output"):
            loaded = table(bea / f"{level}_{name}_1997_2019.csv.gz")
            known = [code for code in codes if code in loaded[0]]
            numbers = np.full((len(codes), len(PRICE_YEARS)), np.nan)
            numbers[[codes.index(code) for code in known]] = picked(
                loaded, known, [str(year) for year in PRICE_YEARS]
            )
            kept[f"{level}_{name}"] = numbers if name == "price_index" else _whole(np.nan_to_num(numbers))
    with gzip.open(bea / "naics_to_bea_2017.csv.gz", "rt", encoding="utf-8") as file:
        parents = {row["BEA_2017_Detail_Code"]: row["BEA_2017_Summary_Code"] for row in csv.DictReader(file)}
    kept["detail_parents"] = np.array([parents[str(code)] for code in kept["detail_codes"]])
    kept["price_years"] = np.array(PRICE_YEARS)
    added = table(bea / "summary_value_added_1997_2019.csv.gz")
    codes = [str(code) for code in kept["summary_codes"]]
    kept["summary_value_added"] = np.array(
        [
            picked(added, [code], [str(year) for year in PRICE_YEARS])[0]
            if code in added[0]
            else np.full(len(PRICE_YEARS), np.nan)
            for code in codes
        ]
    )
    with (bea / "summary_gos_margin_2012_2019.csv").open(encoding="utf-8", newline="") as file:
        margins = {row[0]: row[1:] for row in csv.reader(file)}
    kept["summary_margin"] = np.array([[float(cell) for cell in margins[code]] for code in codes])
    np.savez_compressed(HOME, **kept)
    print(f"wrote {HOME.name}: {HOME.stat().st_size} bytes")


def _lines(path: Path) -> list[str]:
    """Return code,name pairs of the industries as CSV lines."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "industry"]
    return [f'"{row["code"]}","{row["name"]}"' for row in rows]


def _whole(numbers: np.ndarray) -> np.ndarray:
    """Return million USD as whole numbers; a table with cents is kept as it is."""
    rounded = np.rint(numbers)
    return rounded.astype(np.int32) if np.allclose(numbers, rounded, atol=1e-6) else numbers


if __name__ == "__main__":
    main(sys.argv[1])
