"""The user's own BEA files: what is read is what is shipped, and the law takes later years."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from narrows.errors import DataError, UsageError
from narrows.shocks.bea_files import read_economy, read_prices
from narrows.shocks.industry_prices import fit_prices
from narrows.shocks.push_checks import _later_prices
from narrows.shocks.tables import Prices, economy, prices

FOLDER = Path(__file__).parents[3] / "shared/data/shocks/bea"
needs_data = pytest.mark.skipif(not FOLDER.is_dir(), reason="data on shocks are absent")


@needs_data
@pytest.mark.parametrize(("level", "year"), [("summary", 2015), ("detail", 2017)])
def test_files_give_the_shipped_table(level, year):
    found = read_economy(
        *(FOLDER / f"{level}_{kind}_{year}_after.csv.gz" for kind in ("use", "make")), level, year
    )
    shipped = economy(level, year)
    assert found.codes == shipped.codes
    assert np.allclose(found.A, shipped.A, atol=1e-9)
    assert np.allclose(found.basket, shipped.basket)
    assert np.allclose(
        read_prices(FOLDER / f"{level}_price_index_1997_2019.csv.gz", level).index,
        prices(level).index,
        equal_nan=True,
    )


def longer(extra):
    known = prices("detail")
    last = known.index[:, -1:]
    return Prices(
        known.codes, (*known.years, 2020), np.concatenate([known.index, last * (1 + extra)], axis=1)
    )


def test_law_forecasts_a_later_year_from_its_commodity_prices():
    law = fit_prices(2019)
    flat = np.zeros((402, 1))
    us = economy("detail", 2017)
    risen = flat.copy()
    risen[us.at("324110")] = 0.5
    calm, dear = (law.forecast([2020], longer(extra)) for extra in (flat, risen))
    at = dear.codes.index("481000")
    assert dear.change[at, 0] > calm.change[at, 0] + 0.03
    assert dear.half[at, 0] > calm.half[at, 0]
    assert "324110" not in dear.codes
    with pytest.raises(UsageError) as refused:
        law.forecast([2020])
    assert str(refused.value) == (
        "A forecast of 2020 is asked for. Prices are known for 2000 to 2019. Ask for a year of them."
    )


def test_a_forecast_does_not_see_its_year_or_later_ones():
    known = prices("detail")
    rng = np.random.default_rng(0)
    noisy = known.index.copy()
    rest = np.array(
        [at for at, code in enumerate(known.codes) if code[:2] in {"33", "54", "62"} and code[:3] != "331"]
    )
    noisy[rest, -1] *= rng.uniform(0.9, 1.1, len(rest))  # the last year of industries that are not given
    law = fit_prices(2009)
    plain, other = (
        law.forecast([2018, 2019]),
        law.forecast([2018, 2019], Prices(known.codes, known.years, noisy)),
    )
    moved = plain.change - other.change
    assert np.ptp(moved[:, 0]) < 1e-12
    assert np.ptp(moved[:, 1]) < 1e-12


def test_broken_files_are_refused(tmp_path):
    path = tmp_path / "use.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["", "111CA"], ["111CA", "many"]])
    with pytest.raises(DataError) as refused:
        read_economy(path, path, "summary", 2020)
    assert (
        str(refused.value)
        == "use.csv: the cell 'many' in row 111CA is no number. Cells are numbers or empty. Correct the file."
    )
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write(",2020\nxyz,1\n")
    with pytest.raises(DataError, match=r"a\.csv\.gz has 0 industries and the columns 2020"):
        read_prices(tmp_path / "a.csv.gz")


def test_years_after_the_shipped_ones_are_scored_by_the_law_as_it_ships(tmp_path):
    shipped = prices("detail")
    rise = shipped.change(2009, 2011)
    (tmp_path / "bea").mkdir()
    lines = [",2020,2021"]
    for code, row, move in zip(shipped.codes, shipped.index, rise, strict=True):
        last = row[-1] if np.isfinite(row[-1]) else 100.0
        lines.append(f"{code},{last * move**0.5:.4f},{last * move:.4f}")
    (tmp_path / "bea" / "detail_price_index_2020_2021.csv").write_text("\n".join(lines))
    rows = list(_later_prices(tmp_path))
    assert [row.metric for row in rows] == [
        "rank correlation",
        "weighted mean absolute error",
        "share within the 80 % band",
    ]
    assert all("2020 to 2021" in row.quantity and row.n > 600 for row in rows)
    assert rows[0].value > 0.4
    assert rows[1].value < 0.06
