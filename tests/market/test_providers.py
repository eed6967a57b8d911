"""Providers against a server on this machine: polite, capped, resumed; a failure leaves the store as it was."""

import gzip
import json
import sys
import threading
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, SimpleNamespace

import pytest

from narrows.cli import main
from narrows.errors import UnknownNameError, UsageError
from narrows.market.fetching import Fetcher, FetchError
from narrows.market.providers import Bars, Directory, Edgar, Fred, Stooq, Yahoo, fetch, provider, reconcile
from narrows.market.store import Store

FIRST, LAST = date(2025, 6, 2), date(2025, 6, 6)
DAYS = [date(2025, 6, day) for day in (2, 3, 4, 5, 6)]
HERE = frozenset({"localhost"})


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answer(self.path)
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server():
    held = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.asked = []
    thread = threading.Thread(target=held.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield held
    held.shutdown()
    thread.join()
    held.server_close()


def fetcher(**more):
    return Fetcher(HERE, gap_s=0.0, plain=HERE, **{"_wait": lambda _: None} | more)


def base(server):
    return f"http://localhost:{server.server_port}"


def stooq(path):
    symbol = path.split("s=")[1].split(".")[0].upper()
    rows = "".join(f"{day},1,2,0.5,{10 + k}.25,100\r\n" for k, day in enumerate(DAYS))
    return 200, {}, f"Date,Open,High,Low,Close,Volume\r\n{rows}".encode() if symbol != "EMPTY" else b"No data"


def test_stooq_is_read_into_a_store(server, tmp_path):
    server.answer = stooq
    found = fetch(Stooq(fetcher(), base(server)), ["AAA", "BBB"], FIRST, LAST, tmp_path / "store")
    assert (found.tickers, found.rows) == (2, {2025: 10})
    assert Store(tmp_path / "store").closes()[1][:, 0].tolist() == [10.25, 11.25, 12.25, 13.25, 14.25]
    assert Store(tmp_path / "store").vintage.provenance[0].provider == "Stooq"
    assert server.asked[0] == "/q/d/l/?s=aaa.us&d1=20250602&d2=20250606&i=d"
    assert not list((tmp_path / "store" / "fetched").iterdir())


def test_yahoo_is_read_with_its_days_and_currency(server):
    stamps = [int(datetime(day.year, day.month, day.day, 13, 30, tzinfo=UTC).timestamp()) for day in DAYS[:2]]
    quote = {"close": [10.5, None], "volume": [7, None]}
    body = {
        "meta": {"currency": "USD"},
        "timestamp": stamps,
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": [10.4, None]}]},
    }
    server.answer = lambda _: (
        200,
        {"Content-Encoding": "gzip"},
        gzip.compress(json.dumps({"chart": {"result": [body]}}).encode()),
    )
    rows = Yahoo(fetcher(), base(server)).bars(["^GSPC"], FIRST, LAST).rows
    assert [tuple(bar) for bar in rows] == [("^GSPC", DAYS[0], 10.5, 10.4, 7.0, "USD")]
    assert "/v8/finance/chart/%5EGSPC?period1=" in server.asked[0]


def test_fred_and_edgar_are_read(server):
    server.answer = lambda _: (
        200,
        {},
        b"observation_date,DGS2\n2025-06-02,3.94\n2025-06-03,.\n2025-06-04,3.87\n",
    )
    rows = Fred(fetcher(), base(server)).bars(["DGS2"], FIRST, LAST).rows
    assert [(bar.day.day, bar.close) for bar in rows] == [(2, 3.94), (4, 3.87)]
    report = {"units": {"shares": [{"end": "2025-06-03", "val": 5}, {"end": "2025-06-03", "val": 6}]}}
    server.answer = lambda _: (200, {}, json.dumps(report).encode())
    rows = Edgar("a@b.example", fetcher(), base(server)).bars(["320193"], FIRST, LAST).rows
    assert [(bar.ticker, bar.close, bar.currency) for bar in rows] == [("SHARES-320193", 6.0, "shares")]
    assert (
        server.asked[-1]
        == "/api/xbrl/companyconcept/CIK0000320193/dei/EntityCommonStockSharesOutstanding.json"
    )


def test_a_failure_leaves_the_store_and_is_resumed(server, tmp_path):
    server.answer = stooq
    folder = tmp_path / "store"
    fetch(Stooq(fetcher(), base(server)), ["AAA"], FIRST, LAST, folder)
    before = (folder / "current").read_text()
    server.answer = lambda path: (503, {}, b"") if "ccc" in path else stooq(path)
    with pytest.raises(FetchError) as refused:
        fetch(Stooq(fetcher(), base(server)), ["BBB", "CCC"], FIRST, LAST, folder, batch=1)
    assert str(refused.value).endswith(
        "the host answers 503. Hosts that may be asked: localhost. Try again later; the store is as it was."
    )
    assert (folder / "current").read_text() == before
    assert Store(folder).tickers == ("AAA",)
    asked = len(server.asked)
    server.answer = stooq
    fetch(Stooq(fetcher(), base(server)), ["BBB", "CCC"], FIRST, LAST, folder, batch=1)
    assert Store(folder).tickers == ("AAA", "BBB", "CCC")
    assert [path for path in server.asked[asked:] if "bbb" in path] == []


def test_an_answer_in_another_form_is_named(server):
    server.answer = lambda _: (200, {}, b"Date,Close\n2025-06-02,abc\n")
    with pytest.raises(FetchError) as refused:
        Stooq(fetcher(), base(server)).bars(["AAA"], FIRST, LAST)
    assert str(refused.value) == (
        "Stooq answers for AAA in no form that is known. The answer of a provider has not changed its form. "
        "Use another provider; the store is as it was."
    )


def test_hosts_private_addresses_and_redirects(server):
    server.answer = lambda _: (302, {"Location": "http://127.0.0.1:1/secret"}, b"")
    with pytest.raises(FetchError, match="its host is not allowed"):
        fetcher().get(base(server))
    with pytest.raises(FetchError, match="its host is not allowed"):
        fetcher().get("https://example.com/")
    with pytest.raises(FetchError, match="only https is allowed"):
        Fetcher(HERE).get(base(server))
    with pytest.raises(FetchError, match="private address"):
        Fetcher(HERE).get("https://localhost/")
    server.answer = lambda _: (302, {"Location": "/again"}, b"")
    with pytest.raises(FetchError, match="moved more than 3 times"):
        fetcher().get(base(server))
    with pytest.raises(FetchError, match="its host is not allowed"):
        fetcher().get("https://user@localhost/")


def test_an_answer_has_a_size(server):
    server.answer = lambda _: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 10_000_000))
    with pytest.raises(FetchError, match="larger than 1,000,000 bytes"):
        fetcher(most_bytes=1_000_000).get(base(server))
    server.answer = lambda _: (200, {}, b"0" * 2_000_000)
    with pytest.raises(FetchError, match="larger than 1,000,000 bytes"):
        fetcher(most_bytes=1_000_000).get(base(server))
    server.answer = lambda _: (200, {"Content-Encoding": "gzip"}, b"no gzip")
    with pytest.raises(FetchError, match="cannot be unpacked"):
        fetcher().get(base(server))


