# ruff: noqa: E501 - a pattern stands on one line
"""A draft to typed claims: who a number is of, over which window, which way."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import (
    BestSince,
    Change,
    Claim,
    Count,
    Distance,
    ExtremeSince,
    Level,
    Other,
    Quiet,
    Record,
    Share,
    Streak,
    StreakEnded,
    StreakSince,
)
from narrows.claims.dates import dates
from narrows.claims.document import Block, Document, read
from narrows.claims.entities import entity, find
from narrows.claims.events import RULES, Draft
from narrows.claims.members import MEMBER_RULES, RuleTold, rule_told, supposed
from narrows.claims.rows import row_claims
from narrows.claims.sentence import Sentence, marked, pattern
from narrows.claims.timing import CHANGES, Context, change_window, dated_window, said_day, window_said
from narrows.claims.words import SUPPOSED, TOPIC, cue, cues
from narrows.market.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from narrows.claims.dates import Dated
    from narrows.claims.numerals import Numeral

__all__ = ["extract", "text_day"]

_ABBREVIATIONS = r"(?<!\bU\.S)(?<!\bInc)(?<!\bCorp)(?<!\bCo)(?<!\bvs)(?<!\bSt)(?<!\bNo)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bLtd)(?<!\be\.g)(?<!\bi\.e)(?<!\bpct)(?<!\bJan)(?<!\bFeb)(?<!\bMar)(?<!\bApr)(?<!\bAug)(?<!\bSept)(?<!\bSep)(?<!\bOct)(?<!\bNov)(?<!\bDec)(?<!\b[A-Z])"
_SENTENCE = re.compile(rf"{_ABBREVIATIONS}[.!?][\"')\]]?(?=\s+[\"'(\[]?[A-Z0-9$+\-])|(?<=[.!?])\n|:\n")
_COMPANIES = r"(?:companies|members|earnings|firms|constituents|stocks|index funds|futures)"


def extract(draft: str | bytes | Document, week: date | None = None) -> list[Claim]:
    """Return the claims of a draft, in its order.

    Parameters
    ----------
    draft
        The text, or what `read` made of it.
    week
        Day that the text speaks of, where it names none itself: the last trading day of its week.

    Returns
    -------
    list of Claim
        Every number that says something of a market, as a typed claim; numbers that no type fits are of
        type ``other``.

    Examples
    --------
    >>> [one.query for one in extract("The S&P 500 rose 0.78% in the week ended May 1, 2026.")]
    ['change(SPX, week to 2026-05-01, %)']
    """
    document = draft if isinstance(draft, Document) else read(draft)
    context = Context(day=week, fixed=week is not None)
    if week is None:
        context.day = text_day(document)
    context.index = _main_index(document)
    for block in document.blocks:
        if block.kind == "heading":
            _heading(block, context)
        elif block.kind == "row":
            context.claims.extend(row_claims(block, context))
            continue
        for text, place in _sentences(block.text):
            line, column = block.line_at(place)
            sentence = marked(text.replace("\n", " "), line, column)
            context.claims.extend(_claims(sentence, context, heading=block.kind == "heading"))
    return context.claims


@lru_cache(maxsize=1)
def text_day(document: Document) -> date | None:
    """Return the day that a text speaks of: the end of the first date that names its year.

    Examples
    --------
    >>> str(text_day(read("# Recap, April 27 - May 1, 2026")))
    '2026-05-01'
    """
    later = None
    for block in document.blocks:
        text = block.text.replace("\n", " ")
        if not any(dated.full for dated in dates(text)):
            continue
        sentence = marked(text)
        behind = {id(one) for one in sentence.since.values()}
        for dated in sentence.dated.values():
            if dated.full and dated.kind in {"day", "range"} and id(dated) not in behind:
                span = dated.span(None)
                if span is not None and (
                    block.kind == "heading" or dated.kind == "range" or _week_end(sentence, dated)
                ):
                    return span.end
                later = later or (span.end if span is not None else None)
    return later


def _main_index(document: Document) -> tuple[str, str]:
    """Return the index that verbless lines speak of: the S&P 500 where it is named, else the first named."""
    found = {name.id: name.name for block in document.blocks for name in find(block.text)}
    indices = [symbol for symbol in found if (known := entity(symbol)) is not None and known.kind == "index"]
    first = "SPX" if "SPX" in indices else next(iter(indices), "")
    return first, found.get(first, "")


def _week_end(sentence: Sentence, dated: Dated) -> bool:
    return any(spoken.date == dated.start and spoken.kind == "week" for spoken in sentence.spoken.values())


def _sentences(text: str) -> Iterator[tuple[str, int]]:
    begun = 0
    for match in _SENTENCE.finditer(text):
        yield from _piece(text, begun, match.end())
        begun = match.end()
    yield from _piece(text, begun, len(text))


def _piece(text: str, begun: int, end: int) -> Iterator[tuple[str, int]]:
    piece = text[begun:end]
    kept = piece.lstrip()
    if kept.strip():
        yield kept.rstrip(), begun + len(piece) - len(kept)


def _heading(block: Block, context: Context) -> None:
    sentence = marked(block.text)
    for dated in sentence.dated.values():
        if not context.fixed and dated.full and dated.kind in {"range", "day"}:
            span = dated.span(context.day)
            if span is not None:
                context.day = span.end
    context.lead = None
    kinds = [one.kind for one in sentence.spoken.values() if one.kind in {"week", "day", "ytd", "mtd", "qtd"}]
    if kinds and not list(sentence.free(CHANGES)):
        context.kind = kinds[0]


# ---------------------------------------------------------------- sentences


def _claims(sentence: Sentence, context: Context, *, heading: bool) -> Iterator[Claim]:  # noqa: C901
    """Yield the claims of one sentence, in its order."""
    if not heading and _is_lead(sentence):
        context.lead = next(iter(sentence.spoken.values()), context.lead)
        return
    told = rule_told(sentence, Window("week", context.day))
    if told is not None:
        yield from _ruled(told, context)
        return
    found: list[tuple[int, Claim]] = []
    drafts = [draft for rule in (*MEMBER_RULES, *RULES) for draft in rule(sentence)]
    since_made = {StreakSince, BestSince, ExtremeSince, Record}
    for draft in drafts:
        if draft.make in since_made:
            for at in [
                at
                for at in sentence.since
                if draft.start - 1 <= at < draft.end + (60 if draft.make is Record else 0)
            ]:
                sentence.bound.add(at)
        if draft.make in {*since_made, StreakEnded, Streak}:
            sentence.bound.update(at for at in sentence.spoken if draft.start <= at < draft.end)
    for draft in drafts:
        found += _made(draft, sentence, context)
    for numeral in list(sentence.free("PTBQMCX")):
        found += _numeral(numeral, sentence, context)
    if sentence.names:
        subject = _first_name(sentence)
        if subject is not None:
            context.topic = subject
    found.sort(key=lambda pair: pair[0])
    yield from _once(claim for _, claim in found)


def _ruled(told: RuleTold, context: Context) -> Iterator[Claim]:
    """Yield the claims of a line on a rule: its condition is asked, what stands behind it is stated."""
    yield from told.claims
    yield from supposed(told, Window("week", context.day))
    past = next((one for one in told.condition.spoken.values() if one.kind == "past"), None)
    lead, context.lead = context.lead, past or context.lead
    yield from _claims(told.rest, context, heading=False)
    context.lead = lead


def _once(claims: Iterator[Claim]) -> Iterator[Claim]:
    seen: set[tuple[str, Any]] = set()
    for claim in claims:
        key = (claim.query, claim.stated)
        if key not in seen:
            seen.add(key)
            yield claim


def _is_lead(sentence: Sentence) -> bool:
    """Whether a line only says the window of those after it: "For the week:"."""
    bare = pattern(r"<W>|<D>|\b(?:for|on|the|of|as|in|and)\b|[\s:.]").sub("", sentence.shape)
    return not bare and bool(sentence.spoken or sentence.dated) and sentence.text.rstrip().endswith(":")


def _first_name(sentence: Sentence) -> tuple[str, str] | None:
    for place in sorted(sentence.names):
        name = sentence.names[place]
        if name.id:
            return name.id, name.name
    return None


def _made(draft: Draft, sentence: Sentence, context: Context) -> Iterator[tuple[int, Claim]]:  # noqa: C901, PLR0912
    """Yield the claims of a draft: one for each name of its list."""
    made = dict(draft.fields)
    if draft.make is Streak and not made["unit"]:
        made["unit"] = context.streak[0] if context.kind == "week" else context.kind
    if draft.make is Streak:
        context.streak = (made["unit"], draft.direction)
    if draft.default == "streak":
        made["unit"] = made["unit"] or context.streak[0]
        if draft.direction == 1 and not cues(sentence.shape):
            draft.direction = context.streak[1]
    window = _window_of(draft, sentence, context)
    if draft.default == "unit" and not made["unit"]:
        made["unit"] = {"day": "day", "mtd": "month", "calendar": "month", "ytd": "year"}.get(
            window.kind, "week"
        )
        if window.kind == "past":
            made["unit"], made["length"] = window.unit, window.count
    if draft.make in {Streak, StreakEnded, StreakSince, Quiet, BestSince} and window.kind not in {
        "week",
        "day",
    }:
        window = replace(window, kind="day" if made.get("unit") == "day" else "week")
    if draft.make in {Streak, StreakEnded, StreakSince, Quiet, BestSince} and made.get("unit") == "day":
        window = replace(window, kind="day")
    if draft.make is BestSince and made["unit"] in {"month", "quarter"}:
        window = _named_period(sentence, context, str(made["unit"])) or window
    if draft.since is not None:
        span = draft.since.span(window.end or context.day, past=True)
        made[draft.since_name] = span
    elif draft.default == "record" or draft.since_name == "first":
        made.setdefault("first", None)
    if draft.make is Distance:
        window = replace(window, kind="day")
    common: dict[str, Any] = {
        "window": window,
        "stated": draft.stated,
        "direction": draft.direction,
        "text": sentence.text,
        "line": sentence.line,
        "column": sentence.column,
    }
    names = [("", draft.named)] if draft.whole else _subjects(draft, sentence, context)
    if draft.make is Count:
        names = [(made["group"], made["group"].replace("_", " "))]
    for symbol, name in names:
        yield draft.start, draft.make(entity=symbol, name=name, **common, **made)


def _named_period(sentence: Sentence, context: Context, unit: str) -> Window | None:
    """Return the month or quarter that a sentence names as the best one: "its best month since ...: in April"."""
    bound = {dated.start for dated in sentence.since.values()}
    named = [one for at, one in sentence.dated.items() if one.kind == unit and at not in bound]
    span = named[-1].span(context.day) if named else None
    if span is None:
        return None
    end = span.end if context.day is None or span.end < context.day else context.day
    return Window("week", end)


def _window_of(draft: Draft, sentence: Sentence, context: Context) -> Window:
    """Return the window of a draft that is no plain change."""
    inside = [at for at in sentence.spoken if draft.start <= at < draft.end]
    if draft.make is Share:
        periods = [one for one in sentence.dated.values() if one.kind in {"year", "quarter", "month"}]
        return (
            dated_window(periods[0], sentence, context)
            if periods
            else Window("ytd", context.day, assumed=True)
        )
    kinds = (
        {"week", "weekof", "day"}
        if draft.make in {Record, ExtremeSince, Streak, StreakEnded}
        else {"week", "weekof", "day", "mtd", "qtd", "ytd"}
    )
    ends = [at for at in sentence.spoken if at not in inside and sentence.spoken[at].kind in kinds]
    near = sorted(ends, key=lambda at: abs(at - draft.start))
    dated = [at for at in near if sentence.spoken[at].date >= 0]
    place = next(iter(dated or near), None)
    if place is None:
        plain = [at for at in inside if sentence.spoken[at].kind in {"week", "day"}]
        place = plain[0] if plain and not issubclass(draft.make, (Streak, StreakSince, BestSince)) else None
    if place is None:
        day = said_day(sentence, context)
        kind = context.kind if context.kind in {"day", "week"} else "week"
        if issubclass(draft.make, (Record, ExtremeSince)) and day is not None:
            kind = "day"
        return Window(kind, day or context.day, assumed=day is None)
    return window_said(sentence.spoken[place], sentence, context)


def _subjects(draft: Draft, sentence: Sentence, context: Context) -> list[tuple[str, str]]:  # noqa: PLR0911
    if draft.subject >= 0:
        name = sentence.names[draft.subject]
        return [(name.id, name.name)]
    places = sorted(sentence.names)
    clause = max((sentence.shape.rfind(mark, 0, draft.start) for mark in (";", ". ")), default=-1)
    before = [at for at in places if clause < at < draft.start]
    if before:
        chosen = before[-1]
        if draft.every:
            return [*_pronoun(sentence, chosen, context), *_list(sentence, chosen, before)]
        return [_pair(sentence, chosen)]
    inside = [at for at in places if draft.start <= at < draft.end]
    after = [at for at in places if at >= draft.start]
    if _pronoun_before(sentence, draft.start) and context.topic[0]:
        return [context.topic]
    if (
        after
        and not inside
        and re.search(r"[,:\u2014]", sentence.shape[draft.end : after[0]])
        and context.index[0]
    ):
        return [context.index]
    if after:
        chosen = (inside or after)[0]
        group = [chosen, *[at for at in after if at > chosen]]
        return _list_forward(sentence, group) if draft.every else [_pair(sentence, chosen)]
    if places and clause >= 0:
        return [_pair(sentence, places[0])]
    return [context.topic]


_PRONOUN = re.compile(
    r"(?:^|[\s(])(?:it|its|the index|the benchmark|the gauge|the stock|shares|the shares|the company|they)\b"
)


def _pronoun_before(sentence: Sentence, at: int) -> bool:
    return _PRONOUN.search(sentence.shape[:at]) is not None


def _pronoun(sentence: Sentence, at: int, context: Context) -> list[tuple[str, str]]:
    """Return the topic where the list reads "both it and the Nasdaq"."""
    lead = sentence.shape[:at]
    return (
        [context.topic]
        if re.search(r"\b(?:both )?(?:it|the index) and (?:the )?$", lead) and context.topic[0]
        else []
    )


def _pair(sentence: Sentence, at: int) -> tuple[str, str]:
    return sentence.names[at].id, sentence.names[at].name


_JOIN = re.compile(r"\s*(?:,|,?\s+and|,?\s+as well as|&|/)\s+(?:the\s+|both\s+)?|\s+and\s+(?:the\s+)?")


def _list(sentence: Sentence, last: int, places: list[int]) -> list[tuple[str, str]]:
    """Return the names of a list that ends with one, if nothing but commas and "and" stands between."""
    chain = [last]
    for at in reversed([place for place in places if place < last]):
        name = sentence.names[at]
        if _JOIN.fullmatch(sentence.text[name.end : chain[0]]):
            chain.insert(0, at)
        else:
            break
    return [_pair(sentence, at) for at in chain]


def _list_forward(sentence: Sentence, places: list[int]) -> list[tuple[str, str]]:
    chain = [places[0]]
    for at in places[1:]:
        if _JOIN.fullmatch(sentence.text[sentence.names[chain[-1]].end : at]):
            chain.append(at)
        else:
            break
    return [_pair(sentence, at) for at in chain]


# ---------------------------------------------------------------- plain numbers

_LEVEL_LEAD = re.compile(
    r"(?:\b(?:at|to|around|near|of|level of|finish(?:ed)?|clos(?:ed|ing)|settl(?:ed|ing)|end(?:ed|ing)|is|was|stood|hit|"
    r"reached|touched|above|below|topped|surpassed|past|crossed|over|trades?|trading)|\(|:|=)\s*(?:the |a |about |at )?(?:record |new |fresh )?$"
)
_AFTER_NAME = re.compile(r"^['’]?s?\s*(?:\w+\s){0,2}$")


def _numeral(numeral: Numeral, sentence: Sentence, context: Context) -> Iterator[tuple[int, Claim]]:
    _shape, place = sentence.shape, numeral.start
    names = _change_names(numeral, sentence, context)
    symbol, name = names[0]
    known = entity(symbol)
    level = _is_level(numeral, sentence, known.kind if known is not None else "")
    if numeral.code == "C" and not level:
        return
    stated = numeral.stated
    topic = _topic(numeral, sentence) or _supposed(numeral, sentence)
    common: dict[str, Any] = {"text": sentence.text, "line": sentence.line, "column": sentence.column}
    if (
        numeral.code == "X"
        or topic
        or (numeral.code == "M" and (not level or stated.places < 0))
        or numeral.code == "Q"
    ):
        window = Window("none", context.day)
        who = _unknown_name(sentence, place) if not symbol else (symbol, name)
        yield (
            place,
            Other(
                entity=who[0], name=who[1], window=window, stated=stated, topic=topic or "number", **common
            ),
        )
        return
    _spoken, window = change_window(numeral, sentence, context)
    if level:
        day = said_day(sentence, context, near=place)
        unit = "USD" if stated.unit == "USD" else stated.unit
        end = day or (window.end if window.kind in {"day", "week"} else context.day) or context.day
        stated = replace(stated, unit=unit)
        yield (
            place,
            Level(
                entity=symbol,
                name=name,
                window=Window("day", end, assumed=day is None),
                stated=stated,
                **common,
            ),
        )
        return
    way = _direction(numeral, sentence)
    value = stated.value if numeral.signed or way >= 0 else -abs(stated.value)
    signed = replace(stated, value=value)
    way = (1 if value > 0 else -1 if value < 0 else 0) if numeral.signed else way
    for symbol, name in (pair if pair[0] else _unknown_name(sentence, place) for pair in names):
        yield place, Change(entity=symbol, name=name, window=window, stated=signed, direction=way, **common)


def _is_level(numeral: Numeral, sentence: Sentence, kind: str) -> bool:
    lead = sentence.shape[: numeral.start]
    led = _LEVEL_LEAD.search(lead) is not None or numeral.stated.hedge in {"over", "under", "about", "nearly"}
    if numeral.code == "M":
        if kind in {"index", ""} and numeral.stated.places < 0:
            return False
        return (
            led
            or re.search(
                r"a barrel|an ounce|a share|per (?:barrel|ounce|share)",
                sentence.shape[numeral.end : numeral.end + 20],
            )
            is not None
        ) and numeral.stated.places >= 0
    if numeral.code == "C":
        large = "," in numeral.stated.text or "." in numeral.stated.text or abs(numeral.stated.value) >= 1000  # noqa: PLR2004
        return (
            kind in {"index", "fund", "stock", "commodity", "yield", "currency"}
            and large
            and (led or _named_just_before(numeral, sentence))
        )
    if numeral.code == "T":
        return re.search(r"\b(?:at|closed at|ended at|finished at|settled at)\s*$", lead) is not None
    return numeral.code == "P" and kind == "yield" and led


def _named_just_before(numeral: Numeral, sentence: Sentence) -> bool:
    return any(
        name.end <= numeral.start and _AFTER_NAME.match(sentence.shape[name.end : numeral.start])
        for name in sentence.names.values()
    )


def _topic(numeral: Numeral, sentence: Sentence) -> str:
    """Return the thing a number is of where that is no price: earnings, a forecast."""
    shape = sentence.shape
    ends = [name.end for name in sentence.names.values() if name.end <= numeral.start]
    marks = [
        shape.rfind(mark, 0, numeral.start) + 1
        for mark in (";", ". ", ": ", " \u2014 ", ", and ", ", but ", ", while ")
    ]
    others = [n.end for n in sentence.numbers.values() if n.end <= numeral.start and n.code in "PTBQM"]
    clause = max([0, *marks])
    begun = max([clause, *[end for end in ends if end > clause]])
    between = shape[max([begun, *[end for end in others if end > begun]]) : numeral.start]
    found = list(TOPIC.finditer(between))
    name_end = max(ends, default=-1)
    tail = (
        re.match(rf"(?:['’]s?)?\s*{_COMPANIES}\b", shape[name_end : name_end + 20]) if name_end >= 0 else None
    )
    if tail is not None and name_end >= clause and "stocks" not in tail[0] and "futures" not in tail[0]:
        return tail[0].strip()
    begins = [at for at in sentence.names if at < numeral.start]
    owned = _OWNED.search(shape[: begins[-1]]) if begins else None
    if owned is not None and begins[-1] >= clause:
        return owned[1]
    if found and not _priced(between[found[-1].end() :]):
        return found[-1][0]
    after = re.match(
        r"\s*(?:in |of |more |fewer |higher |lower )?(?:the |its |annual |us |u\.s\. )?(?P<t>[a-z/ ]{0,30})",
        shape[numeral.end :],
    )
    follows = TOPIC.match(after["t"]) if after is not None else None
    return follows[0] if follows is not None else ""


_OWNED = re.compile(rf"({TOPIC.pattern})(?: \w+)? (?:of|at|from|for) (?:the )?$")


def _supposed(numeral: Numeral, sentence: Sentence) -> str:
    """Return "supposed" where the clause before a number says could, would, if."""
    clause = max(sentence.shape.rfind(mark, 0, numeral.start) for mark in (";", ". ", ": ", "\u2014"))
    return "supposed" if SUPPOSED.search(sentence.shape[max(clause, 0) : numeral.start]) else ""


def _priced(text: str) -> bool:
    return re.search(r"\b(?:shares|stock|index|price|prices)\b", text) is not None


def _change_names(numeral: Numeral, sentence: Sentence, context: Context) -> list[tuple[str, str]]:  # noqa: PLR0911
    shape, places = sentence.shape, sorted(sentence.names)
    clause = max(shape.rfind(mark, 0, numeral.start) for mark in (";", ". "))
    before = [at for at in places if clause < at < numeral.start and not _compared(shape, at)]
    follow = pattern(
        r"^(?:[- ]\w+){0,4}? (?:in|for|by|from|of|at) (?:the |both |shares of |shares in )*(?P<e><E>)"
    ).match(shape[numeral.end :])
    comma = max(
        shape.rfind(mark, 0, numeral.start)
        for mark in (",", ";", ":", ". ", "\u2014", "(", " and ", " while ", " but ")
    )
    if follow is not None and not [at for at in before if at > comma]:
        at = numeral.end + follow.start("e")
        if not re.search(r"\bof\b", shape[numeral.end : at]) or not before:
            return _list_forward(sentence, [place for place in places if place >= at])
    if before:
        zipped = _respectively(numeral, sentence, before)
        if zipped is not None:
            return [zipped]
        if _pronoun_between(sentence, before[-1], numeral.start, context):
            return [context.topic]
        return [*_pronoun(sentence, before[-1], context), *_list(sentence, before[-1], before)]
    if _pronoun_before(sentence, numeral.start) and context.topic[0]:
        return [context.topic]
    after = [at for at in places if at > numeral.start]
    unknown = _unknown_name(sentence, numeral.start)
    if unknown[1]:
        return [("", "")]
    if after:
        return [_pair(sentence, after[0])]
    earlier = [at for at in places if at < numeral.start]
    if earlier:
        return [_pair(sentence, earlier[-1])]
    return [context.topic]


def _pronoun_between(sentence: Sentence, at: int, end: int, context: Context) -> bool:
    """Whether "the index" after a company's name means the topic again, where that is an index."""
    text = sentence.shape[sentence.names[at].end : end]
    named = entity(sentence.names[at].id)
    topic = entity(context.topic[0])
    is_stock = named is not None and named.kind == "stock"
    return (
        is_stock
        and topic is not None
        and topic.kind == "index"
        and re.search(r"[,;:] (?:and )?the index\b", text) is not None
    )


