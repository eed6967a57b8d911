"""Every test of the catalogue has its own cache, and may ask for the small catalogue."""

from __future__ import annotations

import pytest

from .small import Small


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path / "catalog")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NARROWS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
