"""Figures: an envelope that any reader of JSON takes, and numbers rounded once."""

from __future__ import annotations

import doctest
import json
import math
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows import figure
from narrows.figure import Figure, number, plus_minus

any_float = st.floats(allow_nan=True, allow_infinity=True)


def test_examples() -> None:
    assert doctest.testmod(figure).failed == 0


def made(value=2.0, p05=1.0, p50=2.0, p95=3.0, note="") -> Figure:
    reads = ("cowos.lag", "cowos.capacity.2023-12")
    return Figure("cowos.x", value, p05, p50, p95, "MW", "x", reads, "2026-06-30", "0.1.0", 7, 100, note)


def test_envelope() -> None:
    assert made(note="as stated").to_json() == {
        "id": "cowos.x",
        "value": 2.0,
        "unit": "MW",
        "p05": 1.0,
        "p50": 2.0,
        "p95": 3.0,
        "formula": "x",
        "sources": ["cowos.lag", "cowos.capacity.2023-12"],
        "vintage": "2026-06-30",
        "model_version": "0.1.0",
        "seed": 7,
        "draws": 100,
        "note": "as stated",
    }


def test_what_is_not_finite_is_null_with_a_reason() -> None:
    envelope = made(value=math.nan, p95=math.inf).to_json()
    assert (envelope["value"], envelope["p95"]) == (None, None)
    assert envelope["reason"] == "value is not known; p95 has no limit"


@given(any_float, any_float, any_float, any_float)
def test_every_envelope_is_strict_json(value, p05, p50, p95) -> None:
    envelope = made(value, p05, p50, p95).to_json()
    assert json.loads(json.dumps(envelope, allow_nan=False)) == envelope
    assert ("reason" in envelope) == any(not math.isfinite(part) for part in (value, p05, p50, p95))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"), (1234, 3, "1234"), (9999, 3, "9999"), (9999.6, 3, "10 k"), (10000, 3, "10 k"),
        (14550, 3, "14.6 k"), (14500, 2, "14 k"), (999_499, 3, "999 k"), (999_500, 3, "1 M"),
        (2e12, 3, "2 tn"),
        (0.5, 1, "0.5"), (0.00012, 3, "0.00012"), (1.5e-7, 3, "1.5e-7"), (-0.4125, 3, "-0.412"),
        (1e15, 3, "1000 tn"), (math.inf, 3, "no limit"), (-math.inf, 3, "-no limit"),
        (math.nan, 3, "not known"),
        (0.9996, 3, "1"), (100.0, 3, "100"), (145_600, 2, "146 k"),
    ],
)  # fmt: skip
def test_numbers_for_people(value, digits, text) -> None:
    assert number(value, digits) == text


@given(st.floats(1e-3, 9e3), st.integers(4, 12))
def test_numbers_are_rounded_once_from_the_exact_value(value, digits) -> None:
    exact = Decimal(value)
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), rounding=ROUND_HALF_EVEN)
    assert Decimal(number(value, digits)) == rounded


@given(st.floats(-1e15, 1e15), st.integers(1, 6))
def test_a_written_number_reads_back_near(value, digits) -> None:
    head, _, suffix = number(value, digits).partition(" ")
    scale = {"": 1.0, "k": 1e3, "M": 1e6, "bn": 1e9, "tn": 1e12}[suffix]
    assert float(head) * scale == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits), abs=1e-300)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.41, 0.0096, "0.41 ± 0.01"),
        (0.5, 0.00010, "0.5000 ± 0.0001"),
        (12345.0, 91.0, "12300 ± 100"),
        (0.33, 0.3, "0.3 ± 0.3"),
        (7.0, math.nan, "7"),
        (0.0, 0.0, "0"),
    ],
)
def test_sampling_errors(value, error, text) -> None:
    assert plus_minus(value, error) == text


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e5))
def test_the_error_is_never_understated(value, error) -> None:
    head, tail = plus_minus(value, error).split(" ± ")
    assert float(tail) >= error * (1 - 1e-8)
    assert abs(float(head) - value) <= float(tail)
