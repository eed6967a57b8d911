"""The law of products: laws of physics that it must obey, its intervals, its refusals, and measured products."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.compute.operator import BYTES, COEFFICIENTS, processor, product_time, read_laws
from narrows.compute.operator_checks import operator_rows
from narrows.compute.operator_fit import FIXED, TABLE, WIDTH, fit_products, held_out, read_products
from narrows.errors import UnknownNameError, UsageError

DATA = Path(__file__).parents[3] / "shared" / "data" / "training"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables of measured products are not here")
MEASURED = [key for key in read_laws() if key[0]]
SLACK = 1 + 1e-9
"""Rounding only: tiles are chosen as the best for each shape, so no larger product meets a better one."""

sizes = st.integers(32, 65536)
which = st.sampled_from(MEASURED)


@settings(max_examples=60, deadline=None)
@given(which, st.tuples(sizes, sizes, sizes), st.sampled_from(["m", "n", "k"]), st.floats(1.0, 4.0))
def test_a_larger_product_is_not_faster(key, shape, axis, growth):
    chip, precision = key
    before = dict(zip("mnk", shape, strict=True))
    after = before | {axis: math.ceil(before[axis] * growth)}
    small = float(product_time(chip, **before, precision=precision).value)
    large = float(product_time(chip, **after, precision=precision).value)
    assert large * SLACK >= small


@settings(max_examples=60, deadline=None)
@given(which, sizes, sizes, sizes)
def test_no_product_beats_the_catalogue(key, m, n, k):
    chip, precision = key
    found = product_time(chip, m, n, k, precision)
    assert 0 < float(found.peak_share) < 1
    assert float(found.low) < float(found.value) < float(found.high)


@settings(max_examples=40, deadline=None)
@given(which, sizes, sizes, sizes)
def test_the_parts_explain_the_time(key, m, n, k):
    found = product_time(key[0], m, n, k, key[1])
    part = {name: float(value) for name, value in found.parts.items()}
    serial = part["latency"] + part["cast"]
    beside = [part[name] for name in ("waves", "compute", "memory")]
    assert serial + max(beside) <= float(found.value) * (1 + 1e-12)
    assert float(found.value) <= serial + sum(beside)
    assert (part["cast"] > 0) == (key[1] != "bf16")


@settings(max_examples=30, deadline=None)
@given(which, sizes, sizes, sizes, st.floats(1.1, 3.0))
def test_a_faster_memory_never_slows_a_product(key, m, n, k, gain):
    chip = processor(key[0])
    fast = replace(chip, bandwidth_bytes_per_s=chip.bandwidth_bytes_per_s * gain)
    assert float(product_time(fast, m, n, k, key[1]).value) <= float(
        product_time(chip, m, n, k, key[1]).value
    )


def test_arrays_answer_as_numbers_do():
    m, n = np.array([[1024.0], [4096.0]]), np.array([256.0, 1024.0, 8192.0])
    table = product_time("h100", m, n, 4096)
    assert table.value.shape == (2, 3)
    for row in range(2):
        for column in range(3):
            alone = product_time("h100", m[row, 0], n[column], 4096)
            assert float(alone.value) == pytest.approx(table.value[row, column], rel=1e-12)
            assert str(alone.bound) == table.bound[row, column]


def test_half_the_bytes_and_twice_the_rate_pay_at_large_sizes_only():
    big, small = (8192, 16384, 16384), (1024, 256, 256)
    assert float(product_time("b200", *big, "fp8").value) < 0.7 * float(product_time("b200", *big).value)
    assert float(product_time("b200", *small, "fp8").value) > float(product_time("b200", *small).value)


def test_a_chip_that_was_not_measured_gets_a_wider_interval():
    known, other = (product_time(chip, 4096, 4096, 4096) for chip in ("h100", "h200"))
    assert (known.measured, other.measured) == (True, False)
    assert float(other.high / other.value) > float(known.high / known.value)


def test_every_law_fits_at_most_eight_coefficients_and_ships_a_covariance():
    for (chip, precision), law in read_laws().items():
        variance = np.diag(law.covariance)
        assert np.linalg.eigvalsh(law.covariance).min() > -1e-6 * variance.max()
        if chip:
            fitted = [name for name, value in zip(COEFFICIENTS, variance, strict=True) if value > 0]
            assert len(fitted) <= 8
            assert set(fitted) == set(COEFFICIENTS) - set(FIXED[precision])


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (
            ("h101", 4, 4, 4),
            UnknownNameError,
            "The chip 'h101' is not known. The nearest known: 'h100_sxm'",
        ),
        (
            ("a100", 4, 4, 4, "fp8"),
            UsageError,
            "The chip 'a100_sxm' has no rate for 'fp8'. Its rates are bf16. Name one of these precisions.",
        ),
        (
            ("h100", 4, 4, 4, "fp9"),
            UnknownNameError,
            "The precision 'fp9' is not known. The nearest known: 'fp8', 'fp4'.",
        ),
        (
            ("h100", 4, 0, 4),
            UsageError,
            "A size of the product is below 1. m, n and k are 1 or more. Give whole numbers.",
        ),
        (
            ("h100", 4, math.nan, 4),
            UsageError,
            "A size of the product is below 1. m, n and k are 1 or more. Give whole numbers.",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(asked, error, message):
    with pytest.raises(error) as refusal:
        product_time(*asked)
    assert str(refusal.value).startswith(message)


def test_the_command_line_tells_the_time(capsys):
    assert main(["compute", "time", "b200", "4096", "4096", "4096", "--precision", "fp8", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    asked = product_time("b200", 4096, 4096, 4096, "fp8")
    assert told["seconds"] == float(asked.value)
    assert told["bound"] == str(asked.bound)
    assert main(["compute", "time", "h100", "8192", "8192", "8192"]) == 0
    text = capsys.readouterr().out
    assert "% of the dense rate" in text
    assert "Bound by compute." in text


@with_data
def test_the_law_meets_its_goals_where_it_says_so(tmp_path):
    """On every second product of every table; `narrows validate compute` takes them all."""
    with gzip.open(DATA / TABLE, "rt", encoding="utf-8") as whole:
        head, *lines = whole
    with gzip.open(tmp_path / TABLE, "wt", encoding="utf-8", compresslevel=1) as half:
        half.writelines([head, *lines[::2]])
    rows = list(operator_rows(tmp_path))
    means = {row.quantity: row for row in rows if row.metric == "mean error in %"}
    for chip in ("h100_sxm", "b200_sxm", "b300_sxm", "gb200"):
        assert means[f"{chip} fp8, five folds"].holds
    assert means["h100_sxm bf16, five folds"].holds
    assert means["a100_sxm bf16, as shipped"].holds
    beaten = [row for row in means.values() if row.baseline is not None]
    assert len(beaten) >= 48
    assert all(row.value < row.baseline for row in beaten)
    covered = [row for row in rows if row.metric.startswith("% inside") and "five folds" in row.quantity]
    assert len(covered) == 12
    assert all(row.holds for row in covered)


@with_data
def test_the_file_names_the_table_it_was_fitted_to():
    stored = json.loads(resources.files("narrows.compute").joinpath("operator.json").read_text("utf-8"))
    assert stored["table_sha256"] == hashlib.sha256((DATA / TABLE).read_bytes()).hexdigest()
    assert stored["licence"] == "Apache-2.0"
    item = next(item for item in read_products(DATA) if (item.chip, item.precision) == ("a100_sxm", "bf16"))
    logs, _ = fit_products(item)
    assert logs == pytest.approx(read_laws()["a100_sxm", "bf16"].logs, abs=1e-3)


@with_data
def test_a_fit_does_not_see_what_it_is_scored_on():
    item = next(item for item in read_products(DATA) if (item.chip, item.precision) == ("h100_sxm", "bf16"))
    logs = read_laws()["h100_sxm", "bf16"].logs
    wrong = replace(item, seconds=np.where(item.shapes.m == 1024, item.seconds * 3, item.seconds))
    right, labels = held_out(item, "m", logs)
    other, _ = held_out(wrong, "m", logs)
    test = labels == 1024
    assert other[test] == pytest.approx(right[test] - math.log(3), abs=1e-9)


def test_rows_say_that_data_are_absent():
    (row,) = operator_rows(None)
    assert (row.metric, row.holds) == ("not run: data absent", None)


def test_names_and_widths_are_whole():
    assert set(WIDTH) == set(COEFFICIENTS)
    assert set(FIXED) == set(BYTES)
