"""The step that installs what some tests need: it never fails, never waits long, and says what it did."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

STEP = Path(__file__).parents[1] / ".ci" / "programs"
NEEDED = ("bash", "env", "timeout", "head", "mktemp", "rm", "sleep", "true")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)) or not STEP.exists(), reason="no bash, or no checkout"
)


def said(folder, **programs):
    """Run the step where only some programs are there; return its line and how long it took."""
    for name in NEEDED:
        (folder / name).symlink_to(shutil.which(name))
    for name, body in programs.items():
        script = folder / name.replace("_", "-")
        script.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        script.chmod(0o755)
    begun = time.monotonic()
    env = {"PATH": str(folder), "LOG": str(folder / "log"), "TMPDIR": str(folder)}
    done = subprocess.run([shutil.which("bash"), STEP], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    return line, time.monotonic() - begun


def test_nothing_is_done_where_both_are_there(tmp_path):
    line, _ = said(tmp_path, chromium="", libreoffice="", apt_get="echo $* >> $LOG", id="echo 0")
    assert line == "programs for tests: chromium and LibreOffice are here"
    assert not (tmp_path / "log").exists()


def test_a_system_without_apt_is_left_alone(tmp_path):
    line, _ = said(tmp_path, soffice="")
    assert line == (
        "programs for tests: chromium missing, tests that need it are skipped: this system has no apt-get"
    )


def test_who_is_not_root_is_left_alone(tmp_path):
    line, _ = said(tmp_path, apt_get="echo $* >> $LOG", id="echo 1000", sudo="exit 1")
    assert line.endswith("root may install it, and this is not root")
    assert not (tmp_path / "log").exists()


def test_a_network_that_does_not_answer_is_not_waited_for(tmp_path):
    line, took = said(
        tmp_path, apt_get='case "$*" in *print-uris*) exit 1;; esac; exec sleep 60', id="echo 0", chromium=""
    )
    assert line.endswith("does not answer within 8 s")
    assert took < 10


def test_what_is_missing_is_installed_and_nothing_else(tmp_path):
    line, _ = said(
        tmp_path,
        apt_get='case "$*" in *print-uris*) exit 1;; esac; echo $* >> $LOG',
        id="echo 0",
        chromium="",
    )
    assert line == "programs for tests: installed libreoffice-calc"
    asked = (tmp_path / "log").read_text()
    assert "install -y --no-install-recommends libreoffice-calc\n" in asked
    assert "chromium" not in asked


def test_an_installation_that_fails_fails_nothing(tmp_path):
    body = 'case "$*" in *print-uris*) exit 1;; esac; case "$*" in *install*) exit 100;; esac'
    line, _ = said(tmp_path, apt_get=body, id="echo 1000", sudo='[ "$1" = -n ] && shift; exec "$@"')
    assert line.endswith("apt-get could not install it")
    assert os.sep not in line
