"""Throughput at full load: laws, the roofline and the law of steps as oracles, limits, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import DataError, UsageError
from narrows.inference.law import Placement, closed_loop, token_time
from narrows.inference.throughput import FiniteRun, best_throughput
from narrows.inference.throughput_checks import throughput_rows
from narrows.transformer.registry import chip, model

TABLES = Path(__file__).parents[3] / "shared" / "data" / "inference"
with_data = pytest.mark.skipif(not TABLES.is_dir(), reason="the tables of results are not here")
MODELS = st.sampled_from(["llama-3.1-8b", "llama-3.1-70b", "gpt-oss-20b", "qwen3-30b-a3b"])
CARDS = st.sampled_from(["h100", "h200", "b200", "mi300x"])
LENGTHS = st.integers(32, 4096)


def speed(*names, **asked):
    return best_throughput(*names, **asked).tokens_per_s_per_chip.value


@settings(max_examples=25, deadline=None)
@given(MODELS, CARDS, LENGTHS, LENGTHS)
def test_no_chip_passes_its_peak_rate_or_its_bandwidth(name, card, asked, answered):
    found = best_throughput(name, card, asked=asked, answered=answered)
    span, wide = found.tokens_per_s_per_chip, model(name)
    tokens = span.value * (1 + asked / answered)
    body = wide.active_weights - wide.hidden * wide.vocabulary
    assert 2 * body * tokens <= max(chip(card).flop_per_s.values())
    assert 0 < found.memory_share <= 1
    assert 0 < found.compute_share <= 1
    assert sum(found.bounds.values()) == pytest.approx(1.0)
    assert 0 < span.low < span.value < span.high


@settings(max_examples=20, deadline=None)
@given(MODELS, CARDS, LENGTHS, LENGTHS, st.tuples(st.floats(0.02, 0.5), st.floats(1.0, 3.0)))
def test_a_looser_limit_never_costs_more_than_what_counts_as_alike(name, card, asked, answered, limits):
    limit, looser = limits
    try:
        tight = speed(name, card, asked=asked, answered=answered, tpot_limit_s=limit)
    except UsageError:
        return
    loose = speed(name, card, asked=asked, answered=answered, tpot_limit_s=limit * looser)
    free = speed(name, card, asked=asked, answered=answered)
    assert tight * 0.979 <= loose
    assert loose * 0.979 <= free


@settings(max_examples=20, deadline=None)
@given(MODELS, CARDS, LENGTHS, LENGTHS)
def test_longer_prompts_slow_the_answers(name, card, asked, answered):
    less = speed(name, card, asked=asked, answered=answered)
    more = speed(name, card, asked=2 * asked, answered=answered)
    assert more <= less * 1.021


@settings(max_examples=20, deadline=None)
@given(MODELS, LENGTHS, LENGTHS, st.integers(1, 5000))
def test_a_run_that_ends_is_slower_than_one_that_goes_on_and_nears_it(name, asked, answered, count):
    only = Placement("trtllm", "fp8", cache="fp8")
    told = {"asked": asked, "answered": answered, "weights": "fp8", "only": only}
    steady = speed(name, "h200", **told)
    short = speed(name, "h200", run=FiniteRun(count, 4 * answered, chips=1), **told)
    long = speed(name, "h200", run=FiniteRun(10_000_000, 4 * answered, chips=1), **told)
    assert short <= long * 1.000001
    assert long <= steady * 1.000001
    assert long >= 0.98 * steady


def test_the_value_is_that_of_the_law_at_the_batch():
    only = Placement("trtllm", "fp8", cache="fp8", tensor=2)
    found = best_throughput("llama-3.1-70b", "h100", asked=500, answered=800, weights="fp8", only=only)
    loop = closed_loop(
        model("llama-3.1-70b"), chip("h100"), only, asked=500, answered=800, concurrency=found.batch
    )
    token = token_time(loop).value
    assert found.tokens_per_s_per_chip.value == pytest.approx(found.batch / token / 2, rel=1e-9)
    assert found.tpot_s == pytest.approx(token, rel=1e-9)


def test_the_batch_fits_the_memory():
    found = best_throughput("llama-3.1-70b", "h100", asked=500, answered=800, weights="fp8")
    weights = 70.55e9 + 2 * 2 * 128256 * 8192 - 2 * 128256 * 8192  # linear layers in 8 bits, the rest in 16
    cache = found.batch * 1300 * 163840
    assert weights + cache <= found.chips * 0.9 * 79.11 * 2**30


def test_energy_and_cost_follow_from_the_speed():
    found = best_throughput("llama-3.1-8b", "b200", asked=1000, answered=1000)
    each = found.tokens_per_s_per_chip.value
    assert found.energy.chip_j.value == pytest.approx(found.energy.chip_w.value / each)
    assert found.usd_per_million is not None
    assert found.usd_per_million.value == pytest.approx(2.07e6 / 3600 / each, rel=1e-6)
    assert "chip.b200_sxm.tco_neocloud" in found.reads


def test_limits_are_met():
    found = best_throughput(
        "llama-3.1-405b", "h200", asked=9428, answered=684, tpot_limit_s=0.175, ttft_limit_s=6.0
    )
    assert found.tpot_s <= 0.175
    assert found.ttft_s is not None
    assert found.ttft_s <= 6.0


def test_a_model_that_fits_nowhere_is_refused():
    # By hand: (401.65e9 x 1 + 4.2e9 x 2)/8 = 51.26 GB of weights, 43.13 GB to fill, 1.25 GB taken: 9.38 GB.
    with pytest.raises(DataError) as refusal:
        best_throughput("llama-3.1-405b", "l40s", asked=100, answered=10)
    assert str(refusal.value) == (
        "llama-3.1-405b does not fit on 8 x l40s. 9,382,687,207 byte are missing on a chip for one sequence "
        "of 110 tokens; enough alone: the chip h100_sxm (80 GiB). Name a larger chip, or leaner --weights."
    )


def test_a_limit_that_cannot_be_met_names_the_best():
    with pytest.raises(UsageError) as refusal:
        best_throughput(
            "llama-3.1-70b", "h100", asked=1024, answered=1024, tpot_limit_s=1e-4, ttft_limit_s=1e-3
        )
    given, reached, remedy = (
        str(refusal.value).split(". ", maxsplit=2)[0],
        *str(refusal.value).split(". ")[1:],
    )
    assert given == (
        "llama-3.1-70b on h100_sxm is asked for a time per output token of 0.0001 s and a time to the first "
        "token of 0.001 s"
    )
    token, first = (float(part) for part in reached.removeprefix("At the lightest load the best is ")
                    .replace(" s", "").split(" and "))  # fmt: skip
    assert remedy == f"Write, for instance, --tpot {1.2 * token:.2g} --ttft {1.2 * first:.2g}."
    met = best_throughput(
        "llama-3.1-70b", "h100", asked=1024, answered=1024, tpot_limit_s=1.3 * token, ttft_limit_s=2 * first
    )
    assert met.tpot_s <= 1.3 * token


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--input-tokens", {"asked": 0}),
        ("--output-tokens", {"answered": -1}),
        ("--tpot", {"tpot_limit_s": float("nan")}),
    ],
)
def test_numbers_out_of_range_are_refused(option, told):
    with pytest.raises(UsageError, match=f"^The option {option} is given .*It is above 0"):
        best_throughput("llama-3.1-8b", "h100", **({"asked": 10, "answered": 10} | told))


def test_a_precision_that_the_chip_does_not_have_is_refused():
    with pytest.raises(UsageError) as refusal:
        best_throughput("llama-3.1-8b", "h100", asked=10, answered=10, weights="fp4")
    assert str(refusal.value) == (
        "The option --weights is given 'fp4'. h100_sxm computes in fp8, bf16. "
        "Write --weights fp8, or name another chip."
    )


def test_a_checkpoint_with_lean_experts_keeps_them():
    found = best_throughput("gpt-oss-120b", "h200", asked=1000, answered=1000)
    assert (found.placement.weights, found.placement.experts) == ("bf16", "mxfp4")


@with_data
def test_dense_models_are_mostly_within_a_fifth_of_the_best_of_mlperf():
    rows = {(row.quantity, row.metric): row.value for row in throughput_rows(TABLES)}
    assert rows["MLPerf best of a chip, Offline, dense models", "share within 20 %"] >= 0.65
    assert rows["TensorRT-LLM, published points", "median error in %"] <= 35


def test_without_data_the_rows_say_so():
    (row,) = throughput_rows(None)
    assert (row.metric, row.holds) == ("not run: data absent", None)


def test_answers_alive_have_the_mean_that_is_asked():
    from narrows.inference.throughput import _alive

    for mean, longest in ((294, 1024), (3700, 20000), (128, 128), (645, 2000)):
        alive = _alive(mean, longest)
        points = np.linspace(0, longest, len(alive))
        assert np.trapezoid(alive, points) == pytest.approx(mean, rel=0.02)


@pytest.mark.parametrize("load", [0.3, 0.5, 0.7, 0.85])
def test_waits_are_those_of_a_simulated_queue(load):
    from narrows.inference.throughput import _waits

    gaps = np.random.default_rng(5).exponential(1 / load, 400_000)
    walk = np.cumsum(1.0 - gaps)  # a wait is the walk above its lowest point so far
    waits = walk - np.minimum.accumulate(np.minimum(walk, 0.0))
    assert float(_waits(np.array([load]))[0]) == pytest.approx(np.quantile(waits, 0.99), rel=0.06)


def test_a_queue_that_is_full_never_ends():
    from narrows.inference.throughput import _waits

    assert _waits(np.array([0.0, 0.005, 1.0, 1.5])).tolist() == [0.0, 0.0, np.inf, np.inf]


def test_a_run_of_nothing_is_refused():
    with pytest.raises(UsageError) as refusal:
        FiniteRun(0, 128)
    assert str(refusal.value) == (
        "The run has 0 requests, answers up to 128 and 8 chips. Each is above 0. "
        "Leave the run out for a load that goes on."
    )
