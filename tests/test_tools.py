"""The small checks that keep facts and pages true."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command", [["tools/lint_facts.py"], ["tools/nomenclature.py", "--check"], ["tools/figures.py"]]
)
def test_check_passes(command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lock_files_name_no_registry():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_a_figure_that_moved_needs_a_word(tmp_path, monkeypatch, capsys):
    figures = load("figures")
    monkeypatch.setattr(figures, "TABLE", tmp_path / "figures.csv")
    monkeypatch.setattr(figures, "FRAGMENTS", tmp_path)
    name = "power_date.first.grid.100"
    row = figures.computed(name) | {"value": "1"}
    (tmp_path / "figures.csv").write_text(
        f"# explained by {figures.digest(tmp_path)}\n{','.join(figures.FIELDS)}\n{','.join(row.values())}\n"
    )
    assert figures.main([]) == 1
    assert figures.main(["--write"]) == 1
    (tmp_path / "law.figures.md").write_text("The law changed.")
    assert figures.main(["--write"]) == 0
    assert figures.main([]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith(f"{name}: 1 month -> ")


def test_fragments_are_gathered_with_what_breaks_first(tmp_path, monkeypatch):
    changelog = load("changelog")
    monkeypatch.setattr(changelog, "FRAGMENTS", tmp_path)
    monkeypatch.setattr(changelog, "PAGE", tmp_path / "page")
    (tmp_path / "page").write_text("# Changelog\n\nHead.\n\n## 0.1, 2025-01-01\n\n- Old.\n")
    (tmp_path / "map.added.md").write_text("A map.\n")
    (tmp_path / "api.breaking.md").write_text("No more X.\n")
    assert changelog.main(["0.2", "2026-01-01"]) == 0
    assert (tmp_path / "page").read_text() == (
        "# Changelog\n\nHead.\n\n## 0.2, 2026-01-01\n\n### What stops working\n\n- No more X.\n\n"
        "### New\n\n- A map.\n\n## 0.1, 2025-01-01\n\n- Old.\n"
    )
    assert not list(tmp_path.glob("*.md"))
    assert changelog.main(["--help"]) == 2
    assert changelog.main([]) == 2


def load(name):
    found = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
