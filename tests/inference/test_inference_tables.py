"""The tables of Day 8: every cell is there, intervals hold their figures, verdicts follow the numbers."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrows.bottlenecks.chain import why
from narrows.catalog import default
from narrows.cli import main
from narrows.errors import UnknownNameError, UsageError
from narrows.inference.levers import CLAIMS, Case, Claim, levers, verdict
from narrows.inference.loaded import QUANTITIES, Load, loaded
from narrows.inference.tables import TABLES, Table, table
from narrows.inference.throughput import best_throughput
from narrows.report.inference_tables import tables_csv, tables_json, tables_text


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return {name: table(name, draws=200) for name in TABLES}


def test_every_cell_is_a_figure_within_its_interval_or_says_why_not(tables: dict[str, Table]) -> None:
    for found in tables.values():
        for row in found.rows:
            assert row.cells, row.name
            for cell in row.cells:
                if cell.value is None:
                    assert cell.why, (row.name, cell.name)
                    continue
                assert cell.told, (row.name, cell.name)
                assert not cell.why
                assert cell.low is not None
                assert cell.high is not None
                assert all(map(math.isfinite, (cell.value, cell.low, cell.high)))
                assert cell.low <= cell.value <= cell.high, (row.name, cell.name)


def test_every_id_and_fact_of_a_table_answers_why(tables: dict[str, Table]) -> None:
    catalog = default()
    for name in ("definitions", "drivers", "training"):
        for row in tables[name].rows:
            for cell in row.cells:
                for told in cell.told.split(", "):
                    if told.startswith("inference.") and not catalog.has(told):
                        assert why(told, draws=20).figure.unit == cell.unit or "chip" in cell.unit
                    elif told and not told.startswith("narrows "):
                        assert catalog.has(told), told


def test_a_figure_of_why_is_that_of_the_table(tables: dict[str, Table]) -> None:
    for row in tables["drivers"].rows:
        for cell in row.cells:
            if cell.told.startswith("inference."):
                drawn = why(cell.told, draws=200).figure
                assert drawn.p05 >= cell.low * (1 - 1e-9), cell.told
                assert drawn.p95 <= cell.high * (1 + 1e-9), cell.told
                assert cell.low <= drawn.p50 <= cell.high, cell.told


def test_the_six_terms_and_the_chips_of_the_study_are_there(tables: dict[str, Table]) -> None:
    terms = [row.name for row in tables["definitions"].rows]
    assert terms == ["inference", "latency", "throughput", "batching", "KV cache", "cost per token"]
    shown = {row.name for row in tables["hardware"].rows}
    assert {"h100_sxm", "b200_sxm", "mi300x", "tpu7x", "trainium2", "inferentia2", "groqchip_lpu"} <= shown
    names = [[cell.name for cell in row.cells] for row in tables["hardware"].rows]
    assert all(one == names[0] for one in names)


def test_cache_of_a_long_request_by_hand(tables: dict[str, Table]) -> None:
    # 80 layers x 8 heads x 128 x key and value x 1 byte x 131072 tokens
    cell = tables["definitions"].cell("KV cache", "a request of 128k tokens")
    assert cell.value == 80 * 8 * 128 * 2 * 131_072
    room = tables["drivers"]
    counts = [room.cell(f"context: {n:,}", "requests that fit").value for n in (1024, 8192, 32_768, 131_072)]
    assert counts == sorted(counts, reverse=True)


def test_larger_batches_give_more_tokens_each_slower(tables: dict[str, Table]) -> None:
    found = tables["definitions"]
    for what in ("tokens/s a chip", "time per token"):
        values = [found.cell("batching", f"batch {n}: {what}").value for n in (1, 8, 64, 256)]
        assert values == sorted(values)
    assert found.cell("latency", "TTFT p50").value <= found.cell("latency", "TTFT p99").value


def test_a_looser_limit_never_costs_more(tables: dict[str, Table]) -> None:
    rows = [row for row in tables["drivers"].rows if row.name.startswith("limit")]
    costs = [row.cells[1].value for row in rows if row.cells[1].value is not None]
    assert len(costs) > 1
    assert costs == sorted(costs, reverse=True)


def test_training_is_six_operations_a_weight_and_token(tables: dict[str, Table]) -> None:
    # Meta states 3.8e25 operations for the 405B model, nothing here is fitted to it
    cell = tables["training"].cell("llama-3.1-405b", "operations of training")
    assert cell.value == pytest.approx(3.8e25, rel=0.01)
    tokens = tables["training"].cell("llama-3.1-405b", "serving compute equals training").value
    assert 2.8 < tokens / 1.56e13 < 3.0  # three without attention


@given(st.floats(0.1, 20), st.floats(1.0, 5.0), st.sampled_from(CLAIMS))
def test_a_verdict_follows_the_interval(low: float, wide: float, claim: Claim) -> None:
    high = low * wide
    inside = claim.low <= low and high <= claim.high
    apart = high < claim.low or claim.high < low
    said = verdict(low, high, claim)
    assert (said == "supported") == inside
    assert (said == "contradicted") == apart
    assert said in {"supported", "contradicted", "depends"}


def test_claims_of_the_table_are_judged_by_their_own_interval(tables: dict[str, Table]) -> None:
    rows = {row.name: row.cells[0] for row in tables["levers"].rows}
    for claim in CLAIMS:
        cell = rows[f"claim: {claim.text}"]
        assert cell.text == verdict(cell.low, cell.high, claim)
        source = claim.lever if claim.lever == "together" else f"alone: {claim.lever}"
        assert (cell.value, cell.low, cell.high) == (
            rows[source].value,
            rows[source].low,
            rows[source].high,
        )


def test_levers_on_a_small_case() -> None:
    case = Case("llama-3.1-8b", "llama-3.1-8b", "h100_sxm", 2, 300.0, 100.0)
    found = levers(case)
    by = {one.name: one for one in found.alone}
    missing = by["weights bf16 to nvfp4"]
    assert missing.gain is None
    assert missing.why == "h100_sxm does not compute in fp4"
    assert by["prefix cache"].gain > 1.0
    assert by["speculation, every place taken"].gain < 1.0  # the draft is as large as the model
    kept = [one for one in found.together[:-1] if one.gain is not None and one.gain > 1.0]
    assert found.together[-1].way == kept[-1].way
    assert found.together[-1].gain == pytest.approx(math.prod(one.gain for one in kept))
    assert levers(case) == found


def test_drawn_figures_agree_with_the_stated_throughput() -> None:
    best = best_throughput("llama-3.1-70b", "h100", asked=1000, answered=1000)
    found = loaded("llama-3.1-70b", "h100", draws=4000)
    assert set(found.stated) == set(QUANTITIES)
    assert found.stated["tokens_per_s_per_chip"] == best.tokens_per_s_per_chip.value
    assert found.stated["usd_per_million"] == pytest.approx(best.usd_per_million.value)
    assert found.stated["joules_per_token"] == pytest.approx(best.energy.facility_j.value)
    low, high = found.band("tokens_per_s_per_chip")
    assert low == pytest.approx(best.tokens_per_s_per_chip.low, rel=0.08)
    assert high == pytest.approx(best.tokens_per_s_per_chip.high, rel=0.08)
    assert found.law_share("ttft") == pytest.approx(1.0)
    assert found.law_share("kv_bytes") == 0.0
    assert 0.3 < found.law_share("usd_per_million") < found.law_share("tpot") < 1.0


def test_why_tells_the_law_beside_the_facts() -> None:
    chain = why("inference.speed.usd_per_million.llama-3.1-70b.h100@tpot=0.05", draws=200)
    assert {link.fact.id for link in chain.links} == {"chip.h100_sxm.tco_neocloud", "inference.stack"}
    assert "of the doubt is the law's" in chain.figure.formula
    with pytest.raises(UnknownNameError, match="tpot"):
        why("inference.speed.tpott.llama-3.1-70b.h100", draws=20)
    with pytest.raises(UsageError) as refusal:
        why("inference.speed.tpot.llama-3.1-70b.h100@tp=8", draws=20)
    assert str(refusal.value) == (
        "The figure 'inference.speed.tpot.llama-3.1-70b.h100@tp=8' has the term 'tp'. A speed at full load has "
        "the terms input, output, tpot, weights, engine. Leave it out: the best placement and batch are found."
    )
    with pytest.raises(UnknownNameError, match="No cost of an hour of this chip is held"):
        why("inference.speed.usd_per_million.llama-3.1-8b.l40s", draws=20)
    assert Load(tpot=0.05).id("ttft", "a", "b") == "inference.speed.ttft.a.b@tpot=0.05"


def test_an_unknown_table_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inference", "tables", "lever"]) == 2
    assert capsys.readouterr().err == (
        "narrows: The table 'lever' is not known. The nearest known: 'levers', 'drivers'. Name one of "
        "definitions, drivers, levers, hardware, training.\n"
    )


def test_text_json_and_csv_hold_every_cell(
    tables: dict[str, Table], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, found in tables.items():
        count = sum(len(row.cells) for row in found.rows)
        rows = list(csv.DictReader(io.StringIO(tables_csv(found))))
        assert len(rows) == count
        stored = json.loads(tables_json(found))
        assert stored["name"] == name
        assert sum(len(row["cells"]) for row in stored["rows"]) == count
        lines = tables_text(found).splitlines()
        assert len(lines) > count
    assert main(["inference", "tables", "training", "--csv", "--draws", "200"]) == 0
    assert capsys.readouterr().out == tables_csv(tables["training"])
    assert main(["inference", "tables", "training", "--json", "--draws", "200"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "training"
    assert main(["inference", "tables", "training", "--draws", "200"]) == 0
    assert "not held" in capsys.readouterr().out
