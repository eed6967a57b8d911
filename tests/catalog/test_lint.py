"""Every fault of a hand-typed file is refused in one sentence: where, what is acceptable, what to do."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrows.catalog import lint, load
from narrows.errors import DataError

from .small import FACTS, Small, shown

TODAY = date(2026, 1, 10)
EVERY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
WHERE = "Fact 'cowos.capacity.2023-12' in facts/cowos.toml"
LAYER = "Layer 'cowos' in layers.toml"


def problems(small):
    return [str(problem) for problem in lint(small.write(), today=TODAY)]


def test_the_small_catalogue_is_right(small):
    assert problems(small) == []


def changed(**entries):
    def edit(small):
        small.facts[1] |= entries
        small.facts[1] = {key: value for key, value in small.facts[1].items() if value is not None}

    return edit


def of_layer(**entries):
    return lambda small: small.layers[0].update(entries)


def _second(small, **entries):
    small.facts.append(small.facts[1] | entries)


FAULTS = {
    "low above high": (
        changed(low=16000),
        f"{WHERE}: low 16000 is above high 15000. low <= value <= high. Swap or correct them.",
    ),
    "value outside": (
        changed(value=1),
        (
            f"{WHERE}: the value 1 is outside 14000 to 15000. low <= value <= high. "
            "Correct the value, or widen low and high."
        ),
    ),
    "exact estimate": (
        changed(low=14500, high=14500),
        (
            f"{WHERE}: low = high = 14500 in a fact of kind estimate. Only a spec is exact. "
            "Give a low and a high, and say in why or note where they come from."
        ),
    ),
    "exact spec without its level": (
        changed(low=14500, high=14500, kind="spec"),
        (
            f"{WHERE}: level = 'P10-P90' with low 14500 and high 14500. "
            'The level is exact where low = high, and only there. Write level = "exact".'
        ),
    ),
    "exact level in doubt": (
        changed(level="exact"),
        (
            f"{WHERE}: level = 'exact' with low 14000 and high 15000. "
            "The level is exact where low = high, and only there. Say what low and high mean."
        ),
    ),
    "unknown unit": (
        changed(unit="wafr/month"),
        (
            f"{WHERE}: 'wafr/month' is not a unit here. Did you mean 'wafer/month' (wafer per month)? "
            "Also near: 'bar/month' (bar per month), 'year/month' (year per month). "
            "Write a known unit, and say what it is measured of in the field 'of'."
        ),
    ),
    "unknown level": (
        changed(level="P1-P99"),
        (
            f"{WHERE}: level = 'P1-P99'. level is one of P5-P95, P10-P90, P25-P75, min-max, exact. "
            'Write, for instance, level = "P10-P90".'
        ),
    ),
    "unknown kind": (
        changed(kind="guess"),
        (
            f"{WHERE}: kind = 'guess'. kind is one of spec, measured, reported, estimate, "
            f"forecast, assumption. "
            'Write, for instance, kind = "estimate".'
        ),
    ),
    "assumption without why": (
        changed(kind="assumption"),
        f'{WHERE} is an assumption without a why. An assumption says why. Add why = "the reason".',
    ),
    "standing without why": (
        changed(standing=True),
        f'{WHERE} is a standing fact without a why. A standing fact says why. Add why = "the reason".',
    ),
    "dead source": (
        changed(source="report-c"),
        (
            f"{WHERE}: the source 'report-c' is not known. The nearest in sources.toml: "
            f"'report-b', 'report-a'. "
            "Add the source, or correct the key."
        ),
    ),
    "future": (
        changed(as_of="2026-02"),
        f"{WHERE}: as_of = '2026-02' is in the future. Today is 2026-01-10. Correct the date.",
    ),
    "no date": (
        changed(as_of="August 2024"),
        (
            f"{WHERE}: as_of = 'August 2024' cannot be read. A date is YYYY, YYYY-MM or YYYY-MM-DD. "
            'Write, for instance, as_of = "2024-08".'
        ),
    ),
    "as_of is no quarter": (
        changed(as_of="2024Q3"),
        (
            f"{WHERE}: as_of = '2024Q3' cannot be read. A date is YYYY, YYYY-MM or YYYY-MM-DD. "
            'Write, for instance, as_of = "2024-08".'
        ),
    ),
    "no day": (
        changed(about="2023-13"),
        (
            f"{WHERE}: about = '2023-13' cannot be read. "
            "A period is YYYY, YYYYQn, YYYY-MM, YYYY-MM-DD or a range 2024:2029. "
            'Write, for instance, about = "2023-12".'
        ),
    ),
    "about something else": (
        changed(about="2024"),
        (
            f"{WHERE}: about = '2024' has no day in common with the id. "
            "The id carries the period that the fact is about. Correct one of them."
        ),
    ),
    "about nothing": (
        changed(about=None),
        f'{WHERE} has no about. A fact with a date in its id says about what period. Add about = "2023-12".',
    ),
    "group alone": (
        changed(group="cowos"),
        (
            f"{WHERE} has a group and no correlation. A group and the correlation with it go together. "
            "Add correlation, or remove group."
        ),
    ),
    "correlation alone": (
        changed(correlation=0.5),
        (
            f"{WHERE} has a correlation and no group. A group and the correlation with it go together. "
            "Add group, or remove correlation."
        ),
    ),
    "correlation of 2": (
        changed(correlation=2, group="cowos"),
        f"{WHERE}: correlation = 2. A correlation is 0 to 1. Correct it.",
    ),
    "lognormal at zero": (
        changed(low=0, shape="lognormal"),
        (
            f"{WHERE}: Low, value and high are 0, 14500, 15000 for a lognormal. A lognormal is above 0. "
            "Use the shape 'normal' or 'triangular'."
        ),
    ),
    "id in capitals": (
        changed(id="CoWoS.capacity", about=None),
        (
            "Fact 'CoWoS.capacity' in facts/cowos.toml: the id 'CoWoS.capacity' cannot be read. "
            "An id is subject.quantity[.when], lowercase letters, digits, '_' and '-', at most 80 "
            "characters. "
            'Write, for instance, id = "cowos.capacity.2023-12".'
        ),
    ),
    "id missing": (
        changed(id=None),
        (
            "Fact number 2 in facts/cowos.toml has no id. id is text of one line. Add id = "
            '"cowos.capacity.2023-12".'
        ),
    ),
    "unknown key": (
        changed(lower=3),
        (
            f"{WHERE}: the key 'lower' is not known. The nearest known: 'low', 'locator', 'note'. "
            f"Correct or remove it."
        ),
    ),
    "a boolean is no number": (
        changed(value=True),
        f"{WHERE}: value = True. value is a number. Write, for instance, value = 14500.",
    ),
    "a text is no number": (
        changed(value="14,500"),
        f"{WHERE}: value = '14,500'. value is a number. Write, for instance, value = 14500.",
    ),
    "a list is no text": (
        changed(of=["wafer"]),
        f'{WHERE}: of = a list. of is text of one line. Write, for instance, of = "CoWoS-equivalent 300 mm".',
    ),
    "a table is no text": (
        changed(note={"a": 1}),
        f'{WHERE}: note = a table. note is text. Write, for instance, note = "a remark".',
    ),
    "control character": (
        changed(locator="table\x1b[2J"),
        (
            f"{WHERE}: locator holds the control character U+001B. locator is text of one line. "
            'Write, for instance, locator = "table 2".'
        ),
    ),
    "not a number": (
        changed(value=float("nan")),
        (
            "facts/cowos.toml, fact[1].value: nan is not a number that can be used. Numbers are finite. "
            "Write the number, or leave the entry out."
        ),
    ),
    "a percentage": (
        lambda small: small.facts[3].update(value=80, low=70, high=90, unit="percent"),
        (
            "Fact 'cowos.ai_share' in facts/cowos.toml: the unit of a share is 'percent'. "
            'A share is 0 to 1, never percent. Divide by 100 and write unit = "share".'
        ),
    ),
    "a share above 1": (
        lambda small: small.facts[3].update(value=80, low=70, high=90),
        (
            "Fact 'cowos.ai_share' in facts/cowos.toml: a share of 70 to 90. A share is 0 to 1, "
            "never percent. "
            'Divide by 100, or write unit = "ratio" where more than 1 is possible.'
        ),
    ),
    "bits called bytes": (
        lambda small: small.facts[8].update(unit="Gbit"),
        (
            "Fact 'hopper.hbm_bytes' in facts/cowos.toml: the quantity 'hbm_bytes' is in 'Gbit'. "
            "Bits are never called bytes. Divide by 8 and write bytes, for instance GB."
        ),
    ),
    "Gb/s": (
        lambda small: small.facts[8].update(unit="Gb/s"),
        (
            "Fact 'hopper.hbm_bytes' in facts/cowos.toml: 'Gb/s' is not a unit here. "
            "Did you mean 'GB/s' (gigabyte per second, decimal)? "
            "Also near: 'Gbit/s' (gigabit per second), 'lb/s' (pound per second). "
            "Write a known unit, and say what it is measured of in the field 'of'."
        ),
    ),
    "another dimension in a series": (
        changed(unit="wafer"),
        (
            f"{WHERE}: the unit 'wafer' measures another thing than 'wafer/month' of 'cowos.capacity.2024Q4' "
            "in facts/cowos.toml. All facts of one series have one dimension. Convert it, or "
            "rename one of the series."
        ),
    ),
    "duplicate": (
        lambda small: _second(small, value=14600),
        (
            f"{WHERE} stands already in facts/cowos.toml, of 2024-08 and from 'report-a' too. "
            "One source says one thing on one date. Remove one; a correction has a new as_of."
        ),
    ),
    "choice of nothing": (
        lambda small: small.choices[0].update(id="cowos.ai_shares"),
        (
            "Choice 'cowos.ai_shares' in facts/cowos.toml is about no fact. "
            "The nearest facts: 'cowos.ai_share', 'cowos.lag', 'cowos.maker.alpha.2024'. "
            "Correct the id, or remove the choice."
        ),
    ),
    "choice by another rule": (
        lambda small: small.choices[0].update(rule="mean"),
        (
            "Choice 'cowos.ai_share' in facts/cowos.toml: rule = 'mean'. rule is one of newest, pool. "
            'Write, for instance, rule = "pool".'
        ),
    ),
    "source without licence": (
        lambda small: small.sources["report-a"].update(licence=" "),
        (
            "Source 'report-a' in sources.toml: licence is empty. licence is text of one line. "
            'Write, for instance, licence = "facts only".'
        ),
    ),
    "source with a reserved key": (
        lambda small: small.sources.update(scenario=small.sources["report-b"]),
        (
            "Source 'scenario' in sources.toml: the key is not possible. A key is lowercase letters, digits, "
            "'_' and '-'; 'scenario' is the user's own. Rename it, here and in the facts."
        ),
    ),
    "source without a full url": (
        lambda small: small.sources["report-b"].update(url="example.org"),
        (
            "Source 'report-b' in sources.toml: url = 'example.org'. A url begins with https:// or http://. "
            "Write it in full, or leave it out."
        ),
    ),
    "source of the future": (
        lambda small: small.sources["report-b"].update(date_accessed="2027"),
        (
            "Source 'report-b' in sources.toml: date_accessed = '2027' is in the future. Today is "
            "2026-01-10. "
            "Correct the date."
        ),
    ),
    "design without a date": (
        lambda small: small.designs[0].update(announced="GTC"),
        (
            "Design 'hopper' in designs.toml: announced = 'GTC' cannot be read. "
            'A date is YYYY, YYYY-MM or YYYY-MM-DD. Write, for instance, announced = "2024-08".'
        ),
    ),
    "a design twice": (
        lambda small: small.designs.append(small.designs[0]),
        "Design 'hopper' in designs.toml stands there twice. An id stands once. Remove one, or rename it.",
    ),
    "feeds nobody": (
        of_layer(feeds="deploied"),
        f"{LAYER} feeds 'deploied', which is no layer. The nearest: 'deployed'. Correct feeds.",
    ),
    "feeds itself": (
        of_layer(feeds="cowos"),
        f"{LAYER} feeds itself in the end. Layers form a tree. Correct feeds.",
    ),
    "two roots": (
        of_layer(feeds=""),
        (
            "layers.toml has 2 layers that feed nothing: cowos, deployed. One layer, the root, "
            "feeds nothing. "
            "Say what each other layer feeds."
        ),
    ),
    "need of nothing": (
        of_layer(need=["/packages_per_wafer"]),
        (
            f"{LAYER}: need names 'packages_per_wafer', which no fact and no design has. "
            "The nearest: 'packages_per_cowos_wafer', 'hopper.packages_per_cowos_wafer'. Correct "
            "it, or type the fact."
        ),
    ),
    "capacity that is no rate": (
        of_layer(unit="rack"),
        (
            f"{LAYER}: capacity names 'cowos.capacity.2025' in 'wafer/month'. "
            "The capacity of this layer is a rate, for instance rack/quarter. "
            "Correct the unit of the fact, or the unit of the layer."
        ),
    ),
    "lag of nothing": (
        of_layer(lag="cowos.delay"),
        (
            f"{LAYER}: lag names 'cowos.delay', which no fact and no design has. "
            "The nearest: 'cowos.lag', 'cowos.capacity', 'cowos.ai_share'. Correct it, or type the fact."
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_whole_sentence(name, small):
    edit, sentence = FAULTS[name]
    edit(small)
    found = problems(small)
    assert sentence in found
    with pytest.raises(DataError) as refusal:
        load(small.home, today=TODAY)
    assert str(refusal.value).startswith(found[0].rstrip("."))


REQUIRED = sorted(FACTS[1].keys() - {"about"})


@pytest.mark.parametrize("entry", REQUIRED)
@EVERY
@given(number=st.integers(0, len(FACTS) - 1))
def test_every_entry_of_every_fact_is_needed(entry, number):
    with tempfile.TemporaryDirectory() as folder:
        small = Small(Path(folder))
        name = small.facts[number].pop(entry) if entry == "id" else small.facts[number]["id"]
        small.facts[number].pop(entry, None)
        found = problems(small)
    label = f"number {number + 1}" if entry == "id" else repr(name)
    assert found[0].startswith(f"Fact {label} in facts/cowos.toml has no {entry}. {entry} is ")
    assert f"Add {entry} = " in found[0]


@EVERY
@given(number=st.integers(0, len(FACTS) - 1), by=st.floats(0.01, 1e6))
def test_a_value_outside_its_bounds_is_refused_wherever_it_stands(number, by):
    with tempfile.TemporaryDirectory() as folder:
        small = Small(Path(folder))
        fact = small.facts[number]
        fact["value"] = fact["high"] + by
        found = problems(small)
    expected = (
        f"Fact {fact['id']!r} in facts/cowos.toml: the value {fact['value']:g} is outside "
        f"{fact['low']:g} to {fact['high']:g}. low <= value <= high. Correct the value, or "
        f"widen low and high."
    )
    assert found[0] == expected


@EVERY
@given(number=st.integers(0, len(FACTS) - 1), key=st.from_regex(r"[a-z]{3,12}", fullmatch=True))
def test_an_unknown_key_is_refused_wherever_it_stands(number, key):
    with tempfile.TemporaryDirectory() as folder:
        small = Small(Path(folder))
        known = key in {*FACTS[0], *FACTS[1], "note", "why", "shape", "standing"}
        small.facts[number].setdefault(key, 1)
        found = problems(small)
    name = small.facts[number]["id"]
    assert known or found[0].startswith(f"Fact {name!r} in facts/cowos.toml: the key {key!r} is not known.")


@EVERY
@given(faults=st.sets(st.sampled_from([1, 5, 6, 7]), min_size=1))
def test_all_problems_are_reported_and_counted(faults):
    with tempfile.TemporaryDirectory() as folder:
        small = Small(Path(folder))
        for number in faults:
            small.facts[number].pop("locator")
        found = problems(small)
        assert len(found) == len(faults)
        with pytest.raises(DataError) as refusal:
            load(small.home, today=TODAY)
    others = f" ({len(faults) - 1} more; see them all with tools/lint_facts.py)" if len(faults) > 1 else ""
    assert str(refusal.value) == f"{found[0].rstrip('.')}{others}."


def test_defaults_fill_what_a_fact_leaves_out(small):
    for fact in small.facts[:2]:
        fact.pop("locator")
    text = small.write() / "facts" / "cowos.toml"
    text.write_text('[defaults]\nlocator = "page 3"\n' + text.read_text("utf-8"), "utf-8")
    catalog = load(small.home, today=TODAY)
    assert catalog.fact("cowos.capacity.2023-12").locator == "page 3"
    assert catalog.fact("cowos.lag").locator == "table 2"


def test_a_default_for_a_number_is_refused(small):
    text = small.write() / "facts" / "cowos.toml"
    text.write_text("[defaults]\nlow = 1\n" + text.read_text("utf-8"), "utf-8")
    assert str(lint(small.home, today=TODAY)[0]).startswith(
        "facts/cowos.toml: the default 'low' is not possible. "
    )


# --- broken and hostile files -------------------------------------------------------------------


def test_sources_that_cannot_be_read_are_the_one_problem(small):
    home = small.write()
    (home / "sources_more.toml").write_text("[a]\ntitle = 1,2\n", "utf-8")
    assert [str(problem) for problem in lint(home, today=TODAY)] == [
        (
            "sources_more.toml is not TOML: Expected newline or end of document after a statement "
            "(at line 2, column 10). TOML 1.0 is needed. Correct it there."
        )
    ]


BROKEN = {
    "not UTF-8": (
        b'[[fact]]\nof = "caf\xe9"\n',
        "facts/bad.toml is not UTF-8 at line 2. Facts are UTF-8 text. Save the file as UTF-8.",
    ),
    "not TOML": (
        b"value = 14,500\n",
        (
            "facts/bad.toml is not TOML: Expected newline or end of document after a statement "
            "(at line 1, column 11). TOML 1.0 is needed. Correct it there."
        ),
    ),
    "too large": (
        b"# " + b"x\n# " * 400_000,
        (
            "facts/bad.toml is larger than 1 MB. A file has at most 1000000 bytes. "
            "Split it into files of what arrives together."
        ),
    ),
    "a list in a list": (
        b"a = " + b"[" * 9 + b"]" * 9,
        "facts/bad.toml is nested too deep. Tables and lists are nested at most 8 deep. Flatten it.",
    ),
    "a list in 900 lists": (
        b"a = " + b"[" * 900 + b"]" * 900,
        "facts/bad.toml is nested too deep. Tables and lists are nested at most 8 deep. Flatten it.",
    ),
    "a key of 900 parts": (
        b".".join([b"a"] * 900) + b" = 1",
        "facts/bad.toml is nested too deep. Tables and lists are nested at most 8 deep. Flatten it.",
    ),
    "a long line": (
        b'note = "' + b"x" * 5000 + b'"',
        "Line 1 of facts/bad.toml is too long. A line has at most 2000 characters. Break it, or write less.",
    ),
    "a number without end": (
        b"value = 1" + b"0" * 40,
        (
            "facts/bad.toml, value: a whole number of more than 64 bits. Whole numbers are below 2**63. "
            "Write it as 1e30, or in a larger unit."
        ),
    ),
    "infinite": (
        b"[[fact]]\nvalue = inf",
        (
            "facts/bad.toml, fact[0].value: inf is not a number that can be used. Numbers are finite. "
            "Write the number, or leave the entry out."
        ),
    ),
    "facts that are no tables": (
        b"fact = [1]",
        "Fact number 1 in facts/bad.toml is 1. A table of entries is needed. Write it as a table.",
    ),
    "one table": (
        b"[fact]\n",
        "facts/bad.toml: fact is not a list of tables. Each fact is a table. Write [[fact]].",
    ),
    "an unknown table": (
        b"[[facts]]\n",
        (
            "facts/bad.toml: the key 'facts' is not known at the top. The nearest known: 'fact', "
            "'defaults'. Correct or remove it."
        ),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_whole_sentence(name, small):
    content, sentence = BROKEN[name]
    (small.write() / "facts" / "bad.toml").write_bytes(content)
    assert [str(problem) for problem in lint(small.home, today=TODAY)] == [sentence]


PIECES = st.sampled_from(
    [b"[[fact]]\n", b"[defaults]\n", b"[[choice]]\n", b"id = ", b'"a.b"', b"value = ", b"1979-05-27", b"[",
     b"]", b"{", b"}", b"=", b'"', b"'''", b"\\u0000", b"\n", b".", b"true", b"-nan", b"1e400", b"0x7f",
     b"\xff", b"low", b"#"]
)  # fmt: skip


@pytest.mark.parametrize("file", ["facts/bad.toml", "sources.toml", "designs.toml", "layers.toml"])
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=60) | st.lists(PIECES, max_size=14).map(b"".join))
def test_no_bytes_whatever_raise_anything_but_a_sentence(file, content):
    from narrows.catalog.checks import check

    problems = check({file: content}, TODAY)[1]
    assert all(isinstance(problem, DataError) for problem in problems)


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    entry=st.sampled_from(
        ["id", "value", "unit", "of", "level", "as_of", "about", "source", "shape", "correlation"]
    ),
    value=TREES,
)
def test_no_value_whatever_raises_anything_but_a_sentence(entry, value):
    from narrows.catalog.checks import check

    text = shown({**FACTS[1], entry: value} if value is not None else FACTS[1])
    problems = check({"facts/odd.toml": f"fact = [{text}]".encode("utf-8", "replace")}, TODAY)[1]
    assert all(isinstance(problem, DataError) for problem in problems)


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(DataError) as refusal:
        load(tmp_path / "none")
    assert str(refusal.value) == (
        f"{(tmp_path / 'none' / 'facts').as_posix()} holds no facts. "
        "A catalogue has TOML files in a folder named facts. Check the path."
    )


SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ecosystem"


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here")
def test_odd_texts_come_back_as_typed_or_are_refused(small):
    texts = json.loads((SHARED / "naughty_strings_part.json").read_text("utf-8"))
    import unicodedata

    kept = [text for text in texts if not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text)]
    small.facts = [small.facts[7] | {"id": f"odd.text_{i}", "note": text} for i, text in enumerate(kept)]
    small.layers, small.choices = [], []
    catalog = load(small.write())
    assert len(kept) > 100
    assert [fact.note for fact in catalog] == kept
    assert [fact.note for fact in load(small.home)] == kept  # and once more, from the cache
    for text in set(texts) - set(kept):
        small.facts = [FACTS[7] | {"note": text.encode("utf-8", "replace").decode()}]
        assert all(isinstance(problem, DataError) for problem in lint(small.write()))
