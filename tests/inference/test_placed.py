"""The step table of a placed model against the law it comes from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.inference.law import Placement, groups_of, read_law, step_features, step_seconds
from narrows.inference.placed import placed_steps
from narrows.transformer.registry import chip, model

PLACES = (
    Placement("vllm"),
    Placement("trtllm", weights="fp8", tensor=2, ranks=2, expert_parallel=4),
    Placement("", weights="nvfp4", cache="fp8", tensor=8, expert_tensor=8),
)
MODELS = ("llama-3.1-8b", "deepseek-v3", "gpt-oss-120b", "qwen3-235b-a22b", "glm-5")
TABLES = {}


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(MODELS), st.sampled_from(PLACES), st.integers(0, 300), st.integers(1, 60_000),
    st.tuples(st.integers(0, 512), st.integers(0, 30_000)),
)  # fmt: skip
def test_a_step_of_the_table_is_a_step_of_the_law(name, place, requests, context, prompt):
    chunk, before = prompt
    if requests + chunk == 0:
        return
    llm, card = model(name), chip("b200")
    if (name, place) not in TABLES:
        TABLES[name, place] = placed_steps(llm, card, place, most_tokens=812)
    twice = chunk * (2 * before + chunk)
    found = TABLES[name, place].seconds(
        n_decode=requests,
        decode_kv=requests * context,
        n_prefill=1,
        prefill_tokens=chunk,
        prefill_pairs=twice,
    )
    ranks = place.ranks
    parts = step_features(
        llm, card, place, requests=requests / ranks, context=context, prompt=chunk / ranks, prompt_pairs=twice / 2 / ranks
    )  # fmt: skip
    logs = read_law()["token"].logs([groups_of(llm, card, place)])
    told = step_seconds(parts[None], logs, np.array([(requests + chunk) / ranks]))[0]
    assert found == pytest.approx(told, rel=1e-9)
