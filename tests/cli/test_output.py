"""Where results go: whole or not at all, quiet when the reader leaves, light to load."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import narrows
from narrows.cli import main
from narrows.cli import map as map_command

ROOT = Path(narrows.__file__).parents[1]
QUICK = ["map", "--draws", "50", "--quarters", "2027Q1:2027Q4"]
RULE = "An output is a file in a folder that exists and may be written, with room on the disk."
posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices of POSIX")


def shell(command, **options):
    """Run a command line in a shell, `narrows` being this one."""
    script = f"set -o pipefail; narrows() {{ '{sys.executable}' -m narrows \"$@\"; }}; {command}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=60
    )


def refused(capsys, path, reason):
    """Check that a file was refused for a reason, and that nothing reached stdout."""
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"narrows: {path!r} cannot be written: {reason}. {RULE} Name another file.\n")


# --- files ----------------------------------------------------------------------------------------


def test_a_file_holds_what_stdout_would(tmp_path, capsys):
    assert main(QUICK) == 0
    shown = capsys.readouterr().out
    assert main([*QUICK, "-o", str(tmp_path / "map.txt")]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "map.txt").read_text("utf-8") == shown
    assert [file.name for file in tmp_path.iterdir()] == ["map.txt"]


@pytest.mark.parametrize("option", ["-o", "--svg"])
def test_a_missing_folder(option, capsys, tmp_path):
    path = str(tmp_path / "none" / "map.x")
    assert main([*QUICK, option, path]) == 1
    refused(capsys, path, "No such file or directory")


@pytest.mark.parametrize("option", ["-o", "--svg"])
def test_a_folder(option, capsys, tmp_path):
    assert main([*QUICK, option, str(tmp_path)]) == 1
    refused(capsys, str(tmp_path), "Is a directory")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="rights do not bind the super-user")
def test_a_folder_without_rights(capsys, tmp_path):
    tmp_path.chmod(0o500)
    assert main([*QUICK, "-o", str(tmp_path / "map.txt")]) == 1
    refused(capsys, str(tmp_path / "map.txt"), "Permission denied")


@posix
def test_a_place_that_takes_no_files(capsys):
    assert main([*QUICK, "-o", "/proc/map.txt"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("narrows: '/proc/map.txt' cannot be written: ")


def failing(problem):
    def fail(*_arguments, **_options):
        raise problem

    return fail


@pytest.mark.parametrize("option", ["-o", "--svg"])
def test_a_full_disk_leaves_the_old_file(option, capsys, tmp_path, monkeypatch):
    path = tmp_path / "map.x"
    path.write_text("old", "utf-8")
    monkeypatch.setattr("os.fsync", failing(OSError(errno.ENOSPC, "No space left on device")))
    assert main([*QUICK, option, str(path)]) == 1
    refused(capsys, str(path), "No space left on device")
    assert path.read_text("utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["map.x"]


def test_an_interrupt_while_writing_leaves_the_old_file(capsys, tmp_path, monkeypatch):
    path = tmp_path / "map.txt"
    path.write_text("old", "utf-8")
    monkeypatch.setattr("os.fsync", failing(KeyboardInterrupt()))
    assert main([*QUICK, "-o", str(path)]) == 130
    assert capsys.readouterr() == ("", "narrows: interrupted; nothing was half-written\n")
    assert path.read_text("utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["map.txt"]


@posix
def test_a_link_stays_a_link_and_its_file_is_written(tmp_path):
    (tmp_path / "real.txt").write_text("old", "utf-8")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    assert main([*QUICK, "-o", str(tmp_path / "link.txt")]) == 0
    assert (tmp_path / "link.txt").is_symlink()
    assert "CoWoS" in (tmp_path / "real.txt").read_text("utf-8")


@posix
def test_a_device_is_written_and_never_replaced(capsys):
    assert main([*QUICK, "-o", "/dev/null"]) == 0
    assert capsys.readouterr() == ("", "")
    assert not Path("/dev/null").is_file()


def test_a_picture_says_where_it_went_unless_quiet(capsys, tmp_path):
    path = str(tmp_path / "map.svg")
    assert main([*QUICK, "--svg", path]) == 0
    assert capsys.readouterr().err == f"narrows: wrote {path}\n"
    assert main([*QUICK, "--svg", path, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_png_without_its_package(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert main([*QUICK, "--svg", str(tmp_path / "a.svg"), "--png", str(tmp_path / "a.png")]) == 3
    assert capsys.readouterr() == (
        "",
        (
            "narrows: A PNG is asked for, and the package resvg-py is not there. Pictures are written as SVG "
            "without it. Install narrows[png], or ask for --svg.\n"
        ),
    )
    assert [file.name for file in tmp_path.iterdir()] == []


# --- the terminal ---------------------------------------------------------------------------------


def test_an_interrupt_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(map_command, "ask", failing(KeyboardInterrupt()))
    assert main(QUICK) == 130
    assert capsys.readouterr() == ("", "narrows: interrupted; nothing was half-written\n")


@posix
def test_a_signal_ends_with_130(tmp_path):
    code = "import signal, sys, time; from narrows.cli import main, map as m; "
    code += (
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a shell's background job ignores it
    )
    code += "m.ask = lambda *a, **k: (print('ready', file=sys.stderr, flush=True), time.sleep(60)); "
    code += "sys.exit(main(['map']))"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            assert process.stderr.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (130, "", "narrows: interrupted; nothing was half-written\n")


@posix
@pytest.mark.parametrize("command", ["narrows facts | head -1", "narrows facts --json | head -c 1"])
def test_a_reader_that_leaves_is_no_error(command):
    done = shell(command)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_full_stdout():
    done = shell("narrows facts > /dev/full")
    assert (done.returncode, done.stderr) == (
        1,
        (
            "narrows: The output cannot be written: No space left on device. An output needs room on its disk. "
            "Name a file with -o, or make room.\n"
        ),
    )


@posix
def test_a_closed_stdout():
    done = shell("narrows map --draws 50 >&-")
    assert (done.returncode, done.stderr) == (
        1,
        (
            "narrows: The standard output is closed. A result goes to stdout or to a file. "
            "Name a file with -o.\n"
        ),
    )


@posix
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("narrows map --draws 50", 0),
        ("narrows map --draws 0", 2),
        ("narrows map --as-of 1950", 3),
        ("narrows map --draws 50 -o /none/map.txt", 1),
    ],
)
def test_exit_codes_of_the_process(command, code):
    done = shell(command)
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)
    assert len(done.stderr.splitlines()) == (code != 0)


@posix
def test_a_pipe_is_utf_8_whatever_the_locale(capsys):
    assert main(["why", "map.deployed.2027Q1", "--draws", "50"]) == 0
    shown = capsys.readouterr().out
    done = shell("narrows why map.deployed.2027Q1 --draws 50", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, shown)


class Terminal:
    """A stdout that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_only_on_a_terminal_that_wants_them(variables, wanted, monkeypatch):
    from narrows.cli.output import colour

    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", Terminal())
    assert colour() is wanted


@pytest.mark.parametrize(
    "line", ["map --draws 50", "why map.deployed.2027Q1 --draws 50", "layer", "layer cowos", "facts cowos"]
)
def test_no_escape_codes_off_a_terminal(line, capsys):
    assert main(line.split()) == 0
    assert "\x1b" not in capsys.readouterr().out


# --- the program ----------------------------------------------------------------------------------


def test_alone_it_helps(capsys):
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: narrows")
    assert "narrows why map.binds.cowos.2026Q4" in out
    assert err == ""


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"narrows {narrows.__version__}\n"


@pytest.mark.parametrize("statement", ["import narrows.cli", "from narrows.cli import main; main([])"])
def test_it_is_light_to_load(statement):
    heavy = "sorted({'numpy', 'numba', 'rich', 'platformdirs', 'highspy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {statement}; sys.stderr.write(str({heavy}))"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stderr == "[]"
