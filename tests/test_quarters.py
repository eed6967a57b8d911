"""Quarters: ordered labels, fiscal dates as published, periods of facts."""

from __future__ import annotations

import csv
import doctest
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows import quarters
from narrows.errors import UsageError
from narrows.quarters import Period, Quarter, fiscal, period, span

REVENUE = Path(__file__).resolve().parents[1] / (
    "../shared/data/bottleneck/epoch_inputs/nvidia_quarterly_revenue.csv"
)
some_quarter = st.builds(Quarter, st.integers(1950, 2150), st.integers(1, 4))
some_day = st.dates(date(1950, 1, 1), date(2150, 12, 31))


def test_examples() -> None:
    assert doctest.testmod(quarters).failed == 0


def test_dates_of_a_quarter() -> None:
    quarter = Quarter.parse("2028Q1")
    assert (quarter.start, quarter.end) == (date(2028, 1, 1), date(2028, 3, 31))
    assert Quarter.parse("2026-Q4").end == date(2026, 12, 31)
    assert Quarter(2199, 4).end == date(2199, 12, 31)


@given(some_quarter, st.integers(-100, 100))
def test_counting_and_labels_round_trip(quarter, steps) -> None:
    assert (quarter + steps) - quarter == steps
    assert Quarter.parse(str(quarter)) == quarter == Quarter.at(quarter.index)


@given(some_quarter, some_quarter)
def test_order_is_order_of_time(first, second) -> None:
    assert (first < second) == (first.start < second.start) == (first.midpoint < second.midpoint)
    assert len({first, second}) == (1 if first == second else 2)


@given(some_day)
def test_every_day_is_in_its_quarter_and_quarters_touch(day) -> None:
    quarter = Quarter.of(day)
    assert quarter.start <= day <= quarter.end
    assert (quarter + 1).start == quarter.end + timedelta(days=1)


@given(some_quarter, st.integers(1, 400))
def test_span_holds_both_ends_and_all_between(first, count) -> None:
    last = Quarter.at(min(first.index + count - 1, Quarter(2199, 4).index))
    found = span(f"{first}:{last}")
    assert (found[0], found[-1], len(found)) == (first, last, last - first + 1)
    assert list(found) == sorted(set(found))
    assert span(str(first)) == (first,)


@pytest.mark.parametrize(
    ("given_text", "sentence"),
    [
        (
            "2026",
            (
                "The quarter '2026' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
                "Write it like 2026Q1."
            ),
        ),
        (
            "2030Q4:2026Q1",
            (
                "The span '2030Q4:2026Q1' runs backwards. A span has 1 to 400 quarters, the "
                "earlier first. Write it like 2026Q1:2030Q4."
            ),
        ),
        (
            "1900Q1:2199Q4",
            (
                "The span '1900Q1:2199Q4' has 1200 quarters. A span has 1 to 400 quarters, the "
                "earlier first. Write it like 2026Q1:2030Q4."
            ),
        ),
    ],
)
def test_refused_spans(given_text, sentence) -> None:
    with pytest.raises(UsageError) as caught:
        span(given_text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["", "2026Q5", "2026q1", "2026Q1:", ":", "0026Q1", "2200Q1", "２Q1"])
def test_nothing_else_is_a_quarter(text) -> None:
    with pytest.raises(UsageError):
        span(text)


def test_a_quarter_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        _ = Quarter(2199, 4) + 1
    assert str(caught.value) == (
        "The quarter '2200Q1' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
        "Write it like 2026Q1."
    )
    with pytest.raises(UsageError):
        Quarter(2026, 5)


def test_nvidia_quarters_as_published() -> None:
    if not REVENUE.exists():
        pytest.skip("needs ../shared/data, which is not here")
    with REVENUE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 14
    for row in rows:
        assert tuple(map(str, fiscal(row["Quarter"]))) == (row["Start Date"], row["End Date"]), row["Quarter"]


