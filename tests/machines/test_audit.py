"""The audit finds what is planted and published, and nothing on what is clean."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from narrows.compute.audit import audit_chips, audit_runs
from narrows.compute.finding import Row, chip_rows, number_of, read_table, slip_of
from narrows.errors import DataError
from narrows.memory.audit import audit_memory
from narrows.network.audit import audit_links
from narrows.report.audit import audit_file, audit_json, audit_room, audit_text
from narrows.systems.audit import audit_parts, audit_statements, audit_systems

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "training"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables of training are not here")
PLANTED = {
    "bf16_dense_tflops": (2, 0.5, 8, 1000),
    "fp8_dense_tflops": (2, 0.5, 1000),
    "fp4_dense_tflops": (2, 0.5),
    "int8_dense_tops": (2, 4),
    "mem_gb": (8, 1000),
    "mem_bw_tbps": (0.125, 2, 8, 12, 1000, 0.001),
    "scaleup_unidir_gbps": (2, 8, 1000, 0.001),
    "power_w": (8, 0.001),
}


def _all(rows):
    return [*audit_chips(rows), *audit_memory(rows), *audit_links(rows)]


def _row(**line):
    return chip_rows([{"name": "X", "vendor": "", **line}])


@pytest.mark.parametrize("room", ["compute", "memory", "network", "systems"])
def test_the_shipped_facts_are_clean(room):
    assert audit_room(room)[0] == []


def test_the_conflicts_of_the_shipped_facts_are_shown_and_are_no_defects():
    kept = {statements[0].id for room in ("compute", "memory") for statements in audit_room(room)[1]}
    assert {"chip.b300_sxm.fp4", "chip.gb300.int8", "chip.tpu_v4.price", "chip.b200_sxm.bandwidth"} <= kept


@needs_data
@pytest.mark.parametrize("name", ["accelerators", "systems_racks"])
def test_clean_tables_give_no_alarm(name):
    assert audit_file(DATA / f"{name}.csv")[0] == []


@needs_data
def test_runs_give_ten_conflicts_and_forty_two_above_the_peak():
    found = audit_file(DATA / "epoch_training_runs.csv")[0]
    assert sum(each.quantity == "recorded and implied MFU" for each in found) == 10
    assert sum(each.quantity == "implied_mfu" for each in found) == 42
    assert len(found) == 52


@needs_data
def test_the_one_wrong_percentage_of_the_llama_table_is_found():
    (found,) = audit_file(DATA / "llama3_interruptions.csv")[0]
    assert (found.where, found.found, found.expected) == ("Faulty GPU", "30.1 %", "35.3 % (148 of 419)")


@needs_data
@pytest.mark.parametrize("column", PLANTED)
def test_a_slip_planted_in_any_row_is_found(column):
    with (DATA / "accelerators.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    for line in table:
        value = number_of(line[column])
        if value is None:
            continue
        for factor in PLANTED[column]:
            found = _all(chip_rows([line | {column: f"{value * factor:.6g}"}]))
            assert found, (line["name"], column, factor)


@needs_data
def test_gibibytes_planted_in_any_row_with_stacks_are_found():
    with (DATA / "accelerators.csv").open(encoding="utf-8", newline="") as file:
        table = [
            line for line in csv.DictReader(file) if "HBM" in line["mem_type"] and line["name"] != "TPU v5p"
        ]
    for line in table:
        for factor in (2**30 / 1e9, 1e9 / 2**30):
            (found,) = _all(chip_rows([line | {"mem_gb": f"{float(line['mem_gb']) * factor:.3f}"}]))
            assert found.slip == "GiB and GB taken for each other", line["name"]


PUBLISHED = [
    ({"name": "Trainium1", "mem_bw_tbps": "9.8"}, "bandwidth", "12 chips"),
    ({"name": "B300 SXM", "scaleup_unidir_gbps": "14400"}, "scale_up", "16 chips"),
    (
        {"name": "MTIA v2", "bf16_dense_tflops": "5.53", "int8_dense_tops": "354", "power_w": "90"},
        "int8",
        "bf16 is that of",
    ),
    ({"name": "MTIA v2", "bf16_dense_tflops": "5.53", "power_w": "90"}, "bf16", "precision"),
    ({"name": "CS-2", "die_mm2": "46225", "transistors_b": "2600000000"}, "transistors", "unit slip"),
    ({"name": "Any", "transistors_b": "2600000000"}, "transistors", "unit slip"),
    ({"name": "B200 SXM", "mem_gb": "80"}, "memory", "no usual"),
    ({"name": "H100 SXM5 80GB", "scaleup_unidir_gbps": "900"}, "scale_up", "both ways"),
    ({"name": "H100 SXM5 80GB", "bf16_dense_tflops": "1979"}, "bf16", "sparsity"),
    ({"name": "H100 NVL", "scaleup_unidir_gbps": "900"}, "scale_up", "both ways"),
]


@pytest.mark.parametrize(("line", "quantity", "slip"), PUBLISHED)
def test_published_slips_are_found_with_their_cause(line, quantity, slip):
    found = [each for each in _all(chip_rows([line])) if each.quantity == quantity]
    assert found
    assert slip in found[0].slip


STATED = [
    ("chip.tpu_v4.price", "5167", "usd", "two digits changed places"),
    ("chip.a100_sxm.memory", "80000000000", "GiB", "unit slip"),
    ("chip.b200_sxm.memory", "80", "GB", "no usual slip"),
    ("model.llama-3.1-405b.kv_heads", "16", "1", ""),
    ("chip.trainium1.bandwidth", "9.8", "TB/s", "12 chips"),
]


@pytest.mark.parametrize(("name", "value", "unit", "slip"), STATED)
def test_single_statements_are_held_to_the_catalogue(name, value, unit, slip):
    (found,) = audit_statements([{"id": name, "value": value, "unit": unit}])
    assert slip in found.slip


def test_a_right_statement_and_the_other_side_of_a_kept_conflict_pass():
    said = [("chip.b200_sxm.bandwidth", "8.0", "TB/s"), ("chip.b300_sxm.fp4", "12600", "Tflop/s")]
    assert audit_statements([{"id": name, "value": value, "unit": unit} for name, value, unit in said]) == []


def test_percentages_follow_from_their_counts():
    rows = [
        {"what": "hardware", "count": "268", "pct": "58.7", "total": "419"},
        {"what": "memory", "count": "72", "pct": "17.2", "total": "419"},
    ]
    (found,) = audit_parts(rows)
    assert (found.where, found.expected) == ("hardware", "64.0 % (268 of 419)")


def test_ratios_a_chip_states_are_no_defect():
    for name, bf16, fp8 in (
        ("TPU v5p", "459", "459"),
        ("Trainium3", "671", "2517"),
        ("Gaudi3", "1677", "1677"),
    ):
        assert _all(chip_rows([{"name": name, "bf16_dense_tflops": bf16, "fp8_dense_tflops": fp8}])) == []


def test_a_rate_is_units_by_clock_by_two():
    line = {"units": "528", "clock_ghz": "1.83", "fma_per_unit_per_clock": "512"}
    assert _all(_row(**line, bf16_dense_tflops="989.4")) == []
    (found,) = _all(_row(**line, bf16_dense_tflops="1979"))
    assert "sparsity" in found.slip


def test_agreement_that_is_circular_is_told():
    run = {"model": "A", "recorded_mfu": "0.5", "implied_mfu": "0.3", "compute_from_hardware": "1"}
    assert "derived from hardware time" in audit_runs([run])[0].slip


def test_utilisation_is_computed_where_the_table_gives_none():
    run = {
        "model": "A",
        "hardware": "NVIDIA H100 SXM5 80GB",
        "training_flop": "3.8e25",
        "chip_hours": "3.0e7",
    }
    run["recorded_mfu"] = "0.2"
    (found,) = audit_runs([run])
    assert float(found.found) == pytest.approx(3.8e25 / (3.0e7 * 3600 * 989e12), rel=1e-3)


def test_racks_are_held_to_their_chips():
    tray = {"system": "GB300 NVL72", "gpus": "72", "it_power_kw": "7.5"}
    many = {"system": "DGX H100", "gpus": "8", "price_usd": "33750"}
    assert [each.quantity for each in audit_systems([tray, many])] == ["power", "price"]


def test_slips_are_named_by_their_ratio():
    assert slip_of(1000, "power") == "a unit slip of 1,000"
    assert slip_of(8, "bandwidth").endswith("bits taken for bytes")
    assert slip_of(1.37, "bf16") == "no usual slip; look at the source"


def test_a_successor_has_no_less():
    rows = [
        Row("old", {"bandwidth": 8e12}, chip="b200_sxm"),
        Row("new", {"bandwidth": 7.4e12}, chip="b300_sxm"),
    ]
    assert any("succeeds" in each.rule for each in audit_memory(rows))


def test_a_file_that_fits_no_rule_says_which_do(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("colour\nred\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"fit no rule\. Rules fit name with rates"):
        audit_file(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


def test_text_and_json_hold_found_expected_rule_and_slip():
    found = _all(chip_rows([{"name": "H100 SXM5 80GB", "scaleup_unidir_gbps": "900"}]))
    text, told = audit_text("a table", found), audit_json("a table", found)
    for word in ("900 GB/s", "450 GB/s", "both ways given as one way"):
        assert word in text
        assert word in told


@pytest.mark.parametrize("word", ["0", "-5", "1e300", "1e999"])
@pytest.mark.parametrize(
    "column", ["bf16_dense_tflops", "mem_gb", "mem_bw_tbps", "power_w", "die_mm2", "price_usd"]
)
def test_figures_that_cannot_be_are_found_and_nothing_fails(column, word):
    found = _all(
        _row(bf16_dense_tflops="1000", fp8_dense_tflops="2000", **{column: word})
        if column != "bf16_dense_tflops"
        else _row(fp8_dense_tflops="2000", **{column: word})
    )
    assert [each.rule for each in found] == ["quantities are above zero"]


def test_runs_of_nothing_are_no_defect():
    runs = [
        {
            "model": "A",
            "training_flop": "0",
            "n_chips": "0",
            "hours": "0",
            "recorded_mfu": "0",
            "implied_mfu": "0",
        }
    ]
    assert audit_runs(runs) == []
