"""The options of every command: one function a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["add_commands"]

MACHINES = {
    "compute": ("accelerators: rates, prices, ratios; an audit of their figures", "chip", "h100"),
    "memory": ("stacked memory by generation and chip; an audit", "generation or chip", "hbm3e"),
    "network": ("links and switches, the fabric of a cluster; an audit", "link or chip", "nvlink5"),
    "systems": ("servers and racks, what one accelerator needs; an audit", "system", "gb200_nvl72"),
}
"""Rooms of machines: help, what they show, and an example."""


def add_commands(commands: Any) -> None:
    """Add all commands to a parser, in the order of the help.

    Parameters
    ----------
    commands
        The parser's group of commands.
    """
    for add in (
        _map,
        _prices,
        _cascade,
        _time,
        _headlines,
        _makers,
        _plan,
        _loop,
        _sites,
        _machines,
        _facility,
        _inference,
        _training,
        _claims,
        _why,
        _facts,
        _layer,
        _schema,
        _validate,
    ):
        add(commands)


def _map(commands: Any) -> None:
    show = commands.add_parser(
        "map", help="which layer binds in each quarter, at what price, what is deployed"
    )
    show.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2026Q4:2030Q4")
    show.add_argument(
        "--relax", action="store_true", help="what more of each layer brings, from --quarters on"
    )
    show.add_argument(
        "--add", metavar="SHARE", type=_number("--add", "0.1"), help="with --relax: 0.1 adds 10 %%"
    )
    show.add_argument(
        "--budget", metavar="USD", type=_number("--budget", "5e9"), help="with --relax: money to split"
    )
    _question(show)
    _forms(show, json="print JSON (see `narrows schema`)", csv="print one row a layer and quarter")
    _pictures(show)
    _output(show)


def _prices(commands: Any) -> None:
    priced = commands.add_parser(
        "prices", help="what capacity of a quarter is worth, who binds together, who earns what of more"
    )
    priced.add_argument("quarter", nargs="?", help="such as 2026Q4; today's if left out")
    priced.add_argument(
        "--add",
        metavar="SHARE",
        type=_number("--add", "0.1"),
        default=0.1,
        help="capacity that all layers gain in the joint question (0.1)",
    )
    _question(priced)
    _forms(priced)
    _pictures(priced)
    _output(priced)


def _cascade(commands: Any) -> None:
    moves = commands.add_parser(
        "cascade", help="what binds after each relief, and where the constraint moves"
    )
    moves.add_argument("quarter", nargs="?", help="quarter of the decisions; today's if left out")
    moves.add_argument("--at", metavar="QUARTER", help="quarter asked about; default: 20 quarters later")
    moves.add_argument(
        "--steps", type=_whole("--steps", 6), default=6, metavar="N", help="most layers raised (6)"
    )
    _question(moves)
    _forms(moves)
    _pictures(moves)
    _output(moves)


def _time(commands: Any) -> None:
    spans = commands.add_parser("time", help="when each layer stops being short")
    spans.add_argument("quarter", nargs="?", help="quarter that years are counted from; today's if left out")
    _question(spans)
    _forms(spans)
    _pictures(spans)
    _output(spans)


def _headlines(commands: Any) -> None:
    heads = commands.add_parser(
        "headlines", help="the facts that move each headline most, and what knowing them better is worth"
    )
    heads.add_argument("quarter", nargs="?", help="the quarter that is now; today's if left out")
    _question(heads)
    _forms(heads)
    _output(heads, quiet=False)


def _makers(commands: Any) -> None:
    maker = commands.add_parser("makers", help="who makes each layer, and what is lost when one stops")
    maker.add_argument(
        "name", nargs="?", help="a layer such as cowos, or a company such as nvidia; all if left out"
    )
    maker.add_argument("--quarter", metavar="Q", help="quarter in which a maker stops, such as 2027Q1")
    _question(maker)
    _forms(maker, csv="print one row a figure")
    maker.add_argument("--svg", metavar="FILE", help="also write the makers of all layers as a picture")
    _output(maker)


def _plan(commands: Any) -> None:
    best = commands.add_parser("plan", help="the best plan of several products that share layers")
    best.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2027Q1:2030Q4")
    best.add_argument("--products", metavar="NAMES", help="makers, families or designs, such as nvidia,tpu")
    best.add_argument("--fixed-mix", action="store_true", help="keep the mix of designs as stated")
    best.add_argument("--expand", action="store_true", help="also buy capacity where its cost is known")
    best.add_argument("--elastic", action="store_true", help="also let demand follow the price")
    best.add_argument(
        "--at-least",
        metavar="PRODUCT=AMOUNT",
        action="append",
        default=[],
        help="a promise: a share of demand up to 1, or H100e a quarter",
    )
    _question(best, draws=1)
    _forms(best, json="print JSON: every number by its id", csv="print one row a number")
    _output(best, quiet=False)


def _loop(commands: Any) -> None:
    back = commands.add_parser("loop", help="revenue funds capital, capital orders compute: with and without")
    back.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2026Q4:2030Q4")
    _question(back)
    _forms(back, json="print JSON: every number by its id", csv="print one row a number")
    _output(back, quiet=False)


def _sites(commands: Any) -> None:
    place = commands.add_parser("sites", help="power at tracked sites by day, with the slip of their plans")
    place.add_argument("site", nargs="?", help="a site such as colossus-2; all sites if left out")
    place.add_argument("--on", nargs="+", metavar="DATE", help="days, such as 2026-03-31 2026-05-15")
    place.add_argument("--quarters", metavar="A:B", help="quarters by their last day, such as 2026Q1:2027Q4")
    place.add_argument("--score", metavar="FILE", help="score the forecast by a later table of the sites")
    _question(place)
    _forms(place, csv="print one row a day and site")
    place.add_argument("--svg", metavar="FILE", help="also write the fan chart")
    _output(place, quiet=False)


def _machines(commands: Any) -> None:
    for room in MACHINES:
        _machine_room(commands, room)


def _machine_room(commands: Any, room: str) -> None:
    words, thing, example = MACHINES[room]
    asked = commands.add_parser(room, help=words)
    questions = asked.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(asked))
    show = questions.add_parser("show", help=f"what is held; of one {thing}, every statement and its source")
    show.add_argument("name", nargs="?", metavar="NAME", help=f"a {thing} such as {example}; all if left out")
    _forms(show, csv="print one row a statement")
    _output(show, quiet=False)
    audit = questions.add_parser("audit", help="figures that cannot be; exit code 4 where there are any")
    audit.add_argument(
        "file", nargs="?", metavar="FILE", help="a CSV of chips, runs, systems or statements; else the facts"
    )
    _forms(audit, csv="print one row a defect")
    _output(audit, quiet=False)
    for add in MORE.get(room, ()):
        add(questions)


def _systems_need(questions: Any) -> None:
    needs = questions.add_parser("need", help="what one accelerator takes of every layer, from physics")
    needs.add_argument("chip", help="a chip such as h100")
    needs.add_argument(
        "--draws", type=_whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    needs.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    _forms(needs)
    _output(needs, quiet=False)


def _network_fabric(questions: Any) -> None:
    built = questions.add_parser("fabric", help="the switches of a cluster, and its cost per accelerator")
    built.add_argument("gpus", type=_whole("GPUS", 1024), metavar="GPUS", help="accelerators such as 1024")
    for name, usual, words in (("radix", 64, "ports of a switch"), ("rails", 8, "networks side by side")):
        built.add_argument(
            f"--{name}",
            type=_whole(f"--{name}", usual),
            default=usual,
            metavar="N",
            help=f"{words} ({usual})",
        )
    built.add_argument("--json", action="store_true", help="print JSON")
    _output(built, quiet=False)


def _compute_time(questions: Any) -> None:
    product = questions.add_parser("time", help="time, rate and bound of A (m x k) times B (k x n)")
    product.add_argument("chip", help="a chip such as h100")
    for name, words in (("m", "rows of A"), ("n", "columns of B"), ("k", "columns of A, rows of B")):
        product.add_argument(name, type=_whole(name, 4096), help=words)
    product.add_argument("--precision", default="bf16", help="bf16, fp8 or fp4 (bf16)")
    product.add_argument("--json", action="store_true", help="print JSON")
    product.set_defaults(command="compute_time")
    _output(product, quiet=False)


def _network_time(questions: Any) -> None:
    together = questions.add_parser("time", help="time, rate and bound of a collective")
    together.add_argument("chip", help="a chip such as h100")
    together.add_argument("operation", help="all_gather, reduce_scatter, all_reduce or alltoall")
    together.add_argument("bytes", type=_number("bytes", "1e9"), help="message, such as 1e9")
    for option, default, words in (
        ("--chips", 8, "chips that take part"),
        ("--nodes", 1, "nodes they stand in"),
    ):
        together.add_argument(
            option, type=_whole(option, default), default=default, metavar="N", help=f"{words} ({default})"
        )
    together.add_argument(
        "--node-link",
        type=_number("--node-link", "50"),
        metavar="GBPS",
        help="link of one chip to other nodes, one way [GB/s]; that of the chip if left out",
    )
    together.add_argument("--json", action="store_true", help="print JSON")
    together.set_defaults(command="network_time")
    _output(together, quiet=False)


MORE = {
    "compute": (_compute_time,),
    "network": (_network_time, _network_fabric),
    "systems": (_systems_need,),
}
"""Questions of one room alone."""


def _facility(commands: Any) -> None:
    room = commands.add_parser("facility", help="power and cooling of a site: when power comes, what cools")
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    _facility_power_date(questions)
    _facility_rack(questions)
    _facility_simulate(questions)
    _facility_sweep(questions)


def _facility_power_date(questions: Any) -> None:
    dated = questions.add_parser("power-date", help="when a site has power, and what decides")
    dated.add_argument(
        "--mw", type=_number("--mw", "100"), default=100.0, metavar="MW", help="facility power (100)"
    )
    dated.add_argument("--path", default="grid", help="grid, onsite, bridge or leased (grid)")
    dated.add_argument("--start", metavar="MONTH", help="month of the first works; the facts' if left out")
    dated.add_argument("--state", metavar="STATE", help="state whose queue has a fact, such as tx")
    dated.add_argument("--let", action="store_true", help="built by a landlord to be let")
    dated.add_argument("--converted", action="store_true", help="into a shell or industrial site that stands")
    dated.add_argument("--quick-permits", action="store_true", help="where permits come quicker than usual")
    dated.add_argument(
        "--draws", type=_whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    dated.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    dated.add_argument("--json", action="store_true", help="print JSON")
    dated.add_argument("--svg", metavar="FILE", help="also write the picture")
    _output(dated)


def _facility_rack(questions: Any) -> None:
    cooled = questions.add_parser("rack", help="what cools a rack, and what takes over where that ends")
    cooled.add_argument("rack", metavar="KW|SYSTEM", help="heat in kW, or a system such as gb200_nvl72")
    cooled.add_argument("--family", metavar="NAME", help="a family that must take it, such as air")
    cooled.add_argument("--rise", type=_number("--rise", "10"), metavar="K", help="rise of the coolant (10)")
    cooled.add_argument("--json", action="store_true", help="print JSON")
    cooled.add_argument("--svg", metavar="FILE", help="also write the picture")
    _output(cooled)


def _facility_simulate(questions: Any) -> None:
    run = questions.add_parser("simulate", help="a hall through every hour of a year: PUE, WUE, power, water")
    run.add_argument("place", metavar="CITY|FILE.epw", help="a city such as phoenix_az, or a weather file")
    run.add_argument(
        "--design", default="air + towers", metavar="LINE", help="such as 'direct liquid + dry coolers, 2N'"
    )
    run.add_argument(
        "--it-mw", type=_number("--it-mw", "100"), default=100.0, metavar="MW", help="IT power (100)"
    )
    run.add_argument(
        "--draws", type=_whole("--draws", 100), default=100, metavar="N", help="number of draws (100)"
    )
    run.add_argument("--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)")
    run.add_argument("--json", action="store_true", help="print JSON")
    run.add_argument("--svg", metavar="FILE", help="also write PUE by hour and day as a picture")
    run.set_defaults(command="plant")
    _output(run)


def _facility_sweep(questions: Any) -> None:
    many = questions.add_parser("sweep", help="designs at one place, the least PUE first")
    many.add_argument("place", metavar="CITY|FILE.epw", help="a city such as phoenix_az, or a weather file")
    many.add_argument("--redundancy", default="N+1", metavar="NAME", help="N, N+1 or 2N (N+1)")
    many.add_argument(
        "--age", default="campus", metavar="NAME", help="class of hall, such as leased (campus)"
    )
    many.set_defaults(command="plant")
    _output(many)


def _inference(commands: Any) -> None:
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
            option, type=_whole(option, 8), default=1, metavar="N", help=f"{words}-parallel ranks (1)"
        )
    fits.add_argument("--weights", metavar="PRECISION", help="bf16, fp8 or fp4; as shipped if left out")
    fits.add_argument("--keep", metavar="MODULES", default="", help="modules left in bf16, such as attention")
    fits.add_argument("--kv", metavar="PRECISION", default="bf16", help="cache in bf16 or fp8 (bf16)")
    fits.add_argument("--context", type=_whole("--context", 8192), metavar="N", help="tokens that must fit")
    fits.add_argument(
        "--gpu-memory-share",
        type=_number("--gpu-memory-share", "0.9"),
        default=0.9,
        metavar="SHARE",
        help="part of the memory that the engine may fill (0.9)",
    )
    fits.add_argument("--json", action="store_true", help="print JSON")
    _output(fits, quiet=False)


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
        priced.add_argument(option, type=_number(option, usual), default=default, metavar="N", help=words)
    priced.add_argument(
        "--concurrency",
        type=_whole("--concurrency", 64),
        metavar="N",
        help="requests in flight; as many as fit memory and --tpot if left out",
    )
    priced.add_argument(
        "--tp", type=_whole("--tp", 8), metavar="N", help="tensor-parallel chips; the cheapest if left out"
    )
    priced.add_argument(
        "--dp", type=_whole("--dp", 8), metavar="N", help="attention ranks that share the experts (1)"
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
        "--draws", type=_whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    priced.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    priced.add_argument("--json", action="store_true", help="print JSON")
    priced.add_argument("--svg", metavar="FILE", help="also write the steps as a picture")
    _output(priced)


def _inference_demand(questions: Any) -> None:
    paid = questions.add_parser("demand", help="accelerators that the revenue of inference pays for")
    paid.add_argument("--quarters", metavar="A:B", help="quarters to show, such as 2025Q1:2026Q4")
    paid.add_argument(
        "--scenario", metavar="FILE", help="also write them as a scenario for `narrows map --scenario FILE`"
    )
    paid.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    paid.add_argument(
        "--draws", type=_whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    paid.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    paid.add_argument("--json", action="store_true", help="print JSON: every number by its id")
    _output(paid)


def _inference_simulate(questions: Any) -> None:
    ask = questions.add_parser("simulate", help="what a deployment does with a trace of requests")
    _asked(ask)
    _deployed(ask)
    _scheduled(ask)
    ask.add_argument("--svg", metavar="FILE", help="also write the distribution of latency as a picture")
    ask.add_argument("--json", action="store_true", help="print JSON")
    _output(ask, quiet=False)


def _asked(ask: Any) -> None:
    """Add what is asked of the deployment."""
    words = "CSV with arrived_at [s], num_prefill_tokens, num_decode_tokens; or Mooncake's .jsonl"
    ask.add_argument("--trace", metavar="FILE", help=words)
    ask.add_argument(
        "--requests", type=_whole("--requests", 1000), metavar="N", help="without a trace: how many requests"
    )
    for option, usual, default, words in (
        ("--input-tokens", "1000", None, "with --requests: mean prompt [token]"),
        ("--output-tokens", "200", None, "with --requests: mean output [token]"),
        ("--length-cv", "1", 0.0, "with --requests: variation of both, lognormal; 0 makes all alike (0)"),
        ("--rate", "5", None, "arrivals per second; those of the trace if left out"),
        ("--cv", "1", 1.0, "with --rate: variation of the gaps; 1 is Poisson, more is bursty (1)"),
    ):
        ask.add_argument(option, type=_number(option, usual), default=default, metavar="X", help=words)


def _deployed(ask: Any) -> None:
    """Add what the requests run on."""
    ask.add_argument("--model", metavar="NAME", help="a model such as llama-3.1-8b; its law gives step times")
    ask.add_argument("--chip", metavar="NAME", help="with --model: a chip such as h100")
    ask.add_argument("--tp", type=_whole("--tp", 8), default=1, metavar="N", help="with --model: chips (1)")
    ask.add_argument("--weights", metavar="PRECISION", help="with --model: bf16, fp8 or fp4; as shipped")
    ask.add_argument("--engine", metavar="NAME", default="vllm", help="with --model: whose law (vllm)")
    ask.add_argument("--steps", metavar="FILE", help="or step times of one layer (.npz)")
    ask.add_argument(
        "--layers", type=_whole("--layers", 32), default=32, metavar="N", help="with --steps: layers (32)"
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
        ask.add_argument(option, type=_whole(option, usual), default=default, metavar="N", help=shown)


def _scheduled(ask: Any) -> None:
    """Add how an engine forms its batches, and how requests reach it."""
    ask.add_argument("--policy", default="sarathi", help="sarathi, vllm, orca or static (sarathi)")
    ask.add_argument("--routing", default="round_robin", help="round_robin, lor, least_outstanding or random")
    ask.add_argument("--prefix-cache", action="store_true", help="blocks of earlier prompts serve later ones")
    ask.add_argument(
        "--speculate", type=_whole("--speculate", 4), default=0, metavar="K", help="tokens drafted a step (0)"
    )
    ask.add_argument("--split", metavar="P:D", help="engines for prompts : engines for decoding")
    for option, usual, default, words in (
        ("--acceptance", "0.7", None, "with --speculate: chance that a drafted token is accepted"),
        ("--draft-share", "0.05", 0.0, "with --speculate: time of a drafted token over a decoding step (0)"),
        ("--cache-bytes-per-token", "131072", None, "with --split: cache of a token; with --model its own"),
        ("--transfer-bytes-per-s", "5e10", None, "with --split: link between the engines"),
        ("--transfer-latency-s", "0.001", 0.0, "with --split: time of a transfer besides its bytes (0)"),
    ):
        ask.add_argument(option, type=_number(option, usual), default=default, metavar="X", help=words)


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
        full.add_argument(option, type=_number(option, "1024"), required=True, metavar="N", help=words)
    for option, usual, words in (
        ("--ttft", "2", "limit of the time to the first token, which 99 %% of requests meet [s]"),
        ("--tpot", "0.05", "limit of the time per output token, which 99 %% of requests meet [s]"),
    ):
        full.add_argument(option, type=_number(option, usual), metavar="S", help=words)
    full.add_argument("--weights", metavar="PRECISION", help="bf16, fp8 or fp4; the leanest if left out")
    full.add_argument("--engine", default="trtllm", help="trtllm, vllm or sglang (trtllm)")
    full.add_argument("--json", action="store_true", help="print JSON")
    _output(full, quiet=False)


def _inference_tables(questions: Any) -> None:
    tables = questions.add_parser("tables", help="the tables of Day 8, computed: what serving costs, and why")
    tables.add_argument(
        "table", nargs="?", default="definitions", help="definitions, drivers, levers, hardware or training"
    )
    tables.add_argument("--draws", type=_whole("--draws", 2), default=1000, metavar="N", help="draws (1000)")
    tables.add_argument("--seed", type=_whole("--seed", 0), default=1, metavar="N", help="seed (1)")
    form = tables.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print CSV")
    _output(tables, quiet=False)


def _inference_traffic(ask: Any) -> None:
    """Add what is asked of a deployment, and the latency that must hold."""
    for option, usual, words in (
        ("--input-tokens", "4000", "mean tokens of a prompt"),
        ("--output-tokens", "500", "mean tokens of an answer"),
    ):
        ask.add_argument(option, type=_number(option, usual), metavar="N", help=words)
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
        ask.add_argument(option, type=_number(option, usual), default=default, metavar="X", help=words)
    ask.add_argument(
        "--cost",
        default="tco_neocloud",
        metavar="KIND",
        help="tco_hyperscaler, tco_neocloud, rental_3yr, rental, rental_spot (tco_neocloud)",
    )
    ask.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of lengths and arrivals (1)"
    )


def _inference_search(questions: Any) -> None:
    ask = questions.add_parser("search", help="the best deployments for some traffic, and their front")
    ask.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    _inference_traffic(ask)
    ask.add_argument("--chips", metavar="LIST", help="chips such as h100,b200; all with a cost if left out")
    ask.add_argument("--weights", metavar="LIST", help="shipped, bf16, fp8, nvfp4; those that fit the chip")
    ask.add_argument(
        "--most-chips", type=_whole("--most-chips", 64), default=64, metavar="N", help="chips in all (64)"
    )
    ask.add_argument("--stages", metavar="LIST", default="1", help="pipeline widths, such as 1,2,4 (1)")
    ask.add_argument("--over", default="tpot", choices=("tpot", "e2e"), help="latency of the front (tpot)")
    ask.add_argument(
        "--workers", type=_whole("--workers", 2), default=1, metavar="N", help="processes that search (1)"
    )
    _forms(ask, csv="print one row a simulated deployment")
    _pictures(ask)
    _output(ask)


def _inference_plan(questions: Any) -> None:
    ask = questions.add_parser("plan", help="one deployment in full: memory, latency, chips, power, cost")
    ask.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    ask.add_argument("chip", help="a chip such as h100")
    _inference_traffic(ask)
    for name, words in (("tp", "tensor"), ("pp", "pipeline"), ("ep", "expert"), ("dp", "data")):
        option = f"--{name}"
        ask.add_argument(
            option, type=_whole(option, 8), metavar="N", help=f"{words}-parallel ranks; searched if left out"
        )
    ask.add_argument("--weights", metavar="PRECISION", help="with ranks: shipped, bf16, fp8 or nvfp4")
    ask.add_argument("--kv", metavar="PRECISION", default="bf16", help="with ranks: cache in bf16 or fp8")
    ask.add_argument("--engine", metavar="NAME", help="trtllm, vllm or sglang")
    ask.add_argument(
        "--batch", type=_whole("--batch", 64), metavar="N", help="requests in flight in one copy"
    )
    ask.add_argument("--budget", type=_whole("--budget", 8192), metavar="N", help="tokens of one step")
    ask.add_argument("--json", action="store_true", help="print JSON")
    _output(ask, quiet=False)


def _training(commands: Any) -> None:
    room = commands.add_parser(
        "training", help="a training run: layout, step, cost, split of a budget, what is lost"
    )
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    _training_cost(questions)
    _training_allocate(questions)
    _training_goodput(questions)
    _training_plan(questions)
    _training_search(questions)


def _training_cost(questions: Any) -> None:
    cost = questions.add_parser("cost", help="what a run costs: bottom up, or by three published methods")
    cost.add_argument("--chip", default="h100", metavar="CHIP", help="a chip such as h100 (h100)")
    cost.add_argument("--chips", type=_whole("--chips", 16_384), metavar="N", help="chips of the run")
    for option, usual, text in (
        ("--days", "54", "days from start to end"),
        ("--tokens", "15.6e12", "instead of --days: tokens of training"),
        ("--params", "405e9", "with --tokens: parameters active for each"),
        (
            "--mfu",
            "0.4",
            "with --tokens: operations over the dense 16-bit rate; that of the facts if left out",
        ),
    ):
        cost.add_argument(option, type=_number(option, usual), metavar="X", help=text)
    cost.add_argument(
        "--basis",
        default="life",
        metavar="KIND",
        help="life, trend, tco_neocloud, tco_hyperscaler, rental_3yr, rental, rental_spot (life)",
    )
    cost.add_argument("--data", metavar="DIR", help="published methods: folder of their tables")
    cost.add_argument("--cases", metavar="FILE", help="published methods: a table of runs")
    _draws(cost)
    cost.add_argument("--json", action="store_true", help="print JSON")
    cost.add_argument("--svg", metavar="FILE", help="also write waterfall and tornado")
    _output(cost, quiet=False)


def _training_allocate(questions: Any) -> None:
    split = questions.add_parser("allocate", help="parameters and tokens with the least loss for a budget")
    split.add_argument(
        "--flop", type=_number("--flop", "3.8e25"), required=True, metavar="C", help="operations of training"
    )
    split.add_argument(
        "--inference-tokens",
        type=_number("--inference-tokens", "1e13"),
        default=0.0,
        metavar="D",
        help="tokens to serve: keeps the loss, and makes the model smaller and longer trained (0)",
    )
    _draws(split)
    split.add_argument("--json", action="store_true", help="print JSON")
    _output(split, quiet=False)


def _training_goodput(questions: Any) -> None:
    useful = questions.add_parser("goodput", help="useful time of a run: failures, checkpoints, restarts")
    useful.add_argument("--chip", default="h100", metavar="CHIP", help="a chip such as h100 (h100)")
    useful.add_argument(
        "--chips", type=_whole("--chips", 16_384), required=True, metavar="N", help="chips of the run"
    )
    for option, usual, text in (
        ("--days", "54", "days from start to end"),
        ("--checkpoint-s", "60", "time that a checkpoint keeps the run from working; by facts if left out"),
        ("--restart-s", "600", "time from a failure to work again; by facts if left out"),
    ):
        useful.add_argument(
            option, type=_number(option, usual), required=option == "--days", metavar="X", help=text
        )
    useful.add_argument(
        "--interval", default="auto", metavar="X", help="seconds between checkpoints, or auto"
    )
    useful.add_argument(
        "--spares", type=_whole("--spares", 16), metavar="N", help="spare nodes; always one if left out"
    )
    _draws(useful)
    useful.add_argument("--json", action="store_true", help="print JSON")
    _output(useful, quiet=False)


def _training_job(ask: Any) -> None:
    """Add what a plan and a search of layouts share."""
    ask.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    ask.add_argument("chip", help="a chip such as h100")
    for option, usual, text in (
        ("--batch", 512, "sequences of a step"),
        ("--sequence", 8192, "their tokens"),
    ):
        ask.add_argument(option, type=_whole(option, usual), required=True, metavar="N", help=text)
    for option, usual, text in (
        ("--tp", 4, "tensor width"),
        ("--pp", 8, "pipeline stages"),
        ("--cp", 1, "context width"),
        ("--ep", 8, "expert width"),
        ("--vp", 5, "chunks of layers a stage holds"),
        ("--mbs", 1, "sequences of a micro-batch"),
        ("--shard", 64, "chips over which parameters are cut up, 0 for none"),
    ):
        ask.add_argument(
            option, type=_whole(option, usual), metavar="N", help=f"{text}; searched if left out"
        )
    ask.add_argument("--precision", default="bf16", help="bf16, fp8, mxfp8 or nvfp4 (bf16)")
    ask.add_argument(
        "--recompute", metavar="KIND", help="none, attention, parts or full; searched if left out"
    )
    ask.add_argument("--gradients", default="fp32", help="sum gradients in fp32 or bf16 (fp32)")
    ask.add_argument(
        "--basis",
        default="life",
        metavar="KIND",
        help="how chips are paid, as in `narrows training cost` (life)",
    )


def _training_plan(questions: Any) -> None:
    ask = questions.add_parser(
        "plan", help="one run in full: step, memory, useful time, days, dollars, electricity"
    )
    _training_job(ask)
    ask.add_argument(
        "--chips", type=_whole("--chips", 1024), required=True, metavar="N", help="chips of the run"
    )
    for option, usual, text in (
        ("--tokens", "15e12", "tokens of the run; without them the plan is that of a step"),
        ("--flop", "3.8e25", "instead of --tokens: operations of the model to spend"),
        ("--inference-tokens", "1e13", "with --flop: tokens to serve, for the split beside it"),
    ):
        ask.add_argument(option, type=_number(option, usual), metavar="X", help=text)
    ask.add_argument("--start", metavar="DATE", help="first day, such as 2027-01-01")
    _draws(ask)
    ask.add_argument("--json", action="store_true", help="print JSON")
    ask.add_argument("--svg", metavar="FILE", help="also write where the time of the step goes")
    _output(ask, quiet=False)


def _training_search(questions: Any) -> None:
    ask = questions.add_parser("search", help="the fastest layouts that fit, and the front")
    _training_job(ask)
    ask.add_argument(
        "--chips", required=True, metavar="N[,N...]", help="chips of the job; several to compare"
    )
    ask.add_argument(
        "--executions",
        action="store_true",
        help="count and price every execution with overlap, offload and network, as published for A100",
    )
    ask.add_argument(
        "--no-second-memory", action="store_true", help="with --executions: nothing goes to the host"
    )
    ask.add_argument("--top", type=_whole("--top", 10), default=10, metavar="N", help="layouts shown (10)")
    ask.add_argument(
        "--workers", type=_whole("--workers", 2), default=1, metavar="N", help="processes that search (1)"
    )
    _forms(ask, csv="print one row a layout")
    _output(ask)


def _draws(command: argparse.ArgumentParser) -> None:
    """Add the number of draws and their seed."""
    for name, usual, text in (("draws", 10_000, "number of draws"), ("seed", 1, "seed of the draws")):
        command.add_argument(
            f"--{name}", type=_whole(f"--{name}", usual), default=usual, metavar="N", help=f"{text} ({usual})"
        )


def _claims(commands: Any) -> None:
    room = commands.add_parser("claims", help="the numbers of a market text, checked against the closes")
    questions = room.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(room))
    checked = questions.add_parser("check", help="a verdict on every numeric claim; exit 4 if one is wrong")
    checked.add_argument("file", metavar="FILE", help="Markdown, HTML or plain text; - for stdin")
    checked.add_argument(
        "--week", metavar="DATE", help="last trading day of the week that the text speaks of"
    )
    checked.add_argument(
        "--data", metavar="DIR", help="folder with tables of closes; the built-in if left out"
    )
    form = checked.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--annotate", action="store_true", help="print the text with verdicts between its lines"
    )
    _output(checked, quiet=False)
    listed = questions.add_parser("list", help="the types of claims, with examples, and the verdicts")
    listed.add_argument("--json", action="store_true", help="print JSON")
    _output(listed, quiet=False)


def _why(commands: Any) -> None:
    why = commands.add_parser("why", help="the formula and the facts behind a number")
    why.add_argument("id", help="a figure such as map.binds.cowos.2026Q4, or the id of a fact")
    _question(why)
    why.add_argument("--json", action="store_true", help="print JSON")


def _facts(commands: Any) -> None:
    facts = commands.add_parser("facts", help="what is known, by whom, since when")
    facts.add_argument("query", nargs="*", help="words to look for")
    facts.add_argument("--as-of", metavar="DATE", help="only what was known on that day")
    facts.add_argument("--json", action="store_true", help="print JSON")


def _layer(commands: Any) -> None:
    layer = commands.add_parser("layer", help="one layer of the stack: unit, makers, lead time, facts")
    layer.add_argument("id", nargs="?", help="a layer such as cowos; all layers if left out")
    layer.add_argument("--as-of", metavar="DATE", help="only what was known on that day")
    layer.add_argument("--json", action="store_true", help="print JSON")


def _schema(commands: Any) -> None:
    schema = commands.add_parser("schema", help="the JSON Schema of `narrows map --json`")
    schema.add_argument("--json", action="store_true", help="JSON is the only form")


def _validate(commands: Any) -> None:
    check = commands.add_parser("validate", help="predicted against measured, misses included")
    check.add_argument("room", nargs="?", help="one room, such as bottlenecks; all if left out")
    check.add_argument("--data", metavar="DIR", help="folder with the measurements")
    check.add_argument(
        "--networks", metavar="N", type=_whole("--networks", 300), help="random networks compared with the LP"
    )
    check.add_argument("--markdown", action="store_true", help="print the table of docs/validation.md")
    check.add_argument("--json", action="store_true", help="print JSON")


def _forms(
    command: argparse.ArgumentParser, *, json: str = "print JSON", csv: str = "print one row a number"
) -> None:
    """Add the forms for programs, of which one is chosen."""
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=json)
    form.add_argument("--csv", action="store_true", help=csv)


def _pictures(command: argparse.ArgumentParser) -> None:
    """Add the pictures."""
    command.add_argument("--svg", metavar="FILE", help="also write the picture")
    command.add_argument("--png", metavar="FILE", help="also write the picture as PNG (extra 'png')")


def _output(command: argparse.ArgumentParser, *, quiet: bool = True) -> None:
    """Add where the result goes."""
    command.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of stdout")
    if quiet:
        command.add_argument("--quiet", action="store_true", help="no messages on stderr")


def _question(command: argparse.ArgumentParser, draws: int = 10_000) -> None:
    """Add the options that say what is asked of the model."""
    command.add_argument(
        "--draws",
        type=_whole("--draws", draws),
        default=draws,
        metavar="N",
        help=f"number of draws ({draws})",
    )
    command.add_argument(
        "--seed", type=_whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    command.add_argument("--method", default="random", help="random, or sobol")
    command.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    command.add_argument("--scenario", metavar="FILE", help="a scenario (TOML) laid over the facts")


def _number(option: str, usual: str) -> Callable[[str], float]:
    """Return the reader of an option that takes a number."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes a number",
                f"Write, for instance, {option} {usual}",
            ) from None

    return read


def _whole(option: str, usual: int) -> Callable[[str], int]:
    """Return the reader of an option that takes a whole number."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes a whole number",
                f"Write, for instance, {option} {usual}",
            ) from None

    return read
