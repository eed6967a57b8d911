"""Run benchmarks by name, or all: ``python -m benchmarks [--json] [NAME...]``."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import pkgutil
import platform
import sys

import benchmarks
from benchmarks import REGISTRY, Row
from narrows.errors import NarrowsError, UnknownNameError


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks and print their rows; exit code 1 if a goal does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Ours beside the peer, as ratios"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/benchmarks.md")
    given = parser.parse_args(arguments)
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            importlib.import_module(f"benchmarks.{module.name}")
    try:
        rows = [row for name in given.names or REGISTRY for row in _run(name)]
    except NarrowsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if given.json:
        print(
            json.dumps({"command": "benchmarks", "rows": [dataclasses.asdict(row) for row in rows]}, indent=2)
        )
    else:
        print(_markdown(rows) if given.markdown else _table(rows))
    return int(any(row.holds is False for row in rows))


def _run(name: str) -> list[Row]:
    if name not in REGISTRY:
        raise UnknownNameError("benchmark", name, REGISTRY, remedy="Run `python -m benchmarks` for all")
    print(f"running {name}", file=sys.stderr)
    return REGISTRY[name]()


def _cells(rows: list[Row]) -> list[tuple[str, ...]]:
    cells = [("name", "ours", "peer", "unit", "ratio", "goal", "holds")]
    for row in rows:
        figures = [f"{value:.4g}" if value is not None else "-" for value in (row.ours, row.peer, row.ratio)]
        holds = "-" if row.holds is None else "yes" if row.holds else "NO"
        cells.append((row.name, figures[0], figures[1], row.unit, figures[2], row.goal or "-", holds))
    return cells


def _markdown(rows: list[Row]) -> str:
    head, *body = _cells(rows)
    lines = [
        "# Ours beside the peer",
        "",
        (
            "Output of `python -m benchmarks --markdown`, ours and the peer in one run on one machine "
            f"({os.cpu_count()} cores, Python {platform.python_version()}). Misses stay."
        ),
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in body),
    ]
    return "\n".join(lines)


def _table(rows: list[Row]) -> str:
    cells = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


if __name__ == "__main__":
    sys.exit(main())
