"""``narrows value``: who keeps the rent of scarcity, one company, two beside each other, the back-test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrows.cli.output import emit, progress, say, width, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]

USD = "USD"
QUESTION = ("draws", "seed", "method", "as_of", "scenario")


def run(arguments: Namespace) -> int:
    """Answer one question of the room and show it."""
    answers = {
        "show": _show,
        "company": _company,
        "compare": _compare,
        "backtest": _backtest,
        "import": _import,
    }
    if arguments.question is None:
        raise UsageError(
            "`narrows value` is given no question",
            f"Its questions are {', '.join(answers)}",
            "Write, for instance, narrows value show",
        )
    return answers[arguments.question](arguments)


def _show(arguments: Namespace) -> int:
    """Answer ``value show``."""
    from narrows.report import value as page
    from narrows.value.answer import value

    shown = progress(arguments.draws, quiet=arguments.quiet)
    result = value(arguments.quarter, **_question(arguments), progress=shown)
    if arguments.svg is not None or arguments.png is not None:
        from narrows.report.value_chart import value_svg

        _pictures(value_svg(result), arguments)
    if arguments.json:
        text = page.value_json(result)
    else:
        text = page.value_csv(result) if arguments.csv else page.value_text(result, width())
    emit(text, arguments.output)
    return 0


def _company(arguments: Namespace) -> int:
    """Answer ``value company``."""
    from narrows.report import value as page
    from narrows.value.company import company

    shown = progress(arguments.draws, quiet=arguments.quiet)
    found = company(arguments.name, arguments.quarter, **_question(arguments), progress=shown)
    emit(page.company_json(found) if arguments.json else page.company_text(found, width()), arguments.output)
    return 0


def _compare(arguments: Namespace) -> int:
    """Answer ``value compare``: two companies, or the stack as it stands and a scenario."""
    from narrows.report import value as page
    from narrows.value.comparison import against, compare

    asked = _question(arguments)
    if arguments.second is not None:
        found = compare(arguments.first, arguments.second, arguments.quarter, **asked)
    elif arguments.first.endswith(".toml"):
        asked.pop("scenario")
        found = against(arguments.first, arguments.quarter, **asked)
    else:
        raise UsageError(
            f"Only {arguments.first!r} is given",
            "Two companies, or one scenario file (.toml), are set beside each other",
            "Write, for instance, narrows value compare tsmc sk_hynix",
        )
    emit(
        page.compared_json(found) if arguments.json else page.compared_text(found, width()), arguments.output
    )
    return 0


def _backtest(arguments: Namespace) -> int:
    """Answer ``value backtest``."""
    from narrows.report import value_backtest as page
    from narrows.value.backtest import backtest

    found = backtest(
        draws=arguments.draws,
        seed=arguments.seed,
        exposed=arguments.exposed,
        margins=arguments.margins,
        change=arguments.change,
        progress=_counted(arguments),
    )
    emit(
        page.backtest_json(found) if arguments.json else page.backtest_text(found, width()), arguments.output
    )
    return 0


def _import(arguments: Namespace) -> int:
    """Answer ``value import``: accounts from a file, as facts."""
    from narrows.report.columns import written
    from narrows.value.filings import facts_toml, filing

    found = filing(arguments.file, arguments.company, accession=arguments.filing, filed=arguments.filed)
    if found.currency != USD and not arguments.quiet:
        say(f"{found.file} is in {found.currency}: margins only, a fact of revenue is in USD")
    emit(written(found) if arguments.json else facts_toml(found), arguments.output)
    return 0


def _counted(arguments: Namespace) -> Any:
    return progress(1, quiet=arguments.quiet)


def _question(arguments: Namespace) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in QUESTION}


def _pictures(svg: str, arguments: Namespace) -> None:
    if arguments.svg is not None:
        write(arguments.svg, svg)
    if arguments.png is not None:
        from narrows.report.chart import png

        write(arguments.png, png(svg))
    for file in (arguments.svg, arguments.png):
        if file is not None and not arguments.quiet:
            say(f"wrote {file}")