def _compared(shape: str, at: int) -> bool:
    lead = shape[max(0, at - 40) : at]
    return (
        re.search(
            r"(?:\bthan|\bversus|\bcompared (?:with|to)|\bunlike|\bagainst|\bversus|\bwith|\bmanufacture chips for) (?:the )?$",
            lead,
        )
        is not None
    )


def _respectively(numeral: Numeral, sentence: Sentence, before: list[int]) -> tuple[str, str] | None:
    """Return the name that belongs to a number of "A, B and C rose x, y and z"."""
    chain = _chain(sentence, before)
    numbers = [n for n in sentence.numbers.values() if n.start > before[-1] and n.code == numeral.code]
    numbers.sort(key=lambda n: n.start)
    after = [at for at in sentence.names if at > before[-1] and at < numbers[-1].start] if numbers else []
    if len(chain) < 2 or len(numbers) != len(chain) or after or numeral not in numbers:  # noqa: PLR2004
        return None
    joined = all(_JOIN.fullmatch(sentence.text[a.end : b.start]) for a, b in itertools.pairwise(numbers))
    return (
        _pair(sentence, chain[numbers.index(numeral)]) if joined or "respectively" in sentence.shape else None
    )


def _chain(sentence: Sentence, before: list[int]) -> list[int]:
    chain = [before[-1]]
    for at in reversed(before[:-1]):
        if _JOIN.fullmatch(sentence.text[sentence.names[at].end : chain[0]]):
            chain.insert(0, at)
        else:
            break
    return chain


