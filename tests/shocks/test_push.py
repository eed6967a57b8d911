"""The cost push: laws of the price model, twins of its solvers, and the published figures of the tables."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import DataError, UnknownNameError, UsageError
from narrows.shocks.attribution import adjoint, attribute
from narrows.shocks.push import PriceModel, lagged, many, price_vector, push, quarterly_kernel
from narrows.shocks.repricing import repriced, scaled_to
from narrows.shocks.tables import Economy, economy, parents, prices, radius, requirements

TARGETS = Path(__file__).parents[3] / "shared/data/shocks/targets.json"
needs_data = pytest.mark.skipif(not TARGETS.is_file(), reason="data on shocks are absent")


def made(A, basket=None):
    size = len(A)
    codes = tuple(f"i{at}" for at in range(size))
    spent = np.full(size, 1 / size) if basket is None else basket
    left = 1 - A.sum(axis=0)
    return Economy(
        "made", 2000, codes, codes, A, np.ones(size), spent, np.vstack([left / 2, left * 0, left / 2])
    )


@st.composite
def tables(draw):
    size = draw(st.integers(2, 7))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    A = rng.gamma(0.4, 1, (size, size))
    return made(A / A.sum(axis=0) * rng.uniform(0.1, 0.9, size))


@given(tables(), st.floats(-0.5, 2))
@settings(max_examples=40, deadline=None)
def test_push_is_linear_and_bounded_by_the_largest_given_price(table, change):
    found = push(table, {"i0": change})
    assert np.allclose(found, change * push(table, {"i0": 1.0}))
    assert np.abs(found).max() <= abs(change) + 1e-12


@given(tables())
@settings(max_examples=40, deadline=None)
def test_if_all_costs_rise_alike_all_prices_do(table):
    left = 1 - table.A.sum(axis=0)
    for factor in (1.0, 1.7):
        found, _ = price_vector(table.A * table.output, table.output, factor * left)
        assert np.allclose(found, factor, atol=1e-9)


@given(tables())
@settings(max_examples=30, deadline=None)
def test_value_added_reaches_the_buyer_whole(table):
    left = 1 - table.A.sum(axis=0)
    parts = [
        price_vector(table.A, np.ones(len(left)), left * (np.arange(len(left)) == at))[0]
        for at in range(len(left))
    ]
    assert np.allclose(np.sum(parts, axis=0), 1.0)


@given(tables())
@settings(max_examples=30, deadline=None)
def test_ghosh_moves_values_as_leontief_moves_prices(table):
    """Dietzenbacher's identity: a Ghosh value change over output is the Leontief price change."""
    left = 1 - table.A.sum(axis=0)
    change = left * np.linspace(0.1, 0.3, len(left))
    prices_moved, _ = price_vector(table.A * table.output, table.output, change)
    sold = table.A * table.output[None, :] / table.output[:, None]
    values = np.linalg.solve(np.eye(len(left)) - sold.T, change * table.output)
    assert np.allclose(values / table.output, prices_moved)


def test_closed_form_of_two_industries():
    A = np.array([[0.0, 0.3], [0.0, 0.2]])
    assert push(made(A), {"i0": 0.1})[1] == pytest.approx(0.3 * 0.1 / (1 - 0.2))
    phi = 0.5
    assert push(made(A), {"i0": 0.1}, phi)[1] == pytest.approx(phi * 0.03 / (1 - phi * 0.2))


def test_nothing_passed_on_moves_nothing_and_more_moves_more():
    us = economy("detail", 2017)
    moved = [push(us, {"211000": 0.5}, phi) for phi in (0.0, 0.4, 0.8, 1.0)]
    free = np.arange(len(us.codes)) != us.at("211000")
    assert not moved[0][free].any()
    assert all((later[free] >= before[free] - 1e-12).all() for before, later in pairwise(moved))


def test_solvers_agree():
    us = economy("detail", 2017)
    model = PriceModel(us, ("211000", "221200"))
    rng = np.random.default_rng(4)
    phi, change = rng.beta(5, 2, (40, len(us.codes))), rng.uniform(-0.5, 1.0, (40, 2))
    batch = many(model, change, phi)
    for row in range(0, 40, 8):
        direct = model.solve(change[row], phi[row])
        series, terms = model.series(change[row], phi[row])
        assert np.abs(batch[row] - direct).max() < 1e-7
        assert np.abs(series - direct).max() < 1e-10
        assert terms < 60


def test_adjoint_is_the_slope_and_paths_sum_to_the_total():
    us = economy("detail", 2017)
    model = PriceModel(us, ("211000", "324110", "325110"))
    phi = np.linspace(0.4, 1.0, len(us.codes))
    weights = np.zeros(len(us.codes))
    weights[us.at("336111")] = 1.0
    slopes = adjoint(model, weights, phi)
    for at in range(3):
        step = 1e-3 * (np.arange(3) == at)
        ahead = (model.solve(step, phi) - model.solve(-step, phi))[us.at("336111")] / 2e-3
        assert slopes[at] == pytest.approx(ahead, abs=1e-8)
    found = attribute(model, "336111", [0.5, 0.4, 0.35], phi)
    total = found.total
    assert sum(found.given.values()) == pytest.approx(total, abs=1e-12)
    assert sum(found.suppliers.values()) == pytest.approx(total, abs=1e-12)
    assert sum(path.change for path in found.paths) + found.other_paths == pytest.approx(total, abs=1e-12)
    assert 0 < found.other_paths < total
    for path in found.paths[:3]:  # each path again, product by product
        weight = 1.0
        for supplier, user in zip(path.codes, path.codes[1:], strict=False):
            weight *= phi[us.at(user)] * us.A[us.at(supplier), us.at(user)]
        given_change = dict(zip(model.given, [0.5, 0.4, 0.35], strict=True))[path.codes[0]]
        assert weight * given_change == pytest.approx(path.change, rel=1e-9)


