"""Operations of a training token against a table of published shapes, and laws of the count."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows.transformer import training_flops
from narrows.transformer.registry import model

TABLE = Path("../shared/data/training/model_shapes.csv")
NAMES = {"llama3.1-8b": "llama-3.1-8b", "llama3.1-70b": "llama-3.1-70b", "llama3.1-405b": "llama-3.1-405b"}


@pytest.mark.skipif(not TABLE.is_file(), reason="the table of shapes is not here")
def test_operations_are_those_of_the_table_of_shapes() -> None:
    checked = 0
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["check_gflop_per_token"]:
                continue
            llm = model(NAMES.get(row["model"], row["model"]))
            found = training_flops(llm, float(row["check_seq"])).train / 1e9
            assert found == pytest.approx(float(row["check_gflop_per_token"]), rel=1e-4), row["model"]
            checked += 1
    assert checked == 11


@pytest.mark.parametrize(
    ("name", "sequence", "gflop"),
    # Printed operations over printed tokens of public tables.
    [("llama-3.1-8b", 8192, 51.47), ("llama-3.1-70b", 8192, 449.2), ("llama-3.1-405b", 8192, 2524.0)],
)
def test_operations_are_those_that_public_tables_print(name: str, sequence: int, gflop: float) -> None:
    assert training_flops(model(name), sequence).train / 1e9 == pytest.approx(gflop, rel=1e-3)


@given(st.sampled_from(["llama-3.1-8b", "gpt3-175b", "deepseek-v3", "gpt-oss-120b"]), st.integers(1, 10**6))
def test_a_longer_sequence_adds_attention_and_nothing_else(name: str, sequence: int) -> None:
    short, long = (training_flops(model(name), n) for n in (sequence, sequence + 1))
    assert long.core > short.core
    assert (long.linear, long.experts, long.logits) == (short.linear, short.experts, short.logits)
    assert long.train == pytest.approx(3 * long.forward)


@given(st.sampled_from(["llama-3.1-8b", "gpt3-175b"]), st.integers(1, 10**5))
def test_a_mask_halves_attention(name: str, sequence: int) -> None:
    masked, whole = (training_flops(model(name), sequence, causal=causal) for causal in (True, False))
    assert whole.core == pytest.approx(2 * masked.core)
