"""The page of measurements says what the rooms find today."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrows.bottlenecks.backtest import check_labels, check_units
from narrows.report.pages.measured import measured_rows
from narrows.report.validation import rows_markdown, rows_of

PAGE, DATA = Path("docs/validation.md"), Path("../shared/data")
NOISE = 1e-6
"""Below this a value is what rounding leaves, and differs from machine to machine."""

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


def by_id(row):
    return row.id


def same(rows, told, tmp_path):
    """Compare rows with those of the page: words, counts and verdicts, and values to their digits."""
    now = tmp_path / "now.md"
    now.write_text(rows_markdown(rows), encoding="utf-8")
    assert len(rows) == len(told) > 0
    for one, other in zip(sorted(measured_rows(now), key=by_id), sorted(told, key=by_id), strict=True):
        assert (one.id, one.holds) == (other.id, other.holds)
        assert bool(one.baseline) == bool(other.baseline)
        if one.value is not None:
            assert one.value == pytest.approx(other.value, rel=0.006, abs=NOISE)


@pytest.mark.parametrize("room", ["shocks", "value", "systems"])
def test_a_room_finds_what_the_page_says(room, tmp_path):
    told = [row for row in measured_rows(PAGE) if row.room == room]
    same(rows_of(room, DATA), told, tmp_path)


def test_the_backtest_of_the_map_finds_what_the_page_says(tmp_path):
    rows = [*check_labels(DATA / "bottleneck"), *check_units(DATA / "bottleneck")]
    against = {(row.dataset, row.quantity) for row in rows}
    told = [row for row in measured_rows(PAGE) if (row.dataset, row.quantity) in against]
    same(rows, told, tmp_path)
