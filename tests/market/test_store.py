"""The store: what is written is read, a crash leaves the last good vintage, and bad input is refused by name."""

import csv
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from narrows.cli import main
from narrows.errors import DataError, NarrowsError, OutputError, UsageError
from narrows.market import store as store_module
from narrows.market.intake import ingest
from narrows.market.kept import kept_weeks
from narrows.market.query import query
from narrows.market.recap import recap
from narrows.market.sessions import sessions
from narrows.market.signals import past_of, streak_fires
from narrows.market.store import Store, status
from narrows.report.recap import recap_html, recap_json, recap_markdown

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "market"
absent = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
DAYS = sessions(date(2024, 11, 1), date(2025, 12, 31))
TICKERS = [f"S{chr(65 + k // 26)}{chr(65 + k % 26)}" for k in range(40)]


def write(path, head, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def source(folder, seed=0, days=DAYS, *, close=None):
    """Write a whole source: closes, sectors, capitalisations, members."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    panel = 50 * np.exp(np.cumsum(rng.normal(0.0005, 0.01, (len(days), len(TICKERS))), axis=0))
    panel = panel.round(2) if close is None else close
    rows = [
        (ticker, day, f"{panel[at, column]:.2f}")
        for column, ticker in enumerate(TICKERS)
        for at, day in enumerate(days)
    ]
    rows += [("SPX", day, f"{100 * panel[at].mean():.2f}") for at, day in enumerate(days)]
    write(folder / "closes.csv", ("ticker", "date", "close"), rows)
    write(
        folder / "sectors.csv",
        ("ticker", "scheme", "sector", "start", "issuer"),
        [
            (ticker, "gics", "ABCD"[k % 4], "", f"{k // 2}" if k < 4 else "")
            for k, ticker in enumerate(TICKERS)
        ],
    )
    write(
        folder / "caps_2025-12-31.csv",
        ("ticker", "market_cap_usd"),
        [(t, 1000 + k) for k, t in enumerate(TICKERS)],
    )
    write(
        folder / "big_membership.csv",
        ("ticker", "start", "end"),
        [(ticker, "", "2025-07-01" if k < 5 else "") for k, ticker in enumerate(TICKERS[:30])],
    )
    (folder / "provenance.toml").write_text(
        'provider = "House"\nlicence = "PDDL"\nfetched_at = "2026-01-02"\n'
    )
    return panel


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    base = tmp_path_factory.mktemp("store")
    panel = source(base / "source")
    ingest(base / "source", base / "store")
    return base / "store", panel


def test_what_is_written_is_read(made):
    folder, panel = made
    store = Store(folder)
    days, closes = store.closes()
    assert days == DAYS
    columns = [store.tickers.index(ticker) for ticker in TICKERS]
    assert closes[:, columns] == pytest.approx(panel, rel=1e-6)
    part, some = store.closes(date(2025, 12, 1), date(2025, 12, 5))
    assert part == sessions(date(2025, 12, 1), date(2025, 12, 5))
    assert some[:, columns] == pytest.approx(panel[DAYS.index(part[0]) : DAYS.index(part[-1]) + 1], rel=1e-6)
    found = status(folder)
    assert (found.rows, found.classified, found.universes) == (len(DAYS) * 41, 40, ("big",))
    assert found.vintage.provenance[0].licence == "PDDL"


def test_the_same_source_gives_the_same_bytes(tmp_path, made):
    shutil.copytree(made[0].parent / "source", tmp_path / "source")
    ingest(tmp_path / "source", tmp_path / "store")
    names = [sorted(path.name for path in (one / "files").iterdir()) for one in (made[0], tmp_path / "store")]
    assert names[0] == names[1]
    assert (made[0] / "current").read_text() == (tmp_path / "store" / "current").read_text()


def test_a_run_reads_members_of_the_day(made):
    panel = Store(made[0]).panel(date(2025, 12, 19), universe="big")
    assert panel.members_named(len(panel.days) - 1) == 25
    assert panel.members_named(panel.days.index(date(2025, 6, 30))) == 30
    assert (panel.days[-1] - panel.days[0]).days <= 400
    with pytest.raises(UsageError) as refused:
        Store(made[0]).panel(universe="small")
    assert str(refused.value) == (
        "The universe asked for is 'small'. The store holds big. "
        "Name one of these, or leave it out for the tickers with a sector."
    )


def test_a_recap_from_a_store_tells_what_is_inside(made):
    found = recap("2025-12-19", store=made[0])
    inside = found.inside
    assert inside.counted == inside.members == 40
    assert inside.rose + inside.fell + inside.stayed == 40
    assert [(share.window, share.counted) for share in inside.shares] == [(200, 40), (50, 40)]
    assert sum(part.points for part in inside.sectors) == pytest.approx(inside.capitalised)
    assert inside.residual == pytest.approx(found.indices[0].move.percent - inside.capitalised)
    text = recap_markdown(found)
    assert "## Inside the Index: Breadth" in text
    assert "Universe: tickers with a sector; closes, price only." in text
    assert text == recap_markdown(recap("2025-12-17", store=made[0]))
    assert recap_html(found).count("<svg") == 3
    body = json.loads(recap_json(found))
    assert body["inside"]["universe"] == "tickers with a sector"
    assert "NaN" not in recap_json(found)


def test_what_came_later_is_not_in_the_past(made):
    weeks = kept_weeks(Store(made[0]))
    at = len(weeks) // 2
    past = past_of(weeks, at, lambda held, place: held[place].index_change is not None and place % 5 == 0)
    assert past == past_of(
        weeks[: at + 1], at, lambda held, place: held[place].index_change is not None and place % 5 == 0
    )
    assert past.weeks <= at
    assert all(one.low <= one.middle <= one.high and 0 <= one.up <= 1 for one in past.after)
    assert past_of(weeks, at, streak_fires) is None  # the index has no ten years of closes


@pytest.mark.parametrize("step", [2, 12, 14])
def test_a_crash_between_two_steps_leaves_the_last_good_vintage(tmp_path, made, monkeypatch, step):
    folder = tmp_path / "store"
    shutil.copytree(made[0], folder)
    before = query("SELECT count(*), sum(close), max(date) FROM closes", folder)
    source(tmp_path / "source", 9, DAYS[-30:])
    done, real = [0], store_module.durable

    def failing(temporary, target):
        done[0] += 1
        if done[0] == step:
            raise KeyboardInterrupt
        real(temporary, target)

    monkeypatch.setattr(store_module, "durable", failing)
    crashed = False
    try:
        ingest(tmp_path / "source", folder)
    except KeyboardInterrupt:
        crashed = True
    monkeypatch.undo()
    status(folder)
    if crashed:
        assert query("SELECT count(*), sum(close), max(date) FROM closes", folder) == before
    (folder / "files" / ".part.stray").write_text("left by a crash")
    ingest(tmp_path / "source", folder)
    assert not list((folder / "files").glob(".part*"))
    assert Store(folder).vintage.number == (2 if crashed else 3)
    status(folder)


def test_a_killed_process_leaves_the_last_good_vintage(tmp_path, made):
    folder = tmp_path / "store"
    shutil.copytree(made[0], folder)
    source(tmp_path / "source", 9, DAYS[-30:])
    text = (
        "import os, sys; from narrows.market import store, intake\n"
        "real = store.durable\n"
        "def die(one, other):\n"
        "    real(one, other)\n"
        "    if other.parent.name == 'vintages': os._exit(9)\n"
        "store.durable = die\n"
        f"intake.ingest({str(tmp_path / 'source')!r}, {str(folder)!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", text], check=False)
    assert ended.returncode == 9
    assert Store(folder).vintage.number == 1
    assert ingest(tmp_path / "source", folder).vintage == 2


def test_a_reader_keeps_its_vintage_while_another_is_written(tmp_path, made):
    folder = tmp_path / "store"
    shutil.copytree(made[0], folder)
    reader = Store(folder)
    source(tmp_path / "source", 9, DAYS[-30:])
    found = ingest(tmp_path / "source", folder)
    assert any(mark.kind == "revised" for mark in found.marks)
    old, new = reader.closes()[1], Store(folder).closes()[1]
    assert not np.array_equal(old, new)
    assert np.array_equal(old[:-30], new[:-30])


def test_two_writers_are_refused(tmp_path, made):
    folder = tmp_path / "store"
    shutil.copytree(made[0], folder)
    first, second = Store(folder), Store(folder)
    with first.writing(), pytest.raises(OutputError) as refused, second.writing():
        pass
    assert str(refused.value) == (
        f"The store {str(folder)!r} is being written by another process. "
        "One process writes at a time; reading goes on. Wait until it has ended."
    )


def test_changed_bytes_are_named(tmp_path, made):
    folder = tmp_path / "store"
    shutil.copytree(made[0], folder)
    part = Store(folder).vintage.years[2025]
    path = folder / "files" / part.file
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError) as refused:
        status(folder)
    assert str(refused.value) == (
        f"The file {part.file!r} of vintage 1 is not what was written. "
        "A file's bytes have the hash that the vintage names. Ingest the source again."
    )


def refused_by(tmp_path, head, *rows, name="closes.csv"):
    folder = tmp_path / "source"
    folder.mkdir(exist_ok=True)
    write(folder / name, head, rows)
    with pytest.raises(NarrowsError) as refused:
        ingest(folder, tmp_path / "store")
    with pytest.raises(DataError):
        Store(tmp_path / "store")
    return str(refused.value)


HEAD = ("ticker", "date", "close")


def test_bad_input_is_refused_by_name(tmp_path):
    assert refused_by(tmp_path, HEAD, ("A", "2025-06-02", "1"), ("A", "2025-06-02", "2")) == (
        "closes.csv has two closes of A on 2025-06-02: 1 and 2. A ticker has one close a session. "
        "Leave the wrong row out."
    )
    assert refused_by(tmp_path, HEAD, ("A", "2025-06-02", "1"), ("A", "2025-06-03", "-2")) == (
        "closes.csv holds '-2' as close (date 2025-06-03). A date is YYYY-MM-DD, a close a positive number or empty. "
        "Correct the row, or take the file out of the folder."
    )
    assert "holds 'abc' as date" in refused_by(tmp_path, HEAD, ("A", "abc", "1"))
    assert refused_by(
        tmp_path, (*HEAD, "currency"), ("A", "2025-06-02", "1", "USD"), ("A", "2025-06-03", "1", "EUR")
    ) == (
        "A has closes in EUR and in USD. A ticker has one currency. "
        "Name the listings apart, or leave one of them out."
    )
    assert refused_by(tmp_path, ("a", "b"), ("1", "2")) == (
        f"The folder {str(tmp_path / 'source')!r} holds no table of closes. "
        "A table has columns date, ticker, close or adj_close, or date and a column a ticker. Name another source."
    )
    (tmp_path / "source" / "torn.parquet").write_bytes(b"PAR1 and no more")
    assert refused_by(tmp_path, HEAD, ("A", "2025-06-02", "1")).startswith(
        "The table 'torn.parquet' cannot be read: "
    )


def test_odd_input_is_marked_with_a_sentence(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    days = sessions(date(2025, 6, 2), date(2025, 6, 30))
    rows = [("SPLIT", day, 100.0 if day < days[9] else 50.5) for day in days]
    rows += [("GAP", day, 10.0) for day in days if day not in days[4:6]]
    rows += [("WEEKEND", day, 10.0) for day in (*days, date(2025, 6, 19))]
    rows += [("TWICE", day, 10.0) for day in (*days, days[3])]
    write(folder / "a.csv", HEAD, rows)
    write(folder / "b.csv", HEAD, [("GAP", days[0], 10.004), ("TWICE", days[0], 11.0)])
    write(folder / "sector.csv", ("ticker", "sector"), [(t, "A") for t in ("SPLIT", "WEEKEND", "TWICE")])
    write(folder / "notes.csv", ("text",), [("hello",)])
    found = ingest(folder, tmp_path / "store")
    told = {mark.kind: mark.text for mark in found.marks if mark.ticker != "GAP" or mark.kind == "gap"}
    assert told == {
        "jump": "SPLIT jumps on 2025-06-13 as a split of 2 for 1 would make it (close), and no action says so: "
        "closes before that day are not used",
        "gap": "GAP lacks 2 sessions, the first 2025-06-06: unavailable there, nothing is filled",
        "no_session": "WEEKEND has 1 row on days without a session, the first 2025-06-19: kept, and not used in panels",
        "duplicate": "TWICE has 1 row twice, with equal closes, from 2025-06-05",
        "differs": "TWICE differs between two tables on 1 day, first on 2025-06-02: 10 and 11; 10 counts",
        "skipped": "notes.csv: no table of a kind that is read",
    }
    assert [mark.ticker for mark in found.marks if mark.kind == "no_sector"] == ["GAP"]
    panel = Store(tmp_path / "store").panel()
    split = panel.closes[:, panel.place["SPLIT"]]
    assert np.isnan(split[:9]).all()
    assert (split[9:] == 50.5).all()


def test_a_split_in_the_actions_is_applied_to_raw_closes(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    days = sessions(date(2025, 6, 2), date(2025, 6, 30))
    rows = [("A", day, 100.0 if day < days[9] else 50.0, 2.0 if day == days[9] else 1.0, 0.0) for day in days]
    write(folder / "raw.csv", (*HEAD, "split_coefficient", "dividend_amount"), rows)
    found = ingest(folder, tmp_path / "store")
    assert found.marks == ()
    assert (Store(tmp_path / "store").closes()[1] == 50.0).all()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{store}/current')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'https://localhost/a.parquet'",
        "COPY (SELECT 1) TO '{store}/x.csv'",
        "ATTACH '{store}/x.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "CREATE TABLE x AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
        "SELECT nothing FROM closes",
    ],
)
def test_a_question_reads_the_store_and_nothing_else(made, text):
    before = sorted(made[0].iterdir())
    with pytest.raises(UsageError):
        query(text.format(store=made[0]), made[0])
    assert sorted(made[0].iterdir()) == before


def test_the_commands_tell_what_the_library_does(made, tmp_path, capsys):
    folder = str(made[0])
    assert main(["market", "sql", "SELECT count(*) AS n FROM closes", "--store", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [{"n": len(DAYS) * 41}]
    assert (
        main(["market", "sql", "SELECT ticker FROM securities ORDER BY 1", "--store", folder, "--limit", "2"])
        == 0
    )
    out, err = capsys.readouterr()
    assert out.split() == ["ticker", "------", "SAA", "SAB"]
    assert err == "narrows: more than 2 rows; give --limit for more\n"
    assert main(["market", "status", "--store", folder]) == 0
    assert capsys.readouterr().out.startswith(
        f"Vintage 1: {41 * len(DAYS):,} rows of 41 tickers, sessions from 2024-11-01"
    )
    assert (
        main(["market", "ingest", str(made[0].parent / "source"), "--store", str(tmp_path / "s"), "--json"])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["command"] == "market ingest"
    assert main(["market", "recap", "2025-12-19", "--store", folder, "--universe", "big", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inside"]["members"] == 25
    assert main(["market", "recap", "2025-12-19", "--store", folder, "--data", folder]) == 2
    assert capsys.readouterr().err == (
        "narrows: Both a folder of tables and a store are named. Closes come from one of them. "
        "Leave out --data or --store.\n"
    )
    assert main(["market", "status", "--store", str(tmp_path / "none")]) == 3
    assert "holds no store of closes" in capsys.readouterr().err


@absent
def test_the_data_folder_gives_the_figures_of_the_report(tmp_path):
    ingest(DATA, tmp_path / "store")
    inside = recap("2025-04-11", store=tmp_path / "store").inside
    assert inside.capitalised == pytest.approx(5.849, abs=6e-4)
    assert {one.ticker: round(one.points, 3) for one in inside.first[:3]} == {
        "NVDA": 1.266,
        "MSFT": 0.588,
        "AMZN": 0.452,
    }
    assert inside.residual == pytest.approx(5.701 - 5.849, abs=1e-3)
    found = recap("2026-05-01", store=tmp_path / "store")
    assert [row.move.symbol for row in found.indices] == ["SPX", "IXIC", "DIA"]
    assert found.indices[0].record is True
    assert "Fewer than half of the members are counted" in recap_markdown(found)
    soxl = next(one for one in found.inside.funds if one.symbol == "SOXL")
    assert soxl.model[-1] == pytest.approx(soxl.actual[-1], rel=0.02)


def test_adjusted_closes_of_two_sources_are_never_joined(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    head = ("ticker", "date", "adj_close")
    write(folder / "a.csv", head, [("A", day, 10.0) for day in DAYS[:60]])
    write(folder / "b.csv", head, [("A", day, 11.0) for day in DAYS[60:90]])
    ingest(folder, tmp_path / "store")
    store = Store(tmp_path / "store")
    last, first = store.closes(of="adj_close")[1][:, 0], store.closes(of="adj_close", source=1)[1][:, 0]
    assert np.isnan(last[:60]).all()
    assert (last[60:] == 11.0).all()
    assert (first[:60] == 10.0).all()
    assert np.isnan(first[60:]).all()
