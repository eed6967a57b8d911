"""Draws: keyed, exact at what was stated, refused where nothing sound can be drawn."""

from __future__ import annotations

import doctest
import math
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from narrows import draws
from narrows.draws import (
    LEVELS,
    Doubt,
    default_shape,
    normal_cdf,
    normal_quantile,
    quantiles,
    sample,
    share_error,
    stream,
    value_at,
)
from narrows.errors import UsageError

QUANTILE_LEVELS = ["P5-P95", "P10-P90", "P25-P75"]


def test_examples() -> None:
    assert doctest.testmod(draws).failed == 0


# --- oracles ------------------------------------------------------------------------------------


def test_normal_quantile_agrees_with_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    p = np.concatenate(
        [10.0 ** -np.arange(1, 300, 3.0), np.linspace(0.001, 0.999, 2000), 1 - 0.5 ** np.arange(1, 52.0)]
    )
    p = p[p != 0.5]
    assert np.abs(normal_quantile(p) / special.ndtri(p) - 1).max() < 2e-15
    assert normal_quantile([0.0, 0.5, 1.0]).tolist() == [-math.inf, 0.0, math.inf]


def test_normal_cdf_agrees_with_scipy_and_the_standard_library() -> None:
    special = pytest.importorskip("scipy.special")
    z = np.linspace(-8, 8, 20001)
    assert np.abs(normal_cdf(z) / special.ndtr(z) - 1).max() < 2e-14
    assert [float(normal_cdf(x)) for x in (-1.0, 3.0)] == pytest.approx(
        [math.erfc(1 / math.sqrt(2)) / 2, math.erfc(-3 / math.sqrt(2)) / 2], rel=1e-15
    )
    assert normal_cdf([[-math.inf, 0.0, math.inf]]).tolist() == [[0.0, 0.5, 1.0]]


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2, 5), (1, 1), (30, 0.4), (0.3, 90), (400, 900)])
def test_beta_distribution_agrees_with_scipy(a, b) -> None:
    special, stats = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.stats")
    z = np.linspace(-6, 6, 401)
    low = stats.beta.ppf(special.ndtr(z), a, b)
    exact = np.where(z < 0, low, 1 - stats.beta.ppf(special.ndtr(-z), b, a))
    assert np.abs(1 / (1 + np.exp(-draws._beta_odds(a, b, z))) - exact).max() < 1e-5
    t = special.logit(stats.beta.ppf([0.1, 0.6], a, b))
    assert draws._beta_cdf(a, b, t)[0] == pytest.approx([0.1, 0.6], abs=1e-5)


def test_beta_meets_a_known_distribution_on_both_sides() -> None:
    stats = pytest.importorskip("scipy.stats")
    peer = stats.beta(3.0, 7.0)
    low, value, high = peer.ppf([0.1, 0.5, 0.9])
    doubt = Doubt(value, low, high, "P10-P90", "beta")
    p = np.linspace(0.001, 0.999, 199)
    assert value_at(doubt, normal_quantile(p)) == pytest.approx(peer.ppf(p), abs=1e-5)


def test_pert_and_triangle_agree_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    p = np.linspace(0.0005, 0.9995, 333)
    z = normal_quantile(p)
    pert = value_at(Doubt(3.0 / 10, 0.1, 0.9, "min-max", "beta"), z)
    assert pert == pytest.approx(stats.beta(2, 4, loc=0.1, scale=0.8).ppf(p), abs=1e-5)
    triangle = value_at(Doubt(3.0, 1.0, 9.0, "min-max", "triangular"), z)
    assert triangle == pytest.approx(stats.triang(0.25, loc=1, scale=8).ppf(p), rel=1e-13)


def test_lognormal_and_normal_agree_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    p = np.linspace(0.001, 0.999, 99)
    z = normal_quantile(p)
    reach = stats.norm.ppf(0.9)
    peer = stats.lognorm(math.log(2) / reach, scale=10)
    assert value_at(Doubt(10, 5, 20, "P10-P90", "lognormal"), z) == pytest.approx(peer.ppf(p), rel=1e-13)
    peer = stats.norm(10, 5 / reach)
    assert value_at(Doubt(10, 5, 15, "P10-P90", "normal"), z) == pytest.approx(peer.ppf(p), rel=1e-12)


