"""Policies, prefix cache, speculation, split and routing: worked examples, laws, and twins."""

from __future__ import annotations

import json
import math
import random
import xml.etree.ElementTree as ET
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import DataError, RunError, UsageError
from narrows.inference import serving, serving_kernel
from narrows.inference.deployed import check_context, deploy
from narrows.inference.engine import Engine, Requests
from narrows.inference.prefixes import prefix_hits, read_named
from narrows.inference.simulation import draw_lengths, simulate
from narrows.inference.split import Split, serve_split
from narrows.inference.steps import StepTable
from narrows.report.latency import latency_svg

from .test_serving import LAW, ROOF, case, same

TRACES = [folder / "shared/data/inference/traces" for folder in Path(__file__).parents[3:]]
MOONCAKE = next((folder for folder in TRACES if folder.is_dir()), TRACES[0]) / (
    "mooncake_conversation_first_20min.jsonl.gz"
)
TWINS = (serving, serving_kernel)
SECOND = StepTable.from_law([1.0])
"""Every step takes one second."""
TABLE = StepTable.from_layers(
    0.02 + 1e-5 * np.arange(2049), np.full(2049, 1e-3),
    0.01 + 1e-4 * np.add.outer(np.arange(513.0), np.arange(40)), 0.01 + 1e-4 * np.ones((40, 1025)), layers=8,
)  # fmt: skip
MODES = ("vllm", "prefix", "speculate", "both", "orca", "static", "arrived")


def named(requests, size, seed):
    """Return the requests with hashes of blocks: prompts that share beginnings."""
    draw = random.Random(seed)  # noqa: S311 (a simulation, not a secret)
    wide, tree, hashes, offsets = draw.choice([1, 2, 3, 10]), {}, [], [0]
    for prompt in requests.prompt.tolist():
        node = ()
        for _ in range(-(-prompt // size)):
            node = (*node, draw.randrange(wide) if draw.random() < 0.9 else draw.randrange(1000))
            hashes.append(tree.setdefault(node, len(tree)))
        offsets.append(len(hashes))
    return Requests(requests.arrived_s, requests.prompt, requests.output, hashes, offsets, size)


def policy_case(seed, mode):
    """Return requests, an engine and options of a mode, drawn by a seed."""
    draw = random.Random(seed)  # noqa: S311
    requests, engine = case(seed)
    whole = mode in {"orca", "static"}
    engine = replace(
        engine,
        policy=mode if whole else "vllm",
        chunk=max(engine.chunk, int(requests.prompt.max()) if whole else engine.sequences),
        routing=draw.choice(["round_robin", "lor", "least_outstanding", "random"]),
        watermark=draw.choice([None, engine.watermark]),
    )
    options = {}
    if mode in {"prefix", "both"}:
        requests, engine = named(requests, engine.block_tokens, seed), replace(engine, prefix_cache=True)
    if mode in {"speculate", "both"} or (mode == "arrived" and draw.random() < 0.5):
        k = draw.randint(1, 6)
        engine = replace(
            engine, speculate=k, acceptance=draw.choice([0.0, 0.3, 0.8, 1.0]), blocks=engine.blocks + k + 3,
            draft_share=draw.choice([0.0, 0.1]),
        )  # fmt: skip
    if mode == "arrived":
        requests = Requests(requests.arrived_s, requests.prompt, np.maximum(requests.output, 2))
        engine = replace(engine, blocks=engine.blocks + 3)
        options = {"since_s": requests.arrived_s - 0.1}
    return requests, engine, options


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(MODES), st.sampled_from([LAW, ROOF, TABLE]))
def test_the_twins_agree_bit_for_bit(seed, mode, table):
    requests, engine, options = policy_case(seed, mode)
    if engine.chunk + engine.sequences > table.most_tokens:
        table = LAW
    plain, fast = (twin.serve(requests, table, engine, batches=True, **options) for twin in TWINS)
    same(plain, fast)
    assert (plain.verifications, plain.verified) == (fast.verifications, fast.verified)
    assert np.array_equal(plain.cached, fast.cached) if engine.prefix_cache else plain.cached is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(MODES))
