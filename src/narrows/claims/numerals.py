# ruff: noqa: E501 - a pattern stands on one line
"""Numbers in a text: digits and words, units, decimals as printed, and what hedges them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from narrows.claims.claim import Stated

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Numeral", "cardinal", "numerals"]

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
TEN_ORDINALS = [
    "twentieth",
    "thirtieth",
    "fortieth",
    "fiftieth",
    "sixtieth",
    "seventieth",
    "eightieth",
    "ninetieth",
]
FRACTIONS = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0, "sixth": 100 / 6, "tenth": 10.0}
WORDS = {word: at for at, word in enumerate(ONES)}
WORDS |= {word: 10 * at for at, word in enumerate(TENS, 2)}
WORDS |= {
    f"{ten}{mark}{one}": 10 * at + ONES.index(one)
    for at, ten in enumerate(TENS, 2)
    for one in ONES[1:10]
    for mark in "- "
}
PLACES = {word: at for at, word in enumerate(ORDINALS)} | {
    word: 10 * at for at, word in enumerate(TEN_ORDINALS, 2)
}
PLACES |= {
    f"{ten}-{one}": 10 * at + ORDINALS.index(one) for at, ten in enumerate(TENS, 2) for one in ORDINALS[1:10]
}
SCALES = {"trillion": 12, "tn": 12, "billion": 9, "bn": 9, "million": 6, "mn": 6, "thousand": 3, "hundred": 2}
CURRENCIES = {
    "us$": "USD", "c$": "CAD", "a$": "AUD", "hk$": "HKD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY",
    "₩": "KRW", "₹": "INR",
}  # fmt: skip
HEDGES = {
    "about": ("about", "around", "roughly", "approximately", "some", "circa", "~", "an estimated", "close to"),
    "nearly": ("nearly", "almost", "just under", "just shy of", "a little less than", "not quite"),
    "over": ("more than", "over", "above", "at least", "just over", "exceeding", "upwards of", "better than",
             "topping", "greater than", "north of", "a little more than", "or more"),
    "under": ("less than", "under", "below", "at most", "up to", "no more than", "fewer than"),
    "within": ("within",),
}  # fmt: skip

_WORD = "|".join(sorted(map(re.escape, WORDS), key=len, reverse=True))
_ORDINAL = "|".join(sorted(map(re.escape, PLACES), key=len, reverse=True))
_HEDGE = "|".join(
    sorted((re.escape(word) for words in HEDGES.values() for word in words), key=len, reverse=True)
)
_BOUND = r"(?<![a-z0-9])"
_PERCENT = r"%|percent(?!age)|per\ cent|pct\b"
_UNIT = (
    rf"(?P<pct>\s?(?:{_PERCENT}))"
    r"|(?P<bp>[\s-]?(?:basis[\s-]points?|bps|bp)\b)"
    r"|(?P<pp>[\s-]?(?:percentage[\s-]points?|pct\.?\ points|ppts?|pps?)\b)"
    r"|(?P<points>[\s-]?(?:index\ )?(?:points?|pts)\b)"
    r"|(?P<times>\s?x\b|\s?×|[\s-]?fold\b|\ times\b)"
    r"|(?P<dollars>\ (?:u\.?s\.?\ )?dollars?\b|\ usd\b)"
    r"|(?P<euros>\ euros?\b|\ eur\b)|(?P<pounds>\ pounds\b|\ gbp\b)|(?P<yen>\ yen\b|\ jpy\b)"
    r"|(?P<cents>\ cents?\b)"
)
_NUMBER = re.compile(
    rf"""(?:{_BOUND}(?P<hedge>{_HEDGE})\ (?:a\ |an\ |the\ |just\ )*)?
    (?:
      (?P<sign>(?<![\w.,])[+\-]\s?|(?<=[a-z)\ue000])[+]|(?<=[)\ue000])[-])?
      (?P<money>us\$|hk\$|c\$|a\$|[$€£¥₩₹])?\s?(?P<late>[+\-])?
      (?P<digits>(?<![\d.,\w])(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
        |(?<=[+\-$€£¥₩₹])(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+))
      (?P<ord>st|nd|rd|th)?
      (?![\d])
     |{_BOUND}(?P<half>(?:a\ )?half\ (?:of\ )?(?:a\ |an\ |one\ )?(?=percent|per\ cent|point|percentage))
     |{_BOUND}(?P<place>{_ORDINAL})(?![a-z])(?!-(?:quarter|half|time|ever|hand|class|party|generation|place\ finish))
     |{_BOUND}(?P<word>{_WORD})(?P<andhalf>\ and\ a\ half)?(?![a-z])
    )
    (?:[\s-]?(?P<scale>trillion|billion|million|thousand|hundred|bn|tn|mn)\b|(?P<letter>[kmbt])\b)?
    (?:{_UNIT})?
    (?P<more>\ or\ more|\ plus\b|\+(?!\d))?""",
    re.VERBOSE,
)
_DIGIT_WORDS = re.compile(
    rf"(?:{_BOUND}(?:{_HEDGE})\ )?{_BOUND}(?P<width>single|double|triple|quadruple)[- ]digits?\b"
)
_FRACTION = re.compile(
    rf"(?:{_BOUND}(?P<hedge>{_HEDGE})\ )?{_BOUND}(?:a|an|one|by)[ -](?P<part>half|third|quarter|fifth|sixth|tenth)\b"
    r"(?!\s+(?:straight|consecutive|week|day|month|year|time|quarter|of the|percent|point|per cent))"
)
_TURNS = re.compile(
    rf"(?:{_BOUND}(?P<hedge>{_HEDGE}|more than) )?{_BOUND}(?P<turn>doubled|tripled|quadrupled|halved)\b"
)
_TWICE = re.compile(
    rf"(?:{_BOUND}(?P<hedge>{_HEDGE}) )?{_BOUND}(?P<word>twice|double|triple)(?= (?:the|that|its|their|what)\b)"
)
TWICE = {"twice": 2.0, "double": 2.0, "triple": 3.0}
TURNS = {"doubled": 100.0, "tripled": 200.0, "quadrupled": 300.0, "halved": -50.0}
WIDTHS = {
    "single": (0.0, "about"),
    "double": (10.0, "over"),
    "triple": (100.0, "over"),
    "quadruple": (1000.0, "over"),
}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number found in a text.

    Parameters
    ----------
    start, end
        Where it stands.
    code
        ``P`` percent, ``T`` points, ``B`` basis points, ``Q`` percentage points, ``M`` money, ``X`` times,
        ``O`` a place (fifth), ``C`` a plain number.
    stated
        The number as printed.
    signed
        Whether a sign is printed.
    """

    start: int
    end: int
    code: str
    stated: Stated
    signed: bool = False