# --- laws ---------------------------------------------------------------------------------------

sides = st.tuples(*[st.floats(0.01, 0.99)] * 3).map(sorted).filter(lambda three: three[2] - three[0] > 1e-3)


@settings(deadline=None)
@given(sides, st.sampled_from(QUANTILE_LEVELS), st.sampled_from(draws.SHAPES))
def test_stated_quantiles_are_met(three, level, shape) -> None:
    low, value, high = three
    assume(shape != "beta" or all(gap == 0 or gap > 1e-3 for gap in (value - low, high - value)))
    doubt = Doubt(value, low, high, level, shape)
    reach = normal_quantile(1 - LEVELS[level])
    found = value_at(doubt, [-reach, 0.0, reach])
    tolerance = 1e-5 if shape == "beta" else 1e-9
    assert found[[0, 2]] == pytest.approx([low, high], abs=tolerance)
    if shape != "triangular":
        assert found[1] == pytest.approx(value, abs=tolerance)


@settings(deadline=None)
@given(sides, st.sampled_from(QUANTILE_LEVELS), st.sampled_from(draws.SHAPES))
def test_values_rise_with_the_score_and_stay_in_bounds(three, level, shape) -> None:
    low, value, high = three
    assume(shape != "beta" or all(gap == 0 or gap > 1e-3 for gap in (value - low, high - value)))
    values = value_at(Doubt(value, low, high, level, shape), np.linspace(-8, 8, 161))
    assert np.all(np.diff(values) >= -1e-12)
    if shape == "beta":
        assert values.min() >= 0
        assert values.max() <= 1


@given(sides, st.sampled_from(["triangular", "beta"]))
def test_extremes_are_never_passed(three, shape) -> None:
    low, value, high = three
    values = value_at(Doubt(value, low, high, "min-max", shape), np.linspace(-9, 9, 181))
    assert values.min() >= low - 1e-12
    assert values.max() <= high + 1e-12


def test_sampled_quantiles_are_those_stated() -> None:
    for shape in draws.SHAPES:
        doubt = Doubt(0.3, 0.2, 0.6, "P10-P90", shape)
        found = quantiles(sample(doubt, 100_000, 7, shape), [0.1, 0.9])
        assert found == pytest.approx([0.2, 0.6], abs=0.005), shape


def test_a_side_without_doubt_is_constant() -> None:
    for shape in (*draws.SHAPES[:2], "beta"):
        values = value_at(Doubt(0.3, 0.3, 0.6, "P10-P90", shape), [-3.0, -0.1, 1.2815515655446004])
        assert values == pytest.approx([0.3, 0.3, 0.6], abs=1e-5)


def test_a_point_and_an_array_run_through_the_same_function() -> None:
    for shape in draws.SHAPES:
        doubt = Doubt(0.3, 0.2, 0.6, "P10-P90", shape)
        assert float(value_at(doubt, 0.7)) == value_at(doubt, [0.7])[0]


def test_a_fixed_value_is_every_draw() -> None:
    assert sample(Doubt(5, 5, 5, "exact", "normal"), 3, 7, "a").tolist() == [5.0, 5.0, 5.0]


DOUBT = Doubt(100.0, 50.0, 300.0, "P10-P90", "lognormal")


@pytest.mark.parametrize("method", draws.METHODS)
def test_same_key_same_draws_and_other_keys_change_nothing(method) -> None:
    first = sample(DOUBT, 1000, 7, "cowos.lag", method=method)
    sample(DOUBT, 500, 7, "hbm.lag", method=method)
    assert np.array_equal(first, sample(DOUBT, 1000, 7, "cowos.lag", method=method))
    for other in (
        sample(DOUBT, 1000, 8, "cowos.lag", method=method),
        sample(DOUBT, 1000, 7, "cowos.lah", method=method),
    ):
        assert not np.intersect1d(first, other).size


