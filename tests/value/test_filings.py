"""Accounts from files of the SEC: what is read, how it is written, what is refused."""

import json
import tomllib

import pytest

from narrows.catalog import lint
from narrows.cli import main
from narrows.errors import DataError, UnknownNameError
from narrows.value.filings import facts_toml, filing

COLUMNS = ("adsh", "tag", "version", "ddate", "qtrs", "uom", "segments", "coreg", "value")
NUMBER = "0001045810-25-000023"


def row(end, value, *, start=None, form="10-K", filed="2025-02-26"):
    return {"start": start, "end": end, "val": value, "form": form, "filed": filed, "fp": "FY"}


def companyfacts(tmp_path, concepts, taxonomy="us-gaap", currency="USD"):
    file = tmp_path / "facts.json"
    units = {tag: {"units": {currency: rows}} for tag, rows in concepts.items()}
    file.write_text(json.dumps({"entityName": "NVIDIA CORP", "facts": {taxonomy: units}}))
    return file


def table(tmp_path, *rows, name="num.tsv", columns=COLUMNS, sub=True):
    file = tmp_path / name
    lines = ["\t".join(columns)]
    for values in rows:
        held = {"adsh": NUMBER, "version": "us-gaap/2024", "qtrs": "4", "uom": "USD", "coreg": ""} | values
        lines.append("\t".join(str(held.get(column, "")) for column in columns))
    file.write_text("\n".join(lines) + "\n")
    if sub:
        (tmp_path / "sub.tsv").write_text(f"adsh\tfiled\n{NUMBER}\t20250226\n")
    return file


def whole(value, **more):
    return {"tag": "Revenues", "ddate": "20250131", "segments": "", "value": value} | more


@pytest.fixture
def nvidia(tmp_path):
    year, before = ("2025-01-26", "2024-01-29"), ("2024-01-28", "2023-01-30")
    return companyfacts(
        tmp_path,
        {
            "Revenues": [
                row(year[0], 130.497e9, start=year[1]),
                row(before[0], 60.0e9, start=before[1], filed="2024-02-21"),
                row(before[0], 60.922e9, start=before[1]),
                row("2024-04-28", 26.044e9, start="2024-01-29", form="10-Q"),
                row("2024-10-27", 113.0e9, start="2023-10-30", form="10-Q"),
            ],
            "GrossProfit": [row(year[0], 97.858e9, start=year[1])],
            "CostOfRevenue": [row(before[0], 16.621e9, start=before[1])],
        },
    )


def test_years_are_named_by_their_middle_and_the_later_filing_counts(nvidia):
    found = filing(nvidia, "nvidia")
    assert [(one.year, one.revenue) for one in found.years] == [(2023, 60.922e9), (2024, 130.497e9)]
    assert found.years[1].gross_profit == 97.858e9
    assert found.years[0].gross_profit == pytest.approx(60.922e9 - 16.621e9)


def test_what_is_written_is_a_catalogue(nvidia, tmp_path):
    text = facts_toml(filing(nvidia, "nvidia"))
    home = tmp_path / "home"
    (home / "facts").mkdir(parents=True)
    (home / "facts" / "accounts.toml").write_text(text)
    source = "\n".join(line[2:] for line in text.splitlines() if line.startswith("# ") and "Put" not in line)
    (home / "sources.toml").write_text(source + "\n")
    assert list(lint(home)) == []
    facts = {fact["id"]: fact for fact in tomllib.loads(text)["fact"]}
    assert facts["company.nvidia.gross_margin.2024"]["value"] == pytest.approx(0.74989, abs=1e-4)
    assert facts["company.nvidia.revenue.2024"]["unit"] == "usd/year"
    assert facts["company.nvidia.revenue.2024"]["as_of"] == "2025-02-26"


def test_a_loss_on_sales_is_a_ratio(tmp_path):
    span = {"start": "2022-09-02", "filed": "2023-10-06"}
    file = companyfacts(
        tmp_path,
        {
            "Revenues": [row("2023-08-31", 15.54e9, **span)],
            "GrossProfit": [row("2023-08-31", -1.416e9, **span)],
        },
    )
    text = facts_toml(filing(file, "micron"))
    (margin,) = [fact for fact in tomllib.loads(text)["fact"] if "margin" in fact["id"]]
    assert margin["unit"] == "ratio"
    assert margin["low"] < margin["value"] < 0


