"""Both solvers: examples by hand, laws, and one another bit for bit."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.bottlenecks import kernel, plain
from narrows.bottlenecks.network import Network, Stack
from narrows.bottlenecks.solution import CHUNK, DEMAND, STOCK

from .stacks import EXAMPLES, many_draws, stacks

SOLVERS = [pytest.param(plain.solve, id="plain"), pytest.param(kernel.solve, id="kernel")]
PROTOTYPE = Path(__file__).resolve().parents[2] / "../shared/data/bottleneck/prototype/minplus_reference.py"

# Worked by hand: output, binder, price of packaging, price of racks, value, stock rent, cap rent.
BY_HAND = {
    "A": ([4, 8, 11], [1, 0, 0], [1.71, 0.81, 0], [1, 0, 0], 20.11, 8.55, 0),
    "B": ([4, 8, 11], [1, 0, 0], [1.71, 0.81, 0], [1, 0, 0], 20.11, 8.55, 0),
    "C": ([1, 8, 9], [1, 0, 0], [1.71, 0.81, 0], [1, 0, 0], 15.49, 3.42, 0),
    "D": ([1, 5, 6], [1, 1, 0], [0, 0.81, 0], [2.71, 0, 0], 10.36, 0, 6.84),
}


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize("name", BY_HAND)
def test_examples_worked_by_hand(solve, name):
    output, binder, packaging, racks, value, stock, cap = BY_HAND[name]
    solved = solve(EXAMPLES[name])
    assert solved.output[0].tolist() == output
    assert solved.binder[0].tolist() == binder
    assert solved.price_K_mean == pytest.approx(np.array([packaging, racks]))
    assert solved.value[0] == pytest.approx(value)
    assert solved.stock_rent[0] == pytest.approx(stock)
    assert solved.cap_rent[0] == pytest.approx(cap)
    assert solved.rent.sum() + stock + cap == pytest.approx(value)


def test_only_the_example_with_a_tie_is_tied():
    assert {name: plain.solve(stack).tied[0].tolist() for name, stack in EXAMPLES.items()} == {
        "A": [False, False, False],
        "B": [False, False, True],
        "C": [False, False, False],
        "D": [False, False, False],
    }


def test_a_perishable_service_does_not_tie_with_itself():
    service = Stack(
        Network([1, -1], [0, 0]), [[[2, 2], [9, 9]]], np.zeros((1, 2, 2)), [[[0], [np.inf]]], [[9, 9]], [1, 1]
    )
    assert not plain.solve(service).tied.any()


@pytest.mark.parametrize("solve", SOLVERS)
def test_demand_and_stock_are_named(solve):
    line, cap = Network([1, -1], [1, 0]), [[[np.inf], [np.inf]]]
    stack = Stack(line, [[[9, 9], [9, 9]]], [[[1, 1], [0, 0]]], cap, [[5, 6]], [1, 1])
    assert solve(stack).binder.tolist() == [[STOCK, DEMAND]]


def test_layers_without_a_limit_have_no_price():
    K = np.full((1, 2, 3), np.inf)
    solved = kernel.solve(
        Stack(Network([1, -1], [0, 0]), K, np.zeros((1, 2, 3)), [[[np.inf]] * 2], [[1, 2, 3]], [1] * 3)
    )
    assert solved.price_K_mean.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert solved.price_D_mean.tolist() == [1, 1, 1]
    assert solved.value.tolist() == solved.demand_rent.tolist() == [6]


def equal(one, other):
    return all(
        getattr(one, field.name).tobytes() == getattr(other, field.name).tobytes()
        for field in dataclasses.fields(one)
    )


@settings(max_examples=150, deadline=None)
@given(stacks())
def test_twins_agree_bit_for_bit(stack):
    assert equal(plain.solve(stack), kernel.solve(stack))


@pytest.mark.parametrize("integer", [False, True])
def test_twins_agree_bit_for_bit_over_several_chunks(integer):
    stack = many_draws(5, 2 * CHUNK + 17, 6, 9, integer=integer)
    assert equal(plain.solve(stack), kernel.solve(stack))


def test_result_does_not_depend_on_the_threads(monkeypatch):
    stack = many_draws(6, 2 * CHUNK + 17, 6, 9, integer=False)
    many = kernel.solve(stack)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert equal(many, kernel.solve(stack))


def test_draws_given_once_are_the_same_as_draws_repeated():
    stack = many_draws(7, 40, 5, 8, integer=False)
    repeated = Stack(stack.network, stack.K, stack.A.copy(), stack.B.copy(), stack.D.copy(), stack.w)
    assert stack.A.strides[0] == 0
    assert equal(kernel.solve(stack), kernel.solve(repeated))
    assert equal(plain.solve(stack), plain.solve(repeated))


def test_a_draw_does_not_depend_on_its_neighbours():
    stack = many_draws(8, 100, 5, 8, integer=False)
    few = stack.take(np.array([3, 64, 99]))
    assert np.array_equal(kernel.solve(few).output, kernel.solve(stack).output[[3, 64, 99]])


@settings(max_examples=60, deadline=None)
@given(stacks(), st.integers(0, 2**16))
def test_more_supply_never_lowers_output(stack, seed):
    more = np.random.default_rng(seed).integers(0, 2, stack.K.shape)
    richer = Stack(stack.network, stack.K + more, stack.A, stack.B, stack.D, stack.w)
    assert (plain.solve(richer).output >= plain.solve(stack).output - 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(stacks())
def test_output_rises_stays_below_demand_and_rents_sum_to_value(stack):
    solved = plain.solve(stack)
    assert (np.diff(solved.output, axis=1) >= -1e-12).all()
    assert (solved.output <= stack.D).all()
    assert solved.ledger_gap() < 1e-12


@settings(max_examples=40, deadline=None)
@given(stacks(most_draws=10))
def test_output_is_at_most_what_each_layer_alone_allows(stack):
    solved = plain.solve(stack)
    for layer in range(stack.layers):
        K = np.full_like(stack.K, np.inf)
        K[:, layer] = stack.K[:, layer]
        no_cap = np.full((1, stack.layers, 1), np.inf)
        alone = plain.solve(Stack(stack.network, K, stack.A, no_cap, stack.D, stack.w))
        assert (solved.output <= alone.output + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(stacks(most_draws=10), st.floats(0.1, 3.0))
def test_value_is_concave_in_capacity(stack, factor):
    other = np.where(np.isinf(stack.K), np.inf, np.where(np.isinf(stack.K), 1.0, stack.K) * factor)
    ends = [plain.solve(stack), plain.solve(Stack(stack.network, other, stack.A, stack.B, stack.D, stack.w))]
    middle = Stack(stack.network, (stack.K + other) / 2, stack.A, stack.B, stack.D, stack.w)
    assert (plain.solve(middle).value >= (ends[0].value + ends[1].value) / 2 - 1e-9).all()


def test_importing_the_kernel_does_not_import_numba():
    code = "import narrows.bottlenecks.kernel, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(not PROTOTYPE.exists(), reason="../shared/data/bottleneck is not here")
def test_equals_the_prototype():
    spec = importlib.util.spec_from_file_location("minplus_reference", PROTOTYPE)
    prototype = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = prototype
    spec.loader.exec_module(prototype)
    random = np.random.default_rng(20260701)
    for n in range(100):
        theirs = prototype.random_stack(random, integer=n % 2 == 0)
        theirs.A[theirs.root] = 0.0  # the root feeds nothing
        ours = Stack(
            Network(theirs.parent, theirs.lag),
            theirs.K[None],
            theirs.A[None],
            theirs.B[None, :, None],
            theirs.D[None],
            theirs.w,
        )
        Z, arcs = prototype.solve(theirs)
        dK, _, _, dD = prototype.prices(theirs, arcs)
        solved = kernel.solve(ours)
        np.testing.assert_allclose(solved.output[0], Z[theirs.root], atol=1e-12)
        np.testing.assert_allclose(solved.price_K_mean, dK, atol=1e-12)
        np.testing.assert_allclose(solved.price_D_mean, dD, atol=1e-12)
