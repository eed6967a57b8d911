# ruff: noqa: E501 - a pattern stands on one line
"""Patterns of the claims that are more than a change: streaks, records, ranks, counts, since.

Each rule reads a sentence's shape, yields a draft of a claim, and marks the numbers that it took.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import (
    BestOfYear,
    BestSince,
    Breadth,
    Claim,
    Contribution,
    Count,
    CountOfPast,
    Distance,
    ExtremeSince,
    Multiple,
    Only,
    Quiet,
    Rank,
    Record,
    Share,
    Spread,
    Stated,
    Streak,
    StreakEnded,
    StreakSince,
)
from narrows.claims.sentence import pattern
from narrows.claims.words import CUES, TOPIC, cue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from narrows.claims.dates import Dated
    from narrows.claims.numerals import Numeral
    from narrows.claims.sentence import Sentence

__all__ = ["RULES", "Draft", "take"]

UNIT = {
    "week": "week", "day": "day", "daily": "day", "dai": "day", "session": "day", "month": "month", "quarter": "quarter",
    "year": "year", "annual": "year",
}  # fmt: skip
_UNITS = r"(?:trading )?(?:weeks?|days?|sessions?|months?|quarters?|years?)"
_ROW = r"(?:straight|consecutive|successive|back-to-back|uninterrupted)"
_MOVES = (
    r"(?:gains?|losses|loss|advances?|declines?|rises?|wins?|increases?|drops?|falls?|closes?|up days|down days|"
    r"rall(?:y|ies)|weeks?|days?|sessions?|months?|quarters?|years?|climbs?|setbacks?|retreats?|slides?)"
)


@dataclass(slots=True)
class Draft:
    """A claim before its entity and window are found.

    Parameters
    ----------
    make
        The class.
    start, end
        Where the words stand that make it.
    fields
        Its own fields.
    stated
        The printed number, if any.
    since
        A date, not yet set beside the day of the text.
    direction
        1, -1, or 0 to be read from the sentence.
    whole
        Whether it speaks of a group, so that it needs no entity.
    spoken
        Place of the window that belongs to it; -1 for the sentence's.
    subject
        Place of the name that it speaks of; -1 for the nearest.
    every
        Whether all names of a list are meant.
    named
        What a group is called that has no symbol.
    """

    make: type[Claim]
    start: int
    end: int
    fields: dict[str, Any] = field(default_factory=dict)
    stated: Stated | None = None
    since: Dated | None = None
    since_name: str = "since"
    direction: int = 0
    whole: bool = False
    spoken: int = -1
    subject: int = -1
    every: bool = True
    default: str = ""
    named: str = ""


def take(sentence: Sentence, place: int) -> Numeral:
    """Return the number at a place of a sentence, and mark it as taken by a claim."""
    sentence.used.add(place)
    return sentence.numbers[place]


def _unit(text: str) -> str:
    return next((unit for name, unit in UNIT.items() if name in text), "")


def _window_unit(sentence: Sentence, start: int, end: int) -> tuple[str, int]:
    """Return unit and length told by a window or number inside a piece: "weekly", "six-week"."""
    for place, spoken in sentence.spoken.items():
        if start <= place < end:
            if spoken.kind in {"day", "week", "month", "quarter"}:
                return spoken.kind, 1
            if spoken.kind == "past":
                return spoken.unit, spoken.count
    piece = sentence.shape[start:end]
    many = pattern(r"(?P<n><C>)[- ](?P<unit>day|week|month|year)s?").search(piece)
    if many is not None:
        return many["unit"], int(take(sentence, start + many.start("n")).stated.value)
    return _unit(piece), 1


def _quiet(sentence: Sentence) -> Iterator[Draft]:
    told = (
        (
            rf"(?P<n><C>)[- ](?:{_ROW} )?(?P<unit>{_UNITS})(?: in a row)?(?: now)? without (?:a |an |any )?(?:single )?(?:<W> )?"
            r"(?:move|gain|loss|swing|change|decline|rise)?(?: (?:up or down|in either direction))?(?: (?:of|by|above|over|larger than|bigger than|exceeding))?(?: at least| more than)? ?(?P<p><P>)"
        ),
        rf"(?:failed to|has not|hasn't|have not|did not|didn't|not|without|never)(?: once)? (?:moved?|moving|budged?|swung|risen or fallen|rise or fall)(?: by)?(?: as much as)? ?(?P<p><P>)(?:[^.;]{{0,50}}?)(?P<n><C>) (?:{_ROW} )?(?P<unit>{_UNITS})",
        rf"without (?:a |any )?(?:<W> )?(?:move|swing|change) (?:of )?(?P<p><P>)[^.;]{{0,30}}? for (?P<n><C>) (?:{_ROW} )?(?P<unit>{_UNITS})",
    )
    for text in told:
        for match in pattern(text).finditer(sentence.shape):
            move = take(sentence, match.start("p")).stated
            count = take(sentence, match.start("n")).stated
            made = {"unit": _unit(match["unit"]), "move": abs(move.value)}
            yield Draft(Quiet, match.start(), match.end(), made, count)


def _streak_ended(sentence: Sentence) -> Iterator[Draft]:
    told = (
        r"\b(?:snap(?:s|ped|ping)?|end(?:s|ed|ing)?|br(?:oke|eak|eaks|eaking)|halt(?:s|ed|ing)?|stop(?:s|ped|ping)?|"
        r"put(?:s|ting)? an end to|closed out|bust(?:ed)?) (?:a |an |its |their |the )?"
        r"(?:(?P<n><C>)[- ](?P<unit>day|week|session|month|quarter)s?(?:-long| long)?[- ]?(?P<way>winning|losing|win|up|down)?"
        r"[- ]?(?:streaks?|run|rally|skid|slide|stretch|string|series)(?P<of> of (?:gains|wins|advances|losses|declines))?"
        rf"|(?:(?P<way2>winning|losing) )?(?:streak|run|string|stretch|series) of (?P<n2><C>) (?:{_ROW} )?(?P<unit2>{_UNITS}|<W>)(?P<of2> (?:of )?(?:gains|wins|advances|losses|declines))?)"
    )
    for match in pattern(told).finditer(sentence.shape):
        place = match.start("n") if match["n"] else match.start("n2")
        words = " ".join(match[name] or "" for name in ("way", "way2", "of", "of2"))
        unit = (
            _unit(match["unit"] or match["unit2"] or "")
            or _window_unit(sentence, match.start(), match.end())[0]
        )
        way = _way(
            words
            + (" skid" if "skid" in match[0] or "slide" in match[0] else "")
            + (" rally" if "rally" in match[0] else "")
        )
        yield Draft(
            StreakEnded,
            match.start(),
            match.end(),
            {"unit": unit},
            take(sentence, place).stated,
            direction=way or 1,
        )


def _way(words: str) -> int:
    return cue(words)


def _streak(sentence: Sentence) -> Iterator[Draft]:
    shape = sentence.shape
    told = (
        (
            rf"(?P<n><N>) (?P<mid>(?:(?:{_ROW}|<W>|winning|losing|positive|negative|up|down|higher|lower|trading|calendar|weekly|daily|monthly) )+)"
            rf"(?P<noun>{_MOVES})(?P<tail>(?: of (?:gains?|losses|advances|declines|rises))?(?: in a row| running| in succession)?)"
        ),
        rf"(?P<n><N>) (?P<mid>)(?P<noun>(?:(?:winning|losing|up|down) )?{_MOVES}|<W> {_MOVES})(?P<tail>(?: of (?:gains?|losses|advances|declines))?(?: in a row| running| straight| in succession| on the trot))",
        rf"(?P<n><O>) (?P<mid>)(?P<noun>{_UNITS})(?P<tail> of (?:gains?|losses|advances|declines|rises|wins))",
        r"(?P<n><C>)[- ](?P<mid>(?:straight |consecutive )?)(?P<noun>day|week|session|month|quarter)s?(?P<tail>(?:-long| long)?[- ]?(?:winning|losing|win|up|down)?[- ]?(?:streak|skid|slide|run of (?:gains|losses)|string of (?:gains|losses)))",
        rf"(?P<mid>(?:winning |losing |win )?(?:streak|run|string|series)(?: of (?:<W> |weekly |daily )?(?:gains|losses|wins|advances|declines))?(?: (?:to|of|at|reached|reaches|stands at|stood at|hit|now|extended to))+) (?:a )?(?P<n><N>) (?:{_ROW} )?(?P<noun>{_UNITS}|<W> {_MOVES})(?P<tail>)",
        rf"(?P<n><O>)(?P<mid>) (?P<noun>{_UNITS})(?P<tail> (?:straight|running))",
    )
    for text in told:
        for match in pattern(text).finditer(shape):
            place = match.start("n")
            row = match["mid"] + match["tail"]
            telling = re.search(
                rf"{_ROW}|in a row|running|in succession|straight|streak|skid|slide|trot|run|string|series| of ",
                row,
            )
            if place in sentence.used or telling is None or _bad_lead(shape, match.start()):
                continue
            unit = _unit(match["noun"]) or _window_unit(sentence, match.start(), match.end())[0]
            way = _way(match["mid"] + " " + match["noun"] + match["tail"])
            if not way:
                way = cue(shape[: match.start()], last=True) or cue(shape[match.end() :])
            stated = take(sentence, place).stated
            yield Draft(
                Streak, match.start(), match.end(), {"unit": unit}, stated, direction=way or 1, default="week"
            )


def _bad_lead(shape: str, at: int) -> bool:
    return (
        re.search(r"\b(?:best|worst|ended|snapped|broke|after)\s+(?:a\s+|its\s+)?$", shape[:at]) is not None
    )


def _streak_since(sentence: Sentence) -> Iterator[Draft]:
    told = (
        r"longest(?P<mid>[^.;]{0,60}?)(?P<s><S>)",
        r"longest(?P<mid>[^.;]{0,50}?(?:streak|run|stretch|string|series)[^.;]{0,30}?)(?P<ever>on record|ever|in (?:its |index |the index's )?history|of all time)",
    )
    for text in told:
        for match in pattern(text).finditer(sentence.shape):
            unit, _ = _window_unit(sentence, match.start("mid"), match.end("mid"))
            before = sentence.shape[: match.start()]
            way = _way(match["mid"]) or cue(before, last=True) or 1
            since = sentence.since[match.start("s")] if "s" in match.groupdict() else None
            yield Draft(
                StreakSince,
                match.start(),
                match.end(),
                {"unit": unit},
                since=since,
                direction=way,
                default="streak",
            )


_BEST = r"(?P<q>best|worst|biggest|largest|strongest|steepest|sharpest|weakest|greatest|deepest|poorest|heftiest|hottest|(?:the |its )most)"


def _best(sentence: Sentence) -> Iterator[Draft]:
    shape = sentence.shape
    for match in pattern(_BEST + r"(?P<mid>[^.;]{0,70}?)(?P<s><S>)").finditer(shape):
        mid = match["mid"]
        if _of_no_price(sentence, match.start()):
            continue
        if re.search(r"beat rate|earnings|quarter(?:ly)? (?:result|report|profit)|revenue|sales", mid):
            continue
        yield _best_draft(sentence, match, sentence.since[match.start("s")])
    told = r"not (?P<s><S>)(?P<lead>[^.;]{0,60}?)(?:a |such a |so )?(?P<q>better|worse|bigger|stronger|larger|steeper|good|strong|bad|big)(?P<mid>[^.;]{0,25}?\b(?:week|day|month|gain|loss|run)\b)"
    for match in pattern(told).finditer(shape):
        draft = _best_draft(sentence, match, sentence.since[match.start("s")])
        draft.fields["worst"] = match["q"] in {"worse", "steeper", "bad"} or cue(match["mid"]) < 0
        draft.direction = -1 if draft.fields["worst"] else 1
        yield draft
    ever = (
        _BEST
        + r"(?P<mid>[^.;]{0,50}?)(?:on record|ever\b|in (?:its |index |the index's )?history|of all time)"
    )
    for match in pattern(ever).finditer(shape):
        yield _best_draft(sentence, match, None)
    for match in pattern(
        _BEST
        + r"(?P<mid>[^.;]{0,40}?)(?:(?:of|in|for) (?:the|this) year|of <D>|in <D>|<W>(?! of))(?: so far| to date)?"
    ).finditer(shape):
        windows = [sentence.spoken[at] for at in sentence.spoken if match.start("mid") <= at < match.end()]
        year = any(one.kind == "ytd" for one in windows) or re.search(
            r"(?:of|in|for) (?:the|this) year", match[0]
        )
        dated = [
            one
            for at, one in sentence.dated.items()
            if match.start() <= at < match.end() and one.kind == "year"
        ]
        if not year and not dated:
            continue
        unit, _ = _window_unit(sentence, match.start("mid"), match.end("mid"))
        unit = unit or ("" if not windows else _unit(windows[0].kind))
        worst = _worst(match["q"], match["mid"])
        yield Draft(
            BestOfYear,
            match.start(),
            match.end(),
            {"worst": worst, "unit": unit or "week"},
            direction=-1 if worst else 1,
        )


def _of_no_price(sentence: Sentence, at: int) -> bool:
    """Return whether the clause before a place speaks of earnings and the like."""
    clause = max(sentence.shape.rfind(mark, 0, at) for mark in (";", ". ", ": ", "\u2014"))
    names = [name.end for name in sentence.names.values() if clause < name.end <= at]
    return TOPIC.search(sentence.shape[max([0, clause, *names]) : at]) is not None


def _worst(word: str, mid: str) -> bool:
    if word in {"worst", "steepest", "weakest", "deepest", "poorest"}:
        return True
    return word not in {"best", "strongest"} and cue(mid) < 0


def _best_draft(sentence: Sentence, match: re.Match[str], since: Dated | None) -> Draft:
    unit, length = _window_unit(sentence, match.start("mid"), match.end("mid"))
    worst = _worst(match["q"], match["mid"])
    if match["q"].endswith("most"):
        worst = cue(sentence.shape[: match.start()], last=True) < 0
    made = {"worst": worst, "unit": unit, "length": length}
    return Draft(
        BestSince, match.start(), match.end(), made, since=since, direction=-1 if worst else 1, default="unit"
    )


def _extreme(sentence: Sentence) -> Iterator[Draft]:
    told = r"(?P<q>highest|lowest|loftiest|best|worst)(?: <W>| weekly| daily)?(?: (?:closing|record))?(?: (?:closes?|levels?|finish|settlement|prices?|points?|mark|closing level|reading|value))?(?: ever)? (?P<s><S>)"
    for match in pattern(told).finditer(sentence.shape):
        if match["q"] in {"best", "worst"} and not re.search("clos|level|finish", match[0]):
            continue
        if _of_no_price(sentence, match.start()):
            continue
        low = match["q"] in {"lowest", "worst"}
        since = sentence.since[match.start("s")]
        yield Draft(
            ExtremeSince, match.start(), match.end(), {"low": low}, since=since, direction=-1 if low else 1
        )


_NOT_RECORDS = (
    r"(?! (?:earnings|revenue|profits?|quarter|sales|inflows?|outflows?|pace|amount|numbers?|beat|deliver|demand|spending|volume|"
    r"cash|margin|orders|results|backlog|levels of|holdings|debt|highs? in capex))"
)


_RECORD_LEAD = re.compile(
    r"(?:^|\b(?:at|to|a|an|the|its|their|fresh|new|another|first|set|sets|hit|hits|notched|notching|reached|logged|posted|made|"
    r"marked|scored|touched|closed|ended|finished|in|into|of|for|time|intraday|high|both|weekly|daily|consecutive|straight|"
    r"closing|second|third|fourth|fifth|more|two|three|four|five)|[\ue017\ue018\ue001\ue003]\ue000*)[ -]+$|^$"
)


def _record(sentence: Sentence) -> Iterator[Draft]:
    told = (
        r"(?<!on )(?<!off the )\b(?:records?|all[- ]time)\b" + _NOT_RECORDS +
        r"(?:[- ](?:closing|close|setting))*(?:[- ](?P<noun>closes|close|highs?|lows?|peaks?|finish(?:es)?|territory|levels?|marks?))?"
    )  # fmt: skip
    for match in pattern(told).finditer(sentence.shape):
        shape = sentence.shape
        before = shape[: match.start()]
        if not _RECORD_LEAD.search(before):
            continue
        if re.search(  # noqa: SIM102
            r"(?:track|world|broken|set the) $|(?:of|below|from|within|off|short of|near|toward|towards|to within)(?: \w+)? (?:its|the|a|an|their)? ?$",
            before,
        ):
            if not re.search(r"(?:string|series|pair|trio|number|run) of $", before):
                continue
        after = shape[match.end() : match.end() + 60]
        since = next(
            (sentence.since[at] for at in sentence.since if match.start() - 40 <= at <= match.end() + 60),
            None,
        )
        first = (
            since
            if re.search(r"\bfirst\b", before[-20:])
            or pattern(r"for the (?:first|<O>) time").search(after)
            or pattern(r"<O>[^.;,]{0,10}$").search(before)
            else None
        )
        low = (match["noun"] or "").startswith("low")
        yield Draft(
            Record,
            match.start(),
            match.end(),
            {"low": low},
            since=first,
            since_name="first",
            direction=-1 if low else 1,
            default="record",
        )
    for match in pattern(
        r"(?:new|fresh|to a|at a|hit a|reached a|set a|its) (?P<n><I>|<C>-week)[- ]?(?:closing )?(?P<noun>high|low)\b"
    ).finditer(sentence.shape):
        if "52" not in sentence.text[match.start("n") : match.end("n")]:
            continue
        from narrows.claims.dates import Dated

        low = match["noun"] == "low"
        yield Draft(
            ExtremeSince,
            match.start(),
            match.end(),
            {"low": low},
            since=Dated(0, 0, "back", 1),
            direction=-1 if low else 1,
        )


def _count_of_past(sentence: Sentence) -> Iterator[Draft]:
    for match in pattern(
        r"(?P<k><N>)(?: <W>)?(?: (?:gain|rise|loss|decline|advance|drop|win|week|increase))?(?: (?:in|out of|of)(?: the| its)?) ?(?P<w><W>)"
    ).finditer(sentence.shape):
        spoken = sentence.spoken[match.start("w")]
        if spoken.kind != "past" or match.start("k") in sentence.used:
            continue
        way = (
            cue(match[0])
            or cue(sentence.shape[: match.start()], last=True)
            or cue(sentence.shape[match.end() :])
            or 1
        )
        made = {"unit": spoken.unit, "of": spoken.count}
        yield Draft(
            CountOfPast,
            match.start(),
            match.end(),
            made,
            take(sentence, match.start("k")).stated,
            direction=way,
        )


def _share(sentence: Sentence) -> Iterator[Draft]:
    for match in pattern(rf"(?P<p><P>) of (?:the |its |all )?(?P<unit>{_UNITS})").finditer(sentence.shape):
        shape = sentence.shape
        way = cue(shape[: match.start()], last=True) or cue(shape[match.end() :]) or 1
        yield Draft(
            Share,
            match.start(),
            match.end(),
            {"unit": _unit(match["unit"])},
            take(sentence, match.start("p")).stated,
            direction=way,
        )


def _distance(sentence: Sentence) -> Iterator[Draft]:
    for match in pattern(r"(?P<p><P>)(?: \w+){0,3}? ?(?P<w><W>)").finditer(sentence.shape):
        place = match.start("p")
        if sentence.spoken[match.start("w")].kind != "record" or place in sentence.used:
            continue
        stated = sentence.numbers[place].stated
        lead = sentence.shape[max(0, place - 30) : place]
        if stated.hedge != "within" and CUES.search(lead):
            continue
        sentence.used.add(place)
        yield Draft(
            Distance,
            match.start(),
            match.end(),
            {},
            Stated(abs(stated.value), "%", stated.places, stated.hedge, stated.text),
            direction=-1,
            spoken=-2,
        )


def _breadth(sentence: Sentence) -> Iterator[Draft]:
    told = r"(?P<p><P>) of (?:the )?[^.;]{0,60}?(?P<side>above|over|below|under)[^.;]{0,25}?(?P<n><C>|<I>)[- ]day"
    for match in pattern(told).finditer(sentence.shape):
        place = match.start("n")
        if match.start("p") in sentence.used:
            continue
        digits = re.sub(r"\D", "", sentence.text[place : match.end("n")])
        sentence.used.add(place)
        way = -1 if match["side"] in {"below", "under"} else 1
        made = {"days": int(digits or 200)}
        yield Draft(
            Breadth,
            match.start(),
            match.end(),
            made,
            take(sentence, match.start("p")).stated,
            direction=way,
            whole=True,
        )


def _spread(sentence: Sentence) -> Iterator[Draft]:
    told = (
        r"(?P<v>beat|beating|outperform(?:ed|ing)?|outpac(?:ed|ing)|topp(?:ed|ing)|best(?:ed|ing)|lagg(?:ed|ing)|trail(?:ed|ing)|"
        r"underperform(?:ed|ing)?|(?:did|finished|ended) (?:better|worse) than|led) (?:the |that of )?(?P<e><E>)(?: by)? ?(?P<p><A>)"
    )
    for match in pattern(told).finditer(sentence.shape):
        names = [at for at in sentence.names if at < match.start()]
        if not names:
            continue
        stated = take(sentence, match.start("p")).stated
        behind = re.match("lagg|trail|under|.*worse", match["v"]) is not None
        value = -abs(stated.value) if behind else abs(stated.value)
        unit = "pp" if stated.unit in {"%", "points", "pp"} else stated.unit
        other = sentence.names[match.start("e")].id
        yield Draft(
            Spread,
            match.start(),
            match.end(),
            {"other": other},
            Stated(value, unit, stated.places, stated.hedge, stated.text),
            direction=1,
            subject=names[-1],
        )


def _contribution(sentence: Sentence) -> Iterator[Draft]:
    told = r"(?:contribut(?:ed|ing)|account(?:ed|ing) for|chipp(?:ed|ing) in|brought|added) (?:about )?(?P<p><A>) (?:to|of) (?:the )?(?P<e><E>)"
    for match in pattern(told).finditer(sentence.shape):
        stated = take(sentence, match.start("p")).stated
        names = [at for at in sentence.names if at < match.start()]
        made = {"whole": sentence.names[match.start("e")].id}
        yield Draft(
            Contribution, match.start(), match.end(), made, stated, subject=names[-1] if names else -1
        )


def _multiple(sentence: Sentence) -> Iterator[Draft]:
    for match in pattern(
        r"(?P<x><X>)(?P<mid> (?:as (?:much|many|high) as|the|its|that|their|what)[^.;]{0,60}?)(?P<r><P>|<M>|<T>)"
    ).finditer(sentence.shape):
        right = sentence.numbers[match.start("r")]
        left = [n for at, n in sentence.numbers.items() if at < match.start("x") and n.code == right.code]
        if not left or match.start("x") in sentence.used:
            continue
        stated = take(sentence, match.start("x")).stated
        sentence.used.add(match.start("r"))
        made = {"left": left[-1].stated.value, "right": right.stated.value}
        yield Draft(Multiple, match.start(), match.end(), made, stated, whole=True)


_GROUP = r"(?:(?:of )?(?:the |its |all )?(?:(?P<of><C>) )?(?:<E> |s&p |gics |major |select |spdr )*(?P<group>sector funds?|sector etfs?|sectors?|industry groups|funds|etfs)\b)"


def _group(text: str | None) -> str:
    return "sector_funds" if text and re.search("fund|etf", text) else "sectors"


def _of(sentence: Sentence, match: re.Match[str]) -> int:
    return int(take(sentence, match.start("of")).stated.value) if match.groupdict().get("of") else 0


def _rank(sentence: Sentence) -> Iterator[Draft]:
    best = r"(?P<q>best|worst|strongest|weakest|largest|highest|lowest|bottom|top|poorest)"
    told = (
        rf"rank(?:s|ed|ing)?(?: as)?(?: in)?(?: the)? (?P<n><N>)(?:[- ]{best})?(?:[- ]\w+)?(?: place)?[^.;]{{0,25}}?{_GROUP}?",
        rf"(?P<n><O>)[- ]{best}(?:[- ](?:performing|performer|performance|return|result|gain|placed))?[^.;]{{0,25}}?{_GROUP}",
        rf"(?:was|placed|came in|came|finished|placing|stood|stands|sat|is|ended|landed|took|in) (?:in )?(?:the )?(?P<n><O>)(?: place| spot| position| rank)?(?: best)?,? (?:among|of|out of|in|from) {_GROUP}",
        rf"(?:no\. ?|number |#)(?P<n><C>)[^.;]{{0,15}}?{_GROUP}",
        rf"(?:place|rank|position|spot|number|no\.?) (?P<n><N>)[^.;]{{0,15}}?{_GROUP}",
        rf"(?:of|among|out of) {_GROUP},? [^.;]{{0,80}}?(?:was|ranked|came|came in|placed|finished|stood|is|took|ended) (?:in )?(?:the )?(?:place )?(?P<n><O>)",
        rf"(?P<n><N>) (?:place |spot )?(?:among|out of|of) {_GROUP}(?![^.;]*(?:<P>))(?=[^.;]*$)",
    )  # fmt: skip
    for text in told:
        for match in pattern(text).finditer(sentence.shape):
            place = match.start("n")
            if place in sentence.used or (text is told[-1] and sentence.numbers[place].code != "O"):
                continue
            if not match["group"]:
                more = pattern(_GROUP).search(sentence.shape)
                group = more["group"] if more else "sector funds"
                of = _of(sentence, more) if more else 0
            else:
                group, of = match["group"], _of(sentence, match)
            worst = (match.groupdict().get("q") or "") in {"worst", "weakest", "lowest", "bottom", "poorest"}
            made = {"group": _group(group), "worst": worst, "of": of}
            yield Draft(Rank, match.start(), match.end(), made, take(sentence, place).stated, every=False)
    for match in pattern(
        rf"(?:was|were|is|as|,|had) (?:the |by far the )?(?P<q>best|worst|top|weakest|strongest|leading|biggest|poorest)[- ]?(?:performing|performer|performance|gainer|decliner|laggard|loser|winner|return)?s?(?: (?:of|among|in))? ?{_GROUP}"
    ).finditer(sentence.shape):  # fmt: skip
        worst = match["q"] in {"worst", "weakest", "poorest"} or "loser" in match[0] or "laggard" in match[0]
        made = {"group": _group(match["group"]), "worst": worst, "of": _of(sentence, match)}
        yield Draft(Rank, match.start(), match.end(), made, Stated(1, "", 0, "", match["q"]), every=False)
    for match in pattern(
        rf"(?P<q>led|topped|paced|trailed|brought up the rear (?:of|among)|lagged)(?: all)? {_GROUP}"
    ).finditer(sentence.shape):
        worst = match["q"] in {"trailed", "lagged"} or "rear" in match["q"]
        made = {"group": _group(match["group"]), "worst": worst, "of": _of(sentence, match)}
        yield Draft(Rank, match.start(), match.end(), made, Stated(1, "", 0, "", match["q"]), every=False)


def _count(sentence: Sentence) -> Iterator[Draft]:
    shape = sentence.shape
    number = r"(?P<k><C>|\ball\b(?: of)?|\bnone\b|\bno\b|\bevery\b)"
    verbs = r"(?P<rest>[^.;]{0,70})"
    told = (
        rf"{number}(?: out)?(?: of)? {_GROUP}{verbs}",
        rf"(?:of|among) {_GROUP},? ?(?:only |just |some )?{number}{verbs}",
        rf"(?P<rest>(?:gains?|losses|advances|declines|gainers|decliners)[^.;]{{0,25}}?) (?:in|for|among|by) {number}(?: out)?(?: of)? {_GROUP}",
        rf"(?P<rest>(?:lifted|raised|pushed up|dragged down|pulled down)) {number}(?: out)?(?: of)? {_GROUP}",
    )
    for text in told:
        for match in pattern(text).finditer(shape):
            place = match.start("k")
            word = match["k"]
            if place in sentence.used or (pattern(r"<C>|<O>").fullmatch(word) is None and not match["group"]):
                continue
            yield from _count_draft(sentence, match, place, word)
    known = pattern(_GROUP).search(shape)
    if known is not None:
        for match in pattern(
            r"(?:only|just|and|,|:|but|with|yet|;) ?(?P<k><C>)(?P<rest> (?!of |<)[^.;,]{0,50})"
        ).finditer(shape):
            if match.start("k") not in sentence.used and (cue(match["rest"]) or _own_cue(match["rest"])):
                yield from _count_draft(sentence, match, match.start("k"), match["k"], known)


def _own_cue(text: str) -> int:
    return 1 if pattern(r"^ (?:posted|had|saw|gained|rose|finished|ended)").match(text) else 0


def _count_draft(
    sentence: Sentence, match: re.Match[str], place: int, word: str, known: re.Match[str] | None = None
) -> Iterator[Draft]:
    group = known or match
    rest = re.split(r", | but | while | and only ", match["rest"])[0] if match["rest"] else ""
    way = cue(rest)
    if not way:
        return
    of = (
        _of(sentence, group)
        if group is match
        else (int(sentence.numbers[known.start("of")].stated.value) if known and known["of"] else 0)
    )
    if place in sentence.numbers:
        stated = take(sentence, place).stated
    else:
        total = of or 11
        stated = Stated(0.0 if word in {"none", "no"} else float(total), "", 0, "", word)
    beyond = 0.0
    size = pattern(r"(?:above|more than|over|of|by|exceeding)? ?(?P<p><P>)").search(rest)
    if size is not None:
        at = match.start("rest") + size.start("p")
        if sentence.numbers[at].stated.hedge == "over" or "above" in rest or "more" in rest:
            beyond = abs(take(sentence, at).stated.value)
    made = {"of": of, "beyond": beyond}
    draft = Draft(Count, match.start(), match.end(), made, stated, direction=way, whole=True)
    draft.fields["group"] = _group(group["group"])
    yield draft


def _only(sentence: Sentence) -> Iterator[Draft]:
    told = (
        rf"(?:the )?(?:only|lone|sole)(?: one)?(?: of)? (?P<adj>red |green |losing |falling |rising |winning |declining |gaining )?{_GROUP}(?: fund)?(?P<rest>[^.;,]{{0,40}})",
        rf"alone among {_GROUP}(?P<adj>)(?P<rest>[^.;]{{0,40}})",
    )
    for text in told:
        for match in pattern(text).finditer(sentence.shape):
            way = cue((match["adj"] or "") + " " + match["rest"])
            if not way:
                continue
            _of(sentence, match)
            yield Draft(
                Only,
                match.start(),
                match.end(),
                {"group": _group(match["group"])},
                direction=way,
                every=False,
            )


RULES: tuple[Callable[[Sentence], Iterator[Draft]], ...] = (
    _quiet,
    _multiple,
    _streak_ended,
    _streak_since,
    _extreme,
    _best,
    _rank,
    _count,
    _count_of_past,
    _streak,
    _record,
    _only,
    _share,
    _breadth,
    _distance,
    _spread,
    _contribution,
)
"""The rules, in the order in which they take numbers."""
