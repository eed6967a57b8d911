"""The serving simulation: Vidur's own runs, twins, and laws."""

from __future__ import annotations

import csv
import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.cli import main
from narrows.errors import DataError, UsageError
from narrows.inference import serving, serving_kernel
from narrows.inference.engine import Engine, Requests, gap_quantile, read_requests
from narrows.inference.simulation import arrive, simulate
from narrows.inference.steps import StepTable

FOLDERS = [folder / "shared/data/inference/vidur" for folder in Path(__file__).parents[3:]]
VIDUR = next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[0])
RUNS = {
    "n1000_q6.45": Engine(),
    "n10000_q6.45": Engine(),
    "n500_q8_2000blocks": Engine(blocks=2000),
    "n1000_q12_2replicas_round_robin": Engine(replicas=2),
}
TWINS = (serving, serving_kernel)
LAW = StepTable.from_law([5e-3, 3e-5, 1e-5, 2e-8, 1e-4, 3e-8, 1e-9])
_T = np.arange(1025)
ROOF = StepTable.from_roof(
    4e-3 + 1e-6 * _T, 2e-5 * (_T + 30), np.full(1025, 1e-6), 1e-3 + 1e-7 * _T,
    cache=(4e-8, 300), window=(1e-8, 128), pairs=1e-9, scores=1e-9, request=2e-6, chunk=1e-5, scale=1.1,
)  # fmt: skip


def columns(name):
    path = VIDUR / name
    if not path.is_file():
        pytest.skip("the oracle's files are absent")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("run", RUNS)
def test_the_oracle_is_reproduced_batch_by_batch(run, twin):
    asked = columns(f"requests_{run}.csv.gz")
    table = StepTable.load(VIDUR / "step_tables_llama3_8b_a100.npz", layers=32)
    requests = Requests(*(asked[k] for k in ("arrived_at_s", "num_prefill_tokens", "num_decode_tokens")))
    served = twin.serve(requests, table, RUNS[run], batches=True)
    for name in ("queue_s", "ttft_s", "e2e_s"):
        assert np.abs(getattr(served, name) - asked[name]).max() < 1e-11
    for name in {"restarts", "replica"} & set(asked):
        assert np.array_equal(getattr(served, name), asked[name])
    if (VIDUR / f"batches_{run}.csv.gz").is_file():
        for name, values in columns(f"batches_{run}.csv.gz").items():
            found = getattr(served.batches, name)
            assert (
                np.abs(found - values).max() < 1e-11 if name.endswith("_s") else np.array_equal(found, values)
            )


def same(left, right):
    for name in ("queue_s", "ttft_s", "e2e_s", "restarts", "replica", "gaps"):
        assert np.array_equal(getattr(left, name), getattr(right, name)), name
    for name in ("iterations", "peak_blocks", "makespan_s"):
        assert getattr(left, name) == getattr(right, name), name
    for name in left.batches.__dataclass_fields__:
        assert np.array_equal(getattr(left.batches, name), getattr(right.batches, name)), name


