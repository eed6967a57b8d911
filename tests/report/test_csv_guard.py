"""No table of the program becomes CSV without the guard against formulas."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

import narrows
from narrows.report.columns import rows_csv
from narrows.report.pages.parts import Table
from narrows.report.pages.pictures import twin_csv
from narrows.report.tables import Sheet
from narrows.report.training_plan import _csv

REPORT = Path(narrows.__file__).parent / "report"
HOSTILE = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-"]


def test_only_the_guarded_sheet_writes_csv():
    writing = {
        path.relative_to(REPORT).as_posix(): len(
            re.findall(r"csv\.(?:writer|DictWriter)\(", path.read_text("utf-8"))
        )
        for path in REPORT.rglob("*.py")
    }
    assert {name: count for name, count in writing.items() if count} == {"tables.py": 1}
    assert not [
        path for path in (REPORT.parent / "cli").rglob("*.py") if "csv.writer" in path.read_text("utf-8")
    ]


def sheet(text: str, *, shown: bool = False) -> str:
    file = io.StringIO()
    Sheet(file, shown=shown).writerows([("name",), (text,)])
    return file.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "written",
    [
        sheet,
        lambda text: rows_csv(("name",), [(text,)]),
        lambda text: _csv([{"name": text}]),
        lambda text: twin_csv(Table("Names", ("name",), [[text]])),
    ],
    ids=["sheet", "rows", "layouts", "picture"],
)
def test_text_never_becomes_a_formula(written, text):
    cell = next(csv.reader(written(text).splitlines()[1:]))[0]
    assert cell.startswith("'")


@pytest.mark.parametrize("text", ["-3.5", "-3.5 %", "-12 MW", "-1e-09", "-1,200"])
def test_numbers_as_text_stay_numbers(text):
    assert sheet(text, shown=True).splitlines()[1].strip('"') == text
