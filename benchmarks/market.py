"""A recap of 5,000 tickers over 20 years: the last week, and the whole history, beside three engines.

The panel is made here: geometric Brownian motion on the sessions of the exchange, complete, from a seed. All
engines do the same jobs on it (weekly changes, share above the 200-day mean every day, 252-day highs and lows
every day, drawdown, weekly contribution of 11 sectors) and must print the same check values.
"""

# ruff: noqa: S608 - folders and names of our own
from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import Row, benchmark
from benchmarks.startup import LAUNCHER
from narrows.market.sessions import sessions

TICKERS, SECTORS, SEED = 5000, 11, 7
FIRST, LAST = date(2006, 1, 3), date(2025, 12, 31)
WEEK = "2025-12-26"
WEEK_CPU, WEEK_MB, HISTORY_CPU = 0.5, 200.0, 4.0
PEERS = ("pandas", "polars", "duckdb")
NEAR = 2e-4
"""Distance up to which check values agree: prices are held in single precision."""


def make(folder: Path, tickers: int = TICKERS) -> None:
    """Write the store, and for the peers one Parquet file of closes and one of sectors."""
    import duckdb

    from narrows.market.store import Provenance, Store, Vintage

    days = sessions(FIRST, LAST)
    rng = np.random.default_rng(SEED)
    names = [f"T{at:05d}" for at in range(tickers)]
    sector, cap = rng.integers(0, SECTORS, tickers), np.exp(rng.normal(23, 1.3, tickers))
    level = np.full(tickers, np.log(50.0))
    store = Store(folder / "store", new=True)
    index = 1000.0
    with store.writing(), duckdb.connect() as connection:
        connection.execute("CREATE TABLE long (ticker INTEGER, date DATE, close FLOAT)")
        parts = {}
        for year in range(FIRST.year, LAST.year + 1):
            inside = [day for day in days if day.year == year]
            step = rng.standard_normal((len(inside), tickers), dtype=np.float32) * 0.02 + 0.0003
            logs = level + np.cumsum(step, axis=0, dtype=np.float64)
            level = logs[-1]
            close = np.exp(logs).astype(np.float32)
            lead = index * np.exp(np.cumsum(step.mean(axis=1)))
            index = float(lead[-1])
            arrays = {  # noqa: F841 (read by DuckDB under its name)
                "security": np.tile(np.arange(tickers + 1, dtype=np.int32), len(inside)),
                "day": np.repeat(np.array(inside, "datetime64[D]").astype(np.int32), tickers + 1),
                "close": np.column_stack([close, lead.astype(np.float32)]).reshape(-1),
            }
            connection.execute("CREATE OR REPLACE TEMP TABLE block AS SELECT * FROM arrays")
            connection.execute(
                "INSERT INTO long SELECT security, DATE '1970-01-01' + day, close FROM block "
                "WHERE security < ?",
                [tickers],
            )
            parts[year] = store.add(
                connection,
                "SELECT DATE '1970-01-01' + day AS date, security, printf('T%05d', security) "
                "AS ticker, close, "
                "CAST(NULL AS FLOAT) AS adj_close, CAST(NULL AS DOUBLE) AS volume, 1::SMALLINT "
                "AS source, NULL::SMALLINT AS adj_source "
                "FROM block ORDER BY date, security",
            )
        connection.execute(
            f"COPY (SELECT * FROM long ORDER BY ticker, date) TO '{folder}/panel.parquet' (COMPRESSION zstd)"
        )
        meta = {"ticker": np.arange(tickers, dtype=np.int32), "sector": sector, "cap": cap}  # noqa: F841
        connection.execute(f"COPY (SELECT * FROM meta) TO '{folder}/meta.parquet'")
        tables = _tables(connection, store, names, sector, cap, close[-1])
        told = (Provenance(1, "made here", "panel", LAST.isoformat(), "Apache-2.0", ""),)
        store.publish(Vintage(1, parts, tables, told, ()))


def _tables(connection, store, names, sector, cap, last):  # noqa: ANN001, ANN202, PLR0917 (arrays of one panel)
    """Write what stands beside the closes."""
    held: duckdb.DuckDBPyConnection = connection
    held.execute(
        "CREATE TEMP TABLE names (security INTEGER, ticker VARCHAR, sector VARCHAR, cap "
        "DOUBLE, shares DOUBLE)"
    )
    rows = [
        (at, name, f"Sector {s:02d}", float(c), float(c / p))
        for at, (name, s, c, p) in enumerate(zip(names, sector, cap, last, strict=True))
    ]
    for at in range(0, len(rows), 1000):
        batch = rows[at : at + 1000]
        marks = ", ".join("(?, ?, ?, ?, ?)" for _ in batch)
        held.execute(f"INSERT INTO names VALUES {marks}", [value for row in batch for value in row])
    selects = {
        "securities": (
            "SELECT security, ticker, 'USD' AS currency, '' AS issuer FROM names "
            f"UNION ALL SELECT {len(names)}, 'SPX', 'USD', ''"
        ),
        "taxonomy": (
            "SELECT ticker, sector AS name, NULL::DATE AS start_day, NULL::DATE AS end_day, 'gics' AS scheme "
            "FROM names"
        ),
        "shares": f"SELECT ticker, 'close' AS field, DATE '{LAST}' AS date, shares FROM names",
    }
    return {name: store.add(held, f"{text} ORDER BY 1") for name, text in selects.items()}


