"""The ledger that a server keeps: the same as one that is made, and never in the way."""

from __future__ import annotations

import pytest

from narrows.catalog import Overlay, Scaling, cache, default
from narrows.claims import kept
from narrows.claims.kept import kept_ledger

CLAIMS = ("may8.spx", "day6.air", "day8.labs")
ASKED = {"draws": 50, "seed": 1, "catalog": default(), "claims": CLAIMS}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NARROWS_CACHE_DIR", str(tmp_path))


@pytest.fixture
def made(monkeypatch):
    """Return the number of times that a ledger was made, so far."""
    times, make = [], kept.ledger

    def counted(*given, **asked):
        times.append(given)
        return make(*given, **asked)

    monkeypatch.setattr(kept, "ledger", counted)
    return times


def test_what_is_kept_is_what_was_made(made):
    first = kept_ledger(**ASKED)
    assert kept_ledger(**ASKED) == first
    assert len(made) == 1


def test_another_question_is_not_answered_from_it(made, monkeypatch):
    kept_ledger(**ASKED)
    scaled = default().overlay(Overlay("less", scalings=(Scaling("cowos.capacity", 0.5),)))
    for other in ({"draws": 60}, {"seed": 2}, {"catalog": scaled}, {"claims": CLAIMS[:2]}):
        found = kept_ledger(**(ASKED | other))
        assert (found.draws, found.seed) == ((ASKED | other)["draws"], (ASKED | other)["seed"])
    kept_ledger(**ASKED)
    monkeypatch.setattr("narrows.__version__", "0.0.0")
    kept_ledger(**ASKED)
    assert len(made) == 7


def test_a_changed_program_makes_it_again(made, monkeypatch, tmp_path):
    program = tmp_path / "program"
    program.mkdir()
    (program / "room.py").write_text("one")
    monkeypatch.setattr(kept, "_HOME", program)
    kept_ledger(**ASKED)
    (program / "room.py").write_text("another")
    kept_ledger(**ASKED)
    assert len(made) == 2


@pytest.mark.parametrize(
    "body", [b"", b"junk", b"[" * 100_000, b"[]", b"{}", b"[1]", b'[{"claim": "none"}]', b'[{"limits": 1}]']
)
def test_what_cannot_be_read_is_made_again(made, body):
    first = kept_ledger(**ASKED)
    cache.keep("claims.json", kept._key(50, 1, default(), list(CLAIMS)), body)
    assert kept_ledger(**ASKED) == first
    assert len(made) == 2


def test_without_a_folder_it_is_made(made, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NARROWS_CACHE_DIR", str(tmp_path / "file"))
    assert kept_ledger(**ASKED) == kept_ledger(**ASKED)
    assert len(made) == 2
