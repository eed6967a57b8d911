"""``narrows sites``: how much power tracked sites run on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import emit, say, width, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(arguments: Namespace) -> int:
    """Answer the question, or score the forecast by a later table."""
    asked = {
        "draws": arguments.draws,
        "seed": arguments.seed,
        "method": arguments.method,
        "as_of": arguments.as_of,
        "scenario": arguments.scenario,
    }
    if arguments.score is not None:
        return _scored(arguments, asked)
    from narrows.facility import sites
    from narrows.report.sites import sites_csv, sites_json, sites_svg, sites_text

    result = sites(arguments.on, site=arguments.site, quarters=arguments.quarters, **asked)
    if arguments.json:
        text = sites_json(result)
    else:
        text = sites_csv(result) if arguments.csv else sites_text(result, width())
    if arguments.svg is not None:
        write(arguments.svg, sites_svg(result))
        say(f"wrote {arguments.svg}")
    emit(text, arguments.output)
    return 0


def _scored(arguments: Namespace, asked: dict[str, object]) -> int:
    from narrows.facility import score_sites
    from narrows.report.sites import score_json, score_text

    beside = [name for name in ("site", "quarters", "csv", "svg") if getattr(arguments, name)]
    if beside:
        raise UsageError(
            f"A score is asked for beside {beside[0]!r}",
            "A score takes --on, --json and the options of the draws",
            "Leave the other out",
        )
    score = score_sites(arguments.score, arguments.on or (), **asked)  # type: ignore[arg-type]
    emit(score_json(score) if arguments.json else score_text(score, width()), arguments.output)
    return 0
