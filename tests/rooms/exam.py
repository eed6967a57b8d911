"""The exam that every layer of the stack must pass, declared as facts or written in a room."""

from __future__ import annotations

import numpy as np

from narrows.layer import Layer
from narrows.units import parse

YEARS = np.array([2022.125, 2024.5, 2026.875, 2030.875])


class LayerExam:
    """Questions to one layer; a subclass or fixture supplies ``layer`` and ``again`` (the same, read anew)."""

    def test_answers_all_five_questions(self, layer):
        assert isinstance(layer, Layer)

    def test_unit_is_known(self, layer):
        assert parse(layer.unit).symbol

    def test_supply_has_draws_first_and_is_positive(self, layer):
        supply = layer.supply(YEARS)
        assert supply is not None, "today every shipped layer has a capacity"
        assert supply.shape[1] == len(YEARS)
        assert np.isfinite(supply).all()
        assert (supply > 0).all()

    def test_supply_is_doubtful(self, layer):
        supply = layer.supply(YEARS)
        assert (supply.std(axis=0) > 0).all(), "no capacity of the world is known exactly"

    def test_need_is_not_negative(self, layer):
        need = layer.need(YEARS)
        assert need.shape[1] == len(YEARS)
        assert np.isfinite(need).all()
        assert (need >= 0).all()

    def test_same_seed_same_bytes(self, layer, again):
        assert layer.supply(YEARS).tobytes() == again.supply(YEARS).tobytes()
        assert layer.need(YEARS).tobytes() == again.need(YEARS).tobytes()

    def test_relief_takes_time(self, layer):
        relief = layer.relief()
        assert relief is not None, "a layer says how long new capacity takes"
        low, value, high = relief
        assert 0 <= low <= value <= high

    def test_makers_share_the_whole(self, layer):
        makers = layer.makers()
        if makers:
            assert abs(sum(makers.values()) - 1) < 1e-12
            assert all(0 <= share <= 1 for share in makers.values())
            assert list(makers.values()) == sorted(makers.values(), reverse=True)

    def test_watch_is_a_sentence(self, layer):
        assert len(layer.watch()) > 20
