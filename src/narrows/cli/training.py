"""``narrows training``: how a run is laid out, what it costs, how to split a budget, what failures take."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, write
from narrows.cli.search import INTERRUPTED, MOST_WORKERS, pool
from narrows.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    import datetime as dt
    from argparse import Namespace
    from collections.abc import Callable

    from narrows.training.search import Space

__all__ = ["run"]

MOST_TOP = 10_000


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    if arguments.question == "search":
        return _search(arguments)
    answers = {"allocate": _allocate, "cost": _cost, "goodput": _goodput, "plan": _plan, "search": _plan}
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


def _space(arguments: Namespace, chips: tuple[int, ...]) -> Space:
    from narrows.training.layout import PRECISIONS, RECOMPUTED
    from narrows.training.search import Space

    for what, value, known in (
        ("precision", arguments.precision, tuple(PRECISIONS)),
        ("recomputation", arguments.recompute, (*RECOMPUTED, None)),
    ):
        if value not in known:
            raise UnknownNameError(what, value, [name for name in known if name], remedy="Name one of these")
    widths = (
        ("--tp", arguments.tp), ("--pp", arguments.pp), ("--cp", arguments.cp), ("--ep", arguments.ep),
        ("--vp", arguments.vp), ("--mbs", arguments.mbs), *(("--chips", count) for count in chips),
        ("--batch", arguments.batch), ("--sequence", arguments.sequence),
    )  # fmt: skip
    for option, value in widths:
        if value is not None and value < 1:
            raise UsageError(
                f"The option {option} is given {value}",
                "It is a whole number from 1",
                f"Write {option} 1 or more",
            )
    return Space(
        chips,
        arguments.batch,
        arguments.sequence,
        arguments.precision,
        tensor=arguments.tp,
        stages=arguments.pp,
        context=arguments.cp,
        experts=arguments.ep,
        shard=arguments.shard,
        interleave=arguments.vp,
        micro_batch=arguments.mbs,
        recompute=arguments.recompute,
        gradients=arguments.gradients,
    )


def _plan(arguments: Namespace) -> str:
    from narrows.report.training_plan import plan_json, plan_svg, plan_text
    from narrows.training.machine import machine
    from narrows.training.plan import Ask, plan
    from narrows.transformer.registry import model

    ask = Ask(
        arguments.tokens,
        arguments.flop,
        arguments.inference_tokens or 0.0,
        _date(arguments.start),
        arguments.basis,
    )
    found = plan(
        model(arguments.model),
        machine(arguments.chip),
        _space(arguments, (arguments.chips,)),
        ask,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    if arguments.svg is not None:
        write(arguments.svg, plan_svg(found))
    return plan_json(found) if arguments.json else plan_text(found)


def _date(text: str | None) -> dt.date | None:
    import datetime as dt

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"The option --start is given {text!r}", "It is a day", "Write, for instance, --start 2027-01-01"
        ) from None


def _search(arguments: Namespace) -> int:
    from narrows.report.training_plan import (
        executions_csv,
        executions_json,
        executions_text,
        layouts_csv,
        layouts_json,
        layouts_text,
    )
    from narrows.training.executions import Problem, search_executions
    from narrows.training.machine import machine
    from narrows.training.search import search
    from narrows.transformer.registry import model

    chips = _counts(arguments.chips)
    for option, value, most in (
        ("--workers", arguments.workers, MOST_WORKERS),
        ("--top", arguments.top, MOST_TOP),
    ):
        if not 1 <= value <= most:
            raise UsageError(
                f"The option {option} is given {value}",
                f"It is 1 to {most}",
                f"Write, for instance, {option} 2",
            )
    llm, where, space = model(arguments.model), machine(arguments.chip), _space(arguments, chips)
    with pool(arguments.workers, arguments.cluster) as executor:
        told = _progress(quiet=arguments.quiet)
        if arguments.executions:
            _alone(arguments, chips)
            problem = Problem(
                chips[0],
                arguments.batch,
                arguments.sequence,
                second_memory=not arguments.no_second_memory,
                precision=arguments.precision,
            )
            counted = search_executions(
                llm, where, problem, top=arguments.top, executor=executor, progress=told
            )
            forms = (executions_text, executions_json, executions_csv)
            stopped, texts = counted.interrupted, [lambda form=form: form(counted) for form in forms]
        else:
            found = search(
                llm,
                where,
                space,
                top=arguments.top,
                basis=arguments.basis,
                executor=executor,
                progress=told,
            )
            shown = (layouts_text, layouts_json, layouts_csv)
            stopped, texts = found.interrupted, [lambda form=form: form(found) for form in shown]
    chosen = 1 if arguments.json else 2 if arguments.csv else 0
    emit(texts[chosen](), arguments.output)
    if stopped:
        say("interrupted; what was done is shown")
        return INTERRUPTED
    return 0


def _alone(arguments: Namespace, chips: tuple[int, ...]) -> None:
    """Refuse what the counted problem does not take: it searches all widths itself."""
    given = [
        option
        for option in ("tp", "pp", "cp", "ep", "vp", "mbs", "shard", "recompute")
        if getattr(arguments, option) is not None
    ]
    if given or len(chips) > 1:
        beside = f"--{given[0]}" if given else "several numbers of chips"
        raise UsageError(
            f"The option --executions is given with {beside}",
            "It prices every width on one number of chips",
            "Leave one of them out",
        )


def _counts(text: str) -> tuple[int, ...]:
    names = [name.strip() for name in text.split(",")]
    if not all(name.isascii() and name.isdigit() and int(name) for name in names):
        raise UsageError(
            f"The option --chips is given {text!r}",
            "It takes whole numbers from 1 with commas between them",
            "Write, for instance, --chips 512,1024",
        )
    return tuple(dict.fromkeys(int(name) for name in names))


def _progress(*, quiet: bool) -> Callable[[int, int], None] | None:
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r" if done < total else "\r\033[K"
        print(f"narrows: {done:,} of {total:,} cuts, Ctrl-C stops", end=end, file=sys.stderr, flush=True)

    return show
