"""A small catalogue that is right, and a way to write it with one thing changed."""

from __future__ import annotations

import json
from copy import deepcopy

SOURCES = {
    "report-a": {
        "producer": "House A",
        "title": "Packaging in numbers",
        "url": "https://example.org/a",
        "date_published": "2024-08",
        "date_accessed": "2026-01-05",
        "licence": "facts only",
    },
    "report-b": {
        "producer": "House B",
        "title": "The other view",
        "date_published": "2025",
        "date_accessed": "2026-01-05",
        "licence": "CC BY 4.0",
    },
}
DESIGNS = [{"id": "hopper", "name": "Hopper", "maker": "NVIDIA", "announced": "2022-03"}]
LAYERS = [
    {
        "id": "cowos",
        "name": "CoWoS packaging",
        "day": 4,
        "family": "packaging",
        "unit": "wafer",
        "feeds": "deployed",
        "keeps": "perishable",
        "capacity": "cowos.capacity",
        "multiply": ["cowos.ai_share"],
        "need": ["/packages_per_cowos_wafer"],
        "lag": "cowos.lag",
        "makers": "cowos.maker",
        "watch": "monthly revenue of the packaging houses",
    },
    {"id": "deployed", "name": "Deployed", "day": 9, "family": "demand", "unit": "h100e"},
]


def fact(name, value, low, high, unit, **others):
    return {
        "id": name,
        "value": value,
        "low": low,
        "high": high,
        "unit": unit,
        "of": "CoWoS-equivalent 300 mm",
        "level": "P10-P90",
        "kind": "estimate",
        "as_of": "2024-08",
        "source": "report-a",
        "locator": "table 2",
    } | others


FACTS = [
    fact(
        "cowos.capacity.2024Q4",
        35000,
        30000,
        40000,
        "wafer/month",
        about="2024Q4",
        group="cowos",
        correlation=0.7,
    ),
    fact("cowos.capacity.2023-12", 14500, 14000, 15000, "wafer/month", about="2023-12"),
    fact(
        "cowos.capacity.2025",
        60000,
        50000,
        80000,
        "wafer/month",
        about="2025",
        kind="forecast",
        as_of="2025-03",
    ),
    fact(
        "cowos.ai_share",
        0.8,
        0.7,
        0.9,
        "share",
        standing=True,
        why="a matter of product mix",
        as_of="2025-03",
    ),
    fact("cowos.ai_share", 0.85, 0.8, 0.95, "share", source="report-b", as_of="2025-06"),
    fact("cowos.lag", 1, 0.5, 1.5, "quarter", kind="assumption", why="test and shipping", as_of="2023-01-15"),
    fact("cowos.maker.alpha.2024", 0.9, 0.85, 0.95, "share", about="2024"),
    fact("hopper.packages_per_cowos_wafer", 29, 29, 29, "1", level="exact", kind="spec", as_of="2022-03"),
    fact("hopper.hbm_bytes", 80, 80, 80, "GB", level="exact", kind="spec", as_of="2022-03"),
]
CHOICES = [{"id": "cowos.ai_share", "rule": "pool", "why": "two houses, neither better"}]


def shown(value):
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return repr(value)


def entries(record):
    return "".join(f"{json.dumps(key)} = {shown(value)}\n" for key, value in record.items())


class Small:
    """The parts of the small catalogue, free to be changed before they are written."""

    def __init__(self, home):
        self.home = home
        self.sources, self.designs, self.layers = deepcopy(SOURCES), deepcopy(DESIGNS), deepcopy(LAYERS)
        self.facts, self.choices = deepcopy(FACTS), deepcopy(CHOICES)
        self.tail = ""

    def write(self):
        (self.home / "facts").mkdir(parents=True, exist_ok=True)
        (self.home / "sources.toml").write_text(
            "".join(f"[{key}]\n{entries(source)}" for key, source in self.sources.items()), "utf-8"
        )
        for word, records in (("design", self.designs), ("layer", self.layers)):
            (self.home / f"{word}s.toml").write_text(
                "".join(f"[[{word}]]\n{entries(record)}" for record in records), "utf-8"
            )
        text = "".join(f"[[fact]]\n{entries(record)}" for record in self.facts)
        text += "".join(f"[[choice]]\n{entries(record)}" for record in self.choices)
        (self.home / "facts" / "cowos.toml").write_text(text + self.tail, "utf-8")
        return self.home
