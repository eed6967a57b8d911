"""Published numbers of Lei and Masanet, by our code of their equations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from narrows.errors import UsageError
from narrows.facility.lei_masanet import published_system
from narrows.facility.lei_masanet_checks import demo_hour, lei_masanet_rows, published_quantiles

DATA = Path(__file__).parents[3] / "shared/data/facility"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/facility is absent")


@needs_data
def test_the_demo_hour_is_as_published():
    ours, told = demo_hour(DATA)
    assert told == (1.33916, 2.41739)
    np.testing.assert_allclose(ours, told, atol=1e-3)


@needs_data
def test_the_waterside_economizer_meets_its_quantiles():
    rows = [(ours, told) for case, _, _, ours, told in published_quantiles(DATA) if case == 2]
    off = np.abs([np.subtract(ours, told) for ours, told in rows])
    assert len(rows) == 24
    assert off[:, 0].max() < 0.015
    assert off[:, 1].mean() < 0.15


def test_without_data_the_row_says_so():
    (row,) = lei_masanet_rows(None)
    assert row.holds is None
    assert row.metric == "not run: data absent"


def test_a_system_from_nowhere_is_refused():
    with pytest.raises(UsageError) as refusal:
        published_system("pond", {}, np.zeros(1), np.ones(1), np.ones(1), lambda _t, load: load)
    assert str(refusal.value) == (
        "The system is 'pond'. It is one of airside economizer, adiabatic, airside economizer, water-cooled "
        "chiller, waterside economizer, water-cooled chiller, water-cooled chiller, air-cooled chiller. "
        "Name one of them."
    )
