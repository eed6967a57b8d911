"""Hostile input for every parser: only the errors of `narrows.errors` may come out.

    python -m fuzz NAME [--runs N] [--seed N] [--keep DIR]

Inputs are valid examples changed at random: bytes, numbers, words of a dictionary, lines, cells and pieces of
each other. An input is kept as a parent of others where it reaches a line of the parser that none reached, or
is refused by another kind of sentence; half of the parents are inputs that were taken. From Python 3.12 on
the interpreter itself tells which lines are new, in every run; before that lines are traced, which is slow,
and only in a part of the runs.
"""

from __future__ import annotations

import random
import re
import signal
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import narrows
from narrows.errors import NarrowsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, FrameType

__all__ = ["Failure", "Outcome", "Target", "run"]

HOME = str(Path(narrows.__file__).parent)
WORDS = (
    b"0", b"-1", b"1e400", b"-1e-400", b"nan", b"inf", b"-inf", b"1e308", b"9" * 40, b"0x10", b"1_000",
    b"''", b'""', b"null", b"true", b"{}", b"[]", b"[[", b"]]", b"{", b"}", b"=", b",", b";", b"\t", b"\n",
    b"\r\n", b"\r", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", "\u202e".encode(), "\u00b2".encode(),
    "\u0665".encode(), "\u2212".encode(), "\U0001f600".encode(), b"../../etc/passwd", b"=1+1", b"<script>",
    b"%s%n", b"$(id)", b"2026-02-30", b"9999-12-31", b"0000-00-00", b"2026Q5", b"2026Q1:2025Q4", b'"', b"'",
    b"\\", b"#", b"_", b".", b"-", b"a" * 300, b"(" * 200, b"[" * 2000, b"1e5000", b"1" * 5000,
)  # fmt: skip
"""What parsers stumble over."""
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
WATCHED = 25
"""One run of so many is traced, where the interpreter does not tell of new lines itself."""
MOST_KEPT, LARGEST = 400, 400_000
DRAWN = 3
"""Parents drawn for each input, of which the shortest is taken: long ones take long, and say little more."""
QUOTED, SAID = re.compile(r"(?<!\w)(['\"]).*?\1(?!\w)|\(.*?\)|\d+|\b[a-z]\b"), 60
"""What differs between two refusals of one kind, and how much of a refusal tells its kind."""
TOOL = 4
"""Place of ours among the tools that watch an interpreter; debuggers and coverage have others."""
SECONDS = 20.0
"""A parser that takes longer of the processor hangs; one that is stopped, or waits for a core, does not."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parser.

    Parameters
    ----------
    name
        Word by which it is asked for.
    parse
        Takes bytes; returns, or raises an error of `narrows.errors`.
    seeds
        Valid examples.
    """

    name: str
    parse: Callable[[bytes], object]
    seeds: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Failure:
    """What came out that must not.

    Parameters
    ----------
    kind, where
        Name of the error, and the line of narrows that it came from.
    body
        The input.
    trace
        The traceback.
    """

    kind: str
    where: str
    body: bytes
    trace: str


@dataclass(slots=True)
class Outcome:
    """What some runs gave.

    Parameters
    ----------
    runs, refused, seconds
        Inputs tried, those refused as they should be, and the time.
    kept, lines
        Inputs kept as parents, and lines of narrows that were reached.
    failures
        One of each kind and place.
    """

    runs: int = 0
    refused: int = 0
    seconds: float = 0.0
    kept: int = 0
    lines: int = 0
    failures: list[Failure] = field(default_factory=list)


class Hang(BaseException):
    """A parser took too long; no error, so that no parser can swallow it."""


def run(target: Target, runs: int, seed: int = 1, *, seconds: float = float("inf")) -> Outcome:
    """Feed a parser.

    Parameters
    ----------
    target
        The parser.
    runs
        How many inputs.
    seed
        Of the changes.
    seconds
        It ends after so long in any case.
    """
    dice = random.Random(seed)  # noqa: S311 (changes of inputs)
    kept, sound, found = list(target.seeds), list(target.seeds), Outcome()
    told: set[str] = set()
    began = time.monotonic()
    signal.signal(signal.SIGPROF, _alarm)
    with _watch() as watch:
        while True:
            first = found.runs < len(target.seeds)
            if not first and (found.runs >= runs or time.monotonic() - began >= seconds):
                break
            body = kept[found.runs] if first else changed(dice, dice.choice((sound, kept)))
            before = len(watch.lines)
            word, failure = _once(target, body, watch, traced=first or found.runs % WATCHED == 0)
            found.runs += 1
            found.refused += bool(word)
            if failure is not None:
                if (failure.kind, failure.where) not in {(one.kind, one.where) for one in found.failures}:
                    found.failures.append(failure)
            elif (len(watch.lines) > before or word not in told) and len(kept) < MOST_KEPT and not first:
                kept.append(body)
                if not word:
                    sound.append(body)
            told.add(word)
    found.seconds, found.kept, found.lines = time.monotonic() - began, len(kept), len(watch.lines)
    return found