def cardinal(text: str) -> int:
    """Return a whole number that stands in digits or in words.

    Examples
    --------
    >>> cardinal("five"), cardinal("21"), cardinal("fifth"), cardinal("22nd")
    (5, 21, 5, 22)
    """
    text = text.lower().strip()
    if text in WORDS:
        return WORDS[text]
    if text in PLACES:
        return PLACES[text]
    return int(re.sub(r"\D", "", text) or 0)


def numerals(shape: str) -> Iterator[Numeral]:
    """Yield the numbers of a text in lower case, from left to right.

    Parameters
    ----------
    shape
        Text in lower case, in which names and dates are covered.

    Examples
    --------
    >>> [(n.code, n.stated.value, n.stated.places) for n in numerals("rose 0.78% to 7,230.12, five weeks")]
    [('P', 0.78, 2), ('C', 7230.12, 2), ('C', 5.0, 0)]
    >>> next(numerals("almost three times")).stated
    Stated(value=3.0, unit='x', places=0, hedge='nearly', text='almost three times')
    """
    found = [*_digit_words(shape), *_turns(shape), *_fractions(shape), *_twice(shape)]
    taken = [(one.start, one.end) for one in found]
    for match in _NUMBER.finditer(shape):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        numeral = _numeral(match)
        if numeral is not None:
            found.append(numeral)
    yield from sorted(found, key=lambda one: one.start)


