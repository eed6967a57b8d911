"""The ledger of the study's claims: the seed as oracle, verdicts by hand, the same figure everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from narrows.bottlenecks.told import Asked
from narrows.catalog import Reader, default
from narrows.claims.study import VERDICTS, Entry, StudyClaim, between, ledger, shown, study_claims, tell
from narrows.cli import main
from narrows.errors import UnknownNameError
from narrows.inference.levers import Case, levers
from narrows.report.claims_study import ledger_csv, ledger_json, ledger_text

SEED = Path("../shared/seed")
DRAWS, FEW = 100, 50
SLOW = {"day8.quantisation_8", "day6.gas"}
"""Claims whose rooms take seconds; `narrows claims study` judges them too."""
QUICK = (
    "may8.spx", "may1.streak", "may8.intel_day", "day9.mfu", "day9.hbm_three", "day9.chip_lanes",
    "day9.phase_packaging", "day9.time_power", "day9.group_rack", "day8.mi300x_memory", "day8.labs",
    "day6.rack_ai", "day6.air", "day6.nvl72", "day6.immersion", "day6.density", "day6.electricity",
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return ledger(QUICK, draws=DRAWS)


def made_up(low=None, high=None) -> Entry:
    claim = StudyClaim(
        id="made.up", day="Day 6", section="2", claim="Made up.", asks="heat", source="study-day6-2026-05",
        unit="kW", how="fact", low=low, high=high, of=("system.gb200_nvl72.power",),
    )  # fmt: skip
    return ledger([claim], draws=DRAWS).entries[0]


def test_ids_are_unique_and_what_cannot_be_told_says_why():
    claims = study_claims()
    assert len({claim.id for claim in claims}) == len(claims) >= 60
    for claim in claims:
        assert claim.source in default().sources
        if claim.how == "none":
            assert re.match(r"(No data|No model|Definition|Opinion): ", claim.why), claim.id


@pytest.mark.skipif(not SEED.is_dir(), reason="../shared/seed is not here")
def test_every_number_of_a_claim_stands_in_the_study():
    text = "\n".join(file.read_text("utf-8") for file in SEED.glob("*.txt")).replace("−", "-")
    numbers = set(re.findall(r"\d+(?:[.,]\d+)*", text.replace("–", " ").replace("-", " ")))
    for claim in study_claims():
        for number in re.findall(r"\d+(?:[.,]\d+)*", claim.claim):
            assert number in numbers, f"{claim.id}: {number}"


def test_the_draws_of_a_fact_decide():
    draws = Reader(default(), seed=1, n=DRAWS).draws("system.gb200_nvl72.power")
    kw = draws / default().fact("system.gb200_nvl72.power").canonical_value
    kw = kw * default().fact("system.gb200_nvl72.power").value
    middle = float(np.median(kw))
    assert made_up(low=kw.min(), high=kw.max()).verdict == "supported"
    assert made_up(low=kw.max() + 1).verdict == "contradicted"
    assert made_up(high=kw.min() - 1).verdict == "contradicted"
    half = made_up(low=middle)
    assert half.verdict == "sensitive"
    assert half.moves == "system.gb200_nvl72.power"
    assert half.share == pytest.approx((kw >= middle).mean())


def test_a_figure_on_both_sides_of_a_narrow_range_is_sensitive():
    draws = Reader(default(), seed=1, n=DRAWS).draws("system.gb200_nvl72.power")
    kw = draws * default().fact("system.gb200_nvl72.power").value
    kw = kw / default().fact("system.gb200_nvl72.power").canonical_value
    low, high = (float(end) for end in np.quantile(kw, (0.45, 0.55)))
    assert made_up(low=low, high=high).verdict == "sensitive"


@pytest.mark.parametrize(
    ("id_", "verdict"),
    [
        ("may8.spx", "contradicted"),  # closes of 1 and 8 May: 7,230.12 and 7,398.93
        ("may1.streak", "supported"),
        ("may8.intel_day", "unverifiable"),
        ("day9.mfu", "supported"),
        ("day9.hbm_three", "supported"),
        ("day8.mi300x_memory", "supported"),  # 192 GB against 80
        ("day8.labs", "unverifiable"),
        ("day6.nvl72", "supported"),
        ("day6.rack_ai", "contradicted"),  # 120 to 145 kW
        ("day6.electricity", "sensitive"),  # 6.7 to 12.0 % in 2028
    ],
)
def test_verdicts_that_are_known(found, id_, verdict):
    assert found.entry(id_).verdict == verdict


def test_the_index_is_recomputed_from_closes(found):
    one = found.entry("may8.spx")
    assert one.value == pytest.approx(100 * (7398.93 / 7230.12 - 1), abs=5e-3)
    assert "Monday's close" in one.reason


def test_every_verdict_follows_from_its_figure_and_its_range():
    for claim in study_claims():
        if claim.id in SLOW:
            continue
        one = ledger([claim.id], draws=FEW).entries[0]
        if one.verdict == "unverifiable":
            assert one.value is None or one.reason
            continue
        assert one.value is not None, claim.id
        if one.low is not None and one.high is not None:
            assert one.low <= one.value * (1 + 1e-9) or one.chance, claim.id
            assert one.value <= one.high * (1 + 1e-9) or one.chance, claim.id
        within = one.limits[0] <= one.value <= one.limits[1]
        if claim.how != "text" and not one.chance and one.share is not None and one.verdict != "sensitive":
            assert within == (one.verdict == "supported"), claim.id
        assert one.reason.strip(), claim.id
        assert one.rests_on, claim.id


def test_alone_and_among_others_are_the_same(found):
    for id_ in ("day9.time_power", "day6.air", "day9.chip_lanes"):
        assert ledger([id_], draws=DRAWS).entries[0] == found.entry(id_)


def test_every_figure_answers_why(found):
    for one in found.entries:
        if one.figure:
            told = tell(one.figure, Asked(DRAWS, 1))
            middle = told.values.mean() if one.unit == "share" and one.chance else np.median(told.values)
            assert middle == pytest.approx(one.value, rel=1e-6), one.figure
    with pytest.raises(UnknownNameError, match=r"claims\.day8\.labs"):
        tell("claims.day8.labs", Asked(DRAWS, 1))


def test_the_three_forms_say_the_same(found):
    told = json.loads(ledger_json(found))
    rows = list(csv.DictReader(io.StringIO(ledger_csv(found))))
    assert told["totals"] == {name: sum(row["verdict"] == name for row in rows) for name in VERDICTS}
    assert sum(told["totals"].values()) == len(QUICK)
    text = ledger_text(found, 90)
    assert max(map(len, text.splitlines())) <= 90
    for row, one in zip(rows, told["claims"], strict=True):
        assert row["id"] == one["id"]
        assert f"{one['verdict']:<14}{one['id']}" in text
        if one["value"] is not None:
            assert float(row["value"]) == one["value"]


def test_units_are_read_as_in_a_sentence():
    assert between(5, 10, "year") == "5 to 10 years"
    assert between(0.5, 1, "ratio") == "0.5 to 1 x"
    assert shown(6, "week") == "6 weeks"


def test_levers_that_are_not_asked_for_change_nothing():
    case = Case("llama-3.1-8b", "llama-3.1-8b", "h100_sxm", 1, 200.0, 50.0)
    name = "weights bf16 to fp8"
    whole, part = levers(case), levers(case, only=(name,))
    assert [one for one in whole.alone if one.name == name] == list(part.alone)
    assert part.together == (whole.together[-1],)


def test_the_command(capsys):
    assert main(["claims", "study", "day6.rack_ai", "--draws", "100", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "claims study"
    assert [one["verdict"] for one in told["claims"]] == ["contradicted"]
    assert main(["claims", "study", "day6.air", "--draws", "100"]) == 0
    assert "rests on      cooling.rack_air_most, cooling.air_rise_large" in capsys.readouterr().out


def test_slips_are_refused(capsys):
    assert main(["claims", "study", "day6.rak_ai"]) == 2
    assert capsys.readouterr().err == (
        "narrows: The claim 'day6.rak_ai' is not known. The nearest known: 'day6.rack_ai', 'day6.rack_usual', "
        "'day6.air'. `narrows claims study` lists all.\n"
    )
    assert main(["claims", "study", "--verdict", "maybe"]) == 2
    assert "Name one of supported, contradicted, sensitive, unverifiable." in capsys.readouterr().err