def test_laws_of_any_policy(seed, mode):
    requests, engine, options = policy_case(seed, mode)
    served = serving_kernel.serve(requests, LAW, engine, batches=True, **options)
    batches = served.batches
    assert (served.queue_s >= 0).all()
    assert (served.e2e_s >= served.ttft_s).all()
    assert (batches.blocks_in_use <= engine.blocks).all()
    assert (batches.n_decode + batches.n_prefill <= engine.sequences).all()
    if engine.policy == "vllm":
        assert (batches.n_decode + batches.prefill_tokens <= engine.chunk).all()
    else:
        assert not served.restarts.any()
    if engine.policy == "static":
        assert not (batches.n_decode * batches.n_prefill).any()
    if not served.restarts.any() and not options:
        cached = served.cached.sum() if engine.prefix_cache else 0
        assert batches.prefill_tokens.sum() == requests.prompt.sum() - cached
    if engine.speculate:
        late = requests.output.sum() - (0 if served.restarts.any() else len(requests))
        assert served.verified <= late
        assert served.verifications == batches.n_decode.sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_vllm_is_sarathi_where_blocks_abound(seed):
    requests, engine = case(seed)
    engine = replace(engine, blocks=10**6, watermark=0.0, chunk=max(engine.chunk, engine.sequences))
    one, other = (
        serving_kernel.serve(requests, LAW, replace(engine, policy=policy)) for policy in ("sarathi", "vllm")
    )
    assert np.array_equal(one.ttft_s, other.ttft_s)
    assert np.array_equal(one.e2e_s, other.e2e_s)


@pytest.mark.parametrize("twin", TWINS)
def test_vllm_preempts_the_last_and_admits_none_in_that_step(twin):
    # 3 blocks of 2 tokens. Requests 1 and 2 have a prompt of 2 and are both admitted (1 block each). Step 2: each
    # needs one more block and one is free: request 1 takes it, request 2 is preempted, request 3 must wait although
    # a block is free. Step 3: request 2 (its 2 tokens and one generated, 2 blocks) does not fit in the one free
    # block, and as the first in the queue it holds request 3 back. Request 1 has its third token at 3 s. In step 4
    # it is gone: request 2 is computed again and has its second token at 4 s, its third at 5 s; request 3 comes in
    # at 3 s with the one block left and is done at 4 s.
    requests = Requests([0.0, 0.0, 0.0], [2, 2, 1], [3, 3, 1])
    engine = Engine(blocks=3, block_tokens=2, chunk=8, sequences=2, policy="vllm")
    served = twin.serve(requests, SECOND, engine, batches=True)
    assert served.restarts.tolist() == [0, 1, 0]
    assert served.ttft_s.tolist() == [1.0, 1.0, 4.0]
    assert served.e2e_s.tolist() == [3.0, 5.0, 4.0]
    assert served.batches.blocks_in_use.tolist() == [2, 2, 2, 3, 2]


@pytest.mark.parametrize("twin", TWINS)
def test_vllm_takes_blocks_of_a_prompt_as_it_goes(twin):
    engine = Engine(blocks=100, block_tokens=4, chunk=8, sequences=2, policy="vllm")
    served = twin.serve(Requests([0.0], [20], [2]), SECOND, engine, batches=True)
    assert served.batches.blocks_in_use.tolist() == [2, 4, 5, 6]
    assert served.ttft_s.tolist() == [3.0]


@pytest.mark.parametrize("twin", TWINS)
def test_static_lets_none_join_and_orca_does(twin):
    requests = Requests([0.0, 0.5], [10, 10], [5, 1])
    told = {
        policy: twin.serve(requests, SECOND, Engine(policy=policy)).e2e_s.tolist()
        for policy in ("static", "orca")
    }
    assert told == {"static": [5.0, 5.5], "orca": [5.0, 1.5]}


def test_orca_reserves_prompt_and_output():
    engine = Engine(policy="orca", blocks=10, block_tokens=10)
    served = serving_kernel.serve(Requests([0.0, 0.0], [20, 20], [40, 40]), SECOND, engine, batches=True)
    assert served.queue_s.tolist() == [0.0, 40.0]
    assert set(served.batches.blocks_in_use.tolist()) == {6}


def least_recent(requests, blocks):
    cache, hits = OrderedDict(), []
    for first, last in zip(requests.offsets[:-1], requests.offsets[1:], strict=True):
        names = requests.hashes[first:last].tolist()
        hits.append(next((i for i, name in enumerate(names) if name not in cache), len(names)))
        for name in names:
            cache[name] = None
            cache.move_to_end(name)
            if len(cache) > blocks:
                cache.popitem(last=False)
    return hits


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 5, 30, 200]))
def test_hits_are_those_of_a_cache_of_least_recent_use(seed, blocks):
    requests, engine = case(seed)
    requests = named(requests, engine.block_tokens, seed)
    assert prefix_hits(requests, blocks).tolist() == least_recent(requests, blocks)
    assert (prefix_hits(requests) >= prefix_hits(requests, blocks)).all()


