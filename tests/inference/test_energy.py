"""The power of a serving chip: bounds and laws, a hand calculation, the fit, and measured power."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import UsageError
from narrows.inference.energy import chip_power_w, joules_per_token, power, server_power_w, use_of
from narrows.inference.energy_checks import GpuRun, energy_rows, fit_power
from narrows.inference.law import Placement, Span
from narrows.transformer.registry import chip, chips, model

TABLES = Path(__file__).parents[3] / "shared" / "data" / "inference"
with_data = pytest.mark.skipif(not TABLES.is_dir(), reason="the tables of measured power are not here")
SHARES = st.floats(0.0, 1.0)
CARDS = st.sampled_from(chips())


@settings(max_examples=80, deadline=None)
@given(CARDS, SHARES, SHARES, SHARES, SHARES)
def test_power_rises_with_use_and_never_passes_the_design_power(name, memory, compute, more, extra):
    card = chip(name)
    base = float(chip_power_w(card, memory_share=memory, compute_share=compute))
    up = float(
        chip_power_w(card, memory_share=min(1.0, memory + more), compute_share=min(1.0, compute + extra))
    )
    assert 0.0 < base <= up + 1e-9
    assert up <= card.power_w


@settings(max_examples=80, deadline=None)
@given(CARDS, SHARES, SHARES)
def test_the_interval_holds_the_value_and_stays_within_the_design_power(name, memory, compute):
    card = chip(name)
    span = power(card, memory_share=memory, compute_share=compute)
    assert 0.0 <= span.low < span.value <= span.high <= card.power_w
    assert span.value == pytest.approx(
        float(chip_power_w(card, memory_share=memory, compute_share=compute)), rel=1e-12
    )


def test_many_shares_are_answered_at_once_as_one_by_one():
    card, memory, compute = chip("h100"), np.linspace(0, 1, 7), np.linspace(0, 0.1, 7)
    every = chip_power_w(card, memory_share=memory, compute_share=compute)
    each = [
        float(chip_power_w(card, memory_share=m, compute_share=c))
        for m, c in zip(memory, compute, strict=True)
    ]
    assert every == pytest.approx(each, rel=1e-15)


@pytest.mark.parametrize("wrong", [-0.1, math.nan, math.inf])
def test_a_share_that_is_none_is_refused(wrong):
    with pytest.raises(UsageError) as refusal:
        chip_power_w(chip("h100"), memory_share=wrong, compute_share=0.1)
    assert str(refusal.value) == (
        f"The share of memory in use is {wrong:g}. It is a share, 0 to 1. "
        "Give the share of the chip's offer that is in use."
    )


def test_the_cooling_is_air_or_liquid():
    with pytest.raises(UsageError) as refusal:
        server_power_w(Span(1.0, 0.9, 1.1), cooling="ice")
    assert str(refusal.value) == "The cooling is given 'ice'. It is air or liquid. Write 'air'."


def test_liquid_saves_the_fans_and_the_host_comes_on_top():
    watts = Span(1000.0, 950.0, 1000.0)
    air, liquid = server_power_w(watts), server_power_w(watts, cooling="liquid")
    assert air.value == 1000.0 + 350.0  # 8.4 kW of a node of 8 x 700 W leaves 350 W a chip
    assert liquid.value == pytest.approx(0.85 * air.value)
    assert air.low < air.value < air.high
    assert liquid.low < liquid.value < liquid.high


def test_energy_of_a_token_by_hand():
    told = joules_per_token(chip("b200"), Span(900.0, 850.0, 950.0), Span(2000.0, 1900.0, 2100.0), chips=8)
    assert told.chip_j.value == 8 * 900.0 / 2000.0
    assert told.server_j.value == pytest.approx(8 * 1250.0 / 2000.0)
    # All in: 1.71 kW at a design power of 1 kW, and a PUE of 1.25.
    assert told.facility_j.value == pytest.approx(8 * (900.0 + 710.0) * 1.25 / 2000.0)
    assert told.chip_j.low < told.chip_j.value < told.chip_j.high
    assert told.chip_j.value < told.server_j.value < told.facility_j.value


def test_energy_without_an_all_in_power_takes_the_host():
    told = joules_per_token(chip("l40s"), Span(300.0, 290.0, 310.0), Span(1000.0, 900.0, 1100.0))
    assert told.facility_j.value == pytest.approx((300.0 + 350.0) * 1.25 / 1000.0)


@pytest.mark.parametrize(("chips", "speed"), [(0, 100.0), (8, 0.0)])
def test_no_chips_and_no_tokens_are_refused(chips, speed):
    with pytest.raises(UsageError) as refusal:
        joules_per_token(chip("b200"), Span(900.0, 850.0, 950.0), Span(speed, speed, speed), chips=chips)
    assert str(refusal.value) == (
        f"The deployment has {chips} chips and {speed:g} output tokens/s. Both are above 0. Give what serves."
    )


def test_use_of_a_chip_by_hand():
    llama, card = model("llama-3.1-8b"), chip("h100")
    memory, compute = use_of(
        llama, card, Placement("vllm"), requests=4, context=1000, prompt=0, prompt_pairs=0, steps_per_s=50
    )
    met = llama.active_weights  # all but the input embedding
    assert memory == pytest.approx((2 * met + 4 * 1000 * 131072) * 50 / 3.35e12, rel=1e-9)
    assert compute == pytest.approx(2 * met * 4 * 50 / 9.89e14, rel=1e-9)


def test_the_fit_finds_the_coefficients_that_made_the_runs():
    made = np.array([0.3, 0.2, 15.0])
    runs = []
    for memory, compute in [(0.1, 0.001), (0.3, 0.004), (0.6, 0.01), (0.5, 0.02), (0.2, 0.03), (0.1, 0.05)]:
        load = made[1] * memory + made[2] * compute
        share = made[0] + (1 - made[0]) * load / (1 + load**4) ** 0.25
        runs.append(GpuRun(1, False, 100.0, 8, 1000.0 * share, memory, compute))
    found, _, scatter = fit_power(runs)
    assert found == pytest.approx(made, rel=1e-4)
    assert scatter < 1e-5


@with_data
def test_measured_power_is_met():
    rows = list(energy_rows(TABLES))
    held = [row for row in rows if row.holds is not None]
    assert len(held) >= 8
    assert all(row.holds for row in held), [row for row in held if not row.holds]


def test_without_data_the_rows_say_so():
    (row,) = energy_rows(None)
    assert (row.metric, row.holds) == ("not run: data absent", None)
