"""Units: read at the door, refused when unknown, exact in their factors."""

from __future__ import annotations

import csv
import doctest
import math
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from narrows import units
from narrows.errors import UsageError
from narrows.units import convert, from_canonical, parse, same_dimension, split_of, to_canonical

WILD = Path(__file__).resolve().parents[1] / "../shared/data/aesthetics/unit_strings_in_the_wild.csv"
NAMES = sorted(units._KNOWN)


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(text)
    return str(caught.value)


def test_examples() -> None:
    assert doctest.testmod(units).failed == 0


def test_strings_in_the_wild() -> None:
    if not WILD.exists():
        pytest.skip("needs ../shared/data, which is not here")
    with WILD.open(encoding="utf-8") as lines:
        rows = [
            (row["unit"], int(row["rows"]), row["read_after_split"] == "1") for row in csv.DictReader(lines)
        ]
    read = {}
    for text, _, _ in rows:
        try:
            parse(text)
        except UsageError:
            read[text] = False
        else:
            read[text] = True
    assert [text for text, _, expected in rows if read[text] != expected] == []
    assert (sum(read.values()), sum(count for text, count, _ in rows if read[text])) == (132, 1207)


PINT = {
    "day": "day", "week": "week", "year": "julian_year", "month": "julian_year/12", "inch": "inch",
    "quarter": "julian_year/4", "l": "liter", "t": "metric_ton", "lb": "pound", "Btu": "Btu_it",
    "MMBtu": "1e6*Btu_it", "p.u.": "1", "share": "1", "ratio": "1", "h": "hour", "ft": "international_foot",
    "mile": "international_mile", "acre": "43560*international_foot**2",
    "barrel": "oil_barrel",  # of 42 US gallons
    "kt": "kilometric_ton", "Mt": "megametric_ton", "Gt": "gigametric_ton",
}  # fmt: skip
BASES = {"s": "second", "m": "meter", "kg": "kilogram", "K": "kelvin", "A": "ampere"}
SYMBOLS = sorted({atom.symbol for atom in units._KNOWN.values()})


def test_every_physical_unit_in_the_table_agrees_with_pint() -> None:
    registry = pytest.importorskip("pint").UnitRegistry(cache_folder=None)
    compared = 0
    for symbol in SYMBOLS:
        unit = parse(symbol)
        peer = (
            registry.Quantity(PINT.get(symbol, symbol))
            if {b for b, _ in unit.dimension} <= {*BASES}
            else None
        )
        if unit.dimension == (("byte", 1),):
            assert registry.Quantity(symbol).m_as("byte") == pytest.approx(unit.factor, rel=1e-15), symbol
        elif peer is not None:
            expected = registry.Unit("dimensionless")
            for base, power in unit.dimension:
                expected *= registry.Unit(BASES[base]) ** power
            assert peer.m_as(expected) == pytest.approx(unit.factor, rel=1e-13), symbol
            compared += 1
    assert compared > 80


