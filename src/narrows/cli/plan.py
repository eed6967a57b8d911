"""``narrows plan``: several products that share layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.bottlenecks.planning import plan, promise
from narrows.cli.output import emit, width
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.bottlenecks.planning import PlanResult

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question and show it."""
    result = plan(
        arguments.quarters,
        products=arguments.products,
        fixed_mix=arguments.fixed_mix,
        expand=arguments.expand,
        elastic=arguments.elastic,
        at_least=dict(_promise(text) for text in arguments.at_least),
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        as_of=arguments.as_of,
        scenario=arguments.scenario,
    )
    emit(_text(result, arguments), arguments.output)
    return 0


def _promise(text: str) -> tuple[str, float]:
    name, found, amount = text.partition("=")
    if not found or not name:
        raise UsageError(
            f"The option --at-least is given {text!r}",
            "A promise is PRODUCT=AMOUNT: a share of demand from 0 to 1, or H100e a quarter above 1",
            "Write, for instance, --at-least tpu=0.3",
        )
    return name, promise(amount)


def _text(result: PlanResult, arguments: Namespace) -> str:
    if arguments.json:
        from narrows.report.plan import plan_json

        return plan_json(result)
    if arguments.csv:
        from narrows.report.plan import plan_csv

        return plan_csv(result)
    from narrows.report.plan import plan_text

    return plan_text(result, width=width())
