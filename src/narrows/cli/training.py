"""``narrows training``: what a run costs, how to split a budget, what failures take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    answers = {"allocate": _allocate, "cost": _cost, "goodput": _goodput}
    if arguments.question is None:
        raise UsageError(
            "`narrows training` is given no question",
            f"Its questions are {', '.join(answers)}",
            "See `narrows training --help`",
        )
    emit(answers[arguments.question](arguments), arguments.output)
    return 0


def _cost(arguments: Namespace) -> str:
    if arguments.data is not None or arguments.cases is not None:
        return _published(arguments)
    from narrows.report.training import cost_json, cost_text
    from narrows.report.training_chart import cost_svg
    from narrows.training.run_cost import Run, run_cost

    if arguments.chips is None:
        raise UsageError(
            "`narrows training cost` is given no chips",
            "It is asked of a run (--chips with --days or --tokens), or of published tables (--data)",
            "Write, for instance, --chips 16384 --days 54",
        )
    asked = Run(
        arguments.chip,
        arguments.chips,
        arguments.days,
        arguments.tokens,
        arguments.params,
        arguments.mfu,
        arguments.basis,
    )
    found = run_cost(asked, draws=arguments.draws, seed=arguments.seed)
    if arguments.svg is not None:
        write(arguments.svg, cost_svg(found))
    return cost_json(found) if arguments.json else cost_text(found)


def _published(arguments: Namespace) -> str:
    from pathlib import Path

    from narrows.report.training import published_json, published_text
    from narrows.training.published_cost import CASES, published_costs

    given = [
        option
        for option, value in (
            ("--chips", arguments.chips),
            ("--days", arguments.days),
            ("--tokens", arguments.tokens),
            ("--params", arguments.params),
            ("--mfu", arguments.mfu),
            ("--svg", arguments.svg),
        )
        if value is not None
    ]
    if given:
        raise UsageError(
            f"The published methods are given {given[0]}",
            "They read their runs from --cases or --data",
            "Leave one of them out",
        )
    folder = None if arguments.data is None else Path(arguments.data)
    if folder is not None and (folder / "training").is_dir():
        folder /= "training"
    cases = arguments.cases if arguments.cases is not None else (folder or Path()) / CASES
    found = published_costs(cases, folder)
    return published_json(found) if arguments.json else published_text(found)


def _allocate(arguments: Namespace) -> str:
    from narrows.report.training import allocation_json, allocation_text
    from narrows.training.scaling import allocate

    found = allocate(
        arguments.flop,
        inference_tokens=arguments.inference_tokens,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    return allocation_json(found) if arguments.json else allocation_text(found)


def _goodput(arguments: Namespace) -> str:
    from narrows.report.training import goodput_json, goodput_text
    from narrows.training.goodput import Timing, goodput

    timing = Timing(
        arguments.checkpoint_s, arguments.restart_s, _interval(arguments.interval), arguments.spares
    )
    found = goodput(
        arguments.chips,
        arguments.days,
        timing,
        chip=arguments.chip,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    return goodput_json(found) if arguments.json else goodput_text(found)


def _interval(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"The option --interval is given {text!r}",
            "It is a number of seconds, or auto",
            "Write, for instance, --interval 1800",
        ) from None