def case(seed):
    """Return requests and an engine drawn by a seed; small caches, ties in time, bursts."""
    draw = random.Random(seed)  # noqa: S311 (a simulation, not a secret)
    count = draw.choice([1, 2, 5, 20, 60, 150])
    gap, longest, most = (
        draw.choice([0.0, 0.001, 0.01, 0.05, 0.3]),
        draw.choice([5, 60, 400]),
        draw.choice([1, 4, 50, 300]),
    )
    times = np.cumsum([draw.choice([0.0, gap, draw.expovariate(1) * gap]) for _ in range(count)])
    prompt = [draw.randint(1, longest) for _ in range(count)]
    output = [draw.randint(1, most) for _ in range(count)]
    size = draw.choice([1, 2, 3, 7, 16])
    watermark = draw.choice([0.0, 0.01, 0.1])
    least = -(-max(p + o for p, o in zip(prompt, output, strict=True)) // size)
    blocks = int((least + 1) / (1 - watermark) * draw.choice([1.0, 1.0, 1.3, 2, 5])) + draw.randint(1, 4)
    engine = Engine(
        replicas=draw.randint(1, 4), blocks=blocks, block_tokens=size, watermark=watermark,
        chunk=draw.choice([2, 16, 33, 128, 512]), sequences=draw.choice([1, 2, 5, 16, 64, 512]),
        routing=draw.choice(["round_robin", "lor", "random"]), seed=seed,
    )  # fmt: skip
    return Requests(times, prompt, output), engine


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([LAW, ROOF]))
def test_the_twins_agree_bit_for_bit(seed, table):
    requests, engine = case(seed)
    same(
        serving.serve(requests, table, engine, batches=True),
        serving_kernel.serve(requests, table, engine, batches=True),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_laws_of_any_run(seed):
    requests, engine = case(seed)
    served = serving_kernel.serve(requests, LAW, engine, batches=True)
    batches = served.batches
    assert (served.queue_s >= 0).all()
    assert (served.ttft_s > served.queue_s).all()
    assert (served.e2e_s >= served.ttft_s).all()
    assert (batches.blocks_in_use <= engine.blocks).all()
    assert (batches.n_decode + batches.prefill_tokens <= max(engine.chunk, engine.sequences)).all()
    assert (batches.n_decode + batches.n_prefill <= engine.sequences + 1).all()
    if not served.restarts.any():
        assert batches.prefill_tokens.sum() == requests.prompt.sum()
        assert batches.n_decode.sum() == (requests.output - 1).sum() == served.gaps.sum()
    for number in range(engine.replicas):
        mine = batches.replica == number
        assert (batches.start_s[mine][1:] >= (batches.start_s + batches.duration_s)[mine][:-1]).all()


def test_shortage_restarts_the_last_and_all_are_served():
    requests = Requests(np.zeros(40), np.full(40, 100), np.full(40, 400))
    served = serving_kernel.serve(requests, LAW, Engine(blocks=200))
    assert served.restarts.sum() > 20
    assert served.restarts[0] == 0


def test_one_request_alone_takes_the_sum_of_its_steps():
    served = serving.serve(Requests([3.0], [1000], [10]), LAW, Engine())
    first = LAW.seconds(n_prefill=1, prefill_tokens=512)
    second = LAW.seconds(n_prefill=1, prefill_tokens=488, prefill_kv=512)
    rest = [LAW.seconds(n_decode=1, decode_kv=1001 + i) for i in range(9)]
    assert served.ttft_s[0] == pytest.approx(first + second, rel=1e-12)
    assert served.e2e_s[0] == pytest.approx(first + second + sum(rest), rel=1e-12)


def test_gap_quantiles_are_those_of_the_steps():
    served = serving_kernel.serve(Requests([0.0], [10], [101]), StepTable.from_law([0.02]), Engine())
    assert served.gaps.sum() == 100
    assert gap_quantile(served.gaps, 0.5) == pytest.approx(0.02, rel=4e-3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([], [], []), "There are no requests. A simulation has at least one request. Give a trace with rows."),
        (([1.0, 0.0], [1, 1], [1, 1]), "Request 2 arrives at 0 s, before request 1 at 1 s. Requests stand in order of arrival. Sort the trace by arrived_at."),
        (([0.0], [0], [1]), "A request has prompt 0. Prompt and output are whole numbers of tokens from 1 to 16777216. Mend the row or leave it out."),
        (([0.0], [1], [1.5]), "A request has output 1.5. Prompt and output are whole numbers of tokens from 1 to 16777216. Mend the row or leave it out."),
    ],
)  # fmt: skip
def test_bad_requests_are_refused(arguments, sentence):
    with pytest.raises(DataError) as caught:
        Requests(*arguments)
    assert str(caught.value) == sentence


def test_a_request_longer_than_the_cache_is_refused():
    with pytest.raises(DataError) as caught:
        serving_kernel.serve(Requests([0.0], [150], [20]), LAW, Engine(blocks=10))
    assert str(caught.value) == (
        "Request 1 has 170 tokens. The cache admits 160: 10 blocks of 16 less 0 in reserve. "
        "Give more blocks, or leave the request out."
    )


def test_bad_engines_are_refused():
    with pytest.raises(UsageError, match="The routing is 'best'"):
        Engine(routing="best")
    with pytest.raises(UsageError, match="The engine has blocks 0"):
        Engine(blocks=0)


def test_a_bad_trace_is_refused(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("arrived_at,num_prefill_tokens,num_decode_tokens\n0,x,3\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_requests(path)
    assert str(caught.value) == (
        f"Line 2 of the trace {str(path)!r} has num_prefill_tokens 'x'. Every cell of a trace is a number. "
        "Mend the row or leave it out."
    )


def test_a_queue_without_bound_is_saturated_and_has_no_latency():
    asked = Requests(np.zeros(500), np.full(500, 1000), np.full(500, 100))
    fast, slow = (simulate(asked, LAW, rate=rate).to_json() for rate in (1.0, 500.0))
    assert (fast["saturated"], slow["saturated"]) == (False, True)
    assert slow["e2e_s"] == {"p50": None, "p90": None, "p99": None}
    assert fast["e2e_s"]["p99"] < 10


def test_arrivals_have_the_rate_and_the_variation_asked_for():
    for cv in (1.0, 2.5):
        gaps = np.diff(arrive(100_000, 4.0, cv=cv, seed=3))
        assert gaps.mean() == pytest.approx(0.25, rel=0.03)
        assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.03)


def test_the_command_prints_json_and_refuses_in_a_sentence(tmp_path, capsys):
    path = tmp_path / "trace.csv"
    path.write_text("arrived_at,num_prefill_tokens,num_decode_tokens\n0,100,3\n1,50,2\n", encoding="utf-8")
    command = ["inference", "simulate", "--trace", str(path)]
    assert main([*command, "--law", "0.01", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["requests"] == 2
    assert answer["ttft_s"]["p50"] == pytest.approx(0.01)
    assert main([*command, "--law", "0.01"]) == 0
    assert "TTFT" in capsys.readouterr().out
    assert main([*command, "--law", "0.01", "--rate", "-1"]) == 2
    assert capsys.readouterr().err == (
        "narrows: The rate is -1 requests per second. A rate is above 0 and finite. Give --rate 5.\n"
    )
    assert main(command) == 2
    assert capsys.readouterr().err.startswith("narrows: The time of a step is given not at all.")
