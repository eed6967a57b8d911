"""The back-test of rents against margins: what counts, and what is refused."""

import pytest

from narrows.catalog import PointReader, default
from narrows.errors import DataError, UsageError
from narrows.value.backtest import backtest


@pytest.fixture(scope="module")
def past():
    return backtest(draws=50)


def test_changes_are_weighted_means_of_what_companies_report(past):
    reader = PointReader(default())
    for one in past.observations:
        moves = [
            reader.point(f"company.{name}.gross_margin.{one.year + 1}")
            - reader.point(f"company.{name}.gross_margin.{one.year}")
            for name in one.companies
        ]
        assert min(moves) - 1e-12 <= one.change <= max(moves) + 1e-12


def test_a_least_share_only_takes_makers_away(past):
    strict = backtest(draws=50, exposed=0.1)
    whole = {(one.layer, one.year): set(one.companies) for one in past.observations}
    assert all(set(one.companies) <= whole[one.layer, one.year] for one in strict.observations)
    assert len(strict.observations) < len(past.observations)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_beyond_0_to_1_is_refused(share):
    with pytest.raises(UsageError, match=r"A share is 0 to 1"):
        backtest(draws=10, exposed=share)


def test_a_share_that_leaves_no_layer_is_refused():
    with pytest.raises(DataError, match=r"No year has 3 layers with makers"):
        backtest(draws=10, exposed=0.99)
