"""Writers that are killed at every line, meet a full disk or a clock that goes back."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from narrows import whole
from narrows.errors import OutputError
from narrows.report.pages import Study, build
from narrows.whole import new_folder, sweep, write_file

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = b"old" * 2000, b"new" * 3000


def killed_at(line: int, work) -> bool:
    """Run work in a fork that kills itself at a line of the module; return whether it got so far."""
    number = os.fork()
    if number == 0:
        seen = 0

        def trace(frame, event, _):
            nonlocal seen
            if frame.f_code.co_filename != whole.__file__:
                return None
            if event == "line":
                seen += 1
                if seen == line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == -signal.SIGKILL


def filled(target: Path, body: bytes) -> None:
    with new_folder(target) as fresh:
        (fresh / "sub").mkdir()
        for name in ("a", "sub/b"):
            (fresh / name).write_bytes(body)


def folder_holds(target: Path) -> bytes:
    one, other = (target / "a").read_bytes(), (target / "sub" / "b").read_bytes()
    assert one == other
    return one


def test_a_file_is_whole_at_every_line_that_kills(tmp_path):
    target = tmp_path / "file"
    line = 1
    while True:
        write_file(target, OLD)
        if not killed_at(line, lambda: write_file(target, NEW)):
            break
        assert target.read_bytes() in {OLD, NEW}
        line += 1
    assert line > 20
    write_file(target, OLD)
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_whole_at_every_line_that_kills(tmp_path):
    target = tmp_path / "site"
    line, strays = 1, 0
    while True:
        filled(target, OLD)
        assert list(tmp_path.iterdir()) == [target]
        if not killed_at(line, lambda: filled(target, NEW)):
            break
        assert folder_holds(target) in {OLD, NEW}
        strays += len(list(tmp_path.iterdir())) > 1
        line += 1
    assert line > 50
    assert strays > 20  # the kills did leave something to sweep


def test_where_names_cannot_be_swapped_the_next_writer_brings_it_back(tmp_path, monkeypatch):
    monkeypatch.setattr(whole, "_swapped", lambda *_: False)
    target = tmp_path / "site"
    line = 1
    while True:
        filled(target, OLD)
        if not killed_at(line, lambda: filled(target, NEW)):
            break
        with pytest.raises(ZeroDivisionError), new_folder(target):  # a writer that fails brings it back first
            raise ZeroDivisionError
        assert folder_holds(target) in {OLD, NEW}
        line += 4
    assert line > 50
    assert list(tmp_path.iterdir()) == [target]


def test_a_live_writer_is_not_swept(tmp_path):
    target = tmp_path / "site"
    with new_folder(target) as fresh:
        (fresh / "a").write_bytes(OLD)
        assert sweep(target) == 0
        filled(target, NEW)  # another writer comes and goes
        assert folder_holds(target) == NEW
        (fresh / "sub").mkdir()
        (fresh / "sub" / "b").write_bytes(OLD)
    assert folder_holds(target) == OLD


def test_what_is_not_ours_is_not_swept(tmp_path):
    names = (".file.swp", ".file.abcd1234", "file.tmp", ".files.narrows-x")
    for name in names:
        (tmp_path / name).write_text("kept")
    write_file(tmp_path / "file", NEW)
    assert {path.name for path in tmp_path.iterdir()} == {"file", *names}


def test_a_clock_that_went_back_changes_nothing(tmp_path):
    target = tmp_path / "site"
    filled(target, OLD)
    for path in (target, target / "a"):
        os.utime(path, (5e9, 5e9))
    filled(target, NEW)
    assert folder_holds(target) == NEW


def test_a_disk_that_is_full_leaves_the_last_site(tmp_path, monkeypatch):
    study = Study(draws=16, static=True)
    target = tmp_path / "site"
    target.mkdir()
    (target / ".narrows-study").write_text("last")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("narrows.report.pages.files._write", full)
    with pytest.raises(OutputError) as refused:
        build(study, target)
    assert str(refused.value) == (
        f"The study cannot be written to {target.as_posix()!r}: No space left on device. It needs a folder that "
        "may be written, with room on the disk. Name another folder."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (target / ".narrows-study").read_text() == "last"


def test_a_limit_on_the_size_of_files_is_a_sentence(tmp_path):
    target = tmp_path / "types.json"
    target.write_text("last")

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    command = [sys.executable, "-m", "narrows", "claims", "list", "--json", "-o", str(target)]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=small, check=False, env=environment
    )  # coverage would write a file of its own
    assert done.returncode == 1
    assert done.stderr == (
        f"narrows: {str(target)!r} cannot be written: File too large. An output is a file in a folder that exists "
        "and may be written, with room on the disk. Name another file.\n"
    )
    assert target.read_text() == "last"
    assert [path.name for path in tmp_path.iterdir()] == ["types.json"]


def test_a_folder_that_may_only_be_read_is_a_sentence(tmp_path):
    if not os.geteuid():
        pytest.skip("rights do not bind the super-user")
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        build(Study(draws=16, static=True), tmp_path / "site")
