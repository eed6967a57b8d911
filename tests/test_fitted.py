"""Fitted laws: what made the data is found, intervals hold what they say, and what is written is read back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.errors import UnknownNameError
from narrows.fitted import (
    HUBER,
    REPEATED,
    STUDENT,
    Z90,
    Law,
    Method,
    covered,
    drawn,
    fit,
    fit_law,
    law_from,
    span,
    stored,
    widened,
)

METHODS = st.sampled_from([HUBER, STUDENT, REPEATED])
SEEDS = st.integers(0, 10_000)
FACTORS = st.lists(st.floats(0.2, 5.0), min_size=3, max_size=3)
KINDS = (("place", "elsewhere"),)


def summed(parts):
    """Return the law of a sum of parts, each times its factor."""
    return lambda logs: np.log((parts * np.exp(logs)).sum(axis=-1))


def with_factor(parts):
    """Return the law of a sum of parts, each times its factor, times a factor on all."""
    return lambda logs: np.log((parts * np.exp(logs[..., :-1])).sum(axis=-1)) + logs[..., -1]


def made_up(seed, *, places=6, each=40, noise=0.03):
    """Return parts, places and times of a law whose two coefficients are particular to each place."""
    rng = np.random.default_rng(seed)
    parts = rng.lognormal(sigma=1.0, size=(places * each, 2))
    label = np.repeat([f"place {number}" for number in range(places)], each)
    offsets = np.repeat(rng.normal(0.0, 0.3, (places, 2)), each, axis=0)
    logs = np.hstack([np.log([2.0, 0.5]) + offsets, np.zeros((len(label), 1))])
    measured = with_factor(parts)(logs) + noise * rng.standard_normal(len(label))
    return (
        parts,
        [{"place": str(name), "kind": "odd" if name == "place 0" else "even"} for name in label],
        measured,
    )


def law_of(parts, groups, measured):
    """Return the law of made-up times."""
    return fit_law(
        lambda rows: with_factor(parts[rows]),
        measured,
        groups,
        start={"first": (1.0, 1.0), "second": (1.0, 1.0), "scale": (1.0, 0.0)},
        spreads={"place": (0.3, 0.0)},
        method=replace(STUDENT, floor=0.01),
        kinds=KINDS,
        by="kind",
    )


@pytest.fixture(scope="module")
def law():
    return law_of(*made_up(1))


# --- one set of coefficients ----------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(METHODS, SEEDS, FACTORS)
def test_the_coefficients_that_made_the_data_are_found_though_a_twentieth_is_of_another_kind(
    method, seed, factors
):
    rng = np.random.default_rng(seed)
    parts = rng.lognormal(size=(400, 3))
    made = summed(parts)(np.log(factors)) + 0.03 * rng.standard_normal(400)
    made[:20] += 2.0
    shift, covariance, scale = fit(summed(parts), made, np.zeros(3), np.full(3, 3.0), method=method)
    assert shift == pytest.approx(np.log(factors), abs=0.1)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    assert scale == (method.scale or pytest.approx(0.03, rel=0.3))


def test_least_squares_is_bent_by_the_odd_rows_that_the_losses_bear():
    rng = np.random.default_rng(2)
    parts = rng.lognormal(size=(200, 2))
    made = summed(parts)(np.zeros(2)) + 0.03 * rng.standard_normal(200)
    made[:10] += 2.0
    misses = {
        tail: np.abs(fit(summed(parts), made, np.zeros(2), np.full(2, 3.0), method=Method("huber", tail))[0])
        for tail in (1e6, 1.345)
    }
    assert misses[1.345].max() < 0.03 < misses[1e6].max()


@pytest.mark.parametrize("method", [HUBER, STUDENT, REPEATED])
def test_the_covariance_covers_nine_tenths_of_what_made_the_data(method):
    rng = np.random.default_rng(3)
    noise = method.scale or 0.05
    inside = []
    for _ in range(150):
        parts = rng.lognormal(size=(80, 2))
        made = summed(parts)(np.zeros(2)) + noise * rng.standard_normal(80)
        shift, covariance, _ = fit(summed(parts), made, np.full(2, 0.2), np.full(2, 3.0), method=method)
        inside.extend(np.abs(shift + 0.2) <= Z90 * np.sqrt(np.diag(covariance)))
    assert 0.82 <= np.mean(inside) <= 0.97


def test_a_table_of_centres_gives_what_one_centre_gives():
    parts, _, measured = made_up(4)
    one = fit(summed(parts), measured, np.zeros(2), np.ones(2))
    many = fit(summed(parts), measured, np.zeros((len(parts), 2)), np.ones(2))
    assert one[0] == pytest.approx(many[0], rel=1e-9)
    assert one[1] == pytest.approx(many[1], rel=1e-9)


@pytest.mark.parametrize("method", [HUBER, STUDENT, REPEATED])
def test_a_width_of_0_fixes_a_coefficient(method):
    parts, _, measured = made_up(5)
    shift, covariance, _ = fit(
        summed(parts), measured, np.zeros(2), np.array([1.0, 0.0]), method=method, start=np.array([0.1, 9.0])
    )
    assert shift[1] == 0
    assert shift[0] != 0
    assert not covariance[1].any()
    assert not covariance[:, 1].any()


@pytest.mark.parametrize("method", [HUBER, STUDENT, REPEATED])
def test_a_narrow_prior_holds_the_coefficients_at_its_centre(method):
    parts, _, measured = made_up(6)
    shift, covariance, _ = fit(summed(parts), measured, np.zeros(2), np.full(2, 1e-6), method=method)
    assert np.abs(shift).max() < 1e-5
    assert np.sqrt(np.diag(covariance)).max() < 1e-5


@settings(max_examples=60, deadline=None)
@given(METHODS, st.floats(-5, 5), st.floats(0.01, 1.0))
def test_the_weight_times_the_residual_is_the_slope_of_the_cost(method, residual, scale):
    step = 1e-6
    ends = method.cost(np.array([residual - step, residual + step]), scale)
    slope = method.weight(np.array([residual]), scale)[0] * residual
    assert (ends[1] - ends[0]) / (2 * step) == pytest.approx(slope, rel=1e-4, abs=1e-3 / scale)


def test_an_unknown_loss_is_refused():
    with pytest.raises(UnknownNameError) as refusal:
        Method("square", 1.0)
    assert "square" in str(refusal.value)


# --- laws by level --------------------------------------------------------------------------------


def test_each_place_gets_its_own_coefficients_and_the_common_ones_lie_between(law):
    parts, groups, measured = made_up(1)
    found = with_factor(parts)(law.logs(groups))
    assert np.median(np.abs(found - measured)) < 0.03
    assert law.common == pytest.approx([np.log(2.0), np.log(0.5), 0.0], abs=0.4)
    assert law.common[2] == 0


def test_a_law_knows_what_is_new_and_answers_it_from_its_parent_with_a_wider_interval(law):
    predict = with_factor(np.array([[1.0, 1.0]]))
    known = span(law, predict, {"place": "place 1", "kind": "even"})
    new = span(law, predict, {"place": "nowhere", "kind": "even"})
    assert law.kind({"place": "place 1"}) == "seen"
    assert law.kind({"place": "nowhere"}) == "elsewhere"
    assert (law.logs([{"place": "nowhere"}])[0] == law.common).all()
    assert new.high / new.low > known.high / known.low > 1


def test_the_interval_of_a_new_place_holds_nine_tenths_of_new_places():
    inside = []
    for seed in range(20):
        parts, groups, measured = made_up(seed, places=12, each=20)
        new = np.array([group["place"] in {"place 10", "place 11"} for group in groups])
        old = [group for group, left in zip(groups, new, strict=True) if not left]
        found = law_of(parts[~new], old, measured[~new])
        own = [group for group, left in zip(groups, new, strict=True) if left]
        predict = with_factor(parts[new])
        miss = np.abs(predict(found.logs(own)) - measured[new])
        inside.extend(miss <= found.half(predict, own))
    assert 0.8 <= np.mean(inside) <= 0.98


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(["place 0", "place 3", "nowhere"]), st.floats(0, 1e3), st.floats(1e-3, 1e3))
def test_deviations_and_intervals_are_positive(law, seed, place, first, second):
    predict = with_factor(np.array([[first, second]]))
    group = {"place": place, "kind": str(seed)}
    assert law.deviation(predict, [group])[0] >= law.scatter > 0
    found = span(law, predict, group)
    assert 0 < found.low < found.value < found.high


def test_the_common_law_can_be_fitted_on_some_rows_only():
    parts, groups, measured = made_up(7)
    odd = np.array([group["kind"] == "odd" for group in groups])
    bent = measured + np.where(odd, 3.0, 0.0)
    given = {"start": {"first": (1.0, 1.0), "second": (1.0, 1.0), "scale": (1.0, 0.0)}, "first": ~odd}
    laws = [
        fit_law(lambda rows: with_factor(parts[rows]), data, groups, spreads={"kind": (0.0, 1.0)}, **given)
        for data in (measured, bent)
    ]
    assert (laws[0].common == laws[1].common).all()
    moved = laws[1].levels["kind"][1]["odd"][0] - laws[0].levels["kind"][1]["odd"][0]
    assert moved == pytest.approx([0, 0, 3.0], abs=0.1)


# --- intervals from held-out rows -----------------------------------------------------------------


def test_a_widening_is_the_ninth_tenth_of_what_was_measured_by_label_where_enough_were():
    ratio = np.concatenate([np.linspace(0, 1, 101), np.linspace(0, 10, 101), [np.nan] * 50, [3.0]])
    labels = ["narrow"] * 101 + ["wide"] * 101 + ["none"] * 50 + ["few"]
    found = widened(ratio, labels)
    assert set(found) == {"", "narrow", "wide"}
    assert found["narrow"] == pytest.approx(0.9)
    assert found["wide"] == pytest.approx(9.0)
    assert 0.9 < found[""] < 9.0
    assert widened(np.array([np.nan]), ["none"]) == {"": Z90}


def test_a_widening_by_group_is_used_for_that_group_and_that_kind_only(law):
    wide = replace(law, widening={"seen": {"": 2.0, "odd": 4.0}})
    predict = with_factor(np.array([[1.0, 1.0]]))

    def half(place, kind):
        group = [{"place": place, "kind": kind}]
        return wide.half(predict, group)[0] / wide.deviation(predict, group)[0]

    assert half("place 0", "odd") == pytest.approx(4.0)
    assert half("place 0", "even") == pytest.approx(2.0)
    assert half("nowhere", "odd") == pytest.approx(Z90)


def test_a_row_is_covered_by_what_the_other_folds_say():
    ratio = np.array([1.0] * 40 + [5.0] * 40)
    folds, labels = np.repeat([0, 1], 40), np.full(80, "one")
    inside = covered(ratio, folds, labels)
    assert inside[:40].all()
    assert not inside[40:].any()
    assert not covered(np.full(80, np.nan), folds, labels).any()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=60), SEEDS)
def test_rows_of_one_key_are_left_out_together(keys, seed):
    folds = drawn(keys, count=4, seed=seed)
    assert len(folds) == len(keys)
    assert set(folds.tolist()) <= {0, 1, 2, 3}
    assert len(set(zip(keys, folds.tolist(), strict=True))) == len(set(keys))
    assert drawn(keys, count=4, seed=seed).tolist() == folds.tolist()


# --- storage --------------------------------------------------------------------------------------


def test_what_is_written_is_read_back(law):
    wide = replace(law, widening={"seen": {"": 1.5, "odd": 2.25}})
    text = json.dumps(stored(wide))
    back = law_from(json.loads(text), kinds=KINDS, by="kind")
    assert json.dumps(stored(back)) == text
    parts, groups, _ = made_up(1)
    asked = [*groups[::40], {"place": "nowhere", "kind": "odd"}]
    predict = with_factor(parts[: len(asked)])
    assert predict(back.logs(asked)) == pytest.approx(predict(wide.logs(asked)), abs=1e-4)
    assert back.half(predict, asked) == pytest.approx(wide.half(predict, asked), rel=1e-2)
    for _, doubt in back.levels["place"][1].values():
        assert (doubt == doubt.T).all()


def test_what_a_level_fixes_is_not_written():
    spread, doubt = np.array([0.0, 0.5]), np.array([[0.0, 0.0], [0.0, 0.25]])
    levels = {"place": (spread, {"here": (np.array([0.0, 0.125]), doubt)}), "empty": (spread, {})}
    law = Law(("a", "scale"), np.zeros(2), np.eye(2), levels, 0.1)
    kept = stored(law)
    assert kept["levels"][0]["groups"] == {"here": [[0.125], [0.25]]}
    offsets, again = law_from(kept).levels["place"][1]["here"]
    assert offsets.tolist() == [0.0, 0.125]
    assert (again == doubt).all()
    assert law_from(kept).levels["empty"][1] == {}