@pytest.mark.parametrize(
    ("blocks", "share"),
    [
        (None, 0.31794),
        (1000, 0.04018),
        (5000, 0.10429),
        (10_000, 0.20431),
        (20_000, 0.27402),
        (50_000, 0.31661),
    ],
)
def test_hits_of_the_trace_of_mooncake(blocks, share):
    if not MOONCAKE.is_file():
        pytest.skip("the trace is absent")
    requests = read_named(MOONCAKE)
    hits = prefix_hits(requests, blocks)
    assert requests.hashes.size == 97_495
    assert hits.sum() == (30_998 if blocks is None else round(share * 97_495))


@pytest.mark.parametrize("twin", TWINS)
def test_requests_one_after_the_other_find_every_full_block_seen_before(twin):
    requests, _ = case(7)
    requests = named(requests, 3, 7)
    requests = replace(requests, arrived_s=np.arange(len(requests)) * 1e6)
    engine = Engine(policy="vllm", blocks=10**5, block_tokens=3, prefix_cache=True)
    served = twin.serve(requests, LAW, engine)
    seen, cached = set(), []
    for prompt, first, last in zip(requests.prompt, requests.offsets[:-1], requests.offsets[1:], strict=True):
        names = requests.hashes[first:last].tolist()[: prompt // 3]
        leading = next((i for i, name in enumerate(names) if name not in seen), len(names))
        cached.append(3 * min(leading, (prompt - 1) // 3))
        seen.update(names)
    assert served.cached.tolist() == cached
    assert sum(cached) > 0


def test_a_request_in_the_same_batch_shares_a_prefix_and_computes_its_last_token():
    requests = Requests([0.0, 0.0], [32, 32], [1, 1], [1, 2, 1, 2], [0, 2, 4], 16)
    engine = Engine(policy="vllm", prefix_cache=True, blocks=4)
    served = serving_kernel.serve(requests, SECOND, engine, batches=True)
    assert served.cached.tolist() == [0, 16]
    assert served.batches.prefill_tokens.tolist() == [48]
    assert served.batches.blocks_in_use.tolist() == [3]


@pytest.mark.parametrize(("k", "acceptance"), [(1, 0.5), (3, 0.7), (5, 0.9), (4, 0.0), (2, 1.0)])
def test_the_gain_of_speculation_is_that_of_leviathan(k, acceptance):
    requests = Requests(np.arange(20) * 0.1, np.full(20, 50), np.full(20, 5000))
    engine = Engine(policy="vllm", chunk=512, sequences=64, blocks=10**5, speculate=k, acceptance=acceptance)
    gain = simulate(requests, LAW, engine).tokens_per_verification
    law = k + 1 if acceptance == 1 else (1 - acceptance ** (k + 1)) / (1 - acceptance)
    assert gain == pytest.approx(law, abs=4 * (k + 1) / math.sqrt(100_000 / law) + 1e-3)


def test_speculation_takes_the_time_of_draft_and_verification():
    asked, tokens = Requests([0.0], [100], [13]), StepTable.from_law([1.0, 0.01])
    engine = Engine(policy="vllm", speculate=3, acceptance=1.0, draft_share=0.1)
    served = serving_kernel.serve(asked, tokens, engine)
    # The prompt takes 1 + 1 s; 12 more tokens take 3 steps of 4 tokens, each 1.04 s and 3 drafts of 0.101 s.
    assert served.e2e_s[0] == pytest.approx(2.0 + 3 * (1.04 + 0.3 * 1.01))
    none = serving_kernel.serve(asked, SECOND, replace(engine, acceptance=0.0, draft_share=0.0))
    assert none.e2e_s[0] == 13.0


@pytest.mark.parametrize("twin", TWINS)
def test_the_first_gap_of_a_split_holds_the_transfer(twin):
    requests = Requests([0.0, 100.0, 200.0], [1000, 1000, 500], [4, 1, 2])
    split = Split(1, 2, cache_bytes_per_token=1e6, link_bytes_per_s=1e8, latency_s=0.25)
    engine = Engine(policy="vllm", chunk=1000)
    served, waits = serve_split(requests, SECOND, engine, split, serve=twin.serve, batches=True)
    assert served.ttft_s.tolist() == [1.0, 1.0, 1.0]
    assert served.e2e_s.tolist() == [1.0 + 10.25 + 3.0, 1.0, 1.0 + 5.25 + 1.0]
    assert waits.tolist() == [0.0, 0.0]
    assert served.replica.tolist() == [1, 0, 2]
    assert served.gaps.sum() == 4


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_the_twins_of_a_split_agree(seed):
    requests, engine, _ = policy_case(seed, "both")
    split = Split(1 + seed % 2, 1 + seed % 3, cache_bytes_per_token=1e5, link_bytes_per_s=1e9)
    engine = replace(engine, blocks=engine.blocks + 3)
    one, other = (serve_split(requests, LAW, engine, split, serve=t.serve, batches=True) for t in TWINS)
    same(one[0], other[0])
    assert np.array_equal(one[1], other[1])


@pytest.mark.parametrize("twin", TWINS)
def test_lor_counts_the_waiting_and_least_outstanding_the_running_too(twin):
    requests = Requests([0.0, 1.5, 1.6], [10, 10, 10], [9, 9, 9])
    chosen = {
        routing: twin.serve(requests, SECOND, Engine(replicas=2, routing=routing)).replica.tolist()
        for routing in ("lor", "least_outstanding")
    }
    assert chosen == {"lor": [0, 0, 1], "least_outstanding": [0, 1, 0]}


def test_drawn_lengths_have_the_mean_and_the_spread_asked_for():
    lengths = draw_lengths(200_000, 1000.0, cv=1.0, seed=3)
    assert lengths.mean() == pytest.approx(1000, rel=0.02)
    assert lengths.std() / lengths.mean() == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"policy": "best"}, "The policy is 'best'. Policies are sarathi, vllm, orca, static. Give one of them."),
        ({"policy": "vllm", "speculate": -1}, "The engine drafts -1 tokens in a step. That number is whole, from 0 to 64. Give --speculate 4."),
        ({"policy": "vllm", "speculate": 2, "acceptance": 1.5}, "The acceptance of a drafted token is 1.5. It is a share from 0 to 1. Give --acceptance 0.7."),
        ({"policy": "vllm", "acceptance": math.nan}, "The acceptance of a drafted token is nan. It is a share from 0 to 1. Give --acceptance 0.7."),
        ({"policy": "vllm", "speculate": 2, "draft_share": -1.0}, "A drafted token takes -1.0 of a decoding step. That share is 0 or more and finite. Give --draft-share 0.05."),
        ({"prefix_cache": True}, "The policy sarathi is asked for a prefix cache. Prefix cache and speculative decoding are rules of vllm. Add --policy vllm."),
        ({"policy": "orca", "speculate": 2}, "The policy orca is asked for speculative decoding. Prefix cache and speculative decoding are rules of vllm. Add --policy vllm."),
        ({"policy": "vllm", "chunk": 100}, "The engine may have 100 tokens in a batch and 512 sequences. With vllm each running request has at least one token of the batch. Give a larger --chunk or fewer --sequences."),
        ({"policy": "vllm", "prefix_cache": True, "blocks": 2**27}, "The engine has blocks 134217728. With a prefix cache there are at most 67108864. Give fewer."),
    ],
)  # fmt: skip
def test_bad_engines_are_refused(options, sentence):
    with pytest.raises(UsageError) as caught:
        Engine(**options)
    assert str(caught.value) == sentence


