"""``narrows study build``: the study as files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from narrows.cli.output import emit, say

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from narrows.report.pages.study import Study

__all__ = ["asked_study", "run"]


def asked_study(arguments: Namespace, *, static: bool = False) -> Study:
    """Return the study that the options ask for."""
    from narrows.bottlenecks.answer import asked_of
    from narrows.report.pages import Study

    return Study(
        asked_of(None, arguments.as_of, None),
        draws=arguments.draws,
        seed=arguments.seed,
        static=static,
        validation=arguments.validation,
    )


def run(arguments: Namespace) -> int:
    """Write the study."""
    import json

    from narrows.report.pages import build

    study = asked_study(arguments, static=True)
    count = build(study, arguments.folder, None if arguments.quiet else _progress())
    told = {"folder": arguments.folder, "files": count, "vintage": study.vintage, "seed": study.seed}
    if arguments.json:
        emit(json.dumps(told, ensure_ascii=False))
    elif not arguments.quiet:
        say(f"wrote {count} files to {arguments.folder}")
    return 0


def _progress() -> Callable[[int, int], None] | None:
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, known: int) -> None:
        end = "\r" if done < known else "\r\033[K"
        print(f"narrows: {done} of {known} pages, Ctrl-C stops", end=end, file=sys.stderr, flush=True)

    return show
