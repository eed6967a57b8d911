"""Units: text is read at the door, and inside are plain floats in canonical units (convention §7).

A unit text is a product or quotient of known names: ``usd/kWh``, ``wafer/month``, ``W/mm2``,
``usd/(gpu h)``. Each dimension has one canonical unit; counted things are dimensions too. What is
measured stands in the unit, what it is measured *of* is split off: ``MWh_el`` is MWh of el. A text
that is not known is refused with the nearest that are; nothing is ever matched by likeness.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from narrows.errors import UsageError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Unit",
    "convert",
    "from_canonical",
    "parse",
    "same_dimension",
    "split_of",
    "to_canonical",
]

Dimension = tuple[tuple[str, int], ...]
Number = TypeVar("Number", float, "NDArray[np.float64]")

_LONGEST = 80  # characters; no unit met in the wild has half of it
_HIGHEST_POWER = 9
_CURRENCY = 3  # letters of a currency without a prefix
_VOLUME = 3  # a length to the third power
_REMEDY = "Write a known unit, and say what it is measured of in the field 'of'"


# --- the table of known names -------------------------------------------------------------------


class _Atom(NamedTuple):
    """One known name: its spelling of choice, its words, its exact factor and its dimension."""

    symbol: str
    words: str
    numerator: int
    denominator: int
    dimension: Dimension
    kind: str


# Prefix: word, numerator, denominator.
_PREFIXES = {
    "f": ("femto", 1, 10**15),
    "p": ("pico", 1, 10**12),
    "n": ("nano", 1, 10**9),
    "u": ("micro", 1, 10**6),
    "m": ("milli", 1, 1000),
    "c": ("centi", 1, 100),
    "k": ("kilo", 1000, 1),
    "M": ("mega", 10**6, 1),
    "G": ("giga", 10**9, 1),
    "T": ("tera", 10**12, 1),
    "P": ("peta", 10**15, 1),
    "E": ("exa", 10**18, 1),
    "Z": ("zetta", 10**21, 1),
    "Y": ("yotta", 10**24, 1),
    "Ki": ("kibi", 2**10, 1),
    "Mi": ("mebi", 2**20, 1),
    "Gi": ("gibi", 2**30, 1),
    "Ti": ("tebi", 2**40, 1),
}
_LARGE = "k M G T P E"
_MICRO_SIGNS = ("µ", "μ")  # micro sign and Greek mu

_POWER: Dimension = (("kg", 1), ("m", 2), ("s", -3))
_ENERGY: Dimension = (("kg", 1), ("m", 2), ("s", -2))

# Symbol, words, numerator, denominator, dimension, kind, prefixes, other spellings.
# A kind in _CARRIES may be "of" something; "counted" and "time" may be joined by a hyphen.
_Row = tuple[str, str, int, int, Dimension, str, str, str]
_TABLE: tuple[_Row, ...] = (
    ("s", "second", 1, 1, (("s", 1),), "time", "p n u m", "second"),
    ("min", "minute", 60, 1, (("s", 1),), "time", "", "minute"),
    ("h", "hour", 3600, 1, (("s", 1),), "time", "", "hour hr"),
    ("day", "day", 86400, 1, (("s", 1),), "time", "", "d"),
    ("week", "week", 604800, 1, (("s", 1),), "time", "", ""),
    # The Julian year of 365.25 days; a quarter is a fourth and a month a twelfth of it.
    ("month", "month", 2629800, 1, (("s", 1),), "time", "", ""),
    ("quarter", "quarter", 7889400, 1, (("s", 1),), "time", "", ""),
    ("year", "year", 31557600, 1, (("s", 1),), "time", "", "a yr"),
    ("Hz", "hertz", 1, 1, (("s", -1),), "rate", "k M G T", ""),
    ("m", "metre", 1, 1, (("m", 1),), "length", "n u m c k", "metre meter"),
    ("ft", "foot", 3048, 10**4, (("m", 1),), "length", "", "foot"),
    ("inch", "inch", 254, 10**4, (("m", 1),), "length", "", ""),
    ("mile", "mile", 1609344, 1000, (("m", 1),), "length", "", ""),
    ("ha", "hectare", 10**4, 1, (("m", 2),), "area", "", "hectare"),
    ("acre", "acre", 40468564224, 10**7, (("m", 2),), "area", "", ""),
    ("l", "litre", 1, 1000, (("m", 3),), "volume", "m", "L litre liter"),
    ("barrel", "barrel", 158987294928, 10**12, (("m", 3),), "volume", "", ""),
    ("g", "gram", 1, 1000, (("kg", 1),), "mass", "n u m k", "gram"),
    ("t", "tonne", 1000, 1, (("kg", 1),), "mass", "k M G", "tonne"),
    ("lb", "pound", 45359237, 10**8, (("kg", 1),), "mass", "", ""),
    ("K", "kelvin", 1, 1, (("K", 1),), "temperature", "m", "kelvin"),
    ("A", "ampere", 1, 1, (("A", 1),), "current", "m k", "ampere"),
    ("V", "volt", 1, 1, (("A", -1), *_POWER), "voltage", "m k", "volt"),
    ("N", "newton", 1, 1, (("kg", 1), ("m", 1), ("s", -2)), "force", "k M", ""),
    ("Pa", "pascal", 1, 1, (("kg", 1), ("m", -1), ("s", -2)), "pressure", "k M", ""),
    ("bar", "bar", 10**5, 1, (("kg", 1), ("m", -1), ("s", -2)), "pressure", "m", ""),
    ("W", "watt", 1, 1, _POWER, "power", "n u m " + _LARGE, "watt"),
    ("J", "joule", 1, 1, _ENERGY, "energy", "f p n u m " + _LARGE, "joule"),
    ("Wh", "watt-hour", 3600, 1, _ENERGY, "energy", _LARGE, ""),
    ("Btu", "British thermal unit", 105505585262, 10**8, _ENERGY, "energy", "", "BTU"),
    ("MMBtu", "million British thermal units", 105505585262, 100, _ENERGY, "energy", "", "MMBTU"),
    # Apparent power is a dimension of its own: only a power factor [W/VA] makes it watts.
    ("VA", "volt-ampere", 1, 1, (("VA", 1),), "apparent power", "k M G", ""),
    ("byte", "byte", 1, 1, (("byte", 1),), "data", "", ""),
    ("B", "byte", 1, 1, (("byte", 1),), "data", "k M G T P E Z Ki Mi Gi Ti", ""),
    ("bit", "bit", 1, 8, (("byte", 1),), "data", "k M G T P E", ""),
    ("flop", "floating-point operation", 1, 1, (("flop", 1),), "work", "k M G T P E Z Y", "FLOP"),
    ("usd", "US dollar", 1, 1, (("usd", 1),), "currency", "k M G T", "USD"),
    ("eur", "euro", 1, 1, (("eur", 1),), "currency", "k M G T", "EUR €"),
    ("gbp", "pound sterling", 1, 1, (("gbp", 1),), "currency", "k M G T", "GBP"),
    ("jpy", "yen", 1, 1, (("jpy", 1),), "currency", "k M G T", "JPY"),
    ("cny", "yuan", 1, 1, (("cny", 1),), "currency", "k M G T", "CNY"),
    ("krw", "won", 1, 1, (("krw", 1),), "currency", "k M G T", "KRW"),
    ("twd", "New Taiwan dollar", 1, 1, (("twd", 1),), "currency", "k M G T", "TWD"),
    ("1", "one", 1, 1, (), "number", "", ""),
    ("share", "share", 1, 1, (), "number", "", ""),
    ("ratio", "ratio", 1, 1, (), "number", "", ""),
    ("p.u.", "per unit", 1, 1, (), "number", "", "pu"),
    ("percent", "percent", 1, 100, (), "number", "", "%"),
    ("accelerator", "accelerator", 1, 1, (("accelerator", 1),), "counted", "", "gpu GPU"),
    ("h100e", "H100-equivalent", 1, 1, (("h100e", 1),), "counted", "", "H100e"),
    ("token", "token", 1, 1, (("token", 1),), "counted", "k M G T", ""),
)
_COUNTED = (
    "chip die event failure layer link module node package parameter person piece port rack request "
    "seat sequence server site stack step switch tool transceiver transformer turbine vehicle wafer"
)
_CARRIES = {"energy", "power", "mass", "volume"}  # kinds that are measured *of* something


def _spellings(row: _Row) -> list[str]:
    """Return the names of one row; nouns have a plural, symbols do not."""
    symbol, words, _, _, _, kind, _, others = row
    names = [symbol, *others.split()]
    nouns = [name for name in names if kind == "counted" or (name == words and kind != "number")]
    return names + [noun + ("es" if noun.endswith("ch") else "s") for noun in nouns]


def _prefixed(row: _Row) -> dict[str, _Atom]:
    """Return the spellings of one row that carry a prefix."""
    symbol, words, numerator, denominator, dimension, kind, prefixes, others = row
    known: dict[str, _Atom] = {}
    for prefix in prefixes.split():
        word, times, over = _PREFIXES[prefix]
        atom = _Atom(prefix + symbol, word + words, numerator * times, denominator * over, dimension, kind)
        signs = (prefix, *_MICRO_SIGNS) if prefix == "u" else (prefix,)
        names = (symbol, *(other for other in others.split() if not other.islower()))
        known |= {sign + name: atom for sign in signs for name in names}
    return known


def _table() -> dict[str, _Atom]:
    """Return every known spelling, prefixed ones included."""
    counted = tuple((noun, noun, 1, 1, ((noun, 1),), "counted", "", "") for noun in _COUNTED.split())
    known: dict[str, _Atom] = {}
    for row in _TABLE + counted:
        symbol, words, numerator, denominator, dimension, kind, _, _ = row
        atom = _Atom(symbol, words, numerator, denominator, dimension, kind)
        known |= dict.fromkeys(_spellings(row), atom) | _prefixed(row)
    return known


_KNOWN = _table()
_DECIMAL_BYTES = {_PREFIXES[prefix][0] + "byte" for prefix in "kMGTPEZ"}


# --- what a text reads to -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as read.

    Parameters
    ----------
    text
        The text as written.
    symbol
        The canonical unit of the same dimension, for instance ``J`` for ``MWh``.
    factor
        Canonical units in one unit [canonical unit].
    dimension
        Pairs (base, power), sorted by base; empty for a pure number.
    of
        What it is measured of: ``el`` for ``MWh_el``, ``CO2 per th`` for ``tCO2/MWh_th``,
        ``per th`` for ``EUR/kW_th``; None where the text says nothing.
    exact
        The factor as a fraction of two whole numbers.

    Examples
    --------
    >>> parse("kWh")
    Unit(text='kWh', symbol='J', factor=3600000.0, dimension=(('kg', 1), ('m', 2), ('s', -2)), of=None)
    >>> (parse("usd/kWh") * parse("MWh/year")).symbol
    'usd/s'
    """

    text: str
    symbol: str
    factor: float
    dimension: Dimension
    of: str | None = None
    exact: tuple[int, int] = field(default=(1, 1), repr=False, compare=False)

    def __mul__(self, other: Unit) -> Unit:
        return _unit(f"({self.text}) ({other.text})", [(self, 1), (other, 1)])

    def __truediv__(self, other: Unit) -> Unit:
        return _unit(f"({self.text})/({other.text})", [(self, 1), (other, -1)])


