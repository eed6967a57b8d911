"""The parsers that read what a user gives, with valid examples."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TARGETS"]

ROOM = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (a folder of our own in it)
HOME = tempfile.TemporaryDirectory(prefix="narrows-fuzz-", dir=ROOM)

SCENARIO = b"""name = "Transformers come short"
why = "Delivery times have lengthened."
[set]
"cowos.lag" = { value = 2, low = 1, high = 3, unit = "quarter" }
[scale]
"transformer.capacity" = 0.67
[quarters]
"transformer.capacity" = "2026Q1:2030Q4"
"""
FACTS = b"""[defaults]
level = "P10-P90"
kind = "estimate"
source = "report-a"
[[fact]]
id = "cowos.capacity.2025Q4"
value = 75000
low = 70000
high = 80000
unit = "wafer/month"
of = "CoWoS-equivalent 300 mm"
about = "2025Q4"
as_of = "2025-11"
locator = "table 2"
why = "because"
"""
SOURCES = b"""[report-a]
producer = "House A"
title = "Packaging in numbers"
date_published = "2024-08"
date_accessed = "2026-01-05"
licence = "facts only"
"""
HEAD = "\n".join(["LOCATION,Phoenix,AZ,USA,TMY3,722780,33.45,-111.98,-7.0,337.0"] + ["head"] * 7)
EPW = tuple(
    "\n".join([HEAD, *(f"1999,1,1,{at % 24 + 1},0,?,21.5,10.0,48,98000" for at in range(hours))]).encode()
    for hours in (2, 3, 24, 48, 8760)
)
SUN = tuple(
    "\n".join(
        [HEAD, *("1999,1,1,1,0,?,21.5" + ",0" * 6 + ",300" + ",0" * 7 + ",4.1" for _ in range(hours))]
    ).encode()
    for hours in (2, 3, 24, 48, 8760)
)
TRACE = b"arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,100,20\n0.5,2000,1\n1.25,64,640\n"
NAMED = b"".join(
    json.dumps({"timestamp": at, "input_length": 1000, "output_length": 9, "hash_ids": [at, 7]}).encode()
    + b"\n"
    for at in range(4)
)
LLAMA = {
    "model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "torch_dtype": "bfloat16",
    "max_position_embeddings": 131072, "tie_word_embeddings": False,
}  # fmt: skip
EXPERTS = LLAMA | {
    "model_type": "deepseek_v3", "n_routed_experts": 256, "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128,
    "quantization_config": {"quant_method": "fp8"},
}  # fmt: skip
GEMMA = LLAMA | {"model_type": "gemma3", "sliding_window": 1024, "sliding_window_pattern": 6, "head_dim": 128}
DRAFT = b"""# Weekly recap, April 27 - May 1, 2026

| Index | Weekly change |
|---|---|
| S&P 500 | +0.78% |
| Nasdaq | +0.91% |

