"""The workbook of the map, recalculated by LibreOffice beside the model, on scenarios drawn at random."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

from benchmarks import Row, benchmark
from narrows.bottlenecks import map as ask
from narrows.bottlenecks.answer import WATTS_PER_MW
from narrows.bottlenecks.model import FIRST, build
from narrows.bottlenecks.plain import rents, solve
from narrows.bottlenecks.supply import factor
from narrows.catalog import Overlay, PointReader, Setting, default
from narrows.quarters import Quarter
from narrows.report.workbook import map_workbook
from narrows.report.workbook.inputs import inputs_of
from narrows.value.ledger import PRICE, SURPLUS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from narrows.catalog import Catalog, Fact

SCENARIOS, SEED = 50, 20261123
GOAL = 1e-9
MOST_CHANGED = 12
LEAST, MOST = 0.5, 2.0
"""Ends of the factors by which facts are changed."""
LONGEST_LAG = 5.0
"""Lags are changed to at most so many quarters."""
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
"""Setting of LibreOffice: compute every formula on opening, whatever values are kept beside them."""


def office() -> str | None:
    """Return the program that recalculates, None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def scenarios(catalog: Catalog, count: int, seed: int = SEED) -> list[dict[str, tuple[float, str]]]:
    """Return changed inputs at random: for each scenario fact ids with value and unit."""
    random = np.random.default_rng(seed)
    names = [name for name in inputs_of(build(PointReader(catalog))) if catalog.has(name)]
    found = []
    for _ in range(count):
        chosen = random.choice(len(names), size=random.integers(1, MOST_CHANGED + 1), replace=False)
        found.append({names[at]: _changed(catalog.fact(names[at]), random) for at in chosen})
    return found


def _changed(fact: Fact, random: np.random.Generator) -> tuple[float, str]:
    if fact.id.endswith(".lag"):
        return float(random.uniform(0.0, LONGEST_LAG)), "quarter"
    value = fact.value * float(np.exp(random.uniform(np.log(LEAST), np.log(MOST))))
    return (min(value, 1.0) if fact.unit == "share" else value), fact.unit


