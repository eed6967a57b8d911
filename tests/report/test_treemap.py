"""Areas of a treemap: in proportion, inside, apart."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows.report.treemap import tiles

SIZES = st.lists(st.floats(0.01, 100), min_size=1, max_size=30).map(lambda found: sorted(found, reverse=True))


@given(SIZES, st.floats(10, 1000), st.floats(10, 1000))
def test_areas_are_in_proportion_inside_and_apart(amounts, wide, high):
    found = tiles(amounts, 5.0, 7.0, wide, high)
    scale = wide * high / sum(amounts)
    assert [tile.wide * tile.high for tile in found] == pytest.approx([each * scale for each in amounts])
    for tile in found:
        assert tile.x >= 5 - 1e-6
        assert tile.y >= 7 - 1e-6
        assert tile.x + tile.wide <= 5 + wide + 1e-6
        assert tile.y + tile.high <= 7 + high + 1e-6
    for one, other in combinations(found, 2):
        across = min(one.x + one.wide, other.x + other.wide) - max(one.x, other.x)
        down = min(one.y + one.high, other.y + other.high) - max(one.y, other.y)
        assert min(across, down) <= 1e-6


def test_nothing_has_no_area():
    assert tiles([], 0, 0, 10, 10) == []