_CAPITAL = re.compile(
    r"(?:[A-Z][\w&.'’-]*)(?:\s+(?:[A-Z][\w&.'’-]*|of|&))*(?=\s+(?:shares\s+|stock\s+)?[a-z])"
)
_NO_NAMES = frozenset(
    [
        "The",
        "A",
        "An",
        "In",
        "On",
        "At",
        "For",
        "It",
        "Its",
        "This",
        "That",
        "These",
        "Those",
        "And",
        "But",
        "So",
        "As",
        "By",
        "From",
        "Up",
        "Down",
        "After",
        "Before",
        "While",
        "With",
        "Both",
        "Ten",
        "Only",
        "Earnings",
        "Shares",
        "Stocks",
        "Markets",
        "Overall",
        "Still",
        "Meanwhile",
        "However",
        "Despite",
        "If",
        "When",
        "What",
        "We",
        "You",
        "They",
        "He",
        "She",
        "Not",
        "One",
        "Two",
        "Three",
        "Four",
        "Five",
        "Six",
        "Seven",
        "Eight",
        "Nine",
        "All",
        "None",
        "Week",
        "Year",
        "Month",
        "Today",
        "Yesterday",
        "Friday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
    ]
)


def _unknown_name(sentence: Sentence, place: int) -> tuple[str, str]:
    """Return the last capitalised name before a number that the table does not know."""
    clause = max(sentence.shape.rfind(mark, 0, place) for mark in (";", ". ", ": "))
    for match in reversed(list(_CAPITAL.finditer(sentence.text[:place] + " a"))):
        words = match[0].split()
        while words and words[0] in _NO_NAMES:
            words.pop(0)
        covered = any(
            name.start < match.end() and match.start() < name.end for name in sentence.names.values()
        )
        covered |= any(d.start < match.end() and match.start() < d.end for d in sentence.dated.values())
        if words and not covered and match.start() > clause:
            return "", " ".join(words).rstrip("'’s") if words[-1].endswith(("'s", "’s")) else " ".join(words)
    return "", ""


