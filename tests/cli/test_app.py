"""``narrows serve`` and ``narrows study build`` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import narrows
from narrows.cli import main
from narrows.report.pages import files


def test_the_study_is_written_and_told(tmp_path, capsys, monkeypatch):
    links_of = files._links
    monkeypatch.setattr(files, "PAGES", files.PAGES[:3])
    monkeypatch.setattr(files, "_links", lambda found: [link for link in links_of(found) if link == "/api"])
    assert main(["study", "build", str(tmp_path / "site"), "--draws", "20", "--quiet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == sum(file.is_file() for file in (tmp_path / "site").rglob("*"))
    assert told["seed"] == 1


def test_a_folder_of_something_else_is_refused(tmp_path, capsys):
    (tmp_path / "a").write_text("mine")
    assert main(["study", "build", str(tmp_path), "--draws", "20"]) == 1
    assert "holds something else than a study" in capsys.readouterr().err


def test_a_table_that_is_none_is_refused(tmp_path, capsys):
    (tmp_path / "t.md").write_text("# nothing")
    wanted = ["study", "build", str(tmp_path / "s"), "--draws", "20", "--validation", str(tmp_path / "t.md")]
    assert main(wanted) == 3
    assert "No table of validation can be read" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_a_port_that_is_no_port_is_refused(capsys):
    assert main(["serve", "--port", "70000", "--draws", "20"]) == 2
    assert capsys.readouterr().err == "narrows: The port is 70000. A port is 0 to 65535. Give --port 8000.\n"


def test_other_commands_do_not_load_the_web():
    code = (
        "import sys; from narrows.cli import main; main(['map', '--draws', '20', '-o', sys.argv[1]]); "
        "bad = {'fastapi', 'uvicorn', 'starlette', 'jinja2', 'pydantic'} & set(sys.modules); sys.exit(len(bad))"
    )
    root = Path(narrows.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code, "/dev/null"], cwd=root, check=False)
    assert done.returncode == 0
