"""What was known on a day, which statement is chosen, and what the cache may never do."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrows.catalog import cache, load, loading
from narrows.errors import DataError, UnknownNameError, UsageError

from .small import FACTS, Small, fact


def test_numbers_are_in_canonical_units_and_keep_what_was_typed(small):
    found = load(small.write()).fact("cowos.capacity.2023-12")
    month = 365.25 * 86400 / 12
    assert (found.value, found.unit, found.canonical_unit) == (14500, "wafer/month", "wafer/s")
    assert found.canonical_value == pytest.approx(14500 / month)
    assert (found.canonical_low, found.canonical_high) == pytest.approx((14000 / month, 15000 / month))
    assert (found.known_on, found.midpoint, found.file) == (
        date(2024, 8, 31),
        2023 + 11.5 / 12,
        "facts/cowos.toml",
    )
    assert found.shape == "lognormal"


def test_a_fact_cannot_be_changed(small):
    with pytest.raises(AttributeError):
        load(small.write()).fact("cowos.lag").value = 2


def test_a_series_is_in_order_of_time(small):
    catalog = load(small.write())
    assert [fact.about for fact in catalog.series("cowos.capacity")] == ["2023-12", "2024Q4", "2025"]
    assert catalog.series("cowos.nothing") == ()


def test_the_newest_statement_is_shown_and_a_pool_keeps_all(small):
    catalog = load(small.write())
    assert catalog.fact("cowos.ai_share").source == "report-b"
    assert [fact.source for fact in catalog.statements("cowos.ai_share")] == ["report-b", "report-a"]
    assert len(catalog.candidates("cowos.ai_share")) == 2
    small.choices = []
    assert len(load(small.write()).candidates("cowos.ai_share")) == 1


def test_of_statements_of_one_date_the_most_trusted_kind_is_shown(small):
    same = {"as_of": "2025-07", "source": "report-b"}
    small.facts.append(fact("cowos.lag", 2, 1, 3, "quarter", kind="forecast", **same))
    small.facts.append(fact("cowos.lag", 3, 2, 4, "quarter", kind="measured", as_of="2025-07"))
    assert load(small.write()).fact("cowos.lag").kind == "measured"


def test_an_unknown_fact_names_the_nearest(small):
    with pytest.raises(UnknownNameError) as refusal:
        load(small.write()).fact("cowos.lags")
    assert str(refusal.value) == (
        "The fact 'cowos.lags' is not known. The nearest known: 'cowos.lag', 'cowos.ai_share', "
        "'cowos.capacity.2025'. List them with `narrows facts`."
    )


def test_a_search_wants_every_word_and_puts_ids_first(small):
    catalog = load(small.write())
    assert [fact.id for fact in catalog.search("cowos capacity")][:2] == [
        "cowos.capacity.2024Q4",
        "cowos.capacity.2023-12",
    ]
    assert {fact.source for fact in catalog.search("other view")} == {"report-b"}
    assert catalog.search("capacity nonsense") == []
    assert len(catalog.search()) == len(FACTS)


def test_layers_designs_sources_and_dates(small):
    catalog = load(small.write())
    assert [layer.id for layer in catalog.layers] == ["cowos", "deployed"]
    assert catalog.layers[0].need == ("/packages_per_cowos_wafer",)
    assert (catalog.designs[0].maker, catalog.sources["report-b"].licence) == ("NVIDIA", "CC BY 4.0")
    assert (catalog.oldest, catalog.newest, catalog.vintage) == ("2022-03", "2025-06", "2025-06")
    assert [fact.id for fact in catalog.under("cowos.maker")] == ["cowos.maker.alpha.2024"]


# --- as known on a day --------------------------------------------------------------------------


def test_a_statement_is_known_from_the_end_of_its_period(small):
    catalog = load(small.write())
    assert not catalog.as_known_on("2024-08-30").has("cowos.capacity.2023-12")
    assert catalog.as_known_on("2024-08-31").has("cowos.capacity.2023-12")
    assert catalog.as_known_on("2024-08").has("cowos.capacity.2023-12")
    assert catalog.as_known_on(date(2024, 8, 31)).vintage == "2024-08-31"


def test_a_standing_fact_is_used_before_its_day_only_where_nothing_else_is_known(small):
    catalog = load(small.write())
    early = catalog.as_known_on("2024-01-01")
    assert (early.fact("cowos.ai_share").source, early.standing_used) == ("report-a", 1)
    assert catalog.as_known_on("2025-04-01").standing_used == 0
    small.facts.append(FACTS[3] | {"as_of": "2022", "standing": False, "value": 0.75})
    early = load(small.write()).as_known_on("2024-01-01")
    assert ([found.value for found in early.statements("cowos.ai_share")], early.standing_used) == ([0.75], 0)


def test_a_fact_of_later_says_when_it_was_known(small):
    with pytest.raises(DataError) as refusal:
        load(small.write()).as_known_on("2023-06-30").fact("cowos.capacity.2025")
    assert str(refusal.value) == (
        "Nothing was known about 'cowos.capacity.2025' on 2023-06-30. It was first known on 2025-03-31. "
        "Ask for a later day."
    )


def test_a_day_that_cannot_be_read_is_refused(small):
    with pytest.raises(UsageError):
        load(small.write()).as_known_on("yesterday")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    first=st.dates(date(2021, 1, 1), date(2026, 1, 1)), second=st.dates(date(2021, 1, 1), date(2026, 1, 1))
)
def test_days_nest(first, second, tmp_path_factory):
    catalog = load(_shared(tmp_path_factory))
    early, late = sorted((first, second))
    known = catalog.as_known_on(early)
    assert set(known.statements_by_id) <= set(catalog.as_known_on(late).statements_by_id)
    twice = catalog.as_known_on(late).as_known_on(early)
    assert twice.statements_by_id == known.statements_by_id
    assert catalog.as_known_on(early).as_known_on(late).asked == early
    shown = [fact for fact in known if not fact.standing]
    assert all(fact.known_on <= early for fact in shown)


def _shared(factory):
    home = factory.getbasetemp() / "shared_catalog"
    if not home.exists():
        Small(home).write()
    return home


def test_days_share_what_did_not_change(small):
    catalog = load(small.write())
    known = catalog.as_known_on("2025-04-01")
    name = "cowos.capacity.2023-12"
    assert known.statements(name) is catalog.statements(name)
    assert known.hash != catalog.hash
    assert known.hash == catalog.as_known_on("2025-04-01").hash


# --- the cache ----------------------------------------------------------------------------------


def everything(catalog):
    return (
        dict(catalog.statements_by_id),
        catalog.layers,
        catalog.designs,
        catalog.sources,
        catalog.choices,
        catalog.hash,
    )


def stored():
    return next(cache.directory().glob("catalog-*.json"))


def test_the_cache_gives_the_same_catalogue(small, monkeypatch):
    first = everything(load(small.write()))
    monkeypatch.setattr("narrows.catalog.checks.check", None)  # it is not parsed again
    assert everything(load(small.home)) == first


def test_an_edit_is_seen_even_at_the_same_size_and_time(small):
    path = small.write() / "facts" / "cowos.toml"
    before, state = load(small.home), path.stat()
    path.write_text(path.read_text("utf-8").replace("14500", "14501"), "utf-8")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    after = load(small.home)
    assert (before.fact(FACTS[1]["id"]).value, after.fact(FACTS[1]["id"]).value) == (14500, 14501)
    assert before.hash != after.hash


def test_line_endings_do_not_change_the_hash(small):
    path = small.write() / "facts" / "cowos.toml"
    before = load(small.home).hash
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(small.home).hash == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.floats(0, 0.999), junk=st.binary(max_size=8))
def test_a_corrupt_cache_changes_nothing(place, junk, tmp_path_factory):
    home = _shared(tmp_path_factory)
    right = everything(load(home))
    path = stored()
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + junk)
    assert everything(load(home)) == right
    path.write_bytes(content[:at] + junk + content[at + len(junk) :])
    assert everything(load(home)) == right


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'{"facts": [[1]]}', b"\xff\n\xff", b"[" * 100_000])
def test_a_cache_that_is_well_signed_and_wrong_changes_nothing(content, small):
    right = everything(load(small.write()))
    head = stored().read_bytes().partition(b" ")[0].decode()
    stored().write_bytes(f"{head} {cache._sum(content)}\n".encode() + content)
    assert everything(load(small.home)) == right


def test_a_cache_that_cannot_be_written_is_no_error(small, monkeypatch, tmp_path):
    blocked = tmp_path / "a_file"
    blocked.write_text("")
    monkeypatch.setenv("NARROWS_CACHE_DIR", str(blocked / "inside"))
    assert len(load(small.write())) == len({fact["id"] for fact in FACTS})


def test_a_run_killed_before_the_rename_leaves_the_old_cache(small, monkeypatch):
    load(small.write())
    old = stored().read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    small.facts[1]["value"] = 14600
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            load(small.write())
    assert stored().read_bytes() == old
    assert list(cache.directory().iterdir()) == [stored()]
    assert load(small.home).fact(FACTS[1]["id"]).value == 14600


def test_a_left_over_temporary_file_does_no_harm(small):
    right = everything(load(small.write()))
    (cache.directory() / f"{stored().stem}abc.tmp").write_bytes(b"half")
    assert everything(load(small.home)) == right


def test_without_the_variable_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("NARROWS_CACHE_DIR")
    assert cache.directory().name == "narrows"


# --- what comes with narrows --------------------------------------------------------------------


def test_the_facts_that_come_with_narrows_are_in_order():
    assert [str(problem) for problem in loading.lint()] == []


def test_the_public_call_lists_searches_and_dates():
    from narrows.catalog import facts

    assert len(facts()) >= 500
    assert all("cowos" in fact.id for fact in facts("cowos capacity")[:5])
    assert all(fact.known_on <= date(2024, 6, 30) or fact.standing for fact in facts(as_of="2024-06"))