def _direction(numeral: Numeral, sentence: Sentence) -> int:  # noqa: PLR0911
    shape = sentence.shape
    if numeral.signed:
        return 1 if numeral.stated.value > 0 else -1
    ends = [name.end for name in sentence.names.values() if name.end <= numeral.start]
    others = [n.end for n in sentence.numbers.values() if n.end <= numeral.start and n.code in CHANGES]
    marks = [shape.rfind(mark, 0, numeral.start) for mark in (";", ". ")]
    begun = max([0, *ends, *marks])
    last = max([0, *others])
    between = shape[max(begun, last) : numeral.start]
    after = shape[numeral.end : numeral.end + 40]
    stop = re.search(r"[,;.:(]|<|[\ue001\ue011-\ue018]|\band\b", after)
    behind = after if stop is None else after[: stop.start()]
    near = pattern(r"^[- ](?:<W> )?(?:\w+ ){0,2}?").match(behind)
    noun = cue(behind) if near is not None else 0
    article = (
        re.search(r"\b(?:a|an|its|the|their|another|of|by)\s+(?:\w+\s){0,2}$", shape[: numeral.start])
        is not None
    )
    if article and noun:
        return noun
    found = cue(between, last=True)
    if found:
        return found
    if noun:
        return noun
    found = cue(shape[begun : numeral.start], last=True)
    if found:
        return found
    lead = shape[: min([begun, numeral.start])]
    if others and not ends:
        return cue(shape[: numeral.start], last=True)
    if (last and last > begun) or (ends and others and not cues(shape[begun : numeral.start])):
        return cue(shape[: numeral.start], last=True)  # "rose 0.9%, the Nasdaq 1.1%": the verb is carried
    return cue(lead, last=True)