def _hedge(text: str | None) -> str:
    return next((name for name, words in HEDGES.items() if text in words), "")


def _digit_words(shape: str) -> Iterator[Numeral]:
    for match in _DIGIT_WORDS.finditer(shape):
        value, hedge = WIDTHS[match["width"]]
        yield Numeral(match.start(), match.end(), "P", Stated(value, "%", 0, hedge, match[0]))


def _turns(shape: str) -> Iterator[Numeral]:
    for match in _TURNS.finditer(shape):
        stated = Stated(TURNS[match["turn"]], "%", 0, _hedge(match["hedge"]) or "about", match[0])
        yield Numeral(match.start(), match.end(), "P", stated, signed=True)


def _fractions(shape: str) -> Iterator[Numeral]:
    for match in _FRACTION.finditer(shape):
        stated = Stated(FRACTIONS[match["part"]], "%", 0, _hedge(match["hedge"]) or "about", match[0].strip())
        yield Numeral(match.start(), match.end(), "P", stated)


def _twice(shape: str) -> Iterator[Numeral]:
    for match in _TWICE.finditer(shape):
        stated = Stated(TWICE[match["word"]], "x", 0, _hedge(match["hedge"]), match[0])
        yield Numeral(match.start(), match.end(), "X", stated)


def _numeral(match: re.Match[str]) -> Numeral | None:
    digits, places = match["digits"], 0
    if digits is not None:
        value = float(digits.replace(",", ""))
        places = len(digits.partition(".")[2])
    elif match["half"] is not None:
        value, places = 0.5, 1
    elif match["place"] is not None:
        value = float(PLACES[match["place"]])
    else:
        value = float(WORDS[match["word"]])
        if match["andhalf"]:
            value, places = value + 0.5, 1
    round_hundreds = digits is not None and match["pct"] and places == 0 and value >= 100  # noqa: PLR2004 - "1,200 %"
    if round_hundreds and value % 100 == 0:
        places = -2
    power = SCALES.get(match["scale"] or "", 0) or {"k": 3, "m": 6, "b": 9, "t": 12}.get(
        match["letter"] or "", 0
    )
    if match["letter"] and not match["money"]:
        return None
    value, places = value * 10.0**power, places - power
    sign = (match["sign"] or match["late"] or "").strip()
    value = -value if sign == "-" else value
    code, unit = _unit(match)
    if match["cents"] is not None:
        value, places = value / 100, places + 2
    hedge = _hedge(match["hedge"]) or ("over" if match["more"] else "")
    start = match.start()
    stated = Stated(value, unit, places, hedge, match[0].strip())
    return Numeral(
        start + len(match[0]) - len(match[0].lstrip()), match.end(), code, stated, signed=bool(sign)
    )


def _unit(match: re.Match[str]) -> tuple[str, str]:
    if match["place"] is not None or match["ord"] is not None:
        return "O", ""
    if match["money"] is not None:
        return "M", CURRENCIES[match["money"]]
    for group, code, unit in (
        ("pct", "P", "%"), ("bp", "B", "bp"), ("pp", "Q", "pp"), ("points", "T", "points"), ("times", "X", "x"),
        ("dollars", "M", "USD"), ("cents", "M", "USD"), ("euros", "M", "EUR"), ("pounds", "M", "GBP"),
        ("yen", "M", "JPY"),
    ):  # fmt: skip
        if match[group] is not None:
            return code, unit
    if match["half"] is not None:
        return "P", "%"
    return "C", ""
