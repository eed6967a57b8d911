"""Fit the law of training steps and write it into the package.

python tools/fit_training.py --data DIR    # folder with the tables of training runs
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from narrows.training.step_fit import shipped

HOME = Path(__file__).parent.parent / "src" / "narrows" / "training" / "law.json"


def main() -> int:
    """Fit and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    found = shipped(options.parse_args().data)
    HOME.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    print(
        f"{HOME.name}: {found['runs']} runs, scatter {found['step']['scatter']}, {found['step']['widening']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
