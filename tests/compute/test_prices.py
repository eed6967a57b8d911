"""Dated prices: every statement, in its unit, and which do not meet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from narrows.catalog import default
from narrows.cli import main
from narrows.compute.prices import BOUGHT, HOURLY, prices
from narrows.errors import UnknownNameError


def test_every_statement_of_a_price_is_there_once() -> None:
    """By the catalogue itself: all statements of facts whose last word is a price, and the volume prices."""
    book = default()
    named = {fact.id for fact in book.under("chip") if fact.id.split(".")[2] in {*BOUGHT, *HOURLY}}
    named |= {fact.id for fact in book.under("market_price")}
    assert len(prices()) == sum(len(book.statements(name)) for name in named)


def test_prices_are_in_the_units_of_their_source() -> None:
    """33.8 k USD a chip in May 2023 is 270 k USD a server of eight; a rent is in dollars an hour."""
    found = {price.kind: price for price in prices("h100")}
    assert found["price"].value * 8 == pytest.approx(270e3, rel=0.01)
    assert (found["rental_3yr"].value, found["rental_3yr"].unit) == (pytest.approx(1.78), "usd/h")
    assert all(price.low <= price.value <= price.high for price in prices())


def test_two_statements_of_one_price_that_differ_are_kept_and_marked() -> None:
    """The study says 5,176 in its data and 5,167 in its code."""
    one, other = prices("tpu_v4")
    assert (one.value, other.value) == (5176, 5167)
    assert (one.conflicts, other.conflicts) == ((1,), (0,))


def test_dates_rise_within_a_kind() -> None:
    found = prices("gb200")
    for kind in {price.kind for price in found}:
        dates = [price.date for price in found if price.kind == kind]
        assert dates == sorted(dates)


def test_a_chip_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownNameError) as refused:
        prices("h101")
    assert str(refused.value).startswith("The chip 'h101' is not known. The nearest known: 'h20', 'h100_sxm'")


def test_the_command_line_tells_prices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compute", "prices", "tpu_v4"]) == 0
    page = capsys.readouterr().out
    assert "not row 2" in page
    assert max(map(len, page.splitlines())) <= 120
    assert main(["compute", "prices", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["prices"]
    assert len(told) == len(prices())
    assert main(["compute", "prices", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["fact"] for row in rows] == [price["fact"] for price in told]
