"""The serving simulation against vLLM: logs with measured kernels, and experiments on H100 with the law."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.errors import DataError
from narrows.figure import Comparison
from narrows.inference.ahead import serve_ahead
from narrows.inference.engine import Engine, Requests
from narrows.inference.fit import BLOCK, Setup, fit
from narrows.inference.law import Placement
from narrows.inference.placed import placed_steps
from narrows.inference.profiles import read_profile
from narrows.inference.serving_kernel import serve
from narrows.transformer.registry import chip, model, models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["known_model", "shared_prefix_requests", "vllm_rows"]

ROOM = "inference"
LOGS, PROFILES, EXPERIMENTS = "vllm_logs", "vllm_kernel_profiles", "h100_vllm_experiments.json"
CARDS = {"RTXPRO6000": "rtx_pro_6000_server"}
"""Chip of the catalogue by its name in the logs."""
OTHER_NAMES = {"mistral-nemo-instruct-2407": "mistral-nemo-12b"}
"""Model of the catalogue by its published name, where the one does not begin with the other."""
GOALS = (
    ("E2E", "mean", 0.02, "Latency Mean"),
    ("E2E", "P99", 0.03, "Latency P99"),
    ("E2E", "mean over requests of the relative error", 0.03, None),
    ("TTFT", "mean", 0.04, "TTFT Mean"),
    ("TPOT", "mean", 0.02, "TPOT Mean"),
)
"""Quantity, statistic, goal, and the name of the peer's figure, of each log."""
TAIL = 99
MEDIANS = {"e2e_mean": (0.05, 0.06, 0.119), "itl_mean": (0.06, 0.07, 0.12), "ttft_mean": (0.12, 0.207, 0.173)}
"""Goal for the median error, and the median and mean errors of BLIS, which was fitted on these runs."""
CONSISTENT = 0.1
"""TTFT + (tokens - 1) ITL may differ from E2E by this share; else the run contradicts itself."""
SEED = 42
MODEL_BITS = {"fp8": "FP8"}


def vllm_rows(data: Path | None) -> Iterator[Comparison]:
    """Yield the comparisons with vLLM.

    Parameters
    ----------
    data
        Folder with the logs, the kernel profiles and the table of experiments; None where there is none.
    """
    logs = [] if data is None else sorted(path.parent for path in (data / LOGS).glob("*/meta.json"))
    if data is None or not logs:
        yield _not_run(LOGS, "latency", "data absent")
    else:
        for log in logs:
            yield from _log_rows(log, data / PROFILES)
    if data is None or not (data / EXPERIMENTS).is_file():
        yield _not_run(EXPERIMENTS, "latency", "data absent")
    else:
        yield from _experiment_rows(json.loads((data / EXPERIMENTS).read_text(encoding="utf-8")))


def known_model(published: str) -> str:
    """Return the name in the catalogue of a published model.

    Parameters
    ----------
    published
        Such as ``meta-llama/Llama-3.1-70B-Instruct``.

    Raises
    ------
    DataError
        If the catalogue has no such model.

    Examples
    --------
    >>> known_model("meta-llama/Llama-3.1-70B-Instruct"), known_model("Qwen/Qwen3-30B-A3B-Instruct-2507")
    ('llama-3.1-70b', 'qwen3-30b-a3b')
    """
    tail = published.rpartition("/")[2].lower()
    found = [name for name in models() if tail.startswith(name)]
    if tail in OTHER_NAMES or found:
        return OTHER_NAMES.get(tail) or max(found, key=len)
    raise DataError(
        f"The model {published!r} is not in the catalogue",
        "A published name begins with the name of a model of the catalogue",
        "Add the facts of the model",
    )


def _not_run(dataset: str, quantity: str, why: str) -> Comparison:
    return Comparison(ROOM, dataset, quantity, f"not run: {why}", None, "", None, 0, None)


# --- logs ---------------------------------------------------------------------------------------