def _alarm(*_: object) -> None:
    raise Hang


@dataclass(slots=True)
class Watch:
    """Lines of narrows that were reached.

    Parameters
    ----------
    lines
        Each with its file.
    trace
        Follows a frame, where the interpreter does not tell of new lines itself; else None.
    """

    lines: set[tuple[str, int]] = field(default_factory=set)
    trace: Callable[[FrameType, str, object], object] | None = None


@contextmanager
def _watch() -> Iterator[Watch]:
    """Give what collects the lines; each is told once, which costs next to nothing afterwards."""
    watch = Watch()
    if sys.version_info >= (3, 12):
        monitoring = sys.monitoring

        def reached(code: CodeType, line: int) -> object:
            if code.co_filename.startswith(HOME):
                watch.lines.add((code.co_filename, line))
            return monitoring.DISABLE

        monitoring.use_tool_id(TOOL, "narrows.fuzz")
        monitoring.register_callback(TOOL, monitoring.events.LINE, reached)
        monitoring.set_events(TOOL, monitoring.events.LINE)
        monitoring.restart_events()
        try:
            yield watch
        finally:
            monitoring.set_events(TOOL, monitoring.events.NO_EVENTS)
            monitoring.free_tool_id(TOOL)
        return

    def follow(frame: FrameType, event: str, _: object) -> Callable[..., object] | None:
        name = frame.f_code.co_filename
        if not name.startswith(HOME):
            return None
        if event == "line":
            watch.lines.add((name, frame.f_lineno))
        return follow

    watch.trace = follow
    yield watch


def _once(target: Target, body: bytes, watch: Watch, *, traced: bool) -> tuple[str, Failure | None]:
    """Return the kind of refusal, empty for none, and what must not come out."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    traced = traced and watch.trace is not None
    if traced:
        sys.settrace(watch.trace)
    try:
        target.parse(body)
    except NarrowsError as refusal:
        return _kind(refusal), None
    except (Exception, Hang) as problem:  # noqa: BLE001 (this is what is looked for)
        frames = [one for one in traceback.extract_tb(problem.__traceback__) if one.filename.startswith(HOME)]
        where = f"{Path(frames[-1].filename).relative_to(HOME)}:{frames[-1].lineno}" if frames else "?"
        return "", Failure(type(problem).__name__, where, body, traceback.format_exc())
    finally:
        if traced:
            sys.settrace(None)
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "", None


def _kind(refusal: NarrowsError) -> str:
    """Return the kind of a refusal: what was acceptable, less the names and numbers of the case."""
    return QUOTED.sub("", f"{type(refusal).__name__} {refusal.acceptable}")[:SAID]


def changed(dice: random.Random, kept: Sequence[bytes]) -> bytes:
    """Return an input made from those that are kept."""
    body = _parent(dice, kept)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        body = dice.choice(CHANGES)(dice, body, kept)
    return body[:LARGEST]


def _parent(dice: random.Random, kept: Sequence[bytes]) -> bytes:
    return min(dice.choices(kept, k=DRAWN), key=len)


def _span(dice: random.Random, body: bytes) -> tuple[int, int]:
    first = dice.randrange(len(body) + 1)
    return first, min(len(body), first + dice.choice((0, 1, 1, 2, 4, 8, 32)))


def _byte(dice: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    first, last = _span(dice, body)
    return body[:first] + bytes(dice.randrange(256) for _ in range(last - first)) + body[last:]


def _word(dice: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    first, last = _span(dice, body)
    return body[:first] + dice.choice(WORDS) + body[last:]


def _cut(dice: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    first, last = _span(dice, body)
    return body[:first] if dice.random() < 1 / 4 else body[:first] + body[last:]


def _number(dice: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    one = NUMBER.search(body, dice.randrange(len(body) + 1)) or NUMBER.search(body)
    if one is None:
        return body
    other = dice.choice((*WORDS[:10], b"%d" % dice.randrange(-9, 10**6), b"%.3g" % dice.lognormvariate(0, 9)))
    return body[: one.start()] + other + body[one.end() :]


def _lines(dice: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    rows = body.split(b"\n")
    one, other = dice.randrange(len(rows)), dice.randrange(len(rows))
    way = dice.randrange(4)
    if way == 0:
        rows[one], rows[other] = rows[other], rows[one]
    elif way == 1:
        rows.insert(other, rows[one])
    elif way == 2:  # noqa: PLR2004 (one of four ways)
        del rows[one]
    else:
        cells = re.split(rb"([,=\t ])", rows[one])
        cells[dice.randrange(len(cells))] = dice.choice(WORDS)
        rows[one] = b"".join(cells)
    return b"\n".join(rows)


def _splice(dice: random.Random, body: bytes, kept: Sequence[bytes]) -> bytes:
    other = _parent(dice, kept)
    return body[: dice.randrange(len(body) + 1)] + other[dice.randrange(len(other) + 1) :]


CHANGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    _byte, _word, _word, _cut, _number, _number, _lines, _lines, _splice,
)  # fmt: skip
