"""Results in a notebook: a sentence, a picture, the numbers, and the same rows as a data frame."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import pytest

import narrows
from narrows.bottlenecks.chain import chain_of
from narrows.errors import DataError
from narrows.figure import Figure, Shown
from narrows.report.notebook import FACES, bundle
from narrows.report.tables import map_csv

ASKED = {
    "MapResult": lambda: narrows.map("2026Q4:2027Q2", draws=30),
    "CascadeResult": lambda: narrows.cascade(draws=30),
    "TimeResult": lambda: narrows.time(draws=30),
    "PricesResult": lambda: narrows.prices(draws=30),
    "LoopResult": lambda: narrows.loop(draws=30),
    "ConcentrationResult": lambda: narrows.makers(draws=30),
    "Chain": lambda: narrows.why("map.deployed.2027Q1", draws=30),
    "Figure": lambda: narrows.why("map.deployed.2027Q1", draws=30).figure,
}


class Open(HTMLParser):
    """Tags that are open, and whether they close in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.bad, self.scripts = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)
        if tag not in {"br", "hr", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        del tag, attrs

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)


@pytest.mark.parametrize("name", ASKED)
def test_a_result_is_shown_and_framed(name):
    result = ASKED[name]()
    assert type(result).__name__ == name
    assert isinstance(result, Shown)
    found = result._repr_mimebundle_()
    assert result._repr_html_() == found["text/html"]
    page = Open(found["text/html"])
    assert (page.open, page.bad, page.scripts) == ([], [], 0)
    assert found["text/plain"].strip()
    assert len(result.to_frame())


def test_every_face_has_its_functions():
    for face in FACES.values():
        for where in filter(None, (face.text, face.csv, face.svg)):
            home, _, name = where.partition(":")
            assert callable(getattr(__import__(f"narrows.report.{home}", fromlist=[name]), name))


def test_the_frame_holds_the_rows_of_the_csv():
    result = ASKED["MapResult"]()
    framed = result.to_frame()
    assert len(framed) == len(map_csv(result).splitlines()) - 1
    row = framed[(framed.quarter == "2027Q1") & (framed.quantity == "deployed")].iloc[0]
    assert row.p50 == pytest.approx(result.deployed.p50[1])


def test_a_text_that_is_markup_stays_text():
    figure = Figure(
        "<script>alert(1)</script>", 1.0, 0.5, 1.0, 2.0, "<b>", "a < b", (), "2026-06", "1", 1, 10
    )
    shown = bundle(figure)["text/html"]
    assert "<script>" not in shown
    assert "&lt;b&gt;" in shown


def test_without_pandas_the_refusal_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DataError) as refused:
        ASKED["Figure"]().to_frame()
    assert str(refused.value) == (
        "A data frame is asked for, and the package pandas is not there. The same rows are written as CSV without it. "
        "Install pandas, or use --csv."
    )


def test_nothing_heavy_is_loaded_until_a_result_is_shown():
    code = (
        "import sys, narrows; r = narrows.map('2027Q1', draws=4); "
        "bad = {'jinja2', 'pandas', 'narrows.report'} & set(sys.modules); assert not bad, bad; "
        "r._repr_html_(); assert not {'jinja2', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_chain_of_no_facts_is_shown():
    told = chain_of("x", narrows.bottlenecks.told.Told(_run(), _values(), "MW", "said", ()))
    assert "<table " in told._repr_html_()


def _run():
    from narrows.bottlenecks.answer import run

    return run("2027Q1", draws=4)


def _values():
    import numpy as np

    return np.ones(4)
