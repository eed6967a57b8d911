"""Where results go: the terminal, or a file that is whole or not there."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.errors import OutputError
from narrows.whole import write_file

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["colour", "emit", "progress", "say", "width", "write"]

NARROWEST, WIDEST = 60, 160
LONG_RUN = 50_000  # draws that take longer than a blink


def write(path: str | Path, content: str | bytes) -> None:
    """Write a file through a temporary one beside it: whole, or not at all.

    Parameters
    ----------
    path
        Where to write.
    content
        Text (UTF-8) or bytes.

    Raises
    ------
    OutputError
        If the file cannot be written; what stood there before still stands.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        target = Path(path)
        if target.exists() and not target.is_file():
            target.write_bytes(data)  # a device or a pipe is written, never replaced; a folder refuses
        else:
            write_file(Path(os.path.realpath(target)), data)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{str(path)!r} cannot be written: {getattr(error, 'strerror', None) or error}",
            "An output is a file in a folder that exists and may be written, with room on the disk",
            "Name another file",
        ) from error


def progress(draws: int, *, quiet: bool) -> Callable[[int, int], None] | None:
    """Return what shows the progress of a long run on a terminal; None for a short or a piped one."""
    if quiet or draws < LONG_RUN or sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r" if done < total else "\r\033[K"
        print(f"narrows: {done:,} of {total:,} draws, Ctrl-C stops", end=end, file=sys.stderr, flush=True)

    return show


def emit(text: str, path: str | None = None) -> None:
    """Print a result, or write it to a file; it ends with one line end."""
    whole = text.rstrip("\n") + "\n"
    if path is not None:
        write(path, whole)
    elif sys.stdout is None:
        raise OutputError(
            "The standard output is closed", "A result goes to stdout or to a file", "Name a file with -o"
        )
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):  # UTF-8 in files and pipes, whatever the locale says
            sys.stdout.reconfigure(
                encoding=None if sys.stdout.isatty() else "utf-8",
                errors="replace" if sys.stdout.isatty() else "strict",
            )
        sys.stdout.write(whole)


def say(message: str) -> None:
    """Print a message on stderr, in one line that names the program; nowhere if stderr is closed."""
    if sys.stderr is not None:
        print(f"narrows: {message}", file=sys.stderr)


def colour() -> bool:
    """Return whether colours are wanted: on a terminal, unless NO_COLOR is set."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout is not None and sys.stdout.isatty()


def width() -> int:
    """Return the width to write for [characters]."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, NARROWEST), WIDEST)