# ---------------------------------------------------------------- the jobs


def ours(folder: str) -> None:
    """Do all jobs over the whole history, from the store."""
    from narrows.market.breadth import above_mean, highs_lows
    from narrows.market.runs import drawdowns
    from narrows.market.store import Store
    from narrows.market.weights import sector_history

    panel = Store(f"{folder}/store").panel(LAST, span=None)
    weeks = panel.weeks
    week = panel.change(weeks[-1].base, weeks[-1].end)
    above, extreme, deep = above_mean(panel), highs_lows(panel), drawdowns(panel)
    _, _, change = sector_history(panel)
    _told(
        folder,
        week.mean(),
        above.share[-1],
        extreme.highs[-1],
        extreme.highs.sum(),
        deep.mean(),
        change[-1] / 100,
    )


def _told(folder: str, *values: float) -> None:
    """Leave the check values beside the panel."""
    (Path(folder) / "values.json").write_text(
        json.dumps([float(value) for value in values]), encoding="utf-8"
    )


def pandas(folder: str) -> None:
    """Do the same with pandas."""
    import pandas as pd

    read = importlib.import_module("duckdb").sql  # pandas alone reads no Parquet here
    long = read(f"SELECT * FROM '{folder}/panel.parquet'").df()
    meta = read(f"SELECT * FROM '{folder}/meta.parquet'").df().set_index("ticker")
    p = long.pivot(index="date", columns="ticker", values="close")  # noqa: PD010 (a table of dates by tickers)
    p.index = pd.to_datetime(p.index)
    weekly = p.resample("W-FRI").last().loc[:WEEK]
    w = weekly.pct_change()
    mean = p.rolling(200).mean()
    above = (p > mean).sum(axis=1) / mean.notna().sum(axis=1)
    high = (p >= p.rolling(252).max()).sum(axis=1)
    (p <= p.rolling(252).min()).sum(axis=1)
    deep = (p / p.cummax() - 1).min()
    caps = weekly.mul(meta.cap / p.iloc[-1], axis=1)
    weight = caps.div(caps.sum(axis=1), axis=0).shift(1)
    parts = (weight * w).T.groupby(meta.sector).sum().T
    _told(
        folder,
        w.iloc[-1].mean(),
        above.iloc[-1],
        high.iloc[-1],
        high.sum(),
        deep.mean(),
        parts.iloc[-1].sum(),
    )


def polars(folder: str) -> None:
    """Do the same with polars."""
    import polars as pl

    close = pl.col("close")
    df, meta = pl.read_parquet(f"{folder}/panel.parquet"), pl.read_parquet(f"{folder}/meta.parquet")
    last = df.group_by("ticker").agg(close.last().alias("last"))
    wk = (
        df.filter(pl.col("date") <= date.fromisoformat(WEEK))
        .with_columns(w=pl.col("date").dt.offset_by("2d").dt.truncate("1w"))
        .group_by("ticker", "w", maintain_order=True)
        .agg(close.last())
        .with_columns(ret=close / close.shift(1).over("ticker") - 1)
    )
    above = (
        df.with_columns(ma=close.rolling_mean(200).over("ticker"))
        .filter(pl.col("ma").is_not_null())
        .group_by("date")
        .agg((close > pl.col("ma")).mean().alias("a"))
        .sort("date")
    )
    high = (
        df.with_columns(hi=close.rolling_max(252).over("ticker"), lo=close.rolling_min(252).over("ticker"))
        .group_by("date")
        .agg(nh=(close >= pl.col("hi")).sum(), nl=(close <= pl.col("lo")).sum())
        .sort("date")
    )
    deep = df.group_by("ticker").agg(m=(close / close.cum_max() - 1).min())
    x = (
        wk.join(last, on="ticker")
        .join(meta, on="ticker")
        .sort("ticker", "w")
        .with_columns(pm=(close / pl.col("last") * pl.col("cap")).shift(1).over("ticker"))
    )
    parts = (
        x.group_by("w", "sector")
        .agg(num=(pl.col("pm") * pl.col("ret")).sum(), pm=pl.col("pm").sum())
        .with_columns(c=pl.col("num") / pl.col("pm").sum().over("w"))
    )
    end = wk["w"].max()
    _told(
        folder,
        wk.filter(pl.col("w") == end)["ret"].mean(),
        above["a"][-1],
        high["nh"][-1],
        high["nh"].sum(),
        deep["m"].mean(),
        parts.filter(pl.col("w") == end)["c"].sum(),
    )


