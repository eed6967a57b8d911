"""Fit the laws of products and of collectives to measured times and write what the package ships.

python tools/fit_operators.py --data DIR            # write compute/operator.json and network/collective.json
python tools/fit_operators.py --data DIR --check    # exit 1 if a file is not what would be written
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from narrows.compute import operator_fit
from narrows.network import collective_fit

ROOT = Path(__file__).parent.parent / "src" / "narrows"
FILES = {
    ROOT / "compute" / "operator.json": operator_fit.shipped,
    ROOT / "network" / "collective.json": collective_fit.shipped,
}


def main() -> int:
    """Write the files or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", required=True, type=Path, help="folder with the tables of measured times")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    asked = parser.parse_args()
    same = True
    for file, shipped in FILES.items():
        text = json.dumps(shipped(asked.data), separators=(",", ":")) + "\n"
        if asked.check:
            alike = file.read_text("utf-8") == text
            print(f"{file.name} is {'what' if alike else 'not what'} the table gives.")
            same &= alike
        else:
            file.write_text(text, "utf-8")
            print(f"Wrote {file.name}, {len(text):,} bytes.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