class _Part(NamedTuple):
    """One name of a text with its power, and what it is measured of."""

    atom: _Atom
    power: int
    of: str | None


def _symbol(dimension: Dimension) -> str:
    """Return the shortest canonical text of a dimension, with W or J drawn out where that is shorter."""
    mass = dict(dimension).get("kg", 0)
    best: list[tuple[str, int]] = list(dimension)
    for name, inside in (("J", _ENERGY), ("W", _POWER)):
        for power in (mass, -1, 1):
            rest = dict(dimension)
            for base, exponent in inside:
                rest[base] = rest.get(base, 0) - power * exponent
            trial = [
                (base, exponent) for base, exponent in ((name, power), *sorted(rest.items())) if exponent
            ]
            if sum(abs(exponent) for _, exponent in trial) < sum(abs(exponent) for _, exponent in best):
                best = trial
    above = [f"{base}{power if power > 1 else ''}" for base, power in best if power > 0]
    below = [f"{base}{-power if power < -1 else ''}" for base, power in best if power < 0]
    under = f"({' '.join(below)})" if len(below) > 1 else "".join(below)
    return (" ".join(above) or "1") + (f"/{under}" if under else "")


def _unit(text: str, factors: list[tuple[Unit | _Atom, int]], of: str | None = None) -> Unit:
    """Multiply factors, exactly."""
    top, bottom = 1, 1
    powers: dict[str, int] = {}
    for factor, power in factors:
        a, b = factor.exact if isinstance(factor, Unit) else (factor.numerator, factor.denominator)
        a, b = (a, b) if power > 0 else (b, a)
        top, bottom = top * a ** abs(power), bottom * b ** abs(power)
        for base, exponent in factor.dimension:
            powers[base] = powers.get(base, 0) + exponent * power
    dimension = tuple(sorted((base, power) for base, power in powers.items() if power))
    common = math.gcd(top, bottom)
    exact = (top // common, bottom // common)
    return Unit(text, _symbol(dimension), exact[0] / exact[1], dimension, of, exact)


def _of(parts: list[_Part]) -> str | None:
    above = " ".join(part.of for part in parts if part.of and part.power > 0)
    below = " ".join(part.of for part in parts if part.of and part.power < 0)
    return f"{above} per {below}".strip() if below else above or None


# --- reading ------------------------------------------------------------------------------------

_LEXEMES = re.compile(r"\s+|[()/*·]|[^\s()/*·]+")
_AROUND = re.compile(r"\s*([/*·])\s*|(?<=\()\s+|\s+(?=\))")
_PER_UNIT = re.compile(r"(^|[/(])per\s+unit\b")
_RAISED = re.compile(r"⁻?[¹²³⁴⁵⁶⁷⁸⁹]")
_SUPERSCRIPTS = str.maketrans("⁻¹²³⁴⁵⁶⁷⁸⁹−", "-123456789-")
_WORD = re.compile(r"([^\W_]*[^\W\d_])(?:\^?(-?\d+))?(?:_([A-Za-z]\w*))?")
_DIRECT = re.compile(r"([A-Za-z]+?)(el|th|CO2|H2)")
_JOINED = re.compile(r"(\w+)-([A-Za-z]+)")
_STATE = re.compile(r"[°º⁰]|\d\s*oC\b|\bdeg[CF]\b")
_YEAR = re.compile(r"(?:(?<=[\w,)€])|\s)(?<!\d)((?:19|20)\d\d)(?!\w)")
_NUMBER = re.compile(r"\d[\d.,]*(?:[eE^]-?\d+)?")


def _refuse(text: str, acceptable: str, remedy: str) -> NoReturn:
    raise UsageError(f"{text!r} is not a unit here", acceptable, remedy)


def _chunk(chunk: str) -> tuple[str, list[_Part]] | None:
    """Return a name without its *of*, and what it reads to; None where it is not known."""
    if chunk in _KNOWN:
        return chunk, [_Part(_KNOWN[chunk], 1, None)]
    if (word := _WORD.fullmatch(chunk)) and word[1] in _KNOWN:
        atom, power, of = _KNOWN[word[1]], int(word[2] or 1), word[3]
        carries = atom.kind in _CARRIES or (atom.kind == "length" and power == _VOLUME)
        fits = 0 < abs(power) <= _HIGHEST_POWER and (of is None or carries)
        return (chunk.partition("_")[0], [_Part(atom, power, of)]) if fits else None
    if (word := _DIRECT.fullmatch(chunk)) and word[1] in _KNOWN and _KNOWN[word[1]].kind in _CARRIES:
        return word[1], [_Part(_KNOWN[word[1]], 1, word[2])]
    if (word := _JOINED.fullmatch(chunk)) and word[1] in _KNOWN and word[2] in _KNOWN:
        things, time = _KNOWN[word[1]], _KNOWN[word[2]]
        fits = things.kind in {"counted", "power"} and time.kind == "time"
        return (chunk, [_Part(things, 1, None), _Part(time, 1, None)]) if fits else None
    return None


def _lexemes(text: str) -> list[str]:
    """Return names, brackets and operators; what no unit may hide is refused here."""
    if len(text) > _LONGEST:
        _refuse(text[:_LONGEST] + "...", f"A unit has at most {_LONGEST} characters", _REMEDY)
    if _STATE.search(text):
        _refuse(
            text,
            "A temperature on a scale is a state; a unit measures a difference, in 'K'",
            "Give the temperature in kelvin, and name the state in the field 'of'",
        )
    if year := _YEAR.search(text):
        _refuse(
            text,
            f"It hides the year {year[1]}; a unit holds no date",
            "Leave the year out of the unit, and state it in the field 'about'",
        )
    plain = _RAISED.sub(lambda raised: "^" + raised[0], text.replace("**", "^")).translate(_SUPERSCRIPTS)
    plain = _AROUND.sub(lambda found: found[1] or "", plain.strip())
    plain = re.sub(r"(?<=[\w)%])\s+per\s+", "/", _PER_UNIT.sub(r"\1p.u.", plain))
    lexemes = _LEXEMES.findall(plain)
    for lexeme in lexemes:
        if lexeme != "1" and (number := _NUMBER.match(lexeme)):
            _refuse(
                text,
                f"It hides the number {number[0]}; a unit holds no number but 1 and powers",
                "Multiply or divide the value by that number, and leave it out of the unit",
            )
    return lexemes


def _arrange(text: str, lexemes: list[str], parts: dict[str, list[_Part]]) -> list[_Part]:
    """Apply brackets and strokes, left to right."""
    found: list[_Part] = []
    outer: list[tuple[int, bool]] = []
    side, turn, slashed, open_place = 1, 1, False, True
    for lexeme in lexemes:
        if open_place == (lexeme in ")/*·" or lexeme.isspace()):  # a name where a sign must be
            _refuse_shape(text)
        if lexeme == "(":
            outer.append((side, slashed))
            side, turn, slashed = side * turn, 1, False
        elif lexeme == ")":
            if not outer:
                _refuse_shape(text)
            side, slashed = outer.pop()
        elif lexeme in parts:
            found += [_Part(atom, power * side * turn, of) for atom, power, of in parts[lexeme]]
            open_place = False
        else:
            if slashed and lexeme != "/":
                _refuse(
                    text,
                    "A product after '/' can be read two ways",
                    "Write it in brackets, as in 'usd/(gpu h)', or divide twice, as in 'usd/gpu/h'",
                )
            open_place, slashed = True, lexeme == "/"
            turn = -1 if slashed else 1
    if open_place or outer:
        _refuse_shape(text)
    return found


def _refuse_shape(text: str) -> NoReturn:
    _refuse(
        text,
        "A unit is known names joined by '/', '*' or a space, with brackets in pairs",
        "Write it like 'usd/kWh' or 'usd/(gpu h)', and '1' for a pure number",
    )


def _read(text: str) -> tuple[list[_Part], str, str]:
    """Return the parts of a text, the text without its *of*, and the first name that is not known."""
    lexemes = _lexemes(text)
    chunks = {lexeme: _chunk(lexeme) for lexeme in lexemes if lexeme not in "()/*·" and not lexeme.isspace()}
    for lexeme, chunk in chunks.items():
        if chunk is None:
            return [], "", lexeme
    known = {lexeme: chunk for lexeme, chunk in chunks.items() if chunk is not None}
    parts = _arrange(text, lexemes, {lexeme: chunk[1] for lexeme, chunk in known.items()})
    return parts, "".join(known[lexeme][0] if lexeme in known else lexeme for lexeme in lexemes), ""


def _in_words(parts: list[_Part]) -> str:
    """Say a unit in words: 'gigabyte per second, decimal'."""
    raised = {1: "", 2: "square ", 3: "cubic "}
    words = [
        (raised.get(abs(part.power), f"power {abs(part.power)} of ") + part.atom.words, part.power)
        for part in parts
    ]
    above = " ".join(word for word, power in words if power > 0) or "one"
    below = " ".join(word for word, power in words if power < 0)
    decimal = any(part.atom.words in _DECIMAL_BYTES for part in parts)
    return above + (f" per {below}" if below else "") + (", decimal" if decimal else "")


def _refuse_unknown(text: str, unknown: str) -> NoReturn:
    """Refuse a name that is not known, and show the nearest that are: to suggest, never to match."""
    hints: dict[str, str] = {}
    names = [
        name for name, atom in _KNOWN.items() if atom.kind != "currency" or len(atom.symbol) == _CURRENCY
    ]
    same_letters = [name for name in names if name.lower() == unknown.lower()]
    for name in same_letters + nearest(unknown, names, 12):
        whole = text.replace(unknown, _KNOWN[name].symbol)
        try:
            parts, _, other = _read(whole)
        except UsageError:
            other = unknown
        if other:
            whole, parts = _KNOWN[name].symbol, [_Part(_KNOWN[name], 1, None)]
        hints.setdefault(whole, _in_words(parts))
    if not hints:
        _refuse(text, f"Nothing known is like {unknown!r}; units look like 'kW' or 'usd/kWh'", _REMEDY)
    first, *others = [f"{whole!r} ({words})" for whole, words in hints.items()][:3]
    also = f" Also near: {', '.join(others)}." if others else ""
    _refuse(text, f"Did you mean {first}?{also}", _REMEDY)


# --- the public face ----------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def parse(text: str) -> Unit:
    """Read a unit text; the only door from text to units (convention §7).

    Parameters
    ----------
    text
        A unit as written, for instance ``wafer/month``.

    Returns
    -------
    Unit
        Its canonical symbol, factor [canonical unit], dimension, and what it is measured of.

    Raises
    ------
    UsageError
        The text is not known, hides a number, a year or a state, or can be read two ways.

    Notes
    -----
    Names are joined by ``/``, ``*``, ``·`` or a space, strokes are read from left to right
    (``EUR/MW/km`` is EUR/(MW km)), and a product after a stroke needs brackets. A hyphen joins a
    counted thing or a power with a time: ``gpu-hour``. Energy, power, mass and volume may say *of*
    what: ``MWh_wood``, and directly for el, th, CO2, H2: ``tCO2``. Bytes are decimal unless written
    ``GiB``; a bit is an eighth of a byte. A year has 365.25 days, a quarter is a fourth of it, a
    month a twelfth. Case counts. Temperatures on a scale are not units.

    Examples
    --------
    >>> parse("wafer/month").dimension
    (('s', -1), ('wafer', 1))
    >>> parse("MWh").symbol, parse("MWh").factor
    ('J', 3600000000.0)
    >>> parse("tCO2/MWh_th").of
    'CO2 per th'
    >>> parse("usd/gpu h")
    Traceback (most recent call last):
    ...
    narrows.errors.UsageError: 'usd/gpu h' is not a unit here. A product after '/' can be read two ways. \
Write it in brackets, as in 'usd/(gpu h)', or divide twice, as in 'usd/gpu/h'.
    """
    parts, _, unknown = _read(text)
    if unknown:
        _refuse_unknown(text, unknown)
    try:
        return _unit(text, [(part.atom, part.power) for part in parts], _of(parts))
    except OverflowError:
        _refuse(text, "Its factor is beyond what a float can hold", "Write lower powers")


def split_of(text: str) -> tuple[str, str | None]:
    """Split a unit text into the unit and what it is measured of, None where the text says nothing.

    Parameters
    ----------
    text
        A unit as written.

    Raises
    ------
    UsageError
        The text is not a unit, see `parse`.

    Examples
    --------
    >>> split_of("MWhel"), split_of("EUR/kW_th"), split_of("kg/s")
    (('MWh', 'el'), ('EUR/kW', 'per th'), ('kg/s', None))
    """
    of = parse(text).of
    return (text, None) if of is None else (_read(text)[1], of)


def same_dimension(first: str, second: str) -> bool:
    """Return whether two unit texts measure the same kind of quantity, whatever they are measured of.

    Parameters
    ----------
    first, second
        Units as written.

    Raises
    ------
    UsageError
        A text is not a unit, see `parse`.

    Examples
    --------
    >>> same_dimension("usd/kWh", "EUR/MWh"), same_dimension("kWh", "MJ")
    (False, True)
    """
    return parse(first).dimension == parse(second).dimension


@lru_cache(maxsize=4096)
def _ratio(source: str, target: str) -> float:
    first, second = parse(source), parse(target)
    if first.dimension != second.dimension:
        raise UsageError(
            f"{source!r} cannot become {target!r}",
            f"The one is {first.symbol}, the other {second.symbol}; both must measure the same",
            "Multiply or divide by the quantity that is missing",
        )
    if first.of and second.of and first.of != second.of:
        raise UsageError(
            f"{source!r} cannot become {target!r}",
            f"The one is of {first.of!r}, the other of {second.of!r}; both must be of the same",
            "Apply the efficiency or the yield between the two",
        )
    (a, b), (c, d) = first.exact, second.exact
    return (a * d) / (b * c)


def convert(value: Number, source: str, target: str) -> Number:
    """Return a value in another unit of the same dimension [target].

    Parameters
    ----------
    value
        A number or an array of any shape [source].
    source, target
        Units as written.

    Raises
    ------
    UsageError
        A text is not a unit, or the two do not measure the same.

    Examples
    --------
    >>> convert(15000.0, "wafer/month", "wafer/quarter")
    45000.0
    """
    return value * _ratio(source, target)


def to_canonical(value: Number, text: str) -> Number:
    """Return a value in the canonical unit of its dimension.

    Parameters
    ----------
    value
        A number or an array of any shape [text].
    text
        A unit as written.

    Raises
    ------
    UsageError
        The text is not a unit.

    Examples
    --------
    >>> to_canonical(3.35, "TB/s")
    3350000000000.0
    """
    return value * parse(text).factor


def from_canonical(value: Number, text: str) -> Number:
    """Return a canonical value in the unit asked for [text].

    Parameters
    ----------
    value
        A number or an array of any shape [canonical unit].
    text
        A unit as written.

    Raises
    ------
    UsageError
        The text is not a unit.

    Examples
    --------
    >>> from_canonical(7.2e6, "kWh")
    2.0
    """
    return value / parse(text).factor
