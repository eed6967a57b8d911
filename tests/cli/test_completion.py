"""Commands and options as a real bash completes them."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess

import pytest

from narrows.cli import main

BASH = shutil.which("bash")
ASK = """
eval "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_narrows
printf '%s\\n' "${COMPREPLY[@]}"
"""

pytestmark = pytest.mark.skipif(BASH is None, reason="no bash on this machine")


@pytest.fixture(scope="module")
def ask():
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        assert main(["completion", "bash"]) == 0

    def complete(*line):
        command = [BASH, "--norc", "-c", ASK, "bash", page.getvalue(), "narrows", *line]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return complete


def told(*command):
    """Return the words of a command's help: its options, and its commands."""
    page = io.StringIO()
    with contextlib.redirect_stdout(page), pytest.raises(SystemExit):
        main([*command, "--help"])
    text = page.getvalue()
    options = re.findall(r"^  (?:(-\w)(?: \S+)?, )?(--[\w-]+)", text, re.MULTILINE)
    commands = re.findall(r"^    ([a-z][\w-]*)(?=\s)", text, re.MULTILINE)
    return {word for pair in options for word in pair if word}, set(commands)


@pytest.mark.parametrize("command", [(), ("map",), ("market",), ("market", "recap"), ("training", "plan")])
def test_what_the_help_tells_is_completed(ask, command):
    options, commands = told(*command)
    assert options <= set(ask(*command, "--")) | set(ask(*command, "-"))
    assert commands <= set(ask(*command, ""))


def test_a_word_begun_is_ended(ask):
    assert ask("mark") == ["market"]
    assert ask("market", "re") == ["recap"]
    assert ask("--version", "facil") == ["facility"]
    assert ask("map", "--quarters", "2026Q4", "--as") == ["--as-of"]


def test_what_is_no_command_is_left_to_the_files(ask):
    assert ask("claims", "check", "dra") == []
    assert ask("no-command", "zzz") == []
    assert ask("layer", "map", "--sv") == []  # the name of a layer is no command


def test_another_shell_is_refused(capsys):
    assert main(["completion", "fish"]) == 2
    assert "The shell 'fish' is not known" in capsys.readouterr().err