def test_what_does_not_go_together_is_refused():
    plain = Requests([0.0], [1000], [1])
    cached = Engine(policy="vllm", prefix_cache=True)
    names = Requests([0.0], [1000], [1], [1, 2], [0, 2], 512)
    for requests, engine, sentence in (
        (plain, cached, "The engine has a prefix cache, and the requests have no hashes. A trace with hashes names each block of a prompt, as Mooncake's .jsonl does. Give such a trace, or leave the prefix cache out."),
        (names, cached, "The hashes are of 512 tokens and the blocks of 16. A block of the prefix cache has one hash. Give --block-tokens 512, and as many fewer --blocks."),
        (plain, Engine(policy="static"), "Request 1 has a prompt of 1000 tokens. The policy static takes a prompt whole, and a batch has at most 512 tokens of prompts. Give a larger --chunk, or a policy that cuts prompts: sarathi, vllm."),
    ):  # fmt: skip
        for twin in TWINS:
            with pytest.raises(DataError) as caught:
                twin.serve(requests, LAW, engine)
            assert str(caught.value) == sentence
    with pytest.raises(DataError) as caught:
        Requests([0.0], [1000], [1], [1], [0, 1], 512)
    assert str(caught.value) == (
        "Request 1 has 1 hashes for 1000 tokens. There is one hash for each block of 512 tokens, the last may be "
        "shorter. Mend the row or leave it out."
    )
    with pytest.raises(UsageError) as caught:
        Split(0, 1, cache_bytes_per_token=1.0, link_bytes_per_s=1e9)
    assert str(caught.value) == (
        "The split has 0 engines for prompts and 1 for decoding. Each kind has at least one. Give --split 1:1."
    )
    with pytest.raises(DataError) as caught:
        check_context(plain, 900)
    assert str(caught.value) == (
        "Request 1 has 1001 tokens. The model's context is 900. Leave the request out, or name a model with a "
        "longer context."
    )


