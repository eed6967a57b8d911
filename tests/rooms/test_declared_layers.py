"""Every layer of the shipped catalogue takes the exam."""

from __future__ import annotations

import numpy as np
import pytest
from tests.rooms.exam import LayerExam

from narrows.bottlenecks.supply import FactLayer, Recipes
from narrows.catalog import Reader, default

DECLARED = [layer for layer in default().layers if layer.feeds]


def read(declared):
    reader = Reader(default(), seed=3, n=64, method="random")
    return FactLayer(declared, reader, Recipes(reader))


@pytest.fixture(params=DECLARED, ids=lambda layer: layer.id)
def declared(request):
    return request.param


class TestDeclaredLayers(LayerExam):
    @pytest.fixture
    def layer(self, declared):
        return read(declared)

    @pytest.fixture
    def again(self, declared):
        return read(declared)

    def test_relief_takes_time(self, layer):
        if layer.id == "demand":
            assert layer.relief() is None, "nobody builds demand"
        else:
            super().test_relief_takes_time(layer)


def test_at_least_fourteen_layers():
    assert len(DECLARED) >= 14


def test_all_roads_lead_to_deployment():
    feeds = {layer.id: layer.feeds for layer in default().layers}
    for start in tuple(feeds):
        place, steps = start, 0
        while feeds[place]:
            place, steps = feeds[place], steps + 1
            assert steps <= len(feeds)
        assert place == "deployed"


def test_nothing_is_known_before_its_facts():
    reader = Reader(default().as_known_on("1990-01-01"), seed=3, n=8, method="random")
    recipes = Recipes(reader)

    for declared in DECLARED:
        layer = FactLayer(declared, reader, recipes)
        if declared.id != "demand":
            assert layer.supply(np.array([2024.0])) is None
