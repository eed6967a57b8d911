"""Watch published figures: recompute those of docs/figures.csv, and fail where one moved without a word.

python tools/figures.py            # exit 1 where a figure moved
python tools/figures.py --write    # take the new values; refused until a *.figures.md fragment says why

A figure moves when facts or laws do. The fragment in changelog.d says which, from what to what, and why; its
digest is kept in the first line of the table, so that new values cannot be taken with an old explanation.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import sys
from pathlib import Path

import narrows

HOME = Path(__file__).parent.parent
TABLE, FRAGMENTS = HOME / "docs" / "figures.csv", HOME / "changelog.d"
FIELDS = ("id", "p05", "value", "p95", "unit")
DRAWS = 1000
SAME = 1e-6
"""Relative difference within which a figure stands: machines differ in the last bits."""


def digest(fragments: Path) -> str:
    """Return the digest of all fragments of kind *figures*."""
    texts = [path.name.encode() + path.read_bytes() for path in sorted(fragments.glob("*.figures.md"))]
    return hashlib.sha256(b"\n".join(texts)).hexdigest()[:16]


def read(table: Path) -> tuple[str, list[dict[str, str]]]:
    """Return the digest of the fragments and the rows of a table."""
    first, _, rest = table.read_text(encoding="utf-8").partition("\n")
    return first.rpartition(" ")[2], list(csv.DictReader(io.StringIO(rest)))


def computed(name: str) -> dict[str, str]:
    """Return the row of a figure as it is now."""
    found = narrows.why(name, draws=DRAWS)
    if isinstance(found, list):
        message = f"{TABLE.name}: {name} is a fact, not a figure. Take it out."
        raise SystemExit(message)
    figure = found.figure
    numbers = {key: f"{getattr(figure, key):.9g}" for key in ("p05", "value", "p95")}
    return {"id": name, **numbers, "unit": figure.unit}


def moved(before: dict[str, str], now: dict[str, str]) -> bool:
    """Return whether a figure differs by more than machines do."""
    numbers = ((float(before[key]), float(now[key])) for key in ("p05", "value", "p95"))
    return before["unit"] != now["unit"] or any(
        not (math.isnan(one) and math.isnan(other)) and not math.isclose(one, other, rel_tol=SAME)
        for one, other in numbers
    )


def main(arguments: list[str]) -> int:
    """Compare, or write."""
    said, rows = read(TABLE)
    now = [computed(row["id"]) for row in rows]
    changed = [(old, new) for old, new in zip(rows, now, strict=True) if moved(old, new)]
    for old, new in changed:
        print(f"{old['id']}: {old['value']} {old['unit']} -> {new['value']} {new['unit']}")
    if "--write" in arguments:
        if changed and digest(FRAGMENTS) == said:
            print("Say why in changelog.d/<subject>.figures.md, then write again.", file=sys.stderr)
            return 1
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            file.write(f"# published figures in {DRAWS} draws; explained by {digest(FRAGMENTS)}\n")
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(now)
        return 0
    if changed:
        print(
            f"{len(changed)} of {len(rows)} published figures moved. Say why in "
            "changelog.d/<subject>.figures.md, then run python tools/figures.py --write.",
            file=sys.stderr,
        )
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