def test_another_currency_gives_margins_only(tmp_path):
    span = {"start": "2024-01-01", "form": "20-F"}
    file = companyfacts(
        tmp_path,
        {
            "Revenue": [row("2024-12-31", 2894.3e9, **span)],
            "CostOfSales": [row("2024-12-31", 1269.95e9, **span)],
        },
        taxonomy="ifrs-full",
        currency="TWD",
    )
    ids = [fact["id"] for fact in tomllib.loads(facts_toml(filing(file, "tsmc")))["fact"]]
    assert ids == ["company.tsmc.gross_margin.2024"]


def test_segments_of_a_table(tmp_path):
    file = table(
        tmp_path,
        whole(130e9),
        whole(116e9, segments="BusinessSegments=ComputeAndNetworking;"),
        whole(14e9, segments="BusinessSegments=Graphics;"),
        whole(-5e9, segments="BusinessSegments=Graphics;ConsolidationItems=Eliminations;"),
        whole(61e9, segments="Geographical=US;"),
        whole(35e9, qtrs="1"),
    )
    (year,) = filing(file, "nvidia").years
    assert year.segments == (("compute_and_networking", 116e9), ("graphics", 14e9))
    assert (year.year, year.filed, year.revenue) == (2024, "2025-02-26", 130e9)


def test_segments_of_a_table_with_its_dimensions_beside_it(tmp_path):
    columns = tuple("dimh" if name == "segments" else name for name in COLUMNS)
    rows = (whole(130e9, dimh="0x00000000"), whole(130e9, dimh="0xa1"), whole(99e9, dimh="0xb2"))
    file = table(tmp_path, *rows, columns=columns)
    (tmp_path / "dim.tsv").write_text("dimhash\tsegments\n0xa1\tBusinessSegments=Graphics;\n")
    (year,) = filing(file, "nvidia").years
    assert (year.revenue, year.segments) == (130e9, (("graphics", 130e9),))


def test_segments_that_miss_the_total_are_named(tmp_path):
    file = table(
        tmp_path,
        whole(130e9),
        whole(100e9, segments="BusinessSegments=Compute;"),
        whole(14e9, segments="BusinessSegments=Graphics;"),
    )
    with pytest.raises(DataError) as caught:
        filing(file, "nvidia")
    assert str(caught.value) == (
        "The segments of 2024 in 'num.tsv' add up to 1.14e+11, and revenue is 1.3e+11. Segments agree with "
        "revenue within 1 %. Mend the file; it names compute, graphics."
    )


def test_a_segment_above_the_whole_is_refused(tmp_path):
    file = table(tmp_path, whole(100e9), whole(150e9, segments="BusinessSegments=Compute;"))
    with pytest.raises(DataError) as caught:
        filing(file, "nvidia")
    assert str(caught.value) == (
        "The segment 'compute' of 2024 in 'num.tsv' is 1.5 of revenue. A segment is a share of revenue, at "
        "most 1. Mend the file."
    )


def test_a_margin_above_one_is_refused(tmp_path):
    file = table(tmp_path, whole(100e9), whole(130e9, tag="GrossProfit"))
    with pytest.raises(DataError) as caught:
        filing(file, "nvidia")
    assert str(caught.value) == (
        "The gross profit of 2024 in 'num.tsv' is 1.3 of revenue. A margin is a share of revenue, at most 1. "
        "Mend the file, or leave the year out."
    )


