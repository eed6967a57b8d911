"""The cascade: laws of ceilings and values, a known order, and every number told again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import narrows
from narrows.bottlenecks import migration_why
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.ceilings import ceilings
from narrows.bottlenecks.migration import ENDS, HORIZON, decision, opened, opened_then
from narrows.bottlenecks.migration_why import KINDS, Question
from narrows.bottlenecks.study import PHASES
from narrows.bottlenecks.told import Asked
from narrows.catalog import default
from narrows.draws import quantiles
from narrows.errors import NarrowsError
from narrows.quarters import Quarter

DRAWS = 300
START, AT = "2026Q4", "2031Q4"


@pytest.fixture(scope="module")
def found():
    return opened(Asked(DRAWS, 1), Quarter.parse(START), None, 6)


@pytest.fixture(scope="module")
def result():
    return narrows.cascade(START, draws=DRAWS)


@pytest.fixture(scope="module")
def capacity(found):
    return found.model.capacity(slice(None), found.model.years)


def scenario(tmp_path, **scale):
    path = tmp_path / "s.toml"
    lines = [f'"{layer}.capacity" = {factor}' for layer, factor in scale.items()]
    path.write_text("\n".join(['name = "scaled"', 'why = "a test"', "[scale]", *lines]))
    return path


# Ceilings.


def test_every_layer_but_demand_has_a_ceiling(found):
    assert len(found.ceilings.known) == len(found.model.layers) - 1
    assert all(row not in found.ceilings.known for row in found.demand)


def test_a_ceiling_is_announced_plans_until_the_lead_has_passed(found, capacity):
    for row in found.ceilings.known:
        path = found.ceilings.path(capacity[:, row], row, slice(None))
        arrival = found.start + found.ceilings.arrival(row)
        before = np.arange(path.shape[1]) <= arrival[:, None]
        assert (path[before] == capacity[:, row][before]).all()
        assert (path >= capacity[:, row]).all()


def test_a_ceiling_grows_by_its_fact_in_the_units_of_the_layer(found, capacity):
    row = found.model.row("cowos")
    path = found.ceilings.path(capacity[:, row], row, slice(None))
    column = found.start + int(found.ceilings.arrival(row).max()) + 12  # the mix is flat by then
    if (path[:, column : column + 5] > capacity[:, row, column : column + 5]).all():
        grown = path[:, column + 4] / path[:, column]
        assert grown == pytest.approx(found.ceilings.known[row].growth, rel=1e-9)


def test_flags_and_slices_give_the_same_ceiling(found, capacity):
    row, flags = found.model.row("data_hall"), np.arange(DRAWS) % 3 == 0
    whole = found.ceilings.path(capacity[:, row], row, slice(None))
    assert (found.ceilings.path(capacity[flags, row], row, flags) == whole[flags]).all()


def test_a_layer_without_a_limit_stays_without(found):
    row = found.model.row("rack")
    endless = np.full((DRAWS, len(found.model.quarters)), np.inf)
    assert (found.ceilings.path(endless, row, slice(None)) == np.inf).all()


def test_a_later_decision_never_permits_more(found, capacity):
    later = ceilings(found.model, found.start + 4)
    for row in found.ceilings.known:
        now = found.ceilings.path(capacity[:, row], row, slice(None))
        then = later.path(capacity[:, row], row, slice(None))
        growing = found.ceilings.known[row].growth > 1
        # Where announced plans outgrow the ceiling for some years, waiting starts it from a higher level.
        slower = (
            np.diff(np.log(capacity[:, row]), axis=1) * 4 <= np.log(found.ceilings.known[row].growth)[:, None]
        ).all(axis=1)
        assert (then[growing & slower] <= now[growing & slower] * (1 + 1e-9)).all()


# The cascade.


def test_the_value_never_falls_along_the_headline_in_any_draw(found):
    stages, _ = found.headline
    for one, two in itertools.pairwise(stages):
        assert (two.value >= one.value * (1 - 1e-12)).all()
        assert two.raised[:-1] == one.raised


def test_the_value_never_falls_where_each_draw_raises_its_own(found):
    assert (np.diff(found.own.value, axis=0) >= -1e-6).all()
    assert (found.own.value[0] == found.headline[0][0].value).all()


def test_a_draw_raises_its_binder_of_the_headline_first(found):
    raised = found.own.order[:, 0] > 0
    assert (found.own.order[raised, 0] == found.headline[0][0].binder[raised]).all()


def test_no_draw_raises_a_layer_twice(found):
    for steps in found.own.order.tolist():
        layers = [row for row in steps if row]
        assert len(set(layers)) == len(layers)


def test_probabilities_sum_to_one(result):
    for step in result.steps:
        assert sum(step.binds.values()) == pytest.approx(1)
    for step in result.own:
        assert sum(step.relieved.values()) + sum(step.ended.values()) == pytest.approx(1)
    assert sum(order.share for order in result.orders) == pytest.approx(1)
    for column in range(len(result.quarters)):
        assert sum(series[column] for series in result.binds.values()) == pytest.approx(1)


def test_the_first_step_is_the_map(result):
    shown = narrows.map(f"{START}:2036Q4", draws=DRAWS)
    column = shown.quarters.index(AT)
    assert result.at == AT
    for name, share in result.steps[0].binds.items():
        assert share == pytest.approx(shown.binds[name][column])
        assert result.binds[name][column] == pytest.approx(shown.binds[name][column])
    assert result.steps[0].deployed.p50 == pytest.approx(shown.deployed.p50[column])


def test_value_is_the_compute_deployed_since_the_decision(result):
    solved = run(f"{START}:2036Q4", draws=DRAWS)
    total = solved.deployed[:, : Quarter.parse(AT) - Quarter.parse(START) + 1].sum(axis=1)
    assert result.steps[0].value.mean == pytest.approx(total.mean())


@pytest.mark.parametrize("layer", ["cowos", "rack", "transformer", "capital"])
def test_a_layer_of_almost_nothing_comes_first(layer, tmp_path):
    scaled = narrows.cascade(START, draws=100, steps=1, scenario=scenario(tmp_path, **{layer: 0.001}))
    assert scaled.steps[0].binder == layer
    assert scaled.steps[0].binds[layer] > 0.9
    assert scaled.steps[1].layer == layer
    assert scaled.steps[1].gain.mean > 0


def test_a_known_order(tmp_path):
    # In 2036Q4 cowos alone would permit 0.10 of what is deployed, optics 0.25; at their ceilings 2.5 and 6.4.
    few = scenario(tmp_path, cowos=0.01, optics=0.01)
    scaled = narrows.cascade(START, at="2036Q4", draws=200, scenario=few)
    assert [step.layer for step in scaled.steps[1:3]] == ["cowos", "optics"]
    assert [step.binder for step in scaled.steps[:2]] == ["cowos", "optics"]
    assert sum(order.share for order in scaled.orders if order.layers[:2] == ("cowos", "optics")) > 0.4


def test_endless_layers_leave_demand(tmp_path):
    names = [layer.id for layer in default().layers if layer.id not in {"demand", "deployed"}]
    endless = narrows.cascade(START, draws=50, scenario=scenario(tmp_path, **dict.fromkeys(names, 1e5)))
    assert len(endless.steps) == 1
    assert endless.ends == "demand"
    assert endless.steps[0].binds["demand"] == pytest.approx(1)
    assert endless.orders[0].layers == ("demand",)
    assert endless.orders[0].share == 1


def test_headroom_is_what_is_permitted_over_what_is_deployed(result):
    for row in result.alone:
        assert len(row.quarters) == 4
        for announced, raised in zip(row.headroom, row.headroom_raised, strict=True):
            assert raised.p50 >= announced.p50


def test_steps_only_cut_the_cascade(result):
    short = narrows.cascade(START, draws=DRAWS, steps=2)
    assert short.steps == result.steps[: len(short.steps)]
    assert short.orders == result.orders


def test_same_question_same_answer(result):
    assert narrows.cascade(START, draws=DRAWS) == result


# The migration by itself, and the study.


def test_first_dates_and_passages_agree_with_the_binders(found):
    binder = found.run.solution.binder[:, found.start : found.start + HORIZON + 1]
    rows = [row for row, name in enumerate(found.names, 1) if found.family.get(name) == "packaging"]
    seen = np.isin(binder, rows)
    years = found.first("packaging")
    assert ((years <= HORIZON / 4) == seen.any(axis=1)).all()
    assert ((years == 0) == seen[:, 0]).all()
    quarters = found.moved("packaging", "space_power")
    assert (quarters >= 1).all()
    assert (quarters[~seen.any(axis=1)] > HORIZON).all()


def test_passages_grow_with_time(result):
    for move in result.moves:
        assert list(move.by) == sorted(move.by)
        assert 0 < move.by[-1] <= 1


def test_phases_have_the_windows_of_the_study(result):
    assert [row.quarters for row in result.phases_then] == [
        ("2026Q2", "2027Q1"),
        ("2027Q2", "2028Q1"),
        ("2029Q2", "2031Q1"),
        ("2031Q2", "2036Q1"),
    ]
    for row in (*result.phases, *result.phases_then):
        assert row.verdict == (
            "supported" if row.share >= 0.5 else "mixed" if row.share >= 0.25 else "not supported"
        )
        assert row.likeliest_share <= 1


def test_a_day_before_the_study_has_no_study_of_then():
    assert narrows.cascade(draws=20, as_of="2024-12-31", steps=1).phases_then == ()


# Every number told again.


def every(found):
    """Yield every figure of a cascade by its kind and middle."""
    for kind, form in KINDS.items():
        if "then" in kind:
            continue
        question = Question(found, kind, (), START, AT if form.two else "")
        for middle in form.middles(question):
            parts = tuple(part for part in middle.split(".") if part)
            yield kind, parts, form.answer(question._replace(middle=parts))


def printed(result):
    """Return the numbers of the page by kind and middle."""
    at = result.quarters.index(AT)
    numbers = {}
    for step in result.steps:
        k = str(step.number)
        numbers |= {("binds", (k, name)): share for name, share in step.binds.items()}
        numbers |= {
            ("value", (k,)): step.value,
            ("deployed", (k,)): step.deployed,
            ("at_ceiling", (k,)): step.at_ceiling,
        }
        if step.number:
            numbers |= {("gain", (k,)): step.gain, ("in_time", (step.layer,)): step.in_time}
    for own in result.own:
        k = str(own.number)
        numbers |= {("relieved", (k, name)): share for name, share in own.relieved.items()}
        numbers |= {("ended", (k, name)): share for name, share in own.ended.items()}
        numbers["own_value", (k,)] = own.value
    numbers |= {("order", order.layers): order.share for order in result.orders}
    for row in result.alone:
        place = row.quarters.index(AT)
        numbers["alone", (row.layer,)] = row.announced[place]
        numbers["alone_raised", (row.layer,)] = row.raised[place]
        numbers["headroom", (row.layer,)] = row.headroom[place]
        numbers["headroom_raised", (row.layer,)] = row.headroom_raised[place]
    numbers |= {("layer", (name,)): series[at] for name, series in result.binds.items()}
    numbers |= {("ever", (first.family,)): first.ever for first in result.firsts}
    numbers |= {("moves", (move.before, move.after)): move.by[2] for move in result.moves}
    numbers |= {("phase", (str(row.number),)): row.share for row in result.phases}
    numbers |= {("phase_likeliest", (str(row.number),)): row.likeliest_share for row in result.phases}
    return numbers


def test_every_number_is_told_as_it_is_printed(found, result):
    told = {(kind, middle): answer for kind, middle, answer in every(found)}
    numbers = printed(result)
    assert set(numbers) <= set(told)
    for key, number in numbers.items():
        values = told[key].values
        assert values.shape == (DRAWS,)
        if isinstance(number, float):
            assert values.mean() == pytest.approx(number, abs=1e-12)
            continue
        assert number.mean == pytest.approx(values.mean())
        assert (number.p05, number.p50, number.p95) == pytest.approx(
            tuple(quantiles(values, (0.05, 0.5, 0.95)))
        )
    for first in result.firsts:
        values = told["first", (first.family,)].values
        assert (first.p10, first.p50, first.p90) == tuple(quantiles(values, (0.1, 0.5, 0.9)))


@pytest.mark.parametrize("kind", KINDS)
def test_one_id_of_each_kind_answers_why(kind):
    name = migration_why._example(kind)
    if kind == "order":
        layers = narrows.cascade("2026Q2", draws=60, steps=1).orders[0].layers
        name = f"cascade.order.{'.'.join(layers)}.2026Q2.2031Q2"
    chain = narrows.why(name, draws=60)
    assert chain.figure.id == name
    assert chain.links
    assert np.isfinite(chain.figure.value)


def test_why_tells_the_number_of_the_page(result):
    first = result.steps[1]
    assert narrows.why(f"cascade.gain.1.{START}.{AT}", draws=DRAWS).figure.value == pytest.approx(
        first.gain.mean
    )
    told = narrows.why("cascade.phase_then.2.2026Q2", draws=DRAWS).figure.value
    assert told == pytest.approx(result.phases_then[1].share)
    assert opened_then(Asked(20, 1)).at == Quarter.parse("2031Q2")


def test_the_ceiling_is_among_the_facts_of_a_gain(result):
    chain = narrows.why(f"cascade.gain.1.{START}.{AT}", draws=DRAWS)
    assert f"{result.steps[1].layer}.ceiling" in {link.fact.id for link in chain.links}


# Refusals.

WRITE = "Write cascade.<quantity>.<step or layer>.<quarter of the decision>.<quarter asked about>."


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            {"quarter": "2010Q1"},
            (
                "The quarter '2010Q1' of the decision lies outside the model. A decision lies from 2019Q4 to 2030Q4. "
                "Give a quarter such as 2026Q1."
            ),
        ),
        (
            {"quarter": "2031Q1"},
            (
                "The quarter '2031Q1' of the decision lies outside the model. A decision lies from 2019Q4 to 2030Q4. "
                "Give a quarter such as 2026Q1."
            ),
        ),
        (
            {"quarter": "2026Q1", "at": "2026Q1"},
            (
                "The quarter asked about is 2026Q1, and the decision is taken in 2026Q1. "
                "It lies 1 to 40 quarters after the decision. Give --at 2031Q1."
            ),
        ),
        (
            {"quarter": "2026Q1", "at": "2036Q2"},
            (
                "The quarter asked about is 2036Q2, and the decision is taken in 2026Q1. "
                "It lies 1 to 40 quarters after the decision. Give --at 2031Q1."
            ),
        ),
        (
            {"steps": 0},
            (
                "The number of steps is 0. Steps are a whole number from 1 to 16, the layers that can be raised. "
                "Give --steps 6."
            ),
        ),
        (
            {"steps": 17},
            (
                "The number of steps is 17. Steps are a whole number from 1 to 16, the layers that can be raised. "
                "Give --steps 6."
            ),
        ),
        (
            {"draws": 0},
            "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000.",
        ),
    ],
)
def test_refusals_say_what_was_given(question, sentence):
    with pytest.raises(NarrowsError) as caught:
        narrows.cascade(**({"draws": 10, "as_of": "2026-03-31"} | question))
    assert str(caught.value) == sentence
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "name",
    [
        "cascade",
        "cascade.",
        "cascade.foo",
        "cascade.gain",
        "cascade.gain.99.2026Q4.2031Q4",
        "cascade.gain.2026Q4.2031Q4",
        "cascade.binds.0.cowoss.2026Q4.2031Q4",
        "cascade.alone.cowos.2026Q4.2027Q1",
        "cascade.layer.cowos.2026Q4.2037Q1",
        "cascade.arrives.demand.2026Q4",
        "cascade.phase.5.2026Q4",
        "cascade.phase_then.1.2026Q4",
    ],
)
def test_an_unknown_figure_is_named_with_its_nearest(name):
    with pytest.raises(NarrowsError) as caught:
        narrows.why(name, draws=10)
    assert str(caught.value).startswith(f"The figure {name!r} is not known. The nearest known: 'cascade.")
    assert str(caught.value).endswith(WRITE)


def test_the_decision_is_taken_today_or_on_the_day_asked_for():
    assert decision(None, default().as_known_on("2024-08-30")) == Quarter.parse("2024Q3")
    assert decision(None, default().as_known_on("2199-08-30")) == Quarter.parse("2030Q4")
    assert len(ENDS) == 3
    assert [phase.number for phase in PHASES] == [1, 2, 3, 4]


def test_the_first_quarter_of_the_model_can_be_asked_about():
    early = narrows.cascade("2019Q4", draws=20, steps=1)
    assert early.quarter == "2019Q4"
    assert early.steps[0].value.mean > 0
