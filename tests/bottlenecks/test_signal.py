"""Estimators of the value of knowing, on functions whose answers are known in closed form."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from narrows.bottlenecks.signal import HALF_DOUBT, Bins, blur, enough
from narrows.errors import UsageError

N = 20_000
NORMAL = NormalDist()


def scores(count, seed=3):
    return np.random.default_rng(seed).standard_normal((N, count))


def bits_of(p):
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def test_ishigami():
    """First-order indices of Ishigami and Homma (1990) with a = 7, b = 0.1: 0.3139, 0.4424 and 0."""
    x = np.random.default_rng(5).uniform(-np.pi, np.pi, (N, 3))
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = [Bins.of(x[:, i]).explained(y).mean() for i in range(3)]
    assert found == pytest.approx([0.3139, 0.4424, 0.0], abs=0.015)


def test_a_linear_figure_exactly_known_and_at_half_the_doubt():
    z = scores(2)
    y = 0.6 * z[:, 0] + 0.8 * z[:, 1]
    known, halved = Bins.of(z[:, 0]), Bins.of(z[:, 0], correlation=HALF_DOUBT)
    assert known.explained(y).mean() == pytest.approx(0.36, abs=0.015)
    assert halved.explained(y).mean() == pytest.approx(0.75 * 0.36, abs=0.015)
    half_width = 1.6449
    for bins, left in ((known, 0.8), (halved, math.sqrt(0.64 + 0.36 / 4))):
        low, high = bins.interval(y, (0.05, 0.95))
        assert (low.mean(), high.mean()) == pytest.approx((-half_width * left, half_width * left), abs=0.03)


def test_a_fact_of_no_effect_is_worth_nothing():
    z = scores(2)
    members = np.eye(4)[np.random.default_rng(8).integers(0, 4, N)]
    options = z[:, 1:] + np.array([0.0, 0.01])
    assert abs(Bins.of(z[:, 0]).explained(z[:, 1]).mean()) < 4 * math.sqrt(2 * 39) / N
    assert abs(Bins.of(z[:, 0], 20).bits(members).mean()) < 4 * math.sqrt(2 * 19 * 3) / (2 * N * math.log(2))
    assert Bins.of(z[:, 0], 10).choice(options)[0].mean() <= 0.01


def test_screening_of_many_columns_is_the_measure_of_each():
    z = scores(3)
    y = np.column_stack([z[:, 0] + z[:, 1], z[:, 2], z[:, 0] ** 2])
    y -= y.mean(axis=0)
    bins = Bins.of(z[:, 0])
    alone = [bins.explained(column).mean() for column in y.T]
    assert bins.screened(bins.sums(y), (y**2).sum(axis=0)) == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize("correlation", [1.0, HALF_DOUBT])
def test_mutual_information_of_a_sign(correlation):
    """The name is the sign of r x + sqrt(1 - r**2) e: H = 1 bit less the mean binary entropy given x."""
    z, r = scores(2), 0.6
    members = np.eye(2)[(r * z[:, 0] + 0.8 * z[:, 1] > 0).astype(int)]
    x = np.array([NORMAL.inv_cdf((i + 0.5) / 4000) for i in range(4000)])
    s = r * correlation
    p = np.array([NORMAL.cdf(s * v / math.sqrt(1 - s * s)) for v in x])
    found = Bins.of(z[:, 0], 20, correlation).bits(members).mean()
    assert found == pytest.approx(1 - bits_of(p).mean(), abs=0.012)


@pytest.mark.parametrize("correlation", [1.0, HALF_DOUBT])
def test_value_of_information_of_two_options(correlation):
    """Options r x + e and 0: knowing x is worth E max(r x, 0) = r / sqrt(2 pi); a signal, r times as good."""
    z = scores(2)
    options = np.column_stack([0.6 * z[:, 0] + 0.8 * z[:, 1], np.zeros(N)])
    gained, other = Bins.of(z[:, 0], 20, correlation).choice(options)
    assert gained.mean() == pytest.approx(0.6 * correlation / math.sqrt(2 * math.pi), abs=0.015)
    assert other.mean() == pytest.approx(0.5, abs=0.05)


def test_value_of_information_is_not_flattered_by_noise():
    """Ten equal options and a fact of no effect: the largest of noisy means would look like a gain."""
    rng = np.random.default_rng(11)
    fact = rng.standard_normal(2000)
    worth = [Bins.of(fact, 10).choice(rng.standard_normal((2000, 10)))[0].mean() for _ in range(20)]
    naive = []
    for _ in range(20):
        options = rng.standard_normal((2000, 10))
        bins = Bins.of(fact, 10)
        means = bins.sums(options) / bins.sizes[:, None]
        naive.append(means.max(axis=1).mean() - options.mean(axis=0).max())
    assert abs(np.mean(worth)) < 0.02
    assert np.mean(naive) > 0.05


def test_rows_and_columns_of_the_chances_of_a_signal_sum_to_one():
    chances = blur(40)
    assert chances.sum(axis=1) == pytest.approx(np.ones(40))
    assert chances.sum(axis=0) == pytest.approx(np.ones(40), abs=1e-4)
    assert (chances >= 0).all()


def test_too_few_draws_are_refused():
    with pytest.raises(UsageError) as refused:
        enough(999)
    assert str(refused.value) == (
        "The value of knowing a fact is asked of 999 draws. It needs 1000 draws or more: fewer leave each of "
        "40 bins to chance. Give --draws 10000."
    )


def test_first_order_indices_of_salib_agree():
    sobol = pytest.importorskip("SALib.analyze.delta", reason="SALib is not installed")
    x = np.random.default_rng(5).uniform(-np.pi, np.pi, (N, 3))
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
    theirs = sobol.analyze(problem, x, y, seed=1)["S1"]
    assert [Bins.of(x[:, i]).explained(y).mean() for i in range(3)] == pytest.approx(theirs, abs=0.03)
