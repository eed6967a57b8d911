"""Scenarios: they change only what exists, their order does not matter, and none changes nothing."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrows.catalog import Overlay, Scaling, Setting, load, read_overlay, scenario_id
from narrows.errors import DataError, UsageError

FULL = """
name = "CoWoS slips a year"
why = "a cleanroom is late"
[set]
"cowos.capacity.2023-12" = { value = 70000, low = 60000, high = 80000, unit = "wafer/month" }
"cowos.lag" = { value = 6, unit = "month" }
[scale]
"cowos.capacity" = 0.8
[quarters]
"cowos.capacity" = "2024Q1:2024Q4"
"""


@pytest.fixture
def catalog(small):
    return load(small.write())


def written(tmp_path, text):
    path = tmp_path / "scenario.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_scenario_sets_and_scales(catalog, tmp_path):
    changed = catalog.overlay(read_overlay(written(tmp_path, FULL)))
    numbers = [(fact.value, fact.low, fact.high) for fact in changed.series("cowos.capacity")]
    assert numbers == [(70000, 60000, 80000), (28000, 24000, 32000), (60000, 50000, 80000)]
    lag = changed.fact("cowos.lag")
    assert (lag.canonical_value, lag.level, lag.kind, lag.source) == (
        6 * 2629800,
        "exact",
        "assumption",
        "scenario",
    )
    assert lag.why == "a cleanroom is late"
    assert lag.locator == "set to 6 month, 1 quarter of report-a"
    assert changed.fact("cowos.capacity.2024Q4").locator == "35000 wafer/month of report-a, times 0.8"
    assert changed.sources["scenario"].title == "CoWoS slips a year"
    assert changed.statements("cowos.ai_share") is catalog.statements("cowos.ai_share")
    assert (len(changed.scenario), changed.vintage) == (16, catalog.vintage)
    assert changed.hash != catalog.hash


def test_an_empty_scenario_changes_nothing(catalog):
    assert catalog.overlay(Overlay("as it is")) is catalog


def test_a_pool_is_scaled_whole(catalog):
    changed = catalog.overlay(Overlay("less AI", scalings=(Scaling("cowos.ai_share", 0.5),)))
    assert [fact.value for fact in changed.candidates("cowos.ai_share")] == [0.425, 0.4]


def test_a_share_may_become_zero_and_a_capacity_may_not(catalog):
    changed = catalog.overlay(Overlay("idle", scalings=(Scaling("cowos.ai_share", 0),)))
    fact = changed.fact("cowos.ai_share")
    assert (fact.value, fact.low, fact.high, fact.level) == (0, 0, 0, "exact")
    with pytest.raises(UsageError) as refusal:
        catalog.overlay(Overlay("outage", scalings=(Scaling("cowos.capacity.2025", 0),)))
    assert str(refusal.value) == (
        "Scenario 'outage', fact 'cowos.capacity.2025': 0 wafer/month reaches down to 0. This quantity is "
        "above 0; shares and times may be 0. For almost nothing, scale it by 0.001."
    )


def test_a_scenario_on_a_day_changes_what_was_known(catalog):
    change = Overlay("less", scalings=(Scaling("cowos.capacity", 0.5),))
    changed = catalog.as_known_on("2024-12-31").overlay(change)
    assert [fact.value for fact in changed.series("cowos.capacity")] == [7250, 17500]
    with pytest.raises(UsageError) as refusal:
        catalog.as_known_on("2023-12-31").overlay(change)
    assert str(refusal.value) == (
        "Scenario 'less' changes 'cowos.capacity', of which nothing was known on 2023-12-31. "
        "A scenario changes what was known. Leave it out, or ask for a later day."
    )


CHANGES = (
    Setting("cowos.lag", 2.0, "quarter"),
    Setting("hopper.hbm_bytes", 96.0, "GB"),
    Scaling("cowos.capacity", 0.8),
    Scaling("cowos.capacity.2025", 0.9),
    Scaling("cowos.ai_share", 0.7),
)


def overlay_of(changes):
    return Overlay(
        "any",
        settings=tuple(change for change in changes if isinstance(change, Setting)),
        scalings=tuple(change for change in changes if isinstance(change, Scaling)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(order=st.permutations(CHANGES), count=st.integers(1, len(CHANGES)))
def test_the_order_of_changes_does_not_matter(order, count, catalog):
    sorted_again = sorted(order[:count], key=CHANGES.index)
    one, other = catalog.overlay(overlay_of(order[:count])), catalog.overlay(overlay_of(sorted_again))
    for mine, theirs in zip(one, other, strict=True):
        assert mine[:6] + mine[-6:] == pytest.approx(theirs[:6] + theirs[-6:]) or mine == theirs
    assert (one.scenario, one.hash) == (other.scenario, other.hash)


def test_different_changes_have_different_names(catalog):
    kinds = [overlay_of(part) for size in range(1, 6) for part in itertools.combinations(CHANGES, size)]
    names = {scenario_id(kind, catalog.vintage) for kind in kinds}
    assert len(names) == len(kinds)
    assert scenario_id(kinds[0], "2024") not in names


REFUSED = {
    "unknown fact": (
        '[set]\n"cowos.lags" = { value = 2, unit = "quarter" }',
        (
            "Scenario 'x' changes 'cowos.lags', which is no fact and no series. "
            "The nearest: 'cowos.lag', 'cowos.ai_share', 'cowos.capacity'. "
            "A scenario may override only facts that exist; list them with `narrows facts`."
        ),
    ),
    "unknown series": (
        '[scale]\n"cowos.capacities" = 2',
        (
            "Scenario 'x' changes 'cowos.capacities', which is no fact and no series. "
            "The nearest: 'cowos.capacity', 'cowos.capacity.2025', 'cowos.capacity.2024Q4'. "
            "A scenario may override only facts that exist; list them with `narrows facts`."
        ),
    ),
    "set a series": (
        '[set]\n"cowos.capacity" = { value = 2, unit = "wafer/month" }',
        (
            "Scenario 'x' sets the series 'cowos.capacity'. Its facts: 'cowos.capacity.2024Q4', "
            "'cowos.capacity.2023-12', 'cowos.capacity.2025'. Set each of them."
        ),
    ),
    "another dimension": (
        '[set]\n"cowos.lag" = { value = 2, unit = "MW" }',
        (
            "Scenario 'x', fact 'cowos.lag': the unit 'MW' measures another thing than 'quarter'. "
            "Its unit is quarter or one of the same dimension. Write it in quarter."
        ),
    ),
    "percent of a share": (
        '[set]\n"cowos.ai_share" = { value = 2, unit = "percent" }',
        (
            "Scenario 'x', fact 'cowos.ai_share': the unit 'percent' measures another thing than 'share'. "
            "Its unit is share or one of the same dimension. Write it in share."
        ),
    ),
    "negative capacity": (
        '[set]\n"cowos.capacity.2025" = { value = -2, unit = "wafer/month" }',
        (
            "Scenario 'x', fact 'cowos.capacity.2025': -2 is below 0. This quantity is 0 or more. "
            "Correct the number."
        ),
    ),
    "share above 1": (
        '[scale]\n"cowos.ai_share" = 1.1',
        (
            "Scenario 'x', fact 'cowos.ai_share': 1.045 is above 1. A share is 0 to 1. "
            "Correct the number or the factor."
        ),
    ),
    "out of order": (
        '[set]\n"cowos.lag" = { value = 5, low = 6, high = 7, unit = "quarter" }',
        (
            "Scenario 'x', fact 'cowos.lag': 5 with low 6 and high 7. "
            "Numbers are finite, and low <= value <= high. Correct them."
        ),
    ),
    "low alone": (
        '[set]\n"cowos.lag" = { value = 5, low = 4, unit = "quarter" }',
        "Scenario 'x', fact 'cowos.lag' has only one of low and high. They go together. Give both or none.",
    ),
    "negative factor": (
        '[scale]\n"cowos.lag" = -1',
        (
            "Scenario 'x' scales 'cowos.lag' by -1.0. A factor is a finite number from 0. "
            "Write 0.8 to take a fifth away."
        ),
    ),
    "quarters without facts": (
        '[scale]\n"cowos.capacity" = 0.5\n[quarters]\n"cowos.capacity" = "2029Q1"',
        (
            "Scenario 'x' scales 'cowos.capacity' in 2029Q1:2029Q1, where it has no fact. "
            "It has facts about: 2023-12, 2024Q4, 2025. Widen the quarters, or leave them out."
        ),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_change_is_one_whole_sentence(name, catalog, tmp_path):
    text, sentence = REFUSED[name]
    overlay = read_overlay(written(tmp_path, f'name = "x"\n{text}'))
    with pytest.raises(UsageError) as refusal:
        catalog.overlay(overlay)
    assert (str(refusal.value), refusal.value.exit_code) == (sentence, 2)


UNREADABLE = {
    "no name": (
        "[set]",
        UsageError,
        '{} has no name. name is text of one line. Add name = "CoWoS slips a year".',
    ),
    "unknown key": (
        'name = "x"\n[sets]',
        UsageError,
        "{}: the key 'sets' is not known. The nearest known: 'set', 'scale'. Correct or remove it.",
    ),
    "no unit": (
        'name = "x"\n[set]\n"cowos.lag" = { value = 2 }',
        UsageError,
        "{}, fact 'cowos.lag' has no unit. unit is text of one line. Add unit = \"wafer/month\".",
    ),
    "no quotes": (
        'name = "x"\n[set]\ncowos.lag = { value = 2, unit = "quarter" }',
        UsageError,
        (
            "{}: set names 'cowos', which is no fact id. A fact id has dots, as in cowos.capacity.2026-12. "
            'Put the id in quotes: "cowos.capacity.2026-12" = {{ value = 70000, unit = "wafer/month" }}.'
        ),
    ),
    "no factor": (
        'name = "x"\n[scale]\n"cowos.lag" = true',
        UsageError,
        (
            "{}: the scale of 'cowos.lag' is True. A scale is a number; 0.8 takes a fifth away. "
            'Write "cowos.lag" = 0.8.'
        ),
    ),
    "quarters of nothing": (
        'name = "x"\n[quarters]\n"cowos.lag" = "2026Q1"',
        UsageError,
        "{}: quarters names 'cowos.lag', which is not scaled. Quarters limit a scale. Remove it.",
    ),
    "no quarters": (
        'name = "x"\n[scale]\n"cowos.lag" = 2\n[quarters]\n"cowos.lag" = 2026',
        UsageError,
        (
            "{}: the quarters of 'cowos.lag' are 2026. Quarters are a text such as 2026Q4:2027Q4. "
            'Write "cowos.lag" = "2026Q4:2027Q4".'
        ),
    ),
    "not a number": (
        'name = "x"\n[scale]\n"cowos.lag" = nan',
        DataError,
        (
            "{}, scale.cowos.lag: nan is not a number that can be used. Numbers are finite. "
            "Write the number, or leave the entry out."
        ),
    ),
    "not TOML": (
        "name",
        DataError,
        (
            "{} is not TOML: Expected '=' after a key in a key/value pair (at end of document). "
            "TOML 1.0 is needed. Correct it there."
        ),
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_wrong_file_is_one_whole_sentence(name, tmp_path):
    text, kind, sentence = UNREADABLE[name]
    path = written(tmp_path, text)
    with pytest.raises(kind) as refusal:
        read_overlay(path)
    assert str(refusal.value) == sentence.format(f"Scenario file {path.as_posix()!r}")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError) as refusal:
        read_overlay(tmp_path / "none.toml")
    where = f"Scenario file {(tmp_path / 'none.toml').as_posix()!r}"
    assert str(refusal.value) == f"{where} does not exist. A TOML file is needed. Check the path."
    with pytest.raises(DataError):
        read_overlay(tmp_path)


PIECES = st.sampled_from(
    ['name = "x"\n', "[set]\n", "[scale]\n", "[quarters]\n", '"cowos.lag" = ', "{ value = 1, ",
     'unit = "quarter"', "}", "0.5", "nan", "1e999", "true", '"2026Q1"', "\n", "[[", "low = -1,", '"\\u0000"']
)  # fmt: skip


@settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=st.binary(max_size=40) | st.lists(PIECES, max_size=14).map(lambda parts: "".join(parts).encode())
)
def test_no_scenario_file_whatever_raises_anything_but_a_sentence(content, catalog, tmp_path):
    path = tmp_path / "any.toml"
    path.write_bytes(content)
    with contextlib.suppress(UsageError, DataError):
        assert all(fact.low <= fact.value <= fact.high for fact in catalog.overlay(read_overlay(path)))