def test_a_busy_host_is_asked_again_after_longer_waits(server):
    waits, answers = [], [(429, {}, b""), (503, {}, b""), (200, {}, b"at last")]
    server.answer = lambda _: answers.pop(0)
    held = Fetcher(HERE, plain=HERE, _wait=waits.append)
    assert held.get(base(server)) == b"at last"
    backoff = [wait for wait in waits if wait >= 1]
    assert backoff == [1.0, 2.0]
    assert len(waits) > len(backoff)  # two requests a second


def test_two_sources_are_reconciled_to_the_cent(tmp_path):
    (tmp_path / "a.csv").write_text(
        "ticker,date,close\nA,2025-06-02,10.00\nA,2025-06-03,11\nA,2025-06-04,12\n"
    )
    one = Directory(tmp_path).bars(["A"], FIRST, LAST)
    rows = [
        bar._replace(close=bar.close + (0.004 if k == 0 else 0.5)) for k, bar in enumerate(one.rows) if k != 1
    ]
    other = Bars(tuple(rows), "other", "", "", "")
    found = [(gap.day.day, gap.one, gap.other) for gap in reconcile(one, other)]
    assert found == [(3, 11.0, None), (4, 12.0, 12.5)]


def test_names_that_are_not_known(capsys, tmp_path):
    with pytest.raises(UnknownNameError) as refused:
        provider("yaho")
    assert str(refused.value) == (
        "The provider 'yaho' is not known. The nearest known: 'yahoo'. Or ingest a folder of tables."
    )
    with pytest.raises(UsageError) as asked:
        Stooq(fetcher(), "https://localhost").bars(["A/../b"], FIRST, LAST)
    assert str(asked.value) == (
        "The symbol 'a/../b' cannot be asked for. Symbols have letters, digits and ^.=-_. Write, for instance, SPY."
    )
    command = [
        "market",
        "fetch",
        "stooq",
        "A",
        "--start",
        "June",
        "--end",
        "2025-06-06",
        "--store",
        str(tmp_path / "s"),
    ]
    assert main(command) == 2
    assert capsys.readouterr().err.startswith("narrows: The day asked for is 'June'.")