def test_a_file_without_revenue_names_what_it_has(tmp_path):
    file = companyfacts(tmp_path, {"Assets": [], "SalesOfScrap": []})
    with pytest.raises(DataError) as caught:
        filing(file, "nvidia")
    assert str(caught.value) == (
        "The file 'facts.json' has no concept of revenue; it has SalesOfScrap. Revenue is one of Revenues, "
        "RevenueFromContractWithCustomerExcludingAssessedTax, "
        "RevenueFromContractWithCustomerIncludingAssessedTax, SalesRevenueNet, Revenue. Give a file with an "
        "income statement."
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "KeyError 'facts'"),
        ("{broken", "JSONDecodeError"),
        ("hello\n", "it is no JSON, and as a table it lacks the columns adsh, ddate, qtrs, tag, uom, value"),
        ("", "it is no JSON, and as a table it lacks the columns"),
    ],
)
def test_a_file_of_neither_kind_is_refused(tmp_path, text, reason):
    file = tmp_path / "what.txt"
    file.write_text(text)
    with pytest.raises(DataError) as caught:
        filing(file, "nvidia")
    assert caught.value.given.startswith(f"The file 'what.txt' cannot be read as accounts: {reason}")


def test_several_filings_in_a_table_need_a_number(tmp_path):
    file = table(tmp_path, whole(1e9), whole(2e9, adsh="0000000001-25-000001"))
    with pytest.raises(DataError, match=r"holds 2 filings, such as 0000000001-25-000001"):
        filing(file, "nvidia")
    assert filing(file, "nvidia", accession=NUMBER).years[0].revenue == 1e9


def test_a_table_without_a_day_of_filing_needs_one(tmp_path):
    file = table(tmp_path, whole(1e9), sub=False)
    with pytest.raises(DataError, match=r"Nothing says when the filing .* was made"):
        filing(file, "nvidia")
    assert filing(file, "nvidia", filed="2025-02-26").years[0].filed == "2025-02-26"


def test_an_unknown_company_is_named_with_the_nearest(nvidia):
    with pytest.raises(UnknownNameError, match="The nearest known: 'nvidia'"):
        filing(nvidia, "nvidai")


def test_the_command_prints_facts_and_json(nvidia, tmp_path, capsys):
    assert main(["value", "import", str(nvidia), "--company", "nvidia", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["years"][1]["year"] == 2024
    out = tmp_path / "facts.toml"
    assert main(["value", "import", str(nvidia), "--company", "nvidia", "-o", str(out), "--quiet"]) == 0
    assert tomllib.loads(out.read_text())["defaults"]["source"] == "sec-nvidia"
    assert main(["value", "import", str(tmp_path / "no.json"), "--company", "nvidia"]) == 3


def test_a_day_of_filing_that_is_none_is_told(tmp_path):
    file = table(tmp_path, whole(100e9))
    (tmp_path / "sub.tsv").write_text(f"adsh\tfiled\n{NUMBER}\tlast week\n")
    with pytest.raises(DataError) as refused:
        filing(file, "nvidia")
    assert str(refused.value) == (
        f"The filing {NUMBER} was made on 'last week', says the table of submissions. A day is written 20250226 "
        "or 2025-02-26. Mend it, or give --filed 2025-02-26."
    )


def test_names_beyond_plain_letters_give_a_catalogue_that_is_read(tmp_path):
    file = table(
        tmp_path,
        whole(100e9),
        whole(60e9, segments="BusinessSegments=Grün\U0001f600Member;"),
        whole(40e9, segments="BusinessSegments=Rest;"),
        name="num\U0001f600.tsv",
    )
    told = tomllib.loads(facts_toml(filing(file, "nvidia")))["fact"]
    assert {row["id"] for row in told} >= {"company.nvidia.segment_revenue.gr_n_.2024"}
    assert told[0]["locator"].endswith("num\U0001f600.tsv")


def test_a_segment_without_a_name_is_another_dimension(tmp_path):
    found = filing(table(tmp_path, whole(100e9), whole(60e9, segments=";")), "nvidia")
    assert found.years[0].segments == ()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "many"])
def test_a_number_that_is_none_is_not_counted(tmp_path, value):
    end, start = "2025-01-26", "2024-01-29"
    rows = [row(end, 100e9, start=start, filed="2025-02-20"), row(end, value, start=start)]
    found = filing(companyfacts(tmp_path, {"Revenues": rows}), "nvidia")
    assert found.years[0].revenue == 100e9