- The S&P 500 rose for the fifth straight week, its longest since 2024, and closed at a record 7,230.12.
- Intel gained 21% over the week and is up 170% for the year; Brent fell 2% to $108.17.
- For the week, the Energy sector fund (XLE) ranked first of the 11 sector funds, 9 of which rose.
"""
HTML = b"<html><body><h1>Week of May 8, 2026</h1><p>The Nasdaq surged <b>4.70%</b>.</p><table><tr>\
<td>Energy</td><td>&minus;5.03%</td></tr></table><script>1</script></body></html>"
SAID = (
    b"The S&P 500 closed at 7,230.12 on May 1, 2026.",
    b"The S&P 500 rose 0.91% in the week ended May 1, 2026.",
    b"The S&P 500 has gained 10.75% in the quarter to May 1, 2026.",
    b"The S&P 500 has gained 9.8% over the past four weeks.",
    b"The S&P 500 fell 4.6% in the first quarter of 2025.",
    b"The S&P 500 has gained 14% since March 30, 2026.",
    b"Intel is down 5% from its 52-week high.",
    b"The Nasdaq closed at a record on May 1, 2026, its highest since January 27.",
    b"In the week ended May 27, 2022 the Dow had its best week since November 2020.",
    b"The S&P 500 snapped a five-week winning streak in the week ended May 31, 2024.",
    b"As of May 1, 2026 the S&P 500 has risen in five of the past six weeks.",
    b"The S&P 500 rose in 61% of weeks in 2024.",
    b"As of May 12, 2023 the S&P 500 has gone six straight weeks without a move of 1%.",
    b"9 of the 11 sector funds rose in the week ended May 1, 2026.",
    b"The Materials sector fund (XLB) was the only sector fund to fall in the week ended May 1, 2026.",
    b"Earnings beat estimates by 21%, almost three times the average of 7.3%.",
    b"# Recap, April 27 - May 1, 2026\n\n| Index | Weekly change |\n|---|---|\n| S&P 500 | +0.78% |\n",
)
CLOSES = b"date,ticker,close\n2026-04-24,SPX,7165.08\n2026-04-27,SPX,7173.91\n2026-05-01,SPX,7230.12\n"
WIDE = b"date,SPY,XLE\n2026-04-24,713.1,90.1\n2026-04-27,714.0,\n2026-05-01,720.5,92.2\n"
POINTS = "params,training_flop,loss\n" + "".join(
    f"{4e7 * 2 ** (k % 6)},{1e18 * 3 ** (k % 5)},{3.5 - 0.1 * (k % 6)}\n" for k in range(30)
)
ICIO = (
    b"V1,USA_A,USA_B,DEU_A,DEU_B,USA_HFCE,DEU_HFCE,OUT\nUSA_A,1,2,3,4,5,6,21\nUSA_B,1,2,3,4,5,6,21\n"
    b"DEU_A,1,2,3,4,5,6,21\nDEU_B,1,2,3,4,5,6,21\nVA,1,2,3,4,0,0,10\nOUT,21,21,21,21,0,0,0\n"
)
PRICES = b"code,2017,2018,2019\n11,100,101,99\n21,100,140,120\n22,100,,NA\n"
QUESTION = b"cowos.capacity=1.2&grid.capacity=0.9&q=2027Q2&v=2026-06&m=0.1.0"
YAHOO = json.dumps(
    {"chart": {"result": [{
        "meta": {"currency": "USD", "symbol": "SPY"}, "timestamp": [1777037400, 1777296600],
        "indicators": {
            "quote": [{"close": [713.1, None], "volume": [51000000, 0]}],
            "adjclose": [{"adjclose": [712.0, None]}],
        },
    }]}}
).encode()  # fmt: skip
STOOQ = (
    b"Date,Open,High,Low,Close,Volume\r\n2026-04-24,711.2,714,710.9,713.1,51000000\r\n2026-04-27,1,2,1,2,\r\n"
)
FRED = b"observation_date,DGS10\n2026-04-24,4.31\n2026-04-27,.\n2026-04-28,\n2026-04-29,4.29\n"
EDGAR = json.dumps(
    {"units": {"shares": [{"end": f"2025-0{at}-18", "val": 15000000000 + at} for at in (1, 4, 7)]}}
).encode()
RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>The Paper</title><item><title>Power for AI</title>
<link>https://example.org/a?b=1</link><pubDate>Fri, 01 May 2026 09:30:00 -0400</pubDate><source>Wire</source>
</item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><title>Chips</title>
<link rel="alternate" href="https://example.org/b"/><updated>2026-05-01T09:30:00Z</updated></entry></feed>"""
ANSWER = json.dumps(
    {"choices": [{"message": {"role": "assistant", "content": "The S&P 500 rose."}}]}
).encode()
FILED = [
    {"start": f"{year}-02-01", "end": f"{year + 1}-01-31", "val": (year - 2000) * 10**9, "form": "10-K",
     "filed": f"{year + 1}-02-26", "accn": "0001045810-25-000023", "fp": "FY"}
    for year in (2022, 2023, 2024)
]  # fmt: skip
ACCOUNTS = json.dumps(
    {"entityName": "NVIDIA CORP", "facts": {"us-gaap": {
        "Revenues": {"units": {"USD": FILED}},
        "CostOfRevenue": {"units": {"USD": [row | {"val": 9 * 10**9} for row in FILED]}},
    }}}
).encode()  # fmt: skip
NUMBERS = (
    b"adsh\ttag\tddate\tqtrs\tuom\tsegments\tcoreg\tvalue\n"
    b"a-1\tRevenues\t20250131\t4\tUSD\t\t\t130497000000\n"
    b"a-1\tRevenues\t20250131\t4\tUSD\tBusinessSegments=Graphics;\t\t14304000000\n"
    b"a-1\tRevenues\t20250131\t4\tUSD\tBusinessSegments=Compute;\t\t116193000000\n"
    b"a-1\tCostOfRevenue\t20250131\t4\tUSD\t\t\t32639000000\n"
)
TIMELINES = (
    b"Date,Data center,Power (MW)\n5/1/2026,Abilene,300\n2026-06-01,Abilene,\n2026-07-01,Mount,150.5\n"
)
ATTENTION = b"prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n" + b"".join(
    b"%d,%d,%d,%d,%d\n" % (chunk, kv, decodes, held, 5 + chunk + kv + decodes)
    for chunk, kv in ((0, 0), (128, 0), (128, 512), (512, 0), (512, 512))
    for decodes, held in ((0, 0), (1, 512), (1, 4096), (8, 512), (8, 4096))
    if chunk or decodes
)
KERNELS = {
    "dense.csv": b"layer,tokens,time_us\n" + b"".join(
        b"%s,%d,%d\n" % (kernel, tokens, 9 + tokens)
        for kernel in (b"qkv_proj", b"o_proj", b"embedding") for tokens in (1, 64, 512)
    ),
    "per_sequence.csv": b"layer,sequences,time_us\nlm_head,1,9\nlm_head,64,70\nsampler,1,3\nsampler,64,5\n",
}  # fmt: skip
VALIDATION = b"""| Room | Data | Quantity | Metric | Value | Goal | Baseline | n | Holds |
|---|---|---|---|---|---|---|---|---|
| claims | recaps | verdicts | agreement | 0.98 | 0.95 | 0.5 | 40 | yes |
"""


