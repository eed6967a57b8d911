"""``narrows study build`` and ``narrows study pdf``: the study as files, and a page on paper."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from narrows.report.pages.study import Study

__all__ = ["asked_study", "run"]


def asked_study(arguments: Namespace, *, static: bool = False, served: bool = False) -> Study:
    """Return the study that the options ask for."""
    from narrows.bottlenecks.answer import asked_of
    from narrows.report.pages import Study

    return Study(
        asked_of(None, arguments.as_of, None),
        draws=arguments.draws,
        seed=arguments.seed,
        static=static,
        served=served,
        validation=arguments.validation,
    )


def run(arguments: Namespace) -> int:
    """Write the study, or a page of it on paper."""
    return _pdf(arguments) if arguments.question == "pdf" else _build(arguments)


def _pdf(arguments: Namespace) -> int:
    import json
    from pathlib import Path

    from narrows.report.pages import paper
    from narrows.report.pages.typeset import SITE

    if arguments.output is None:
        raise UsageError(
            "A page on paper is asked for without a file",
            "It is written to a .pdf, or a .png of its first sheet",
            "Write narrows study pdf -o map.pdf",
        )
    study = asked_study(arguments)
    page = arguments.page if arguments.page.startswith("/") else f"/n/{arguments.page}"
    path, _, query = page.partition("?")
    site = arguments.site or SITE
    whole = Path(arguments.output).suffix != ".png"
    content = paper(study, path, query, site=site, form="pdf" if whole else "png")
    write(arguments.output, content)
    told = {
        "file": arguments.output,
        "page": page,
        "bytes": len(content),
        "vintage": study.vintage,
        "seed": study.seed,
    }
    if arguments.json:
        emit(json.dumps(told, ensure_ascii=False))
    elif not arguments.quiet:
        say(f"wrote {arguments.output}")
    return 0


def _build(arguments: Namespace) -> int:
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
