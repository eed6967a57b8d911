"""Cost by the published methods: the study's own outputs, its rules one by one, and bad tables."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from narrows.errors import DataError
from narrows.training.published_cost import (
    CASES,
    COMPONENTS,
    METHODS,
    published_cost,
    published_costs,
    read_tables,
)

DATA = Path("../shared/data/training")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")

CHIP_HEAD = "hardware,release_date,tdp_w,tensor_fp16_bf16_flops,tf32_flops,fp16_flops,fp32_flops,int8_ops"
PRICE_HEAD = (
    "Price date,Hardware model,Vendor,Price per chip-hour (on-demand),Price per chip-hour (1-year CUD),"
    "Price per chip-hour (3-year CUD),Price (hardware purchase),Notes"
)
RUN = {
    "model": "A",
    "publication_date": "2024-06-30",
    "organization": "Meta AI",
    "training_flop": "3.6e24",
    "hardware": "NVIDIA H100 SXM5 80GB",
    "hardware_quantity": "1000",
    "hours": "240",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return tables small enough to work by hand."""
    (tmp_path / "epoch_cost_chips.csv").write_text(
        f"{CHIP_HEAD}\n"
        "NVIDIA H100 SXM5 80GB,2022-09-20,700,1e15,5e14,,,\n"
        "NVIDIA A100 PCIe,2020-05-14,300,3e14,1e14,,,\n"
        "Google TPU v1,2015-05-15,75,,,,,9.2e13\n"
        "Google TPU v4,2021-05-20,,2.75e14,,,,\n"
        "Google TPU v5e,2023-08-15,200,2e14,,,,\n",
        encoding="utf-8",
    )
    (tmp_path / "epoch_hardware_prices.csv").write_text(
        f"{PRICE_HEAD}\n"
        "2022-10-01,NVIDIA H100 SXM5 80GB,,,,,40000,8x DGX\n"
        "2022-09-01,NVIDIA H100 SXM5 80GB,,,,,90000,\n"
        "2020-07-01,NVIDIA A100 PCIe,,,,,10000,Single-Unit list price\n"
        "2023-01-01,NVIDIA H100 SXM5 80GB,Lambda Labs,4,,,,\n"
        "2025-01-01,NVIDIA H100 SXM5 80GB,Lambda Labs,2,,,,\n"
        "2021-01-01,NVIDIA A100,Other Cloud,,,1.5,,\n",
        encoding="utf-8",
    )
    months = [f"{year}-{month:02d}-01,100" for year in range(2015, 2026) for month in range(1, 13)]
    table = "date,ppi\n" + "\n".join(months).replace("2025-06-01,100", "2025-06-01,110")
    (tmp_path / "ppi_PCU518210518210.csv").write_text(table, encoding="utf-8")
    return tmp_path


