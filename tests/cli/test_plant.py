"""``narrows facility simulate`` and ``sweep``: the face agrees with the library, and refuses in one sentence."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from narrows.cli import main
from narrows.facility.plant import Design, simulate
from narrows.facility.weather import weather

LINE = "direct liquid + dry coolers, 2N, 45 C"


def shown(capsys, *words):
    assert main(["facility", *words]) == 0
    return capsys.readouterr().out


def test_json_is_the_design_year_of_the_library(capsys):
    out = json.loads(
        shown(capsys, "simulate", "phoenix_az", "--design", LINE, "--it-mw", "50", "--draws", "20", "--json")
    )
    year = simulate(Design.parse(LINE), weather("phoenix_az"))
    assert out["pue"]["value"] == year.pue
    assert out["pue"]["p10"] <= out["pue"]["p90"] <= out["peak_pue"]["p90"]
    assert sum(out["power_mw"].values()) == pytest.approx(50 * year.pue, rel=1e-12)


def test_the_page_and_the_picture(capsys, tmp_path):
    picture = tmp_path / "hours.svg"
    page = shown(capsys, "simulate", "chicago_il", "--draws", "10", "--svg", str(picture))
    assert "hours without chiller" in page
    assert len(ET.fromstring(picture.read_text("utf-8")).findall("{*}rect")) > 8760  # noqa: S314


def test_the_sweep_is_in_order(capsys):
    rows = shown(capsys, "sweep", "chicago_il").splitlines()[2:]
    pues = [float(row.split()[0]) for row in rows]
    assert len(pues) > 20
    assert pues == sorted(pues)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["simulate", "phoenixx"],
            (
                "The city 'phoenixx' is not known. The nearest known: 'phoenix_az', 'houston_tx'. "
                "Name a city, or an EPW file."
            ),
        ),
        (
            ["simulate", "phoenix_az", "--draws", "0"],
            (
                "The IT power is 100 MW, the number of draws 0. IT power is above 0, draws are 1 to 10000. "
                "Give numbers in range."
            ),
        ),
        (
            [],
            (
                "`narrows facility` is given no question. Its questions are electrical, frontier, lead, need, "
                "power-date, rack, simulate, supply, sweep. "
                "See `narrows facility --help`."
            ),
        ),
    ],
)
def test_a_bad_line(words, sentence, capsys):
    assert main(["facility", *words]) == 2
    assert capsys.readouterr().err == f"narrows: {sentence}\n"
