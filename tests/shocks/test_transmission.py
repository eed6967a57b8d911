"""From prices to sectors, companies and equity: laws, refusals, and that verdicts come from bands."""

import numpy as np
import pytest

from narrows.errors import UnknownNameError, UsageError
from narrows.shocks.equity import CHANNELS, Episode, explained
from narrows.shocks.firms import companies, company
from narrows.shocks.reaction import event_study, implied_years, priced
from narrows.shocks.sectors import SECTORS, members, sector_of
from narrows.shocks.tables import economy
from narrows.shocks.transmission import CHANNELS as PARTS
from narrows.shocks.transmission import sector_table, shocked, verdict


@pytest.fixture(scope="module")
def rise():
    return sector_table({"crude": 0.5}, draws=300)


def test_no_change_moves_nothing():
    found = sector_table({"crude": 0.0}, draws=50)
    for sector in found.sectors:
        assert sector.profit == (0.0, 0.0, 0.0)
        assert sector.verdict == "Resilient"
    assert found.basket == (0.0, 0.0, 0.0)


def test_channels_sum_to_the_change_and_verdicts_follow_bands(rise):
    for sector in rise.sectors:
        assert sum(sector.channels[name] for name in PARTS) == pytest.approx(sector.draws.mean(), abs=1e-12)
        assert sector.verdict == verdict(sector.profit[0], sector.profit[2], rise.shock.noticeable)
        assert abs(sector.cyclical[1]) <= abs(sector.profit[1]) + 1e-12
    assert [sector.name for sector in rise.sectors] == list(SECTORS)


def test_technology_is_moved_less_than_packaging(rise):
    table = economy("detail", 2017)
    change = np.median(rise.shock.price[:, -1, :], axis=0)
    assert change[table.at("326110")] > 10 * change[table.at("334413")]
    assert rise.sector("energy").profit[0] > 0


def test_a_longer_shock_is_worth_more(rise):
    longer = sector_table({"crude": 0.5}, duration=8, draws=300)
    short, long = rise.sector("Industrials").cyclical[1], longer.sector("Industrials").cyclical[1]
    assert long < short < 0


def test_draws_and_quarters_can_be_given():
    path = np.linspace(0.5, 0.1, 4)[None, :] * np.ones((60, 1))
    assert shocked({"gas": 0.1, "crude": path}, draws=60).price.shape[1] == 4
    with pytest.raises(UsageError, match="of 4 and of 3 quarters"):
        shocked({"gas": path[:, :3], "crude": path}, draws=60)
    found = shocked({"crude": path, "gas": 0.1}, draws=60)
    assert found.price.shape[:2] == (60, 4)
    at = found.model.economy.at("481000")
    steady = shocked({"crude": np.full(60, 0.5), "gas": 0.1}, draws=60, duration=4)
    assert (found.price[:, -1, at] < steady.price[:, -1, at]).all()
    assert np.allclose(found.price[:, 0, at], steady.price[:, 0, at])


def test_dear_crude_weighs_more():
    cheap, dear = (sector_table({"crude": 0.2}, draws=100, day=usd) for usd in (40.0, 110.0))
    assert dear.basket[1] > 1.5 * cheap.basket[1] > 0
    with pytest.raises(UsageError, match="Crude costs -5 usd a barrel"):
        sector_table({"crude": 0.2}, draws=100, day=-5.0)


def test_a_squeeze_eases_as_prices_follow():
    told = sector_table({"crude": 0.5}, draws=200, duration=8).sector("Industrials").quarters
    assert told[0] < told[-1] < 0


def test_same_seed_same_figures():
    first, second = (sector_table({"crude": 0.3}, draws=80, seed=5) for _ in range(2))
    assert [row.profit for row in first.sectors] == [row.profit for row in second.sectors]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "No change of a price is given. At least one commodity moves. Give crude=0.5, say."),
        ({"crude": -1.0}, "The change of crude is -1. A relative price change is a number above -1; 0.5 is plus 50 %. Give another change."),
        ({"crude": np.ones(7)}, "The change of crude has the shape (7,). One number, 50 draws, or axes (draw, quarter) with at most 40 quarters. Give as many draws as asked for."),
    ],
)  # fmt: skip
def test_refusals(changes, text):
    with pytest.raises(UsageError) as refused:
        sector_table(changes, draws=50)
    assert str(refused.value) == text


