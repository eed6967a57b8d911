"""Read a TOML file that somebody else may have written: bounded, plain, or refused in one sentence."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any

from narrows.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read_bytes", "read_toml", "with_control_character"]

_LARGEST_BYTES = 1_000_000  # a hand-typed file has a few hundred facts of about 400 bytes
_LONGEST_LINE = 2_000  # characters; dotted keys on longer lines make the reader slow (quadratic)
_DEEPEST = 8  # tables and arrays; ours need three
_LONGEST_INTEGER = 2**63  # what TOML promises


def read_bytes(path: Path, where: str) -> bytes:
    """Return the bytes of a file that is regular and not too large.

    Parameters
    ----------
    path
        The file.
    where
        How errors name it.

    Raises
    ------
    DataError
        It is missing, not a regular file, unreadable, or larger than 1 MB.
    """
    try:
        if not path.is_file():
            given = f"{where} is not a file" if path.exists() else f"{where} does not exist"
            raise DataError(given, "A TOML file is needed", "Check the path")
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise DataError(
            f"{where} cannot be read: {reason}", "A readable file is needed", "Check its path and rights"
        ) from None
    if len(content) > _LARGEST_BYTES:
        raise DataError(
            f"{where} is larger than 1 MB",
            f"A file has at most {_LARGEST_BYTES} bytes",
            "Split it into files of what arrives together",
        )
    return content


def read_toml(content: bytes, where: str) -> dict[str, Any]:
    """Return the table that the bytes of a TOML file hold.

    Parameters
    ----------
    content
        Bytes of the file.
    where
        How errors name it.

    Returns
    -------
    dict
        Tables, lists, texts, finite numbers, booleans and dates; at most 8 deep.

    Raises
    ------
    DataError
        It is not UTF-8, not TOML, too deep, or holds NaN or an infinity.

    Examples
    --------
    >>> read_toml(b"value = 14500", "cowos.toml")
    {'value': 14500}
    >>> read_toml(b"value = 14,500", "cowos.toml")
    Traceback (most recent call last):
    ...
    narrows.errors.DataError: cowos.toml is not TOML: Expected newline or end of document after a statement \
(at line 1, column 11). TOML 1.0 is needed. Correct it there.
    """
    import tomllib

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise DataError(
            f"{where} is not UTF-8 at line {line}", "Facts are UTF-8 text", "Save the file as UTF-8"
        ) from None
    long = next((i for i, line in enumerate(text.split("\n"), 1) if len(line) > _LONGEST_LINE), 0)
    if long:
        raise DataError(
            f"Line {long} of {where} is too long",
            f"A line has at most {_LONGEST_LINE} characters",
            "Break it, or write less",
        )
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError as problem:  # TOMLDecodeError, and a number or date that Python cannot hold
        raise DataError(f"{where} is not TOML: {problem}", "TOML 1.0 is needed", "Correct it there") from None
    for trail, value in _walk(table, where):
        if isinstance(value, float) and not math.isfinite(value):
            given = f"{where}, {trail}: {value} is not a number that can be used"
            raise DataError(given, "Numbers are finite", "Write the number, or leave the entry out")
        if isinstance(value, int) and abs(value) >= _LONGEST_INTEGER:
            given = f"{where}, {trail}: a whole number of more than 64 bits"
            raise DataError(given, "Whole numbers are below 2**63", "Write it as 1e30, or in a larger unit")
    return table


def _too_deep(where: str) -> DataError:
    return DataError(
        f"{where} is nested too deep", f"Tables and lists are nested at most {_DEEPEST} deep", "Flatten it"
    )


def _walk(table: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    """Yield the trail and the value of every leaf; no recursion, since the depth is not known yet."""
    waiting: list[tuple[str, Any, int]] = [("", table, 0)]
    while waiting:
        trail, value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _too_deep(where)
        if isinstance(value, dict):
            waiting += [(f"{trail}.{key}" if trail else key, item, depth + 1) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{trail}[{i}]", item, depth + 1) for i, item in enumerate(value)]
        else:
            yield trail, value


def with_control_character(text: str) -> str:
    r"""Return the first control character of a text as U+XXXX, empty where there is none.

    A line feed counts too: most texts of the catalogue are one line.

    Examples
    --------
    >>> with_control_character("plain"), with_control_character("a\x07b")
    ('', 'U+0007')
    """
    return next((f"U+{ord(sign):04X}" for sign in text if unicodedata.category(sign) == "Cc"), "")
