"""``narrows inference price``: what tokens cost, what they sell for, and what lies between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.cli.output import say, write
from narrows.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from narrows.inference.prices import Price
    from narrows.inference.waterfall import Economics

__all__ = ["price"]

OF_LAW = ("input_tokens", "output_tokens", "concurrency", "tpot", "tp", "dp", "weights", "engine")
OF_SPEEDS = ("input_per_output", "input_tokens_per_s", "cached_tokens_per_s")


def price(arguments: Namespace) -> str:
    """Return the answer as text or JSON, and write the picture if one is asked for."""
    if arguments.list:
        return _list(arguments)
    for word, usual in (("model", "deepseek-r1"), ("chip", "b200")):
        if getattr(arguments, word) is None:
            raise UsageError(
                f"`narrows inference price` is given no {word}",
                f"It prices a model on a chip, such as deepseek-r1 on b200; here {usual} would be one",
                "See `narrows inference price --help`",
            )
    if arguments.tokens_per_s is not None:
        _without(arguments, OF_LAW, "with", "the speed by the law")
        return _given_speed(arguments)
    _without(arguments, OF_SPEEDS, "without", "speeds that are given")
    return _by_law(arguments)


def _without(arguments: Namespace, words: tuple[str, ...], side: str, what: str) -> None:
    for word in words:
        if getattr(arguments, word) is not None:
            option = f"--{word.replace('_', '-')}"
            raise UsageError(
                f"The option {option} is given {side} --tokens-per-s",
                f"{option} belongs to {what}",
                f"Leave out {'one of the two' if side == 'with' else option}",
            )


def _list(arguments: Namespace) -> str:
    from narrows.inference.price_book import price_book
    from narrows.report.waterfall import book_json, book_text

    rows = price_book(arguments.model)
    return book_json(rows) if arguments.json else book_text(rows)


def _given_speed(arguments: Namespace) -> str:
    from narrows.inference.prices import Mix
    from narrows.inference.prices import price as at_speed
    from narrows.report.price import price_json, price_text

    mix = Mix(
        0.0 if arguments.input_per_output is None else arguments.input_per_output,
        arguments.cached,
        arguments.input_tokens_per_s,
        arguments.cached_tokens_per_s,
    )
    found = at_speed(
        arguments.model,
        arguments.chip,
        arguments.tokens_per_s,
        utilisation=1.0 if arguments.utilisation is None else arguments.utilisation,
        basis=arguments.cost,
        mix=mix,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    _picture(found, arguments)
    return price_json(found) if arguments.json else price_text(found)


def _by_law(arguments: Namespace) -> str:
    from narrows.inference.speed import Layout, Traffic
    from narrows.inference.waterfall import Terms, economics
    from narrows.report.waterfall import economics_json, economics_text

    traffic = Traffic(
        Traffic.input if arguments.input_tokens is None else arguments.input_tokens,
        Traffic.output if arguments.output_tokens is None else arguments.output_tokens,
        arguments.cached,
        arguments.concurrency,
        arguments.tpot,
    )
    layout = Layout(
        arguments.tp,
        Layout.dp if arguments.dp is None else arguments.dp,
        arguments.weights,
        arguments.engine or Layout.engine,
    )
    found = economics(
        arguments.model,
        arguments.chip,
        Terms(traffic, layout, arguments.utilisation, arguments.cost),
        draws=arguments.draws,
        seed=arguments.seed,
    )
    text = economics_json(found) if arguments.json else economics_text(found)
    _picture(found, arguments)
    return text


def _picture(found: Economics | Price, arguments: Namespace) -> None:
    from narrows.report.waterfall import waterfall_svg

    if arguments.svg is not None:
        write(arguments.svg, waterfall_svg(found))
        if not arguments.quiet:
            say(f"wrote {arguments.svg}")