def duckdb(folder: str) -> None:
    """Do the same with DuckDB."""
    import duckdb as engine

    sql = engine.connect().execute
    sql("set enable_progress_bar = false")
    sql(f"set threads={os.cpu_count()}")
    sql(f"create table p as from '{folder}/panel.parquet'")
    sql(f"create table meta as from '{folder}/meta.parquet'")
    sql(
        "create table wk as select ticker, w, close, close/lag(close) over (partition by "
        "ticker order by w)-1 ret from "
        "(select ticker, date_trunc('week', date+2) w, arg_max(close, date) close from p "
        f"where date <= '{WEEK}' group by 1, 2)"
    )
    above = sql(
        "select date, avg((close>ma)::int) from (select date, close, avg(close) over win ma, "
        "count(*) over win n from p "
        "window win as (partition by ticker order by date rows 199 preceding)) where n=200 "
        "group by 1 order by 1"
    ).fetchall()
    high = sql(
        "select date, sum((close>=hi and n=252)::int), sum((close<=lo and n=252)::int) from "
        "(select date, close, "
        "max(close) over win hi, min(close) over win lo, count(*) over win n from p window win as "
        "(partition by ticker order by date rows 251 preceding)) group by 1 order by 1"
    ).fetchall()
    deep = sql(
        "select avg(m) from (select ticker, min(close/top-1) m from (select ticker, close, max(close) over "
        "(partition by ticker order by date) top from p) group by 1)"
    ).fetchone()[0]
    parts = sql(
        "with l as (select ticker, arg_max(close, date) lc from p group by 1), x as (select w, sector, ret, "
        "lag(close/lc*cap) over (partition by wk.ticker order by w) pm from wk join l "
        "using(ticker) join meta "
        "using(ticker)), y as (select w, sector, sum(pm*ret) num, sum(pm) pm from x group by 1, 2) "
        "select w, num/sum(pm) over (partition by w) from y"
    ).fetchall()
    end = max(row[0] for row in parts)
    week = sql("select avg(ret) from wk where w=(select max(w) from wk)").fetchone()[0]
    highs = sum(int(row[1]) for row in high)
    _told(folder, week, above[-1][1], high[-1][1], highs, deep, sum(row[1] for row in parts if row[0] == end))


# ---------------------------------------------------------------- measuring


def measured(runs: int, *arguments: str, warm: bool = True) -> tuple[float, float, float]:
    """Return the least wall and CPU time [s] and the most memory [MB] of fresh processes."""
    launched = [sys.executable, "-c", LAUNCHER, str(runs + warm), sys.executable, *arguments]
    rows = json.loads(subprocess.check_output(launched))[int(warm) :]
    return min(row[0] for row in rows), min(row[1] for row in rows), max(row[2] for row in rows)


def job(engine: str, folder: str) -> tuple[float, float, list[float]]:
    """Return CPU time [s], memory [MB] and check values of an engine's jobs."""
    text = f"from benchmarks.market import {engine}; {engine}({folder!r})"
    _, cpu, memory = measured(1, "-c", text, warm=False)
    values: list[float] = json.loads((Path(folder) / "values.json").read_text(encoding="utf-8"))
    return cpu, memory, values


@benchmark("market")
def market() -> list[Row]:
    """Measure the last week and the whole history."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        recap = (
            "-m",
            "narrows",
            "market",
            "recap",
            WEEK,
            "--store",
            f"{folder}/store",
            "-o",
            f"{folder}/out.md",
        )
        wall, cpu, memory = measured(3, *recap)
        text = Path(f"{folder}/out.md").read_text(encoding="utf-8")
        told = f"{TICKERS:,} tickers, 20 years"
        rows = [
            Row(f"weekly recap of {told}: CPU", cpu, None, "s", None, f"at most {WEEK_CPU}", cpu <= WEEK_CPU),
            Row(f"weekly recap of {told}: wall", wall, None, "s", None, "", None),
            Row(
                f"weekly recap of {told}: memory",
                memory,
                None,
                "MB",
                None,
                f"at most {WEEK_MB:g}",
                memory <= WEEK_MB,
            ),
        ]
        if f"{TICKERS} of {TICKERS}" not in text:
            message = "the recap counted too few members"
            raise RuntimeError(message)
        own, most, values = job("ours", folder)
        rows.append(
            Row(
                f"whole history of {told}: CPU",
                own,
                None,
                "s",
                None,
                f"at most {HISTORY_CPU:g}",
                own <= HISTORY_CPU,
            )
        )
        for peer in PEERS:
            if importlib.util.find_spec(peer) is None:
                continue
            theirs, held, other = job(peer, folder)
            same = all(abs(a - b) <= NEAR * max(abs(b), 1) for a, b in zip(values, other, strict=True))
            rows += [
                Row(
                    f"whole history: CPU (peer: {peer})",
                    own,
                    theirs,
                    "s",
                    theirs / own,
                    "same check values",
                    same,
                ),
                Row(f"whole history: memory (peer: {peer})", most, held, "MB", held / most, "", None),
            ]
    return rows