@pytest.mark.parametrize(
    ("text", "end", "mostly"),
    [
        ("FY16Q4", date(2016, 1, 31), "2015Q4"),
        ("FY23Q1", date(2022, 5, 1), "2022Q1"),
        ("FY26Q2", date(2025, 7, 27), "2025Q2"),
        ("FY2026Q4", date(2026, 1, 25), "2025Q4"),
        ("FY27Q4", date(2027, 1, 31), "2026Q4"),
    ],
)
def test_nvidia_quarters_by_hand(text, end, mostly) -> None:
    days = fiscal(text, "nvidia")
    assert days[1] == end
    assert str(Quarter.mostly(*days)) == mostly


@given(st.integers(1, 99), st.integers(1, 4))
def test_fiscal_quarters_touch(year, number) -> None:
    following = f"FY{year:02}Q{number + 1}" if number < 4 else f"FY{year + 1:02}Q1"
    if year + (number == 4) > 99:
        return
    first, last = fiscal(f"FY{year:02}Q{number}")
    assert fiscal(following)[0] == last + timedelta(days=1)
    assert (last - first).days + 1 in ({91, 98} if number == 4 else {91})
    assert last.weekday() == 6


def test_refused_fiscal_quarters() -> None:
    with pytest.raises(UsageError) as caught:
        fiscal("26Q2")
    assert str(caught.value) == (
        "The fiscal quarter '26Q2' cannot be read. A fiscal quarter is FY, the last two digits of its year, "
        "and Q1 to Q4. Write it like FY26Q2."
    )
    with pytest.raises(UsageError) as caught:
        fiscal("FY26Q2", "acme")
    assert str(caught.value) == (
        "The fiscal year of 'acme' is not known. The nearest known: 'nvidia'. "
        "Give the first and the last day instead."
    )


@pytest.mark.parametrize(
    ("text", "start", "end", "midpoint"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31), 2024.5),
        ("2024Q3", date(2024, 7, 1), date(2024, 9, 30), 2024.625),
        ("2024-Q3", date(2024, 7, 1), date(2024, 9, 30), 2024.625),
        ("2023-12", date(2023, 12, 1), date(2023, 12, 31), 2023 + 11.5 / 12),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), 2024 + 1.5 / 12),
        ("2025-01-01", date(2025, 1, 1), date(2025, 1, 1), 2025 + 0.5 / 365),
        ("2024:2029", date(2024, 1, 1), date(2029, 12, 31), 2027.0),
        ("2024-2029", date(2024, 1, 1), date(2029, 12, 31), 2027.0),
    ],
)
def test_periods(text, start, end, midpoint) -> None:
    assert period(text) == Period(text, start, end, midpoint)
    assert period(text).known_from == end


@given(some_day)
def test_smaller_periods_lie_inside_larger_ones(day) -> None:
    nested = [
        period(f"{day:%Y}"),
        period(str(Quarter.of(day))),
        period(f"{day:%Y-%m}"),
        period(f"{day:%Y-%m-%d}"),
    ]
    for outer, inner in itertools.pairwise(nested):
        assert outer.start <= inner.start <= inner.end <= outer.end
    assert all(day.year < part.midpoint < day.year + 1 for part in nested)


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2024-02-30", "2024Q5", "2024-9", "2024Q1:2024Q2"])
def test_refused_periods(text) -> None:
    with pytest.raises(UsageError) as caught:
        period(text)
    assert str(caught.value) == (
        f"The period {text!r} cannot be read. A period is a year from 1900 to 2199, a quarter, a month, "
        "a day, or two years. Write it like 2024, 2024Q3, 2024-09, 2024-09-30 or 2024:2029."
    )


def test_a_period_that_runs_backwards_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        period("2029:2024")
    assert str(caught.value) == (
        "The period '2029:2024' runs backwards. The earlier year stands first. Write it like 2024:2029."
    )
