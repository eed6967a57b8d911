"""Segments: what they book, what of them is shown, and the designs of the back-test that use them."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from narrows.catalog import default
from narrows.errors import UnknownNameError, UsageError
from narrows.value.backtest import Observation, backtest, correlate, rent_shares
from narrows.value.company import company, find_company
from narrows.value.returns import returns_backtest
from narrows.value.segments import segment_lines, segments

STUDY = [
    "NVIDIA",
    "AMD",
    "Google",
    "Amazon",
    "Meta",
    "Microsoft",
    "TSMC",
    "ASML",
    "Samsung",
    "Intel",
    "SK_hynix",
    "Micron",
    "Mellanox",
    "Broadcom",
    "Arista",
    "Supermicro",
    "Dell",
    "Foxconn",
    "Vertiv",
    "Eaton",
    "Schneider",
    "nVent",
    "Dominion",
    "AES",
    "NextEra",
    "Constellation",
    "NuScale",
    "Oklo",
    "Groq",
    "Qualcomm",
    "Apple",
    "MediaTek",
    "Sandisk",
]
"""Companies of the stack that the study's text names."""


@pytest.fixture(scope="module")
def shares():
    return rent_shares(draws=50)


@pytest.mark.parametrize("name", STUDY)
def test_every_company_of_the_study_is_found(name):
    assert find_company(default(), name.replace("_", " ")).id


@pytest.mark.parametrize("name", ["S", "", "No such company"])
def test_a_name_of_none_or_of_several_is_refused(name):
    with pytest.raises(UnknownNameError):
        find_company(default(), name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Groq", "No revenue of it is held here: private and without published accounts"),
        ("AES", "No fact gives AES a share in a layer of the map"),
        ("Sandisk", "No gross margin of it is held here"),
    ],
)
def test_a_company_without_a_share_says_what_is_lacking(name, told):
    found = company(name, "2026Q4", draws=20)
    assert found.row.kept.mean == 0
    assert not found.row.parts
    assert told in " ".join(found.lacks)


def test_revenue_is_of_a_year_and_as_the_page_prints_it():
    found = company("AES", "2026Q4", draws=20)
    assert (found.year, found.revenue) == ("2024", 12_278e6)


def test_a_margin_is_what_its_locator_prints():
    checked = 0
    for fact in default().under("company"):
        words = fact.locator.replace(",", "").split()
        if ".segment_margin." in fact.id and " over " in fact.locator:
            numbers = [float(word) for word in words if word.lstrip("-").replace(".", "").isdecimal()]
            assert fact.value == pytest.approx(numbers[0] / numbers[1], abs=1e-4), fact.id
            checked += 1
    assert checked > 20


def test_segments_of_a_layer_are_of_companies_that_earn_from_it():
    book = default()
    for one in segments(book, {layer.id for layer in book.layers}):
        assert one.margins, one
        for layer in one.parts:
            assert book.series(f"company.{one.company}.exposed.{layer}"), one
            assert 0 < one.parts[layer] <= 1


def test_lines_are_in_order_and_name_their_fact():
    lines = segment_lines(default(), "micron")
    assert [(line.segment, line.year) for line in lines] == sorted(
        (line.segment, line.year) for line in lines
    )
    assert all(default().fact(line.fact).value == line.margin for line in lines)
    assert segment_lines(default(), "oklo") == ()


@pytest.mark.parametrize("change", [None, "same", "next"])
def test_a_change_lies_between_those_of_its_makers(shares, change):
    found = backtest(shares=shares, margins="segments", change=change)
    for one in found.observations:
        assert min(one.changes) - 1e-12 <= one.change <= max(one.changes) + 1e-12
    assert sum(part for _, part in found.by_layer) == pytest.approx(found.correlation)


def test_changes_of_rent_add_up_to_the_rent_of_the_last_year_less_the_first(shares):
    found = backtest(shares=shares, margins="segments", change="same")
    years = sorted(shares)
    for layer in {one.layer for one in found.observations}:
        seen = [one for one in found.observations if one.layer == layer]
        if len(seen) == len(years) - 1:
            total = sum(one.rent_share for one in seen)
            assert total == pytest.approx(shares[years[-1]][layer] - shares[years[0]][layer])


def test_the_same_year_is_the_next_of_the_year_before(shares):
    same, following = (
        {(one.layer, one.year): one.change for one in backtest(shares=shares, change=change).observations}
        for change in ("same", "next")
    )
    shared = [(layer, year) for layer, year in following if (layer, year + 1) in same]
    assert shared
    assert all(same[layer, year + 1] == pytest.approx(following[layer, year]) for layer, year in shared)


@pytest.mark.parametrize("design", [{"margins": "plants"}, {"change": "before"}])
def test_a_design_that_is_not_known_is_refused(design):
    with pytest.raises(UsageError, match="The design has"):
        backtest(draws=10, **design)


def made(rents, changes, year=2021):
    names = [f"layer{place}" for place in range(len(rents))]
    return tuple(
        Observation(name, year, rent, change, (f"of_{name}",), (1.0,), (change,))
        for name, rent, change in zip(names, rents, changes, strict=True)
    )


def test_the_correlation_is_that_of_spearman():
    rng = np.random.default_rng(3)
    rents, changes = rng.normal(size=9).round(1), rng.normal(size=9).round(1)
    found = correlate(made(rents, changes), [2021], 1)
    assert found.correlation == pytest.approx(spearmanr(rents, changes).statistic)
    assert found.low <= found.high
    assert found.company_low <= found.company_high


def test_a_law_that_holds_is_found():
    rents = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    found = correlate(made(rents, [3 * rent - 0.2 for rent in rents]), [2021], 1)
    assert found.correlation == pytest.approx(1)
    assert found.low == pytest.approx(1)
    assert found.chance < 0.05


def test_returns_take_the_place_of_margins(shares):
    past = backtest(shares=shares)
    names = sorted(set(itertools.chain.from_iterable(one.companies for one in past.observations)))
    returns = {2023: {name: float(place) for place, name in enumerate(names)}}
    found = returns_backtest(past, returns)
    assert found is not None
    assert {one.year for one in found.observations} == {2023}
    assert all(one.change in {returns[2023][name] for name in one.companies} or len(one.companies) > 1
               for one in found.observations)  # fmt: skip
    assert math.isfinite(found.correlation)
    assert returns_backtest(past, {}) is None
