"""``python -m fuzz``: hostile input for one parser, or for all."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from fuzz import run
from fuzz.parsers import TARGETS


def main() -> int:
    """Run what is asked for; 1 where something came out that must not."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Hostile input for the parsers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(TARGETS)}; all if left out")
    parser.add_argument("--runs", type=int, default=10_000, help="inputs for each (10000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the changes (1)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end of each in any case")
    parser.add_argument("--keep", type=Path, help="folder for inputs that fail")
    asked = parser.parse_args()
    failed = 0
    for name in asked.names or TARGETS:
        if name not in TARGETS:
            parser.error(f"{name!r} is none of {', '.join(TARGETS)}")
        found = run(TARGETS[name], asked.runs, asked.seed, seconds=asked.seconds)
        failed += len(found.failures)
        print(
            f"{name}: {found.runs:,} runs in {found.seconds:.0f} s, {found.refused:,} refused, "
            f"{found.kept} kept, {found.lines} lines reached, {len(found.failures)} failures",
            flush=True,
        )
        for failure in found.failures:
            print(f"  {failure.kind} at {failure.where}: {failure.body[:80]!r}")
            print("    " + failure.trace.strip().splitlines()[-1][:200])
            if asked.keep:
                asked.keep.mkdir(parents=True, exist_ok=True)
                mark = hashlib.blake2b(failure.body, digest_size=4).hexdigest()
                (asked.keep / f"{name}-{failure.kind}-{mark}").write_bytes(failure.body)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
