"""Real use: the faces agree with the library, a scenario moves the map, and every number answers why."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

import narrows
from narrows.bottlenecks.chain import Chain
from narrows.cli import main
from narrows.report.tables import map_json

DRAWS = 200
SPAN = "2027Q1:2028Q4"
ASKED = ["--draws", str(DRAWS), "--quarters", SPAN]
ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "scenario.md"
SLIP = GUIDE.with_name("slip.toml")


def shown(capsys, *arguments):
    assert main(list(arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def written(tmp_path, text, name="s.toml"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def base():
    return narrows.map(SPAN, draws=DRAWS)


# --- the map --------------------------------------------------------------------------------------


def test_the_same_bytes_twice_and_the_library_s_own(capsys, base):
    first = shown(capsys, "map", *ASKED, "--json")
    assert shown(capsys, "map", *ASKED, "--json") == first
    assert first.rstrip("\n") == map_json(base).rstrip("\n")


def test_another_process_gives_the_same_bytes(capsys):
    first = shown(capsys, "map", *ASKED, "--json")
    command = [sys.executable, "-X", "utf8", "-m", "narrows", "map", *ASKED, "--json"]
    root = Path(narrows.__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == first


def test_json_follows_the_schema(capsys):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(shown(capsys, "schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for more in ([], ["--as-of", "2023-09-30"], ["--scenario", str(SLIP)], ["--method", "sobol"]):
        answer = json.loads(shown(capsys, "map", *ASKED, "--json", *more))
        jsonschema.validate(answer, schema)


def test_csv_has_one_row_a_layer_and_quarter_plus_totals(capsys, base):
    rows = list(csv.DictReader(io.StringIO(shown(capsys, "map", *ASKED, "--csv"))))
    totals = ["stock", "deployed", "deployed_mw", "installed"]
    expected = [
        (quarter, name) for quarter in base.quarters for name in [*(row.id for row in base.layers), *totals]
    ]
    assert [(row["quarter"], row["layer"]) for row in rows] == expected
    assert all(None not in row and None not in row.values() for row in rows)
    cowos = next(row for row in rows if row["layer"] == "cowos")
    assert float(cowos["binds"]) == pytest.approx(base.binds["cowos"][0], abs=1e-9)
    for quarter in base.quarters:
        shares = [float(row["binds"]) for row in rows if row["quarter"] == quarter and row["binds"]]
        assert sum(shares) == pytest.approx(1.0)


# --- scenarios ------------------------------------------------------------------------------------


def test_half_of_cowos_moves_the_map_and_is_named(capsys, tmp_path, base):
    path = written(tmp_path, 'name = "half"\n[scale]\n"cowos.capacity" = 0.5')
    answer = json.loads(shown(capsys, "map", *ASKED, "--json", "--scenario", path))
    for column in range(len(base.quarters)):
        before, after = base.capacity["cowos"].p50[column], answer["capacity"]["cowos"]["p50"][column]
        assert after == pytest.approx(before / 2)
        assert answer["installed"]["mean"][column] < base.installed.mean[column]
    assert sum(answer["binds"]["cowos"]) > sum(base.binds["cowos"])
    assert answer["capacity"]["rack"]["p50"] == pytest.approx(base.capacity["rack"].p50)
    assert len(answer["meta"]["scenario"]) == 16
    assert base.meta["scenario"] == ""
    assert answer["meta"]["scenario_name"] == "half"
    assert "half" in shown(capsys, "map", *ASKED, "--scenario", path)


def test_the_order_of_the_changes_does_not_count(capsys, tmp_path):
    scale = ['"cowos.capacity" = 0.5', '"rack.capacity" = 1.1']
    put = ['"cowos.lag" = { value = 2, unit = "quarter" }', '"rack.lag" = { value = 1, unit = "quarter" }']
    texts = [
        "\n".join(['name = "a"', "[scale]", *scale, "[set]", *put]),
        "\n".join(['name = "b"', "[set]", *reversed(put), "[scale]", *reversed(scale)]),
    ]
    answers = [
        json.loads(shown(capsys, "map", *ASKED, "--json", "--scenario", written(tmp_path, text)))
        for text in texts
    ]
    assert [answer["meta"].pop("scenario_name") for answer in answers] == ["a", "b"]
    assert answers[0] == answers[1]


def test_a_scenario_without_changes_changes_nothing(capsys, tmp_path, base):
    path = written(tmp_path, 'name = "nothing"')
    assert shown(capsys, "map", *ASKED, "--json", "--scenario", path).rstrip() == map_json(base).rstrip()


def test_the_scenario_of_the_guide(capsys, base):
    answer = json.loads(shown(capsys, "map", *ASKED, "--json", "--scenario", str(SLIP)))
    assert answer["capacity"]["transformer"]["p50"][0] < base.capacity["transformer"].p50[0]
    assert answer["deployed"]["p50"][0] < base.deployed.p50[0]


def test_why_of_a_fact_shows_the_scenario(capsys, tmp_path):
    path = written(tmp_path, 'name = "late"\n[set]\n"cowos.lag" = { value = 2, unit = "quarter" }')
    assert "set to 2 quarter, 0.8 quarter of" in shown(capsys, "why", "cowos.lag", "--scenario", path)


def test_the_guide_shows_the_scenario_file():
    assert f"```toml\n{SLIP.read_text('utf-8')}```\n" in GUIDE.read_text("utf-8")


@pytest.mark.parametrize(
    "line", [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("    narrows ")]
)
def test_the_commands_of_the_guide(line, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    command = line.split()[1:]
    assert shown(capsys, *command, *([] if command[0] == "facts" else ["--draws", str(DRAWS)]))


@pytest.mark.parametrize("name", ["cowos.utilisation", "cowos.ai_share", "cowos.lag", "demand.hold"])
def test_a_share_or_a_time_of_zero_is_answered_in_numbers(name, capsys, tmp_path):
    path = written(tmp_path, f'name = "none"\n[scale]\n"{name}" = 0')
    answer = json.loads(shown(capsys, "map", *ASKED, "--json", "--scenario", path))
    assert all(map(math.isfinite, answer["deployed"]["mean"]))


# --- why ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["euv", "cowos", "rack", "data_hall", "demand"])
@pytest.mark.parametrize("quantity", ["binds", "capacity", "price", "price_usd"])
def test_every_kind_of_number_of_a_layer_answers_why(quantity, layer, base):
    chain = narrows.why(f"map.{quantity}.{layer}.2027Q3", draws=DRAWS)
    column = base.quarters.index("2027Q3")
    printed = {
        "binds": base.binds[layer],
        "capacity": base.capacity[layer].mean,
        "price": base.price[layer].right,
        "price_usd": base.price[layer].usd_per_unit,
    }[quantity][column]
    assert isinstance(chain, Chain)
    assert chain.figure.value == pytest.approx(printed, rel=1e-9, abs=1e-12)
    assert chain.links


@pytest.mark.parametrize("quantity", ["deployed", "deployed_mw", "installed"])
def test_every_total_answers_why(quantity, base):
    chain = narrows.why(f"map.{quantity}.2028Q4", draws=DRAWS)
    band = getattr(base, quantity)
    figure = chain.figure
    assert (figure.value, figure.p05, figure.p50, figure.p95) == pytest.approx(
        (band.mean[-1], band.p05[-1], band.p50[-1], band.p95[-1]), rel=1e-9
    )
    assert figure.unit == band.unit


@pytest.mark.parametrize(
    "name", ["map.binds.stock.2027Q1", "map.price.cowos.2027Q1", "map.installed.2027Q1", "cowos.lag"]
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_why_shows_both_forms(name, form, capsys):
    out = shown(capsys, "why", name, "--draws", str(DRAWS), *form)
    if form:
        json.loads(out)
    assert name in out


def test_only_layers_have_a_price(capsys):
    assert main(["why", "map.price.stock.2027Q1", "--draws", "20"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("narrows: The layer 'stock' is not known. ")


@pytest.mark.parametrize(
    "line", ["facts cowos --json", "layer --json", "layer cowos --json", "schema --json"]
)
def test_json_of_the_other_faces(line, capsys):
    assert json.loads(shown(capsys, *line.split()))


def test_words_that_no_fact_holds(capsys):
    assert shown(capsys, "facts", "zzzz").endswith("\n0 facts, 0 assumptions.\n")
