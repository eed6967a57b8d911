"""Options of accelerators, memory, links and racks."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import forms, number, output, whole

__all__ = ["add"]

MACHINES = {
    "compute": ("accelerators: rates, prices, ratios; an audit of their figures", "chip", "h100"),
    "memory": ("stacked memory by generation and chip; an audit", "generation or chip", "hbm3e"),
    "network": ("links and switches, the fabric of a cluster; an audit", "link or chip", "nvlink5"),
    "systems": ("servers and racks, what one accelerator needs; an audit", "system", "gb200_nvl72"),
}
"""Rooms of machines: help, what they show, and an example."""


def add(commands: Any) -> None:
    """Add the commands of accelerators, memory, links and racks."""
    for room in MACHINES:
        _machine_room(commands, room)


def _machine_room(commands: Any, room: str) -> None:
    words, thing, example = MACHINES[room]
    asked = commands.add_parser(room, help=words)
    questions = asked.add_subparsers(dest="question", metavar="QUESTION", parser_class=type(asked))
    show = questions.add_parser("show", help=f"what is held; of one {thing}, every statement and its source")
    show.add_argument("name", nargs="?", metavar="NAME", help=f"a {thing} such as {example}; all if left out")
    forms(show, csv="print one row a statement")
    output(show, quiet=False)
    audit = questions.add_parser("audit", help="figures that cannot be; exit code 4 where there are any")
    audit.add_argument(
        "file", nargs="?", metavar="FILE", help="a CSV of chips, runs, systems or statements; else the facts"
    )
    forms(audit, csv="print one row a defect")
    output(audit, quiet=False)
    for add in MORE.get(room, ()):
        add(questions)


def _systems_need(questions: Any) -> None:
    needs = questions.add_parser("need", help="what one accelerator takes of every layer, from physics")
    needs.add_argument("chip", help="a chip such as h100")
    needs.add_argument(
        "--draws", type=whole("--draws", 10_000), default=10_000, metavar="N", help="number of draws (10000)"
    )
    needs.add_argument(
        "--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    forms(needs)
    output(needs, quiet=False)


def _network_fabric(questions: Any) -> None:
    built = questions.add_parser("fabric", help="the switches of a cluster, and its cost per accelerator")
    built.add_argument("gpus", type=whole("GPUS", 1024), metavar="GPUS", help="accelerators such as 1024")
    for name, usual, words in (("radix", 64, "ports of a switch"), ("rails", 8, "networks side by side")):
        built.add_argument(
            f"--{name}",
            type=whole(f"--{name}", usual),
            default=usual,
            metavar="N",
            help=f"{words} ({usual})",
        )
    built.add_argument("--json", action="store_true", help="print JSON")
    output(built, quiet=False)


def _compute_time(questions: Any) -> None:
    product = questions.add_parser("time", help="time, rate and bound of A (m x k) times B (k x n)")
    product.add_argument("chip", help="a chip such as h100")
    for name, words in (("m", "rows of A"), ("n", "columns of B"), ("k", "columns of A, rows of B")):
        product.add_argument(name, type=whole(name, 4096), help=words)
    product.add_argument("--precision", default="bf16", help="bf16, fp8 or fp4 (bf16)")
    product.add_argument("--json", action="store_true", help="print JSON")
    product.set_defaults(command="compute_time")
    output(product, quiet=False)


def _compute_prices(questions: Any) -> None:
    dated = questions.add_parser("prices", help="prices to buy and by the hour: dates, sources, conflicts")
    dated.add_argument("chip", nargs="?", help="a chip such as h100; all if left out")
    forms(dated, csv="print one row a statement")
    output(dated, quiet=False)


def _network_time(questions: Any) -> None:
    together = questions.add_parser("time", help="time, rate and bound of a collective")
    together.add_argument("chip", help="a chip such as h100")
    together.add_argument("operation", help="all_gather, reduce_scatter, all_reduce or alltoall")
    together.add_argument("bytes", type=number("bytes", "1e9"), help="message, such as 1e9")
    for option, default, words in (
        ("--chips", 8, "chips that take part"),
        ("--nodes", 1, "nodes they stand in"),
    ):
        together.add_argument(
            option, type=whole(option, default), default=default, metavar="N", help=f"{words} ({default})"
        )
    together.add_argument(
        "--node-link",
        type=number("--node-link", "50"),
        metavar="GBPS",
        help="link of one chip to other nodes, one way [GB/s]; that of the chip if left out",
    )
    together.add_argument("--json", action="store_true", help="print JSON")
    together.set_defaults(command="network_time")
    output(together, quiet=False)


MORE = {
    "compute": (_compute_time, _compute_prices),
    "network": (_network_time, _network_fabric),
    "systems": (_systems_need,),
}
"""Questions of one room alone."""
