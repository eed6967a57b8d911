"""The time of a step: laws, refusals, readers, and the errors that are published."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.fitted import unseen
from narrows.training.layout import RECOMPUTED, Layout, check
from narrows.training.machine import machine
from narrows.training.runs import TABLES, read_runs, unknown_rows
from narrows.training.step import PARTS, bubble, step_parts
from narrows.training.step_checks import step_rows
from narrows.training.step_fit import parts_of, row_key
from narrows.training.step_law import fitted_rows, step
from narrows.transformer.registry import model

DATA = Path("../shared/data/training")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")
MODELS = ["llama-3.1-8b", "llama-3.1-70b", "gpt3-175b", "qwen3-30b-a3b", "deepseek-v3"]
CHIPS = ["a100", "h100", "b200", "gb200"]


@st.composite
def jobs(draw: st.DrawFn) -> tuple[str, str, Layout]:
    name, chip = draw(st.sampled_from(MODELS)), draw(st.sampled_from(CHIPS))
    tensor, depth, context, data, chunks, micro, count = (
        draw(st.sampled_from(values))
        for values in ([1, 2, 4, 8], [1, 2, 4, 8], [1, 2], [1, 2, 8], [1, 2, 3], [1, 2, 4], [1, 2, 8, 32])
    )
    experts = draw(st.sampled_from([1, 2])) if model(name).experts and data > 1 else 1
    return (
        name,
        chip,
        Layout(
            chips=tensor * depth * context * data,
            tensor=tensor,
            stages=depth,
            context=context,
            experts=experts,
            interleave=chunks if depth > 1 else 1,
            micro_batch=micro,
            batch=data * micro * count,
            sequence=draw(st.sampled_from([2048, 4096, 8192])),
            precision=draw(st.sampled_from(["bf16"] if chip == "a100" else ["bf16", "fp8"])),
            recompute=draw(st.sampled_from(RECOMPUTED)),
        ),
    )


@settings(max_examples=80, deadline=None)
@given(jobs())
def test_a_step_is_whole(job: tuple[str, str, Layout]) -> None:
    name, chip, layout = job
    parts = step_parts(model(name), machine(chip), layout)
    assert parts.shape == (len(PARTS),)
    assert parts.min() >= 0
    assert float(bubble(layout)) >= 1
    found = step(model(name), machine(chip), layout)
    assert found.seconds.low < found.seconds.value < found.seconds.high
    assert found.mfu.low < found.mfu.value < found.mfu.high
    assert sum(found.waterfall.values()) == pytest.approx(1, abs=1e-9)
    assert min(found.waterfall.values()) >= 0
    assert found.tokens_per_s * found.seconds.value == pytest.approx(float(layout.batch * layout.sequence))


@settings(max_examples=80, deadline=None)
@given(jobs())
def test_more_micro_batches_never_raise_the_time_of_a_token(job: tuple[str, str, Layout]) -> None:
    name, chip, layout = job
    once, twice = (
        step(model(name), machine(chip), replace(layout, batch=layout.batch * factor)) for factor in (1, 2)
    )
    assert twice.seconds.value / 2 <= once.seconds.value * (1 + 1e-12)
    assert float(bubble(replace(layout, batch=layout.batch * 2))) <= float(bubble(layout))


@settings(max_examples=80, deadline=None)
@given(jobs())
def test_twice_the_chips_at_the_same_work_for_each_never_cost_less(job: tuple[str, str, Layout]) -> None:
    """All but the optimiser, whose work is spread over more chips."""
    name, chip, layout = job
    more = replace(layout, chips=layout.chips * 2, batch=layout.batch * 2)
    one, two = (step_parts(model(name), machine(chip), each) for each in (layout, more))
    kept = [i for i, part in enumerate(PARTS) if part != "optimiser"]
    assert np.all(two[kept] >= one[kept] * (1 - 1e-12))


@settings(max_examples=40, deadline=None)
@given(jobs())
def test_many_layouts_at_once_are_each_alone(job: tuple[str, str, Layout]) -> None:
    name, chip, layout = job
    both = replace(layout, batch=np.array([layout.batch, 2 * layout.batch]))
    found = step_parts(model(name), machine(chip), both)
    for row, factor in zip(found, (1, 2), strict=True):
        alone = step_parts(model(name), machine(chip), replace(layout, batch=layout.batch * factor))
        assert np.array_equal(row, alone)


@settings(max_examples=40, deadline=None)
@given(jobs())
def test_more_chunks_never_lengthen_the_bubble(job: tuple[str, str, Layout]) -> None:
    layout = job[2]
    assert float(bubble(replace(layout, interleave=layout.interleave * 2))) <= float(bubble(layout))


BASE: dict[str, Any] = {"chips": 64, "tensor": 4, "stages": 4, "batch": 64}
REFUSED = [
    (
        "llama-3.1-70b",
        {"batch": 0},
        "The layout has batch 0. It is a whole number from 1. Give another.",
    ),
    (
        "llama-3.1-70b",
        {"micro_batch": 1.5},
        "The layout has micro batch 1.5. It is a whole number from 1. Give another.",
    ),
    (
        "llama-3.1-70b",
        {"tensor": 3},
        (
            "The layout has tensor x stages x context 12, which does not divide chips 64. "
            "Divisors are 1, 2, 4, 8, 16, 32, 64. Give one of them."
        ),
    ),
    (
        "llama-3.1-70b",
        {"batch": 30},
        (
            "The layout has data-parallel width x micro-batch 4, which does not divide batch 30. "
            "Divisors are 1, 2, 3, 5, 6, 10, 15, 30. Give one of them."
        ),
    ),
    (
        "gpt3-175b",
        {"chips": 256, "tensor": 64, "batch": 64},
        (
            "The layout has tensor 64, which does not divide heads of gpt3-175b 96. "
            "Divisors are 1, 2, 3, 4, ..., 32, 48, 96. Give one of them."
        ),
    ),
    (
        "llama-3.1-70b",
        {"interleave": 21},
        (
            "The layout cuts 80 layers into 84 chunks. A chunk has at least one layer. "
            "Give an interleave of 20 or less."
        ),
    ),
    (
        "llama-3.1-8b",
        {"chips": 256, "stages": 64},
        (
            "The layout has 64 stages. llama-3.1-8b has 32 layers, and a stage has at least one. "
            "Give 32 stages or fewer."
        ),
    ),
    (
        "llama-3.1-8b",
        {"experts": 2},
        "The layout spreads experts over 2 chips. llama-3.1-8b has none. Give 1.",
    ),
    (
        "llama-3.1-8b",
        {"shard": 48},
        (
            "The layout has shard 48, which does not divide chips 64. "
            "Divisors are 1, 2, 4, 8, 16, 32, 64. Give one of them."
        ),
    ),
]


@pytest.mark.parametrize(("name", "change", "sentence"), REFUSED)
def test_a_layout_that_does_not_divide_is_refused(name: str, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        check(model(name), Layout(**(BASE | change)))
    assert str(refused.value) == sentence


def test_unknown_words_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="precision 'fp9'"):
        Layout(precision="fp9")
    with pytest.raises(UnknownNameError, match="recomputation 'some'"):
        Layout(recompute="some")


def test_readers_say_which_table_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        read_runs(tmp_path)
    file = str(tmp_path / "megatron_bridge_perf.csv")
    assert str(refused.value) == (
        f"The table {file!r} cannot be read. It is a CSV file with one header row. Give --data its folder."
    )


@pytest.mark.parametrize("folder", [None, Path("/nowhere")])
def test_without_tables_the_rows_say_so(folder: Path | None) -> None:
    rows = list(step_rows(folder))
    assert [row.metric for row in rows] == ["not run: data absent"]
    assert rows[0].holds is None


@needs_data
def test_every_run_is_read_and_has_a_time() -> None:
    runs = read_runs(DATA)
    assert len(runs) == 450
    assert all(run.step_s > 0 for run in runs)
    assert unknown_rows(DATA, TABLES) == []
    assert not unseen(fitted_rows(), map(row_key, runs)).any()
    text = resources.files("narrows.training").joinpath("law.json").read_text("utf-8")
    # A fact of a machine that moves asks for another fit: python tools/fit_training.py --data DIR
    assert parts_of(runs).sum() == pytest.approx(json.loads(text)["parts_s"], rel=1e-6)
    for run in runs:
        assert float(run.layout.data) >= 1


@needs_data
def test_other_rows_of_a_table_are_scored_by_the_law_as_it_ships(tmp_path: Path) -> None:
    name = TABLES["simumax"]
    table = list(csv.DictReader((DATA / name).read_text("utf-8").splitlines()))
    twice = [row | {"real_ms": str(2 * float(row["real_ms"]))} for row in table[:3]]
    strange = [table[3] | {"model": "made_up_9b"}]
    with (tmp_path / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows([*table, *twice, *strange])
    rows = list(step_rows(tmp_path))
    assert "not run: The model 'made_up_9b' is not known" in {row.metric for row in rows}
    ending = "the law as shipped, runs that it was not fitted to"
    found = {row.metric: row for row in rows if row.quantity == f"time of a step, dense, {ending}"}
    assert found["mean error in %"].n == 3
    assert found["mean error in %"].value == pytest.approx(50, abs=5)
    assert found["% inside intervals of 90 %"].value == 0
    absent = [row for row in rows if row.metric.startswith("not run")]
    assert {row.dataset for row in absent} >= {TABLES["bridge"], TABLES["foundry"]}
    assert not any(row.holds for row in absent)