def _filed(name: str, parse: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Return a parser of bytes from one of a file."""
    path = Path(HOME.name, name)
    path.parent.mkdir(parents=True, exist_ok=True)

    def parsed(body: bytes) -> object:
        path.write_bytes(body)
        return parse(path)

    return parsed


def _lint(path: Path) -> object:
    from narrows.catalog.loading import load

    return load(path.parents[1], today=date(2026, 11, 23))


def _beside_facts() -> str:
    """Lay out what a catalogue has beside its facts; return the name of the file of facts."""
    home = Path(HOME.name, "catalog")
    home.mkdir()
    (home / "sources.toml").write_bytes(SOURCES)
    for name in ("designs.toml", "layers.toml"):
        (home / name).write_bytes(b"")
    return "catalog/facts/one.toml"


def _overlay(path: Path) -> object:
    from narrows.bottlenecks.answer import asked_of

    return asked_of(None, None, path)


def _epw(path: Path) -> object:
    from narrows.facility.weather import read_epw

    return read_epw(path)


def _trace(path: Path) -> object:
    from narrows.inference.engine import read_requests

    return read_requests(path)


def _named(path: Path) -> object:
    from narrows.inference.prefixes import read_named

    return read_named(path)


def _config(path: Path) -> object:
    from narrows.inference.fit import Setup, fit

    return fit(path, "h100", Setup(context=8192), remedies=False)


def _draft(body: bytes) -> object:
    from narrows.claims import check

    return check(body)


def _event(path: Path) -> object:
    from narrows.shocks.events import read_event

    return read_event(path)


def _closes(path: Path) -> object:
    from narrows.market.library import Library

    library = Library(path.parent)
    return [
        library.history(symbol, anchored=anchored)
        for symbol in ("SPX", "SPY", "XLE", "none")
        for anchored in (False, True)
    ], library.symbols


def _sun(path: Path) -> object:
    from narrows.facility.renewables import supply_weather

    return supply_weather(str(path))


def _web(name: str, symbol: str) -> Callable[[bytes], object]:
    """Return a parser of what a service of closes answers."""

    @dataclass
    class Given:
        body: bytes = b""

        def get(self, address: str, headers: Mapping[str, str] | None = None) -> bytes:  # noqa: ARG002
            return self.body

    given = Given()

    def parsed(body: bytes) -> object:
        from narrows.market import providers

        given.body = body
        source = getattr(providers, name)(fetcher=given)
        return source.bars([symbol], date(2020, 1, 1), date(2030, 1, 1))

    return parsed


def _answer(body: bytes) -> object:
    from narrows.market.chat import Endpoint

    class Given(Endpoint):
        def _once(self, *_: object, **__: object) -> tuple[int, bytes]:
            return 200, body

    return Given("https://example.org/v1", "small", key="secret").ask([])


def _feed(path: Path) -> object:
    from narrows.market.feeds import read_feed

    return read_feed(path)


def _filing(path: Path) -> object:
    from narrows.value.filings import facts_toml, filing

    return facts_toml(filing(path, "nvidia", filed="2025-02-26"))


def _manifest() -> tuple[str, bytes]:
    """Lay out a store; return the name of the file of its vintage, and that vintage."""
    from narrows.market.store import CURRENT, VINTAGES, Part, Provenance, Vintage

    part = Part("closes.parquet", "0" * 64, 3)
    provenance = Provenance(1, "House A", "closes.csv", "2026-05-01", "facts only", "0" * 64)
    body = Vintage(1, {2026: part}, {"caps": part}, (provenance,), ("A mark",)).text().encode()
    home = Path(HOME.name, "store")
    home.mkdir()
    (home / CURRENT).write_text("one.json\n", encoding="utf-8")
    return f"store/{VINTAGES}/one.json", body


def _store(path: Path) -> object:
    from narrows.market.store import Store

    store = Store(path.parents[1])
    return store.vintage.text(), store.tickers


def _later(path: Path) -> object:
    from narrows.facility.scoring import read_later

    return read_later(path)


def _profile(path: Path) -> object:
    from narrows.inference.profiles import read_profile

    return read_profile(path.parent)


def _beside_attention() -> str:
    """Lay out what a profile has beside the kernels of attention; return the name of their file."""
    home = Path(HOME.name, "profile")
    home.mkdir()
    for name, body in KERNELS.items():
        (home / name).write_bytes(body)
    return "profile/attention.csv"


def _points(path: Path) -> object:
    from narrows.training.scaling_fit import read_points

    return read_points(path)


def _world(path: Path) -> object:
    from narrows.shocks.world import read_icio

    return read_icio(path)


def _prices(path: Path) -> object:
    from narrows.shocks.bea_files import read_prices

    return read_prices(path, "summary")


def _question(body: bytes) -> object:
    from narrows.report.pages.question import read_question

    return read_question(body.decode("latin-1"))


def _unit(body: bytes) -> object:
    from narrows.units import parse

    return parse(body.decode("utf-8", "replace"))


def _rows(path: Path) -> object:
    from narrows.report.pages.measured import measured_rows

    return measured_rows(path)


def _shipped(package: str, name: str) -> bytes:
    return (files(package) / name).read_bytes()


MANIFEST = _manifest()
CONFIGS = tuple(json.dumps(config, indent=1).encode() for config in (LLAMA, EXPERTS, GEMMA))
TARGETS = {
    target.name: target
    for target in (
        Target("scenario", _filed("scenario.toml", _overlay), (SCENARIO,)),
        Target("facts", _filed(_beside_facts(), _lint), (FACTS,)),
        Target("epw", _filed("year.epw", _epw), EPW),
        Target("sun", _filed("sun.epw", _sun), SUN),
        Target("trace", _filed("trace.csv", _trace), (TRACE,)),
        Target("named", _filed("trace.jsonl", _named), (NAMED,)),
        Target("config", _filed("config.json", _config), CONFIGS),
        Target("draft", _draft, (*SAID, DRAFT, HTML)),
        Target(
            "event",
            _filed("event.toml", _event),
            tuple(_shipped("narrows.shocks.events", f"{name}.toml") for name in ("hormuz", "abqaiq-2019")),
        ),
        Target("closes", _filed("closes/closes.csv", _closes), (CLOSES, WIDE)),
        Target("yahoo", _web("Yahoo", "SPY"), (YAHOO,)),
        Target("stooq", _web("Stooq", "SPY"), (STOOQ,)),
        Target("fred", _web("Fred", "DGS10"), (FRED,)),
        Target("edgar", _web("Edgar", "320193"), (EDGAR,)),
        Target("store", _filed(MANIFEST[0], _store), (MANIFEST[1],)),
        Target("feed", _filed("feed.xml", _feed), (RSS, ATOM)),
        Target("answer", _answer, (ANSWER,)),
        Target("accounts", _filed("facts.json", _filing), (ACCOUNTS,)),
        Target("numbers", _filed("num.tsv", _filing), (NUMBERS,)),
        Target("timelines", _filed("timelines.csv", _later), (TIMELINES,)),
        Target("profile", _filed(_beside_attention(), _profile), (ATTENTION,)),
        Target("points", _filed("points.csv", _points), (POINTS.encode(),)),
        Target("world", _filed("icio.csv", _world), (ICIO,)),
        Target("prices", _filed("prices.csv", _prices), (PRICES,)),
        Target("question", _question, (QUESTION,)),
        Target("unit", _unit, (b"h100e/quarter", b"GB/s", b"usd/(MW*h)", b"token/s", b"W/(m^2*K)")),
        Target("validation", _filed("validation.md", _rows), (VALIDATION,)),
    )
}
"""Parsers by name."""
