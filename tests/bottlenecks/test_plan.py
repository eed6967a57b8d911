"""The linear program of several products against hand-made cases, the oracle, the fast path and linopy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.plan import priced_everywhere, with_linopy

import narrows
from narrows.bottlenecks import plain
from narrows.bottlenecks.lp import optimum
from narrows.bottlenecks.model import FIRST, build
from narrows.bottlenecks.network import Network
from narrows.bottlenecks.plain import outputs
from narrows.bottlenecks.planning import MOST_PLANS, _Question, _Solved
from narrows.bottlenecks.products import Choice, Shop, named, usual
from narrows.bottlenecks.programme import Expansion, Programme, Steps, culprits, optimise
from narrows.catalog import PointReader, Reader, default
from narrows.errors import UnknownNameError, UsageError
from narrows.quarters import Quarter

from .priced import priced
from .stacks import EXAMPLES, many_draws

pytest.importorskip("highspy")
LINE = Network([1, -1], [1, 0])


def one(stack, draw=0):
    """A stack as a programme of one product."""
    draws, layers, quarters = stack.K.shape
    ones = np.ones((1, quarters))
    arrivals = np.broadcast_to(stack.A, (draws, layers, quarters))[draw]
    caps = np.broadcast_to(stack.B, (draws, layers, stack.B.shape[2]))[draw]
    cap = np.broadcast_to(caps - arrivals[:, -1:], (layers, quarters))
    value = np.cumsum(stack.w[::-1])[::-1]
    return Programme(
        stack.network, ("all",), stack.K[draw], np.ones((1, layers, quarters)), arrivals[None], cap, value,
        np.broadcast_to(stack.D, (draws, quarters))[draw][None], 0 * ones, ones, 0 * ones,
    )  # fmt: skip


def two(K, take, *, T=1, **changes):
    """Two products that share packages, racks without a limit."""
    one_each = np.ones((2, T))
    taken = np.ones((2, 2, T))
    taken[:, 0] = np.array(take)[:, None]
    made = Programme(
        Network([1, -1], [0, 0]), ("a", "b"), np.array([K, [np.inf] * T], dtype=float), taken,
        np.zeros((2, 2, T)), np.full((2, T), np.inf), np.ones(T), np.full((2, T), np.inf),
        0 * one_each, one_each, 0 * one_each,
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_one_product_is_the_worked_example(name):
    stack = EXAMPLES[name]
    planned = optimise(one(stack))
    assert np.allclose(np.cumsum(planned.deployed[0]), optimum(stack).output, rtol=1e-9)
    assert np.isclose(planned.objective, optimum(stack).value, rtol=1e-9)
    assert np.isclose(sum(planned.ledger), planned.objective, rtol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_one_product_is_the_fast_path(seed):
    stack = many_draws(seed, 2, 6, 10, integer=seed % 2 == 0)
    solved = plain.solve(stack)
    for draw in range(2):
        planned = optimise(one(stack, draw))
        size = max(solved.value[draw], 1.0)
        assert abs(planned.objective - solved.value[draw]) <= 1e-6 * size
        assert abs(sum(planned.ledger) - planned.objective) <= 1e-9 * size


def test_history_ends_in_the_output_of_the_fast_path():
    stack = many_draws(3, 4, 6, 9, integer=False)
    root = outputs(stack)[:, stack.network.root]
    assert np.allclose(root, plain.forward(stack).output, rtol=1e-12)


def test_two_products_by_hand():
    # 10 packages; a takes 1, b takes 4. Free shares: all a, 10. At least a half b: y = a + b, a = b,
    # 5 a = 10, so 4 in all, and a package more makes 2 / 5 more.
    half = np.array([[0.0], [0.5]])
    assert optimise(two([10], [1, 4])).deployed.ravel().tolist() == pytest.approx([10, 0])
    planned = optimise(two([10], [1, 4], low=half))
    assert planned.deployed.ravel().tolist() == pytest.approx([2, 2])
    assert planned.price[0, 0] == pytest.approx(0.4)


def test_stock_of_one_product_does_not_serve_the_other():
    # 6 of a wait. b alone is wanted to a half: 10 packages more of b, and 10 in all of a.
    arrivals = np.zeros((2, 2, 1))
    arrivals[0, 0] = 6
    planned = optimise(two([4], [1, 1], A=arrivals, high=np.array([[0.5], [0.5]])))
    assert planned.deployed.ravel().tolist() == pytest.approx([4, 4])


def test_an_expansion_pays_after_its_lead_time():
    # 1 a quarter; a line more costs 2.5, comes after 1 quarter of 4 and then makes 3: up to the ceiling of 5.
    grow = Expansion(
        cost=np.array([2.5, np.inf]), lead=np.array([1, 0]), ceiling=np.full((2, 4), 5.0),
        reach=np.ones((2, 4)), lasting=np.array([True, True]),
    )  # fmt: skip
    planned = optimise(two([1] * 4, [1, 1], T=4, expansion=grow))
    assert planned.deployed.sum(axis=0).tolist() == pytest.approx([1, 6, 6, 6])
    assert (planned.spent, planned.objective) == pytest.approx((12.5, 6.5))
    assert sum(planned.ledger) == pytest.approx(planned.objective, rel=1e-9)
    dear = replace(grow, cost=np.array([3.5, np.inf]))
    assert optimise(two([1] * 4, [1, 1], T=4, expansion=dear)).spent == pytest.approx(0)


def test_units_that_are_paid_each_time():
    # Each unit costs 0.4 and is worth 1, and may be bought from the second quarter on, 2 at most.
    grow = Expansion(
        cost=np.array([0.4, np.inf]), lead=np.array([1, 0]), ceiling=np.full((2, 3), 2.0),
        reach=np.ones((2, 3)), lasting=np.array([False, False]),
    )  # fmt: skip
    planned = optimise(two([1] * 3, [1, 1], T=3, expansion=grow))
    assert planned.deployed.sum(axis=0).tolist() == pytest.approx([1, 3, 3])
    assert planned.spent == pytest.approx(1.6)


def test_demand_stops_where_its_value_falls_below_the_cost():
    # Steps of 2 at values 2, 1, 0.5; capacity 3, then bought units at 0.8: the step at 0.5 is not served.
    steps = Steps(0, np.array([2.0, 1.0, 0.5]), np.full((3, 1), 2.0))
    grow = Expansion(
        cost=np.array([0.8, np.inf]), lead=np.array([0, 0]), ceiling=np.full((2, 1), 9.0),
        reach=np.ones((2, 1)), lasting=np.array([False, False]),
    )  # fmt: skip
    planned = optimise(two([3], [1, 1], steps=steps, expansion=grow))
    assert planned.deployed.sum() == pytest.approx(4)
    assert planned.objective == pytest.approx(2 * 2 + 2 * 1 - 0.8)
    assert sum(planned.ledger) == pytest.approx(planned.objective, rel=1e-9)


def test_one_step_at_the_stated_value_is_a_demand_without_elasticity():
    steps = Steps(0, np.array([1.0]), np.full((1, 1), 4.0))
    assert optimise(two([9], [1, 1], steps=steps)).deployed.sum() == pytest.approx(4)


def test_culprits_name_the_layer_and_the_quarter():
    wrong = two([5, 5], [1, 1], T=2, least=np.array([[0.0, 0.0], [2.0, 9.0]]))
    assert culprits(two([5, 5], [1, 1], T=2, least=np.array([[0.0, 0.0], [2.0, 8.0]]))) == []
    found = culprits(wrong)[0]
    assert (found.kind, found.layer) == ("capacity", 0)
    assert found.missing == pytest.approx(1.0)


def test_a_product_without_a_limit_is_refused():
    with pytest.raises(UsageError) as refused:
        optimise(two([np.inf], [1, 1]))
    assert str(refused.value) == (
        "Nothing limits product 'a' in quarter 0. A product takes of a layer with a known capacity, or has a "
        "demand. Give a capacity to a layer that it needs, or a demand."
    )


@pytest.fixture(scope="module", params=["median", "draws"])
def shop(request):
    reader = PointReader(default()) if request.param == "median" else Reader(default(), 5, 3)
    model = build(reader)
    return Shop(model, usual(model.layers[0].recipes, 2026), Quarter.parse("2026Q3") - FIRST)


def test_the_mix_fixed_is_the_fast_path(shop):
    fast = np.diff(plain.forward(shop.stack).output, axis=1, prepend=0.0)[:, shop.first :]
    for draw in range(shop.model.reader.n):
        planned = optimise(shop.programme(draw, Choice(together=True)))
        assert np.allclose(planned.deployed.sum(axis=0), fast[draw], rtol=1e-6)
        assert np.isclose(sum(planned.ledger), planned.objective, rtol=1e-9)


def test_more_choice_is_never_worth_less(shop):
    apart, mix = (optimise(shop.programme(0, Choice(mix=mix))) for mix in (False, True))
    assert mix.objective >= apart.objective * (1 - 1e-9)
    shares = shop.shares(0)
    assert np.allclose(apart.deployed, shares * apart.deployed.sum(axis=0), rtol=1e-6, atol=1.0)


def test_with_one_recipe_for_all_products_apart_are_the_fast_path(shop):
    # So what remains of the gap of the case 'apart' comes from recipes alone.
    for draw in range(shop.model.reader.n):
        programme = shop.programme(draw, Choice())
        same = replace(programme, take=np.where(np.isfinite(programme.take), 1.0, np.inf))
        fast = optimise(shop.programme(draw, Choice(together=True)))
        assert np.isclose(optimise(same).objective, fast.objective, rtol=1e-9)


def test_needs_of_products_add_up_to_those_of_the_map(shop):
    layers = shop.model.layers
    for row in (1, len(layers) // 2, len(layers) - 1):
        weights = shop.model.years + (shop.model.path_lag[row] - shop.model.sale_lag) / 4
        whole = layers[row - 1].need(weights)[0, shop.first :]
        assert np.allclose(shop.need(0, row).sum(axis=0), whole, rtol=1e-12)
    assert np.allclose(shop.shares(0).sum(axis=0), 1.0)


def test_usual_products():
    products = narrows.plan("2027Q1", fixed_mix=True).products
    assert [product.id for product in products] == ["nvidia_current", "nvidia_next", "tpu", "amd", "trainium"]
    designs = [design for product in products for design in product.designs]
    assert len(set(designs)) == len(designs)


def test_named_products_and_others():
    products = narrows.plan("2027Q1", fixed_mix=True, products="rubin+rubin_ultra,tpu").products
    assert [product.id for product in products] == ["rubin+rubin_ultra", "tpu", "others"]


@pytest.mark.parametrize("draws", [1, 3])
def test_every_number_is_told_as_it_is_printed(draws):
    result = narrows.plan("2027Q1:2027Q2", at_least={"tpu": 3e5}, draws=draws, seed=4)
    names = [
        name for name in result.numbers if any(part in name for part in ("cowos", "tpu", "gain", "total"))
    ]
    for name in names[:: max(len(names) // (12 if draws == 1 else 4), 1)]:
        figure = narrows.why(name, draws=draws, seed=4).figure
        # The program of one question and that of all quarters reach one vertex by other pivots.
        assert figure.value == pytest.approx(result.numbers[name].value, rel=1e-12), name
        assert figure.unit == result.numbers[name].unit, name


def test_expansion_on_a_catalogue_with_costs(tmp_path):
    book = priced(tmp_path, {"data_hall": 2e6})
    result = narrows.plan("2028Q1:2030Q4", expand=True, catalog=book)
    assert "data_hall" in result.expandable
    gain = [result.number("total", case, result.window).value for case in ("mix", "mix_expand")]
    assert gain[1] > gain[0]
    assert result.number("spent", "mix_expand").value > 0


def test_unknown_product_is_refused():
    with pytest.raises(UnknownNameError) as refused:
        narrows.plan("2027Q1", at_least={"tpux": 0.3})
    assert str(refused.value) == (
        "The product 'tpux' is not known. The nearest known: 'tpu'. Promise of a product, as in "
        "--at-least tpu=0.3."
    )


def test_a_promise_that_cannot_be_met_names_layer_quarter_and_fact():
    with pytest.raises(UsageError) as refused:
        narrows.plan("2027Q4:2030Q4", at_least={"amd": 5e6})
    text = str(refused.value)
    assert text.startswith("At least amd=5e+06 cannot be met. In the way: ")
    assert "2027Q4" in text
    assert "(fact " in text
    assert refused.value.exit_code == 2


def test_too_many_draws_are_refused():
    with pytest.raises(UsageError, match=f"1 \\(the median case\\) to {MOST_PLANS}"):
        narrows.plan(draws=MOST_PLANS + 1)


def test_unknown_figure_is_refused():
    with pytest.raises(UnknownNameError):
        narrows.why("plan.gain.mixx.2027Q1:2027Q2")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expand", [False, True])
def test_linopy_finds_the_same(expand):
    # Two products: linopy takes as long for each product again.
    pytest.importorskip("linopy")
    model = build(PointReader(default()))
    shop = Shop(model, named("tpu", model.layers[0].recipes, 2026), Quarter.parse("2026Q3") - FIRST)
    programme = shop.programme(0, Choice(mix=True))
    if expand:
        programme = priced_everywhere(programme)
    planned = optimise(programme)
    assert np.isclose(with_linopy(programme), planned.objective, rtol=1e-6)
    assert np.isclose(sum(planned.ledger), planned.objective, rtol=1e-9)
    assert (planned.spent > 0) == expand


def test_a_plan_without_a_limit_names_product_quarter_and_facts():
    solved = _Solved(_Question("", (), ("path", "apart")), PointReader(default()), "2027Q1")
    free = replace(solved.programmes["apart"][0], K=np.full_like(solved.programmes["apart"][0].K, np.inf))
    with pytest.raises(UsageError) as refused:
        solved._optimum(free, 0)
    assert str(refused.value) == (
        "Nothing limits product 'nvidia_current' in 2026Q3: none of 17 layers has a capacity then of which it "
        "takes something. A plan has a layer with a capacity for each product, from facts such as "
        "data_hall.capacity, capital.capacity, demand.capacity. Type a capacity, or correct the needs of its "
        "designs in the scenario."
    )
