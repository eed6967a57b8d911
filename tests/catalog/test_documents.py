"""The page on facts does what it says, and the lint command says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_every_block_of_the_page_runs():
    done = run("-m", "doctest", "docs/facts.md")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_lint_command_prints_every_problem_and_exits_with_3(small):
    small.facts[5].pop("locator")
    small.facts[8].pop("unit")
    done = run("tools/lint_facts.py", str(small.write()))
    assert done.returncode == 3
    assert [line.split(".toml has no ")[1].split(".")[0] for line in done.stdout.splitlines()][:2] == [
        "locator",
        "unit",
    ]


def test_the_lint_command_is_content_with_what_comes_with_narrows():
    done = run("tools/lint_facts.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Facts are in order\n")
