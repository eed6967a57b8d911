"""``narrows inference``: what fits, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    if arguments.question == "simulate":
        from narrows.cli.simulate import run as simulate

        return simulate(arguments)
    if arguments.question in {"search", "plan"}:
        from narrows.cli.search import run as look

        return look(arguments)
    answers = {
        "demand": _demand,
        "fit": _fit,
        "price": _price,
        "tables": _tables,
        "throughput": _throughput,
    }
    if arguments.question is None:
        raise UsageError(
            "`narrows inference` is given no question",
            f"Its questions are {', '.join(sorted([*answers, 'plan', 'search', 'simulate']))}",
            "See `narrows inference --help`",
        )
    emit(answers[arguments.question](arguments), arguments.output)
    return 0


def _fit(arguments: Namespace) -> str:
    from narrows.inference.fit import Setup, fit
    from narrows.report.fit import fit_json, fit_text

    setup = Setup(
        tp=arguments.tp,
        pp=arguments.pp,
        ep=arguments.ep,
        dp=arguments.dp,
        weights=arguments.weights,
        kept=tuple(name.strip() for name in arguments.keep.split(",") if name.strip()),
        kv=arguments.kv,
        share=arguments.gpu_memory_share,
        context=arguments.context,
    )
    found = fit(arguments.model, arguments.chip, setup)
    return fit_json(found) if arguments.json else fit_text(found)


def _price(arguments: Namespace) -> str:
    from narrows.cli.price import price

    return price(arguments)


def _demand(arguments: Namespace) -> str:
    from narrows.cli.earning import demand

    return demand(arguments)


def _throughput(arguments: Namespace) -> str:
    from narrows.inference.throughput import best_throughput
    from narrows.report.throughput import throughput_json, throughput_text

    found = best_throughput(
        arguments.model,
        arguments.chip,
        asked=arguments.input_tokens,
        answered=arguments.output_tokens,
        weights=arguments.weights,
        tpot_limit_s=arguments.tpot,
        ttft_limit_s=arguments.ttft,
        engine=arguments.engine,
    )
    return throughput_json(found) if arguments.json else throughput_text(found)


def _tables(arguments: Namespace) -> str:
    from narrows.inference.tables import table
    from narrows.report.inference_tables import tables_csv, tables_json, tables_text

    found = table(arguments.table, draws=arguments.draws, seed=arguments.seed)
    if arguments.csv:
        return tables_csv(found)
    return tables_json(found) if arguments.json else tables_text(found)