def test_a_bad_line_of_a_named_trace_is_refused(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_text('{"timestamp": 0, "input_length": 3}\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_named(path)
    assert str(caught.value) == (
        f'Line 1 of the trace {str(path)!r} is \'{{"timestamp": 0, "input_length": 3}}\'. A line is an object with '
        "the numbers timestamp, input_length, output_length and the list hash_ids. Mend the line or leave it out."
    )
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no rows"):
        read_named(path)


def test_a_model_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"The model llama-3\.1-70b does not fit 1 x h100"):
        deploy("llama-3.1-70b", "h100")


def test_a_picture_is_sound_and_refused_where_latency_has_no_limit():
    asked = Requests(np.zeros(500), np.full(500, 1000), np.full(500, 100))
    root = ET.fromstring(latency_svg(simulate(asked, LAW, rate=1.0)))  # noqa: S314 (our own text)
    text = " ".join(element.text or "" for element in root.iter())
    assert all(name in text for name in ("TTFT", "TPOT", "E2E"))
    with pytest.raises(RunError, match="The queue grows without bound"):
        latency_svg(simulate(asked, LAW, rate=500.0))


DRAWN = [
    "inference",
    "simulate",
    "--requests",
    "300",
    "--input-tokens",
    "500",
    "--output-tokens",
    "50",
    "--rate",
    "4",
]


def test_the_command_places_a_model_and_writes_a_picture(tmp_path, capsys):
    path = tmp_path / "latency.svg"
    placed = [*DRAWN, "--model", "llama-3.1-8b", "--chip", "h100", "--policy", "vllm", "--length-cv", "1"]
    split = ["--split", "1:1", "--transfer-bytes-per-s", "5e10"]
    drafts = ["--speculate", "3", "--acceptance", "0.8"]
    assert main([*placed, *split, *drafts, "--svg", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["policy"], answer["prompt_replicas"], answer["saturated"]) == ("vllm", 1, False)
    assert 2.5 < answer["tokens_per_verification"] < 3.0
    assert answer["transfer_s"] == pytest.approx(500 * 131072 / 5e10, rel=0.2)
    assert path.read_text(encoding="utf-8").startswith("<svg")
    assert main([*placed, *split, *drafts]) == 0
    assert "300 requests on 1 + 1 engines for prompts and decoding, vllm" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--law", "0.01", "--speculate", "2", "--policy", "vllm"], "The engine drafts 2 tokens in a step without --acceptance. The gain hangs on the share that is accepted, from 0 to 1. Give --acceptance 0.7, or one that was measured."),
        (["--law", "0.01", "--split", "2"], "The option --split is given '2'. It takes the engines for prompts, a colon, and the engines for decoding. Write, for instance, --split 1:3."),
        (["--law", "0.01", "--split", "1:1"], "The split 1:1 comes without --cache-bytes-per-token. The cache of a prompt goes from one engine to another over a link. Give --cache-bytes-per-token 131072."),
        (["--law", "0.01", "--split", "1:1", "--replicas", "2"], "The deployment has 2 replicas and the split 1:1. A split counts the engines of both kinds. Leave --replicas out."),
        (["--law", "0.01", "--split", "1:1", "--cache-bytes-per-token", "1", "--transfer-bytes-per-s", "1e9"], "The policy sarathi is asked to split prompts from decoding. The split is a rule of vllm. Add --policy vllm."),
        (["--model", "llama-3.1-8b"], "The model llama-3.1-8b is given without a chip. It runs on chips. Add --chip h100."),
        (["--law", "0.01", "--length-cv", "-1"], "The variation of the lengths is -1. It is 0 or more. Give --length-cv 1."),
        (["--law", "0.01", "--rate", "-1"], "The rate is -1 requests per second. A rate is above 0 and finite. Give --rate 5."),
    ],
)  # fmt: skip
def test_the_command_refuses_in_a_sentence(options, sentence, capsys):
    assert main([*DRAWN, *options]) == 2
    assert capsys.readouterr().err == f"narrows: {sentence}\n"


def test_the_command_asks_for_requests(capsys):
    assert main(["inference", "simulate", "--law", "0.01"]) == 2
    assert capsys.readouterr().err == (
        "narrows: The requests are given not at all. They come from --trace FILE, or from --requests N with "
        "--input-tokens, --output-tokens, --rate. Give one of the two.\n"
    )