def test_every_prefix_of_a_counted_thing_agrees_with_pint() -> None:
    registry = pytest.importorskip("pint").UnitRegistry(None)
    for prefix in ("kilo- = 1e3 = k-", "mega- = 1e6 = M-", "giga- = 1e9 = G-", "tera- = 1e12 = T-"):
        registry.define(prefix)
    for prefix in ("peta- = 1e15 = P-", "exa- = 1e18 = E-", "zetta- = 1e21 = Z-", "yotta- = 1e24 = Y-"):
        registry.define(prefix)
    own = [
        symbol for symbol in SYMBOLS if not {base for base, _ in parse(symbol).dimension} <= {*BASES, "byte"}
    ]
    for base in {parse(symbol).dimension[0][0] for symbol in own}:
        registry.define(f"{base} = [{base}]")
    for symbol in own:
        unit = parse(symbol)
        assert registry.Quantity(symbol).m_as(unit.symbol) == pytest.approx(unit.factor, rel=1e-15), symbol
    assert len(own) > 60


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.0, "year", "quarter", 4.0),
        (15000.0, "wafer/month", "wafer/quarter", 45000.0),
        (3.35, "TB/s", "byte/s", 3.35e12),
        (400.0, "Gbit/s", "GB/s", 50.0),
        (1.0, "GiB", "byte", 1073741824.0),
        (0.1, "usd/kWh", "usd/MWh", 100.0),
        (2.0, "usd/gpu-hour", "usd/(accelerator day)", 48.0),
        (12.0, "percent", "share", 0.12),
        (700.0, "W/mm2", "W/m²", 7e8),
        (1979.0, "TFLOP/s", "flop/s", 1.979e15),
        (1.0, "kW", "kg m2 s-3", 1000.0),
    ],
)
def test_conversions_by_hand(value, source, target, expected) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit", "of"),
    [
        ("MWh_el", "MWh", "el"),
        ("kW_th", "kW", "th"),
        ("t_CO2", "t", "CO2"),
        ("MWhel", "MWh", "el"),
        ("tCO2", "t", "CO2"),
        ("EUR/m^3_water", "EUR/m^3", "per water"),
        ("MWh_el/MWh_H2", "MWh/MWh", "el per H2"),
        ("USD/(tCO2/h)", "USD/(t/h)", "per CO2"),
        ("wafer/month", "wafer/month", None),
    ],
)
def test_of_is_split_off(text, unit, of) -> None:
    assert split_of(text) == (unit, of)
    assert parse(text).exact == parse(unit).exact
    assert same_dimension(text, unit)


def test_spellings_of_one_unit_are_one_unit_and_likeness_is_not() -> None:
    assert parse("EUR/kWel").factor == parse("EUR/kW_el").factor == parse("eur per kW").factor
    assert not same_dimension("EUR/MW", "EUR/MWh")
    assert not same_dimension("usd", "eur")
    assert not same_dimension("gpu", "package")
    assert not same_dimension("MVA", "MW")


def test_a_product_of_strokes_is_read_from_left_to_right() -> None:
    assert parse("EUR/t/h").exact == parse("EUR/(t h)").exact
    assert parse("EUR/(t/h)").factor == 3600 / 1000


REMEDY = "Write a known unit, and say what it is measured of in the field 'of'."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "GB/sec",
            (
                "'GB/sec' is not a unit here. Did you mean 'GB/s' (gigabyte per second, decimal)? Also "
                "near: 'GB/step' (gigabyte per step, decimal), "
                f"'GB/site' (gigabyte per site, decimal). {REMEDY}"
            ),
        ),
        (
            "Gb",
            (
                "'Gb' is not a unit here. Did you mean 'GB' (gigabyte, decimal)? Also near: "
                f"'Gbit' (gigabit), 'lb' (pound). {REMEDY}"
            ),
        ),
        (
            "EUR/m^3-H2O",
            (
                "'EUR/m^3-H2O' is not a unit here. Nothing known is like 'm^3-H2O'; units look like 'kW' or "
                f"'usd/kWh'. {REMEDY}"
            ),
        ),
        (
            "EUR/1000m2",
            (
                "'EUR/1000m2' is not a unit here. It hides the number 1000; a unit holds no number but 1 and "
                "powers. Multiply or divide the value by that number, and leave it out of the unit."
            ),
        ),
        (
            "50°C/100°C",
            (
                "'50°C/100°C' is not a unit here. A temperature on a scale is a state; a unit measures a "
                "difference, in 'K'. Give the temperature in kelvin, and name the state in the field 'of'."
            ),
        ),
        (
            "EUR/kW_e, 2020",
            (
                "'EUR/kW_e, 2020' is not a unit here. It hides the year 2020; a unit holds no date. Leave "
                "the year out of the unit, and state it in the field 'about'."
            ),
        ),
        (
            "usd/gpu h",
            (
                "'usd/gpu h' is not a unit here. A product after '/' can be read two ways. Write it in "
                "brackets, as in 'usd/(gpu h)', or divide twice, as in 'usd/gpu/h'."
            ),
        ),
        (
            "(kW",
            (
                "'(kW' is not a unit here. A unit is known names joined by '/', '*' or a space, with "
                "brackets in pairs. Write it like 'usd/kWh' or 'usd/(gpu h)', and '1' for a pure number."
            ),
        ),
        (
            "m" * 81,
            f"'{'m' * 80}...' is not a unit here. A unit has at most 80 characters. {REMEDY}",
        ),
        (
            " ".join(["Gt9"] * 20),
            (
                f"'{' '.join(['Gt9'] * 20)}' is not a unit here. Its factor is beyond what a float can hold. "
                "Write lower powers."
            ),
        ),
    ],
)
def test_refusals_are_whole_sentences(text, sentence) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "/",
        "()",
        "kW)",
        "kW//h",
        "1000",
        "EUR_2020/kW",
        "EUR2020",
        "usd/2000m2",
        "10^6 usd",
        "1e6 usd",
        "°C",
        "degC",
        "vehicle_x",
        "usd_real",
        "EUR per unit",
        "FLOPS",
        "ton",
        "KW",
        "MWHh",
        "m0",
        "m10",
        "m-hour",
        "kW-gpu",
        "-",
    ],
)
def test_nothing_is_guessed(text) -> None:
    refusal(text)


