"""The law of steps: laws of physics that it must obey, its intervals, its refusals, and measured runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.inference.law import (
    FEATURES,
    Placement,
    closed_loop,
    first_token_time,
    held_at_once,
    read_law,
    step_features,
    step_time,
    token_time,
)
from narrows.inference.law_checks import law_rows
from narrows.inference.law_fit import folds
from narrows.inference.silicon import architecture, read_runs
from narrows.transformer import Chip, Model

DATA = Path(__file__).parents[3] / "shared" / "data"
TABLES = DATA / "inference"
with_data = pytest.mark.skipif(not TABLES.is_dir(), reason="the table of measured runs is not here")

H100 = Chip("h100_sxm", 85.9e9, 3.35e12, {"bf16": 9.89e14, "fp8": 1.978e15}, 700, 8, 4.5e11, 5e10, 6.4e10)
LLAMA = Model("llama-3.1-8b", 32, 4096, 32, 128, kv_heads=8, dense_ff=14336, vocabulary=128256)
MIXTRAL = Model(
    "mixtral-8x7b", 32, 4096, 32, 128, kv_heads=8, experts=8, experts_per_token=2, expert_ff=14336,
    vocabulary=32000,
)  # fmt: skip
LATENT = Model(
    "deepseek-v3", 61, 7168, 128, 0, dense_ff=18432, experts=256, experts_per_token=8, expert_ff=2048,
    shared_experts=1, dense_layers=3, kv_rank=512, rope_size=64, nope_size=128, value_size=128,
    query_rank=1536, vocabulary=129280,
)  # fmt: skip
MODELS = st.sampled_from([LLAMA, MIXTRAL, LATENT])
ENGINES = st.sampled_from(["vllm", "trtllm", "sglang", "", "none-such"])
COUNTS = st.integers(1, 512)
LENGTHS = st.integers(16, 32_000)


# --- laws -----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(MODELS, ENGINES, st.tuples(COUNTS, COUNTS), LENGTHS, st.integers(0, 8192))
def test_more_requests_never_make_a_step_shorter(model, engine, counts, context, prompt):
    place = Placement(engine, "fp8", tensor=2, expert_tensor=2)
    low, high = counts[0], sum(counts)
    asked = {"context": context, "prompt": prompt, "prompt_pairs": prompt * context / 2}
    assert step_time(model, H100, place, requests=low, **asked).value <= step_time(
        model, H100, place, requests=high, **asked
    ).value * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(MODELS, ENGINES, COUNTS, LENGTHS, st.floats(1, 10))
def test_a_better_chip_never_makes_a_step_longer(model, engine, requests, context, factor):
    place = Placement(engine, tensor=4, expert_tensor=4)
    rates = {form: rate * factor for form, rate in H100.flop_per_s.items()}
    plain = step_time(model, H100, place, requests=requests, context=context).value
    for better in (
        replace(H100, bandwidth_bytes_per_s=H100.bandwidth_bytes_per_s * factor),
        replace(H100, flop_per_s=rates),
        replace(H100, scale_up_bytes_per_s=H100.scale_up_bytes_per_s * factor),
    ):
        assert step_time(model, better, place, requests=requests, context=context).value <= plain * (
            1 + 1e-12
        )


@settings(max_examples=60, deadline=None)
@given(MODELS, ENGINES, COUNTS, LENGTHS, st.integers(1, 20_000))
def test_a_longer_context_or_prompt_never_makes_a_step_shorter(model, engine, requests, context, more):
    place = Placement(engine)
    short = step_time(model, H100, place, requests=requests, context=context).value
    far = step_time(model, H100, place, requests=requests, context=context + more).value
    mixed = step_time(
        model, H100, place, requests=requests, context=context, prompt=more, prompt_pairs=more**2 / 2
    ).value
    assert short <= far * (1 + 1e-12)
    assert short <= mixed * (1 + 1e-12)


def test_one_more_prompt_token_never_makes_the_smallest_step_shorter():
    for engine in ("trtllm", "vllm", "sglang", ""):
        place = Placement(engine)
        bare = step_time(LLAMA, H100, place, requests=1, context=16).value
        more = step_time(LLAMA, H100, place, requests=1, context=16, prompt=1, prompt_pairs=1).value
        assert bare <= more


@settings(max_examples=40, deadline=None)
@given(MODELS, ENGINES, COUNTS, LENGTHS, st.integers(1, 4000))
def test_every_interval_holds_its_point(model, engine, concurrency, asked, answered):
    loop = closed_loop(
        model, H100, Placement(engine), asked=asked, answered=answered, concurrency=concurrency
    )
    for span in (token_time(loop), first_token_time(loop)):
        assert 0 < span.low < span.value < span.high < math.inf


WINDOWED = replace(LLAMA, id="windowed", full_layers=16, window=128)
STATED = replace(LLAMA, id="stated", full_layers=8)
SPARSE = replace(LATENT, id="sparse", sparse_context=2048)
EVERY = st.sampled_from([LLAMA, MIXTRAL, LATENT, WINDOWED, STATED, SPARSE])
PLACES = st.builds(
    Placement,
    ENGINES,
    st.sampled_from(["bf16", "fp8", "fp8_block"]),
    cache=st.sampled_from(["bf16", "fp8"]),
    tensor=st.sampled_from([1, 2, 8]),
    ranks=st.sampled_from([1, 4]),
    expert_parallel=st.sampled_from([1, 8]),
)


@settings(max_examples=40, deadline=None)
@given(EVERY, PLACES, st.lists(st.tuples(COUNTS, LENGTHS, st.integers(0, 8192)), min_size=1, max_size=5))
def test_arrays_of_steps_give_what_single_steps_give(model, place, steps):
    requests, context, prompt = (np.array(column, dtype=float) for column in zip(*steps, strict=True))
    together = step_features(
        model, H100, place, requests=requests, context=context, prompt=prompt, prompt_pairs=prompt * 9
    )
    assert together.shape == (len(steps), len(FEATURES))
    for row, (count, length, part) in zip(together, steps, strict=True):
        single = step_features(
            model, H100, place, requests=count, context=length, prompt=part, prompt_pairs=part * 9
        )
        assert row == pytest.approx(single, rel=1e-12)


def test_the_counts_of_a_step_are_broadcast():
    grid = step_features(LLAMA, H100, Placement(), requests=np.arange(1, 4)[:, None], context=[100, 1000])
    assert grid.shape == (3, 2, len(FEATURES))
    assert (np.diff(grid, axis=0) >= 0).all()
    assert (np.diff(grid, axis=1) >= 0).all()


@settings(max_examples=40, deadline=None)
@given(EVERY, PLACES, st.tuples(COUNTS, COUNTS), LENGTHS, st.integers(1, 4000))
def test_more_requests_in_flight_never_make_a_token_or_the_first_token_quicker(
    model, place, counts, asked, answered
):
    few, many = (
        closed_loop(model, H100, place, asked=asked, answered=answered, concurrency=count)
        for count in (counts[0], sum(counts))
    )
    assert token_time(few).value <= token_time(many).value * (1 + 1e-9)
    assert first_token_time(few).value <= first_token_time(many).value * (1 + 1e-9)
    assert few.waiting <= many.waiting


def test_requests_beyond_the_memory_wait_and_do_not_slow_the_others():
    asked = {"asked": 4000, "answered": 1000}
    places = held_at_once(LLAMA, H100, Placement("vllm"), 4500)
    # (0.9 x 85.9 - 1.25 - 16.06) GB over 4500 tokens of 131,072 bytes
    assert places == pytest.approx((77.31e9 - 1.25e9 - 16.06e9) / (4500 * 131_072), rel=1e-3)
    full, over = (
        closed_loop(LLAMA, H100, Placement("vllm"), **asked, concurrency=places * factor) for factor in (1, 3)
    )
    assert full.waiting == 0
    assert over.waiting == pytest.approx(2 * 1000)
    assert token_time(over) == token_time(full)
    # two answers of others come before a request's own
    assert first_token_time(over).value > 1000 * token_time(full).value


def test_without_room_for_one_request_the_law_answers_as_if_there_were():
    small = replace(H100, memory_bytes=8e9)
    assert held_at_once(LLAMA, small, Placement(), 1000) == math.inf
    loop = closed_loop(LLAMA, small, Placement("vllm"), asked=100, answered=100, concurrency=4)
    assert loop.waiting == 0


def test_experts_on_the_chips_of_one_rank_need_no_dispatch():
    names = ("exchange_bytes", "exchange_count")
    one, several = (
        dict(
            zip(
                FEATURES,
                step_features(
                    MIXTRAL,
                    H100,
                    Placement(tensor=4 // ranks, ranks=ranks, expert_parallel=4),
                    requests=4,
                    context=9,
                ),
                strict=True,
            )
        )
        for ranks in (1, 4)
    )
    assert all(one[name] == 0.0 for name in names)
    # 16 tokens of 4096 bf16 numbers; two of eight experts, so half a token a chip; a quarter stays
    assert several["exchange_bytes"] == pytest.approx(2 * 32 * 16 * 0.5 * 0.75 * 2 * 4096 / 4.5e11)
    assert several["exchange_count"] > 0


def test_what_was_not_measured_has_a_wider_interval():
    known = Placement("trtllm", build="trtllm 1.0.0rc3")
    asked = {"asked": 1024, "answered": 1024, "concurrency": 16}
    seen = token_time(closed_loop(LLAMA, H100, known, **asked))
    other = token_time(closed_loop(replace(LLAMA, id="other"), H100, known, **asked))
    assert math.log(other.high / other.low) > 1.5 * math.log(seen.high / seen.low)


# --- by hand --------------------------------------------------------------------------------------


def test_the_weights_of_a_small_step_by_hand():
    parts = dict(
        zip(FEATURES, step_features(LLAMA, H100, Placement(), requests=1, context=1000), strict=True)
    )
    # 8.03 G weights less the input embedding of 0.525 G, 2 bytes each, at 3.35 TB/s
    assert parts["dense_weights"] == pytest.approx(2 * 7.505e9 / 3.35e12, rel=1e-3)
    # 131,072 bytes a token of context
    assert parts["cache"] == pytest.approx(131_072 * 1000 / 3.35e12)
    assert parts["expert_weights"] == parts["reduce_bytes"] == parts["exchange_count"] == 0.0


def test_one_token_touches_two_of_eight_experts():
    parts = dict(zip(FEATURES, step_features(MIXTRAL, H100, Placement(), requests=1, context=1), strict=True))
    assert parts["expert_weights"] == pytest.approx(32 * 2 * 3 * 4096 * 14336 * 2 / 3.35e12)


def test_the_shipped_covariances_are_covariances():
    for law in read_law().values():
        assert np.linalg.eigvalsh(law.covariance).min() > -1e-6
        assert len(law.names) == len(law.common)
        assert set(law.widening) == {"seen", "model", "chip"}


# --- refusals -------------------------------------------------------------------------------------


def test_a_step_without_tokens_is_refused():
    with pytest.raises(UsageError) as told:
        step_time(LLAMA, H100, Placement(), requests=0, context=10)
    assert str(told.value) == (
        "The step has 0 decoding requests and 0 prompt tokens. "
        "A step has at least one token, and no count is below 0. Give requests or prompt."
    )


def test_a_format_not_known_is_refused():
    with pytest.raises(UnknownNameError) as told:
        Placement(weights="fp9")
    assert str(told.value) == (
        "The format 'fp9' is not known. The nearest known: 'fp8', 'nvfp4', 'mxfp4'. Name one of the known formats."
    )


def test_a_width_below_one_is_refused():
    with pytest.raises(UsageError) as told:
        Placement(tensor=0)
    assert str(told.value) == "A parallel width is 0. Widths are 1 or more. Give 1 for none."


def test_an_empty_loop_is_refused():
    with pytest.raises(UsageError) as told:
        closed_loop(LLAMA, H100, Placement(), asked=0, answered=10, concurrency=1)
    assert str(told.value) == (
        "Prompt, answer and requests in flight are 0, 10 and 1. Each is above 0. Give the loop that was measured."
    )


def test_a_chip_without_rates_is_refused():
    bare = replace(H100, flop_per_s={})
    with pytest.raises(UsageError) as told:
        step_time(LLAMA, bare, Placement(), requests=1, context=1)
    assert str(told.value) == (
        "The chip 'h100_sxm' has no rate for 'bf16'. A chip has at least bf16. Give one."
    )


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(DataError) as told:
        read_runs(tmp_path)
    assert str(told.value) == (
        "The table 'models.csv' is not there. It stands in the data folder. Give --data its folder."
    )


def test_without_data_one_row_says_so():
    (row,) = law_rows(None)
    assert (row.value, row.holds, row.metric) == (None, None, "not run: data absent")


# --- measured runs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs():
    return read_runs(TABLES)


@with_data
def test_the_table_is_cleaned_as_it_says(runs):
    clean = [run for run in runs if run.clean]
    assert sum(run.split is None for run in clean) == 2461
    assert len({run.model.id for run in clean}) == 8
    assert architecture("nvidia/DeepSeek-V3.1-NVFP4") == architecture("deepseek-ai/DeepSeek-R1")


@with_data
def test_a_configuration_stays_in_one_fold(runs):
    clean = [run for run in runs if run.clean]
    doubled = folds(clean + clean)
    assert (doubled[: len(clean)] == doubled[len(clean) :]).all()


@with_data
def test_held_out_runs_are_within_the_bar():
    rows = {(row.quantity, row.metric): row for row in law_rows(DATA / "inference")}
    assert rows["runs with complete fields", "share answered"].value == 1.0
    for title in ("five folds by configuration", "one model left out", "one chip left out"):
        for what in ("time per output token", "time to first token"):
            assert 85 <= rows[f"{what}, {title}", "% inside intervals of 90 %"].value <= 95
        assert (
            rows[f"time per output token, {title}", "median error in %"].value
            < rows[f"time per output token, {title}", "median error in %"].baseline
        )
    assert rows["time to first token, five folds by configuration", "median error in %"].holds
