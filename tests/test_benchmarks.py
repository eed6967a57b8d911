"""The command that runs benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_unknown_benchmark_is_refused_with_the_nearest():
    command = [sys.executable, "-m", "benchmarks", "kernal"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[-1] == (
        "The benchmark 'kernal' is not known. The nearest known: 'kernel', 'serving'. "
        "Run `python -m benchmarks` for all."
    )
