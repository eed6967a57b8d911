"""``narrows shocks``: an event to flow, shortage and price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, width, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    answers = {"list": _list, "run": _run}
    if arguments.question is None:
        raise UsageError(
            "`narrows shocks` is given no question",
            f"Its questions are {', '.join(answers)}",
            "See `narrows shocks --help`",
        )
    emit(answers[arguments.question](arguments), arguments.output)
    return 0


def _list(arguments: Namespace) -> str:
    from narrows.report.shocks import list_json, list_text
    from narrows.shocks import known_events

    return list_json(known_events()) if arguments.json else list_text(known_events())


def _run(arguments: Namespace) -> str:
    from narrows.bottlenecks.answer import asked_of
    from narrows.bottlenecks.shock_knowledge import watch
    from narrows.bottlenecks.signal import LEAST_DRAWS
    from narrows.report.shocks import shock_json, shock_svg, shock_text
    from narrows.shocks import shock
    from narrows.shocks.event_sectors import event_sectors

    found = shock(
        arguments.event,
        as_of=arguments.as_of,
        draws=arguments.draws,
        seed=arguments.seed,
        method=arguments.method,
        catalog=asked_of(None, None, arguments.scenario),
    )
    watched = watch(found.path) if arguments.draws >= LEAST_DRAWS else ()
    files: list[tuple[str | None, str | bytes]] = []
    if arguments.svg is not None or arguments.png is not None:
        from narrows.report.chart import png

        svg = shock_svg(found)
        files += [(arguments.svg, svg), (arguments.png, png(svg) if arguments.png is not None else b"")]
    if arguments.overlay is not None:
        from narrows.shocks.overlay import overlay_text

        files.append((arguments.overlay, overlay_text(found)))
    for path, content in files:
        if path is not None:
            write(path, content)
            if not arguments.quiet:
                say(f"wrote {path}")
    table, firms = event_sectors(found.path)
    if arguments.json:
        return shock_json(found, watched, table, firms)
    return shock_text(found, watched, width(), table, firms)
