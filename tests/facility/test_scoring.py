"""The score of a forecast by a later table, on tables made up here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from narrows.errors import DataError, UsageError
from narrows.facility.energising import sites_of
from narrows.facility.forecast import run_sites
from narrows.facility.scoring import crps, pinball, read_later, score_sites
from narrows.facility.validation import forecast_pairs, site_rows

DAY = "2026-03-31"
DATA = Path(__file__).parents[3] / "shared" / "data" / "bottleneck"


@pytest.fixture(scope="module")
def run():
    return run_sites(DAY, draws=400)


def table(tmp_path, lines, head="Date,Data center,Power (MW)"):
    path = tmp_path / "later.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return path


def drawn(run, draw):
    """Return the lines of a later table in which one draw came true."""
    return [f"3/1/2026,{site.handle},{run.power[name][draw, 0]:.6f}" for name, site in run.sites.items()]


def test_a_draw_that_came_true_scores_by_hand(run, tmp_path):
    score = score_sites(table(tmp_path, drawn(run, 7)), DAY, draws=400)
    assert len(score.rows) == 16
    (total,) = score.totals
    assert total.came == pytest.approx(run.total[7, 0], abs=1e-4)
    assert total.plan == 7370
    values = run.total[:, 0]
    twin = np.abs(values - total.came).mean() - np.abs(values[:, None] - values[None, :]).mean() / 2
    assert total.crps == pytest.approx(twin, rel=1e-9)
    assert score.coverage == sum(row.p10 <= row.came <= row.p90 for row in score.rows) / 16


def test_draws_cover_themselves(run, tmp_path):
    inside, totals = [], []
    for draw in range(0, 400, 5):
        score = score_sites(table(tmp_path, drawn(run, draw)), DAY, draws=400)
        inside.append(score.coverage)
        totals.append(score.totals[0].inside)
    assert np.mean(inside) >= 0.8  # sites of which nothing comes are always inside
    assert np.mean(totals) == pytest.approx(0.8, abs=0.12)


def test_the_last_row_up_to_the_day_counts_and_blanks_say_nothing(tmp_path):
    lines = [
        "2026-01-05,xAI Colossus 2 Memphis Tennessee,500",
        "2026-03-01,xAI Colossus 2 Memphis Tennessee,",
        "4/1/2026,xAI Colossus 2 Memphis Tennessee,900",
        "1/1/2026,A site of Mars,5",
    ]
    score = score_sites(table(tmp_path, lines), DAY, draws=50)
    (row,) = score.rows
    assert (row.id, row.came, row.plan) == ("colossus-2", 500, 1379)
    assert score.totals[0].came == 500
    assert score.unknown == ("A site of Mars",)
    assert len(score.missing) == 15


@pytest.mark.parametrize("came", [0.0, 2.0, 9.0])
def test_crps_and_pinball_by_hand(came):
    values = np.array([1.0, 2.0, 6.0])
    pairs = np.abs(values[:, None] - values[None, :]).mean()
    assert crps(values, came) == pytest.approx(np.abs(values - came).mean() - pairs / 2)
    assert pinball(2.0, 0.5, came) == pytest.approx(abs(came - 2.0) / 2)


BAD = {
    "no column": (
        ["1/1/2026,x"],
        "Date,Data center",
        (
            "The table 'later.csv' has no column 'Power (MW)'. It has the columns Date, Data center, Power (MW). "
            "Give the table of timelines of the tracker."
        ),
    ),
    "no day": (
        ["soon,x,5"],
        None,
        "Line 2 of 'later.csv' has the day 'soon'. A day is month/day/year or YYYY-MM-DD. Correct the line.",
    ),
    "no number": (
        ["1/1/2026,x,much"],
        None,
        "Line 2 of 'later.csv' has the power 'much'. A power is a number of MW from 0. Correct the line.",
    ),
    "nan": (
        ["1/1/2026,x,nan"],
        None,
        "Line 2 of 'later.csv' has the power 'nan'. A power is a number of MW from 0. Correct the line.",
    ),
    "nothing": (
        [],
        None,
        "The table 'later.csv' has no power. It has a row for each change of a site. Check the file.",
    ),
    "other sites": (
        ["1/1/2026,x,5"],
        None,
        (
            "The table 'later.csv' holds no tracked site. Tracked are, for instance, Alibaba Zhangbei, Alibaba "
            "Zhangbei Zhangjiakou Hebei. Give the table of timelines of the same tracker."
        ),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table(name, tmp_path):
    lines, head, sentence = BAD[name]
    with pytest.raises(DataError) as refused:
        score_sites(table(tmp_path, lines, *([head] if head else [])), DAY, draws=2)
    assert str(refused.value) == sentence


def test_no_file_and_no_day(tmp_path):
    with pytest.raises(DataError) as refused:
        score_sites(tmp_path / "none.csv", DAY, draws=2)
    assert str(refused.value) == (
        "The table 'none.csv' cannot be read: No such file or directory. It is a CSV in UTF-8 with the columns "
        "Date, Data center, Power (MW). Check the path and the file."
    )
    with pytest.raises(UsageError) as refused:
        score_sites(tmp_path / "none.csv", [], draws=2)
    assert str(refused.value) == (
        "A score has no day. The forecast is scored on days up to that of the later table. Give --on 2026-03-31."
    )


def test_the_tables_give_the_sums_and_the_slips():
    if not DATA.is_dir():
        pytest.skip("the tables are not beside the project")
    rows = list(site_rows(DATA))
    assert [row.holds for row in rows] == [True] * 5
    pairs = {
        (layer, about): (round(ratio, 2), n)
        for layer, about, ratio, n in forecast_pairs(DATA / "stack_facts.csv")
    }
    assert pairs == {
        ("cowos", "2024-12"): (1.7, 2),
        ("cowos", "2026-12"): (1.24, 2),
        ("rack", "2025"): (0.51, 5),
    }
    held = read_later(DATA / "epoch_dc" / "dc_timelines_2025-12-14.csv")
    assert set(held) == {site.handle for site in sites_of(run_sites(DAY, draws=1).catalog).values()}


def test_without_data_the_rows_say_so():
    assert [row.holds for row in site_rows(None)] == [True, None, None]
