"""Fit the laws of inference to the table of measured runs and write what the package ships.

python tools/fit_law.py --data DIR            # write src/narrows/inference/law.json
python tools/fit_law.py --data DIR --check    # exit 1 if the file is not what would be written
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from narrows.inference.law_fit import shipped

FILE = Path(__file__).parent.parent / "src" / "narrows" / "inference" / "law.json"


def main() -> int:
    """Write the file or check it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", required=True, type=Path, help="folder with the table of runs")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    asked = parser.parse_args()
    text = json.dumps(shipped(asked.data), separators=(",", ":")) + "\n"
    if asked.check:
        same = FILE.read_text("utf-8") == text
        print(f"{FILE.name} is {'what' if same else 'not what'} the table gives.")
        return 0 if same else 1
    FILE.write_text(text, "utf-8")
    print(f"Wrote {FILE.name}, {len(text):,} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