def test_streams_are_pinned() -> None:
    """A change of these numbers moves every published figure."""
    assert stream(7, "cowos.lag").integers(0, 10**9, 3).tolist() == PINNED


PINNED = [601519682, 703806039, 870916021]


@pytest.mark.parametrize("method", draws.METHODS)
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8, 1.0])
def test_group_correlation_is_as_stated(method, rho) -> None:
    doubt = Doubt(0.0, -1.2815515655446004, 1.2815515655446004, "P10-P90", "normal")
    one, two = (
        sample(doubt, 32768, 7, key, group="cowos", correlation=rho, method=method)
        for key in ("cowos.a", "cowos.b")
    )
    assert np.corrcoef(one, two)[0, 1] == pytest.approx(rho, abs=0.02)
    assert np.std(one) == pytest.approx(1, abs=0.02)
    stranger = sample(doubt, 32768, 7, "hbm.a", group="hbm", correlation=rho, method=method)
    assert abs(np.corrcoef(one, stranger)[0, 1]) < 0.02


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.text(max_size=8), st.integers(0, 10))
def test_sobol_prefixes_are_stratified(seed, key, power) -> None:
    points = draws._sobol(stream(seed, key), 1024)
    count = 2**power
    for start in range(0, 1024, max(count, 256)):
        cells = np.floor(points[start : start + count] * count).astype(int)
        assert sorted(cells.tolist()) == list(range(count))


def test_sobol_converges_faster_than_random() -> None:
    """Mean of exp(u1 + u2 + u3) over three keys; the exact mean is (e - 1)**3."""
    uniform = Doubt(0.5, 0.0, 1.0, "min-max", "triangular")

    def error(method: str, seed: int) -> float:
        scores = [draws._scores(4096, seed, key, method) for key in "abc"]
        return float(np.exp(sum(normal_cdf(z) for z in scores)).mean()) - (math.e - 1) ** 3

    rms = {name: math.sqrt(np.mean([error(name, seed) ** 2 for seed in range(20)])) for name in draws.METHODS}
    assert rms["sobol"] < rms["random"] / 10
    assert sample(uniform, 4096, 7, "a", method="sobol").mean() == pytest.approx(0.5, abs=1e-4)


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_share_error(p, n) -> None:
    assert share_error(p, n) == pytest.approx(share_error(1 - p, n), abs=1e-7)
    assert share_error(p, n) <= 0.5 / math.sqrt(n) * (1 + 1e-12)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.lists(st.floats(0, 1), min_size=1, max_size=5)
)
def test_quantiles_agree_with_numpy(values, probabilities) -> None:
    block = np.array(values)[:, None] * [1.0, -2.0]
    expected = np.quantile(block, probabilities, axis=0)
    assert quantiles(block, probabilities) == pytest.approx(expected, abs=1e-8)


def test_quantiles_keep_no_limit() -> None:
    block = np.array([[1.0, math.inf], [2.0, math.inf], [math.inf, math.inf]])
    assert quantiles(block, [0.0, 0.5, 0.75]).tolist() == [
        [1.0, math.inf],
        [2.0, math.inf],
        [math.inf, math.inf],
    ]


def test_default_shapes() -> None:
    assert [default_shape(low, level, share=share) for low, level, share in (
        (0.1, "P10-P90", True), (1.0, "P5-P95", False), (0.0, "P5-P95", False), (1.0, "min-max", False),
    )] == ["logitnormal", "lognormal", "normal", "triangular"]  # fmt: skip