def openbb(monkeypatch, ask):
    held = ModuleType("openbb")
    held.obb = SimpleNamespace(equity=SimpleNamespace(price=SimpleNamespace(historical=ask)))
    monkeypatch.setitem(sys.modules, "openbb", held)


def test_openbb_is_read_into_a_store(monkeypatch, tmp_path, capsys):
    asked = []

    def ask(**words):
        asked.append(words)
        rows = [SimpleNamespace(date=day, close=10.0 + k, volume=5) for k, day in enumerate(DAYS)]
        rows[1].date = datetime(2025, 6, 3, 0, 0, tzinfo=UTC)
        rows[2].close = None
        rows.append(SimpleNamespace(date="2025-06-09", close=1.0))  # after the last day
        return SimpleNamespace(results=rows, provider="yfinance")

    openbb(monkeypatch, ask)
    folder = tmp_path / "store"
    line = ["market", "fetch", "openbb", "AAA", "--start", "2025-06-02", "--end", "2025-06-06"]
    assert main([*line, "--store", str(folder)]) == 0
    assert asked == [{"symbol": "AAA", "start_date": "2025-06-02", "end_date": "2025-06-06"}]
    held = Store(folder)
    assert held.closes()[1][:, 0].tolist() == [10.0, 11.0, 13.0, 14.0]
    assert held.vintage.provenance[0].provider == "OpenBB (yfinance)"
    assert "4 rows of 1 tickers" in capsys.readouterr().out


def test_openbb_that_is_absent_or_fails_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openbb", None)
    with pytest.raises(UsageError) as absent:
        provider("openbb").bars(["AAA"], FIRST, LAST)
    assert str(absent.value) == (
        "The provider 'openbb' needs the package openbb, which is not installed or has no prices. It is no part "
        "of narrows: whoever uses it installs it. Install it with `pip install openbb`, or use another provider."
    )

    def fails(**_):
        raise RuntimeError("key=secret")

    openbb(monkeypatch, fails)
    with pytest.raises(FetchError, match=r"OpenBB gives no closes for AAA \(RuntimeError\)\.") as refused:
        provider("openbb").bars(["AAA"], FIRST, LAST)
    assert "secret" not in str(refused.value)
    for symbol, close in (("AAA.L", 1.0), ("AAA", -1.0), ("AAA", "much")):
        rows = [SimpleNamespace(date=DAYS[0], close=close)]
        openbb(monkeypatch, lambda rows=rows, **_: SimpleNamespace(results=rows))
        with pytest.raises(FetchError, match="in no form that is known"):
            provider("openbb").bars([symbol], FIRST, LAST)
