"""The ledger and its split: laws that hold whatever the facts say."""

import numpy as np
import pytest

from narrows.bottlenecks.answer import run
from narrows.bottlenecks.network import Network, Stack
from narrows.bottlenecks.plain import rents, solve
from narrows.catalog import read_overlay
from narrows.value.capture import BUYERS, MAKERS, ROLES, capture
from narrows.value.ledger import ledger

EXACT = 1e-9


@pytest.fixture(scope="module")
def solved():
    return run("2026Q4:2027Q3", draws=400)


@pytest.fixture(scope="module")
def captured(solved):
    return capture(solved, ahead=8)


def test_rents_add_up_to_the_value_in_every_draw(solved):
    assert ledger(solved).gap < EXACT


def test_rents_are_those_of_the_solver(solved):
    book = ledger(solved)
    untied = ~solved.solution.tied.any(axis=1)
    whole = solve(solved.model.stack(slice(400)))
    assert np.allclose(book.rent.sum(axis=2)[untied], whole.rent[untied, 1:], rtol=1e-12, atol=1e-6)


def test_what_all_keep_adds_up_to_the_rents(captured):
    kept = sum(captured.kept.values())
    assert np.abs(kept - captured.total).max() <= EXACT * captured.total.mean()


def test_each_layer_adds_up_on_its_own(captured):
    for place, layer in enumerate(captured.layers):
        kept = captured.of(layer=layer)
        assert np.abs(kept - captured.rent[:, place]).max() <= EXACT * captured.total.mean()


def test_roles_add_up(captured):
    assert sum(captured.of(role=role) for role in ROLES) == pytest.approx(captured.total)


def test_the_rent_of_demand_is_the_buyers(captured):
    place = captured.layers.index("demand")
    assert captured.of(role=BUYERS) == pytest.approx(captured.rent[:, place])


def overlaid(tmp_path, *facts, draws=200):
    lines = [
        'name = "test"',
        "[set]",
        *(f'"{name}" = {{ value = {value}, unit = "{unit}" }}' for name, value, unit in facts),
    ]
    file = tmp_path / "scenario.toml"
    file.write_text("\n".join(lines))
    assert read_overlay(file)
    return capture(run("2026Q4:2027Q3", draws=draws, scenario=file), ahead=8)


def test_makers_whose_prices_are_free_and_set_each_quarter_keep_all_of_their_rent(tmp_path):
    found = overlaid(
        tmp_path, ("transformer.free_pricing", 1.0, "share"), ("transformer.repricing_time", 1.0, "month")
    )
    place = found.layers.index("transformer")
    assert found.of(layer="transformer", role=MAKERS) == pytest.approx(found.rent[:, place])


def test_makers_without_pricing_power_keep_nothing(tmp_path):
    found = overlaid(tmp_path, ("transformer.free_pricing", 0.0, "share"))
    assert np.abs(found.of(layer="transformer", role=MAKERS)).max() <= EXACT * found.total.mean()


def test_tied_layers_share_the_price_over_all_orders():
    tied = Stack(
        Network([2, 2, -1], [0, 0, 0]),
        np.array([[[3.0, 4.0], [3.0, 4.0], [9.0, 9.0]]]),
        np.zeros((1, 3, 2)),
        [[[np.inf]] * 3],
        [[9.0, 18.0]],
        [1.0, 0.5],
    )
    found = rents(tied, np.array([[0, 1, 2], [1, 0, 2]]))
    assert found.rent[0, 0] == pytest.approx(found.rent[0, 1])
    assert found.rent.sum() == pytest.approx(found.value[0])


def test_more_surplus_scales_all_rents_alike(tmp_path):
    low = overlaid(tmp_path, ("value.surplus", 0.2, "share"))
    high = overlaid(tmp_path, ("value.surplus", 0.4, "share"))
    assert high.rent.sum() == pytest.approx(2 * low.rent.sum())
