# ruff: noqa: E501 - a pattern stands on one line
"""The grammar of the members of an index: columns and sentences that are no change of a price.

Weights, contributions, counts, shares above a mean, dispersion, ranks, models of funds and quartiles after a
rule stand beside changes in the same tables and sentences. The heading of a column, or the words beside a
number, say which of them it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from narrows.claims.claim import (
    Breadth,
    Claim,
    Concentration,
    Contribution,
    Dispersion,
    Leveraged,
    MemberCount,
    MemberMove,
    Other,
    Past,
    Rotation,
    Signal,
    Stated,
    Weight,
)
from narrows.claims.entities import entity
from narrows.claims.events import Draft, take
from narrows.claims.numerals import cardinal
from narrows.claims.sentence import marked, pattern
from narrows.market.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from narrows.claims.document import Block
    from narrows.claims.numerals import Numeral
    from narrows.claims.sentence import Sentence

__all__ = [
    "MEMBER_RULES",
    "RuleTold",
    "breadth_row",
    "columns",
    "member_cell",
    "rule_told",
    "sessions_of",
    "supposed",
]

# ---------------------------------------------------------------- columns of tables

_COLUMNS = (
    ("contribution", re.compile(r"contribut|attribution")),
    ("past", re.compile(r"(?:%|percent|share) of (?:the )?(?:cases|times|weeks|days|years)|hit rate|win rate")),
    ("statistic", re.compile(r"quartile|quantile|percentile|median|deviation|correlation|dispersion|\br2\b|t-stat")),
    ("count", re.compile(r"\b(?:cases|members|constituents|counted|counts?|sessions|holdings|companies|observations|number of)\b|^n$")),
    ("weight", re.compile(r"weight|(?:share|%|percent) of |\bshare \[|proportion|portion of")),
    ("model", re.compile(r"\bmodel|simulated|fitted|interval|\bmultiple of\b|confidence")),
)  # fmt: skip
"""What a column is of, by its heading; the first that fits."""
_MOVE = re.compile(r"\b(?:moves?|chang\w*|returns?|gains?|performance|growth|%|\[%\])")
_PRICE = re.compile(r"\b(?:close|price|level|last|value)\b")
_LENGTH = re.compile(r"^(?:trading )?(?P<unit>session|day|week|month)s?\b(?: held)?(?: \[\w+\])?$")
_PAST = (
    ("cases", re.compile(r"cases$|^n$")),
    ("up", re.compile(r"% of cases|rose|hit rate|win rate")),
    ("usual", re.compile(r"median of (?:any|all)|usual")),
    ("low", re.compile(r"lower|first quartile|25")),
    ("high", re.compile(r"upper|third quartile|75")),
    ("middle", re.compile(r"median")),
)


def columns(header: Sequence[str]) -> tuple[str, ...]:
    """Return what each column of a table is of; nothing where it may be of a price.

    Parameters
    ----------
    header
        Headings.

    Notes
    -----
    A change in a table with contributions is a member's part of an account, not of a price alone:
    it may count dividends.

    Examples
    --------
    >>> columns(("Member", "Share of Cap [%]", "Move [%]", "Contribution [pp]"))
    ('', 'weight', 'move', 'contribution')
    >>> columns(("Index", "Close", "Weekly Change"))
    ('', '', '')
    """
    titles = [title.lower().strip() for title in header]
    found = [""] + [next((name for name, told in _COLUMNS if told.search(title)), "") for title in titles[1:]]
    if "statistic" in found:
        found = ["past" if name in {"statistic", "count", "past"} else name for name in found]
    if "contribution" in found:
        for at, title in enumerate(titles):
            if at and not found[at] and _MOVE.search(title) and not _PRICE.search(title):
                found[at] = "move"
    return tuple(found)


def sessions_of(block: Block) -> tuple[int, str]:
    r"""Return the length that a row gives its numbers in a column of its own, and its unit; 0 for none.

    Examples
    --------
    >>> from narrows.claims.document import read
    >>> text = "| Fund | Sessions | Growth |\n|---|---|---|\n| TQQQ | 252 | +16.3% |"
    >>> sessions_of(read(text).blocks[0])
    (252, 'day')
    """
    for title, cell in zip(block.header, block.cells, strict=False):
        told = _LENGTH.match(title.lower().strip())
        if told is not None and cell.strip().isdigit():
            return int(cell), "day" if told["unit"] == "session" else told["unit"]
    return 0, ""


def member_cell(  # noqa: PLR0917
    metric: str, title: str, found: Sequence[Numeral], window: Window, common: dict[str, Any], block: Block
) -> Iterator[Claim]:
    """Yield the claims of a cell in a column that is of no price.

    Parameters
    ----------
    metric
        As `columns` tells.
    title
        Heading of the column, in lower case.
    found
        Numbers of the cell.
    window
        Of the column.
    common
        Entity, name, text and place.
    block
        The row.
    """
    for at, numeral in enumerate(found):
        stated = numeral.stated
        if metric == "weight":
            yield Weight(**common, window=window, stated=replace(stated, unit="%"))
        elif metric == "contribution":
            basis, points = re.search(r"\bbps?\b|basis", title), re.search(r"\bpps?\b|percentage|%", title)
            unit = "bp" if basis else "pp" if points else stated.unit
            yield Contribution(**common, window=window, stated=replace(stated, unit=unit))
        elif metric == "move":
            yield MemberMove(**common, window=window, stated=replace(stated, unit="%"))
        elif metric == "past":
            measure = next((name for name, told in _PAST if told.search(title)), "")
            unit = "" if measure == "cases" else "%"
            after = (
                block.cells[1].lower()
                if len(block.cells) > 1 and not re.search(r"\d", block.cells[1])
                else ""
            )
            told: dict[str, Any] = {"rule": block.cells[0].strip().lower(), "after": after}
            stated = replace(stated, unit=unit)
            yield Past(**common, window=window, stated=stated, measure=measure or title, **told)
        elif metric == "count":
            if _LENGTH.match(title) is None:
                yield MemberCount(**common, window=window, stated=stated, what="counted", near=title)
        elif metric == "model" and entity(common["entity"]) is not None:
            measure = "multiple" if "multiple" in title else "model"
            if len(found) == 2:  # noqa: PLR2004 - the ends of an interval
                measure = ("low", "high")[at]
            length = sessions_of(block)[0]
            stated = replace(stated, unit="%")
            yield Leveraged(**common, window=window, stated=stated, measure=measure, sessions=length)
        else:
            yield Other(**common, window=Window("none", window.end), stated=stated, topic=title)


_MEMBERS = re.compile(r"\b(?:members?|constituents?|breadth|internals|components?)\b")
_MEAN = re.compile(
    r"\b(?P<side>above|over|below|under)\b.*?\b(?P<n>\d+)-day (?:simple )?(?:mean|moving|average)"
)
_WHATS = (
    ("high", re.compile(r"\bhighs?\b")),
    ("low", re.compile(r"\blows?\b")),
    ("unchanged", re.compile(r"unchanged|\bflat\b|stood still")),
    ("rose", re.compile(r"\b(?:rose|risen|rising|up|gained|gainers?|advanc\w+)\b")),
    ("fell", re.compile(r"\b(?:fell|fallen|falling|down|lost|losers?|declin\w+)\b")),
)


def _what(text: str) -> str:
    return next((name for name, told in _WHATS if told.search(text)), "")


def breadth_row(block: Block, window: Window) -> list[Claim] | None:
    r"""Return the claims of a row whose label says what is counted; None for any other row.

    Parameters
    ----------
    block
        The row.
    window
        Of the text.

    Examples
    --------
    >>> from narrows.claims.document import read
    >>> text = "| Members | Now | Counted |\n|---|---|---|\n| At a 252-day high | 17 | 300 of 314 |"
    >>> [(one.kind, one.what, one.stated.value) for one in breadth_row(read(text).blocks[0], Window("week"))]
    [('member_count', 'high', 17.0), ('member_count', 'counted', 300.0)]
    """
    label = block.cells[0].lower() if block.cells else ""
    mean, what = _MEAN.search(label), _what(label)
    head = block.header[0].lower() if block.header else ""
    if mean is None and not (what and _MEMBERS.search(f"{head} {label}")):
        return None
    days = int(mean["n"]) if mean is not None else _days(label)
    way = -1 if mean is not None and mean["side"] in {"below", "under"} else 1
    made: list[Claim] = []
    for at, cell in enumerate(block.cells[1:], 1):
        title = block.header[at].lower() if at < len(block.header) else ""
        numbers = [one for one in marked(cell).numbers.values() if one.code in "CPO"]
        numbers.sort(key=lambda one: one.start)
        common: dict[str, Any] = {
            "entity": "", "name": "members", "text": block.text, "line": block.line, "column": 1, "window": window,
        }  # fmt: skip
        if not numbers:
            continue
        stated = numbers[0].stated
        if len(numbers) > 1 or "counted" in title:
            of = int(numbers[1].stated.value) if len(numbers) > 1 else 0
            near = "above" if mean is not None else what
            made.append(MemberCount(**common, stated=stated, what="counted", near=near, days=days, of=of))
        elif mean is not None and (
            numbers[0].code == "P" or re.search(r"%|percent|share", f"{label} {title}")
        ):
            made.append(Breadth(**common, stated=replace(stated, unit="%"), days=days, direction=way))
        else:
            told = "above" if mean is not None else what
            made.append(MemberCount(**common, stated=stated, what=told, days=days, direction=way))
    return made


def _days(text: str) -> int:
    told = re.search(r"(\d+)-(day|week)", text)
    weeks = 252 / 52
    return 0 if told is None else int(told[1]) if told[2] == "day" else round(int(told[1]) * weeks)


# ---------------------------------------------------------------- sentences

_OF_MEMBERS = r"(?:members|constituents|stocks|shares|companies|names|components)"


def _whole(match: re.Match[str], make: type[Claim], numeral: Numeral, unit: str = "", **fields: Any) -> Draft:
    stated = replace(numeral.stated, unit=unit) if unit else numeral.stated
    return Draft(make, match.start(), match.end(), fields, stated, whole=True, named="members")


def _about(draft: Draft, place: int) -> Draft:
    """Let a draft speak of the name at a place; of all members where there is none."""
    draft.whole, draft.subject = place < 0, place
    return draft


def _breadth_told(sentence: Sentence) -> Iterator[Draft]:
    """Yield shares above a mean of their own days; "their" says that members are meant, not the index."""
    told = r"(?P<p><P>)(?P<of> of (?:the |its |all )?[^.;]{0,60}?)? (?P<side>above|over|below|under) their (?:own )?(?P<n><I>|<C>)(?:[- ]day)? (?:simple )?(?:mean|moving|average)"
    seen: list[int] = []
    for match in pattern(told).finditer(sentence.shape):
        if not match["of"] and not seen:
            continue
        named = [at for at in sentence.names if match["of"] and match.start("of") <= at < match.end("of")]
        seen = named or seen or [-1]
        sentence.used.add(match.start("n"))
        digits = re.sub(r"\D", "", sentence.text[match.start("n") : match.end("n")])
        draft = _whole(match, Breadth, take(sentence, match.start("p")), days=int(digits or 0))
        draft.direction = -1 if match["side"] in {"below", "under"} else 1
        yield _about(draft, seen[0])
        rest = pattern(
            r"^, (?P<p><P>) (?:at|on|against) (?:the|its|their) (?:own )?(?P<n><I>|<C>|<W>)(?:-week)?[- ]high"
        ).match(sentence.shape[match.end() :])
        if rest is not None:
            begun, end = match.end() + rest.start("n"), match.end() + rest.end("n")
            word = re.split(r"[- ]", sentence.text[begun:end])[0]
            weeks = int(word) if word.isdigit() else cardinal(word.lower())
            place = match.end() + rest.start("p")
            high = _whole(match, Breadth, take(sentence, place), days=int(digits or 0), back=weeks)
            yield _about(high, seen[0])


def _counts(sentence: Sentence) -> Iterator[Draft]:
    told = (
        rf"(?P<k><C>) (?:out )?of (?:the |its |all )*(?P<of><C>) (?:(?P<e><E>)(?:'s)? )?(?P<who>{_OF_MEMBERS})(?P<rest>[^.;]{{0,60}})",
        r"(?P<k><C>)(?P<of>) (?:(?P<e><E>)(?:'s)? )?(?P<who>members|constituents)(?P<rest> with a weight| (?:rose|fell|advanced|declined|gained|(?:are|is|stand|closed) (?:at|above|below))[^.;]{0,50})",
    )  # fmt: skip
    for text in told:
        for match in pattern(text).finditer(sentence.shape):
            at = match.start("k")
            if at in sentence.used or pattern("<P>").search(match["rest"]) is not None:
                continue
            what = "weighted" if "with a weight" in match["rest"] else _what(match["rest"])
            if not what and match["who"] not in {"members", "constituents"}:
                continue
            of = int(take(sentence, match.start("of")).stated.value) if match["of"] else 0
            days = _days(sentence.text[match.start("rest") : match.end("rest")])
            draft = _whole(match, MemberCount, take(sentence, at), what=what or "counted", of=of, days=days)
            yield _about(draft, match.start("e"))


def _moves(sentence: Sentence) -> Iterator[Draft]:
    """Yield changes of all members together, by capitalisation and with equal weights."""
    if _MEMBERS.search(sentence.shape) is None:
        return
    told = {
        "capitalisation": r"(?P<p><P>) (?:by|weighted by|with weights of) (?:their )?(?:market )?capitali[sz]ation",
        "equal": r"(?P<p><P>) (?:with|at|on|by) equal[- ]weight(?:s|ing)?",
    }
    for weights, text in told.items():
        for match in pattern(text).finditer(sentence.shape):
            if match.start("p") not in sentence.used:
                yield _whole(match, MemberMove, take(sentence, match.start("p")), weights=weights)


_VERB = r"(?:is|are|was|were|of|at|stands at|stood at|makes? up|made up|accounts? for|accounted for|ha[sd]|have|hold|held|weighs?)"


def _weights(sentence: Sentence) -> Iterator[Draft]:
    top = r"(?P<n>(?:largest|biggest|greatest|top) <C>|<C> (?:largest|biggest|greatest|top)|<I>)"
    told = (
        rf"(?:weight|share|capitali[sz]ation) of (?:the )?{top}(?: \w+){{0,2}}?[: ]+(?:{_VERB} )?(?P<p><P>)",
        rf"{top}(?: (?:members|stocks|names|companies|constituents))? {_VERB} (?P<p><P>) of (?:the |its )?(?:<E>|index|capitali|weight|market cap)(?!['’]s? (?:\w+ )?(?:gain|rise|change|return|advance|loss|move))",
    )  # fmt: skip
    for text in told:
        for match in pattern(text).finditer(sentence.shape):
            place = pattern("<C>").search(sentence.shape, match.start("n"), match.end("n"))
            digits = re.sub(r"\D", "", sentence.text[match.start("n") : match.end("n")])
            count = int(take(sentence, place.start()).stated.value) if place is not None else int(digits or 0)
            if count and match.start("p") not in sentence.used:
                yield _whole(match, Weight, take(sentence, match.start("p")), top=count)
    one = rf"(?P<e><E>)(?:['’]s?)? (?:weight(?:ing)?(?: in (?:the )?(?:<E>|index))?|share of (?:the )?(?:<E>|index|capitali[sz]ation)) ?(?:{_VERB} |: )?(?P<p><P>)"
    for match in pattern(one).finditer(sentence.shape):
        draft = _whole(match, Weight, take(sentence, match.start("p")))
        draft.whole, draft.subject = False, match.start("e")
        yield draft


def _parts(sentence: Sentence) -> Iterator[Draft]:
    told = {
        "residual": r"residual[^.;]{0,40}?(?P<p><Q>|<P>)",
        "others": r"(?:other|remaining) (?:sectors|members|stocks) (?:together )?(?:contributed|brought|added) (?P<p><Q>|<P>|<T>)",
    }
    for part, text in told.items():
        for match in pattern(text).finditer(sentence.shape):
            yield _whole(match, Contribution, take(sentence, match.start("p")), "pp", part=part)


def _concentration(sentence: Sentence) -> Iterator[Draft]:
    share = r"(?:mak(?:e|es|ing)|made|are|were|account(?:s|ed)? for|contribut(?:e|ed)) (?P<p><P>) of"
    told = (
        ("effective", r"effective number[^.;:]{0,30}?[: ]+(?:(?:is|was|of|stands at) )?(?P<p><C>)(?: of (?:the )?(?P<of><C>))?"),
        ("herfindahl", r"herfindahl[^.;:]{0,20}?[: ]+(?:(?:is|was|of|stands at) )?(?P<p><C>)"),
        ("leaders", rf"<C> (?:greatest|largest|biggest|top) (?:contribut\w+|{_OF_MEMBERS}) {share} (?:the |its )?(?:[\w']+ )?(?:change|gain|rise|move|advance)"),
        ("leaders", rf"\bthey {share} it\b"),
    )  # fmt: skip
    for measure, text in told:
        for match in pattern(text).finditer(sentence.shape):
            if match.start("p") in sentence.used:
                continue
            if match.groupdict().get("of"):
                of = take(sentence, match.start("of"))
                yield _whole(match, MemberCount, of, what="weighted")
            yield _whole(match, Concentration, take(sentence, match.start("p")), measure=measure)


def _dispersion(sentence: Sentence) -> Iterator[Draft]:
    if not re.search(r"dispersion|\bmembers\b|\bconstituents\b|\bstocks\b", sentence.shape):
        return
    told = {
        "standard": r"standard deviation (?:(?:of|is|was) )?(?P<p><Q>|<P>|<T>)",
        "mean": r"mean (?:absolute )?deviation(?: by weight)? (?:(?:of|is|was) )?(?P<p><Q>|<P>|<T>)",
    }
    for measure, text in told.items():
        for match in pattern(text).finditer(sentence.shape):
            yield _whole(match, Dispersion, take(sentence, match.start("p")), "pp", measure=measure)


def _rotation(sentence: Sentence) -> Iterator[Draft]:
    told = r"(?:(?P<e><E>)[^.;:]{0,12}?|(?:^|[;:] )(?P<w>[\w&-]+(?: [\w&-]+){0,3}?)) from (?:rank|place|position|spot)? ?(?P<was><N>)(?: place)? to (?:rank |place |position )?(?P<now><N>)"
    for match in pattern(told).finditer(sentence.shape):
        if not re.search(r"rank|place|position|spot", match[0]):
            continue
        for name, measure in (("was", "before"), ("now", "now")):
            draft = _whole(match, Rotation, take(sentence, match.start(name)), measure=measure)
            draft.named = sentence.text[match.start("w") : match.end("w")]
            yield _about(draft, match.start("e"))
    for match in pattern(r"rank correlation[^.;:]{0,40}? (?:(?:of|is|was) )?(?P<p><C>)").finditer(
        sentence.shape
    ):
        yield _whole(match, Rotation, take(sentence, match.start("p")), measure="correlation")


MEMBER_RULES: tuple[Callable[[Sentence], Iterator[Draft]], ...] = (
    _breadth_told,
    _rotation,
    _concentration,
    _weights,
    _parts,
    _dispersion,
    _moves,
    _counts,
)
"""The rules of members, in the order in which they take numbers; before those of prices."""


# ---------------------------------------------------------------- rules that fire

_RULE = re.compile(
    r"^(?P<rule>[^:.;]{2,60}): (?P<if>.+?): (?P<says>fires|does not fire|unavailable)\b",
    re.IGNORECASE | re.DOTALL,
)
_CASES = re.compile(r"\b(?P<k>\d+|one|no) earlier cases? in the (?P<w>\d+) weeks held(?:, from [\d-]+)?")


@dataclass(frozen=True, slots=True)
class RuleTold:
    """A line that names a rule, its condition, and whether it fires.

    Parameters
    ----------
    claims
        What the line says of the rule: that it fires, its earlier cases.
    condition
        The words of the rule: what it asks, not what is so.
    rest
        The words after it, in which numbers are stated.
    """

    claims: tuple[Claim, ...]
    condition: Sentence
    rest: Sentence


def rule_told(sentence: Sentence, window: Window) -> RuleTold | None:
    """Return a line "Rule: condition: fires (facts)" in its parts; None for any other.

    Parameters
    ----------
    sentence
        The line.
    window
        Of the text.

    Examples
    --------
    >>> told = rule_told(marked("Long run: the index at a record after 5 weeks up: does not fire."), Window("week"))
    >>> told.claims[0].rule, told.claims[0].fires, told.rest.text
    ('long run', False, 'does not fire.')
    """
    match = _RULE.match(sentence.text)
    if match is None:
        return None
    begun = match.start("says")
    condition = marked(sentence.text[:begun], sentence.line, sentence.column)
    rest = marked(sentence.text[begun:], sentence.line, sentence.column + begun)
    named = next((one for one in condition.names.values() if one.id), None)
    common: dict[str, Any] = {
        "entity": named.id if named is not None else "",
        "name": match["rule"],
        "window": window,
        "text": sentence.text,
        "line": sentence.line,
        "column": sentence.column,
    }
    rule = match["rule"].strip().lower()
    made: list[Claim] = []
    if match["says"].lower() != "unavailable":
        made.append(Signal(**common, rule=rule, fires=match["says"].lower() == "fires"))
    past = _CASES.search(rest.text)
    if past is not None:
        for name, measure in (("k", "cases"), ("w", "weeks")):
            word = past[name]
            count = {"no": 0, "one": 1}[word] if word in {"no", "one"} else int(word)
            made.append(Past(**common, stated=Stated(count, "", 0, "", word), rule=rule, measure=measure))
        inside = range(past.start(), past.end())
        rest.used.update(at for at in rest.numbers if at in inside)
        for found in (rest.dated, rest.spoken):
            for at in [at for at in found if at in inside]:
                found.pop(at)
    return RuleTold(tuple(made), condition, rest)


def supposed(told: RuleTold, window: Window) -> Iterator[Claim]:
    """Yield the numbers of a rule's condition: they are asked, not stated."""
    for numeral in told.condition.free("PTBQMX"):
        named = [one for at, one in told.condition.names.items() if at < numeral.start and one.id]
        yield Other(
            entity=named[-1].id if named else "",
            name=named[-1].name if named else "rule",
            window=Window("none", window.end),
            stated=numeral.stated,
            topic="supposed",
            text=told.condition.text,
            line=told.condition.line,
            column=told.condition.column,
        )
