"""Validation on other tables than ours: what lacks is told, and the rest goes on."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from narrows.errors import DataError
from narrows.figure import Comparison, compared
from narrows.report.validation import rows_of

DATA = Path("../shared/data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")


def test_a_part_that_breaks_keeps_the_rows_before_and_says_why() -> None:
    def part():
        yield Comparison("room", "table.csv", "first", "mean", 1.0, "", None, 3, None)
        yield Comparison("room", "table.csv", "empty", "mean", float("nan"), "at most 1", None, 0, False)
        raise DataError("The table is short", "It has rows", "Add one")

    rows = list(compared("room", "table.csv", part))
    assert [row.metric for row in rows] == ["mean", "not run: no rows", "not run: The table is short"]
    assert [row.value for row in rows] == [1.0, None, None]
    assert not any(row.holds for row in rows)


def test_an_error_of_the_program_is_not_taken_for_a_lack_of_rows() -> None:
    with pytest.raises(AttributeError):
        list(compared("room", "table.csv", lambda: None.rows))


def test_a_folder_without_measurements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        rows_of(None, tmp_path)
    assert str(refused.value) == (
        f"The folder {str(tmp_path)!r} has none of the sub-folders of measurements. They are bottleneck, "
        "facility, inference, market, shocks, training. Name the folder that holds them, or one room and its "
        "folder."
    )


@needs_data
def test_new_sites_are_scored_by_the_law_as_it_ships(tmp_path: Path) -> None:
    name = "time_to_first_power.csv"
    folder = tmp_path / "facility"
    folder.mkdir()
    shutil.copyfile(DATA / "facility" / name, folder / name)
    with (folder / name).open("a", newline="") as file:
        csv.writer(file).writerow(
            ["Google Elsewhere", "2026-05-23", "2022-01-01", "2024-02-01", "25.0", "90"]
        )
    for place in (folder, tmp_path):
        found = [row for row in rows_of("facility", place) if row.quantity.endswith("not fitted to")]
        assert [row.n for row in found] == [1, 1]
        assert found[0].value is not None
        assert 0 < found[0].value < 6
        assert found[0].baseline == pytest.approx(2.5, abs=2.5)
