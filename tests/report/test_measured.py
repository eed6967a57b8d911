"""The page of measurements says what the rooms find today."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from narrows.market.library import Library
from narrows.report.pages.measured import measured_rows
from narrows.report.validation import rows_markdown

PAGE, DATA = Path("docs/validation.md"), Path("../shared/data")
NOISE = 1e-6
"""Below this a value is what rounding leaves, and differs from machine to machine."""

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


def same(rows, tmp_path):
    """Compare rows with those of the page: words, counts and verdicts, and values to their digits."""
    told = {row.id: row for row in measured_rows(PAGE)}
    now = tmp_path / "now.md"
    now.write_text(rows_markdown(rows), encoding="utf-8")
    found = measured_rows(now)
    assert len(found) > 0
    for one in found:
        assert one.id in told, f"{one.told} Write the page again: narrows validate --markdown"
        other = told[one.id]
        assert one.holds == other.holds, one.told
        assert bool(one.baseline) == bool(other.baseline)
        if one.value is not None:
            assert one.value == pytest.approx(other.value, rel=0.006, abs=NOISE), one.told


@pytest.mark.parametrize(
    ("module", "function", "folder"),
    [
        ("shocks.validation", "shock_rows", "shocks"),
        ("value.validation", "value_rows", "market"),
        ("systems.validation", "machine_rows", "training"),
        ("network.collective_checks", "collective_rows", "training"),
        ("inference.serving_checks", "serving_rows", "inference"),
        ("bottlenecks.backtest", "check_labels", "bottleneck"),
        ("bottlenecks.backtest", "check_units", "bottleneck"),
    ],
)
def test_a_room_finds_what_the_page_says(module, function, folder, tmp_path):
    check = getattr(import_module(f"narrows.{module}"), function)
    same(list(check(DATA / folder)), tmp_path)


@pytest.mark.parametrize(
    ("function", "table"),
    [("_superlative_rows", ""), ("_recap_rows", "recap1_restated.md"), ("_published_rows", "")],
)
def test_the_checker_of_claims_finds_what_the_page_says(function, table, tmp_path):
    check = getattr(import_module("narrows.claims.validation"), function)
    same(list(check(DATA / "market" / table, Library(DATA / "market"))), tmp_path)
