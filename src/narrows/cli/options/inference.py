"""Options of serving a model."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import forms, number, output, pictures, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of serving a model."""
    room = commands.add_parser("inference", help="serving a model: what fits, how fast, what it costs")
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    _inference_fit(questions)
    _inference_price(questions)
    _inference_demand(questions)
    _inference_simulate(questions)
    _inference_throughput(questions)
    _inference_search(questions)
    _inference_plan(questions)
    _inference_tables(questions)


def _inference_fit(questions: Any) -> None:
    fits = questions.add_parser("fit", help="whether a model fits some chips, byte by byte")
    fits.add_argument("model", help="a model such as llama-3.1-8b, or a config.json")
    fits.add_argument("chip", help="a chip such as h100")
    for name, words in (("tp", "tensor"), ("pp", "pipeline"), ("ep", "expert"), ("dp", "data")):
        option = f"--{name}"
        fits.add_argument(
            option, type=whole(option, 8), default=1, metavar="N", help=f"{words}-parallel ranks (1)"
        )
    fits.add_argument("--weights", metavar="PRECISION", help="bf16, fp8 or fp4; as shipped if left out")
    fits.add_argument("--keep", metavar="MODULES", default="", help="modules left in bf16, such as attention")
    fits.add_argument("--kv", metavar="PRECISION", default="bf16", help="cache in bf16 or fp8 (bf16)")
    fits.add_argument("--context", type=whole("--context", 8192), metavar="N", help="tokens that must fit")
    fits.add_argument(
        "--gpu-memory-share",
        type=number("--gpu-memory-share", "0.9"),
        default=0.9,
        metavar="SHARE",
        help="part of the memory that the engine may fill (0.9)",
    )
    fits.add_argument("--json", action="store_true", help="print JSON")
    output(fits, quiet=False)


