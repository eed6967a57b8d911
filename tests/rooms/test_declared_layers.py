"""Every layer of the shipped catalogue takes the exam."""

from __future__ import annotations

import pytest

from narrows.bottlenecks.supply import FactLayer, Recipes
from narrows.catalog import Reader, default
from tests.rooms.exam import LayerExam

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


def test_at_least_fourteen_layers():
    assert len(DECLARED) >= 14


def test_all_roads_lead_to_deployment():
    feeds = {layer.id: layer.feeds for layer in default().layers}
    for name in feeds:
        steps = 0
        while feeds[name]:
            name, steps = feeds[name], steps + 1
            assert steps <= len(feeds)
        assert name == "deployed"


def test_nothing_is_known_before_its_facts():
    reader = Reader(default().as_known_on("1990-01-01"), seed=3, n=8, method="random")
    recipes = Recipes(reader)
    import numpy as np

    for declared in DECLARED:
        layer = FactLayer(declared, reader, recipes)
        if declared.id != "demand":
            assert layer.log_supply(np.array([2024.0])) is None