def test_lags_end_where_the_whole_response_is():
    kernel = quarterly_kernel(0.93, 0.22)
    step = lagged(np.ones((40, 1)), kernel)[:, 0]
    assert step[-1] == pytest.approx(1.0)
    assert (np.diff(step) >= -1e-12).all()
    slower = quarterly_kernel(0.6, 0.4)
    assert slower[0] < kernel[0]
    with pytest.raises(UsageError) as refused:
        quarterly_kernel(0.0, 0.2)
    assert str(refused.value) == (
        "The response is 0 in the year of the change and 0.2 in the next. The first is above 0, the second not "
        "below 0. Give the two coefficients of yearly price changes on the push of this and of the last year."
    )


def test_repricing_moves_shares_and_back_again():
    us = economy("summary", 2014)
    ratio = prices("summary").change(2014, 2016)
    there = repriced(us, ratio, 2016)
    back = repriced(there, 1 / ratio, 2014)
    assert np.allclose(back.A, us.A)
    assert np.allclose(back.basket, us.basket)
    assert np.allclose(there.A.sum(axis=0) + there.added.sum(axis=0), 1.0)
    assert np.allclose(repriced(us, np.full(71, 3.0)).A, us.A)
    with pytest.raises(UsageError) as refused:
        repriced(us, -ratio)
    assert "One positive number for each of 71 industries" in str(refused.value)


def test_scaled_table_meets_the_summary_where_one_industry_is_one():
    was, now = economy("summary", 2017), economy("summary", 2019)
    found = scaled_to(economy("detail", 2017), was, now, prices("detail").change(2017, 2019), parents())
    old = economy("detail", 2017)
    at = old.at("481000"), old.at("211000")
    summary = now.A[now.at("211"), now.at("481")] / was.A[was.at("211"), was.at("481")]
    detail = found.A[at[1], at[0]] / old.A[at[1], at[0]]
    assert detail == pytest.approx(summary, rel=1e-9)
    assert radius(found.A) < 0.6


def test_tables_are_checked_at_load():
    us = economy("detail", 2017)
    assert any(text.startswith("S00201") and "negative" in text for text in us.findings)
    assert us.A.sum(axis=0).max() == pytest.approx(1.595, abs=1e-3)
    with pytest.raises(DataError) as refused:
        made(np.array([[0.5, 0.6], [0.6, 0.5]]))
    assert str(refused.value) == (
        "The largest eigenvalue of the table made 2000 is 1.100. Prices exist where it is below 1. Check that rows "
        "and columns are in one order, and that output is in the unit of the flows."
    )
    with pytest.raises(DataError, match="has a number that is not finite"):
        made(np.array([[np.nan, 0.0], [0.0, 0.0]]))
    with pytest.raises(UsageError) as absent:
        economy("detail", 2018)
    assert str(absent.value).startswith(
        "The table detail 2018 is asked for. Shipped are summary 2012 to 2019"
    )
    with pytest.raises(UnknownNameError, match="The industry '336999x' is not known"):
        push(us, {"336999x": 0.1})


def test_industry_technology_keeps_what_is_bought():
    rng = np.random.default_rng(1)
    use, make = rng.uniform(0, 1, (5, 4)), rng.uniform(0, 1, (4, 5))
    output = np.full(4, 10.0)
    assert np.allclose(requirements(use, make, output).sum(axis=0), use.sum(axis=0) / 10)


@needs_data
def test_pushes_are_those_beside_the_tables():
    targets = json.loads(TARGETS.read_text())
    us = economy("detail", 2017)
    crude = push(us, {"211000": 1.0})
    for code, stated in targets["price_push_of_crude_per_unit"].items():
        assert crude[us.at(code)] == pytest.approx(stated, abs=6e-4)
    slopes = {
        code: targets["elasticity_to_oil_1998_2019 [slope, R2]"][code][0]
        for code in ("324110", "325110", "325310")
    }
    parity = push(us, {"211000": 0.1, **{code: 0.1 * slope for code, slope in slopes.items()}})
    for code, row in targets["push_of_10pct_crude"]["rows"].items():
        assert 1e3 * crude[us.at(code)] == pytest.approx(row[0], abs=0.06)
        assert 1e4 * parity[us.at(code)] == pytest.approx(row[1], abs=0.06)
        assert 100 * us.surplus[us.at(code)] == pytest.approx(row[2], abs=0.06)
    for level, year in (("summary", 2017), ("summary", 2019), ("detail", 2017)):
        stated = targets["identities"][f"{level}_{year}"]
        assert economy(level, year).radius == pytest.approx(stated["spectral_radius"], abs=6e-4)
        assert economy(level, year).output.sum() / 1e3 == pytest.approx(stated["output_bn_usd"], abs=0.06)