def test_pace() -> None:
    """Budgets with room for a slow machine: ten times what was measured."""
    sample(DOUBT, 10_000, 7, "a")
    start = time.process_time()
    for turn in range(20):
        sample(DOUBT, 10_000, 7, str(turn))
    assert (time.process_time() - start) / 20 < 1e-3


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (math.nan, 1, 2, "P10-P90", "normal"),
            (
                "Low, value and high are 1, nan, 2. All three are finite numbers. "
                "Leave the fact out where nothing is known."
            ),
        ),
        (
            (3, 4, 5, "P10-P90", "normal"),
            "Low, value and high are 4, 3, 5. They stand in this order, low <= value <= high. Order them.",
        ),
        (
            (3, 2, 5, "P1-P99", "normal"),
            (
                "The level 'P1-P99' is not known. The nearest known: 'P10-P90', 'P5-P95', 'P25-P75'. "
                "State what low and high mean."
            ),
        ),
        (
            (3, 2, 5, "P10-P90", "gamma"),
            (
                "The shape 'gamma' is not known. The nearest known: 'lognormal'. "
                "Leave the shape out to have the usual one."
            ),
        ),
        (
            (3, 2, 5, "exact", "normal"),
            (
                "Low, value and high are 2, 3, 5 at level 'exact'. An exact value has low = high. "
                "State a level such as 'P10-P90'."
            ),
        ),
        (
            (3, 2, 5, "min-max", "lognormal"),
            (
                "The shape 'lognormal' stands at level 'min-max'. A lognormal has no least and no greatest "
                "value. Use the shape 'triangular', or state quantiles such as 'P5-P95'."
            ),
        ),
        (
            (3, 0, 5, "P10-P90", "lognormal"),
            (
                "Low, value and high are 0, 3, 5 for a lognormal. A lognormal is above 0. "
                "Use the shape 'normal' or 'triangular'."
            ),
        ),
        (
            (3, 0, 5, "P10-P90", "beta"),
            "Low, value and high are 0, 3, 5 for a beta. A share lies in 0 to 1. Divide percentages by 100.",
        ),
        (
            (0.5, 0, 0.8, "P10-P90", "beta"),
            (
                "Low, value and high are 0, 0.5, 0.8 for a beta at level 'P10-P90'. Its quantiles lie "
                "strictly between 0 and 1. Use the level 'min-max' where 0 or 1 is the end of what can be."
            ),
        ),
    ],
)
def test_refused_doubts(arguments, sentence) -> None:
    with pytest.raises(UsageError) as caught:
        Doubt(*arguments)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n": 0}, "Draws are 0. Draws are a whole number from 1 to 1000000. Give --draws 10000."),
        ({"seed": -1}, "The seed is -1. A seed is a whole number from 0 to 2**64 - 1. Give --seed 7."),
        ({"method": "lattice"}, ("The method 'lattice' is not known. The nearest known: 'random', 'sobol'. "
                                "Choose one of these.")),
        ({"correlation": 1.5}, "The correlation of 'a' is 1.5. A correlation lies in 0 to 1. Change it."),
        ({"correlation": 0.5}, ("The correlation of 'a' is 0.5 without a group. A correlation is with the "
                               "common cause of a group. Name the group, or leave the correlation out.")),
    ],
)  # fmt: skip
def test_refused_samples(changes, sentence) -> None:
    with pytest.raises(UsageError) as caught:
        sample(**({"doubt": DOUBT, "n": 10, "seed": 7, "key": "a"} | changes))
    assert str(caught.value) == sentence


def test_refused_arrays() -> None:
    with pytest.raises(UsageError) as caught:
        quantiles([1.0, math.nan], [0.5])
    assert str(caught.value) == (
        "Quantiles were asked of values that are empty or not numbers. Every draw has a number; infinite is "
        "allowed. Leave out what is not known before drawing."
    )
    with pytest.raises(UsageError):
        quantiles([1.0], [1.1])
    with pytest.raises(UsageError) as caught:
        normal_quantile([0.5, math.nan])
    assert str(caught.value) == (
        "A probability is outside 0 to 1 or is not a number. Probabilities are numbers from 0 to 1. "
        "Divide percentages by 100."
    )
    with pytest.raises(UsageError) as caught:
        share_error(1.2, 10)
    assert str(caught.value) == (
        "The share is 1.2 of 10 draws. A share lies in 0 to 1 and has at least 1 draw. Count it again."
    )