def _inference_price(questions: Any) -> None:
    priced = questions.add_parser(
        "price", help="what a million tokens cost, and the bridge to the list price"
    )
    priced.add_argument("model", nargs="?", help="a model such as deepseek-r1")
    priced.add_argument("chip", nargs="?", help="a chip such as b200")
    priced.add_argument("--list", action="store_true", help="show the list prices held, of all models or one")
    for option, usual, default, words in (
        ("--input-tokens", "1000", None, "tokens of a prompt (1000)"),
        ("--output-tokens", "1000", None, "tokens of an answer (1000)"),
        ("--tpot", "0.05", None, "latency objective: most seconds an output token"),
        ("--utilisation", "0.5", None, "share of the hours at full load; drawn if left out"),
        ("--cached", "0.3", 0.0, "share of the input read from a prefix cache (0)"),
        ("--tokens-per-s", "2324", None, "output tokens of one chip in a second, instead of the law"),
        ("--input-per-output", "8", None, "with --tokens-per-s: input tokens for each output token (0)"),
        ("--input-tokens-per-s", "20000", None, "with it: input of one chip that does nothing else"),
        ("--cached-tokens-per-s", "200000", None, "the same for cached input"),
    ):
        priced.add_argument(option, type=number(option, usual), default=default, metavar="N", help=words)
    priced.add_argument(
        "--concurrency",
        type=whole("--concurrency", 64),
        metavar="N",
        help="requests in flight; as many as fit memory and --tpot if left out",
    )
    priced.add_argument(
        "--tp", type=whole("--tp", 8), metavar="N", help="tensor-parallel chips; the cheapest if left out"
    )
    priced.add_argument(
        "--dp", type=whole("--dp", 8), metavar="N", help="attention ranks that share the experts (1)"
    )
    priced.add_argument("--weights", metavar="PRECISION", help="bf16, fp8 or fp4; as shipped if left out")
    priced.add_argument("--engine", metavar="NAME", help="trtllm, vllm or sglang (vllm)")
    priced.add_argument(
        "--cost",
        default="tco_neocloud",
        metavar="KIND",
        help="tco_hyperscaler, tco_neocloud, rental_3yr, rental, rental_spot (tco_neocloud)",
    )
    priced.add_argument(
        "--draws", type=whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    priced.add_argument(
        "--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    priced.add_argument("--json", action="store_true", help="print JSON")
    priced.add_argument("--svg", metavar="FILE", help="also write the steps as a picture")
    output(priced)


def _inference_demand(questions: Any) -> None:
    paid = questions.add_parser("demand", help="accelerators that the revenue of inference pays for")
    paid.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2025Q1:2026Q4")
    paid.add_argument(
        "--scenario", metavar="FILE", help="also write them as a scenario for `narrows map --scenario FILE`"
    )
    paid.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    paid.add_argument(
        "--draws", type=whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    paid.add_argument("--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    paid.add_argument("--json", action="store_true", help="print JSON: every number by its id")
    output(paid)


def _inference_simulate(questions: Any) -> None:
    ask = questions.add_parser("simulate", help="what a deployment does with a trace of requests")
    _asked(ask)
    _deployed(ask)
    _scheduled(ask)
    ask.add_argument("--svg", metavar="FILE", help="also write the distribution of latency as a picture")
    ask.add_argument("--json", action="store_true", help="print JSON")
    output(ask, quiet=False)


def _inference_throughput(questions: Any) -> None:
    full = questions.add_parser(
        "throughput", help="tokens/s, energy and cost of a chip at full load, and the placement for it"
    )
    full.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    full.add_argument("chip", help="a chip such as b200")
    for option, words in (
        ("--input-tokens", "tokens of a prompt"),
        ("--output-tokens", "tokens of an answer"),
    ):
        full.add_argument(option, type=number(option, "1024"), required=True, metavar="N", help=words)
    for option, usual, words in (
        ("--ttft", "2", "limit of the time to the first token, which 99 %% of requests meet [s]"),
        ("--tpot", "0.05", "limit of the time per output token, which 99 %% of requests meet [s]"),
    ):
        full.add_argument(option, type=number(option, usual), metavar="S", help=words)
    full.add_argument("--weights", metavar="PRECISION", help="bf16, fp8 or fp4; the leanest if left out")
    full.add_argument("--engine", default="trtllm", help="trtllm, vllm or sglang (trtllm)")
    full.add_argument("--json", action="store_true", help="print JSON")
    output(full, quiet=False)


def _inference_tables(questions: Any) -> None:
    tables = questions.add_parser("tables", help="the tables of Day 8, computed: what serving costs, and why")
    tables.add_argument(
        "table", nargs="?", default="definitions", help="definitions, drivers, levers, hardware or training"
    )
    tables.add_argument("--draws", type=whole("--draws", 2), default=1000, metavar="N", help="draws (1000)")
    tables.add_argument("--seed", type=whole("--seed", 0), default=1, metavar="N", help="seed (1)")
    form = tables.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print CSV")
    output(tables, quiet=False)


def _inference_traffic(ask: Any) -> None:
    """Add what is asked of a deployment, and the latency that must hold."""
    for option, usual, words in (
        ("--input-tokens", "4000", "mean tokens of a prompt"),
        ("--output-tokens", "500", "mean tokens of an answer"),
    ):
        ask.add_argument(option, type=number(option, usual), metavar="N", help=words)
    ask.add_argument(
        "--trace", metavar="FILE", help="lengths and rate of a CSV file instead, as for simulate"
    )
    for option, usual, default, words in (
        ("--spread", "0.5", 0.0, "standard deviation of lengths over their mean (0)"),
        ("--cached", "0.3", 0.0, "share of the prompt read from a prefix cache (0)"),
        ("--rate", "5", None, "requests per second in all"),
        ("--users", "256", None, "requests in flight at all times, instead of a rate"),
        ("--ttft", "1", None, "limit on the time to the first token [s]"),
        ("--tpot", "0.05", None, "limit on the time per output token [s]"),
        ("--e2e", "30", None, "limit on the time to the last token [s]"),
        ("--at", "0.9", 0.9, "share of the requests within each limit (0.9)"),
    ):
        ask.add_argument(option, type=number(option, usual), default=default, metavar="X", help=words)
    ask.add_argument(
        "--cost",
        default="tco_neocloud",
        metavar="KIND",
        help="tco_hyperscaler, tco_neocloud, rental_3yr, rental, rental_spot (tco_neocloud)",
    )
    ask.add_argument(
        "--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of lengths and arrivals (1)"
    )


def _inference_search(questions: Any) -> None:
    ask = questions.add_parser("search", help="the best deployments for some traffic, and their front")
    ask.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    _inference_traffic(ask)
    ask.add_argument("--chips", metavar="LIST", help="chips such as h100,b200; all with a cost if left out")
    ask.add_argument("--weights", metavar="LIST", help="shipped, bf16, fp8, nvfp4; those that fit the chip")
    ask.add_argument(
        "--most-chips", type=whole("--most-chips", 64), default=64, metavar="N", help="chips in all (64)"
    )
    ask.add_argument("--stages", metavar="LIST", default="1", help="pipeline widths, such as 1,2,4 (1)")
    ask.add_argument("--over", default="tpot", choices=("tpot", "e2e"), help="latency of the front (tpot)")
    ask.add_argument(
        "--workers", type=whole("--workers", 2), default=1, metavar="N", help="processes that search (1)"
    )
    ask.add_argument("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers search instead")
    forms(ask, csv="print one row a simulated deployment")
    pictures(ask)
    output(ask)


def _inference_plan(questions: Any) -> None:
    ask = questions.add_parser("plan", help="one deployment in full: memory, latency, chips, power, cost")
    ask.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    ask.add_argument("chip", help="a chip such as h100")
    _inference_traffic(ask)
    for name, words in (("tp", "tensor"), ("pp", "pipeline"), ("ep", "expert"), ("dp", "data")):
        option = f"--{name}"
        ask.add_argument(
            option, type=whole(option, 8), metavar="N", help=f"{words}-parallel ranks; searched if left out"
        )
    ask.add_argument("--weights", metavar="PRECISION", help="with ranks: shipped, bf16, fp8 or nvfp4")
    ask.add_argument("--kv", metavar="PRECISION", default="bf16", help="with ranks: cache in bf16 or fp8")
    ask.add_argument("--engine", metavar="NAME", help="trtllm, vllm or sglang")
    ask.add_argument("--batch", type=whole("--batch", 64), metavar="N", help="requests in flight in one copy")
    ask.add_argument("--budget", type=whole("--budget", 8192), metavar="N", help="tokens of one step")
    ask.add_argument("--json", action="store_true", help="print JSON")
    output(ask, quiet=False)


def _asked(ask: Any) -> None:
    """Add what is asked of the deployment."""
    words = "CSV with arrived_at [s], num_prefill_tokens, num_decode_tokens; or Mooncake's .jsonl"
    ask.add_argument("--trace", metavar="FILE", help=words)
    ask.add_argument(
        "--requests", type=whole("--requests", 1000), metavar="N", help="without a trace: how many requests"
    )
    for option, usual, default, words in (
        ("--input-tokens", "1000", None, "with --requests: mean prompt [token]"),
        ("--output-tokens", "200", None, "with --requests: mean output [token]"),
        ("--length-cv", "1", 0.0, "with --requests: variation of both, lognormal; 0 makes all alike (0)"),
        ("--rate", "5", None, "arrivals per second; those of the trace if left out"),
        ("--cv", "1", 1.0, "with --rate: variation of the gaps; 1 is Poisson, more is bursty (1)"),
    ):
        ask.add_argument(option, type=number(option, usual), default=default, metavar="X", help=words)


def _deployed(ask: Any) -> None:
    """Add what the requests run on."""
    ask.add_argument("--model", metavar="NAME", help="a model such as llama-3.1-8b; its law gives step times")
    ask.add_argument("--chip", metavar="NAME", help="with --model: a chip such as h100")
    ask.add_argument("--tp", type=whole("--tp", 8), default=1, metavar="N", help="with --model: chips (1)")
    ask.add_argument("--weights", metavar="PRECISION", help="with --model: bf16, fp8 or fp4; as shipped")
    ask.add_argument("--engine", metavar="NAME", default="vllm", help="with --model: whose law (vllm)")
    ask.add_argument("--steps", metavar="FILE", help="or step times of one layer (.npz)")
    ask.add_argument(
        "--layers", type=whole("--layers", 32), default=32, metavar="N", help="with --steps: layers (32)"
    )
    ask.add_argument("--law", metavar="LIST", help="or a step law: seconds, seconds per token, ...")
    ask.add_argument("--profile", metavar="FOLDER", help="or kernels measured layer by layer, with --model")
    for name, default, text in (
        ("replicas", 1, "engines that share the arrivals"),
        ("blocks", None, "cache blocks of one engine; with --model those that fit, else 29696"),
        ("block-tokens", 16, "tokens of a block"),
        ("chunk", 512, "most tokens in a batch"),
        ("sequences", 512, "most requests that hold cache in one engine"),
        ("seed", 42, "seed of all draws"),
    ):
        option, shown = f"--{name}", f"{text} ({default})" if default else text
        usual = default or 29_696
        ask.add_argument(option, type=whole(option, usual), default=default, metavar="N", help=shown)


def _scheduled(ask: Any) -> None:
    """Add how an engine forms its batches, and how requests reach it."""
    ask.add_argument("--policy", default="sarathi", help="sarathi, vllm, orca or static (sarathi)")
    ask.add_argument("--routing", default="round_robin", help="round_robin, lor, least_outstanding or random")
    ask.add_argument("--prefix-cache", action="store_true", help="blocks of earlier prompts serve later ones")
    ask.add_argument(
        "--speculate", type=whole("--speculate", 4), default=0, metavar="K", help="tokens drafted a step (0)"
    )
    ask.add_argument("--split", metavar="P:D", help="engines for prompts : engines for decoding")
    for option, usual, default, words in (
        ("--acceptance", "0.7", None, "with --speculate: chance that a drafted token is accepted"),
        ("--draft-share", "0.05", 0.0, "with --speculate: time of a drafted token over a decoding step (0)"),
        ("--cache-bytes-per-token", "131072", None, "with --split: cache of a token; with --model its own"),
        ("--transfer-bytes-per-s", "5e10", None, "with --split: link between the engines"),
        ("--transfer-latency-s", "0.001", 0.0, "with --split: time of a transfer besides its bytes (0)"),
    ):
        ask.add_argument(option, type=number(option, usual), default=default, metavar="X", help=words)
