"""Where results go: the terminal, or a file that is whole or not there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from narrows.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["colour", "emit", "progress", "width", "write"]

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
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(
            f"{str(path)!r} cannot be written: {error.strerror or error}",
            "An output is a file in a folder that exists and may be written, with room on the disk",
            "Name another file",
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def progress(draws: int, *, quiet: bool) -> Callable[[int, int], None] | None:
    """Return what shows the progress of a long run on a terminal; None for a short or a piped one."""
    if quiet or draws < LONG_RUN or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r" if done < total else "\r\033[K"
        print(f"narrows: {done:,} of {total:,} draws, Ctrl-C stops", end=end, file=sys.stderr, flush=True)

    return show


def emit(text: str, path: str | None = None) -> None:
    """Print a result, or write it to a file; it ends with one line end."""
    whole = text.rstrip("\n") + "\n"
    if path:
        write(path, whole)
    else:
        sys.stdout.write(whole)


def colour() -> bool:
    """Return whether colours are wanted: on a terminal, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the width to write for [characters]."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, NARROWEST), WIDEST)
