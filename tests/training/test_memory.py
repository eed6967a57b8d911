"""Memory of a chip that trains: a published formula, sums over stages, and laws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import UnknownNameError, UsageError
from narrows.training.layout import PRECISIONS, Layout
from narrows.training.machine import machine
from narrows.training.memory import activation_bytes_per_token, fullest, stages
from narrows.training.recipes import read_recipes, stored_by
from narrows.training.stored import MODULES, Stored, kept_per_token
from narrows.transformer.registry import model

DENSE = ["llama-3.1-8b", "llama-3.1-70b", "gpt3-175b", "turing-530b"]


@pytest.mark.parametrize("name", ["gpt3-175b", "megatron-22b", "turing-530b", "megatron-1t"])
@pytest.mark.parametrize("tensor", [1, 2, 8])
def test_activations_are_those_of_korthikanti(name: str, tensor: int) -> None:
    """Equations 1 to 4 of arXiv 2205.05198: per token of one layer, with stored scores and masks."""
    gpt = model(name)
    hidden, heads, sequence = gpt.hidden, gpt.heads, 2048
    term = 5 * heads * sequence / hidden

    def kept(*, parallel: bool, recompute: str = "none") -> float:
        job = Layout(
            chips=tensor, tensor=tensor, sequence=sequence, sequence_parallel=parallel, recompute=recompute
        )
        return activation_bytes_per_token(gpt, job, stored=Stored(flash=False, dropout=True))

    assert kept(parallel=False) == pytest.approx(hidden * (10 + 24 / tensor + term / tensor))
    assert kept(parallel=True) == pytest.approx(hidden * (34 + term) / tensor)
    assert kept(parallel=True, recompute="attention") == pytest.approx(hidden * 34 / tensor)
    assert kept(parallel=False, recompute="full") == pytest.approx(2 * hidden)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*DENSE, "qwen3-30b-a3b", "deepseek-v3"]),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([1, 2, 4, 8]),
)
def test_stages_hold_the_layers_and_weights_of_the_model(name: str, tensor: int, depth: int) -> None:
    llm = model(name)
    found = stages(llm, Layout(chips=tensor * depth, tensor=tensor, stages=depth, batch=64))
    assert sum(stage.layers for stage in found) == llm.layers
    routers = llm.expert_layers * llm.hidden * llm.experts  # whole on every chip
    experts = llm.expert_layers * llm.experts * llm.expert_weights  # not cut by the tensor width
    cut = (llm.weights - routers - experts) / tensor
    tied = llm.hidden * llm.vocabulary / tensor if llm.tied and depth > 1 else 0.0  # held at both ends
    assert sum(stage.weights for stage in found) == pytest.approx(2 * (cut + routers + experts + tied))
    for stage in found:
        parts = (stage.weights, stage.gradients, stage.optimiser, stage.activations, stage.work)
        assert min(parts) >= 0
        assert stage.total == pytest.approx(sum(parts))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(DENSE),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from(["none", "attention", "full"]),
    st.booleans(),
)
def test_more_tensor_width_never_fills_a_chip_more(
    name: str,
    tensor: int,
    depth: int,
    recompute: str,
    parallel: bool,  # noqa: FBT001 (drawn)
) -> None:
    totals = [
        fullest(
            stages(
                model(name),
                Layout(
                    chips=2 * depth * width,
                    tensor=width,
                    stages=depth,
                    batch=64,
                    recompute=recompute,
                    sequence_parallel=parallel,
                ),
            )
        )[1].total
        for width in (tensor, 2 * tensor)
    ]
    assert totals[1] <= totals[0]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(DENSE), st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 4]))
def test_what_is_computed_again_is_not_kept(name: str, tensor: int, micro: int) -> None:
    def kept(again: str) -> float:
        job = Layout(chips=tensor, tensor=tensor, micro_batch=micro, batch=4 * micro, recompute=again)
        return stages(model(name), job, stored=Stored(flash=False))[0].activations

    assert kept("full") < kept("attention") < kept("none")


def test_stages_that_do_not_share_the_layers_are_refused() -> None:
    job: dict[str, Any] = {"chips": 4, "stages": 4, "batch": 4}
    with pytest.raises(UsageError) as refused:
        stages(model("llama-3.1-8b"), Layout(**job), layers=[8, 8, 8, 9])
    assert str(refused.value) == (
        "The stages have 8, 8, 8, 9 layers. 4 stages share the 32 layers of llama-3.1-8b. "
        "Give one number a stage."
    )


MEASURED = ["llama-3.1-70b", "deepseek-v3", "gpt-oss-120b", "nemotron-3-nano-30b-a3b"]


def test_a_dense_layer_in_fp8_by_hand() -> None:
    """Two norms in bf16, their outputs in fp8, q k v and the output in bf16, its copy, gate and up, and their product."""
    llm = model("llama-3.1-405b")
    width, key, feed = 16384, 1024, 53248
    by_hand = 2 * 2 * width + 2 * width + 2 * (2 * width + 2 * key) + width + 2 * 2 * feed + feed
    assert activation_bytes_per_token(llm, Layout(sequence=8192, precision="fp8")) == by_hand


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(MEASURED), st.sampled_from(["fp8", "mxfp8", "nvfp4"]), st.sampled_from(MODULES))
def test_narrow_inputs_and_modules_computed_again_keep_less(name: str, precision: str, module: str) -> None:
    def kept(form: str, stored: Stored) -> float:
        job = Layout(chips=8, experts=8 if model(name).experts else 1, batch=8, precision=form)
        return stages(model(name), job, stored=stored)[0].activations

    whole = kept("bf16", Stored())
    assert kept("bf16", Stored(again=(module,))) <= whole
    assert whole / 2 < kept(precision, Stored()) < whole


def test_a_hybrid_layer_keeps_what_it_is() -> None:
    """Every layer of such a model is one part; a model of as many whole layers keeps far more."""
    llm = model("nemotron-3-nano-30b-a3b")
    job = Layout(chips=8, experts=8, batch=8)
    kept = stages(llm, job)[0].activations / job.sequence
    block = kept_per_token(llm, job)
    parts = (
        (block.attention, llm.attention_layers),
        (block.state, llm.mamba_layers),
        (block.routed, llm.expert_layers),
    )
    assert sum(count for _, count in parts) == llm.layers
    assert kept == pytest.approx(sum(float(each) * count for each, count in parts))


@pytest.mark.parametrize("layers", [0, 10, 40, 80])
def test_layers_kept_on_the_host_leave_the_chip(layers: int) -> None:
    llm, job = model("llama-3.1-70b"), Layout(chips=64, shard=64, batch=64)
    whole, found = (stages(llm, job, stored=Stored(offloaded=n))[0].activations for n in (0, layers))
    assert found == pytest.approx(whole * (1 - layers / 80))


def test_recipes_name_models_and_chips_that_are_known() -> None:
    told = read_recipes()
    for entry in told["recipe"]:
        assert {model(name).id for name in entry["models"]} == set(entry["models"])
        assert all(machine(name).chip.id == name for name in entry.get("chips", ()))
        assert set(entry.get("precisions", ())) <= set(PRECISIONS)
        Stored(again=tuple(entry.get("again", ())))
    assert stored_by("another", "1.0", "deepseek-v3", "gb200", Layout()) == Stored()


def test_a_module_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownNameError) as refused:
        Stored(again=("moe_acts",))
    assert str(refused.value).startswith("The module 'moe_acts' is not known. The nearest known: 'moe_act'")
