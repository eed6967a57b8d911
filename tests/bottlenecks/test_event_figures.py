"""Figures of an event carried to sectors and companies: the same as the table, with the facts of both."""

from __future__ import annotations

import numpy as np
import pytest

import narrows
from narrows.bottlenecks.shock_figures import event_figures, sector_id
from narrows.bottlenecks.told import Asked
from narrows.errors import UnknownNameError
from narrows.shocks.event_sectors import event_sectors
from narrows.shocks.price import price_path

DRAWS = 300


@pytest.fixture(scope="module")
def solved():
    return event_figures("hormuz", Asked(DRAWS, 1))


def test_sectors_and_companies_are_those_of_the_table(solved):
    found, _, _ = solved
    table, firms = event_sectors(price_path("hormuz", draws=DRAWS))
    for sector in table.sectors:
        assert np.array_equal(found.values[sector_id("hormuz", sector.name)], sector.draws)
    margins = sorted(float(np.median(values)) for id_, values in found.values.items() if ".margin." in id_)
    assert margins == pytest.approx(sorted(firm.margin[1] for firm in firms))


def test_why_tells_what_is_kept(solved):
    found, _, _ = solved
    for id_ in ("shocks.profit.hormuz.energy", "shocks.margin.hormuz.delta", "shocks.price.hormuz.2026Q2"):
        chain = narrows.why(id_, draws=DRAWS)
        assert chain.figure.value == pytest.approx(float(found.values[id_].mean()), rel=1e-12)
    facts = {link.fact.id for link in narrows.why("shocks.profit.hormuz.energy", draws=DRAWS).links}
    assert "hormuz.flow" in facts
    assert "push.pass_through" in facts


def test_an_unknown_sector_names_the_nearest():
    with pytest.raises(UnknownNameError) as refused:
        narrows.why("shocks.profit.hormuz.enrgy", draws=50)
    assert "shocks.profit.hormuz.energy" in str(refused.value)