def test_names_are_suggested():
    with pytest.raises(
        UnknownNameError, match=r"The commodity 'crud' is not known\. The nearest known: 'crude'"
    ):
        sector_table({"crud": 0.1}, draws=50)


def test_every_market_industry_has_one_sector():
    codes = economy("detail", 2017).codes
    assert (members(codes).sum(axis=0) <= 1).all()
    without = [code for code in codes if not sector_of(code)]
    outside = (
        "4200",
        "491",
        "531HSO",
        "55",
        "624",
        "712",
        "813",
        "814",
        "S",
        "G",
    )  # nobody lists their shares
    assert all(code.startswith(outside) for code in without), without


def test_companies_replace_shares_and_hedges_help(rise):
    shock = rise.shock
    base = shock.model.economy
    own = float(base.A[base.at("324110"), base.at("481000")])
    plain = company(shock, {"481000": 1.0})
    same = company(shock, {"481000": 1.0}, fuel_share=own)
    assert same.margin == pytest.approx(plain.margin)
    thirsty = company(shock, {"481000": 1.0}, fuel_share=own + 0.1)
    hedged = company(shock, {"481000": 1.0}, fuel_share=own + 0.1, hedged_share=1.0)
    bound = company(shock, {"481000": 1.0}, fuel_share=own + 0.1, lag_quarters=2.0)
    assert bound.margin[1] < thirsty.margin[1] < plain.margin[1] < hedged.margin[1]
    firms = companies(shock)
    assert [firm.margin[1] for firm in firms] == sorted(firm.margin[1] for firm in firms)
    with pytest.raises(UsageError) as refused:
        company(shock, {"481000": 0.5})
    assert str(refused.value) == (
        "The revenue mix sums to 0.5. Shares of revenue by industry are 0 to 1 and sum to 1. Divide each by their sum."
    )


def test_duration_implied_turns_the_value_around():
    profit, discount = np.full(5, -0.2), np.full(5, 0.08)
    for years in (0.25, 1.0, 5.0):
        seen = float((1 - np.exp(-0.08 * years)) * -0.2)
        assert implied_years(seen, profit, discount) == pytest.approx(np.full(5, years))
        assert priced(seen, profit, discount, years).gap == pytest.approx((0, 0, 0), abs=1e-12)
    assert np.isnan(implied_years(0.01, profit, discount)).all()
    assert priced(0.05, profit, discount, 1.0).verdict == "of another sign"
    assert [priced(seen, profit, discount, 1.0).label for seen in (-0.1, 0.1)] == [
        "Undervalued",
        "Overvalued",
    ]


def test_event_study_gives_chance_its_share():
    """Without an effect, chances are spread evenly over 0 to 1."""
    rng = np.random.default_rng(8)
    chances = []
    for _ in range(40):
        market = rng.standard_t(4, 400) * 0.01
        common = rng.normal(0, 0.01, (400, 1))  # assets move together: one event is one draw
        returns = market[:, None] + common + rng.normal(0, 0.005, (400, 5))
        chances.append(event_study(returns, market, 250, 10, estimation=60).joint)
    assert 0.3 < np.mean(chances) < 0.7
    assert np.mean(np.array(chances) < 0.1) < 0.3


def test_returns_are_told_from_other_episodes():
    rng = np.random.default_rng(2)
    names = ("Autos", "Oil", "Coal", "Banks", "Softw", "Drugs", "Toys", "Mines", "Telcm", "Food")

    def episode(sign):
        market = rng.normal(1, 0.3, 10)
        output = np.array([float(name in {"Oil", "Coal", "Mines"}) for name in names])
        return Episode(
            "x", sign, names, sign * (10 * output + 3 * market) + rng.normal(0, 0.5, 10), np.zeros(10), market
        )

    past = [episode(1), episode(-1), episode(1)]
    found = explained(episode(-1), past, {})
    assert found.correlation > 0.6
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert set(found.shares) == {*CHANNELS, "unexplained"}
    with pytest.raises(UsageError, match="has no others beside it"):
        explained(past[0], [], {})