@needs_data
def test_all_rows_of_the_study_come_out() -> None:
    with (DATA / CASES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = published_costs(DATA)
    assert len(rows) == len(found) == 40
    compared = 0
    for row, cost in zip(rows, found, strict=True):
        told = {f"{name}_usd_nominal": cost.nominal[name] for name in COMPONENTS}
        told |= {f"{name}_usd_2025": cost.real[name] for name in METHODS}
        for column, value in told.items():
            if not row[column]:
                assert value is None, (row["model"], column)
                continue
            assert value == pytest.approx(float(row[column]), rel=1e-9), (row["model"], column)
            compared += 1
    assert compared > 200


def test_a_run_worked_by_hand(folder: Path) -> None:
    cost = published_cost(RUN, read_tables(folder))
    # Bought 90 days after release or at the price's date; started 10 and 60 days before publication.
    assert cost.start == date(2024, 4, 21)
    years = (date(2024, 4, 21) - date(2022, 12, 19)).days / 365.25
    servers = 40000 * 10 ** (-0.14 * years) * 0.14 * 2.302585092994046 / 8766 * 240_000
    assert cost.nominal["chip"] == pytest.approx(servers / 1.64)
    assert cost.nominal["server"] == pytest.approx(servers * 0.64 / 1.64)
    assert cost.nominal["interconnect"] == pytest.approx(servers * 0.19 / 0.81)
    assert cost.nominal["energy"] == pytest.approx(1.275 * 0.75 * 1.1 * 240_000 * 0.0771)
    assert cost.real["acquisition"] == pytest.approx(1.1 * 40000 * 1000 / 0.81)
    assert cost.real["cloud"] == pytest.approx(1.1 * 240_000 * 4 * (1 - 0.56))


def test_chip_hours_come_first_from_the_table_then_from_time_then_from_work(folder: Path) -> None:
    tables = read_tables(folder)
    assert published_cost(RUN | {"chip_hours": "5"}, tables).chip_hours == 5
    assert published_cost(RUN, tables).chip_hours == 240_000
    worked = published_cost(RUN | {"hours": ""}, tables)
    assert worked.chip_hours == pytest.approx(3.6e24 / (1e15 * 0.375) / 3600)
    assert worked.real["cloud"] is None
    assert worked.start == date(2024, 3, 28)  # 793.5 hours and 60 days before


def test_a_single_unit_carries_the_overhead_of_its_server(folder: Path) -> None:
    cost = published_cost(RUN | {"hardware": "NVIDIA A100 PCIe"}, read_tables(folder))
    assert cost.real["acquisition"] == pytest.approx(1.1 * 10000 * 1.66 * 1000 / 0.81)
    # No cloud lists the chip itself: the name of its family counts. Other clouds than the four known
    # have no discount that is known, so their price for one year stands as it is.
    assert cost.real["cloud"] == pytest.approx(1.1 * 1.5 * 240_000)


def test_a_tpu_may_start_before_its_release_and_then_costs_more(folder: Path) -> None:
    tables, run = read_tables(folder), RUN | {"hardware": "Google TPU v4"}
    late = published_cost(run | {"publication_date": "2021-09-01"}, tables)
    early = published_cost(run | {"publication_date": "2021-05-20"}, tables)
    assert (early.nominal["chip"] or 0) > (late.nominal["chip"] or 0)
    assert early.nominal["energy"] == pytest.approx(0.373 * 1.56 * 0.43 * 1.1 * 240_000 * 0.0718)
    eight_bit = published_cost(run | {"hardware": "Google TPU v1", "hours": ""}, tables)
    assert eight_bit.chip_hours == pytest.approx(3.6e24 / (9.2e13 * 0.375) / 3600)


@pytest.mark.parametrize(
    "chip", ["NVIDIA H100 SXM5 80GB,Google TPU v4", "Google TPU v5e", "no such chip", ""]
)
def test_no_estimate_is_none(folder: Path, chip: str) -> None:
    cost = published_cost(RUN | {"hardware": chip}, read_tables(folder))
    assert not any(value is not None for value in (*cost.nominal.values(), *cost.real.values()))


def test_days_that_are_known_count(folder: Path) -> None:
    tables = read_tables(folder)
    days = {
        "Gemini 1.0 Ultra": date(2023, 5, 10),
        "GPT-4": date(2022, 8, 5),
        "GPT-3.5 Turbo": date(2022, 3, 14),
        "GPT-3 13B": date(2019, 10, 1),
    }
    for model, day in days.items():
        assert published_cost(RUN | {"model": model}, tables).start == day


def test_a_month_without_index_has_nominal_dollars_only(folder: Path) -> None:
    cost = published_cost(RUN | {"publication_date": "2026-01-15"}, read_tables(folder))
    assert set(cost.real.values()) == {None}
    table = folder / "ppi_PCU518210518210.csv"
    table.write_text("date,ppi\n2020-01-01,100\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_tables(folder)
    assert str(refused.value) == (
        "The table 'ppi_PCU518210518210.csv' has no month 2025-06. Dollars are those of 2025-06. Add the month."
    )


def test_a_table_without_a_column_is_refused(folder: Path) -> None:
    (folder / CASES).write_text("model,publication_date\nA,2024-01-01\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        published_costs(folder)
    assert str(refused.value) == (
        "The table 'epoch_cost_cases.csv' has no column 'organization'. Its head needs model, "
        "publication_date, organization, training_flop, hardware. Add the column, or name another table."
    )


def test_what_is_no_number_is_refused(folder: Path) -> None:
    with pytest.raises(DataError) as refused:
        published_cost(RUN | {"hours": "-4"}, read_tables(folder))
    assert str(refused.value) == (
        "The column 'hours' of 'epoch_cost_cases.csv' holds '-4'. It is a number, 0 or more, or is empty. "
        "Correct the table."
    )


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read in"):
        published_costs(tmp_path)
