"""Gather the fragments of changelog.d into CHANGELOG.md under a version, and take them away.

python tools/changelog.py 0.2.0 [DATE]
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

HOME = Path(__file__).parent.parent
FRAGMENTS, PAGE = HOME / "changelog.d", HOME / "CHANGELOG.md"
KINDS = {
    "breaking": "What stops working",
    "figures": "Figures that moved",
    "added": "New",
    "changed": "Changed",
    "fixed": "Mended",
}


def gathered(version: str, day: str, fragments: dict[str, str]) -> str:
    """Return the section of a version.

    Parameters
    ----------
    version, day
        Its heading.
    fragments
        Texts by file name, ``<subject>.<kind>.md``.

    Raises
    ------
    SystemExit
        A fragment is of no known kind.

    Examples
    --------
    >>> print(gathered("1.0", "2026-01-02", {"map.added.md": "A map.", "map.fixed.md": "- Its edge."}))
    ## 1.0, 2026-01-02
    <BLANKLINE>
    ### New
    <BLANKLINE>
    - A map.
    <BLANKLINE>
    ### Mended
    <BLANKLINE>
    - Its edge.
    """
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name, text in sorted(fragments.items()):
        kind = name.removesuffix(".md").rpartition(".")[2]
        if kind not in by_kind:
            raise SystemExit(f"{name}: the kind {kind!r} is not one of {', '.join(KINDS)}. Rename the file.")
        shown = text.strip()
        by_kind[kind].append(shown if shown.startswith("- ") else "- " + shown.replace("\n", "\n  "))
    sections = [f"### {KINDS[kind]}\n\n" + "\n".join(texts) for kind, texts in by_kind.items() if texts]
    return "\n\n".join([f"## {version}, {day}", *sections])


def main(arguments: list[str]) -> int:
    """Write the page and remove the fragments."""
    if not arguments or not re.fullmatch(r"\d+(\.\d+)+", arguments[0]):
        given = arguments[0] if arguments else "nothing"
        print(f"The version is {given!r}. A version is like 0.2.0. Nothing was changed.", file=sys.stderr)
        return 2
    day = arguments[1] if len(arguments) > 1 else f"{datetime.now(tz=UTC):%Y-%m-%d}"
    paths = [path for path in sorted(FRAGMENTS.glob("*.md")) if path.name != "README.md"]
    section = gathered(arguments[0], day, {path.name: path.read_text(encoding="utf-8") for path in paths})
    head, mark, older = PAGE.read_text(encoding="utf-8").partition("\n## ")
    PAGE.write_text(f"{head.rstrip()}\n\n{section}\n{mark}{older}", encoding="utf-8")
    for path in paths:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
