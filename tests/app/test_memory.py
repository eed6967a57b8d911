"""The server's memory: what is let go of is made again the same, and in time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from narrows.apart import apart
from narrows.app.memory import Keeper, resident, trim
from narrows.bottlenecks import kernel, plain
from narrows.bottlenecks.model import build
from narrows.bottlenecks.what_if import COMPILED_FROM, WhatIf
from narrows.catalog import Overlay, PointReader, Reader, Scaling, default
from narrows.errors import RunError, UnknownNameError, UsageError
from narrows.report.pages import Study, answer
from narrows.report.pages.held import Held

LINUX = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell pages")
GOAL = 150_000_000
NUMBERS = (
    "/n/map.binds.cowos.2026Q4.json",
    "/n/map.capacity.rack.2027Q1.json",
    "/n/value.rent_share.cowos.{value}.json",
    "/n/shocks.price.hormuz.2026Q4.json",
    "/company/nvidia",
)


def test_what_is_let_go_of_is_made_again_the_same():
    study = Study(draws=150)
    paths = [path.format(value=study.rooms.value.quarter) for path in NUMBERS]
    other = Study(draws=150)
    whole = [answer(other, path).body for path in paths]
    for path, body in zip(paths, whole, strict=True):
        study.forget()
        assert answer(study, path).body == body
    assert len(whole[0]) > 500


def test_only_what_was_let_go_of_is_made_again():
    made = []
    held = Held(lambda: made.append(1) or len(made))
    assert (held.value, held.value, len(made)) == (1, 1, 1)
    held.forget()
    assert (held.value, len(made)) == (2, 2)


def test_what_is_being_made_is_kept_and_not_waited_for():
    begun, go = threading.Event(), threading.Event()

    def make():
        begun.set()
        assert go.wait(5)
        return 7

    held = Held(make)
    thread = threading.Thread(target=lambda: held.value)
    thread.start()
    assert begun.wait(5)
    held.forget()  # would wait for ever if it waited
    go.set()
    thread.join(5)
    assert held._made == (7,)


@pytest.mark.parametrize("reader", [lambda: Reader(default(), 3, 40), lambda: PointReader(default())])
def test_shares_of_the_mix_are_drawn_again_the_same_and_nothing_is_recorded(reader):
    model = build(reader())
    recipes, before = model.layers[0].recipes, model.reader.reads
    with model.reader.chain() as chain:
        again = recipes._mix
    assert "_mix" in vars(recipes)
    assert chain.reads == ()
    assert model.reader.reads == before
    assert np.allclose(again.sum(axis=2), 1.0)
    fresh = type(recipes)(model.reader.twin())._mix
    assert np.array_equal(again, fresh)


def test_who_does_not_wait_for_the_kernel_gets_the_same_bits():
    book = default()
    asked = [
        Overlay("more", scalings=(Scaling("data_hall.capacity", 1 + k / 50),))
        for k in range(COMPILED_FROM + 1)
    ]
    waiting, hasty = (WhatIf(book, 40, quarters="2027Q1:2027Q2", waits=waits) for waits in (True, False))
    assert hasty._solver(None) is plain.solve
    assert [hasty.map(one) for one in asked] == [waiting.map(one) for one in asked]
    assert kernel._loaded.wait(60)
    assert hasty._solver(asked[0]) is kernel.solve


def test_memory_is_let_go_of_where_it_is_too_much_and_not_again_before_it_grew(monkeypatch):
    sizes, called = [10], []
    monkeypatch.setattr("narrows.app.memory.resident", lambda: sizes[-1])
    keeper = Keeper(lambda: called.append(1), most=100_000_000)
    keeper.answered()
    assert not called
    sizes.append(150_000_000)
    keeper.answered()
    keeper.answered()  # what is left is in use
    assert len(called) == 1
    sizes.append(190_000_000)
    keeper.answered()
    assert len(called) == 2


def test_memory_is_let_go_of_when_nobody_asks():
    called = threading.Event()
    keeper = Keeper(called.set, most=10**15, quiet=0.05)
    keeper.start()
    assert not called.wait(0.2)  # nobody asked: nothing to let go of
    keeper.answered()
    assert called.wait(5)
    keeper.close()
    keeper._watch.join(5)
    assert not keeper._watch.is_alive()


@LINUX
def test_freed_memory_goes_back():
    arrays = [np.ones(12_000) for _ in range(2_000)]  # some 190 MB in pieces too small to stand alone
    full = resident()
    del arrays
    trim()
    assert resident() < full - 100_000_000


def test_a_function_in_a_process_apart():
    assert apart("os:getppid") == os.getpid()
    with pytest.raises(UsageError, match="cannot be read"):
        apart("narrows.quarters:span", text="20")
    with pytest.raises(UnknownNameError) as refused:
        apart("narrows.bottlenecks.answer:layer", name="cowoss")
    assert refused.value.name == "cowoss"
    with pytest.raises(RunError, match="ended with"):
        apart("os:_exit", status=3)


@LINUX
def test_a_server_starts_within_150_mb():
    command = [sys.executable, "-m", "narrows", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://\S+", server.stderr.readline())
            page = urllib.request.urlopen(found[0], timeout=60).read()  # noqa: S310 (our own)
            assert b"<svg" in page
            taken = GOAL
            for _ in range(20):  # what the map was solved with goes once it is solved
                pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
                taken = min(taken, pages * os.sysconf("SC_PAGE_SIZE"))
                time.sleep(0.1)
        finally:
            server.terminate()
    assert taken < GOAL
