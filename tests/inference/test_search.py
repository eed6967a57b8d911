"""The search: its front against brute force, laws of goodput, the closed form against the simulation."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import NarrowsError
from narrows.inference import search as search_module
from narrows.inference.deployment import Deployment, goodput, loads, measure
from narrows.inference.fit import Setup
from narrows.inference.plan import plan
from narrows.inference.search import AIMS, Space, front, search
from narrows.inference.traffic import Objective, Traffic, traffic_of
from narrows.report.pareto import pareto_svg
from narrows.report.search import plan_json, plan_text, search_csv, search_json, search_text
from narrows.transformer.registry import checkpoint, chip

SMALL = Space(
    chips=("h100", "b200"),
    tensor=(1, 2),
    engines=("vllm",),
    batches=(4, 16, 64),
    budgets=(2048,),
    simulated=24,
)
SPREAD = Traffic(1000, 200, spread=0.3)


def test_nobody_on_the_front_is_beaten_and_all_others_are():
    random = np.random.default_rng(7)
    for size, width in ((1, 3), (50, 1), (400, 2), (400, 3)):
        check_front(random.random((size, width)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40))
def test_the_front_is_right_where_points_are_equal(points):
    check_front(np.array(points, dtype=float))


def check_front(points):
    kept = set(front(points).tolist())
    for place, one in enumerate(points):
        beaten = any((other <= one).all() and (other < one).any() for other in points)
        assert (place in kept) != beaten


# --- what a search answers ----------------------------------------------------------------------


def test_no_answer_beats_the_front_and_every_aim_is_the_best():
    found = search("llama-3.1-8b", SPREAD, Objective(tpot_s=0.05), SMALL)
    quantities = [(x.latency_s, x.usd_per_million, x.joules_per_token) for x in found.found]
    points = np.array(quantities)
    for place in found.front:
        assert not ((points <= points[place]).all(axis=1) & (points < points[place]).any(axis=1)).any()
    assert set(found.best) == set(AIMS)
    assert found.found[found.best["usd_per_million"]].usd_per_million == points[:, 1].min()
    assert found.found[found.best["latency_s"]].latency_s == points[:, 0].min()
    assert all(one.outcome.meets(found.objective) for one in found.found)
    refused = sum(count for name, count in found.refused.items())
    assert refused <= found.configurations
    assert found.simulated <= SMALL.simulated


def test_the_executor_does_not_change_a_byte():
    asked = ("llama-3.1-8b", SPREAD, Objective(tpot_s=0.03), SMALL)
    alone = search(*asked)
    with ThreadPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        for pool in (one, two):
            other = search(*asked, executor=pool)
            assert search_json(other) == search_json(alone)
            assert search_csv(other) == search_csv(alone)
            assert pareto_svg(other) == pareto_svg(alone)


def test_an_interrupted_search_keeps_what_is_done():
    def stop(what, done, total):  # noqa: ARG001
        if what == "simulated":
            raise KeyboardInterrupt

    found = search("llama-3.1-8b", SPREAD, Objective(tpot_s=0.05), SMALL, progress=stop)
    assert found.interrupted
    assert 0 < found.simulated < SMALL.simulated
    assert found.front
    assert "Interrupted" in search_text(found)
    assert json.loads(search_json(found))["interrupted"] is True

    def at_once(*_):
        raise KeyboardInterrupt

    none = search("llama-3.1-8b", SPREAD, Objective(tpot_s=0.05), SMALL, progress=at_once)
    assert none.interrupted
    assert none.simulated == 0
    assert search_text(none).count("\n") == 2


def test_ctrl_c_within_the_compiled_simulation_is_an_interruption_too(monkeypatch):
    def met(*_):
        raise SystemError("a result with an exception set") from KeyboardInterrupt()

    monkeypatch.setattr(search_module, "_simulate_some", met)
    assert search("llama-3.1-8b", SPREAD, Objective(tpot_s=0.05), SMALL).interrupted


def test_ctrl_c_ends_the_command_with_130_and_what_is_done(monkeypatch, capsys, tmp_path):
    from narrows.cli import main

    whole = search_module._simulate_some
    calls = []

    def once(*arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return whole(*arguments)

    monkeypatch.setattr(search_module, "_simulate_some", once)
    picture = tmp_path / "front.svg"
    line = "inference search llama-3.1-8b --input-tokens 1000 --output-tokens 200 --chips h100 --weights shipped --quiet --svg"
    assert main([*line.split(), str(picture)]) == 130
    shown = capsys.readouterr()
    assert "Interrupted: this is what was done until then." in shown.out
    assert shown.err == "narrows: interrupted; what was done is shown, pictures were not written\n"
    assert not picture.exists()


# --- laws ---------------------------------------------------------------------------------------


def one_of(batch=64, split=None):
    return Deployment(checkpoint("llama-3.1-8b"), chip("h100"), Setup(), "vllm", batch, 2048, split)


def test_more_chips_never_lower_the_total_of_the_best():
    totals = []
    for most in (1, 2, 4):
        narrow = Space(
            chips=("h100",), weights=("shipped",), caches=("bf16",), engines=("vllm",), budgets=(2048,),
            batches=(16, 64, 128), splits=(None, (1, 1)), most_chips=most, simulated=100,
        )  # fmt: skip
        found = search("llama-3.1-8b", SPREAD, Objective(ttft_s=0.5, tpot_s=0.02), narrow)
        totals.append(max(one.goodput * (most // one.deployment.chips) for one in found.found))
    assert totals[0] <= totals[1] <= totals[2]


@settings(max_examples=6, deadline=None)
@given(st.floats(0.012, 0.03), st.floats(1.05, 3), st.sampled_from([None, (1, 1)]))
def test_a_looser_objective_never_gives_less_goodput(limit, looser, split):
    one = one_of(split=split)
    tight = goodput(one, SPREAD, Objective(tpot_s=limit), bound=30.0)
    loose = goodput(one, SPREAD, Objective(tpot_s=limit * looser), bound=30.0)
    assert loose.rate >= tight.rate


@pytest.mark.parametrize(
    ("model", "card", "tp", "batch"), [("llama-3.1-8b", "h100", 1, 8), ("llama-3.1-70b", "b200", 4, 16)]
)
@pytest.mark.parametrize("split", [None, (1, 1)])
def test_the_closed_form_is_the_simulation_in_a_closed_loop(model, card, tp, batch, split):
    narrow = Space(
        chips=(card,), weights=("shipped",), caches=("bf16",), tensor=(tp,), engines=("vllm",), batches=(batch, 2 * batch),
        budgets=(8192,), splits=(split,), simulated=10,
    )  # fmt: skip
    found = search(model, Traffic(1000, 500), space=narrow)
    closed = {round(usd, 9): latency for latency, usd, _ in found.cloud}
    for one in found.found:
        usd = min(closed, key=lambda known: abs(known / one.usd_per_million - 1))
        assert usd / one.usd_per_million == pytest.approx(1, abs=0.08)
        assert closed[usd] / one.latency_s == pytest.approx(1, abs=0.08)


def test_at_a_low_rate_a_request_takes_what_the_law_says():
    from narrows.inference.law import step_time

    one = one_of(batch=32)
    quiet = measure(one, Traffic(1000, 100), Objective(), rate=0.05, count=400)
    place = one.place
    step = step_time(one.model, one.card, place, requests=1, context=1050).value
    prompt = step_time(one.model, one.card, place, requests=0, context=0, prompt=1000, prompt_pairs=5e5).value
    assert quiet.tpot_s[0] == pytest.approx(step, rel=0.02)
    assert quiet.ttft_s[0] == pytest.approx(prompt, rel=0.02)
    memory, work = loads(one, Traffic(1000, 100), quiet.rate, quiet.concurrency)
    assert 0 < memory < 0.1
    assert 0 < work < memory


def test_a_cached_prefix_saves_time_and_a_saturated_copy_has_no_latency():
    one = one_of()
    plain, cached = (
        measure(one, Traffic(4000, 100, cached=share), Objective(), rate=1.0) for share in (0.0, 0.75)
    )
    assert cached.ttft_s[0] < plain.ttft_s[0] / 2
    flooded = measure(one, Traffic(4000, 100), Objective(), rate=500.0)
    assert flooded.saturated
    assert flooded.ttft_s == flooded.tpot_s == flooded.e2e_s == ()


def test_a_rate_is_served_by_enough_copies():
    rate = 40.0
    found = search("llama-3.1-8b", Traffic(1000, 200, spread=0.3, rate=rate), Objective(tpot_s=0.03), SMALL)
    for one in found.found:
        assert one.copies * one.goodput >= rate * 0.999
        assert one.chips <= SMALL.most_chips
        assert one.outcome.meets(found.objective)


def test_a_trace_gives_its_own_lengths_and_rate():
    from narrows.inference.engine import Requests

    told = traffic_of(Requests([0.0, 1.0, 2.0], [10, 20, 30], [4, 5, 6]))
    prompt, output = told.lengths(500, seed=3)
    assert set(zip(prompt.tolist(), output.tolist(), strict=True)) == {(10, 4), (20, 5), (30, 6)}
    assert told.rate == 1.0


# --- one deployment in full ---------------------------------------------------------------------


def test_a_plan_holds_together():
    traffic = Traffic(1000, 200, spread=0.3, rate=50.0)
    found = plan("llama-3.1-8b", "h100", traffic, Objective(tpot_s=0.02), Setup(), sequences=64)
    assert found.copies[1] <= found.copies[0] <= found.copies[2]
    assert found.copies[0] * found.full[0].rate >= traffic.rate * 0.999
    assert found.load[0].meets(found.objective)
    hourly = 1.55 * found.chips
    assert found.usd_per_million.value == pytest.approx(hourly / 3600 / (50.0 * 200) * 1e6)
    assert found.usd_per_million.fast <= found.usd_per_million.value <= found.usd_per_million.slow
    assert sum(found.price.bridge.values()) == pytest.approx(found.price.list_price)
    assert 20 <= len(plan_text(found).splitlines()) <= 36
    table = json.loads(plan_json(found))
    assert table["copies"]["law"] == found.copies[0]
    assert table["load"]["law"]["ttft_s"]["p50"] == found.load[0].ttft_s[0]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (
            lambda: Traffic(1000, 200, rate=-1.0),
            "The option --rate is given -1. It is above 0. Write, for instance, --rate 5.",
        ),
        (
            lambda: Traffic(1000, 200, rate=0.0),
            "The option --rate is given 0. It is above 0. Write, for instance, --rate 5.",
        ),
        (
            lambda: Traffic(float("nan"), 200),
            "The option --input-tokens is given nan. It is 1 token or more. Write, for instance, --input-tokens 4000.",
        ),
        (
            lambda: Traffic(10, 20, rate=1.0, users=2.0),
            ("Both --rate and --users are given. Requests arrive at a rate, or a number of users each wait for "
            "their answer. Leave one of the two out."),
        ),
        (
            lambda: Objective(at=1.0),
            "The option --at is given 1. It is a share between 0 and 1. Write, for instance, --at 0.9.",
        ),
        (
            lambda: search("llama-3.1-8b", Traffic(200_000, 200), space=SMALL),
            ("The options --input-tokens and --output-tokens make 200200 tokens. The longest sequence of llama-3.1-8b is 131072 "
            "tokens. Give shorter lengths, or another model."),
        ),
        (
            lambda: search("llama-3.1-8b", SPREAD, space=Space(chips=("h100",), weights=("nvfp4",))),
            ("The option --weights is given 'nvfp4'. The chips h100 compute in bf16, fp8. Name one of these formats, or "
            "another chip."),
        ),
        (
            lambda: search("deepseek-v3", SPREAD, space=Space(chips=("h100",), weights=("shipped",), tensor=(1, 2), ranks=(1,))),
            ("deepseek-v3 with a sequence of 1200 tokens fits none of the 6 ways to lay it over chips. The nearest is "
            "tensor 2, stages 1 on h100_sxm, where 261,903,576,578 byte are missing on a chip. Enough alone: --tp 16."),
        ),
        (
            lambda: plan("llama-3.1-8b", "h100", SPREAD, setup=Setup(), engine="vlm"),
            "The engine 'vlm' is not known. The nearest known: 'vllm', 'trtllm'. Name one of trtllm, vllm, sglang.",
        ),
        (
            lambda: search("llama-3.1-8b", Traffic(1000, 200, rate=1e5), space=SMALL),
            ("No configuration serves the traffic with 64 chips. Copies are added until the rate or the users are "
            "served. Allow more with --most-chips, or give a lower --rate."),
        ),
        (
            lambda: plan("llama-3.1-70b", "h100", SPREAD, setup=Setup()),
            ("llama-3.1-70b does not fit 1 x h100_sxm: 66,298,647,042 byte are missing on a chip. Weights take 141.1 GB "
            "and one sequence 0.39 GB of 75.2 GB. Enough alone: --tp 2; --weights fp8; the chip b200_sxm (180 GiB)."),
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_what_would_do(ask, sentence):
    with pytest.raises(NarrowsError) as told:
        ask()
    assert str(told.value) == sentence


def test_an_objective_that_nothing_meets_names_the_best_of_each():
    with pytest.raises(NarrowsError) as told:
        search("llama-3.1-8b", SPREAD, Objective(ttft_s=1e-5, tpot_s=1e-5), SMALL)
    assert told.value.given == "No configuration meets TTFT 0.01 ms, TPOT 0.01 ms for 90 % of the requests"
    assert told.value.acceptable.startswith("The least of each alone is TTFT ")
    with pytest.raises(NarrowsError) as missed:
        plan("llama-3.1-8b", "h100", SPREAD, Objective(tpot_s=1e-5), Setup())
    assert missed.value.given == "The deployment misses TPOT 0.01 ms for 90 % of the requests"
    assert "With hardly any load it has TTFT " in missed.value.acceptable


def test_the_picture_is_one_document_with_every_chip_named():
    from xml.etree import ElementTree as ET

    found = search("llama-3.1-8b", SPREAD, Objective(tpot_s=0.05), SMALL)
    picture = ET.fromstring(pareto_svg(found))  # noqa: S314 (our own)
    words = [mark.text for mark in picture.iter() if mark.tag.endswith("text")]
    assert {"h100", "b200", "faint: closed form"} <= set(words)
    assert words[0].startswith("llama-3.1-8b: TPOT from ")


def test_the_table_is_short_and_its_columns_stand():
    text = search_text(search("llama-3.1-8b", SPREAD, Objective(tpot_s=0.05), SMALL))
    assert len(text.splitlines()) < 32
    assert max(map(len, text.splitlines())) <= 130
    assert "configurations screened, 24 near the front simulated" in text
