"""``narrows facility supply``, ``frontier`` and ``electrical``: the face agrees with the library, and refuses."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from narrows.cli import main
from narrows.facility import electrical_site, supply, supply_frontier
from narrows.facility.supply_plan import band
from narrows.report.supply import frontier_csv, frontier_svg, frontier_text, supply_text

QUICK = ("--weeks", "2", "--draws", "60")
ISLAND = "No supply serves 100 MW: in hour"


def shown(capsys, *words):
    assert main(["facility", *words]) == 0
    return capsys.readouterr().out


def test_json_is_the_supply_of_the_library(capsys):
    told = json.loads(shown(capsys, "supply", "omaha_ne", "--grid-mw", "40", *QUICK, "--json"))
    found = supply("omaha_ne", 100.0, 40.0, weeks=2, draws=60)
    assert told["command"] == "facility supply"
    assert told["usd_per_mwh"]["value"] == found.built.cost
    assert told["usd_per_mwh"]["p50"] == found.cost[1]
    assert sum(told["usd_per_mwh_by_part"].values()) == pytest.approx(found.built.cost)
    assert told["sources"] == list(found.reader.reads)
    assert told["figures"] == []  # no id names 40 MW of grid
    assert main(["facility", "supply", "omaha_ne", "--ways", "grid", "--draws", "20"]) == 0
    assert "ask:" not in capsys.readouterr().out


def test_the_page_and_the_rows(capsys):
    page = shown(capsys, "supply", "omaha_ne", "--ways", "grid", *QUICK)
    assert page.startswith("100 MW in every hour at omaha_ne, grid 100 MW: 75.0 usd/MWh at stated\n")
    assert "nothing on the site" in page
    rows = list(
        csv.reader(io.StringIO(shown(capsys, "supply", "omaha_ne", "--ways", "grid", *QUICK, "--csv")))
    )
    assert rows[0] == ["number", "value"]
    assert ["usd_per_mwh.value", "75"] in rows


def test_a_file_of_prices_is_the_price_of_each_hour(capsys, tmp_path):
    prices = tmp_path / "prices.txt"
    hours = np.where(np.arange(8760) % 24 < 12, 20.0, 60.0)
    prices.write_text("\n".join(str(price) for price in hours), encoding="utf-8")
    told = json.loads(
        shown(
            capsys,
            "supply",
            "omaha_ne",
            "--ways",
            "grid",
            "--grid-price",
            str(prices),
            "--draws",
            "20",
            "--json",
        )
    )
    assert told["usd_per_mwh"]["value"] == pytest.approx(40.0)
    assert told["usd_per_mwh"]["p10"] == pytest.approx(40.0)  # a price that is given is not drawn


def test_the_frontier_as_page_rows_and_picture():
    found = supply_frontier(
        "dallas_tx", options=("grid", "bridge", "turbines", "contracts"), weeks=1, draws=60
    )
    rows = list(csv.DictReader(io.StringIO(frontier_csv(found))))
    assert [row["id"] for row in rows] == [choice.id for choice in found.choices]
    months = [float(row["months_p50"]) for row in rows]
    assert months == pytest.approx([band(choice.months)[1] for choice in found.choices], rel=1e-5)
    told = ET.fromstring(frontier_svg(found))  # noqa: S314 - our own picture
    texts = {text.text for text in told.iter("{http://www.w3.org/2000/svg}text")}
    assert {"leased turbines, then grid", "usd/MWh, logarithmic"} <= texts
    for width in (80, 140):
        page = frontier_text(found, width)
        assert page.splitlines()[0].startswith("100 MW at dallas_tx, first works ")
        starred = [line for line in page.splitlines() if line.startswith("* ")]
        assert len(starred) == sum(choice.best for choice in found.choices)
        assert max(len(line) for line in page.splitlines()) <= width


def test_the_frontier_on_the_command_line(capsys, tmp_path):
    picture = tmp_path / "frontier.svg"
    words = ("frontier", "phoenix_az", "--weeks", "1", "--draws", "40", "--json", "--svg", str(picture))
    told = json.loads(shown(capsys, *words))
    assert told["command"] == "facility frontier"
    assert len(told["supplies"]) >= 8
    assert picture.read_text("utf-8").startswith("<svg")


def test_a_figure_is_printed_where_an_id_can_name_it():
    found = supply("phoenix_az", 100.0, ways=("grid",), weeks=1, draws=20)
    assert "ask: narrows why" not in supply_text(found, 80)
    page = supply_text(found, 80, ["facility.supply.cost.phoenix_az.100"])
    assert page.endswith("\nask: narrows why facility.supply.cost.phoenix_az.100")


def test_the_chain_on_the_command_line(capsys):
    told = json.loads(shown(capsys, "electrical", "--it-mw", "30", "--load", "0.5", "--json"))
    site = electrical_site(30.0, 0.5)
    assert told["redundancy"]["2N"]["stranded_mw"] == 30.0
    assert told["redundancy"]["4N/3"]["efficiency"] == site.chains["4N/3"].efficiency
    page = shown(capsys, "electrical", "phoenix_az")
    assert "which sizes the connection: 119.5 MW" in " ".join(page.split())
    assert "stranded [MW]" in page


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (
            "supply phoenixx",
            2,
            (
                "The city 'phoenixx' is not known. The nearest known: 'phoenix_az', 'houston_tx'. Name a city, "
                "or an EPW file."
            ),
        ),
        (
            "supply phoenix_az --grid-price dear",
            3,
            (
                "The price of grid energy 'dear' is no number, and no file of numbers: [Errno 2] No such file or "
                "directory: 'dear'. A price is one number in usd/MWh, or a file with one an hour, 8760 lines. "
                "Give --grid-price 75, or name another file."
            ),
        ),
        (
            "supply phoenix_az --mw 0",
            2,
            "The site has 0 MW. A site has a power above 0. Give the power in MW, such as --mw 100.",
        ),
        (
            "supply phoenix_az --weeks 0",
            2,
            "The number of weeks is 0. The hours given have 1 to 52 weeks. Give --weeks 13.",
        ),
        (
            "supply phoenix_az --gas-price -3",
            2,
            "The gas price is -3. The gas price is a finite number of 0 or more. Give another gas price.",
        ),
        (
            "frontier phoenix_az --draws 0",
            2,
            "There are 10 options and 0 draws. Options are 1 or more, draws 1 to 1000000. Give --draws 1000.",
        ),
        (
            "electrical --load 1.2",
            2,
            "The load is 1.2. A load is above 0 and up to 1. Give --load 0.8.",
        ),
    ],
)
def test_a_bad_line(line, code, sentence, capsys):
    assert main(["facility", *line.split()]) == code
    assert capsys.readouterr() == ("", f"narrows: {sentence}\n")


def test_a_supply_that_cannot_be_names_hour_and_shortage(capsys):
    assert main(["facility", "supply", "tampa_fl", "--grid-mw", "60", "--ways", "grid,renewable"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"narrows: {ISLAND}")
    assert "MW are short" in told
    assert "Raise the grid to 100 MW" in told
