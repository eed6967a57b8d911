"""The loop: laws, its fixed point, stepping by hand, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import narrows
from narrows.bottlenecks import plain
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.feedback import VARIANTS, Loop
from narrows.errors import DataError, UnknownNameError

DRAWS = 200
SCENARIO = """
name = "loop"
why = "a test"

[set]
"{id}" = {{ value = {value}, unit = "{unit}" }}
"""


@pytest.fixture
def scenario(tmp_path):
    """Write a scenario that sets one fact."""

    def write(fact, value, unit="share"):
        path = tmp_path / f"{fact}-{value}.toml"
        path.write_text(SCENARIO.format(id=fact, value=value, unit=unit))
        return path

    return write


@pytest.fixture(scope="module")
def solved():
    return Loop(run("2028Q1:2030Q4", draws=DRAWS))


def test_without_reinvestment_the_loop_is_the_map(scenario):
    found = Loop(run("2030Q4", draws=DRAWS, scenario=scenario("feedback.reinvested_share", 0.0)))
    for variant in VARIANTS:
        output, relative = found.solved(variant)
        assert (output == found.run.solution.output).all()
        assert (relative == 1.0).all()


def test_the_loop_is_a_fixed_point(solved):
    for variant in VARIANTS[1:]:
        output, relative = solved.solved(variant)
        assert (solved.money(output, np.arange(DRAWS), variant) == relative).all()
    assert (solved.closed.solution.output == solved.solved("closed")[0]).all()


def test_stepping_quarter_by_quarter_gives_the_same(solved):
    model, row, draws = solved.model, solved.row, np.arange(DRAWS)
    output = solved.run.solution.output.copy()
    for end in range(solved.since + 1, len(model.quarters) + 1):
        relative = solved.money(output, draws, "closed")

        def change(K, rows, relative=relative, end=end):
            K[:, row, :end] *= relative[rows, :end]

        output = plain.forward(model.changed(change).stack(slice(0, DRAWS))).output
    assert np.allclose(output, solved.solved("closed")[0], rtol=1e-12)


def test_nothing_changes_up_to_the_quarter_of_the_revenue(solved):
    before = slice(0, solved.since + 1)
    for variant in VARIANTS:
        output, _ = solved.solved(variant)
        assert (output[:, before] == solved.run.solution.output[:, before]).all()


def test_a_slower_fall_of_revenue_never_lowers_output(scenario):
    outputs = [
        Loop(run("2030Q4", draws=50, scenario=scenario("feedback.revenue_decline", value))).solved("closed")[
            0
        ]
        for value in (0.3, 0.1)
    ]
    assert (outputs[1] >= outputs[0] * (1 - 1e-12)).all()


def test_stopping_is_never_better_than_the_map(solved):
    assert (solved.solved("stops")[0] <= solved.run.solution.output * (1 + 1e-12)).all()


def test_money_by_hand(solved):
    output, relative = solved.solved("closed")
    since, lag, at = solved.since, solved.lag, solved.since + 7
    revenue = [
        solved.revenue_usd * output[:, t] / output[:, since] * (1 - solved.decline) ** ((t - since) / 4)
        for t in (since - lag, at - lag)
    ]
    plan = solved.plan_usd
    capital = plan[:, at] * (1 - solved.share * revenue[0] / plan[:, since]) + solved.share * revenue[1]
    assert np.allclose(relative[:, at] * plan[:, at], capital, rtol=1e-12)


def test_every_number_is_told_as_it_is_printed():
    result = narrows.loop("2027Q4:2028Q1", draws=60, seed=3)
    for name in [*result.numbers][::5]:
        found, figure = result.numbers[name], narrows.why(name, draws=60, seed=3).figure
        assert (figure.value, figure.p05, figure.p95, figure.unit) == (
            found.value,
            found.p05,
            found.p95,
            found.unit,
        ), name


def test_the_map_prints_the_open_loop():
    result, shown = narrows.loop("2028Q1", draws=60), narrows.map("2028Q1", draws=60)
    assert result.number("deployed", "open", "2028Q1").value == pytest.approx(
        shown.deployed.mean[0], rel=1e-12
    )
    assert result.number("binds", "open", "2028Q1").value == pytest.approx(
        shown.binds["capital"][0], rel=1e-9
    )


def test_a_day_without_revenue_is_refused():
    with pytest.raises(DataError) as refused:
        narrows.loop("2025Q1", draws=20, as_of="2025-01-31")
    assert str(refused.value) == (
        "Nothing was known of 'ai_infrastructure.revenue'. The loop begins with a revenue of today. "
        "Ask for a later day, or type the fact."
    )


def test_an_unknown_figure_is_refused():
    with pytest.raises(UnknownNameError, match=r"The figure 'loop.revenu.2028Q1' is not known"):
        narrows.why("loop.revenu.2028Q1", draws=20)
