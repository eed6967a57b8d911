"""The headlines: they agree with the map, name known causes, and every number answers why."""

from __future__ import annotations

import numpy as np
import pytest

import narrows
from narrows.bottlenecks.knowledge import _Study
from narrows.bottlenecks.told import Asked
from narrows.errors import UnknownNameError, UsageError

DRAWS, QUARTER = 1000, "2026Q4"


@pytest.fixture(scope="module")
def study():
    return _Study(Asked(DRAWS, 1), QUARTER)


@pytest.fixture(scope="module")
def answer(study):
    return study.result()


def by_name(answer):
    return {headline.id.split(".")[1]: headline for headline in answer.headlines}


def test_headlines_are_those_of_the_map(answer):
    known = narrows.map("2026Q4:2030Q4", draws=DRAWS)
    found = by_name(answer)
    assert found["deployed"].value == pytest.approx(known.deployed.mean[0])
    assert found["deployed"].p05 == pytest.approx(known.deployed.p05[0])
    assert found["deployed_year"].value == pytest.approx(sum(known.deployed.mean[1:5]))
    assert found["installed"].value == pytest.approx(known.installed.mean[16])
    families = {row.id: row.family for row in known.layers}
    for name, column in (("binds", 0), ("binds_later", 8)):
        shares = dict(found[name].options)
        for family in set(families.values()):
            theirs = sum(known.binds[layer][column] for layer in families if families[layer] == family)
            assert shares[family] == pytest.approx(theirs, abs=1e-12)
    for layer, worth in found["add"].options:
        assert worth == pytest.approx(known.price[layer].right[0], abs=1e-12)


def test_the_entropy_is_that_of_the_shares(answer):
    for name in ("binds", "binds_later"):
        headline = by_name(answer)[name]
        shares = np.array([share for _, share in headline.options if share > 0])
        assert headline.value == pytest.approx(-(shares * np.log2(shares)).sum())
        assert all(0 < mover.values["known"] < headline.value for mover in headline.movers)


def test_what_is_known_helps_and_half_helps_less(answer):
    for headline in answer.headlines:
        known = [mover.values["known"] for mover in headline.movers]
        assert known == sorted(known, reverse=True)
        assert len(known) <= 5
        for mover in headline.movers[:2]:
            assert mover.values["halved"] < 1.1 * mover.values["known"]  # estimates of few draws
            if headline.kind == "number":
                left = mover.values["high"] - mover.values["low"]
                assert left < 1.02 * (headline.p95 - headline.p05)


def test_common_causes_are_named_once(answer, study):
    for headline in answer.headlines:
        groups = [mover.fact.group for mover in headline.movers if mover.fact.group]
        assert len(groups) == len(set(groups))
        for mover in headline.movers:
            kin = sum(study.run.catalog.fact(name).group == mover.fact.group for name in study.doubtful) - 1
            assert mover.kin == (kin if mover.fact.group else 0)


def test_every_number_printed_answers_why(answer, study):
    rows = by_name(answer)
    ids = list(study.ids())
    assert len(ids) == len(set(ids))
    for name in ids[::29]:
        figure = narrows.why(name, draws=DRAWS).figure
        _, headline, _, option, fact = (*name.split(".", 4), "", "")[:5]
        row = rows[headline]
        if fact:
            known = next(mover for mover in row.movers if mover.fact.id == fact).values[option]
        else:
            known = dict(row.options)[option] if option else row.value
        assert figure.value == known


def test_a_fact_that_is_known_already_moves_nothing_and_is_not_told():
    with pytest.raises(UnknownNameError) as refused:
        narrows.why("headlines.deployd.2026Q4", draws=DRAWS)
    assert str(refused.value) == (
        "The figure 'headlines.deployd.2026Q4' is not known. The nearest known: 'headlines.deployed.2026Q4', "
        "'headlines.deployed_year.2026Q4', 'headlines.add.2026Q4'. Write "
        "headlines.<headline>.<quarter> or headlines.<headline>.<quarter>.<measure>.<fact>."
    )
    with pytest.raises(UnknownNameError):
        narrows.why("headlines.deployed.2026Q4.known.h100.h100e", draws=DRAWS)


def test_too_few_draws_are_refused():
    with pytest.raises(UsageError) as refused:
        narrows.headlines(draws=500)
    assert str(refused.value) == (
        "The value of knowing a fact is asked of 500 draws. It needs 1000 draws or more: fewer leave each of "
        "40 bins to chance. Give --draws 10000."
    )


def test_as_of_a_past_day_packaging_binds():
    answer = narrows.headlines(draws=DRAWS, as_of="2023-09-30")
    assert answer.quarter == "2023Q3"
    assert by_name(answer)["binds"].options[0][0] == "packaging"
