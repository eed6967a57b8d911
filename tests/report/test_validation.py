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


@needs_data
def test_a_later_table_of_the_sites_scores_what_was_foreseen(tmp_path: Path) -> None:
    home = tmp_path / "bottleneck" / "epoch_dc"
    home.mkdir(parents=True)
    name = "dc_timelines_{}.csv"
    text = (DATA / "bottleneck" / "epoch_dc" / name.format("2025-12-14")).read_text("utf-8")
    later = home / name.format("2026-04-10")
    later.write_text(text, "utf-8")  # as if every plan had come true
    rows = [row for row in rows_of("facility", tmp_path) if row.dataset == later.name]
    assert [row.n for row in rows] == [16, 1, 16]  # 2026-05-15 was not seen yet
    assert rows[0].baseline == 0
    assert rows[1].baseline == pytest.approx(7370, abs=1)
    assert "7,370 MW" in rows[1].quantity
