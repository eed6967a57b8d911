"""Kernel profiles: the reader, the interpolation, its compiled twin, and serving with batches formed ahead."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import DataError, UsageError
from narrows.inference import serving, serving_kernel
from narrows.inference._steps_compiled import profile_seconds
from narrows.inference.ahead import serve_ahead
from narrows.inference.engine import Engine, Requests
from narrows.inference.profiles import all_reduce_seconds, read_profile
from narrows.inference.steps import StepTable
from narrows.inference.vllm_checks import known_model, shared_prefix_requests, vllm_rows
from narrows.transformer.registry import model

DATA = Path("../shared/data/inference")
PROFILES = DATA / "vllm_kernel_profiles"
needs_data = pytest.mark.skipif(not PROFILES.is_dir(), reason="the kernel profiles are not here")

LLAMA = model("llama-3.1-8b")
CHUNKS, BEFORE, REQUESTS, CONTEXT = (16, 64, 256), (0, 64, 512), (1, 8, 32), (16, 256, 1024)
DENSE = ("qkv_proj", "o_proj", "gate_up_proj", "act_fn", "down_proj", "layernorm", "embedding")


def attention_us(c, b, n, k):
    """Return a made-up time that is linear in each of its four directions."""
    return 3 + 0.01 * c + 2e-5 * c * b + 0.3 * n + 4e-3 * n * k + 1e-6 * c * n * k


def write(folder, name, columns, rows, *, zipped=False):
    opened = gzip.open if zipped else open
    with opened(folder / f"{name}.csv{'.gz' if zipped else ''}", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def attention_rows(keep=lambda *_: True):
    return [
        (c, b, n, k, attention_us(c, b, n, k))
        for c, b in [(0, 0), *((c, b) for c in CHUNKS for b in BEFORE)]
        for n, k in [(0, 0), *((n, k) for n in REQUESTS for k in CONTEXT)]
        if c + n and keep(c, b, n, k)
    ]


@pytest.fixture
def folder(tmp_path):
    columns = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
    write(tmp_path, "attention", columns, attention_rows(), zipped=True)
    rows = [(name, tokens, 10 + tokens) for name in DENSE for tokens in (1, 100, 512)]
    write(tmp_path, "dense", ("layer", "tokens", "time_us"), rows)
    rows = [("lm_head", 1, 700), ("lm_head", 64, 826), ("sampler", 1, 20), ("sampler", 64, 83)]
    write(tmp_path, "per_sequence", ("layer", "sequences", "time_us"), rows)
    return tmp_path


def expected_s(c, b, n, k, *, layers=32):
    """Return what the made-up kernels add up to, by hand."""
    tokens, sequences = c + n, n + bool(c)
    dense = (layers * (5 + 2) + 1) * (10 + tokens)
    head = 700 + 2 * (sequences - 1) + 20 + (sequences - 1)
    return 1e-6 * (dense + head + layers * attention_us(c, b, n, k))


@pytest.mark.parametrize(
    ("c", "b", "n", "k"),
    [
        (0, 0, 1, 16),
        (16, 64, 0, 0),
        (256, 512, 32, 1024),
        (64, 0, 8, 256),
        (100, 90, 20, 700),
        (17, 7, 2, 99),
    ],
)
def test_a_step_is_the_sum_of_its_kernels_on_and_between_the_measured_points(folder, c, b, n, k):
    table = read_profile(folder).steps(LLAMA, overhead_s=0.0)
    found = table.seconds(n_decode=n, decode_kv=n * k, n_prefill=int(c > 0), prefill_tokens=c, prefill_kv=b)
    assert found == pytest.approx(expected_s(c, b, n, k), rel=1e-12)


def test_contexts_beyond_the_measured_go_on_by_the_nearest_slope(folder):
    table = read_profile(folder).steps(LLAMA, overhead_s=0.0)
    assert table.seconds(n_decode=4, decode_kv=4 * 5000) == pytest.approx(
        expected_s(0, 0, 4, 5000), rel=1e-12
    )


def test_points_that_were_not_measured_are_filled_in(folder):
    columns = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
    holes = {(64, 64, 8, 256), (64, 512, 8, 16), (16, 64, 32, 256), (64, 64, 0, 0), (0, 0, 8, 256)}
    write(folder, "attention", columns, attention_rows(lambda *at: at not in holes), zipped=True)
    table = read_profile(folder).steps(LLAMA, overhead_s=0.0)
    for c, b, n, k in holes:
        found = table.seconds(
            n_decode=n, decode_kv=n * k, n_prefill=int(c > 0), prefill_tokens=c, prefill_kv=b
        )
        assert found == pytest.approx(expected_s(c, b, n, k), rel=1e-12)


def test_mixed_batches_larger_than_measured_go_on_by_the_nearest_slope(folder):
    columns = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
    write(folder, "attention", columns, attention_rows(lambda c, _b, n, _k: not (c and n == 32)), zipped=True)
    table = read_profile(folder).steps(LLAMA, overhead_s=0.0)
    found = table.seconds(n_decode=32, decode_kv=32 * 256, n_prefill=1, prefill_tokens=64)
    assert found == pytest.approx(expected_s(64, 0, 32, 256), rel=1e-12)


def test_several_chunks_count_as_one_with_the_same_pairs(folder):
    table = read_profile(folder).steps(LLAMA, overhead_s=0.0)
    one = table.seconds(n_prefill=1, prefill_tokens=200)
    halves = table.seconds(n_prefill=2, prefill_tokens=200, prefill_sum_sq=20_000, prefill_pairs=20_000)
    head = 3e-6  # the head and the sampler of one more sequence
    side = np.sqrt(20_000)
    assert one - halves + head == pytest.approx(32e-6 * 0.01 * (200 - side), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_compiled_twin_gives_the_same_bits(data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    axes = [
        np.concatenate([[0], np.cumsum(random.integers(1, 90, size))]) for size in random.integers(1, 6, 4)
    ]
    axes[3] = axes[3] + 16
    table = StepTable.from_profile(
        random.random(3000), random.random(400), random.random([axis.size for axis in axes]), axes
    )
    n = data.draw(st.integers(0, 128))
    chunks = data.draw(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 5000)), max_size=4))
    if not n and not chunks:
        return
    context = data.draw(st.integers(n, 400_000)) if n else 0
    tokens, squares = sum(c for c, _ in chunks), sum(c * c for c, _ in chunks)
    pairs = sum(c * (2 * b + c) for c, b in chunks)
    plain = table.seconds(
        n_decode=n,
        decode_kv=context,
        n_prefill=len(chunks),
        prefill_tokens=tokens,
        prefill_sum_sq=squares,
        prefill_pairs=pairs,
    )
    compiled = profile_seconds(
        table.token, table.prefill, table.decode, table.coefficients, n, context, len(chunks), tokens, squares, pairs
    )  # fmt: skip
    assert plain == compiled


def test_both_simulations_give_the_same_numbers_with_a_profile(folder):
    table = read_profile(folder).steps(LLAMA)
    random = np.random.default_rng(5)
    asked = Requests(
        np.cumsum(random.exponential(0.2, 60)), random.integers(1, 900, 60), random.integers(1, 80, 60)
    )
    engine = Engine(chunk=256, sequences=32, watermark=0.0, blocks=600)
    one, two = (run(asked, table, engine, batches=True) for run in (serving.serve, serving_kernel.serve))
    assert (one.e2e_s == two.e2e_s).all()
    assert (one.batches.duration_s == two.batches.duration_s).all()


def test_a_split_adds_two_all_reduces_a_layer_and_an_overhead_adds_itself(folder):
    profile = read_profile(folder)
    alone = profile.steps(LLAMA, overhead_s=0.0).seconds(n_decode=10, decode_kv=1000)
    split = profile.steps(LLAMA, tp=2, overhead_s=0.5, reduce_bytes_per_s=16e9, reduce_latency_s=20e-6)
    by_hand = 64 * (20e-6 + 10 * 4096 * 2 / 16e9) + 0.5
    assert split.seconds(n_decode=10, decode_kv=1000) - alone == pytest.approx(by_hand, rel=1e-9)
    four = all_reduce_seconds(LLAMA, np.array([10.0]), 4, bytes_per_s=16e9, latency_s=0.0)
    assert four[0] == pytest.approx(1.5 * 64 * 10 * 4096 * 2 / 16e9)


def test_experts_take_the_time_of_those_that_tokens_meet(folder):
    qwen = model("qwen3-30b-a3b")
    rows = [(t, e, 10 + 2 * e + 0.5 * t) for t in (1, 16, 256, 512) for e in (8, 32, 128) if e <= 8 * t]
    write(folder, "moe", ("tokens", "activated_experts", "time_us"), rows)
    profile = read_profile(folder)
    for tokens in (1, 20, 300):
        met = 128 * (1 - (1 - 8 / 128) ** tokens)
        experts = profile.dense_seconds(qwen, np.array([float(tokens)]))[0]
        rest = (48 * (2 + 2) + 1) * (10 + tokens) * 1e-6
        assert experts - rest == pytest.approx(48e-6 * (10 + 2 * met + 0.5 * tokens), rel=1e-9)


def test_a_profile_refuses_what_it_cannot_read_in_a_sentence(folder):
    def fault():
        with pytest.raises(DataError) as caught:
            read_profile(folder).steps(LLAMA)
        return str(caught.value)

    dense = folder / "dense.csv"
    good = dense.read_text(encoding="utf-8")
    for time in ("fast", "-1", "nan", "1e300"):
        dense.write_text(good.replace("o_proj,100,110", f"o_proj,100,{time}"), encoding="utf-8")
        assert fault() == (
            f"Line 6 of {str(dense)!r} has time_us {time!r}. Cells are numbers from 0 to 1e+15, times in "
            "microseconds; tokens, sequences and experts of a kernel are 1 or more. Mend the row or leave it out."
        )
    dense.write_text(good.replace("tokens", "size"), encoding="utf-8")
    assert fault() == (
        f"The file {str(dense)!r} has no column 'tokens'. Its columns are layer, tokens, time_us. "
        "Add the column, or name another folder."
    )
    dense.write_text(good.replace("act_fn", "gelu"), encoding="utf-8")
    assert fault().startswith(
        f"The profile {str(folder)!r} has a kernel 'gelu'. Dense kernels are embedding,"
    )
    dense.write_text("\n".join(line for line in good.splitlines() if "act_fn" not in line), encoding="utf-8")
    assert fault() == (
        f"The profile {str(folder)!r} has no act_fn. llama-3.1-8b has 32 layers with gate_up_proj, act_fn, "
        "down_proj. Name the profile of this model."
    )
    dense.unlink()
    assert fault() == (
        f"The profile {str(folder)!r} has a dense.csv that cannot be read: No such file or directory. A profile "
        "is a folder with attention.csv, dense.csv and per_sequence.csv, plain or gzipped. Name another folder."
    )
    dense.write_text(good, encoding="utf-8")
    columns = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
    write(folder, "attention", columns, attention_rows(lambda c, _b, n, _k: not (c and n)), zipped=True)
    assert fault() == (
        f"The profile {str(folder)!r} has 9 rows of prompts alone, 9 of decoding alone and 0 of both. "
        "attention.csv has rows of all three: prefill_chunk, n_decode or both above 0. Measure what is missing."
    )
    (folder / "attention.csv.gz").write_bytes(b"not zipped")
    assert fault().startswith(f"The profile {str(folder)!r} has a attention.csv that cannot be read:")


def test_a_model_with_experts_asks_for_their_times(folder):
    with pytest.raises(DataError) as caught:
        read_profile(folder).steps(model("qwen3-30b-a3b"))
    assert str(caught.value) == (
        f"The profile {str(folder)!r} has no moe.csv. qwen3-30b-a3b has 48 layers with experts. "
        "Name a profile with moe.csv: tokens, activated_experts, time_us."
    )


def test_a_batch_larger_than_the_profile_is_refused(folder):
    table = read_profile(folder).steps(LLAMA)
    with pytest.raises(DataError, match="The engine may have 128 sequences"):
        serving_kernel.serve(Requests([0.0], [10], [10]), table, Engine(chunk=256, sequences=128))


def test_the_command_takes_a_profile(folder, tmp_path, capsys):
    trace = tmp_path / "trace.csv"
    trace.write_text("arrived_at,num_prefill_tokens,num_decode_tokens\n0,100,3\n", encoding="utf-8")
    command = ["inference", "simulate", "--trace", str(trace), "--profile", str(folder)]
    limits = ["--chunk", "256", "--sequences", "16"]
    assert main([*command, "--model", "llama-3.1-8b", *limits]) == 0
    assert "TTFT" in capsys.readouterr().out
    assert main(command) == 2
    assert capsys.readouterr().err == (
        "narrows: A kernel profile is given without --model. The model says how many layers there are. "
        "Add --model llama-3.1-8b, or the config.json of the model.\n"
    )
    assert main([*command, "--law", "0.01"]) == 2
    assert capsys.readouterr().err.startswith("narrows: The time of a step is given more than once.")


@pytest.mark.parametrize("at", [0.2, 1.7])
def test_a_request_that_arrives_in_a_batch_joins_the_one_after_the_next(at):
    asked = Requests([0.0, at], [10, 10], [9, 2])
    served = serve_ahead(asked, StepTable.from_law([1.0]), Engine())
    joined = np.ceil(at) + 1
    assert served.queue_s[1] == pytest.approx(joined - at, abs=1e-6)
    assert served.ttft_s[1] == pytest.approx(joined + 1 - at, abs=1e-6)


def test_requests_that_never_meet_are_served_alike_ahead_or_not():
    asked = Requests([0.0, 100.0, 200.0], [10, 700, 30], [9, 2, 40])
    law = StepTable.from_law([1.0])
    assert (serve_ahead(asked, law, Engine()).e2e_s == serving_kernel.serve(asked, law, Engine()).e2e_s).all()
    with pytest.raises(UsageError, match="Serving ahead is asked for 2 replicas"):
        serve_ahead(asked, law, Engine(replicas=2))


def test_requests_with_a_cached_system_prompt_are_shorter_after_the_first_of_a_group():
    lengths = {"num_unique_system_prompts": 3, "system_prompt_len": 150, "question_len": 50, "output_len": 9}
    stages = [{"rate": 2.0, "duration": 300}, {"rate": 10.0, "duration": 60}]
    found = shared_prefix_requests({"shared_prefix": lengths, "stages": stages})
    assert len(found) == 1200
    assert (found.arrived_s < 300).sum() == 600
    assert sorted(set(found.prompt.tolist())) == [200 - 144, 200]
    assert (found.prompt == 200).sum() == 3


def test_a_published_name_is_a_model_of_the_catalogue():
    assert known_model("mistralai/Mistral-Nemo-Instruct-2407") == "mistral-nemo-12b"
    assert known_model("RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic") == "llama-4-scout"
    with pytest.raises(DataError, match="The model 'x/unheard-of' is not in the catalogue"):
        known_model("x/unheard-of")


def test_comparisons_without_data_are_not_run():
    rows = list(vllm_rows(None))
    assert len(rows) == 2
    assert {row.metric for row in rows} == {"not run: data absent"}


# --- measured -----------------------------------------------------------------------------------

TABLES = {
    "RTXPRO6000_meta-llama_Llama-3.1-8B_bf16_tp1": "llama-3.1-8b",
    "RTXPRO6000_Qwen_Qwen3-32B_bf16_tp2": "qwen3-32b",
    "RTXPRO6000_Qwen_Qwen3-30B-A3B-Instruct-2507_bf16_tp1": "qwen3-30b-a3b",
    "RTX4090_meta-llama_Llama-3.1-8B_bf16_tp1": "llama-3.1-8b",
}


@needs_data
@pytest.mark.parametrize("name", TABLES)
def test_a_measured_row_comes_back_as_it_was_measured(name):
    llm = model(TABLES[name])
    table = read_profile(PROFILES / name).steps(llm, overhead_s=0.0)
    with gzip.open(PROFILES / name / "attention.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:: len(rows) // 300]:
        c, b, n, k = (int(row[x]) for x in ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode"))
        if c + n >= len(table.token):
            continue
        found = table.seconds(
            n_decode=n, decode_kv=n * k, n_prefill=int(c > 0), prefill_tokens=c, prefill_kv=b
        )
        rest = table.token[c + n] + table.prefill[0, n + bool(c)]
        assert found - rest == pytest.approx(llm.layers * 1e-6 * float(row["time_us"]), rel=1e-9)


@needs_data
@pytest.mark.parametrize("name", TABLES)
def test_more_tokens_take_longer_up_to_noise(name):
    table = read_profile(PROFILES / name).steps(model(TABLES[name]))
    decode = [table.seconds(n_decode=n, decode_kv=1000 * n) for n in range(1, 257)]
    prompt = [table.seconds(n_prefill=1, prefill_tokens=c) for c in range(1, 2049)]
    for times in (decode, prompt):
        assert (np.array(times) > 0.9 * np.maximum.accumulate(times)).all()


@needs_data
def test_the_logs_of_vllm_are_met_with_one_set_of_facts():
    rows = [row for row in vllm_rows(DATA) if row.dataset.startswith("vllm_logs")]
    assert len(rows) == 10
    assert all(row.holds for row in rows), rows


@needs_data
def test_the_experiments_on_h100_that_do_not_contradict_themselves_are_seven():
    rows = [row for row in vllm_rows(DATA) if row.dataset.startswith("h100")]
    assert {row.n for row in rows} == {7}
    assert all(np.isfinite(row.value) for row in rows)
