"""``narrows inference search`` and ``plan``: the best deployments for some traffic, and one in full."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from narrows.cli.output import emit, say, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from narrows.inference.traffic import Objective, Traffic

__all__ = ["INTERRUPTED", "MOST_WORKERS", "pool", "run"]

INTERRUPTED = 130
MOST_WORKERS, MOST_STAGES = 256, 64


def run(arguments: Namespace) -> int:
    """Answer and show."""
    return _search(arguments) if arguments.question == "search" else _plan(arguments)


def _asked(arguments: Namespace) -> tuple[Traffic, Objective]:
    from narrows.inference.traffic import Objective, Traffic, traffic_of

    objective = Objective(arguments.ttft, arguments.tpot, arguments.e2e, arguments.at)
    if arguments.trace is not None:
        from narrows.inference.engine import read_requests

        requests = read_requests(arguments.trace)
        shares = {"cached": arguments.cached, "rate": arguments.rate, "users": arguments.users}
        return traffic_of(requests, **shares), objective
    for name in ("input", "output"):
        if getattr(arguments, f"{name}_tokens") is None:
            raise UsageError(
                f"The option --{name} is not given",
                "Traffic has prompts and answers of some length, or a --trace",
                f"Write, for instance, --{name} {'4000' if name == 'input' else '500'}",
            )
    traffic = Traffic(
        arguments.input_tokens,
        arguments.output_tokens,
        spread=arguments.spread,
        cached=arguments.cached,
        rate=arguments.rate,
        users=arguments.users,
    )
    return traffic, objective


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _wholes(text: str) -> tuple[int, ...]:
    names = _names(text)
    if not names or not all(
        name.isascii() and name.isdigit() and 0 < int(name) <= MOST_STAGES for name in names
    ):
        raise UsageError(
            f"The option --stages is given {text!r}",
            f"It takes whole numbers from 1 to {MOST_STAGES} with commas between them",
            "Write, for instance, --stages 1,2,4",
        )
    return tuple(int(name) for name in names)


def _search(arguments: Namespace) -> int:
    from narrows.inference.search import Space, search
    from narrows.report.search import search_csv, search_json, search_text

    traffic, objective = _asked(arguments)
    space = Space(
        chips=_names(arguments.chips),
        weights=_names(arguments.weights),
        stages=_wholes(arguments.stages),
        most_chips=arguments.most_chips,
        cost=arguments.cost,
    )
    if not 1 <= arguments.workers <= MOST_WORKERS:
        raise UsageError(
            f"The option --workers is given {arguments.workers}",
            f"It is 1 to {MOST_WORKERS}",
            "Write, for instance, --workers 2",
        )
    with pool(arguments.workers, arguments.cluster) as executor:
        result = search(
            arguments.model,
            traffic,
            objective,
            space,
            latency=f"{arguments.over}_s",
            seed=arguments.seed,
            executor=executor,
            progress=_progress(quiet=arguments.quiet),
        )
    if arguments.json:
        text = search_json(result)
    else:
        text = search_csv(result) if arguments.csv else search_text(result)
    if not result.interrupted and (arguments.svg is not None or arguments.png is not None):
        from narrows.report.chart import png
        from narrows.report.pareto import pareto_svg

        svg = pareto_svg(result)
        if arguments.svg is not None:
            write(arguments.svg, svg)
        if arguments.png is not None:
            write(arguments.png, png(svg))
    emit(text, arguments.output)
    if result.interrupted:
        say("interrupted; what was done is shown, pictures were not written")
        return INTERRUPTED
    return 0


def pool(workers: int, scheduler: str | None = None) -> Any:
    """Return an executor, or none for one worker; Ctrl-C is for this process alone."""
    if scheduler is not None:
        from narrows.spread import cluster

        return cluster(scheduler)
    if workers == 1:
        return nullcontext()
    import signal
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(workers, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))


def _progress(*, quiet: bool) -> Callable[[str, int, int], None] | None:
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(what: str, done: int, total: int) -> None:
        end = "\r" if done < total else "\r\033[K"
        print(
            f"narrows: {done:,} of {total:,} configurations {what}, Ctrl-C stops",
            end=end,
            file=sys.stderr,
            flush=True,
        )

    return show


def _plan(arguments: Namespace) -> int:
    from narrows.inference.fit import Setup
    from narrows.inference.plan import plan
    from narrows.report.search import plan_json, plan_text

    traffic, objective = _asked(arguments)
    widths = (arguments.tp, arguments.pp, arguments.ep, arguments.dp)
    setup = None
    if any(width is not None for width in widths) or arguments.weights is not None:
        plain = {"nvfp4": "fp4", "mxfp4": "fp4", "shipped": None}.get(arguments.weights, arguments.weights)
        tp, pp, ep, dp = (1 if width is None else width for width in widths)
        setup = Setup(tp, pp, ep, dp, weights=plain, kv=arguments.kv)
    found = plan(
        arguments.model,
        arguments.chip,
        traffic,
        objective,
        setup,
        engine=arguments.engine,
        sequences=arguments.batch,
        budget=arguments.budget,
        cost=arguments.cost,
        seed=arguments.seed,
    )
    emit(plan_json(found) if arguments.json else plan_text(found), arguments.output)
    return 0