def _log_rows(log: Path, profiles: Path) -> Iterator[Comparison]:
    dataset = f"{LOGS}/{log.name}"
    said = json.loads((log / "meta.json").read_text(encoding="utf-8"))
    settings, card = said["engine_kwargs"], log.name.partition("_")[0]
    tp = int(settings["tensor_parallel_size"])
    folder = profiles / f"{card}_{said['model'].replace('/', '_')}_bf16_tp{tp}"
    if not folder.is_dir():
        yield _not_run(dataset, "latency", "no kernel profile of this card and model")
        return
    name = known_model(said["model"])
    rows = [json.loads(line) for line in (log / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: float(row["queued_ts"]))
    queued, first, last = (
        np.array([row[key] for row in rows]) for key in ("queued_ts", "first_token_ts", "last_token_ts")
    )
    output = np.array([row["output_toks"] for row in rows])
    requests = Requests(queued - queued[0], np.array([row["input_toks"] for row in rows]), output)
    engine = Engine(
        blocks=int(fit(name, CARDS[card], Setup(tp=tp)).blocks)
        if card in CARDS
        else int((requests.prompt + output + BLOCK).sum()),
        chunk=int(settings["max_num_batched_tokens"]),
        sequences=int(settings["max_num_seqs"]),
        watermark=0.0,
    )
    assumed = "" if card in CARDS else ", cache taken as never full"
    table = read_profile(folder).steps(model(name), tp=tp)
    served = serve(requests, table, engine)
    peer = _peer(log / "llmservingsim_summary.txt")
    ours, theirs = (
        {"E2E": e2e, "TTFT": ttft, "TPOT": ((e2e - ttft) / np.maximum(output - 1, 1))[output > 1]}
        for e2e, ttft in ((served.e2e_s, served.ttft_s), (last - queued, first - queued))
    )
    for quantity, statistic, goal, peers in GOALS:
        error = _error(ours[quantity], theirs[quantity], statistic)
        yield Comparison(
            ROOM,
            dataset,
            (f"{quantity}, {statistic}" if peers else f"{quantity} of each request") + assumed,
            "relative error" if peers else statistic,
            error,
            f"within {goal:g}",
            peer.get(peers) if peers else None,
            len(rows),
            abs(error) <= goal,
        )


def _error(ours: Array, theirs: Array, statistic: str) -> float:
    if statistic == "mean":
        return float(ours.mean() / theirs.mean()) - 1.0
    if statistic == "P99":
        return float(np.percentile(ours, TAIL) / np.percentile(theirs, TAIL)) - 1.0
    return float(np.abs(ours / theirs - 1.0).mean())


def _peer(path: Path) -> dict[str, float]:
    """Return the relative errors that LLMServingSim states of itself on a log."""
    if not path.is_file():
        return {}
    found = re.findall(
        r"^(.*?\S)\s+\S+\s+\S+\s+([+-][\d.]+)%$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: float(percent) / 100 for name, percent in found}


# --- experiments --------------------------------------------------------------------------------


def shared_prefix_requests(workload: dict[str, Any], *, seed: int = SEED) -> Requests:
    """Return the requests of a workload of shared prefixes.

    Parameters
    ----------
    workload
        The part ``inference_perf`` of a specification: lengths, groups, and stages of rate and duration.
    seed
        Seed of arrivals and groups.

    Notes
    -----
    Arrivals are Poisson within a stage, with as many requests as the stage states. A prompt is a system
    prompt and a question; history does not grow. The whole blocks of a system prompt are cached after the
    first request of its group: they are left out of later prompts, so that attention to them is not counted.

    Examples
    --------
    >>> lengths = dict(num_unique_system_prompts=2, system_prompt_len=100, question_len=50, output_len=9)
    >>> found = shared_prefix_requests(dict(shared_prefix=lengths, stages=[dict(rate=1.0, duration=60)]))
    >>> len(found), found.prompt.min(), (found.prompt == 150).sum()
    (60, np.int64(54), np.int64(2))
    """
    lengths, random = workload["shared_prefix"], np.random.default_rng(seed)
    arrived, start = [], 0.0
    for stage in workload["stages"]:
        count = round(stage["rate"] * stage["duration"])
        arrived.append(start + np.sort(random.uniform(0.0, stage["duration"], count)))
        start += stage["duration"]
    times = np.concatenate(arrived)
    group = random.integers(0, lengths["num_unique_system_prompts"], times.size)
    first = np.zeros(times.size, dtype=bool)
    first[np.unique(group, return_index=True)[1]] = True
    system = lengths["system_prompt_len"]
    prompt = system + lengths["question_len"] - np.where(first, 0, system // BLOCK * BLOCK)
    return Requests(times, prompt, np.full(times.size, lengths["output_len"]))


def _experiment_rows(runs: list[dict[str, Any]]) -> Iterator[Comparison]:
    errors = np.array([_experiment(run) for run in runs if _consistent(run)])
    for (quantity, (goal, median, mean)), found in zip(MEDIANS.items(), np.abs(errors).T, strict=True):
        word = quantity.partition("_")[0].upper()
        middle = float(np.median(found))
        yield Comparison(
            ROOM,
            EXPERIMENTS,
            f"{word} mean, law of vLLM, not fitted here",
            "median over runs of the relative error",
            middle,
            f"within {goal:g}",
            median,
            len(found),
            middle <= goal,
        )
        yield Comparison(
            ROOM,
            EXPERIMENTS,
            f"{word} mean, law of vLLM, not fitted here",
            "mean over runs of the relative error",
            float(found.mean()),
            "",
            mean,
            len(found),
            None,
        )


def _consistent(run: dict[str, Any]) -> bool:
    """Return whether a run was measured and its parts sum to the whole."""
    measured = run.get("actual_ms")
    if not measured:
        return False
    output = run["workload"]["inference_perf"]["shared_prefix"]["output_len"]
    parts = measured["ttft_mean"] + (output - 1) * measured["itl_mean"]
    return bool(abs(parts / measured["e2e_mean"] - 1) <= CONSISTENT)


def _experiment(run: dict[str, Any]) -> list[float]:
    """Return the relative errors of E2E, ITL and TTFT of one experiment."""
    tp, tokens = run["tp"], run["max_num_batched_tokens"]
    form = next((form for form, word in MODEL_BITS.items() if word in run["model"]), "bf16")
    place = Placement("vllm", weights=form, tensor=tp, expert_tensor=tp)
    engine = Engine(blocks=run["total_kv_blocks"], chunk=tokens, sequences=run["max_num_seqs"], watermark=0.0)
    table = placed_steps(
        model(known_model(run["model"])), chip(run["hardware"]), place, most_tokens=tokens + engine.sequences
    )
    requests = shared_prefix_requests(run["workload"]["inference_perf"])
    served = serve_ahead(requests, table, engine)
    gaps = (served.e2e_s - served.ttft_s).sum() / (requests.output - 1).sum()
    ours = np.array([served.e2e_s.mean(), gaps, served.ttft_s.mean()]) * 1e3
    return list(ours / [run["actual_ms"][name] for name in MEDIANS] - 1.0)
