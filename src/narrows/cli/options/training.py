"""Options of training a model."""

from __future__ import annotations

from typing import Any

from narrows.cli.options.common import draws, forms, number, output, whole

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the commands of training a model."""
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
    cost.add_argument("--chips", type=whole("--chips", 16_384), metavar="N", help="chips of the run")
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
        cost.add_argument(option, type=number(option, usual), metavar="X", help=text)
    cost.add_argument(
        "--basis",
        default="life",
        metavar="KIND",
        help="life, trend, tco_neocloud, tco_hyperscaler, rental_3yr, rental, rental_spot (life)",
    )
    cost.add_argument("--data", metavar="DIR", help="published methods: folder of their tables")
    cost.add_argument("--cases", metavar="FILE", help="published methods: a table of runs")
    draws(cost)
    cost.add_argument("--json", action="store_true", help="print JSON")
    cost.add_argument("--svg", metavar="FILE", help="also write waterfall and tornado")
    output(cost, quiet=False)


def _training_allocate(questions: Any) -> None:
    split = questions.add_parser("allocate", help="parameters and tokens with the least loss for a budget")
    split.add_argument(
        "--flop", type=number("--flop", "3.8e25"), required=True, metavar="C", help="operations of training"
    )
    split.add_argument(
        "--inference-tokens",
        type=number("--inference-tokens", "1e13"),
        default=0.0,
        metavar="D",
        help="tokens to serve: keeps the loss, and makes the model smaller and longer trained (0)",
    )
    draws(split)
    split.add_argument("--json", action="store_true", help="print JSON")
    output(split, quiet=False)


def _training_goodput(questions: Any) -> None:
    useful = questions.add_parser("goodput", help="useful time of a run: failures, checkpoints, restarts")
    useful.add_argument("--chip", default="h100", metavar="CHIP", help="a chip such as h100 (h100)")
    useful.add_argument(
        "--chips", type=whole("--chips", 16_384), required=True, metavar="N", help="chips of the run"
    )
    for option, usual, text in (
        ("--days", "54", "days from start to end"),
        ("--checkpoint-s", "60", "time that a checkpoint keeps the run from working; by facts if left out"),
        ("--restart-s", "600", "time from a failure to work again; by facts if left out"),
    ):
        useful.add_argument(
            option, type=number(option, usual), required=option == "--days", metavar="X", help=text
        )
    useful.add_argument(
        "--interval", default="auto", metavar="X", help="seconds between checkpoints, or auto"
    )
    useful.add_argument(
        "--spares", type=whole("--spares", 16), metavar="N", help="spare nodes; always one if left out"
    )
    draws(useful)
    useful.add_argument("--json", action="store_true", help="print JSON")
    output(useful, quiet=False)


def _training_job(ask: Any) -> None:
    """Add what a plan and a search of layouts share."""
    ask.add_argument("model", help="a model such as llama-3.1-70b, or a config.json")
    ask.add_argument("chip", help="a chip such as h100")
    for option, usual, text in (
        ("--batch", 512, "sequences of a step"),
        ("--sequence", 8192, "their tokens"),
    ):
        ask.add_argument(option, type=whole(option, usual), required=True, metavar="N", help=text)
    for option, usual, text in (
        ("--tp", 4, "tensor width"),
        ("--pp", 8, "pipeline stages"),
        ("--cp", 1, "context width"),
        ("--ep", 8, "expert width"),
        ("--vp", 5, "chunks of layers a stage holds"),
        ("--mbs", 1, "sequences of a micro-batch"),
        ("--shard", 64, "chips over which parameters are cut up, 0 for none"),
    ):
        ask.add_argument(option, type=whole(option, usual), metavar="N", help=f"{text}; searched if left out")
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
        "--chips", type=whole("--chips", 1024), required=True, metavar="N", help="chips of the run"
    )
    for option, usual, text in (
        ("--tokens", "15e12", "tokens of the run; without them the plan is that of a step"),
        ("--flop", "3.8e25", "instead of --tokens: operations of the model to spend"),
        ("--inference-tokens", "1e13", "with --flop: tokens to serve, for the split beside it"),
    ):
        ask.add_argument(option, type=number(option, usual), metavar="X", help=text)
    ask.add_argument("--start", metavar="DATE", help="first day, such as 2027-01-01")
    draws(ask)
    ask.add_argument("--json", action="store_true", help="print JSON")
    ask.add_argument("--svg", metavar="FILE", help="also write where the time of the step goes")
    output(ask, quiet=False)


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
    ask.add_argument("--top", type=whole("--top", 10), default=10, metavar="N", help="layouts shown (10)")
    ask.add_argument(
        "--workers", type=whole("--workers", 2), default=1, metavar="N", help="processes that search (1)"
    )
    ask.add_argument("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers search instead")
    forms(ask, csv="print one row a layout")
    output(ask)
