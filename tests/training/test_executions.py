"""The counted problem: the published counts, the law of the step as a special case, and laws of its axes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from narrows.errors import UsageError
from narrows.training.executions import AXES, Block, Problem, cuts, executions, search_executions
from narrows.training.layout import Layout
from narrows.training.machine import machine
from narrows.training.memory import buckets
from narrows.training.step_law import step
from narrows.training.stored import Stored
from narrows.transformer.registry import model

if TYPE_CHECKING:
    from numpy.typing import NDArray

A100 = machine("a100")
CUT = (4, 8, 16, 512)


@pytest.fixture(scope="module")
def block() -> Block:
    return executions(model("gpt3-175b"), A100, Problem(512, 512), CUT)


def _axis(block: Block, axis: str, label: str) -> NDArray[np.float64]:
    """Return the times at one value of an axis."""
    place = AXES.index(axis)
    found: NDArray[np.float64] = np.take(block.seconds, block.labels[axis].index(label), axis=place)
    return found


@pytest.mark.parametrize(
    ("name", "chips", "batch", "second", "count"),
    # Counted by calculon @caa4b11 itself.
    [
        ("gpt3-175b", 64, 64, True, 3_232_128),
        ("gpt3-175b", 512, 512, True, 6_582_816),
        ("gpt3-175b", 1024, 1536, True, 11_698_528),
        ("megatron-1t", 512, 512, True, 5_882_400),
        ("megatron-1t", 4096, 4096, True, 7_276_848),
        ("turing-530b", 280, 280, True, 1_434_272),
        ("megatron-22b", 8, 4, False, 28_006),
    ],
)
def test_executions_are_as_many_as_the_peer_counts(
    name: str,
    chips: int,
    batch: int,
    second: bool,  # noqa: FBT001 (a column)
    count: int,
) -> None:
    found = search_executions(model(name), A100, Problem(chips, batch, second_memory=second), top=1)
    assert found.executions == count
    assert 0 < found.fitting < count


@pytest.mark.parametrize("again", ["full", "attention", "none"])
@pytest.mark.parametrize(("chunks", "micro"), [("1", "1"), ("4", "2"), ("12", "8")])
def test_the_plain_execution_is_the_step_of_the_law(
    block: Block, again: str, chunks: str, micro: str
) -> None:
    chosen = {
        "interleave": chunks, "micro_batch": micro, "kept": f"{again}, sequence parallel, chip",
        "weights_offload": "chip", "tensor_overlap": "none", "tensor_network": "scale-up",
        "pipeline_network": "scale-out", "optimiser_sharded": "yes", "optimiser_offload": "chip",
        "data_overlap": "yes", "data_network": "scale-out",
    }  # fmt: skip
    place = tuple(block.labels[axis].index(chosen[axis]) for axis in AXES)
    job = Layout(
        chips=512, tensor=4, stages=8, batch=512, sequence=2048, interleave=int(chunks), micro_batch=int(micro),
        recompute=again,
    )  # fmt: skip
    told = step(model("gpt3-175b"), A100, job, stack="calculon").seconds.value
    assert block.seconds[place] == pytest.approx(told, rel=1e-12)
    same = {**chosen, "kept": f"{again}, gathered again, chip"}
    if again != "full":
        place = tuple(block.labels[axis].index(same[axis]) for axis in AXES)
        held = max(
            buckets(model("gpt3-175b"), job, end, stored=Stored(flash=False, dropout=True)).sum()
            for end in (0.0, 7.0)
        )
        assert block.memory_bytes[place] == pytest.approx(held, rel=1e-12)


def test_every_execution_has_a_time_and_a_memory(block: Block) -> None:
    assert block.seconds.shape == block.memory_bytes.shape == block.fits.shape
    assert block.seconds.shape == tuple(len(block.labels[axis]) for axis in AXES)
    assert np.all(np.isfinite(block.seconds))
    assert block.seconds.min() > 0
    assert block.memory_bytes[block.fits].max() <= A100.chip.memory_bytes


def test_what_hides_never_costs_and_what_is_far_never_saves(block: Block) -> None:
    plain = _axis(block, "tensor_overlap", "none")
    for hidden in ("ring", "pipe"):
        assert np.all(_axis(block, "tensor_overlap", hidden) <= plain)
    assert np.all(_axis(block, "data_overlap", "yes") <= _axis(block, "data_overlap", "no"))
    for axis in ("tensor_network", "pipeline_network", "data_network"):
        assert np.all(_axis(block, axis, "scale-up") <= _axis(block, axis, "scale-out"))
    for axis in ("weights_offload", "optimiser_offload"):
        assert np.all(_axis(block, axis, "host") >= _axis(block, axis, "chip"))
        place = AXES.index(axis)
        held = [np.take(block.memory_bytes, i, axis=place) for i in range(2)]
        assert np.all(held[1] < held[0])


def test_the_scale_up_network_is_not_used_beyond_its_domain(block: Block) -> None:
    place = [slice(None)] * len(AXES)
    for axis, label in (("tensor_network", "scale-up"), ("pipeline_network", "scale-up")):
        place[AXES.index(axis)] = block.labels[axis].index(label)  # type: ignore[call-overload]
    assert not block.fits[tuple(place)].any()  # 4 x 8 chips in a domain of 8


def test_the_best_are_the_best_of_all() -> None:
    llm, problem = model("megatron-22b"), Problem(16, 16)
    found = search_executions(llm, A100, problem, top=40)
    every = np.concatenate(
        [
            (block.seconds[block.fits] / block.cut[3])
            for block in (executions(llm, A100, problem, cut) for cut in cuts(llm, problem))
        ]
    )
    assert len(every) == found.fitting
    told = [one.seconds / one.batch for one in found.best]
    assert told == np.sort(every)[:40].tolist()


def test_an_executor_changes_nothing() -> None:
    asked = (model("megatron-22b"), A100, Problem(16, 16))
    with ThreadPoolExecutor(2) as pool:
        assert search_executions(*asked, executor=pool) == search_executions(*asked)


def test_an_interrupt_keeps_what_was_done() -> None:
    def stop(done: int, total: int) -> None:
        assert total > 2
        if done == 2:
            raise KeyboardInterrupt

    found = search_executions(model("megatron-22b"), A100, Problem(16, 16), progress=stop)
    assert found.interrupted
    assert found.executions > 0


def test_problems_without_an_execution_are_refused() -> None:
    with pytest.raises(UsageError) as refused:
        search_executions(model("gpt3-175b"), A100, Problem(0, 1))
    assert str(refused.value) == "The problem has chips 0. It is a whole number from 1. Give another."
    with pytest.raises(UsageError) as refused:
        search_executions(model("gpt3-175b"), A100, Problem(1031, 4))
    assert str(refused.value) == (
        "The problem spreads gpt3-175b over 1031 chips with a batch of 4. "
        "Widths divide the chips, the heads and the layers, and the batch feeds every data-parallel rank. "
        "Give more sequences, or another number of chips."
    )
