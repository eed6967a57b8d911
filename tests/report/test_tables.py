"""Tables for programs: valid, finite, the same bytes each time, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from math import nan

import jsonschema
import pytest

from narrows.report.schema import map_schema
from narrows.report.tables import COLUMNS, NO_NEED, NOT_KNOWN, map_csv, map_json, rows_json

from .made_up import COUNT, ROWS, renamed, small_map


def no_constant(name: str) -> None:
    pytest.fail(f"{name} is not JSON")


def test_json_follows_its_schema_and_is_finite() -> None:
    answer = json.loads(map_json(small_map()), parse_constant=no_constant)
    jsonschema.Draft202012Validator.check_schema(map_schema())
    jsonschema.validate(answer, map_schema())
    assert sum(answer["binds"][name][0] for name in answer["binds"]) == pytest.approx(1)


def test_a_value_without_limit_is_null_with_its_reason() -> None:
    answer = json.loads(map_json(small_map()))
    assert answer["capacity"]["euv"]["p50"] == [None] * COUNT
    assert answer["capacity"]["euv"]["reason"] == NOT_KNOWN
    assert answer["capacity"]["cowos"]["reason"] == NO_NEED
    assert answer["capacity"]["cowos"]["p50"][0] == 9e6
    assert answer["price"]["euv"]["usd_per_unit"][0] is None
    assert "reason" not in answer["price"]["hall"]


def test_json_is_the_same_each_time_and_rounded() -> None:
    assert map_json(small_map()) == map_json(small_map())
    odd = replace(small_map(), tied=(1 / 3,) * COUNT)
    assert json.loads(map_json(odd))["tied"][0] == 0.333333333333


def test_schema_refuses_a_missing_series() -> None:
    answer = json.loads(map_json(small_map()))
    del answer["capacity"]["rack"]["p50"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, map_schema())


def test_csv_holds_every_layer_and_what_is_deployed() -> None:
    rows = list(csv.DictReader(io.StringIO(map_csv(small_map()))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == COUNT * (6 + 1 + 3)
    hall = next(row for row in rows if row["layer"] == "hall")
    assert (hall["binds"], hall["price_right"], hall["unit"]) == ("0.25", "0.2", "MW")
    assert next(row for row in rows if row["layer"] == "euv")["p50"] == ""
    deployed = next(row for row in rows if row["layer"] == "deployed")
    assert (deployed["p50"], deployed["quantity_unit"], deployed["binds"]) == (
        "7100000.0",
        "h100e/quarter",
        "",
    )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_text_never_becomes_a_formula(name: str) -> None:
    rows = csv.DictReader(io.StringIO(map_csv(renamed(small_map(), name)), newline=""))
    assert (
        next(row["name"] for row in rows if row["layer"] == "hall")
        == f"'{name.replace(chr(9), ' ').replace(chr(13), ' ')}"
    )


def test_negative_numbers_stay_numbers() -> None:
    result = small_map()
    price = {**result.price, "hall": replace(result.price["hall"], right=(-0.5,) * COUNT)}
    rows = csv.DictReader(io.StringIO(map_csv(replace(result, price=price))))
    assert next(row["price_right"] for row in rows if row["layer"] == "hall") == "-0.5"


def test_misses_and_rows_not_run_stay_in() -> None:
    rows = json.loads(rows_json(ROWS))
    assert [row["holds"] for row in rows] == [True, False, None]
    assert rows[2]["value"] is None


def test_a_broken_share_is_never_written_as_nan() -> None:
    assert json.loads(map_json(replace(small_map(), tied=(nan,) * COUNT)))["tied"][0] is None
