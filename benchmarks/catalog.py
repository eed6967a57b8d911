"""Facts from the cache, beside the standard library's TOML reader on the same files."""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path
from unittest import mock

from benchmarks import Row, benchmark
from benchmarks.kernel import least_seconds
from narrows.catalog import load

FILES, FACTS_PER_FILE, BUDGET_MS = 40, 50, 10.0

SOURCE = """[report]
producer = "House A"
title = "Packaging in numbers"
date_published = "2024-08"
date_accessed = "2026-01-05"
licence = "facts only"
"""
FACT = """[[fact]]
id = "layer_{file}.capacity_{fact}.2024-12"
value = 14500
low = 14000
high = 15000.5
unit = "wafer/month"
of = "CoWoS-equivalent 300 mm wafers, world, all uses"
level = "P10-P90"
kind = "estimate"
as_of = "2024-08"
about = "2024-12"
source = "report"
locator = "section on packaging, table 2"
note = "The count was published later; suppliers spoke of such volumes in autumn, capacity a sixth above."
group = "layer_{file}.capacity"
correlation = 0.8
"""


def write(home: Path) -> None:
    """Write a made-up catalogue of 2,000 facts in 40 files."""
    (home / "facts").mkdir()
    (home / "sources.toml").write_text(SOURCE, "utf-8")
    for file in range(FILES):
        text = "".join(FACT.format(file=file, fact=fact) for fact in range(FACTS_PER_FILE))
        (home / "facts" / f"layer_{file}.toml").write_text(text, "utf-8")


@benchmark("catalog")
def speed() -> list[Row]:
    """Time a catalogue of 2,000 facts from a warm cache; one run of the TOML reader is the peer."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as cache,
        mock.patch.dict(os.environ, NARROWS_CACHE_DIR=cache),
    ):
        home = Path(folder)
        write(home)
        ours = least_seconds(lambda: load(home))[1] * 1e3
        texts = [path.read_text("utf-8") for path in home.rglob("*.toml")]
        peer = least_seconds(lambda: [tomllib.loads(text) for text in texts], runs=2)[1] * 1e3
    name = f"{FILES * FACTS_PER_FILE} facts from a warm cache, CPU; peer: tomllib alone"
    return [Row(name, ours, peer, "ms", peer / ours, f"<= {BUDGET_MS:g} ms", ours <= BUDGET_MS)]
