"""The search of layouts: what divides, what fits, what is best, and the front, against plain loops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import UnknownNameError, UsageError
from narrows.training.layout import check
from narrows.training.machine import machine
from narrows.training.memory import fullest, stages
from narrows.training.search import Space, front, layouts, one, search, usable_bytes
from narrows.training.step_law import step
from narrows.transformer.registry import model

H100 = machine("h100")
JOBS = {
    "llama-3.1-8b": Space((16,), 128, 8192),
    "llama-3.1-70b": Space((64,), 128, 8192, "fp8"),
    "qwen3-30b-a3b": Space((16,), 64, 4096),
}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40))
def test_the_front_is_what_nothing_beats(rows: list[tuple[int, int, int]]) -> None:
    values = np.array(rows, dtype=np.float64)
    told = {tuple(values[place]) for place in front(values)}
    beaten = {tuple(a) for a in values if any(np.all(b <= a) and np.any(b < a) for b in values)}
    assert told == {tuple(row) for row in values} - beaten
    assert len(told) == len(front(values))


@pytest.mark.parametrize("name", JOBS)
def test_what_is_best_divides_fits_and_has_the_time_of_the_law(name: str) -> None:
    llm, space = model(name), JOBS[name]
    found = search(llm, H100, space, top=20)
    assert found.room_bytes == usable_bytes(H100)
    assert 0 < found.fitting <= found.priced
    for laid in (*found.best, *found.front):
        check(llm, laid.layout)
        told = step(llm, H100, laid.layout)
        assert laid.seconds == pytest.approx(told.seconds.value, rel=1e-12)
        assert (laid.low, laid.high) == pytest.approx((told.seconds.low, told.seconds.high), rel=1e-12)
        assert laid.mfu == pytest.approx(told.mfu.value, rel=1e-12)
        held = fullest(stages(llm, laid.layout))[1].total
        assert laid.memory_bytes == pytest.approx(held, rel=1e-12)
        assert held <= found.room_bytes
    assert [laid.seconds for laid in found.best] == sorted(laid.seconds for laid in found.best)


def test_no_layout_of_a_plain_loop_is_faster() -> None:
    llm, space = model("llama-3.1-8b"), Space((8,), 16, 8192, recompute="none")
    best = np.inf
    for tensor in (1, 2, 4, 8):
        for depth in (1, 2, 4, 8):
            many = layouts(llm, space, (8, tensor, depth)) if tensor * depth <= 8 else None
            for place in range(0 if many is None else np.size(many.micro_batch)):
                assert many is not None
                job = one(many, place)
                if fullest(stages(llm, job))[1].total <= usable_bytes(H100):
                    best = min(best, step(llm, H100, job).seconds.value)
    assert search(llm, H100, space, top=1).best[0].seconds == pytest.approx(best, rel=1e-12)


def test_widths_that_are_given_are_held() -> None:
    space = replace(JOBS["llama-3.1-70b"], tensor=4, stages=8, micro_batch=1, gradients="bf16")
    for laid in search(model("llama-3.1-70b"), H100, space).best:
        assert (laid.layout.tensor, laid.layout.stages, laid.layout.micro_batch) == (4, 8, 1)


def test_smaller_gradients_let_more_layouts_fit() -> None:
    llm, space = model("llama-3.1-70b"), JOBS["llama-3.1-70b"]
    whole, half = (search(llm, H100, replace(space, gradients=kind)) for kind in ("fp32", "bf16"))
    assert half.priced == whole.priced
    assert half.fitting > whole.fitting
    assert half.best[0].seconds <= whole.best[0].seconds


def test_an_executor_changes_nothing_and_an_interrupt_keeps_what_was_done() -> None:
    llm, space = model("llama-3.1-8b"), JOBS["llama-3.1-8b"]
    alone = search(llm, H100, space)
    with ThreadPoolExecutor(2) as pool:
        together = search(llm, H100, space, executor=pool)
    assert [vars(laid) | {"layout": vars(laid.layout)} for laid in alone.best] == [
        vars(laid) | {"layout": vars(laid.layout)} for laid in together.best
    ]

    def stop(done: int, total: int) -> None:
        if done == total // 2:
            raise KeyboardInterrupt

    cut = search(llm, H100, space, progress=stop)
    assert cut.interrupted
    assert 0 < cut.priced < alone.priced


def test_refusals() -> None:
    with pytest.raises(UsageError) as refused:
        search(model("llama-3.1-8b"), H100, Space((0,), 1, 1))
    assert str(refused.value) == "The search is asked for chips 0. It is a whole number from 1. Give another."
    with pytest.raises(UsageError) as refused:
        search(model("llama-3.1-8b"), H100, Space((1031,), 8, 8192))
    assert str(refused.value) == (
        "No layout of llama-3.1-8b divides 8 sequences over 1031 chips. "
        "Widths divide the chips, and data-parallel width x micro-batch divides the batch. "
        "Give another batch, or leave widths out."
    )
    with pytest.raises(UnknownNameError, match="precision of gradients 'fp9'"):
        search(model("llama-3.1-8b"), H100, Space((8,), 8, 8192, gradients="fp9"))
