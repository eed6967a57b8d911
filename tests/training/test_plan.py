"""A run in full: days from step and useful time, remedies that do fit, intervals, refusals."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from narrows.bottlenecks.chain import why
from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.training.machine import machine
from narrows.training.memory import fullest
from narrows.training.plan import Ask, plan
from narrows.training.search import Space
from narrows.training.step_law import step
from narrows.transformer.registry import model

H100, LLAMA = machine("h100"), model("llama-3.1-70b")
JOB = Space((64,), 128, 8192, "fp8", tensor=4, stages=8, interleave=5, micro_batch=1, recompute="full")


def test_days_follow_from_steps_and_useful_time() -> None:
    found = plan(LLAMA, H100, JOB, Ask(tokens=1e12, start=dt.date(2027, 1, 1)), draws=2000)
    steps = -(-1e12 // (128 * 8192))
    days = steps * found.step.seconds.value / found.useful[0] / 86_400
    assert found.stated["days"] == pytest.approx(days)
    assert found.stated["chip_hours"] == pytest.approx(days * 24 * 64)
    low, middle, high = found.bands["days"]
    assert low < middle < high
    # No narrower than the step alone, nor than failures alone.
    assert high / low > found.step.seconds.high / found.step.seconds.low * 0.98
    assert found.finish[0] == dt.date(2027, 1, 1) + dt.timedelta(days=int(-(-days // 1)))
    assert found.finish[1] <= found.finish[2] <= found.finish[3]
    assert found.stated["usd_with_all"] > found.stated["usd"] > 0
    assert found.stated["mwh"] == pytest.approx(found.hour.kwh * found.stated["chip_hours"] / 1000)
    assert found.knobs is None
    assert not found.searched
    assert found.step.seconds == step(LLAMA, H100, found.layout).seconds


def test_the_same_seed_gives_the_same_plan() -> None:
    ask = Ask(tokens=1e12)
    one, two, other = (plan(LLAMA, H100, JOB, ask, draws=500, seed=seed) for seed in (1, 1, 2))
    assert one.bands == two.bands
    assert one.bands != other.bands


def test_more_chips_finish_earlier_and_lose_more() -> None:
    ask = Ask(tokens=1e12)
    few, many = (plan(LLAMA, H100, replace(JOB, chips=(n,)), ask, draws=500) for n in (64, 1024))
    assert many.stated["days"] < few.stated["days"]
    assert many.useful[0] < few.useful[0]


def test_what_does_not_fit_says_what_would() -> None:
    wide = replace(JOB, precision="bf16")
    found = plan(LLAMA, H100, replace(wide, recompute="none"))
    assert not found.fits
    assert "recompute full" in dict(found.remedies)
    for held in dict(found.remedies).values():
        assert held <= found.room_bytes < fullest(found.stages)[1].total
    full = plan(LLAMA, H100, wide)
    assert full.fits
    assert full.remedies == ()
    assert dict(found.remedies)["recompute full"] == pytest.approx(fullest(full.stages)[1].total)


def test_what_is_left_out_is_an_interval_with_its_fastest() -> None:
    found = plan(LLAMA, H100, replace(JOB, micro_batch=None, recompute=None, precision="bf16"))
    assert found.knobs is not None
    assert found.knobs.names == ("micro_batch", "recompute")
    assert found.knobs.fastest.seconds <= found.knobs.slowest.seconds
    assert found.step.seconds.value == pytest.approx(found.knobs.fastest.seconds)
    assert not found.knobs.default_fits
    assert found.knobs.default.layout.recompute == "none"
    searched = plan(LLAMA, H100, Space((64,), 128, 8192, "bf16"))
    assert searched.searched
    assert searched.fits
    assert searched.step.seconds.value <= found.step.seconds.value


def test_a_budget_of_operations_gives_tokens_and_a_split() -> None:
    found = plan(LLAMA, H100, JOB, Ask(flop=1e24), draws=100)
    assert found.tokens == pytest.approx(1e24 / found.step.flops_per_token)
    assert found.split["parameters"] * found.split["tokens"] * 6 == pytest.approx(1e24, rel=1e-6)


REFUSED = [
    (
        JOB,
        Ask(tokens=0.0),
        "The option --tokens is given 0. It is above 0. Write, for instance, --tokens 15e12.",
    ),
    (
        JOB,
        Ask(tokens=1.0, flop=1.0),
        "The length of the run is given by tokens and by operations. One follows from the other. Give one.",
    ),
    (
        replace(JOB, chips=(64, 128)),
        Ask(),
        "A plan is given several numbers of chips. It is one run. Give one number.",
    ),
    (
        replace(JOB, tensor=3),
        Ask(),
        (
            "The layout has tensor x stages x context 24, which does not divide chips 64. "
            "Divisors are 1, 2, 4, 8, 16, 32, 64. Give one of them."
        ),
    ),
]


@pytest.mark.parametrize(("space", "ask", "sentence"), REFUSED)
def test_refusals(space: Space, ask: Ask, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(LLAMA, H100, space, ask)
    assert str(refused.value) == sentence


def test_a_model_that_fits_nowhere_is_refused_with_its_need() -> None:
    with pytest.raises(DataError) as refused:
        plan(model("llama-3.1-405b"), H100, Space((8,), 8, 8192))
    told = str(refused.value)
    assert told.startswith("No layout of llama-3.1-405b fits on 8 h100_sxm. The least of them needs ")
    assert told.endswith(
        "GiB a chip, of which 74.4 can be allocated. Give more chips, or fewer sequences and tokens."
    )


def test_every_figure_of_a_plan_has_its_chain() -> None:
    """What `why` says of a plan is what the plan says, and the id that the plan prints asks for it."""
    found = plan(LLAMA, H100, JOB, Ask(tokens=1e12), draws=400)
    full = fullest(found.stages)[1]
    told = {
        word: why(f"training.plan.{word}.{found.question}", draws=400)
        for word in ("days", "usd", "memory", "mfu")
    }
    for word in ("days", "usd"):
        low, _, high = found.bands[word]
        figure = told[word].figure
        assert (figure.p05, figure.p95) == (pytest.approx(low, rel=0.02), pytest.approx(high, rel=0.02))
    assert told["memory"].figure.value == pytest.approx(full.total)
    assert told["mfu"].figure.value == pytest.approx(found.step.mfu.value, rel=0.02)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (
            "training.plan.dais.llama-3.1-8b.h100_sxm@chips=8",
            UnknownNameError,
            "The figure 'training.plan.dais",
        ),
        (
            "training.plan.days.llama-3.1-8b.h100_sxm@chips=8,batch=8,sequence=4096",
            UsageError,
            "The figure 'training.plan.days.llama-3.1-8b.h100_sxm@chips=8,batch=8,sequence=4096' needs the length",
        ),
        (
            "training.plan.step.llama-3.1-8b.h100_sxm@chips=eight",
            UsageError,
            "The figure 'training.plan.step.llama-3.1-8b.h100_sxm@chips=eight' has a width that is no number.",
        ),
    ],
)
def test_a_figure_of_a_plan_that_cannot_be_told_is_refused(name: str, error: type, words: str) -> None:
    with pytest.raises(error) as refused:
        why(name, draws=20)
    assert str(refused.value).startswith(words)
