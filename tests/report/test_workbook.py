"""The workbook: its formulas say what the model says, another program agrees, and texts stay texts."""

from __future__ import annotations

import io
import sys
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import xlsxwriter
from benchmarks.workbook import (
    SPACE,
    changed_book,
    difference,
    expected,
    office,
    read_sheet,
    recalculated,
    scenarios,
    told,
)

from narrows.bottlenecks import map as ask
from narrows.bottlenecks.answer import run
from narrows.bottlenecks.model import build
from narrows.catalog import Overlay, PointReader, Scaling, default
from narrows.cli import main
from narrows.errors import DataError
from narrows.report.pages import Study, answer
from narrows.report.workbook import map_workbook
from narrows.report.workbook.sheet import Sheet, Styles
from narrows.value.ledger import ledger, money

needs_office = pytest.mark.skipif(
    office() is None, reason="no LibreOffice on this machine: make programs installs it"
)
HOSTILE = '=cmd|"/c calc"!A1'


@pytest.fixture(scope="module")
def result():
    return ask("2026Q4:2028Q4", draws=40)


@pytest.fixture(scope="module")
def book(result):
    return map_workbook(result, default())


def test_values_kept_beside_the_formulas_are_those_of_the_model(book):
    worst, others = difference(book, default(), {})
    assert worst < 1e-11
    assert others == 0


def test_rents_are_those_of_the_ledger_of_value_and_move_with_the_inputs(book, result):
    rows, _ = told(book, default())
    catalog = default()
    solved = run("2026Q4:2028Q4", catalog=catalog, draws=1)
    one = replace(solved, reader=PointReader(catalog), model=build(PointReader(catalog)))
    found = ledger(one)  # with its own orders of ties
    usd = found.rent[0] * money(one, slice(0, 1))
    first = found.quarters.index(result.quarters[0])
    for name, series in zip(found.layers, usd, strict=True):
        shown = series[first : first + len(result.quarters)]
        assert np.allclose(rows[f"rent.{name}"][first:], shown, rtol=1e-9, atol=1.0), name
    assert usd[:, first:].sum() > 1e10
    more = {"data_hall.hold": (0.0, "quarter"), "value.surplus": (0.1, "share")}
    moved = expected(catalog, {name: more[name] for name in more if catalog.has(name)})[0]
    base = expected(catalog, {})[0]
    assert not np.allclose(moved["rent.data_hall"][first:], base["rent.data_hall"][first:], rtol=1e-3)


@needs_office
def test_another_program_computes_the_same_from_changed_inputs(book):
    asked = scenarios(default(), 3, seed=7)
    base, _ = expected(default(), {})
    again = recalculated(changed_book(book, changes, default()) for changes in asked)
    for one, changes in zip(again, asked, strict=True):
        worst, others = difference(one, default(), changes)
        assert worst < 1e-9
        assert others == 0
    rents = [
        sum(row[-1] for name, row in told(one, default())[0].items() if name.startswith("rent."))
        for one in again
    ]
    assert len({round(rent, -6) for rent in rents}) > 1  # they follow the inputs
    moved = [expected(default(), changes)[0]["deployed"] for changes in asked]
    assert all(abs(rows / base["deployed"] - 1).max() > 1e-3 for rows in moved)


def test_changed_inputs_that_are_not_computed_again_are_found(book):
    (changes,) = scenarios(default(), 1, seed=7)
    worst, _ = difference(changed_book(book, changes, default()), default(), changes)
    assert worst > 1e-3


def test_every_input_has_a_row_of_sources(book):
    inputs, sources = read_sheet(book, "Inputs"), read_sheet(book, "Sources")
    names = {text for place, text in inputs.items() if place.startswith("A") and int(place[1:]) > 4}
    said = {text for place, text in sources.items() if place.startswith("A") and int(place[1:]) > 4}
    computed = {name for name in names if not default().has(name)}
    assert names - computed <= said
    assert computed
    assert all(default().has(name) for name in said)
    assert len(names) > 500


def test_texts_are_never_formulas(result):
    catalog = default().overlay(Overlay(HOSTILE, "", scalings=(Scaling("cowos.capacity", 0.9),)))
    hostile = map_workbook(result, catalog)
    assert HOSTILE in read_sheet(hostile, "Sources").values()
    assert not any("cmd" in formula for formula in formulas(hostile))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "{=", "https://", "internal:"])
def test_a_text_is_written_as_a_text_whatever_it_begins_with(first):
    kept = io.BytesIO()
    made = xlsxwriter.Workbook(kept, {"in_memory": True})
    sheet = Sheet(made, "Map", Styles(made))
    sheet.put(0, 0, first + "SUM(1)")
    sheet.link(1, 0, first + "SUM(1)" if first != "https://" else "javascript:SUM(1)")
    made.close()
    assert not formulas(kept.getvalue())
    with zipfile.ZipFile(kept) as file:
        assert not any("rels" in name and "sheet1" in name for name in file.namelist())


def formulas(book):
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        sheets = [file.read(name) for name in file.namelist() if name.startswith("xl/worksheets/sheet")]
    return [cell.text or "" for sheet in sheets for cell in ET.fromstring(sheet).iter(f"{SPACE}f")]  # noqa: S314


def test_the_server_gives_it_with_the_scenario_of_the_address(monkeypatch):
    study = Study(draws=20)
    found = answer(study, "/map.xlsx", "data_hall.utilisation=0.9")
    assert (found.status, found.body[:2]) == (200, b"PK")
    cells = read_sheet(found.body, "Inputs")
    (line,) = (place[1:] for place, text in cells.items() if text == "data_hall.utilisation")
    assert cells[f"B{line}"] == pytest.approx(0.9 * default().fact("data_hall.utilisation").value)
    assert answer(study, "/map.xlsx", "nothing.known=2").status == 400
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    assert answer(study, "/map.xlsx").status == 501


def test_without_the_package_the_refusal_names_it(monkeypatch, result):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(DataError) as refused:
        map_workbook(result, default())
    assert str(refused.value) == (
        "A workbook is asked for, and the package xlsxwriter is not there. "
        "Tables are written as CSV without it. Install narrows[xlsx], or ask for --csv."
    )


def test_command_writes_the_same_bytes_and_refuses_it_with_relax(book, tmp_path, capsys):
    target = tmp_path / "map.xlsx"
    assert main(["map", "--quarters", "2026Q4:2028Q4", "--draws", "40", "--xlsx", str(target)]) == 0
    assert target.read_bytes() == book
    assert f"narrows: wrote {target}" in capsys.readouterr().err
    assert main(["map", "--relax", "--xlsx", str(target)]) == 2
    assert capsys.readouterr().err == (
        "narrows: The option --xlsx is given with --relax. The workbook is of the map itself. "
        "Write narrows map --xlsx FILE, or ask for --csv.\n"
    )