def test_a_parse_is_cached_and_quick() -> None:
    parse("usd/(gpu h)")
    assert parse("usd/(gpu h)") is parse("usd/(gpu h)")


def test_conversion_between_kinds_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        convert(1.0, "usd/kWh", "usd/kW")
    assert str(caught.value) == (
        "'usd/kWh' cannot become 'usd/kW'. The one is usd/J, the other usd/W; both must measure the same. "
        "Multiply or divide by the quantity that is missing."
    )
    with pytest.raises(UsageError) as caught:
        convert(1.0, "MWh_el", "MWh_th")
    assert str(caught.value) == (
        "'MWh_el' cannot become 'MWh_th'. The one is of 'el', the other of 'th'; both must be of the same. "
        "Apply the efficiency or the yield between the two."
    )
    assert convert(1.0, "MWh_el", "kWh") == 1000.0


names = st.sampled_from(NAMES)


@st.composite
def texts(draw):
    parts = draw(st.lists(names, min_size=1, max_size=4))
    signs = draw(st.lists(st.sampled_from(["/", "*"]), min_size=3, max_size=3))
    text = parts[0]
    for sign, name in zip(signs, parts[1:], strict=False):
        text = f"({text}){sign}{name}" if sign == "*" else f"{text}{sign}{name}"
    return text


@given(texts(), texts())
def test_product_and_quotient_of_texts_are_those_of_units(a, b) -> None:
    assume(len(a) + len(b) < 70)
    first, second = parse(a), parse(b)
    product, quotient = parse((first * second).text), parse((first / second).text)
    assert (product.exact, product.dimension) == ((first * second).exact, (first * second).dimension)
    assert (quotient.exact, quotient.dimension) == ((first / second).exact, (first / second).dimension)
    assert (first * second / second).exact == first.exact


@given(texts())
def test_canonical_symbol_reads_back_with_factor_one(text) -> None:
    unit = parse(text)
    assume(all(abs(power) <= 9 for _, power in unit.dimension))  # a text holds powers to 9
    again = parse(unit.symbol)
    assert (again.factor, again.dimension, again.symbol) == (1.0, unit.dimension, unit.symbol)


@given(st.floats(1e-9, 1e9), texts())
def test_canonical_round_trip(value, text) -> None:
    assert from_canonical(to_canonical(value, text), text) == pytest.approx(value, rel=1e-15)


@settings(deadline=None)  # a refusal looks for the nearest names
@given(st.text(max_size=20) | st.text(alphabet="kMWhEUR/()_ *^-1290.%", max_size=12))
def test_any_text_is_read_or_refused(text) -> None:
    try:
        unit = parse(text)
    except UsageError:
        return
    assert math.isfinite(unit.factor)
    assert unit.factor > 0
