"""The parsers that read what a user gives, with valid examples."""

from __future__ import annotations

import json
import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz import Target

if TYPE_CHECKING:
    from collections.abc import Callable

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
    for hours in (48, 49, 50, 8760)
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
VALIDATION = b"""| Room | Data | Quantity | Metric | Value | Goal | Baseline | n | Holds |
|---|---|---|---|---|---|---|---|---|
| claims | recaps | verdicts | agreement | 0.98 | 0.95 | 0.5 | 40 | yes |
"""


def _filed(name: str, parse: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Return a parser of bytes from one of a file."""
    path = Path(HOME.name, name)

    def parsed(body: bytes) -> object:
        path.write_bytes(body)
        return parse(path)

    return parsed


def _lint(path: Path) -> object:
    from narrows.catalog.loading import load

    home = path.parent / "catalog"
    (home / "facts").mkdir(parents=True, exist_ok=True)
    (home / "sources.toml").write_bytes(SOURCES)
    for name in ("designs.toml", "layers.toml"):
        (home / name).write_bytes(b"")
    (home / "facts" / "one.toml").write_bytes(path.read_bytes())
    from datetime import date

    return load(home, today=date(2026, 11, 23))


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
    from narrows.claims import check
    from narrows.market.library import Library

    library = Library(path.parent)
    return check(
        "The S&P 500 rose 0.78% in the week ended May 1, 2026, its highest close since 2024.", library=library
    )


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


def _folder(name: str) -> str:
    home = Path(HOME.name, name)
    home.mkdir(exist_ok=True)
    return f"{name}/closes.csv"


CONFIGS = tuple(json.dumps(config, indent=1).encode() for config in (LLAMA, EXPERTS, GEMMA))
TARGETS = {
    target.name: target
    for target in (
        Target("scenario", _filed("scenario.toml", _overlay), (SCENARIO,)),
        Target("facts", _filed("facts.toml", _lint), (FACTS,)),
        Target("epw", _filed("year.epw", _epw), EPW),
        Target("trace", _filed("trace.csv", _trace), (TRACE,)),
        Target("named", _filed("trace.jsonl", _named), (NAMED,)),
        Target("config", _filed("config.json", _config), CONFIGS),
        Target("draft", _draft, (DRAFT, HTML)),
        Target(
            "event",
            _filed("event.toml", _event),
            tuple(_shipped("narrows.shocks.events", f"{name}.toml") for name in ("hormuz", "abqaiq-2019")),
        ),
        Target("closes", _filed(_folder("closes"), _closes), (CLOSES, WIDE)),
        Target("points", _filed("points.csv", _points), (POINTS.encode(),)),
        Target("world", _filed("icio.csv", _world), (ICIO,)),
        Target("prices", _filed("prices.csv", _prices), (PRICES,)),
        Target("question", _question, (QUESTION,)),
        Target("unit", _unit, (b"h100e/quarter", b"GB/s", b"usd/(MW*h)", b"token/s", b"W/(m^2*K)")),
        Target("validation", _filed("validation.md", _rows), (VALIDATION,)),
    )
}
"""Parsers by name."""
