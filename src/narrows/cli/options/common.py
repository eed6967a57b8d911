"""Options that several commands share, and the readers of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["draws", "forms", "number", "output", "pictures", "question", "whole"]


def forms(
    command: argparse.ArgumentParser, *, json: str = "print JSON", csv: str = "print one row a number"
) -> None:
    """Add the forms for programs, of which one is chosen."""
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=json)
    form.add_argument("--csv", action="store_true", help=csv)


def pictures(command: argparse.ArgumentParser, what: str = "picture") -> None:
    """Add the pictures."""
    command.add_argument("--svg", metavar="FILE", help=f"also write the {what}")
    command.add_argument("--png", metavar="FILE", help=f"also write the {what}; as PNG (extra 'png')")


def output(command: argparse.ArgumentParser, *, quiet: bool = True) -> None:
    """Add where the result goes."""
    command.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of stdout")
    if quiet:
        command.add_argument("--quiet", action="store_true", help="no messages on stderr")


def question(command: argparse.ArgumentParser, draws: int = 10_000) -> None:
    """Add the options that say what is asked of the model."""
    command.add_argument(
        "--draws",
        type=whole("--draws", draws),
        default=draws,
        metavar="N",
        help=f"number of draws ({draws})",
    )
    command.add_argument(
        "--seed", type=whole("--seed", 1), default=1, metavar="N", help="seed of the draws (1)"
    )
    command.add_argument("--method", default="random", help="random, or sobol")
    command.add_argument("--as-of", metavar="DATE", help="use only what was known on that day")
    command.add_argument("--scenario", metavar="FILE", help="a scenario (TOML) laid over the facts")


def number(option: str, usual: str) -> Callable[[str], float]:
    """Return the reader of an option that takes a number."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes a number",
                f"Write, for instance, {option} {usual}",
            ) from None

    return read


def whole(option: str, usual: int) -> Callable[[str], int]:
    """Return the reader of an option that takes a whole number."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise UsageError(
                f"The option {option} is given {text!r}",
                "It takes a whole number",
                f"Write, for instance, {option} {usual}",
            ) from None

    return read


def draws(command: argparse.ArgumentParser) -> None:
    """Add the number of draws and their seed."""
    for name, usual, text in (("draws", 10_000, "number of draws"), ("seed", 1, "seed of the draws")):
        command.add_argument(
            f"--{name}", type=whole(f"--{name}", usual), default=usual, metavar="N", help=f"{text} ({usual})"
        )
