"""Who makes each layer: shares add up, concentration keeps its bounds, and what is lost keeps its laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import narrows
from narrows.bottlenecks import concentration as room
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.concentration import WINDOW, concentration, makers
from narrows.bottlenecks.concentration_checks import added_by_designer, check_concentration
from narrows.bottlenecks.concentration_result import ALL, DESIGNS, OTHERS, READINGS, Spread
from narrows.bottlenecks.plain import forward, restart
from narrows.bottlenecks.removal import Removal, absent, lose
from narrows.catalog import default
from narrows.errors import DataError, UnknownNameError, UsageError

DRAWS = 120
DATA = Path(__file__).parents[3] / "shared" / "data" / "bottleneck"


@pytest.fixture(scope="module")
def whole():
    return makers(draws=DRAWS)


@pytest.fixture(scope="module")
def nvidia():
    return makers("NVIDIA", draws=DRAWS)


@pytest.fixture(scope="module")
def question():
    return room._question(None, narrows.bottlenecks.told.Asked(DRAWS, 1))


# --- shares and concentration ---------------------------------------------------------------------


def test_the_shares_of_a_layer_add_up_to_one_in_every_draw(question):
    for place in question.places:
        total = sum(question.shares(place).values())
        assert np.abs(total - 1).max() < 1e-12, place
        assert all((share >= 0).all() for share in question.shares(place).values())


def test_every_layer_of_the_map_but_demand_has_makers(whole, question):
    assert {layer.id for layer in whole.layers} == {
        DESIGNS,
        *(layer.id for layer in question.model.layers if layer.id != "demand"),
    }
    assert whole.unknown == ()


def test_what_goes_into_the_designs_adds_up_to_one_over_designers(question):
    for place in question.all_places:
        total = sum(question.takes(place, company) for company in question.shares(DESIGNS))
        assert np.abs(total - 1).max() < 1e-12, place


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12), st.floats(0.0, 1.0))
def test_concentration_lies_between_equal_makers_and_one(sizes, rest):
    parts = [*sizes, rest]
    total = sum(parts)
    shares = {str(place): np.array([part / total]) for place, part in enumerate(sizes)}
    shares[OTHERS] = np.array([rest / total])
    many, one = concentration(shares)
    assert 10_000 / len(parts) - 1e-6 <= one[0] <= 10_000 + 1e-6
    assert many[0] <= one[0] <= many[0] + 10_000 * (rest / total) ** 2 + 1e-6


def test_concentration_of_the_textbook():
    shares = {name: np.array([share]) for name, share in zip("abcd", (0.4, 0.3, 0.2, 0.1), strict=True)}
    assert concentration(shares)[0][0] == pytest.approx(3000)


def test_only_the_layers_with_one_large_maker_are_flagged(whole):
    assert {layer.id for layer in whole.layers if layer.single_supplier} == {"euv", "logic_wafer", "cowos"}
    euv = next(layer for layer in whole.layers if layer.id == "euv")
    assert (euv.hhi.mean, euv.effective.mean, euv.top) == (10_000, 1, "asml")


def test_hbm_follows_its_dated_shares():
    by_year = {
        when: makers("hbm_stack", quarter=when, draws=DRAWS).layers[0] for when in ("2022Q3", "2025Q2")
    }
    shares = {when: {row.id: row.share.p50 for row in layer.makers} for when, layer in by_year.items()}
    assert shares["2022Q3"]["sk_hynix"] == pytest.approx(0.5, abs=0.03)
    assert shares["2025Q2"]["sk_hynix"] == pytest.approx(0.62, abs=0.03)
    assert shares["2025Q2"]["micron"] == pytest.approx(0.21, abs=0.03)


# --- the stack from a quarter on ------------------------------------------------------------------


@pytest.mark.parametrize("quarter", ["2020Q3:2022Q2", "2023Q1:2024Q4", "2028Q1:2029Q4"])
def test_the_cut_stack_deploys_what_the_whole_one_does(quarter):
    solved = run(quarter, draws=64)
    start = solved.shown.start
    stack = solved.model.stack(slice(0, 64))
    expected = np.diff(forward(stack).output, axis=1)[:, start - 1 : start - 1 + WINDOW]
    found = np.diff(forward(restart(stack, start, start + WINDOW - 1)).output, axis=1, prepend=0.0)
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-3)


def test_a_loss_is_that_of_the_whole_stack_with_the_same_room_for_stock():
    solved = run("2026Q4:2028Q3", draws=64)
    model, start, row = solved.model, solved.shown.start, solved.model.row("cowos")
    share = np.full(64, 0.9)
    lost = lose(model, start, WINDOW, [Removal({row: share}, {row: np.ones((64, WINDOW))})])[0]
    stack = model.stack(slice(0, 64))
    before = forward(stack).output[:, start + WINDOW - 1]
    stack.K[:, row, start : start + WINDOW] *= 0.1
    after = forward(stack).output[:, start + WINDOW - 1]
    assert np.allclose(lost.loss, before - after, rtol=1e-9, atol=1e-3)
    assert (lost.quarters.sum(axis=1) == WINDOW).all()


def test_a_maker_is_away_for_its_time_and_no_longer():
    assert absent(np.array([0.0, 2.25, 9.0]), 4).tolist() == [[0, 0, 0, 0], [1, 1, 0.25, 0], [1, 1, 1, 1]]


def test_what_runs_on_only_stops_growing():
    K = np.array([[[np.inf] * 3, [10.0, 20.0, 30.0]]])
    away = {1: np.ones((1, 3))}
    stays = Removal({1: np.ones(1)}, away, {1: np.ones(1)}).capacity(K)
    half = Removal({1: np.ones(1)}, away, {1: np.full(1, 0.5)}).capacity(K)
    assert stays[0, 1].tolist() == [10, 10, 10]
    assert half[0, 1].tolist() == [5, 5, 5]
    assert Removal({0: np.ones(1)}, {0: np.ones((1, 3))}).capacity(K)[0, 0].tolist() == [0, 0, 0]


# --- what is lost ---------------------------------------------------------------------------------


def test_removing_a_maker_never_raises_output(question):
    pairs = [(place, company) for place in question.places for company in room._named(question, place)]
    question.lost(pairs)
    for pair in pairs:
        by_reading = question.losses(*pair)
        assert all((lost.loss >= 0).all() for lost in by_reading.values())
        assert (by_reading["loss_good"].loss >= by_reading["loss_year"].loss - 1e-6).all()
        assert (by_reading["loss_good"].loss >= by_reading["loss"].loss - 1e-6).all()
        assert all((lost.loss <= lost.deployed * (1 + 1e-12)).all() for lost in by_reading.values())


@pytest.mark.parametrize("layer", ["logic_wafer", "hbm_stack", "rack", "data_hall", "capital"])
def test_without_any_maker_nothing_is_deployed_once_stocks_are_gone(question, layer):
    model, row, draws = question.model, question.model.row(layer), question.reader.n
    everything = Removal({row: np.ones(draws)}, {row: np.ones((draws, WINDOW))})
    stack = restart(model.stack(slice(None)), question.start, question.start + WINDOW - 1)
    left = restart(model.stack(slice(None)), question.start, question.start + WINDOW - 1)
    left.K[:, row] = everything.capacity(stack.K)[:, row]
    assert (left.K[:, row] == 0).all()
    steps = np.diff(forward(left).output, axis=1)
    assert np.abs(steps[:, -1]).max() < 1.0
    assert (forward(stack).output[:, -1] > forward(left).output[:, -1]).all()


def test_a_company_is_missed_at_least_as_much_as_in_its_worst_layer(question):
    for company in ("nvidia", "tsmc", "samsung", "amazon", "ase"):
        layers = question.at(company)
        question.lost([*((layer, company) for layer in layers), (ALL, company)])
        for word in READINGS:
            worst = max(question.losses(layer, company)[word].loss.mean() for layer in layers)
            every = [question.losses(layer, company)[word].loss for layer in layers]
            at_once = question.losses(ALL, company)[word].loss
            assert (at_once >= np.max(every, axis=0) - 1e-3).all()
            assert at_once.mean() >= worst - 1e-3


def test_all_designers_gone_deploy_nothing(question):
    companies = list(question.shares(DESIGNS))
    gone = sum(question._removal((DESIGNS, company), "loss_good").designs for company in companies)
    lost = lose(question.model, question.start, WINDOW, [Removal({}, {}, {}, gone)])[0]
    assert np.allclose(lost.loss, lost.deployed, rtol=1e-9)


def test_the_largest_loss_leads_the_ranking(whole):
    means = [row.readings["loss"].h100e.mean for row in whole.ranking]
    assert means == sorted(means, reverse=True)
    assert whole.ranking[0].layer == DESIGNS


# --- one company ----------------------------------------------------------------------------------


def test_the_thread_of_nvidia_is_in_the_order_of_the_days(nvidia):
    company = nvidia.company
    days = [row.day for row in company.rows]
    assert days == sorted(days)
    assert [role.part for role in company.roles] == ["Compute", "Networking", "Systems", "Software"]
    assert [role.part for role in company.roles if not role.figures] == ["Software"]
    rows = {row.id: row for row in company.rows}
    assert rows["cowos"].reported[0].fact == "cowos.nvidia_share.2026"
    assert rows["cowos"].takes.p05 <= rows["cowos"].reported[0].value <= rows["cowos"].takes.p95
    stated = [(report.about, report.value / 1e9) for report in company.commitments]
    assert stated[0] == ("2021-10", pytest.approx(7.83))
    assert stated[-1] == ("2026-05", pytest.approx(145))


@pytest.mark.parametrize("name", ["NVIDIA", "nvidia", "NVDA", " Nvidia "])
def test_a_company_goes_by_id_name_or_ticker(name):
    assert makers(name, draws=20).asked == "nvidia"


def test_a_name_with_blanks_and_a_company_that_makes_nothing():
    assert makers("SK hynix", draws=20).asked == "sk_hynix"
    broadcom = makers("broadcom", draws=20).company
    assert broadcom.at_once is None
    assert [row.id for row in broadcom.rows if row.reported] == ["switch"]


# --- every number answers why ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "quarter"), [(None, None), ("cowos", None), ("nvidia", None), ("hbm_stack", "2028Q1")]
)
def test_every_figure_answers_why_with_the_number_shown(name, quarter):
    asked = narrows.bottlenecks.told.Asked(40, 3)
    result = makers(name, quarter=quarter, draws=40, seed=3)
    question = room._question(quarter, asked)
    for word, value in result.figures().items():
        words = word.removesuffix(f".{quarter}").split(".")[1:]
        told = question.value(words)
        assert told is not None, word
        if isinstance(value, Spread):
            assert told[1] == value.unit, word
            assert told[0].mean() == pytest.approx(value.mean, rel=1e-12, abs=1e-12), word
            assert np.quantile(told[0], 0.95) == pytest.approx(value.p95, rel=1e-9, abs=1e-9), word
        else:
            assert told[0].mean() == pytest.approx(value, rel=1e-12, abs=1e-12), word


@pytest.mark.parametrize(
    "name",
    [
        "makers.hhi.cowos",
        "makers.loss.cowos.tsmc",
        "makers.thread.nvidia.switch",
        "makers.designers.2024",
        "makers.loss_good_part.all.nvidia.2028Q1",
    ],
)
def test_why_tells_the_facts_behind_a_figure(name):
    chain = narrows.why(name, draws=60)
    assert chain.figure.id == name
    assert chain.links
    quarter = name.rsplit(".", 1)[-1] if name.endswith("Q1") else None
    asked = {"cowos": "cowos", "nvidia": "nvidia"}.get(name.split(".")[2]) or (
        "nvidia" if ".all." in name else DESIGNS
    )
    shown = makers(asked, quarter=quarter, draws=60).figures()[name]
    assert chain.figure.value == pytest.approx(shown.mean, rel=1e-12)


# --- companies of the catalogue -------------------------------------------------------------------


def test_the_same_company_has_one_id_in_every_layer():
    book = default()
    names = [company.name for company in book.companies]
    assert len(set(names)) == len(names)
    known = {company.id for company in book.companies}
    for layer in book.layers:
        for fact in book.under(layer.makers) if layer.makers else ():
            assert fact.id.removeprefix(f"{layer.makers}.").split(".")[0] in known | {OTHERS}
    assert {design.maker for design in book.designs} <= set(names)


# --- as known on a day, and refusals --------------------------------------------------------------


def test_a_past_date_says_whose_makers_were_not_known():
    past = makers(draws=20, as_of="2023-09-30")
    assert "liquid_cooling" in past.unknown
    assert "cowos" not in past.unknown
    with pytest.raises(DataError) as refusal:
        makers("liquid_cooling", draws=20, as_of="2023-09-30")
    assert str(refusal.value) == (
        "Nothing was known about 'liquid_cooling.maker' on 2023-09-30. It was first known on 2025-11-30. "
        "Ask for a later day."
    )


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError) as refusal:
        makers("nvidea", draws=20)
    assert str(refusal.value) == (
        "The layer or company 'nvidea' is not known. The nearest known: 'nvidia', 'nvent', 'delta'. "
        "List the layers and their makers with `narrows makers`."
    )


@pytest.mark.parametrize("quarter", ["2019Q4", "2031Q1", "2019Q1"])
def test_a_quarter_out_of_range_is_refused(quarter):
    with pytest.raises(UsageError) as refusal:
        makers("cowos", quarter=quarter, draws=20)
    assert str(refusal.value) == (
        f"A maker cannot stop in {quarter}. It stops in a quarter from 2020Q1, when the model has filled its "
        "pipeline, to 2030Q4. Give --quarter 2029Q1."
    )


def test_the_last_quarter_can_be_asked():
    assert makers("cowos", quarter="2030Q4", draws=20).last == "2032Q3"


# --- against counts -------------------------------------------------------------------------------


def test_the_counts_give_the_published_concentrations():
    if not DATA.is_dir():
        pytest.skip("needs ../shared/data/bottleneck")
    added = added_by_designer(DATA / "epoch_chip_counts", 2023)
    assert sum(added.values()) == pytest.approx(1_310_297, abs=1)
    assert added["nvidia"] / sum(added.values()) == pytest.approx(0.841, abs=0.0005)
    assert all(row.holds for row in check_concentration(DATA))


def test_without_counts_the_rows_are_not_run():
    rows = list(check_concentration(None))
    assert [row.holds for row in rows] == [True, True, None]
