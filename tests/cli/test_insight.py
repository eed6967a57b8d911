"""``narrows prices`` and ``narrows headlines``: the faces agree with the library, and bad input is refused."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

import narrows
from narrows.cli import main
from narrows.report.headlines import headlines_csv, headlines_json, headlines_text
from narrows.report.prices import COLUMNS, prices_csv, prices_json, prices_svg, prices_text

PRICES = ["prices", "2027Q1", "--draws", "60", "--add", "0.05"]
HEADLINES = ["headlines", "2027Q1", "--draws", "1000"]


@pytest.fixture(scope="module")
def priced():
    return narrows.prices("2027Q1", draws=60, share=0.05)


@pytest.fixture(scope="module")
def heads():
    return narrows.headlines("2027Q1", draws=1000)


def shown(capsys, *arguments):
    assert main(list(arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def refused(capsys, *arguments):
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_prices_in_every_form(capsys, priced, tmp_path):
    text = shown(capsys, *PRICES)
    assert "prices.gain.5%." in text
    told = json.loads(shown(capsys, *PRICES, "--json"))
    assert told == json.loads(prices_json(priced))
    assert sum(row["gain"]["mean"] for row in told["layers"]) == pytest.approx(told["total"]["mean"])
    rows = list(csv.reader(io.StringIO(shown(capsys, *PRICES, "--csv"))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(priced.layers) + 1
    target = tmp_path / "prices.svg"
    assert main([*PRICES, "--svg", str(target), "--quiet", "-o", str(tmp_path / "prices.txt")]) == 0
    assert target.read_text("utf-8") == prices_svg(priced)


def test_headlines_in_every_form(capsys, heads):
    assert "ask: narrows why headlines.deployed.2027Q1" in shown(capsys, *HEADLINES)
    told = json.loads(shown(capsys, *HEADLINES, "--json"))
    assert told == json.loads(headlines_json(heads))
    first = told["headlines"][0]["movers"][0]
    assert first["fact"]["source_stated"]["title"]
    rows = list(csv.DictReader(io.StringIO(headlines_csv(heads))))
    assert {row["headline"] for row in rows} == {row["id"].split(".")[1] for row in told["headlines"]}


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_is_longer_than_asked(width, priced, heads):
    for text in (prices_text(priced, width=width), headlines_text(heads, width=width)):
        long = [line for line in text.splitlines() if len(line) > width and not line.startswith("ask: ")]
        assert not long
    assert "…" not in prices_text(priced, width=80) + headlines_text(heads, width=80)


def test_a_tie_is_told(priced):
    tied = replace(
        priced, tied=0.25, layers=(replace(priced.layers[0], right=0.0, left=0.5), *priced.layers[1:])
    )
    text = prices_text(tied, width=120)
    assert "25 % of draws are tied; there the price is the exact Shapley value" in text.replace("\n", " ")
    assert "(0.000 to 0.500)" in text
    assert "NaN" not in prices_json(tied)
    assert prices_svg(tied).startswith("<svg")
    assert prices_csv(tied)


def test_a_headline_without_a_fact_that_stands_out(heads):
    bare = replace(heads, headlines=tuple(replace(headline, movers=()) for headline in heads.headlines))
    assert headlines_text(bare, width=80).count("No single fact stands out from chance.") == len(
        bare.headlines
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "prices --add 0",
            (
                "The share of capacity that is added is 0.0. It is a number above 0; 0.1 adds a tenth. "
                "Give, for instance, --add 0.1."
            ),
        ),
        (
            "prices --add nan",
            (
                "The share of capacity that is added is nan. It is a number above 0; 0.1 adds a tenth. "
                "Give, for instance, --add 0.1."
            ),
        ),
        (
            "prices --add ten",
            ("The option --add is given 'ten'. It takes a number. Write, for instance, --add 0.1."),
        ),
        (
            "prices 2019Q3",
            "The quarter asked for is '2019Q3'. It is one quarter, from 2019Q4 on. Ask, for instance, for 2030Q4.",
        ),
        (
            "headlines 2026Q4:2027Q1",
            (
                "The quarter asked for is '2026Q4:2027Q1'. It is one quarter, from 2019Q4 on. "
                "Ask, for instance, for 2030Q4."
            ),
        ),
        (
            "headlines --draws 100",
            (
                "The value of knowing a fact is asked of 100 draws. It needs 1000 draws or more: fewer leave each of "
                "40 bins to chance. Give --draws 10000."
            ),
        ),
        (
            "prices 2026Q9",
            (
                "The quarter '2026Q9' cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. "
                "Write it like 2026Q1."
            ),
        ),
        (
            "prices --draws 0",
            "The number of draws is 0. Draws are a whole number from 1 to 1000000. Give --draws 10000.",
        ),
    ],
)
def test_bad_input(arguments, sentence, capsys):
    assert refused(capsys, *arguments.split()) == f"narrows: {sentence}\n"