def expected(
    catalog: Catalog, changes: dict[str, tuple[float, str]]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return what the model says of a scenario of exact values: numbers by row, and who binds."""
    settings = tuple(Setting(name, value, unit, value, value, "") for name, (value, unit) in changes.items())
    asked = catalog.overlay(Overlay("random", "", settings)) if settings else catalog
    model = build(PointReader(asked))
    stack = model.stack(slice(0, 1))
    solved = solve(stack)
    output = solved.output[0]
    deployed = np.diff(output, prepend=0.0)
    names = ["Deployed compute", *(layer.declared.name for layer in model.layers), "Opening stock"]
    price = factor(model.reader, PRICE, model.years)[0] * model.reader.draws(SURPLUS)[0]
    earned = rents(stack).rent[0] * price / model.worth
    rows = {
        "deployed": deployed,
        "power": deployed * model.it_watts(slice(None))[0] / WATTS_PER_MW,
        **{layer.id: stack.K[0, row] for row, layer in enumerate(model.layers, start=1)},
        **{f"rent.{layer.id}": earned[row] for row, layer in enumerate(model.layers, start=1)},
    }
    return rows, [names[-1 if code < 0 else code] for code in solved.binder[0]]


def changed_book(book: bytes, changes: dict[str, tuple[float, str]], catalog: Catalog) -> bytes:
    """Return the workbook with other numbers in its yellow cells, as a user would type them."""
    from narrows.units import parse

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        sheet = _sheets(old)["Inputs"]
        places = {text: place[1:] for place, text in read_sheet(book, "Inputs").items() if place[0] == "A"}
        for name in old.namelist():
            data = old.read(name)
            if name == sheet:
                text = data.decode()
                for id_, (value, unit) in changes.items():
                    typed = value * parse(unit).factor / parse(catalog.fact(id_).unit).factor
                    text, count = re.subn(
                        rf'(<c r="B{places[id_]}"[^>]*><v>)[^<]*(</v>)', rf"\g<1>{typed!r}\g<2>", text
                    )
                    if count != 1:
                        message = f"no cell for {id_}"
                        raise RuntimeError(message)
                data = text.encode()
            new.writestr(name, data)
    return out.getvalue()


def recalculated(books: Iterable[bytes]) -> list[bytes]:
    """Return workbooks as LibreOffice writes them after computing every formula."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        profile = home / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(PROFILE)
        files = []
        for place, book in enumerate(books):
            files.append(home / f"{place}.xlsx")
            files[-1].write_bytes(book)
        subprocess.run(
            [
                str(office()), f"-env:UserInstallation=file://{home / 'profile'}", "--headless",
                "--convert-to", "xlsx", "--outdir", str(home / "out"), *map(str, files),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        return [(home / "out" / file.name).read_bytes() for file in files]


def read_sheet(book: bytes, name: str) -> dict[str, Any]:
    """Return the cells of a sheet by their place: numbers and texts."""
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        texts = []
        if "xl/sharedStrings.xml" in file.namelist():
            root = ET.fromstring(file.read("xl/sharedStrings.xml"))  # noqa: S314 - our own file
            texts = ["".join(part.text or "" for part in item.iter(f"{SPACE}t")) for item in root]
        cells = {}
        for cell in ET.fromstring(file.read(_sheets(file)[name])).iter(f"{SPACE}c"):  # noqa: S314
            value = cell.find(f"{SPACE}v")
            if value is None or value.text is None:
                continue
            kind = cell.get("t", "n")
            cells[str(cell.get("r"))] = (
                texts[int(value.text)]
                if kind == "s"
                else value.text
                if kind in {"str", "e"}
                else float(value.text)
            )
        return cells


def _sheets(file: zipfile.ZipFile) -> dict[str, str]:
    """Return the file of each sheet."""
    root = ET.fromstring(file.read("xl/workbook.xml"))  # noqa: S314
    names = [str(sheet.get("name")) for sheet in root.iter(f"{SPACE}sheet")]
    return {name: f"xl/worksheets/sheet{place}.xml" for place, name in enumerate(names, start=1)}


def told(book: bytes, catalog: Catalog) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return what a workbook says, as `expected`."""
    flow, capacity = _rows(read_sheet(book, "Flow")), _rows(read_sheet(book, "Capacity"))
    named = dict(reversed([(label, row) for label, row in flow]))  # the first of equal labels is kept
    rows = {
        "deployed": np.array(named["Compute deployed [H100e a quarter]"]),
        "power": np.array(named["IT power [MW a quarter]"]),
    }
    ids = {layer.name: layer.id for layer in catalog.layers}
    layer = ""
    for label, row in capacity:
        layer = ids.get(label, layer)
        if label.startswith("Capacity [H100e"):
            rows[layer] = np.array(row)
    rows.update(_rents(book, ids))
    return rows, [str(name) for name in named["Binding"]]


def _rents(book: bytes, ids: dict[str, str]) -> dict[str, np.ndarray]:
    """Return rents by layer and quarter of the model, nan where the sheet shows none; its sums must check."""
    head, *lines = [row for row in _rows(read_sheet(book, "Rents")) if row[1]]
    quarters = [one for one in head[1] if re.fullmatch(r"[0-9]{4}Q[1-4]", str(one))]
    first = Quarter.parse(quarters[0]) - FIRST
    found, total = {}, np.zeros(len(quarters))
    for label, row in lines:
        if label == "All layers":
            if not np.allclose(row[: len(quarters)], total, rtol=GOAL, atol=0):
                message = f"the sum of the rents is {row}, not {total}"
                raise RuntimeError(message)
            break
        found[f"rent.{ids[label]}"] = np.full(first + len(quarters), np.nan)
        found[f"rent.{ids[label]}"][first:] = row[: len(quarters)]
        total += np.array(row[: len(quarters)])
    return found


def _rows(cells: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Return the rows of a sheet: the text of column A, and what stands from column D on."""
    found: dict[int, dict[str, Any]] = {}
    for place, value in cells.items():
        letters, number = re.fullmatch(r"([A-Z]+)(\d+)", place).groups()  # type: ignore[union-attr]
        found.setdefault(int(number), {})[letters] = value
    order = lambda letters: (len(letters), letters)  # noqa: E731
    return [
        (str(row.get("A", "")), [row[key] for key in sorted(row, key=order) if order(key) >= order("D")])
        for _, row in sorted(found.items())
    ]


def difference(book: bytes, catalog: Catalog, changes: dict[str, tuple[float, str]]) -> tuple[float, int]:
    """Return the largest relative difference of a recalculated workbook, and quarters with another binder."""
    rows, binding = told(book, catalog)
    wanted, binders = expected(catalog, changes)
    worst = 0.0
    for name, wished in wanted.items():
        series, found = wished, rows[name][: len(wished)]
        shown = ~np.isnan(found)
        found, series = found[shown], series[: len(found)][shown]
        finite = np.isfinite(series)
        if (found[~finite] < 1e100).any():
            return float("inf"), len(binders)
        scale = np.maximum(np.abs(series[finite]), 1.0)  # H100e and MW: below one, the difference itself
        worst = max(worst, float(np.max(np.abs(found[finite] - series[finite]) / scale, initial=0.0)))
    return worst, sum(one != other for one, other in zip(binding, binders, strict=True))


@benchmark("workbook")
def workbook() -> list[Row]:
    """Recalculate the workbook of 50 scenarios and compare it with the model."""
    catalog = default()
    result = ask(draws=100)
    started = time.perf_counter()
    book = map_workbook(result, catalog)
    made = time.perf_counter() - started
    rows = [
        Row("workbook: size", len(book) / 1e3, None, "kB", None, "", None),
        Row("workbook: written", made, None, "s", None, "", None),
    ]
    if office() is None:
        return rows
    asked = [{}, *scenarios(catalog, SCENARIOS)]
    again = recalculated(changed_book(book, changes, catalog) for changes in asked)
    found = [difference(one, catalog, changes) for one, changes in zip(again, asked, strict=True)]
    worst, others = max(one for one, _ in found), sum(other for _, other in found)
    return [
        *rows,
        Row(
            f"workbook: {SCENARIOS} scenarios, largest difference",
            worst,
            None,
            "1",
            None,
            "<= 1e-9",
            worst <= GOAL,
        ),
        Row(
            f"workbook: {SCENARIOS} scenarios, quarters with another binder",
            others,
            None,
            "quarter",
            None,
            "0",
            others == 0,
        ),
    ]
