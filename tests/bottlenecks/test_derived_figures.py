"""Figures that follow from a few facts: against numbers that others published, and by hand."""

from __future__ import annotations

import pytest

import narrows
from narrows.bottlenecks.derived_figures import LAWS, things
from narrows.catalog import default
from narrows.errors import UnknownNameError


def figure(id_):
    return narrows.why(id_, draws=400).figure


@pytest.mark.parametrize(
    ("id_", "published", "unit", "within"),
    [
        ("derived.weights.llama-3.1-405b", 405.9e9, "1", 1e-3),  # numbers of the released checkpoint
        ("derived.weights.llama-3.1-8b", 8.03e9, "1", 1e-3),
        ("derived.active_weights.deepseek-v3", 37e9, "1", 0.03),  # its report, with embeddings
        ("derived.training_compute.llama-3.1-405b", 3.8e25, "flop", 0.05),  # its report
        ("derived.pin_bandwidth.hbm3", 819.2, "GB/s", 0.02),  # JESD238
        ("derived.ridge.h100_sxm", 989.4 / 3.35, "flop/byte", 1e-3),
        ("derived.air_usual.rack", 24.0, "kW", 0.15),  # 3,000 CFM and 25 F of rise
        ("derived.system_power.gb200_nvl72", 132 / 72, "kW/chip", 0.03),
    ],
)
def test_a_figure_is_that_of_others(id_, published, unit, within):
    found = figure(id_)
    assert found.unit == unit
    assert found.value == pytest.approx(published, rel=within)


def test_days_follow_from_operations_chips_and_rate():
    book = default()
    chips, rate, share = (
        book.fact(name).value for name in ("training.llama3.chips", "chip.h100_sxm.bf16", "training.mfu")
    )
    days = figure("derived.training_compute.llama-3.1-405b").value / (chips * rate * share) / 86_400
    assert figure("derived.training_days.llama-3.1-405b").p50 == pytest.approx(days, rel=0.1)


def test_a_chain_names_the_facts():
    chain = narrows.why("derived.scale_step.h100_sxm", draws=200)
    assert {link.fact.id for link in chain.links} == {"chip.h100_sxm.scale_up", "cluster.h100_sxm.network"}
    counted = narrows.why("derived.weights.llama-3.1-8b", draws=50)
    assert all(link.fact.id.startswith("model.llama-3.1-8b.") for link in counted.links)


@pytest.mark.parametrize("quantity", LAWS)
def test_every_quantity_is_asked_of_something_and_answers(quantity):
    found = things(quantity, default())
    assert found
    assert figure(f"derived.{quantity}.{found[0]}").value > 0


@pytest.mark.parametrize(
    ("id_", "near"),
    [
        ("derived.rigde.h100_sxm", "derived.ridge"),
        ("derived.ridge.h100", "derived.ridge.h20"),
        ("derived.air_usual.plate_most", "derived.air_usual.rack"),
        ("derived", "derived."),
    ],
)
def test_what_does_not_follow_is_refused_with_the_nearest(id_, near):
    with pytest.raises(UnknownNameError) as refused:
        figure(id_)
    assert near in str(refused.value)
