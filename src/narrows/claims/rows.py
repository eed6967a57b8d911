"""A row of a table to typed claims: the heading of a column says metric, window and unit."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import Change, Claim, Level
from narrows.claims.members import breadth_row, columns, member_cell, sessions_of
from narrows.claims.sentence import Sentence, marked
from narrows.claims.timing import Context, dated_window, window_said
from narrows.claims.words import cue
from narrows.market.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narrows.claims.document import Block
    from narrows.claims.numerals import Numeral

__all__ = ["row_claims"]


def row_claims(block: Block, context: Context) -> Iterator[Claim]:
    """Yield the claims of a row of a table: the header gives metric and window."""
    if not block.cells:
        return
    head = [marked(cell) for cell in block.header]
    counted = breadth_row(block, Window("week", context.day))
    if counted is not None:
        yield from counted
        return
    metrics = columns(block.header)
    first = next((at for at, cell in enumerate(block.cells) if marked(cell).names), None)
    if any(metrics):
        first = 0
    label = block.cells[0] if first is None else block.cells[first]
    names = sorted(marked(label).names.items())
    symbol, name = (names[0][1].id, names[0][1].name) if names else ("", label)
    if "contribution" in metrics and _TICKER.fullmatch(label):
        symbol, name = label, label
    for at, cell in enumerate(block.cells):
        if at == first:
            continue
        sentence = marked(cell, block.line, 1)
        found = [n for n in sentence.numbers.values() if n.code in "PTBMC"]
        if at < len(metrics) and metrics[at] and at != first:
            common: dict[str, Any] = {
                "entity": symbol, "name": name, "text": block.text, "line": block.line, "column": 1,
            }  # fmt: skip
            numbers = [n for _, n in sorted(sentence.numbers.items()) if n.code in "PTBQC"]
            window = _column_window(head[at], context)
            yield from member_cell(metrics[at], head[at].text.lower().strip(), numbers, window, common, block)
            continue
        if not found or (first is None and at == 0):
            continue
        header = head[at] if at < len(head) else None
        yield from _cell(found, sentence, header, (symbol, name), context, block)


_TICKER = re.compile(r"[A-Z][A-Z0-9.-]{0,6}")


def _column_window(header: Sentence | None, context: Context) -> Window:
    """Return the window that a heading tells, or that of the text."""
    spoken = next(iter(header.spoken.values()), None) if header is not None else None
    if spoken is not None and header is not None:
        return window_said(spoken, header, context)
    if header is not None and header.dated:
        return dated_window(next(iter(header.dated.values())), header, context)
    return Window(context.kind, context.day, assumed=True)


def _cell(  # noqa: PLR0917
    found: list[Numeral],
    sentence: Sentence,
    header: Sentence | None,
    who: tuple[str, str],
    context: Context,
    block: Block,
) -> Iterator[Claim]:
    title = header.shape if header is not None else ""
    window = _column_window(header, context)
    length, unit_of = sessions_of(block)
    if length and window.assumed:
        window = Window("past", context.day, count=length, unit=unit_of)
    common: dict[str, Any] = {
        "entity": who[0],
        "name": who[1],
        "text": block.text,
        "line": block.line,
        "column": 1,
    }
    for numeral in found:
        stated = numeral.stated
        unit = _column_unit(title, numeral)
        if unit == "level":
            day = window.end if window.kind == "day" else context.day
            yield Level(**common, window=Window("day", day), stated=replace(stated, unit=stated.unit))
            continue
        if unit is None:
            continue
        value = stated.value
        if not numeral.signed and (
            cue(sentence.shape) < 0 or re.search(r"\u25bc|\u2193|\(\s*$", sentence.shape[: numeral.start])
        ):
            value = -abs(value)
        stated = replace(stated, unit=unit, value=value)
        way = 1 if value > 0 else -1 if value < 0 else 0
        yield Change(**common, window=window, stated=stated, direction=way)


def _column_unit(title: str, numeral: Numeral) -> str | None:
    if numeral.code in "PT" or numeral.code == "B":
        return numeral.stated.unit
    if re.search(r"clos|level|last|price|value|settle|finish", title) and not re.search(r"chang|chg", title):
        return "level"
    if re.search(r"%|percent|pct", title):
        return "%"
    if re.search(r"points?|pts|net|chang|chg", title) or numeral.signed:
        return "points"
    if numeral.code == "M" or "." in numeral.stated.text or "," in numeral.stated.text:
        return "level"
    return None
